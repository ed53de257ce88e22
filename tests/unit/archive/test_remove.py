"""Removing a video: noted first, then deleted, and only the message that belongs to its job.

The kind: a custom id proves nothing. The pressed message, the server and the member are compared
with the row, at every press.
"""

import pytest

from bot.archive.remove import TRIES, Removal
from bot.errors import JobNotFoundError, LeaseLostError, NotYourJobError
from bot.ids import GuildId, MessageId, UserId
from bot.jobs.messages import DeliveryKind, DeliveryState, posted
from tests.factories import make_delivery, make_job
from tests.fakes.budgets import InMemoryGuilds
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore

MEMBER, OTHER = UserId(30), UserId(31)
HERE, ELSEWHERE = GuildId(10), GuildId(11)


class Channel:
    """Notes what stands in the database when the message is deleted."""

    def __init__(self, store, job, trouble=None):
        self.store, self.job, self.trouble = store, job, trouble
        self.found = []

    async def delete(self, channel_id, message_id):
        assert (channel_id, message_id) == (self.job.channel_id, 7)
        video = await self.store.find_delivery(self.job.id, DeliveryKind.VIDEO)
        self.found.append(video.state)
        if self.trouble is not None:
            raise self.trouble


def with_video(store, message=7, **fields):
    job = make_job(**fields)
    store.jobs[job.id] = job
    video = make_delivery(job, DeliveryKind.VIDEO)
    if message is not None:
        video = posted(video, MessageId(message))
    store.deliveries[job.id, video.kind] = video
    return job


async def press(
    store, job, message=7, user=MEMBER, guild=HERE, *, is_moderator=False, trouble=None
):
    channel = Channel(store, job, trouble)
    await Removal(store, store, InMemoryGuilds(), FakeClock()).remove(
        job.id,
        guild,
        MessageId(message),
        user,
        is_moderator=is_moderator,
        delete=channel.delete,
    )
    return channel.found


async def state_of(store, job):
    video = await store.find_delivery(job.id, DeliveryKind.VIDEO)
    return video.state


async def test_a_removal_is_noted_before_the_message_is_deleted():
    store = InMemoryJobStore()
    job = with_video(store)

    assert await press(store, job) == [DeliveryState.DELETED]


async def test_a_removal_whose_deletion_failed_is_done_by_pressing_again():
    store = InMemoryJobStore()
    job = with_video(store)
    with pytest.raises(OSError, match="away"):
        await press(store, job, trouble=OSError("away"))

    assert await press(store, job) == [DeliveryState.DELETED]


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ({"guild": ELSEWHERE}, JobNotFoundError),
        ({"guild": ELSEWHERE, "is_moderator": True}, JobNotFoundError),
        ({"user": OTHER}, NotYourJobError),
        ({"message": 8}, JobNotFoundError),
        ({"message": 8, "is_moderator": True}, JobNotFoundError),
    ],
    ids=str,
)
async def test_nothing_else_is_noted_or_deleted(where, error):
    store = InMemoryJobStore()
    job, other = with_video(store), with_video(store, 8)

    with pytest.raises(error):
        await press(store, job, **where)

    assert await state_of(store, job) is DeliveryState.POSTED
    assert await state_of(store, other) is DeliveryState.POSTED


async def test_a_moderator_removes_what_is_not_theirs():
    store = InMemoryJobStore()

    assert await press(store, with_video(store), user=OTHER, is_moderator=True)


async def test_a_message_of_a_job_that_has_none_is_not_deleted():
    store = InMemoryJobStore()
    job = make_job()
    store.jobs[job.id] = job

    with pytest.raises(JobNotFoundError):
        await press(store, job)


class PostedMeanwhile(InMemoryJobStore):
    """Someone else notes the post after the row was read and before it is written."""

    times = 1

    async def find_delivery(self, job_id, kind):
        found = await super().find_delivery(job_id, kind)
        if found is not None and self.times:
            self.times -= 1
            await self.save_delivery(posted(found, MessageId(7)))
        return found


async def test_a_video_that_is_removed_while_its_post_is_noted_is_noted_as_deleted():
    store = PostedMeanwhile()
    job = with_video(store, None)

    await press(store, job)

    noted = await store.find_delivery(job.id, DeliveryKind.VIDEO)
    assert noted is not None
    assert (noted.state, noted.message_id) == (DeliveryState.DELETED, 7)


class Waiting(FakeClock):
    """Counts the looks at the row; the post is recorded after so many of them, or never."""

    def __init__(self, store, job, recorded_after=None):
        super().__init__()
        self.store, self.job, self.recorded_after = store, job, recorded_after
        self.waits = []

    async def sleep(self, seconds):
        self.waits.append(seconds)
        if len(self.waits) == self.recorded_after:
            video = await self.store.find_delivery(self.job.id, DeliveryKind.VIDEO)
            await self.store.save_delivery(posted(video, MessageId(7)))


async def press_elsewhere(store, job, clock):
    channel = Channel(store, job)
    await Removal(store, store, InMemoryGuilds(), clock).remove(
        job.id, HERE, None, MEMBER, is_moderator=False, delete=channel.delete
    )
    return channel.found


async def test_a_press_elsewhere_waits_for_the_record_of_the_post():
    store = InMemoryJobStore()
    job = with_video(store, None)

    found = await press_elsewhere(store, job, Waiting(store, job, recorded_after=3))

    assert found == [DeliveryState.DELETED]


async def test_a_press_elsewhere_does_not_wait_forever():
    store = InMemoryJobStore()
    job = with_video(store, None)
    clock = Waiting(store, job)

    with pytest.raises(JobNotFoundError):
        await press_elsewhere(store, job, clock)

    assert 1 < sum(clock.waits) < 3  # Discord's own patience, had the press not been acknowledged


async def test_a_message_whose_removal_cannot_be_noted_is_not_deleted():
    store = PostedMeanwhile()
    store.times = TRIES
    job = with_video(store, None)

    with pytest.raises(LeaseLostError):
        await press(store, job)

    assert await state_of(store, job) is DeliveryState.POSTED
