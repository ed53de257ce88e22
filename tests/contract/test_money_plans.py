"""What is asked with every request, video or command costs the same in books of any size."""

import contextlib
import re
import sqlite3

import pytest

from bot.storage.migrations import migrations_for
from bot.storage.queries import load_queries

EVERY_DAY = [
    "count_open_jobs",
    "find_open_event",
    "list_refunds",
    "find_resolution",
    "get_account",
    "list_draws",
    "list_entries",
    "list_grants",
    "list_open_events",
    "list_rate_windows",
    "list_transactions_of_member",
    "list_usage",
    "sum_gifts",
]


@pytest.mark.parametrize("name", EVERY_DAY)
def test_no_everyday_question_reads_through_the_books(name):
    sql = getattr(load_queries("sqlite", "aiosqlite"), name).sql
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for migration in migrations_for("sqlite"):
            database.executescript(migration.sql)
        values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
        plan = database.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()

    steps = [row[3] for row in plan]
    assert steps
    large = ("ledger_transactions", "ledger_entries", "accounts", "jobs", "t", "e", "a")
    assert not [step for step in steps if step.startswith(tuple(f"SCAN {one}" for one in large))]
    if name == "list_transactions_of_member":
        assert any("transactions_of_member (guild_id=? AND user_id=?)" in step for step in steps)
        assert any("gifts_of_member (guild_id=? AND actor_id=?)" in step for step in steps)
