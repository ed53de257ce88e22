"""A hundred thousand videos that wait for their turn, in one process on SQLite.

`python -m bench.waiting` fills a database, lets the real worker tick beside the whole queue, and
prints what a tick costs while nothing can be taken, what it costs when eight videos are, how much
memory it takes, and how soon a process that starts has looked at every open video.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from bench.contenders import RUNNING, CountedVideos, ProviderOverLine, means_of
from bench.host import described, forget_peak, rss_mb, spread, table
from bench.line import Line, peak_rss_mb
from bot.catalog.request import VideoRequest
from bot.clock import SystemClock
from bot.ids import UserId
from bot.jobs.job import Job, JobState
from bot.jobs.submission import SubmissionState
from bot.providers.contract import Order, ProviderStatus, Receipt
from bot.storage import rows
from bot.storage.engines.databases import open_database
from bot.storage.stores import SqlJobStore
from bot.worker.leases import MAX_AT_PROVIDER
from bot.worker.worker import Worker
from tests.factories import make_job, make_submission

MEMBERS = 500
OPEN = 1_000
TICKS = 10
SUBMISSION = (
    "INSERT INTO submissions (id, job_id, attempt, provider, tag, state, intended_at, handle)"
    " VALUES (:id, :job_id, :attempt, :provider, :tag, :state, :intended_at, :handle)"
)


@dataclass(frozen=True)
class AtOnce(ProviderOverLine):
    """A service that answers at once, and whose videos take forever; remembers what was asked."""

    looked: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    async def submit(self, order: Order) -> Receipt:
        self.taken.append(order.tag)
        return Receipt(order.tag)

    async def poll(self, handle: str, _request: VideoRequest, /) -> ProviderStatus:
        self.looked.append(handle)
        return RUNNING


def fill(path: Path, waiting: int, running: int) -> None:
    """Write videos that wait and videos that are being made, long due."""
    now = SystemClock().now() - timedelta(hours=1)
    jobs = [_job(number, now, JobState.QUEUED) for number in range(waiting)]
    made = [_job(number, now, JobState.RENDERING) for number in range(running)]
    names = list(rows.JOBS.parameters(make_job()))
    places = ", ".join(f":{name}" for name in names)
    sql = f"INSERT INTO jobs ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - our own names
    orders = [
        make_submission(job, state=SubmissionState.ACCEPTED, handle=str(job.id)) for job in made
    ]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        database.executemany(sql, [rows.JOBS.parameters(job) for job in (*jobs, *made)])
        database.executemany(SUBMISSION, [rows.SUBMISSIONS.parameters(one) for one in orders])
        database.execute("COMMIT")


def _job(number: int, now: datetime, state: JobState) -> Job:
    at = now + timedelta(milliseconds=number)
    is_made = state is JobState.RENDERING
    return make_job(
        user_id=UserId(number % MEMBERS),
        state=state,
        accepted_at=at,
        state_changed_at=at,
        next_action_at=now,
        submitted_at=now if is_made else None,
        deadline_at=now + timedelta(days=1) if is_made else None,
    )


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[tuple[Worker, SqlJobStore, AtOnce]]:
    """The worker on this database, with a service that answers at once."""
    async with open_database(f"sqlite:///{path}") as engine:
        provider, store = AtOnce(cast(Line, None)), SqlJobStore(engine)
        context = means_of(engine, store, provider, CountedVideos())
        yield Worker(context, store, store, owner="bench", on_moved=_nothing), store, provider


def _nothing() -> None:
    """No one delivers here."""


async def measure_ticks(path: Path, most: int) -> list[float]:
    """Milliseconds of ticks with all places taken."""
    async with opened(path) as (worker, _, provider):
        await worker.run_once()  # takes the first eight
        took = []
        for _ in range(most):
            begun = time.perf_counter()
            await worker.tick()
            took.append((time.perf_counter() - begun) * 1000)
        await worker.stop()
    if len(provider.taken) != MAX_AT_PROVIDER:
        msg = f"{len(provider.taken)} videos were taken, not {MAX_AT_PROVIDER}"
        raise AssertionError(msg)
    return took


async def measure_claim(path: Path) -> tuple[float, float]:
    """Milliseconds of the tick that takes eight videos, and how many MB it took."""
    async with opened(path) as (worker, _, _):
        forget_peak()
        before, begun = rss_mb(), time.perf_counter()
        await worker.tick()
        took = (time.perf_counter() - begun) * 1000
        grown = peak_rss_mb() - before
        await worker.stop()
    return took, grown


async def measure_start(path: Path, open_videos: int) -> float:
    """Seconds from opening the database until every open video was looked at."""
    begun = time.perf_counter()
    async with opened(path) as (worker, _, provider), asyncio.TaskGroup() as group:
        running = group.create_task(worker.run())
        while len(set(provider.looked)) < open_videos:
            await SystemClock().sleep(0.005)
        took = time.perf_counter() - begun
        await worker.stop()
        await running
    return took


async def new_database(path: Path, waiting: int, running: int) -> Path:
    """Migrated, and filled."""
    async with open_database(f"sqlite:///{path}"):
        pass
    await asyncio.to_thread(fill, path, waiting, running)
    return path


async def run(waiting: int, times: int) -> str:
    """The section."""
    ticks: list[float] = []
    claims: list[tuple[float, float]] = []
    starts: list[float] = []
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
            queue = await new_database(Path(name) / "queue.db", waiting, 0)
            claims.append(await measure_claim(queue))
            begun = await new_database(Path(name) / "open.db", 0, OPEN)
            starts.append(await measure_start(begun, OPEN))
            full = await new_database(Path(name) / "full.db", waiting, 0)
            ticks += await measure_ticks(full, TICKS)
    return report(waiting, ticks, claims, starts)


def report(
    waiting: int,
    ticks: Sequence[float],
    claims: Sequence[tuple[float, float]],
    starts: Sequence[float],
) -> str:
    """What was measured, as Markdown."""
    lines = [
        ["a tick while no place is free (ms)", spread(ticks, 1)],
        [
            f"a tick that takes {MAX_AT_PROVIDER} videos (ms)",
            spread([one for one, _ in claims], 0),
        ],
        ["memory that it takes (MB)", spread([grown for _, grown in claims], 1)],
        [f"a start until all of {OPEN:,} open videos were polled (s)", spread(starts)],
    ]
    return (
        f"## {waiting:,} videos that wait\n\n"
        f"The real worker on a SQLite file with {waiting:,} videos of {MEMBERS} members in the"
        f" queue; fsync on. Target of the start: below 2 s.\n\n"
        f"{table(('', 'median (least to most)'), lines)}\n"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    told = parser.parse_args()
    print(described(), end="\n\n")
    print(asyncio.run(run(told.waiting, told.times)))


if __name__ == "__main__":
    main()
