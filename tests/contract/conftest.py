"""Every test of a store's promises runs in memory, on SQLite and on PostgreSQL."""

import contextlib

import pytest

from bot.storage.engines.databases import open_database
from bot.storage.engines.postgres import PostgresEngine
from tests.contract.branches import Branch
from tests.contract.databases import (
    DATABASES,
    drop_database,
    migrated_database,
    migrated_file,
    new_database,
)

PROCESSES = 3
PATIENCE_MILLISECONDS = 120_000


@pytest.fixture(params=["memory", *DATABASES])
def kind(request):
    return request.param


@pytest.fixture
async def address(kind, request, tmp_path):
    """An empty database, or a migrated one where a fixture opens it anyway."""
    if kind == "memory":
        yield ""
        return
    is_opened = {"engine", "branches"} & set(request.fixturenames)
    if kind == "sqlite":
        path = tmp_path / "showreel.db"
        yield await migrated_file(path) if is_opened else f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres_address")
        made = await (migrated_database if is_opened else new_database)(server)
        yield made
        await drop_database(made)


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    """Hundreds stand in line for one lock here, on a machine that may be busy with other things."""
    defaults = vars(PostgresEngine)["open"].__func__.__kwdefaults__
    monkeypatch.setitem(defaults, "lock_timeout_milliseconds", PATIENCE_MILLISECONDS)


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
