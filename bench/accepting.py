"""How many requests a second become jobs, within every limit and with their money reserved.

`python -m bench.accepting` measures the one transaction that does it, on SQLite and on PostgreSQL
with fsync on, for one member and for fifty at once, in books of growing size, and prints a table;
`--entries` and `--requests` change what is measured. It takes some minutes.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from bench.books import ENTRIES_A_VIDEO, MEMBERS, fill
from bot.guilds.audit import Actor
from bot.ids import GuildId, UserId
from bot.jobs.job import Job, JobState
from bot.jobs.stores import Change
from bot.money.changes import SetPolicy
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.windows import Window
from bot.storage.engines.databases import Engine, open_database
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.storage.stores import SqlJobStore
from tests.factories import NOW, make_delivery, make_job
from tests.postgres import running_postgres

ENTRIES = (0, 10_000, 100_000, 1_000_000)
REQUESTS = 600
TURN = 20  # requests in a row; one member may have so many videos open
DOLLAR = 1_000_000
POLICY = Policy(
    GuildId(10),
    rules=Rules(
        rates=(RateLimit(3, 60), RateLimit(20, 86_400)),
        open_jobs_most=50,
        allowance=Allowance(100 * DOLLAR, Window.DAY),
        video_micros_most=10 * DOLLAR,
    ),
    pool_micros=100_000 * DOLLAR,
)
HEAD = (
    "database",
    "entries",
    "members",
    "requests a second",
    "p50 (ms)",
    "p99 (ms)",
    "p50 to empty",
)


@dataclass(frozen=True)
class Figures:
    """What some requests came to."""

    took_seconds: float  # from the first to the last
    seconds: Sequence[float]  # of each request

    @property
    def a_second(self) -> float:
        return len(self.seconds) / self.took_seconds

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000


class Server:
    """A server whose members request every other hour of its calendar, as fast as the database allows."""

    def __init__(self, engine: Engine) -> None:
        money = Money(engine)
        self._store = SqlJobStore(engine, money)
        self._money_store = SqlMoneyStore(engine, money)
        self._hours = 0
        self._made: list[Job] = []

    async def open(self) -> None:
        before = await self._money_store.policy(POLICY.guild_id)
        by = Actor(POLICY.guild_id, UserId(1), f"policy-{before.version}", NOW)
        await self._money_store.apply(by, SetPolicy(replace(POLICY, version=before.version)))

    async def measure(self, members: int, requests: int) -> Figures:
        """So many requests, of so many members at once."""
        rounds = max(requests // members, 1)
        begun = time.perf_counter()
        waited = await asyncio.gather(*(self._member(n, rounds) for n in range(members)))
        took = time.perf_counter() - begun
        self._hours += rounds
        await self._cancel_by_reaction()
        seconds = [one for each in waited for one in each]
        return Figures(took, seconds)

    async def _member(self, number: int, rounds: int) -> list[float]:
        waited = []
        for hour in range(rounds):
            at = NOW + timedelta(hours=2 * (self._hours + hour))
            job = _job(number, at)
            begun = time.perf_counter()
            await self._store.accept(job, [make_delivery(job)])
            waited.append(time.perf_counter() - begun)
            self._made.append(job)
        return waited

    async def _cancel_by_reaction(self) -> None:
        """So that the next run meets no open jobs; not measured."""
        ended = [Change(replace(job, state=JobState.CANCELLED)) for job in self._made]
        self._made.clear()
        await self._store.save(ended)


def _job(member: int, at: datetime) -> Job:
    return make_job(
        user_id=UserId(member), cost_micros=DOLLAR // 2, accepted_at=at, state_changed_at=at
    )


async def measure(servers: dict[int, Server], members: int, requests: int) -> dict[int, Figures]:
    """All of them in turns, so that whatever else the host does falls on all alike."""
    a_turn = max(members, TURN)
    found: dict[int, list[Figures]] = {size: [] for size in servers}
    for _ in range(requests // a_turn + 1):
        for size, server in servers.items():
            found[size].append(await server.measure(members, a_turn))
    return {size: _together(turns[1:]) for size, turns in found.items()}  # the first warms up


def _together(turns: Sequence[Figures]) -> Figures:
    seconds = [one for turn in turns for one in turn.seconds]
    return Figures(sum(turn.took_seconds for turn in turns), seconds)


async def rows_of(name: str, addresses: dict[int, str], requests: int) -> list[list[str]]:
    """The lines of one kind of database; `addresses` by the number of entries."""
    lines = []
    async with AsyncExitStack() as stack:
        servers = {}
        for size, address in addresses.items():
            async with open_database(address):
                pass  # migrated
            await fill(address, 0, size // ENTRIES_A_VIDEO)
            servers[size] = Server(await stack.enter_async_context(open_database(address)))
            await servers[size].open()
        for members in (1, MEMBERS):
            figures = await measure(servers, members, requests)
            first = figures[min(figures)].percentile_ms(0.5)
            for size, one in figures.items():
                lines.append(_line(name, size, members, one, first))
    return lines


def _line(name: str, size: int, members: int, one: Figures, first_ms: float) -> list[str]:
    p50, p99 = one.percentile_ms(0.5), one.percentile_ms(0.99)
    figures = (p50, p99, p50 / first_ms)
    return [
        name,
        f"{size:,}",
        str(members),
        f"{one.a_second:.0f}",
        *(f"{figure:.{places}f}" for figure, places in zip(figures, (1, 1, 2), strict=True)),
    ]


def fsync_ms(folder: Path, times: int = 200) -> float:
    """What the host takes to bring 4 KiB to its disk: the median of so many times."""
    waited = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            waited.append(time.perf_counter() - begun)
    return statistics.median(waited) * 1000


async def run(sizes: Sequence[int], requests: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
        print(f"An fsync of 4 KiB takes this host {fsync_ms(Path(name)):.2f} ms (median).\n")
        files = {size: f"sqlite:///{name}/{size}.db" for size in sizes}
        lines = await rows_of("SQLite", files, requests)
    with running_postgres(fsync=True) as server:
        databases = {size: await _new_database(server, f"bench_{size}") for size in sizes}
        lines += await rows_of("PostgreSQL", databases, requests)
    for line in (HEAD, ["--", *["--:"] * (len(HEAD) - 1)], *lines):
        print(f"| {' | '.join(line)} |")


async def _new_database(server: str, name: str) -> str:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return f"{server}/{name}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, nargs="+", default=list(ENTRIES))
    parser.add_argument("--requests", type=int, default=REQUESTS)
    told = parser.parse_args()
    asyncio.run(run(told.entries, told.requests))


if __name__ == "__main__":
    main()
