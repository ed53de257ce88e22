"""Those who bring videos from a service in the comparison of engines, each in its own process.

`python -m bench.contenders <name> <origin> <videos> <database>` hands over all videos at once, waits
for every result, and prints as JSON what it cost this process. What is handed over lies in the
database before the measurement begins; all of them look once a second.
"""

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from uvloop import new_event_loop

from bench.line import Line, open_line, peak_rss_mb
from bench.video_service import LONGEST, SHORTEST
from bot.catalog.capability import Capability
from bot.catalog.request import VideoRequest
from bot.clock import SystemClock
from bot.delivery.cards import CardPictures
from bot.errors import ProviderError
from bot.guilds.audit import Actor
from bot.guilds.settings import Recipes
from bot.ids import GuildId, JobId, ProviderName, UserId
from bot.jobs.files import VideoStore
from bot.jobs.job import Artifact, Job
from bot.money.changes import SetPolicy
from bot.money.limits import Policy, Rules
from bot.providers.circuit_breaker import CircuitBreakers
from bot.providers.contract import (
    Order,
    Provider,
    ProviderState,
    ProviderStatus,
    Receipt,
    Watched,
)
from bot.storage.engines.databases import open_database
from bot.storage.guilds import SqlGuildStore, SqlMemberStore, SqlNoticeStore
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.storage.providers import SqlAvailabilityStore
from bot.storage.stores import SqlJobStore
from bot.worker import leases, worker
from bot.worker.step import StepContext
from tests.factories import PROVIDER, make_delivery, make_job, new_notice_id, new_submission_id
from tests.fakes.media import FakeImageStore, FakeSourceVideoStore, FakeVideoStore
from tests.fakes.messenger import FakeMessenger

REMEMBERED = 40  # videos of the kind that were made before
POLL_PRICE_SECONDS = 0.02  # so cheap that it is looked once a second while a video may be ready
RUNNING = ProviderStatus(ProviderState.RUNNING)


async def bare(origin: str, videos: int, _database: str) -> float:
    """A task for each video, and nothing is ever written down."""
    async with open_line(origin) as line:
        begun = time.process_time()
        await asyncio.gather(*(line.bring() for _ in range(videos)))
        return time.process_time() - begun


@dataclass(frozen=True)
class ProviderOverLine:
    """The port `Provider` on the service."""

    # ruff: noqa: ARG002 - the port's names

    line: Line
    name: ProviderName = PROVIDER
    pictures_max_bytes: int | None = None
    polls_in_batches: bool = False
    can_recover: bool = False

    async def submit(self, order: Order) -> Receipt:
        return Receipt(await self.line.make())

    async def poll(self, handle: str, request: VideoRequest, /) -> ProviderStatus:
        address = await self.line.address_of(handle)
        if address is None:
            return RUNNING
        return ProviderStatus(ProviderState.SUCCEEDED, artifact_addresses=(address,))

    async def poll_batch(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        return [await self.poll(one.handle, one.request) for one in watched]

    async def poll_price_seconds(self) -> float:
        return POLL_PRICE_SECONDS

    async def may_submit_at(self) -> datetime | None:
        return None

    async def check_key(self) -> None:
        """It takes every key."""

    async def balance_micros(self) -> int | None:
        return None

    async def recover(self, tag: str, request: VideoRequest, /) -> Receipt | None:
        return None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        return ()

    async def fetch(self, address: str, target: Path) -> None:
        """No one in this comparison fetches videos."""


@dataclass
class CountedVideos(FakeVideoStore):
    """Every video is there and well; `all_in` is set with the last of them."""

    awaited: int = 0
    seen: set[JobId] = field(default_factory=set)
    all_in: asyncio.Event = field(default_factory=asyncio.Event)

    async def inspect(self, job_id: JobId, *, recipe: str | None = None) -> Artifact:
        self.seen.add(job_id)
        if len(self.seen) == self.awaited:
            self.all_in.set()
        return Artifact(f"{job_id}.mp4", 1_000, 5.0, 1280, 720)


async def showreel(origin: str, videos: int, database: str, *, with_money: bool = False) -> float:
    """The worker as it is, on its own database."""
    # its caution towards services is no part of this: all videos are handed over at once
    leases.MAX_AT_PROVIDER = leases.MAX_STEPS = videos
    counted = CountedVideos(awaited=videos)
    async with open_database(database) as engine, open_line(origin) as line:
        money = Money(engine) if with_money else None
        store, clock = SqlJobStore(engine, money), SystemClock()
        if money is not None:
            by = Actor(GuildId(10), UserId(1), "policy", clock.now())
            await SqlMoneyStore(engine, money).apply(by, SetPolicy(Policy(GuildId(10), Rules())))
        for number in range(videos):
            job = _job(number, clock.now())
            await store.accept(job, [make_delivery(job)])
        await _remember(store)
        begun = time.process_time()
        running = worker.Worker(
            means_of(engine, store, ProviderOverLine(line), counted),
            store,
            store,
            owner="bench",
            on_moved=_idle,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(running.run())
            await counted.all_in.wait()
            await running.stop()
        spent = time.process_time() - begun
        left = await store.list_active()
    if left:
        msg = f"{len(left)} videos were not brought home"
        raise AssertionError(msg)
    return spent


async def _remember(store: SqlJobStore) -> None:
    """How long such videos took before, as any bot knows that has run for an hour."""
    now, drawn = SystemClock().now(), Random(0)  # noqa: S311 - the same each time
    request = make_job().request
    for number in range(REMEMBERED):
        seconds = drawn.uniform(SHORTEST, LONGEST)
        at = now - timedelta(minutes=number)
        await store.observe_render_time(PROVIDER, request, seconds, at)


def _idle() -> None:
    """No one delivers here: the peers do not either."""


def _job(number: int, now: datetime) -> Job:
    return make_job(
        user_id=UserId(number),
        cost_micros=1,
        expected_seconds=5,
        accepted_at=now,
        state_changed_at=now,
        next_action_at=now,
    )


def means_of(
    engine: Any, store: SqlJobStore, provider: Provider, videos: VideoStore
) -> StepContext:
    clock = SystemClock()
    breakers = CircuitBreakers(
        store=SqlAvailabilityStore(engine),
        guilds=SqlGuildStore(engine),
        notices=SqlNoticeStore(engine),
        clock=clock,
        new_notice_id=new_notice_id,
        words=repr,
    )
    return StepContext(
        store=store,
        shots=store,
        providers={provider.name: provider},
        images=FakeImageStore(),
        videos=videos,
        sources=FakeSourceVideoStore(),
        clock=clock,
        breakers=breakers,
        addresses=CardPictures(store, store, FakeMessenger(clock)),
        new_submission_id=new_submission_id,
        render_times=store,
        recipes=Recipes(SqlGuildStore(engine), SqlMemberStore(engine)),
    )


async def showreel_with_money(origin: str, videos: int, database: str) -> float:
    """The same, with every video reserved, paid and booked in the ledger."""
    return await showreel(origin, videos, database, with_money=True)


Contender = Callable[[str, int, str], Coroutine[Any, Any, float]]
CONTENDERS: dict[str, Contender] = {
    "bare": bare,
    "showreel": showreel,
    "showreel_with_money": showreel_with_money,
}


def main() -> None:
    """Read the command line; print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("origin")
    parser.add_argument("videos", type=int)
    parser.add_argument("database", nargs="?", default="")
    told = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    begun = time.perf_counter()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:  # as the bot has it
        spent = runner.run(CONTENDERS[told.name](told.origin, told.videos, told.database))
    wall = time.perf_counter() - begun
    print(json.dumps({"cpu": spent, "wall": wall, "rss_mb": peak_rss_mb()}))


if __name__ == "__main__":
    main()
