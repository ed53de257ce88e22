"""A finished video is brought to our disk before its address expires, and then it is owed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.recipe import write_recipe
from bot.errors import ArtifactUnavailableError
from bot.guilds.settings import GuildSettings
from bot.ids import GuildId, IdempotencyKey, UserId
from bot.jobs.job import TIME_TO_RENDER, FailureKind, JobState
from bot.jobs.messages import DeliveryKind
from bot.jobs.submission import SubmissionState
from bot.worker.download import FETCHES_BEFORE_ASKING_AGAIN, fetch_video
from tests.factories import NOW
from tests.fakes.weather import Script
from tests.reading import find_by_key


async def begun(world, **troubles):
    """A job whose video is ready and about to be fetched."""
    process = world.start(weather=Script(**troubles))
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance(world.provider.takes_seconds)
    await process.turn()
    ready = await world.store.get(job.id)
    assert ready.state is JobState.DOWNLOADING
    return process, ready


async def ended(world, process, job):
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_video_on_our_disk_is_a_success_and_is_measured(world):
    job = await ended(world, *await begun(world))

    assert (job.state, job.progress_percent) == (JobState.SUCCEEDED, 100)
    assert (job.artifact.size_bytes, job.artifact.width) == (1_000, 1280)
    assert (await world.store.find_submission(job.id)).state is SubmissionState.SUCCEEDED


async def test_success_and_the_video_it_owes_are_one_write(world):
    owed = []

    async def after_each_write(event):
        job = await find_by_key(world.store, IdempotencyKey("one"))
        if event == "save answered" and job and job.state is JobState.SUCCEEDED:
            owed.append(await world.store.find_delivery(job.id, DeliveryKind.VIDEO))

    process = world.start(weather=after_each_write)
    await process.accept(key="one")
    await world.live(process)

    assert [delivery.kind for delivery in owed] == [DeliveryKind.VIDEO]


async def test_an_address_that_went_stale_is_asked_again_and_nothing_is_paid_again(world):
    process, job = await begun(world)
    [run] = world.provider.runs
    looks = len(world.provider.looks)
    run.address = "https://videos.example/fresh"
    run.verdict = replace(run.verdict, artifact_addresses=(run.address,))

    job = await ended(world, process, job)

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.looks) == looks + 1
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_a_fetch_that_breaks_off_now_and_then_is_only_a_delay(world):
    breaks = [ArtifactUnavailableError() for _ in range(3 * FETCHES_BEFORE_ASKING_AGAIN)]
    job = await ended(world, *await begun(world, fetch=breaks))

    assert job.state is JobState.SUCCEEDED
    assert len(world.videos_of(job)) == 1


async def test_a_video_that_was_paid_for_is_fetched_until_its_deadline(world):
    breaks = [ArtifactUnavailableError() for _ in range(1000)]
    job = await ended(world, *await begun(world, fetch=breaks))

    assert job.failure.kind is FailureKind.INTERRUPTED
    assert "video was made" in job.failure.text
    assert job.state_changed_at >= NOW + TIME_TO_RENDER
    assert world.videos_of(job) == []


async def test_what_is_no_video_is_given_up_soon(world):
    world.videos.spoilt = True
    job = await ended(world, *await begun(world))

    assert job.failure.kind is FailureKind.INTERRUPTED
    assert job.state_changed_at < NOW + timedelta(minutes=10)
    assert len(world.provider.paid_tags) == 1


@pytest.mark.parametrize("broken", [0, 2])
async def test_cancel_pressed_while_it_is_fetched_posts_no_video(world, broken):
    breaks = [ArtifactUnavailableError() for _ in range(broken)]
    process, job = await begun(world, fetch=breaks)
    await process.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
    )

    job = await ended(world, process, job)

    assert job.state is JobState.CANCELLED
    assert world.videos_of(job) == []
    assert (await world.store.find_submission(job.id)).state is SubmissionState.ABANDONED


async def test_a_video_without_an_address_is_not_joined_from_nothing(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    submission = replace(await world.store.find_submission(job.id), artifact_addresses=())

    with pytest.raises(ArtifactUnavailableError):
        await fetch_video(job, submission, world.provider, world.videos, world.sources, recipe=None)


@pytest.mark.parametrize("server", [True, False])
@pytest.mark.parametrize("member", [True, False])
@pytest.mark.parametrize("is_late", [True, False])
async def test_a_file_says_how_it_was_made_where_the_server_and_the_member_want_that(
    world, server, member, is_late
):
    world.guilds.settings[GuildId(10)] = GuildSettings(GuildId(10), has_recipe=server)
    await world.members.put_recipe(UserId(30), is_on=member)
    process, job = await begun(world)
    if is_late:
        await process.services.cancelling.cancel(
            job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
        )
        await world.live(process)
        await process.services.showing.find(
            job.id, job.guild_id, UserId(30), is_moderator=False, to_all=False
        )
    else:
        await world.live(process)

    wanted = [write_recipe(job.request)] if server and member else []
    assert list(world.videos.recipes.values()) == wanted
