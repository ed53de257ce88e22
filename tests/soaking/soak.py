"""A bot that works for long, and is watched: what it holds, and whether it gives it back."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.tasks import TaskOwner
from tests.killing.judging import Verdict, judge
from tests.killing.processes import Bot, call_bot
from tests.killing.town import Town
from tests.postgres import free_port
from tests.soaking.samples import Sample, leaks, sample_from

KINDS = {
    "words": 560,
    "reaction": 260,
    "picture": 140,
    "refused": 20,
    "unsafe": 16,
    "storyboard": 4,
}
GENERATION_SECONDS = 3.0
WARMING_VIDEOS = 24  # after these everything that is made once has been made
BETWEEN_SAMPLES_SECONDS = 10.0
LOOKS_AT_REST = 12  # a look may fall on an instant of some work
BETWEEN_LOOKS_SECONDS = 0.25
REST_WITHIN_SECONDS = 120.0  # idle connections are kept for a while, by others too


@dataclass(slots=True)
class Outcome:
    """One run: what was seen, and what is wrong."""

    before: Sample
    after: Sample
    samples: list[Sample]
    verdict: Verdict
    leaks: list[str]
    errors: dict[str, int] = field(default_factory=dict)
    audit: str = ""


@dataclass
class Soak:
    """One town with one bot, to which so many requests are said in a minute."""

    town: Town
    requests_a_minute: float
    tasks: TaskOwner = field(default_factory=TaskOwner)
    port: int = field(default_factory=free_port)
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.town.crowd.kinds = KINDS
        self.town.environment |= {"HTTP_PORT": str(self.port)}
        self._begun = time.monotonic()

    async def run(self, seconds: float) -> Outcome:
        """Warm up, rest, work for so long, rest, and judge."""
        bot = await Bot.start(self.tasks, self.town.environment, self.town.folder / "bot.log")
        await bot.connected()
        switch = {"generation_seconds": GENERATION_SECONDS}
        await self.town.people.call("PATCH", "/providers/nanogpt", switch)
        await self._request(WARMING_VIDEOS, seconds_between=0.5)
        before = await self._rest()
        await self._work(seconds)
        after = await self._rest(before)
        books, states = await self.town.books(), await self.town.states()
        verdict = judge(self.town.crowd.requests, books, states)
        code = await bot.stop()
        if code != 0:
            verdict.find("ended", f"after SIGTERM the bot ended with {code}")
        await self.tasks.close()
        code, audit = await call_bot(self.town.environment, "audit")
        if code != 0:
            verdict.find("unbalanced", audit)
        found = leaks(before, after, _files_in(self.town.folder / "bot"))
        return Outcome(before, after, self.samples, verdict, found, dict(bot.errors), audit)

    async def _work(self, seconds: float) -> None:
        between = 60 / self.requests_a_minute
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            await self._request(round(seconds / between), seconds_between=between)
            watching.cancel()

    async def _request(self, videos: int, *, seconds_between: float) -> None:
        begun = time.monotonic()
        for number in range(videos):
            self.town.crowd.request()
            await self.town.clock.sleep(
                max(begun + (number + 1) * seconds_between - time.monotonic(), 0)
            )

    async def _watch(self) -> None:
        while True:
            self.samples.append(await self._look())
            await self.town.clock.sleep(BETWEEN_SAMPLES_SECONDS)

    async def _look(self) -> Sample:
        address = f"http://127.0.0.1:{self.port}/metrics"
        async with self.town.people.session.get(address) as answer:
            return sample_from(await answer.text(), time.monotonic() - self._begun)

    async def _rest(self, aim: Sample | None = None) -> Sample:
        """Once nothing is open: as soon as it holds no more than `aim`, or what it holds falls no more."""
        deadline = time.monotonic() + REST_WITHIN_SECONDS
        last: Sample | None = None
        while True:
            seen = await self._least()
            is_idle = seen.open_jobs == 0 and self.town.crowd.acting == 0
            more, less = (aim, seen) if aim else (seen, last)
            is_settled = less is not None and not leaks(more, less, ())
            if (is_idle and is_settled) or time.monotonic() > deadline:
                return seen
            last = seen if is_idle else None

    async def _least(self) -> Sample:
        """Of some looks one after the other, the least of everything."""
        looks = []
        for _ in range(LOOKS_AT_REST):
            looks.append(await self._look())
            await self.town.clock.sleep(BETWEEN_LOOKS_SECONDS)
        return replace(
            looks[-1],
            tasks=min(one.tasks for one in looks),
            files=min(one.files for one in looks),
            open_jobs=max(one.open_jobs for one in looks),
        )


def _files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
