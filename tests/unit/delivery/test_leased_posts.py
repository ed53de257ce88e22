"""Whose a post is: its owner's while that lives, someone else's once its lease has run out.

The kind: two processes, a message under way in one of them for less or more than a lease, and the
other one starts, ticks or has a clock of its own in the meantime.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.delivery.context import HeldDelivery
from bot.errors import LeaseLostError, StorageError
from bot.guilds import notices
from bot.guilds.notices import Notice
from bot.ids import ChannelId, GuildId
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    JobState,
)
from bot.jobs.messages import DeliveryKind, DeliveryState, posting
from bot.retries import POSTING_LEASE
from tests.crash.virtual_time import LoopClock, VirtualTimeLoop
from tests.factories import make_delivery, make_job, new_notice_id
from tests.fakes.world import World

SECONDS = POSTING_LEASE.total_seconds()
KINDS = list(DeliveryKind)


@dataclass
class SlowLine:
    """Uploads take so long; `begun` are the instants, on the loop's clock, at which they began."""

    seconds: float
    effect: str = "post"
    begun: list[float] = field(default_factory=list)

    async def __call__(self, effect):
        if effect == self.effect:
            self.begun.append(asyncio.get_running_loop().time())
            await asyncio.sleep(self.seconds)  # noqa: TID251 - virtual seconds


def owe(world, kind):
    """One message of this kind is owed."""
    failure = Failure(FailureKind.PROVIDER, "It broke.") if kind is DeliveryKind.FAILURE else None
    done = kind is DeliveryKind.VIDEO
    job = make_job(
        state=JobState.FAILED if failure else JobState.SUCCEEDED if done else JobState.QUEUED,
        failure=failure,
        artifact=Artifact("video.mp4", 9_000, 5.0, 1280, 720) if done else None,
    )
    owed = make_delivery(job, kind)
    world.store.jobs[job.id] = job
    world.store.deliveries[job.id, kind] = owed
    return job


async def begin(world, job, kind, owner):
    """This owner is about to post it, and has died."""
    owed = await world.store.find_delivery(job.id, kind)
    assert owed is not None
    await world.store.save_delivery(posting(owed, owner, world.clock.now()))


def in_virtual_time(main):
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


async def tick_until(process, until):
    """As its loop does."""
    loop = asyncio.get_running_loop()
    while loop.time() < until:
        await process.dispatcher.tick()
        await asyncio.sleep(1)  # noqa: TID251 - virtual seconds


@pytest.mark.parametrize("kind", KINDS)
def test_a_process_that_starts_leaves_alone_what_another_uploads_for_200_seconds(kind):
    first, second = SlowLine(200), SlowLine(0)

    async def main():
        world = World(clock=LoopClock())
        job = owe(world, kind)
        uploading = world.start(owner="one", weather=first)
        await uploading.dispatcher.tick()
        await asyncio.sleep(194)  # noqa: TID251 - virtual seconds
        await tick_until(world.start(owner="two", weather=second), until=230)
        return world.messenger.of(job.id, kind), await world.store.find_delivery(job.id, kind)

    messages, delivery = in_virtual_time(main())
    assert (len(messages), len(first.begun), second.begun) == (1, 1, [])
    assert (delivery.state, delivery.lease_owner) == (DeliveryState.POSTED, None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_post_whose_process_died_is_taken_over_when_its_lease_has_run_out(kind):
    line = SlowLine(0)

    async def main():
        world = World(clock=LoopClock())
        job = owe(world, kind)
        await begin(world, job, kind, "one")
        await tick_until(world.start(owner="two", weather=line), until=SECONDS + 60)
        return len(world.messenger.of(job.id, kind))

    assert in_virtual_time(main()) == 1
    assert SECONDS <= line.begun[0] <= SECONDS + 5


async def test_the_only_process_need_not_wait_for_a_lease_of_its_own():
    world = World()
    job = owe(world, DeliveryKind.VIDEO)
    await begin(world, job, DeliveryKind.VIDEO, "the only one")
    await world.start(owner="another").dispatcher.run_once()
    assert world.messenger.messages == []

    await world.start(owner="the only one").dispatcher.run_once()
    assert len(world.messenger.messages) == 1


async def test_what_a_stop_cuts_off_waits_for_no_lease():
    line, world = SlowLine(1000), World()
    job = owe(world, DeliveryKind.VIDEO)
    stopping = world.start(owner="one", weather=line)
    await stopping.dispatcher.tick()
    while not line.begun:
        await world.clock.sleep(0)
    await stopping.dispatcher.stop(grace_seconds=0.01)

    await world.start(owner="two").dispatcher.run_once()
    assert len(world.videos_of(job)) == 1


@pytest.mark.parametrize("late_by", [timedelta(seconds=1), timedelta(days=1)])
def test_a_notice_whose_process_was_paused_past_its_lease_is_posted_once(late_by):
    """It is cancelled, or stopped by the fence, before it posts what another has posted."""

    async def main():
        world = World(clock=LoopClock())
        now = world.clock.now()
        notice = Notice(new_notice_id(), GuildId(10), ChannelId(20), "a word", now, now)
        await world.notices.owe(notice)
        late = SECONDS + late_by.total_seconds()

        async def paused(effect):
            if effect == "notice":
                loop = asyncio.get_running_loop()
                assert isinstance(loop, VirtualTimeLoop)
                loop._jumping.jumped_seconds += late
                await world.start(owner="two").loops.notices.run_once()

        await world.start(owner="one", weather=paused).loops.notices.run_once()
        return world.messenger.told, notice

    told, notice = in_virtual_time(main())
    assert told == [(notice.nonce, "a word")]


@pytest.mark.parametrize(("stranger", "is_kept"), [(None, True), ("another", False)])
async def test_a_renewal_whose_answer_was_lost_is_no_loss_of_the_lease(
    monkeypatch, stranger, is_kept
):
    world = World()
    job = owe(world, DeliveryKind.VIDEO)
    context = world.start().dispatcher._context
    owed = await world.store.find_delivery(job.id, DeliveryKind.VIDEO)
    assert owed is not None
    now = world.clock.now()
    written = await world.store.save_delivery(posting(owed, context.owner, now))
    held = HeldDelivery(written, context, (now, asyncio.get_running_loop().time()))
    save = world.store.save_delivery

    async def written_and_not_answered(delivery):
        await save(delivery)
        raise StorageError

    monkeypatch.setattr(world.store, "save_delivery", written_and_not_answered)
    with pytest.raises(StorageError):
        await held.lease.renew()
    monkeypatch.undo()
    if stranger is not None:
        found = await world.store.find_delivery(job.id, DeliveryKind.VIDEO)
        assert found is not None
        await save(posting(found, stranger, now))
    renewing = asyncio.gather(held.lease.renew(), return_exceptions=True)
    [outcome] = await renewing

    assert isinstance(outcome, LeaseLostError) is not is_kept
    assert (outcome is None) is is_kept


@pytest.mark.parametrize(("stranger_tries", "is_kept"), [(False, True), (True, False)])
async def test_a_renewal_of_a_notice_whose_answer_was_lost_is_no_loss_of_the_lease(
    monkeypatch, stranger_tries, is_kept
):
    """It is known by its attempt, which a renewal leaves as it is; another process's is the next."""
    world = World()
    now = world.clock.now()
    notice = Notice(new_notice_id(), GuildId(10), ChannelId(20), "a word", now, now)
    await world.notices.owe(notice)
    noticing = world.start().loops.notices
    intent = notices.posting(notice, now)
    assert await world.notices.claim(intent)
    lease = noticing._lease(intent, (now, asyncio.get_running_loop().time()))
    save = world.notices.save

    async def written_and_not_answered(written):
        await save(written)
        raise StorageError

    monkeypatch.setattr(world.notices, "save", written_and_not_answered)
    with pytest.raises(StorageError):
        await lease.renew()
    monkeypatch.undo()
    if stranger_tries:
        assert await world.notices.claim(notices.posting(intent, now))
    renewing = asyncio.gather(lease.renew(), return_exceptions=True)
    [outcome] = await renewing

    assert isinstance(outcome, LeaseLostError) is not is_kept
    assert (outcome is None) is is_kept
