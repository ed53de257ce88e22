"""A world on the real database, and programs on it."""

import pytest

from bot.storage.engines.databases import open_database
from bot.storage.stores import SqlJobStore
from tests.contract.databases import migrated_file
from tests.fakes.world import World


@pytest.fixture
async def store(tmp_path):
    async with open_database(await migrated_file(tmp_path / "showreel.db")) as engine:
        yield SqlJobStore(engine)


@pytest.fixture
def world(store):
    return World(store=store)


@pytest.fixture
def process(world):
    """One program."""
    return world.start()
