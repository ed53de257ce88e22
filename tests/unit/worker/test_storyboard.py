"""A storyboard whose shots are made one by one: from one price to one video."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import Origin, Shot
from bot.errors import AlreadySpentError, JobNotFoundError
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import Cancellation, JobState
from bot.jobs.storyboard import MAX_AT_ONCE
from bot.providers.contract import ProviderState, ProviderStatus
from tests.factories import make_request

GUILD, MEMBER = GuildId(10), UserId(30)
PLACE = Origin(GUILD, ChannelId(20), MEMBER)
BROKEN = ProviderStatus(ProviderState.FAILED, text="It broke.")
REFUSED = ProviderStatus(ProviderState.FAILED, refused=True, text="Not this prompt.")
UNTIL_SENT = timedelta(seconds=10)


async def storyboard(process, *, shots=3, key="one", **fields):
    """A storyboard of so many shots, accepted at its quote."""
    parts = tuple(Shot(f"scene {number}") for number in range(1, shots + 1))
    request = make_request(shots=parts, **fields)
    quote = await process.services.quotes.quote(request)
    job, _ = await process.core.acceptance.accept(quote, PLACE, IdempotencyKey(key))
    return job


async def made(world, **fields):
    process = world.start()
    job = await storyboard(process, **fields)
    await world.live(process)
    return await world.store.get(job.id)


async def states_of(world, job):
    return [shot.state for shot in await world.store.list_shots(job.id)]


def prompts(world):
    return sorted(run.order.request.prompt for run in world.provider.runs)


async def cancel(process, job, *, though_spent=False):
    return await process.services.cancelling.cancel(
        job.id, GUILD, MEMBER, is_moderator=False, though_spent=though_spent
    )


async def test_every_shot_is_made_once_and_one_video_is_posted(world):
    job = await made(world)

    assert job.state is JobState.SUCCEEDED
    assert job.cost_micros == 3 * 500_000
    assert await states_of(world, job) == [JobState.SUCCEEDED] * 3
    assert prompts(world) == ["scene 1", "scene 2", "scene 3"]
    assert len(world.messenger.messages) == 2  # its card and its video
    assert len(world.videos_of(job)) == 1
    assert world.videos.disk[world.videos.path(job.id)] == 3_000


async def test_a_shot_that_the_service_failed_to_make_is_retried_once(world):
    world.provider.verdicts = [BROKEN]

    job = await made(world)

    assert job.state is JobState.SUCCEEDED
    assert job.artifact is not None
    assert job.artifact.remark is None
    assert len(world.provider.runs) == 4
    assert await states_of(world, job) == [JobState.SUCCEEDED] * 3


async def test_what_was_made_is_joined_and_the_missing_shots_are_named(world):
    world.provider.verdicts = [REFUSED, REFUSED]

    job = await made(world)

    assert job.state is JobState.SUCCEEDED
    assert job.artifact is not None
    assert job.artifact.remark is not None
    assert job.artifact.remark.endswith("are missing; you weren't charged for them.")
    assert len(world.provider.runs) == 3  # what was refused would be refused again
    assert world.videos.disk[world.videos.path(job.id)] == 1_000


async def test_without_any_shot_it_fails_once_and_says_why(world):
    world.provider.verdicts = [REFUSED] * 3

    job = await made(world)

    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.text == "Shot 1: Not this prompt."
    assert len(world.messenger.messages) == 2  # its card and one failure notice


async def test_shots_of_one_storyboard_leave_slots_to_others(world):
    process = world.start()
    job = await storyboard(process, shots=MAX_AT_ONCE + 3)
    for _ in range(3):
        await process.turn()
        world.clock.advance(3)

    assert len(world.provider.runs) == MAX_AT_ONCE
    await world.live(process)
    assert await states_of(world, job) == [JobState.SUCCEEDED] * (MAX_AT_ONCE + 3)


async def test_cancelled_before_the_first_shot_is_sent_it_is_free(world):
    process = world.start()
    job = await storyboard(process)

    assert await cancel(process, job) is Cancellation.CANCELLED

    await world.live(process)
    assert (await world.store.get(job.id)).state is JobState.CANCELLED
    assert await states_of(world, job) == [JobState.CANCELLED] * 3
    assert not world.provider.runs


async def test_cancelled_later_the_unsent_shots_are_released_at_once(world):
    process = world.start()
    job = await storyboard(process, shots=MAX_AT_ONCE + 2)
    await process.turn()

    with pytest.raises(AlreadySpentError) as caught:
        await cancel(process, job)
    assert caught.value.cost_micros == MAX_AT_ONCE * 500_000
    assert await cancel(process, job, though_spent=True) is Cancellation.NOT_WATCHED
    assert (await states_of(world, job))[MAX_AT_ONCE:] == [JobState.CANCELLED] * 2

    await world.live(process)
    assert (await world.store.get(job.id)).state is JobState.CANCELLED
    assert len(world.provider.runs) == MAX_AT_ONCE
    assert not world.videos_of(job)


async def test_a_shot_cannot_be_cancelled_by_itself(world):
    process = world.start()
    job = await storyboard(process)
    [shot, *_] = await world.store.list_shots(job.id)

    with pytest.raises(JobNotFoundError):
        await cancel(process, shot)


async def test_a_continuous_shot_waits_for_the_last_frame_of_the_one_before(world):
    process = world.start()
    job = await storyboard(process, continuous=True)
    for _ in range(5):
        await process.turn()
        world.clock.advance(3)
    assert prompts(world) == ["scene 1"]

    await world.live(process)
    first, second, third = (run.order.request for run in world.provider.runs)
    shots = await world.store.list_shots(job.id)
    assert first.image is None
    assert second.image is not None
    assert third.image is not None
    assert second.image.key == f"{shots[0].id}.last.png"
    assert third.image.key == f"{shots[1].id}.last.png"


async def test_after_a_failed_shot_the_next_starts_from_the_last_good_one(world):
    world.provider.verdicts = [
        ProviderStatus(ProviderState.SUCCEEDED, artifact_addresses=("https://videos.example/1",)),
        REFUSED,
    ]

    job = await made(world, continuous=True)

    shots = await world.store.list_shots(job.id)
    assert [shot.state for shot in shots] == [
        JobState.SUCCEEDED,
        JobState.FAILED,
        JobState.SUCCEEDED,
    ]
    last = world.provider.runs[-1].order.request
    assert last.image is not None
    assert last.image.key == f"{shots[0].id}.last.png"


async def test_shots_that_cannot_be_joined_are_tried_again_and_then_given_up(world):
    process = world.start()
    job = await storyboard(process)
    while (await states_of(world, job)) != [JobState.SUCCEEDED] * 3:
        await process.worker.run_once()
        shots = await world.store.list_shots(job.id)
        for shot in shots:
            world.videos.disk.pop(world.videos.path(shot.id), None)
        world.clock.advance(3)

    await world.live(process)

    job = await world.store.get(job.id)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.text == "The shots were made, but I couldn't join them."


async def test_a_cancelled_storyboard_can_still_show_what_was_made(world):
    world.provider.takes_seconds = 20
    process = world.start()
    job = await storyboard(process, continuous=True)
    while (await states_of(world, job))[0] is not JobState.SUCCEEDED:
        await process.turn()
        world.clock.advance(3)
    await cancel(process, job, though_spent=True)
    await world.live(process)

    shown = await process.services.showing.find(
        job.id, GUILD, MEMBER, is_moderator=False, to_all=False
    )

    assert shown.artifact.size_bytes >= 1_000
    assert len(await process.services.showing.latest(GUILD, MEMBER)) == 1
    assert replace(shown.job, artifact=None).id == job.id


async def test_a_failure_that_is_only_concluded_is_not_retried_for_it_may_be_paid_for(world):
    unknown = ProviderStatus(ProviderState.RUNNING, evidence=BROKEN, believed_after=1)
    world.provider.verdicts = [unknown]

    job = await made(world)

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.runs) == 3
    assert (await states_of(world, job)).count(JobState.FAILED) == 1
