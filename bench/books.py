"""Books of any size, for benchmarks: videos that were made and paid for long ago."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import asyncpg

from bot.jobs.job import JobState
from bot.storage import rows
from tests.factories import NOW, make_job

ENTRIES_A_VIDEO = 8
MEMBERS = 50
BATCH = 5_000
_COST = 100
_FUNDS = 10**12
_JOB = rows.JOBS.parameters(make_job(state=JobState.CANCELLED))
_OTHER_ACCOUNTS = ("held", "spent", "pool_held", "pool_spent", "issued")
_INSERTS = {
    "jobs": f"INSERT INTO jobs ({', '.join(_JOB)}) VALUES ({', '.join('?' * len(_JOB))})",  # noqa: S608 - our own names
    "ledger_transactions": (
        "INSERT INTO ledger_transactions (id, guild_id, kind, at, job_id, user_id, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, '')"
    ),
    "ledger_entries": (
        "INSERT INTO ledger_entries (transaction_id, account_id, micros) VALUES (?, ?, ?)"
    ),
}
_ACCOUNTS = (
    "INSERT INTO accounts (id, guild_id, kind, user_id, funded_micros, balance_micros)"
    " VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT (id) DO NOTHING"
)
_BALANCES = """
UPDATE accounts SET balance_micros = e.micros, funded_micros = e.funded
FROM (
    SELECT e.account_id, SUM(e.micros) AS micros,
        SUM(CASE WHEN t.kind = 'fund' THEN e.micros ELSE 0 END) AS funded
    FROM ledger_entries AS e JOIN ledger_transactions AS t ON t.id = e.transaction_id
    GROUP BY e.account_id) AS e
WHERE e.account_id = accounts.id
"""

Rows = dict[str, list[tuple[Any, ...]]]


async def fill(address: str, first: int, after: int) -> None:
    """Write the videos numbered from `first` to before `after`, in one transaction."""
    if address.startswith("sqlite"):
        _fill_sqlite(address.removeprefix("sqlite:///"), first, after)
    else:
        await _fill_postgres(address, first, after)


def _fill_sqlite(path: str, first: int, after: int) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN")
        database.executemany(_ACCOUNTS, list(_accounts()))
        for batch in _batches(first, after):
            for table, values in batch.items():
                database.executemany(_INSERTS[table], values)
        database.execute("COMMIT")


async def _fill_postgres(address: str, first: int, after: int) -> None:
    """Its triggers would keep a version of each balance for each entry of one transaction."""
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.executemany(_numbered(_ACCOUNTS), list(_accounts()))
            for batch in _batches(first, after):
                for table, values in batch.items():
                    await connection.executemany(_numbered(_INSERTS[table]), values)
            await connection.execute(_BALANCES)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _numbered(sql: str) -> str:
    numbers = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)


def _accounts() -> Iterator[tuple[Any, ...]]:
    for kind in _OTHER_ACCOUNTS:
        yield f"10:{kind}", 10, kind, None
    yield "10:pool:long-ago", 10, "pool", None
    for member in range(MEMBERS):
        yield f"10:allowance:{member}:long-ago", 10, "allowance", member


def _batches(first: int, after: int) -> Iterator[Rows]:
    numbers = iter(range(first, after))
    funded = first == 0
    while batch := list(islice(numbers, BATCH)):
        found: Rows = {table: [] for table in _INSERTS}
        if funded:
            _fund(found)
            funded = False
        for number in batch:
            _video(found, number, after)
        yield found


def _fund(found: Rows) -> None:
    found["ledger_transactions"].append(("fund-long-ago", 10, "fund", 0, None, None))
    sources = ["10:pool:long-ago", *(f"10:allowance:{n}:long-ago" for n in range(MEMBERS))]
    moved = [(source, _FUNDS) for source in sources] + [("10:issued", -_FUNDS * len(sources))]
    found["ledger_entries"] += [("fund-long-ago", *one) for one in moved]


def _video(found: Rows, number: int, after: int) -> None:
    job_id, member = f"video-{number}", number % MEMBERS
    at = rows.milliseconds(NOW - timedelta(days=60, seconds=10 * (after - number)))
    own = {"id": job_id, "idempotency_key": job_id, "user_id": member, "accepted_at": at}
    found["jobs"].append(tuple((_JOB | own).values()))
    moves = {
        "reserve": (
            f"10:allowance:{member}:long-ago",
            "10:held",
            "10:pool:long-ago",
            "10:pool_held",
        ),
        "settle": ("10:held", "10:spent", "10:pool_held", "10:pool_spent"),
    }
    for kind, accounts in moves.items():
        name = f"{kind}-{job_id}"
        found["ledger_transactions"].append((name, 10, kind, at, job_id, member))
        signs = (1, -1) * 2  # what comes in first
        turned = (accounts[1], accounts[0], accounts[3], accounts[2])
        found["ledger_entries"] += [
            (name, account, sign * _COST) for account, sign in zip(turned, signs, strict=True)
        ]
