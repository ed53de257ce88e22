"""Sponsored events pay in place of members, and what was paid comes back to anyone who had paid it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId, JobId, UserId
from bot.jobs.job import FailureKind, JobState
from bot.money.changes import (
    CloseEvent,
    OpenedEvent,
    OpenEvent,
    RefundJob,
)
from bot.money.ledger import TransactionKind
from bot.money.limits import LimitKind
from tests.contract.branches import CENT, DAILY, NOTHING, PLACE, at_once, by, is_made
from tests.contract.databases import on_databases
from tests.factories import NOW

GUILD, MEMBER, CHANNEL = PLACE.guild_id, PLACE.user_id, PLACE.channel_id
FRIEND = UserId(31)
HOUR = timedelta(hours=1)


async def opened(branch, videos=3, micros=10 * CENT, key="event", ends_at=None, at=NOW):
    await branch.money_store.apply(by(key, at), OpenEvent(CHANNEL, videos, micros, ends_at))


@on_databases
async def test_an_event_shows_what_is_left_of_it(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, ends_at=NOW + HOUR)
    await branch.request(cost_micros=8 * CENT)

    [event] = await branch.money_store.events(GUILD, NOW)

    assert event == OpenedEvent(CHANNEL, 2, 10 * CENT, 22 * CENT, NOW + HOUR)
    assert await branch.money_store.events(GUILD, NOW + HOUR) == []
    assert await branch.money_store.events(GuildId(99), NOW) == []


@on_databases
async def test_an_event_pays_in_its_channel_and_in_the_threads_of_it(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch)
    thread = replace(PLACE, channel_id=ChannelId(77), parent_id=CHANNEL)
    elsewhere = replace(PLACE, channel_id=ChannelId(78))

    assert await branch.request(elsewhere) is LimitKind.ALLOWANCE
    assert is_made(await branch.request(thread))
    assert is_made(await branch.request(PLACE))
    assert is_made(await branch.request(thread))
    assert await branch.request(thread) is LimitKind.ALLOWANCE


@on_databases
async def test_an_event_pays_for_no_video_above_its_price(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch)

    assert await branch.request(cost_micros=10 * CENT + 1) is LimitKind.ALLOWANCE
    assert is_made(await branch.request(cost_micros=10 * CENT))


@on_databases
async def test_an_event_pays_until_its_end(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, ends_at=NOW + HOUR)

    assert await branch.request(accepted_at=NOW + HOUR) is LimitKind.ALLOWANCE
    assert is_made(await branch.request(accepted_at=NOW + HOUR - timedelta(seconds=1)))


@on_databases
async def test_one_event_at_a_time_in_a_channel(branch):
    await opened(branch)

    with pytest.raises(InvalidRequestError, match="Close it first"):
        await opened(branch, key="second")

    assert await branch.balances() == {"10:event:event": 30 * CENT, "10:issued": -30 * CENT}


@on_databases
async def test_an_event_that_is_over_makes_room_for_the_next_one(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, key="first", ends_at=NOW + HOUR)

    await opened(branch, videos=1, key="second", at=NOW + HOUR)

    assert await branch.balances() == {"10:event:second": 10 * CENT, "10:issued": -10 * CENT}
    assert is_made(await branch.request(accepted_at=NOW + HOUR))


@on_databases
async def test_an_event_that_was_closed_pays_no_more_and_can_be_opened_again(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, key="first")
    job = await branch.request()

    await branch.money_store.apply(by("close"), CloseEvent(CHANNEL))

    assert await branch.request() is LimitKind.ALLOWANCE
    assert await branch.money_store.events(GUILD, NOW) == []
    await opened(branch, videos=1, key="second")
    await branch.end(job, charged_micros=5 * CENT)
    assert await branch.money_store.audit() == []
    assert is_made(await branch.request())
    assert await branch.request() is LimitKind.ALLOWANCE


@on_databases
async def test_a_video_that_was_not_made_leaves_its_place_in_the_event_to_another(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, videos=1)

    for state, kind in (
        (JobState.FAILED, FailureKind.REFUSED),
        (JobState.CANCELLED, None),
        (JobState.EXPIRED, None),
    ):
        job = await branch.request()
        assert is_made(job)
        submitted = state is not JobState.CANCELLED
        await branch.end(job, state, kind, submitted=submitted)

    await branch.end(await branch.request(), charged_micros=CENT)
    assert await branch.request(cost_micros=CENT) is LimitKind.ALLOWANCE
    assert await branch.money_store.audit() == []


@on_databases
async def test_a_video_that_is_given_back_fills_its_months_pool_and_its_members_account(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    job = await branch.request(cost_micros=80 * CENT)
    await branch.end(job, charged_micros=70 * CENT)
    next_month = NOW + timedelta(days=30)
    assert await branch.pool_used() == 70 * CENT

    await branch.money_store.apply(by("refund", next_month), RefundJob(job.id, "it was black"))

    assert await branch.pool_used() == 0
    assert await branch.own_left(at=NOW) == 100 * CENT
    assert await branch.own_left(at=next_month) == 170 * CENT
    assert await branch.money_store.audit() == []
    spent = await branch.money_store.spending(GUILD, NOW, next_month + HOUR)
    assert [(one.pool_micros, one.member_micros) for one in spent] == [
        (70 * CENT, 70 * CENT),
        (-70 * CENT, -70 * CENT),
    ]


@on_databases
async def test_a_video_is_given_back_once(branches):
    job = await branches[0].request()
    await branches[0].end(job)

    answers = await at_once(
        *(
            branches[n % len(branches)].money_store.apply(by(f"{n}"), RefundJob(job.id, "black"))
            for n in range(6)
        )
    )

    assert answers.count(None) == 1
    assert all(isinstance(answer, InvalidRequestError) for answer in answers if answer)
    assert await branches[0].pool_used() == 0


@on_databases
async def test_only_a_video_that_was_paid_for_here_is_given_back(branch):
    cancelled, under_way, paid = [await branch.request(user_id=UserId(n)) for n in (40, 41, 42)]
    await branch.cancel(cancelled)
    await branch.end(paid)
    elsewhere = replace(by("elsewhere"), guild_id=GuildId(99))

    for job_id in (cancelled.id, under_way.id, JobId("unknown")):
        with pytest.raises(
            InvalidRequestError, match="can't find a paid video with that job number"
        ):
            await branch.money_store.apply(by(f"refund-{job_id}"), RefundJob(job_id, "why"))
    with pytest.raises(InvalidRequestError, match="can't find a paid video with that job number"):
        await branch.money_store.apply(elsewhere, RefundJob(paid.id, "why"))


@on_databases
async def test_what_the_pool_alone_had_paid_goes_back_to_the_pool_alone(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    job = await branch.request()
    await branch.end(job, JobState.EXPIRED)
    assert (await branch.own_left(), await branch.pool_used()) == (100 * CENT, 10 * CENT)

    await branch.money_store.apply(by("refund"), RefundJob(job.id, "the service gave it back"))

    assert (await branch.own_left(), await branch.pool_used()) == (100 * CENT, 0)
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_an_event_had_paid_goes_back_to_the_event_and_not_to_the_member(branch):
    await branch.decide(rules=NOTHING, pool_micros=500 * CENT)
    await opened(branch, videos=1)
    job = await branch.request()
    await branch.end(job, charged_micros=8 * CENT)
    assert await branch.request() is LimitKind.ALLOWANCE

    await branch.money_store.apply(by("refund"), RefundJob(job.id, "it was black"))

    assert await branch.own_left() == 0
    [event] = await branch.money_store.events(GUILD, NOW)
    assert (event.videos_left, event.left_micros) == (1, 10 * CENT)
    assert is_made(await branch.request())
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_a_service_charged_less_after_all_goes_back_to_anyone_who_had_paid(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    job, other = await branch.request(), await branch.request(replace(PLACE, user_id=FRIEND))
    for one in (job, other):  # three shots each, and no one waits for the end
        await branch.end(one, JobState.CANCELLED, precharged_micros=9 * CENT)
    assert (await branch.own_left(), await branch.pool_used()) == (91 * CENT, 18 * CENT)

    await charged(branch, job, 6 * CENT)
    await charged(branch, job, 6 * CENT)

    assert (await branch.own_left(), await branch.pool_used()) == (94 * CENT, 15 * CENT)
    assert await branch.own_left(replace(PLACE, user_id=FRIEND)) == 91 * CENT
    [back, *_] = await branch.money_store.transactions(GUILD, MEMBER, 9)
    assert (back.kind, back.job_id) == (TransactionKind.REFUND, job.id)
    assert await branch.money_store.audit() == []


async def charged(branch, job, micros):
    ended = await branch.jobs.get(job.id)
    submission = await branch.jobs.find_submission(job.id)
    later = replace(submission, charged_micros=micros)
    await branch.jobs.give_back(ended, later, NOW + HOUR)
    assert await branch.jobs.find_submission(job.id) == later


@on_databases
@pytest.mark.parametrize(
    ("state", "why", "charge", "member", "pool"),
    [
        (JobState.CANCELLED, None, 0, 0, 0),
        (JobState.CANCELLED, None, 25 * CENT, 9 * CENT, 9 * CENT),  # no one pays more afterwards
        (JobState.EXPIRED, None, 0, 0, 0),
        (JobState.EXPIRED, None, 6 * CENT, 0, 6 * CENT),
        (JobState.FAILED, FailureKind.UNCERTAIN, 0, 0, 0),
        (JobState.FAILED, FailureKind.INTERRUPTED, 3 * CENT, 0, 3 * CENT),
        (JobState.FAILED, FailureKind.REFUSED, 3 * CENT, 0, 0),
    ],
)
async def test_what_a_service_says_afterwards_is_booked_by_how_the_job_ended(
    branch, state, why, charge, member, pool
):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    job = await branch.request()
    await branch.end(job, state, why, precharged_micros=9 * CENT)

    await charged(branch, job, charge)

    assert (await branch.own_left(), await branch.pool_used()) == (100 * CENT - member, pool)
    assert await branch.money_store.audit() == []


@on_databases
async def test_an_admin_and_a_service_together_give_back_no_more_than_was_paid(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    jobs = [await branch.request(), await branch.request()]
    for job in jobs:
        await branch.end(job, JobState.CANCELLED, precharged_micros=9 * CENT)

    await charged(branch, jobs[0], 6 * CENT)
    for job in jobs:
        await branch.money_store.apply(by(f"refund-{job.id}"), RefundJob(job.id, "it was black"))
        with pytest.raises(InvalidRequestError, match="already refunded"):
            await branch.money_store.apply(by(f"again-{job.id}"), RefundJob(job.id, "black"))
    await charged(branch, jobs[1], 6 * CENT)

    assert (await branch.own_left(), await branch.pool_used()) == (100 * CENT, 0)
    assert await branch.money_store.audit() == []


@on_databases
async def test_an_admin_has_nothing_to_give_back_of_what_the_service_gave_back(branch):
    job = await branch.request()
    await branch.end(job, JobState.CANCELLED)
    await charged(branch, job, 0)

    with pytest.raises(InvalidRequestError, match="already refunded"):
        await branch.money_store.apply(by("refund"), RefundJob(job.id, "black"))


@on_databases
async def test_an_event_gets_back_a_shot_or_room_for_a_video(branch):
    await branch.decide(rules=NOTHING, pool_micros=500 * CENT)
    await opened(branch, videos=2)
    jobs = [await branch.request(), await branch.request()]
    for job in jobs:
        await branch.end(job, JobState.CANCELLED, precharged_micros=9 * CENT)

    await charged(branch, jobs[0], 6 * CENT)
    [event] = await branch.money_store.events(GUILD, NOW)
    assert event.videos_left == 0
    await charged(branch, jobs[1], 0)

    [event] = await branch.money_store.events(GUILD, NOW)
    assert (event.videos_left, event.left_micros) == (1, 14 * CENT)
    assert await branch.own_left() == 0
    assert await branch.money_store.audit() == []


@on_databases
async def test_what_a_service_gave_back_is_booked_once_by_however_many_processes(branches):
    await branches[0].decide(rules=DAILY)
    job = await branches[0].request()
    await branches[0].end(job, JobState.CANCELLED)
    ended = await branches[0].jobs.get(job.id)
    submission = replace(await branches[0].jobs.find_submission(job.id), charged_micros=4 * CENT)

    answers = await at_once(
        *(branches[n % len(branches)].jobs.give_back(ended, submission, NOW) for n in range(6))
    )

    assert answers == [None] * 6
    assert await branches[0].own_left() == 96 * CENT
    assert await branches[0].money_store.audit() == []
