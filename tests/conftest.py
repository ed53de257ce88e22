"""What all tests share: they reach nothing but this machine, and CI skips nothing."""

import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from hypothesis import settings

from tests.fakes.clock import FakeClock
from tests.postgres import WHY_NOT, find_program, running_postgres

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared with, not bound to

# `--hypothesis-profile=thorough`: what is worth it plays thousands of examples instead of hundreds
settings.register_profile("thorough", deadline=None, print_blob=True)


@pytest.fixture(autouse=True)
def _nothing_but_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere else is an error of the test, not a slow success."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
            msg = f"a test tried to reach {address[0]}"
            raise AssertionError(msg)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    """It stands at `NOW`."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A server of this run's own; skips, and says why, where there is none."""
    if find_program("initdb") is None:
        pytest.skip(WHY_NOT)  # fine on a developer's machine; CI allows no skips
    with running_postgres() as address:
        yield address


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With SHOWREEL_NOTHING_SKIPPED set, as in CI, a skipped test is a failed run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and _nothing_may_be_skipped():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _nothing_may_be_skipped() -> bool:
    return bool(os.environ.get("SHOWREEL_NOTHING_SKIPPED"))  # noqa: TID251 - a switch of the run
