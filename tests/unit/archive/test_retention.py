"""Videos are kept until they are posted and for the retention time; then there is room again."""

import logging
import os
from datetime import timedelta

import aiohttp
import pytest

from bot.archive.retention import CUTOFF_NOTE, Retention
from bot.jobs.job import JobState
from bot.media.pictures.store import DiskImageStore
from tests.factories import NOW, make_image, make_video

KEEP_FOR = timedelta(days=30)


def retention_of(world, images, keep_for):
    store = world.store
    return Retention(
        store,
        store,
        store,
        videos=world.videos,
        images=images,
        sources=world.sources,
        clock=world.clock,
        keep_for=keep_for,
    )


@pytest.fixture
def retention(world):
    return retention_of(world, world.images, KEEP_FOR)


async def test_a_video_that_was_posted_goes_after_its_time(world, retention, caplog):
    process = world.start()
    job = await process.accept(key="one")
    await world.live(process)
    assert world.videos.path(job.id) in world.videos.disk

    with caplog.at_level(logging.INFO):
        await retention.run_once()

    assert world.videos.disk == {}
    assert "files_deleted" in caplog.messages


async def test_a_video_that_is_still_owed_stays_however_old_it_is(world, retention):
    process = world.start()
    job = await process.accept(key="one")
    while (await world.store.get(job.id)).state is not JobState.SUCCEEDED:
        await process.worker.run_once()  # and nothing is delivered
        world.clock.advance(1)

    await retention.run_once()

    assert world.videos.path(job.id) in world.videos.disk


async def test_the_pictures_of_videos_under_way_stay(world, retention):
    process = world.start()
    await process.accept(key="one", image=make_image(key="mine.png"))

    await retention.run_once()

    assert world.images.kept_back == [frozenset({"mine.png"})]


async def test_the_video_that_one_under_way_continues_stays(world, retention):
    process = world.start()
    await process.accept(key="one", source_video=make_video(key="mine.mp4"))

    await retention.run_once()

    assert world.sources.kept_back == [frozenset({"mine.mp4"})]


async def test_the_pictures_of_a_card_that_is_still_owed_stay_though_its_job_has_ended(
    world, retention
):
    process = world.start()
    job = await process.accept(key="one", image=make_image(key="mine.png"))
    await process.services.cancelling.cancel(
        job.id, job.guild_id, job.user_id, is_moderator=False, though_spent=True
    )

    await retention.run_once()

    assert await world.store.list_active() == []
    assert world.images.kept_back == [frozenset({"mine.png"})]


async def test_the_pictures_of_jobs_within_the_retention_time_stay(world, retention):
    process = world.start()
    await process.accept(key="one", image=make_image(key="mine.png"))
    await world.live(process)
    world.clock.advance(KEEP_FOR.total_seconds() - 3600 * 24 * 2)
    await retention.run_once()

    assert await world.store.list_active() == []
    assert world.images.kept_back == [frozenset({"mine.png"})]


@pytest.mark.parametrize("keep_for", [KEEP_FOR, timedelta(0)])
async def test_a_picture_that_nothing_names_goes_after_a_day(world, tmp_path, keep_for):
    process, now = world.start(), world.clock.now().timestamp()
    await process.accept(key="one", image=make_image(key="mine.png"))
    async with aiohttp.ClientSession() as session:
        folder = tmp_path / "pictures"
        images = DiskImageStore(folder, session, frozenset())
        for name, age in (("mine.png", 99), ("refused.png", 25), ("new.png", 23)):
            (folder / name).write_bytes(b"")
            os.utime(folder / name, (now, now - age * 3600))
        await retention_of(world, images, keep_for).run_once()

    assert {path.name for path in folder.iterdir()} == {"mine.png", "new.png"}


async def test_with_no_retention_time_everything_stays(world):
    process = world.start()
    await process.accept(key="one")
    await world.live(process)
    kept = dict(world.videos.disk)

    await retention_of(world, world.images, timedelta(0)).run_once()

    assert world.videos.disk == kept


async def test_a_clock_that_is_ahead_deletes_no_more_than_a_day_at_a_round(world, retention):
    await retention.run_once()
    world.clock.advance(400 * 86_400)
    for hours in range(1, 4):
        await retention.run_once()
        assert (
            await world.store.get_note(CUTOFF_NOTE)
            == (NOW - KEEP_FOR + timedelta(days=hours)).isoformat()
        )

    world.clock.advance(-400 * 86_400)
    await retention.run_once()
    assert await world.store.get_note(CUTOFF_NOTE) == (NOW - KEEP_FOR).isoformat()


async def test_after_weeks_without_the_bot_what_is_old_goes_in_as_many_rounds_as_days(
    world, retention
):
    await retention.run_once()
    world.clock.advance(3 * 86_400)
    for _ in range(3):
        await retention.run_once()

    assert await world.store.get_note(CUTOFF_NOTE) == (world.clock.now() - KEEP_FOR).isoformat()
