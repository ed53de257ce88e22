"""The books are added up at every start, and the operator reads in the log what came of it."""

import pytest

from bot.services.auditing import ensure_books


class FakeBooks:
    """Books in which this is found."""

    def __init__(self, *findings: str) -> None:
        self._findings = findings

    async def audit(self) -> list[str]:
        return list(self._findings)


@pytest.fixture
def log(caplog):
    caplog.set_level("INFO")
    return caplog


async def test_everything_that_does_not_add_up_is_an_error_of_its_own(log):
    await ensure_books(FakeBooks("an account is wrong", "a transaction is wrong"))

    assert [(row.levelname, row.msg, row.detail) for row in log.records] == [
        ("ERROR", "books_do_not_balance", "an account is wrong"),
        ("ERROR", "books_do_not_balance", "a transaction is wrong"),
    ]


async def test_books_that_balance_are_one_quiet_line(log):
    await ensure_books(FakeBooks())

    assert [(row.levelname, row.msg) for row in log.records] == [("INFO", "books_balance")]
