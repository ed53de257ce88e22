"""A PostgreSQL server that is stopped as if the power had gone, and comes back."""

import asyncio
import contextlib

import pytest

from bot.errors import DatabaseBusyError
from bot.storage.engines.databases import open_database
from bot.tasks import TaskOwner
from tests.contract.databases import new_database
from tests.killing.processes import Bot, environment_of, running_sandbox
from tests.postgres import WHY_NOT, find_program, running_server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server():
    """Of this module's own, for no one else's must be stopped."""
    if find_program("initdb") is None:
        pytest.skip(WHY_NOT)  # fine on a developer's machine; CI allows no skips
    with running_server() as running:
        yield running


@pytest.fixture
async def engine(server):
    async with open_database(await new_database(server.address)) as opened:
        yield opened


@contextlib.asynccontextmanager
async def away(server):
    await asyncio.to_thread(server.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


async def test_a_database_that_is_away_is_busy_and_no_refusal_of_what_is_written(engine, server):
    async with away(server):
        with pytest.raises(DatabaseBusyError):
            await engine.version()

    assert await engine.version() > 0


async def test_a_transaction_that_is_cut_is_busy_too_and_nothing_of_it_remains(engine, server):
    async def count():
        async with engine.reading() as tx:
            return await tx.connection.fetchval("SELECT COUNT(*) FROM notes")

    async def cut():
        async with engine.transaction() as tx:
            await tx.connection.execute("INSERT INTO notes (name, value) VALUES ('a', 'b')")
            await asyncio.to_thread(server.stop)
            await tx.connection.execute("INSERT INTO notes (name, value) VALUES ('c', 'd')")

    try:
        with pytest.raises(DatabaseBusyError):
            await cut()
    finally:
        server.start()

    assert await count() == 0


async def test_a_connection_that_was_cut_while_no_one_used_it_is_replaced(engine, server):
    async with engine.reading():
        pass
    async with away(server):
        pass

    async with engine.transaction() as tx:
        assert await tx.connection.fetchval("SELECT 1") == 1


async def test_a_bot_that_starts_before_its_database_waits_for_it(server, tmp_path):
    database = await new_database(server.address)
    tasks = TaskOwner()
    async with running_sandbox(tmp_path) as told:
        environment = environment_of(told, tmp_path / "bot", database)
        async with away(server):
            bot = await Bot.start(tasks, environment, tmp_path / "bot.log")
            await bot.logged("database_unreachable")
        await bot.connected()
        code = await bot.stop()
    await tasks.close()

    assert code == 0
    assert not bot.errors


async def test_a_bot_that_waits_for_its_database_can_be_stopped(server, tmp_path):
    tasks = TaskOwner()
    environment = environment_of({"DISCORD_TOKEN": "a.b.c"}, tmp_path, f"{server.address}/none")
    async with away(server):
        bot = await Bot.start(tasks, environment, tmp_path / "bot.log")
        await bot.logged("database_unreachable")
        code = await bot.stop()
    await tasks.close()

    assert code == 0
