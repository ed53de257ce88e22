"""A finding that the database refuses for its words is written without them."""

import pytest

from bot.errors import ContentRefusedError, StorageError
from bot.jobs.job import FailureKind, JobState
from bot.storage.stores import SqlJobStore
from bot.worker.recorder import REFUSALS_TOLERATED
from tests.contract.databases import on_databases
from tests.fakes.weather import Script
from tests.fakes.world import World

UNSTORABLE = {"sqlite": "a fox \ud83e", "postgres": "a fox \0"}


@pytest.fixture
async def world(engine):
    return World(store=SqlJobStore(engine))


@on_databases
@pytest.mark.parametrize("asked", ["submit", "poll"])
async def test_words_that_no_database_takes_end_their_video_and_hold_up_no_other(
    world, kind, asked
):
    refusal = ContentRefusedError("no", status=400, friendly=UNSTORABLE[kind])
    script = Script(submit=[refusal]) if asked == "submit" else Script(poll=[refusal] * 50)
    process = world.start(weather=script)
    job = await process.accept(key="one")
    tries = 0
    while not (await world.store.get(job.id)).is_terminal:
        tries += 1
        try:
            await process.worker.run_once()
        except StorageError:
            assert tries <= REFUSALS_TOLERATED + 1
        world.clock.advance(61)
    other = await process.accept(key="two", user_id=31)
    await world.live(world.start(owner="next"))

    ended = await world.store.get(job.id)
    assert (ended.state, ended.failure.kind) == (JobState.FAILED, FailureKind.REFUSED)
    assert "that I can't show" in ended.failure.text
    assert (await world.store.get(other.id)).state is JobState.SUCCEEDED
