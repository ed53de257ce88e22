"""A hundred thousand films that wait for their turn, in one process on SQLite.

`python -m bench.waiting` fills a database, lets the real tracker tick beside the whole queue, and
prints what a tick costs while nothing can be taken, what it costs when eight films are, how much
memory it takes, and how soon a process that starts has looked at every open film.
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

from bench.contenders import RUNNING, CountedFilms, ProviderOverLine, means_of
from bench.host import described, forget_peak, rss_mb, spread, table
from bench.line import Line, peak_rss_mb
from bot.clock import SystemClock
from bot.domain.jobs import Job, JobState
from bot.domain.requests import VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt, SubmissionState
from bot.ids import UserId
from bot.ports import Order
from bot.services.tracking import MOST_AT_PROVIDER, Tracker
from bot.storage import rows
from bot.storage.databases import open_database
from bot.storage.stores import SqlJobStore
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
    """A service that answers at once, and whose films take for ever; remembers what was asked."""

    looked: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    async def submit(self, order: Order) -> Receipt:
        self.taken.append(order.tag)
        return Receipt(order.tag)

    async def look(self, handle: str, _request: VideoRequest, /) -> ProviderStatus:
        self.looked.append(handle)
        return RUNNING


def fill(path: Path, waiting: int, running: int) -> None:
    """Write films that wait and films that are being made, long due."""
    now = SystemClock().now() - timedelta(hours=1)
    jobs = [_job(number, now, JobState.ACCEPTED) for number in range(waiting)]
    made = [_job(number, now, JobState.IN_PROGRESS) for number in range(running)]
    names = list(rows.job_parameters(make_job()))
    places = ", ".join(f":{name}" for name in names)
    sql = f"INSERT INTO jobs ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - our own names
    orders = [
        make_submission(job, state=SubmissionState.ACCEPTED, handle=str(job.id)) for job in made
    ]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        database.executemany(sql, [rows.job_parameters(job) for job in (*jobs, *made)])
        database.executemany(SUBMISSION, [rows.submission_parameters(one) for one in orders])
        database.execute("COMMIT")


def _job(number: int, now: datetime, state: JobState) -> Job:
    at = now + timedelta(milliseconds=number)
    is_made = state is JobState.IN_PROGRESS
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
async def opened(path: Path) -> AsyncIterator[tuple[Tracker, SqlJobStore, AtOnce]]:
    """The tracker on this database, with a service that answers at once."""
    async with open_database(f"sqlite:///{path}") as engine:
        provider, store = AtOnce(cast(Line, None)), SqlJobStore(engine)
        means = means_of(engine, store, provider, CountedFilms())
        yield Tracker(means, owner="bench", on_moved=_nothing), store, provider


def _nothing() -> None:
    """Nobody delivers here."""


async def measure_ticks(path: Path, most: int) -> list[float]:
    """Milliseconds of ticks with all places taken."""
    async with opened(path) as (tracker, _, provider):
        await tracker.run_once()  # takes the first eight
        took = []
        for _ in range(most):
            begun = time.perf_counter()
            await tracker.tick()
            took.append((time.perf_counter() - begun) * 1000)
        await tracker.stop()
    if len(provider.taken) != MOST_AT_PROVIDER:
        msg = f"{len(provider.taken)} films were taken, not {MOST_AT_PROVIDER}"
        raise AssertionError(msg)
    return took


async def measure_claim(path: Path) -> tuple[float, float]:
    """Milliseconds of the tick that takes eight films, and how many MB it took."""
    async with opened(path) as (tracker, _, _):
        forget_peak()
        before, begun = rss_mb(), time.perf_counter()
        await tracker.tick()
        took = (time.perf_counter() - begun) * 1000
        grown = peak_rss_mb() - before
        await tracker.stop()
    return took, grown


async def measure_start(path: Path, open_films: int) -> float:
    """Seconds from opening the database until every open film was looked at."""
    begun = time.perf_counter()
    async with opened(path) as (tracker, _, provider), asyncio.TaskGroup() as group:
        running = group.create_task(tracker.run())
        while len(set(provider.looked)) < open_films:
            await SystemClock().sleep(0.005)
        took = time.perf_counter() - begun
        await tracker.stop()
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
        [f"a tick that takes {MOST_AT_PROVIDER} films (ms)", spread([one for one, _ in claims], 0)],
        ["memory that it takes (MB)", spread([grown for _, grown in claims], 1)],
        [f"a start until all of {OPEN:,} open films were looked at (s)", spread(starts)],
    ]
    return (
        f"## {waiting:,} films that wait\n\n"
        f"The real tracker on a SQLite file with {waiting:,} films of {MEMBERS} members in the"
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
