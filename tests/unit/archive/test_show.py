"""A video is never thrown away: it is brought back from our disk, or from its service."""

from types import SimpleNamespace

import pytest

from bot.archive.show import Archive
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    JobNotFoundError,
    NotYourJobError,
    SubmissionUncertainError,
    VideoComingError,
    VideoNotThereError,
    VideoTakenDownError,
    VideoWillNotComeError,
)
from bot.guilds.settings import Recipes
from bot.ids import GuildId, UserId
from bot.jobs.job import JobState
from bot.jobs.messages import DeliveryKind, deleted
from bot.jobs.removed import RemovedVideos
from bot.locks import Turns
from tests.factories import PROVIDER
from tests.fakes.weather import Script

MEMBER = UserId(30)
GUILD = GuildId(10)
MOST = 10_000


@pytest.fixture
def showing(world):
    return Archive(
        world.store,
        RemovedVideos(world.store, world.store),
        world.videos,
        {PROVIDER: world.provider},
        world.clock,
        sources=world.sources,
        shots=world.store,
        recipes=Recipes(world.guilds, world.members),
        turns=Turns(1),
    )


async def show(showing, job, viewer=MEMBER, guild=GUILD, *, is_moderator=False, to_all=False):
    shown = await showing.find(job.id, guild, viewer, is_moderator=is_moderator, to_all=to_all)
    video = await showing.fit(shown, most=MOST)
    return SimpleNamespace(video=video, addresses=shown.addresses)


async def made(world, weather=None):
    process = world.start() if weather is None else world.start(weather=weather)
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_video_on_our_disk_is_shown_again_and_no_one_is_asked(world, showing):
    job = await made(world)
    looks = len(world.provider.looks)

    shown = await show(showing, job)

    assert shown.video.path == world.videos.path(job.id)
    assert len(world.provider.looks) == looks


async def test_a_video_that_we_no_longer_keep_is_fetched_again(world, showing):
    job = await made(world)
    await world.videos.forget(job.id)

    assert (await show(showing, job)).video is not None
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_a_video_that_was_cancelled_too_late_is_there_when_it_is_done(world, showing):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, MEMBER, is_moderator=False, though_spent=True
    )
    await world.live(process)
    job = await world.store.get(job.id)
    assert job.state is JobState.CANCELLED

    with pytest.raises(VideoComingError):
        await show(showing, job)
    world.clock.advance(world.provider.takes_seconds)

    assert (await show(showing, job)).video is not None
    assert (await world.store.get(job.id)).state is JobState.CANCELLED


async def test_a_video_whose_submission_was_lost_is_taken_when_it_turns_up(world, showing):
    weather = Script(submit__answered=[SubmissionUncertainError()])
    world.provider.can_recover = False
    job = await made(world, weather)
    assert job.state is JobState.FAILED
    world.provider.can_recover = True
    world.clock.advance(world.provider.takes_seconds)

    assert (await show(showing, job)).video is not None


async def test_what_was_never_made_is_not_there(world, showing):
    process = world.start()
    job = await process.accept(key="one")
    await process.services.cancelling.cancel(
        job.id, job.guild_id, MEMBER, is_moderator=False, though_spent=True
    )

    with pytest.raises(VideoNotThereError):
        await show(showing, await world.store.get(job.id))


async def test_a_video_is_shown_to_its_member_and_to_moderators_of_its_server_alone(world, showing):
    job = await made(world)

    with pytest.raises(NotYourJobError):
        await show(showing, job, UserId(31))
    with pytest.raises(JobNotFoundError):
        await show(showing, job, guild=GuildId(11))
    assert (await show(showing, job, UserId(31), is_moderator=True)).video is not None


async def test_a_video_too_large_for_the_channel_is_a_link(world, showing):
    job = await made(world)
    world.videos.disk[world.videos.path(job.id)] = 10 * MOST
    world.videos.smallest_bytes = 5 * MOST

    shown = await show(showing, job)

    assert shown.video is None
    assert shown.addresses == ("https://videos.example/1",)


async def test_a_members_videos_are_listed_latest_first(world, showing):
    process = world.start()
    jobs = []
    for key in ("one", "two", "three"):
        jobs.append(await process.accept(key=key))
        world.clock.advance(1)
    await world.live(process)

    listed = await showing.latest(GUILD, MEMBER)

    assert [job.id for job in listed] == [job.id for job in reversed(jobs)]
    assert await showing.latest(GuildId(11), MEMBER) == []


async def test_a_video_is_shown_to_all_where_its_member_likes(world, showing):
    assert (await show(showing, await made(world), to_all=True)).video is not None


async def taken_down(world, job):
    video = await world.store.find_delivery(job.id, DeliveryKind.VIDEO)
    await world.store.save_delivery(deleted(video))


async def test_a_video_that_was_taken_down_is_shown_to_its_member_alone(world, showing):
    job = await made(world)
    await taken_down(world, job)

    with pytest.raises(VideoTakenDownError):
        await show(showing, job, to_all=True)
    assert (await show(showing, job)).video is not None


async def test_a_video_that_was_taken_down_is_shown_to_all_by_a_moderator(world, showing):
    job = await made(world)
    await taken_down(world, job)

    assert (await show(showing, job, UserId(31), is_moderator=True, to_all=True)).video is not None


async def test_where_it_was_made_is_said_of_this_servers_videos_alone(world, showing):
    job = await made(world)

    assert await showing.channel_of(job.id, GUILD) == job.channel_id
    with pytest.raises(JobNotFoundError):
        await showing.channel_of(job.id, GuildId(11))


@pytest.mark.parametrize("error", [GenerationFailedError(), ContentRefusedError()])
async def test_a_cancelled_video_that_its_service_failed_to_make_will_not_come(world, error):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, MEMBER, is_moderator=False, though_spent=True
    )
    await world.live(process)
    showing = Archive(
        world.store,
        RemovedVideos(world.store, world.store),
        world.videos,
        {PROVIDER: world.provider.under(Script(poll=[error]))},
        world.clock,
        sources=world.sources,
        shots=world.store,
        recipes=Recipes(world.guilds, world.members),
        turns=Turns(1),
    )

    with pytest.raises(VideoWillNotComeError):
        await show(showing, job)

    submission = await world.store.find_submission(job.id)
    assert submission is not None
    assert submission.charged_micros == 0
