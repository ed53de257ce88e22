"""Films are kept until they are posted and for the retention time; then there is room again."""

import logging
from datetime import timedelta

import pytest

from bot.domain.jobs import JobState
from bot.services.tidying import Tidying
from tests.factories import make_image

KEEP_FOR = timedelta(days=30)


@pytest.fixture
def tidying(world):
    return Tidying(world.store, world.films, world.images, world.clock, KEEP_FOR)


async def test_a_film_that_was_posted_goes_after_its_time(world, tidying, caplog):
    process = world.start()
    job = await process.accept(key="one")
    await world.live(process)
    assert world.films.path(job.id) in world.films.disk

    with caplog.at_level(logging.INFO):
        await tidying.run_once()

    assert world.films.disk == {}
    assert "tidied" in caplog.messages


async def test_a_film_that_is_still_owed_stays_however_old_it_is(world, tidying):
    process = world.start()
    job = await process.accept(key="one")
    while (await world.store.get(job.id)).state is not JobState.SUCCEEDED:
        await process.tracker.run_once()  # and nothing is delivered
        world.clock.advance(1)

    await tidying.run_once()

    assert world.films.path(job.id) in world.films.disk


async def test_the_pictures_of_films_under_way_stay(world, tidying):
    process = world.start()
    await process.accept(key="one", image=make_image(key="mine.png"))

    await tidying.run_once()

    assert world.images.kept_back == [frozenset({"mine.png"})]


async def test_the_pictures_of_a_card_that_is_still_owed_stay_though_its_job_has_ended(
    world, tidying
):
    process = world.start()
    job = await process.accept(key="one", image=make_image(key="mine.png"))
    await process.cancelling.cancel(job.id, job.user_id, is_moderator=False)

    await tidying.run_once()

    assert await world.store.list_active() == []
    assert world.images.kept_back == [frozenset({"mine.png"})]


async def test_with_no_retention_time_everything_stays(world):
    process = world.start()
    await process.accept(key="one")
    await world.live(process)
    kept = dict(world.films.disk)

    await Tidying(world.store, world.films, world.images, world.clock, timedelta(0)).run_once()

    assert world.films.disk == kept
