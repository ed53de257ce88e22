"""`python -m bot audit`, over books that were kept by the stores and tampered with behind them."""

import asyncio
import os
import sqlite3
import sys
from dataclasses import replace

import pytest

from bot.catalog.request import Origin
from bot.jobs.job import JobState
from bot.jobs.stores import Change
from bot.money.admin import ensure_books
from bot.storage.engines.databases import open_database
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.storage.stores import SqlJobStore
from tests.contract.databases import new_database
from tests.factories import NOW, make_delivery, make_job

ACCOUNT = "an account's balance differs from its entries"
TRANSACTION = "a transaction doesn't add up to zero"
JOB = "a job's or an improvement's money and its state disagree"
HELD = "the money on hold differs from what is reserved"

_TAMPERED = {
    "UPDATE accounts SET balance_micros = balance_micros + 1 WHERE kind = 'allowance'": {ACCOUNT},
    "UPDATE accounts SET balance_micros = 0 WHERE kind = 'held'": {ACCOUNT, HELD},
    """INSERT INTO ledger_entries SELECT t.id, a.id, 5 FROM ledger_transactions AS t, accounts AS a
    WHERE t.kind = 'fund' AND a.kind = 'held' LIMIT 1""": {TRANSACTION},
    "UPDATE jobs SET state = 'expired' WHERE state = 'queued'": {JOB},
    "DROP TRIGGER jobs_end_once; UPDATE jobs SET state = 'queued'": {JOB},
}


async def keep_books(address):
    """Two videos, one of which was cancelled; answers with the number of transactions."""
    async with open_database(address) as engine:
        money = Money(engine)
        store = SqlJobStore(engine, money)
        for state in (JobState.QUEUED, JobState.CANCELLED):
            job = make_job(cost_micros=500_000)
            place = Origin(job.guild_id, job.channel_id, job.user_id)
            await store.accept(job, [make_delivery(job)], place)
            if state is JobState.CANCELLED:
                await store.save([Change(replace(job, state=state, state_changed_at=NOW))])
        return await SqlMoneyStore(engine, money).count_transactions()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "showreel.db"


async def audited(**told):
    """The exit code and what was said, as an operator sees it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "audit"),
        env={"PATH": os.defpath, **told},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await child.communicate()
    assert complained == b""
    return child.returncode, said.decode()


def tamper(path, statements):
    with sqlite3.connect(path) as connection:
        changed = [connection.execute(one).rowcount for one in statements.split(";")]
    connection.close()
    assert changed[-1] > 0


async def test_books_that_balance_are_counted_while_the_bot_runs(path, tmp_path):
    transactions = await keep_books(f"sqlite:///{path}")

    async with open_database(f"sqlite:///{path}"):
        code, said = await audited(DATA_DIR=str(tmp_path))

    assert transactions >= 3  # two reservations and a release
    assert said == f"The ledger balances. Transactions: {transactions}.\n"
    assert code == 0


async def test_books_without_a_video_balance(path, tmp_path):
    async with open_database(f"sqlite:///{path}"):
        pass

    assert await audited(DATA_DIR=str(tmp_path)) == (0, "The ledger balances. Transactions: 0.\n")


@pytest.mark.postgres
async def test_the_books_of_a_postgres_are_audited_too(postgres_address):
    address = await new_database(postgres_address)
    transactions = await keep_books(address)

    told = await audited(DATABASE_URL=address)

    assert told == (0, f"The ledger balances. Transactions: {transactions}.\n")


@pytest.mark.parametrize(("statements", "wrong"), _TAMPERED.items())
async def test_what_was_changed_behind_the_books_is_found_and_said(
    statements, wrong, path, tmp_path, caplog
):
    await keep_books(f"sqlite:///{path}")
    tamper(path, statements)

    code, said = await audited(DATA_DIR=str(tmp_path))
    async with open_database(f"sqlite:///{path}") as engine:
        await ensure_books(SqlMoneyStore(engine, Money(engine)))

    assert code == 1
    assert "The ledger balances" not in said
    assert {line.partition(": ")[0] for line in said.splitlines()} == wrong
    logged = [row.detail for row in caplog.records if row.msg == "ledger_does_not_balance"]
    assert logged == said.splitlines()
