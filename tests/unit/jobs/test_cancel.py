"""Cancel: at once while it saves the price; asked about once the money is spent.

The kind: no matter who presses, and in whatever state the job is by then, no one gives up a paid video
without having read what it costs.
"""

from dataclasses import replace

import pytest

from bot.errors import (
    AlreadySpentError,
    DatabaseBusyError,
    JobNotFoundError,
    NotYourJobError,
    TooLateToCancelError,
)
from bot.ids import GuildId, MessageId, UserId
from bot.jobs.cancel import TRIES, Cancelling
from bot.jobs.job import (
    Cancellation,
    JobState,
    advance,
    start_rendering,
)
from bot.jobs.stores import Change
from tests.factories import NOW, make_job
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore

MEMBER, OTHER = UserId(30), UserId(31)
SPENT = [JobState.SUBMITTING, JobState.UNCERTAIN, JobState.RENDERING, JobState.DOWNLOADING]


def job_in(state):
    job = make_job()
    if state is JobState.QUEUED:
        return job
    job = advance(job, JobState.SUBMITTING, NOW)
    if state is JobState.SUBMITTING:
        return job
    if state is JobState.UNCERTAIN:
        return advance(job, JobState.UNCERTAIN, NOW)
    job = start_rendering(job, NOW)
    return job if state is JobState.RENDERING else advance(job, state, NOW)


class Desk:
    """Two jobs of two members, and the service that cancels them."""

    def __init__(self, state, store=None):
        self.store = store or InMemoryJobStore()
        self.job = job_in(state)
        self.other = make_job(user_id=OTHER)
        self.store.jobs = {one.id: one for one in (self.job, self.other)}
        self.woken: list[bool] = []
        self.cancelling = Cancelling(
            self.store, self.store, FakeClock(), lambda: self.woken.append(True)
        )

    async def press(self, user=MEMBER, guild=10, *, is_moderator=False, though_spent=False):
        return await self.cancelling.cancel(
            self.job.id,
            GuildId(guild),
            user,
            is_moderator=is_moderator,
            though_spent=though_spent,
        )

    async def now(self):
        assert await self.store.get(self.other.id) == self.other
        return await self.store.get(self.job.id)


async def test_before_the_hand_over_it_is_cancelled_at_once_and_costs_nothing():
    desk = Desk(JobState.QUEUED)

    assert await desk.press() is Cancellation.CANCELLED
    assert (await desk.now()).state is JobState.CANCELLED
    assert desk.woken


@pytest.mark.parametrize("is_moderator", [False, True])
@pytest.mark.parametrize("state", SPENT)
async def test_once_the_money_is_spent_nothing_changes_before_the_member_agrees(
    state, is_moderator
):
    desk = Desk(state)
    presser = OTHER if is_moderator else MEMBER

    with pytest.raises(AlreadySpentError) as asked:
        await desk.press(presser, is_moderator=is_moderator)

    assert asked.value.cost_micros == 500_000
    assert asked.value.is_certain is (state in {JobState.RENDERING, JobState.DOWNLOADING})
    assert await desk.now() == desk.job

    told = await desk.press(presser, is_moderator=is_moderator, though_spent=True)
    assert told is Cancellation.NOT_WATCHED
    assert (await desk.now()).cancel_requested


async def test_a_job_that_is_no_longer_watched_is_not_asked_about_again():
    desk = Desk(JobState.RENDERING)
    await desk.press(though_spent=True)
    stopped = await desk.now()

    assert await desk.press() is Cancellation.NOT_WATCHED
    assert await desk.now() == stopped


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ({"user": OTHER}, NotYourJobError),
        ({"guild": 11}, JobNotFoundError),
        ({"user": OTHER, "guild": 11, "is_moderator": True}, JobNotFoundError),
    ],
    ids=str,
)
@pytest.mark.parametrize("though_spent", [False, True])
@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RENDERING])
async def test_no_one_elses_press_changes_anything(state, though_spent, who, error):
    desk = Desk(state)

    with pytest.raises(error):
        await desk.press(**who, though_spent=though_spent)

    assert await desk.now() == desk.job


async def test_a_job_that_has_ended_is_too_late_to_cancel():
    desk = Desk(JobState.QUEUED)
    await desk.press()

    with pytest.raises(TooLateToCancelError):
        await desk.press()


class Racing(InMemoryJobStore):
    """The tracker hands the job over between the press's reading and its writing."""

    races = 1

    async def save(self, changes):
        if self.races:
            self.races -= 1
            [change] = changes
            job = self.jobs[change.job.id]
            ahead = (
                job if job.state is not JobState.QUEUED else advance(job, JobState.SUBMITTING, NOW)
            )
            assert not (await super().save([Change(ahead)])).conflicts
        return await super().save(changes)


async def test_a_job_that_is_handed_over_in_the_meantime_is_asked_about_and_not_given_up():
    desk = Desk(JobState.QUEUED, Racing())

    with pytest.raises(AlreadySpentError):
        await desk.press()

    job = await desk.now()
    assert (job.state, job.cancel_requested) == (JobState.SUBMITTING, False)


async def test_a_job_that_moves_at_every_try_is_said_to_be_busy():
    store = Racing()
    store.races = TRIES
    desk = Desk(JobState.RENDERING, store)

    with pytest.raises(DatabaseBusyError):
        await desk.press(though_spent=True)


class Postponing(InMemoryJobStore):
    """The tracker puts the job off, or its member presses Cancel, before the first write."""

    def __init__(self, in_the_meantime):
        super().__init__()
        self.in_the_meantime = in_the_meantime

    async def save(self, changes):
        in_the_meantime, self.in_the_meantime = self.in_the_meantime, None
        if in_the_meantime is not None:
            assert not (
                await super().save([Change(in_the_meantime(self.jobs[changes[0].job.id]))])
            ).conflicts
        return await super().save(changes)


def put_off(job):
    return replace(job, errors_in_row=1)


def cancelled(job):
    return advance(job, JobState.CANCELLED, NOW)


@pytest.mark.parametrize("in_the_meantime", [None, put_off, cancelled])
async def test_a_reaction_that_is_taken_back_in_time_is_not_said_to_be_too_late(in_the_meantime):
    """The kind: whatever else moves the job between the reading and the writing."""
    desk = Desk(JobState.QUEUED, Postponing(in_the_meantime))
    source = MessageId(50)
    for job in (desk.job, desk.other):
        desk.store.jobs[job.id] = replace(job, source_message_id=source)
    desk.other = desk.store.jobs[desk.other.id]

    taken = await desk.cancelling.cancel_by_reaction(source, MEMBER)

    assert (await desk.now()).state is JobState.CANCELLED
    assert (taken.cancelled, taken.too_late) == (1, ())


async def test_a_reaction_that_is_taken_back_after_the_hand_over_is_too_late():
    desk = Desk(JobState.QUEUED, Racing())
    desk.store.jobs[desk.job.id] = replace(desk.job, source_message_id=MessageId(50))

    taken = await desk.cancelling.cancel_by_reaction(MessageId(50), MEMBER)

    job = await desk.now()
    assert (job.state, job.cancel_requested) == (JobState.SUBMITTING, False)
    assert (taken.cancelled, [one.id for one in taken.too_late]) == (0, [job.id])
