"""The books are added up at every start, and the operator reads in the log what came of it."""

from typing import cast

import pytest

from bot.money.admin import ensure_books
from bot.money.store import MoneyStore


class FakeBooks:
    """Books in which this is found."""

    def __init__(self, *findings: str, damage: str | None = None) -> None:
        self._findings = findings
        self._damage = damage

    async def audit(self) -> list[str]:
        return list(self._findings)

    async def damage(self) -> list[str]:
        return [] if self._damage is None else [self._damage]


@pytest.fixture
def log(caplog):
    caplog.set_level("INFO")
    return caplog


async def test_everything_that_does_not_add_up_is_an_error_of_its_own(log):
    await ensure_books(cast(MoneyStore, FakeBooks("an account is wrong", "a transaction is wrong")))

    assert [(row.levelname, row.msg, row.detail) for row in log.records] == [
        ("ERROR", "ledger_does_not_balance", "an account is wrong"),
        ("ERROR", "ledger_does_not_balance", "a transaction is wrong"),
    ]


async def test_books_that_balance_are_one_quiet_line(log):
    await ensure_books(cast(MoneyStore, FakeBooks()))

    assert [(row.levelname, row.msg) for row in log.records] == [("INFO", "ledger_balances")]


async def test_a_row_that_cannot_be_read_is_an_error_though_the_books_balance(log):
    await ensure_books(cast(MoneyStore, FakeBooks(damage="job abc cannot be read")))

    assert [(row.levelname, row.msg) for row in log.records] == [
        ("ERROR", "database_is_damaged"),
        ("INFO", "ledger_balances"),
    ]
