"""Hours of a busy key at NanoPhoto in virtual time: the bot's own services against one in memory.

The worker, the learning, the price of a look, the budget, the client and its reading of answers
are the bot's; only the service is played here. It takes 100 requests in any hour, finishes shots
after a lognormal time and knows, exactly, when a video was ready and when its client first saw it.
"""

import asyncio
import heapq
import json
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, cast

import aiohttp

from bot.catalog.pricing import Price
from bot.catalog.request import Origin, VideoRequest
from bot.clock import Clock
from bot.delivery.cards import CardPictures
from bot.guilds.settings import Recipes
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.ordering.ordering import Acceptance
from bot.ordering.quotes import Quote
from bot.providers.circuit_breaker import CircuitBreakers
from bot.providers.nanophoto.client import NanoPhoto
from bot.providers.nanophoto.models import EXPECTED_SECONDS, MODEL_ID, NAME, capability
from bot.worker.step import StepContext
from bot.worker.worker import Worker
from tests.crash.virtual_time import LoopClock, VirtualTimeLoop
from tests.factories import new_job_id, new_notice_id, new_submission_id
from tests.fakes.budgets import (
    InMemoryAvailability,
    InMemoryBudgets,
    InMemoryGuilds,
    InMemoryMembers,
    InMemoryNotices,
)
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.media import FakeImageStore, FakeSourceVideoStore, FakeVideoStore
from tests.fakes.messenger import FakeMessenger

HOUR = 3600.0
MAX_REQUESTS = 100  # in any hour, for a key
USD_PER_CREDIT = Decimal("0.01")
MOVEMENT_SECONDS = 0.2  # a request's way there, and its answer's way back
PATIENCE_SECONDS = 12 * HOUR  # after the last request; then something is broken

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One video: when someone asks for it, and how long the service takes; in seconds."""

    at: float
    render_times: float


def requests_of(
    seed: int, *, an_hour: float, hours: float, median: float, spread: float
) -> list[Request]:
    """A Poisson process of requests with lognormal times; `spread` is that of the logarithm."""
    random = Random(seed)  # noqa: S311 - chance for a simulation, not a secret
    found, at = [], random.expovariate(an_hour / HOUR)
    while at < hours * HOUR:
        found.append(Request(at, random.lognormvariate(math.log(median), spread)))
        at += random.expovariate(an_hour / HOUR)
    return found


@dataclass
class Outcome:
    """What became of the requests; delays in seconds, of those that were seen."""

    delays: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)  # from the request to its submission
    requests: list[float] = field(default_factory=list)  # when each one was taken
    refused_looks: int = 0
    refused_submissions: int = 0
    unseen: int = 0  # still waited for when the play was cut off

    def busiest_hour(self) -> int:
        """The most requests that were taken in any hour."""
        most, first = 0, 0
        for last, at in enumerate(self.requests):
            while self.requests[first] <= at - HOUR:
                first += 1
            most = max(most, last - first + 1)
        return most


class _Body:
    """An answer's body, as a client reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def iter_chunked(self, _size: int) -> AsyncIterator[bytes]:
        yield self._content


@dataclass
class _Response:
    """As much of an answer as the bot's HTTP layer looks at."""

    status: int
    content: _Body
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Service:
    """NanoPhoto in memory; stands where the bot expects an HTTP session."""

    clock: Clock
    requests: dict[str, Request]  # by the prompt that names it
    began: datetime
    outcome: Outcome = field(default_factory=Outcome)
    ready: dict[str, float] = field(default_factory=dict)  # by task
    seen: set[str] = field(default_factory=set)
    render_times: dict[str, float] = field(default_factory=dict)

    def elapsed(self) -> float:
        return (self.clock.now() - self.began).total_seconds()

    @asynccontextmanager
    async def request(
        self, _method: str, url: str, *, data: aiohttp.Payload, **_more: Any
    ) -> AsyncIterator[_Response]:
        await self.clock.sleep(MOVEMENT_SECONDS)
        asked = json.loads(data.decode())
        status, body = self._answer(asked, is_look=url.endswith("/check-status"))
        await self.clock.sleep(MOVEMENT_SECONDS)
        yield _Response(status, _Body(json.dumps(body).encode()))

    def _answer(self, asked: Json, *, is_look: bool) -> tuple[int, Json]:
        now = self.elapsed()
        if not _is_taken(self.outcome, now, is_look=is_look):
            return 429, {"error": "Limit", "errorCode": "API_KEY_RATE_LIMIT_EXCEEDED"}
        return 200, self._status(asked, now) if is_look else self._accepted(asked, now)

    def _accepted(self, asked: Json, now: float) -> Json:
        [shot] = asked["shots"]
        task, request = f"task_{len(self.ready)}", self.requests[shot["prompt"]]
        self.ready[task], self.render_times[task] = now + request.render_times, request.render_times
        self.outcome.waits.append(now - request.at)
        told = {"shotId": shot["id"], "taskId": task, "status": "processing"}
        return {"status": "processing", "shots": [told], "creditsUsed": 10}

    def _status(self, asked: Json, now: float) -> Json:
        shots = [self._shot(one, now) for one in asked["taskIds"]]
        return {"status": "processing", "shots": shots}

    def _shot(self, one: Json, now: float) -> Json:
        task = one["taskId"]
        if now < self.ready[task]:
            return one | {"status": "processing"}
        if task not in self.seen:
            self.seen.add(task)
            self.outcome.delays.append(now - self.ready[task])
        took = round(self.render_times[task])
        address = f"https://videos.example/{task}.mp4"
        return one | {"status": "completed", "videoUrl": address, "generationTime": took}


class WithoutVideos(NanoPhoto):
    """Its videos are entries on a fake disk."""

    disk: dict[Path, int]

    async def fetch(self, address: str, target: Path) -> None:
        self.disk[target] = len(address)


def past_of(videos: int, *, median: float, spread: float) -> tuple[float, ...]:
    """How long so many videos took before the day begins, in seconds."""
    random = Random(-1)  # noqa: S311 - as above; no day has this seed
    return tuple(random.lognormvariate(math.log(median), spread) for _ in range(videos))


def play(requests: list[Request], past: Sequence[float] = ()) -> Outcome:
    """The bot's own way of looking, until every video was found; it knows what the past ones took."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_played(requests, past))


async def _played(requests: list[Request], past: Sequence[float]) -> Outcome:
    clock, store, videos = LoopClock(), InMemoryJobStore(), FakeVideoStore()
    service = Service(
        clock, {f"request {request.at}": request for request in requests}, clock.now()
    )
    session = cast("aiohttp.ClientSession", service)
    client = WithoutVideos(
        "np-simulated",
        "https://nanophoto.example/api",
        USD_PER_CREDIT,
        api=session,
        downloads=session,
        budgets=InMemoryBudgets(clock),
        clock=clock,
    )
    client.disk = videos.disk
    for seconds in past:
        await store.observe_render_time(NAME, _request(""), seconds, clock.now())
    worker = Worker(
        means_of(store, videos, client, clock), store, store, owner="one", on_moved=_no_one
    )
    accepting = Acceptance(store, clock, new_job_id, worker.wake, guilds=InMemoryGuilds())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(worker.run())
        await _ask_for_all(requests, accepting, clock)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await store.list_active():
                await clock.sleep(10)
        await worker.stop()
        await running
    return service.outcome


async def _ask_for_all(requests: list[Request], accepting: Acceptance, clock: Clock) -> None:
    began = clock.now()
    for number, arrival in enumerate(requests):
        passed = (clock.now() - began).total_seconds()
        await clock.sleep(max(arrival.at - passed, 0.0))
        request = _request(f"request {arrival.at}")
        quote = Quote(request, capability(USD_PER_CREDIT), Price(100_000), EXPECTED_SECONDS)
        place = Origin(GuildId(10), ChannelId(20), UserId(1 + number % 7))
        await accepting.accept(quote, place, IdempotencyKey(f"request:{number}"))


def _request(prompt: str) -> VideoRequest:
    return VideoRequest(
        prompt, MODEL_ID, duration_seconds=8, aspect_ratio="16:9", resolution="720p"
    )


def means_of(
    store: InMemoryJobStore, videos: FakeVideoStore, client: NanoPhoto, clock: FakeClock
) -> StepContext:
    breakers = CircuitBreakers(
        store=InMemoryAvailability(),
        guilds=InMemoryGuilds(),
        notices=InMemoryNotices(),
        clock=clock,
        new_notice_id=new_notice_id,
        words=repr,
    )
    pictures = CardPictures(store, store, FakeMessenger(clock))
    return StepContext(
        store,
        store,
        {NAME: client},
        FakeImageStore(),
        videos,
        FakeSourceVideoStore(),
        clock,
        breakers,
        pictures,
        new_submission_id,
        store,
        Recipes(InMemoryGuilds(), InMemoryMembers()),
    )


def _no_one() -> None:
    """Hears that jobs have moved."""


def play_fixed(requests: list[Request], every: float) -> Outcome:
    """A client that looks at each video by itself, every so many seconds, as the page advises.

    Refused requests do not count, which favours it; what was refused is tried again `every` later.
    It is cut off an hour after the last request: some of these never come to an end.
    """
    outcome, cut_off = Outcome(), (requests[-1].at if requests else 0.0) + HOUR
    due = [
        (request.at, number, -1.0) for number, request in enumerate(requests)
    ]  # -1: to be handed over
    heapq.heapify(due)
    while due and due[0][0] < cut_off:
        at, number, ready = heapq.heappop(due)
        is_look = ready >= 0
        if not _is_taken(outcome, at, is_look=is_look):
            heapq.heappush(due, (at + every, number, ready))
        elif not is_look:
            outcome.waits.append(at - requests[number].at)
            heapq.heappush(due, (at + every, number, at + requests[number].render_times))
        elif at < ready:
            heapq.heappush(due, (at + every, number, ready))
        else:
            outcome.delays.append(at - ready)
    outcome.unseen = len(due)
    return outcome


def _is_taken(outcome: Outcome, at: float, *, is_look: bool) -> bool:
    """Whether the service takes one more request now; counted either way."""
    lately = outcome.requests[-MAX_REQUESTS:]
    if len(lately) == MAX_REQUESTS and lately[0] > at - HOUR:
        outcome.refused_looks += is_look
        outcome.refused_submissions += not is_look
        return False
    outcome.requests.append(at)
    return True
