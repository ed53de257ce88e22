"""Every test of a store's promises runs in memory, on SQLite and on PostgreSQL."""

import contextlib

import pytest

from bot.storage.databases import open_database
from tests.contract.branches import Branch
from tests.contract.databases import DATABASES, new_database

PROCESSES = 3


@pytest.fixture(params=["memory", *DATABASES])
def kind(request):
    return request.param


@pytest.fixture
async def address(kind, request, tmp_path):
    if kind == "memory":
        return ""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/showreel.db"
    return await new_database(request.getfixturevalue("postgres_address"))


@pytest.fixture
async def engine(kind, address):
    if kind == "memory":
        yield None
        return
    async with open_database(address) as opened:
        yield opened


@pytest.fixture
async def branches(kind, address):
    """As many processes as the engine is made for."""
    async with contextlib.AsyncExitStack() as stack:
        count = PROCESSES if kind == "postgres" else 1
        engines = [await stack.enter_async_context(open_database(address)) for _ in range(count)]
        yield [Branch(engine) for engine in engines]


@pytest.fixture
def branch(engine):
    """One process."""
    return Branch(engine)
