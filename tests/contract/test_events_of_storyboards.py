"""An event counts a storyboard for as long as it pays for one of its shots, or may have to.

Money comes back to an event by the end of a shot, from its service after that end, from the bot when
the shots could not be joined, and from an admin; in any order, before and after the storyboard's own
end. Its place in the event comes back once: when the storyboard has ended and all of the money is
there again. Each story below is one order; `left` is how many of two videos the event then has.
"""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import InvalidRequestError
from bot.jobs.job import Failure, FailureKind, JobState
from bot.money.changes import OpenEvent, RefundJob
from tests.contract.branches import CENT, NOTHING, PLACE, by
from tests.contract.databases import on_databases
from tests.contract.test_storyboards import request
from tests.factories import NOW

pytestmark = on_databases

LATER = NOW + timedelta(hours=1)
PRICE = 10 * CENT
ENDS = {
    "made": (JobState.SUCCEEDED, None, True),
    "refused": (JobState.FAILED, FailureKind.REFUSED, True),
    "never sent": (JobState.FAILED, FailureKind.REJECTED, False),
    "broken": (JobState.FAILED, FailureKind.PROVIDER, True),
    "uncertain": (JobState.FAILED, FailureKind.UNCERTAIN, True),
    "spoilt": (JobState.FAILED, FailureKind.INTERRUPTED, True),
    "expired": (JobState.EXPIRED, None, True),
    "cancelled": (JobState.CANCELLED, None, False),
    "not watched": (JobState.CANCELLED, None, True),
}
# each end with itself, and with one that costs nothing
PAIRS = [*((how, how) for how in ENDS), *((how, "refused") for how in ENDS)]
PAID = {"made", "not watched"}  # by the event; for others it pays nothing, or the pool does
NOT_JOINED = Failure(FailureKind.INTERRUPTED, "I couldn't join them.")


class Story:
    """A storyboard of two shots in a channel whose event pays for two videos."""

    def __init__(self, branch, job, shots):
        self.branch, self.job, self.shots = branch, job, shots
        self.refunds = itertools.count()

    @classmethod
    async def begin(cls, branch, videos=2):
        rules = replace(NOTHING, open_jobs_most=None)
        await branch.decide(rules=rules, pool_micros=5000 * CENT)
        event = OpenEvent(PLACE.channel_id, videos, video_micros_most=2 * PRICE)
        await branch.money_store.apply(by("event"), event)
        return cls(branch, *(await request(branch, 2) if videos == 2 else (None, ())))

    async def end(self, number, how):
        """A shot's own end."""
        state, kind, submitted = ENDS[how]
        await self.branch.end(self.shots[number], state, kind, submitted=submitted)

    async def close(self, how="made"):
        """The storyboard's end, after its shots'."""
        state, kind, _ = ENDS[how]
        await self.branch.end(self.job, state, kind, submitted=False)

    async def charge(self, number, micros):
        """Its service says afterwards what it charged."""
        shot = await self.branch.jobs.get(self.shots[number].id)
        submission = await self.branch.jobs.find_submission(shot.id)
        later = replace(submission, charged_micros=micros)
        await self.branch.jobs.give_back(shot, later, LATER)

    async def give_up(self, number):
        """It was made, and could not be joined."""
        shot = await self.branch.jobs.get(self.shots[number].id)
        submission = await self.branch.jobs.find_submission(shot.id)
        lost = replace(shot, state=JobState.FAILED, failure=NOT_JOINED, artifact=None)
        await self.branch.jobs.give_back(lost, submission, LATER)

    async def refund(self):
        """By an admin, under the storyboard's number."""
        edit = RefundJob(self.job.id, "it was black")
        await self.branch.money_store.apply(by(f"refund-{next(self.refunds)}", LATER), edit)

    async def left(self):
        """Videos that the event still pays for; the books are in order."""
        assert await self.branch.money_store.audit() == []
        [event] = await self.branch.money_store.events(PLACE.guild_id, NOW)
        return event.videos_left

    async def money(self):
        [event] = await self.branch.money_store.events(PLACE.guild_id, NOW)
        return event.left_micros


@pytest.fixture
async def story(branches):
    return await Story.begin(branches[0])


async def test_its_place_comes_back_at_its_end_where_no_shot_cost_the_event_anything(branches):
    story = await Story.begin(branches[0], videos=100)
    back = 0
    for number, (first, second) in enumerate(PAIRS, start=1):
        story.job, story.shots = await request(story.branch, 2)
        await story.end(0, first)
        await story.end(1, second)
        assert await story.left() == 100 - number + back
        await story.close("made" if "made" in {first, second} else "broken")

        back += not PAID & {first, second}
        assert await story.left() == 100 - number + back, (first, second)


async def test_shots_that_could_not_be_joined_leave_their_place_once(story):
    await story.end(0, "made")
    await story.end(1, "made")
    await story.give_up(0)
    await story.give_up(1)
    await story.give_up(1)  # once more, after a crash
    assert await story.left() == 1

    await story.close("spoilt")

    assert (await story.left(), await story.money()) == (2, 4 * PRICE)


async def test_a_service_that_refunds_every_shot_after_a_cancel_leaves_the_place(story):
    await story.end(0, "not watched")
    await story.end(1, "not watched")
    await story.close("cancelled")

    await story.charge(0, 0)
    assert await story.left() == 1
    await story.charge(1, 0)
    await story.charge(1, 0)

    assert (await story.left(), await story.money()) == (2, 4 * PRICE)


async def test_a_service_that_refunds_before_the_storyboard_has_ended_leaves_it_once(story):
    await story.end(0, "not watched")
    await story.charge(0, 0)
    await story.end(1, "not watched")
    await story.charge(1, 0)
    assert await story.left() == 1

    await story.close("cancelled")

    assert await story.left() == 2


async def test_what_is_refunded_in_part_leaves_no_place_until_an_admin_refunds_the_rest(story):
    await story.end(0, "not watched")
    await story.end(1, "cancelled")
    await story.close("cancelled")

    await story.charge(0, PRICE // 2)
    assert await story.left() == 1
    await story.refund()

    assert (await story.left(), await story.money()) == (2, 4 * PRICE)


async def test_a_service_and_an_admin_leave_the_place_once(story):
    await story.end(0, "not watched")
    await story.end(1, "not watched")
    await story.close("cancelled")

    await story.charge(0, 0)
    await story.refund()
    await story.charge(1, 0)

    assert (await story.left(), await story.money()) == (2, 4 * PRICE)
    with pytest.raises(InvalidRequestError, match="already refunded"):
        await story.refund()


@pytest.mark.parametrize("how", ["made", "not watched", "broken", "uncertain"])
async def test_a_refund_before_the_last_shot_has_ended_leaves_the_place_once(story, how):
    await story.end(0, "made")
    await story.refund()
    assert await story.left() == 1

    await story.end(1, how)
    await story.close()
    assert await story.left() == (1 if how in PAID else 2)

    if how in PAID:
        await story.refund()
    assert await story.left() == 2


async def test_what_the_pool_alone_had_paid_leaves_no_second_place(story):
    await story.end(0, "uncertain")
    await story.end(1, "expired")
    await story.close("uncertain")
    assert await story.left() == 2

    await story.charge(0, 0)
    await story.refund()

    assert (await story.left(), await story.money()) == (2, 4 * PRICE)


async def test_one_video_by_itself_leaves_its_place_once(story):
    """The same for a video that is no storyboard."""
    branch = story.branch
    for shot in story.shots:
        await branch.cancel(shot)
    await story.close("cancelled")
    jobs = [await branch.request(), await branch.request()]
    for job in jobs:
        await branch.end(job, JobState.CANCELLED)
    assert await story.left() == 0

    ended = await branch.jobs.get(jobs[0].id)
    submission = await branch.jobs.find_submission(ended.id)
    await branch.jobs.give_back(ended, replace(submission, charged_micros=PRICE // 2), LATER)
    assert await story.left() == 0
    await branch.money_store.apply(by("rest", LATER), RefundJob(ended.id, "black"))

    assert await story.left() == 1
