"""Copying a SQLite database to PostgreSQL: ours beside a loop of plain inserts.

`python -m bench.copying` fills a ledger, copies it both ways into empty databases with fsync on,
and prints a table. `--entries` changes how large the ledger is. The plain way reads the same rows
in the same order and leaves the ledger's triggers on, as a script would that knows only the tables.
"""

import argparse
import asyncio
import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.books import ENTRIES_A_VIDEO, fill
from bench.host import described, rss_mb, table
from bot.maintenance import copy_database
from bot.settings import load_settings
from bot.storage.engines.databases import open_database
from tests.postgres import running_postgres

ENTRIES = 40_000  # plain inserts take a minute for these; their time grows with the square
BATCH = 40_000  # entries that are filled in at once
TABLES = ("jobs", "accounts", "ledger_transactions", "ledger_entries")
ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Copy:
    """One way of copying the same database."""

    seconds: float
    grown_mb: float
    entries: int


async def make(folder: Path, entries: int) -> None:
    """Fill a SQLite database with a ledger of so many entries."""
    address = f"sqlite:///{folder}/showreel.db"
    async with open_database(address):
        pass
    videos, step = entries // ENTRIES_A_VIDEO, BATCH // ENTRIES_A_VIDEO
    for first in range(0, videos, step):
        await fill(address, first, min(first + step, videos))


async def ours(folder: Path, target: str) -> None:
    settings = load_settings(
        data_dir=folder, database_url=f"sqlite:///{folder}/showreel.db", _env_file=None
    )
    copied = await copy_database(settings, target)
    copied.kept.rename(folder / "showreel.db")


async def plain(folder: Path, target: str) -> None:
    """Insert the rows of the ledger's tables, with balances that the triggers count again."""
    async with open_database(target):
        pass
    connection = await asyncpg.connect(target)
    try:
        with contextlib.closing(sqlite3.connect(folder / "showreel.db")) as source:
            async with connection.transaction():
                for name in TABLES:
                    rows = source.execute(f"SELECT * FROM {name}")  # noqa: S608 - our own names
                    places = ", ".join(f"${n}" for n in range(1, len(rows.description) + 1))
                    while some := rows.fetchmany(ROWS_AT_ONCE):
                        await connection.executemany(f"INSERT INTO {name} VALUES ({places})", some)  # noqa: S608
    finally:
        await connection.close()


async def measure(way: Callable[[Path, str], Awaitable[None]], folder: Path, entries: int) -> Copy:
    """Copy into a new server's database."""
    with running_postgres(fsync=True) as server:
        target = f"{server}/postgres"
        held, begun = rss_mb(), time.perf_counter()
        await way(folder, target)
        took, grown = time.perf_counter() - begun, rss_mb() - held
        connection = await asyncpg.connect(target)
        found = await connection.fetchval("SELECT COUNT(*) FROM ledger_entries")
        await connection.close()
    if found < entries:
        msg = f"{found} of {entries} entries were copied"
        raise AssertionError(msg)
    return Copy(took, grown, found)


async def run(entries: int = ENTRIES) -> str:
    """The section."""
    with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
        folder = Path(name)
        await make(folder, entries)
        mine = await measure(ours, folder, entries)
        theirs = await measure(plain, folder, entries)
    lines = [
        [way, f"{one.entries:,}", f"{one.seconds:.1f}", f"{one.grown_mb:.0f}"]
        for way, one in (("**`db copy`**, both sides audited", mine), ("plain inserts", theirs))
    ]
    words = (
        f"## Copying {entries:,} ledger entries to PostgreSQL\n\n"
        f"Ours takes {mine.seconds / theirs.seconds:.2f} of the time of plain inserts, its audits"
        " included. Plain inserts count every balance twice."
    )
    return f"{words}\n\n{table(('way', 'entries', 'took (s)', 'grown (MB)'), lines)}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    print(described())
    print(asyncio.run(run(parser.parse_args().entries)))
