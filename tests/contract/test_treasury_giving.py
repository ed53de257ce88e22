"""Grants, gifts, sponsored events and refunds: money that is given, and lapses or is taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.edits import CloseEvent, MakeGrant, OpenedEvent, OpenEvent, RefundJob, SetRules
from bot.domain.jobs import FailureKind, JobState
from bot.domain.ledger import Gift, TransactionKind
from bot.domain.limits import Allowance, Rules
from bot.domain.policy import Subject, SubjectKind
from bot.domain.windows import Window
from bot.errors import DuplicateRequestError, InvalidRequestError, LimitKind
from bot.ids import ChannelId, GuildId, JobId, UserId
from tests.contract.branches import ADMIN, CENT, DAILY, PLACE, at_once, by
from tests.contract.databases import on_databases
from tests.factories import NOW

GUILD, MEMBER, CHANNEL = PLACE.guild_id, PLACE.user_id, PLACE.channel_id
FRIEND = UserId(31)
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
NOTHING = Rules(rates=(), allowance=Allowance(0, Window.DAY))


def is_made(answer):
    return not isinstance(answer, LimitKind)


async def granted(branch, micros, key="grant", ends_at=None, at=NOW):
    await branch.treasury.apply(by(key, at), MakeGrant(MEMBER, micros, "a prize", ends_at))


@on_databases
async def test_a_grant_is_spent_by_its_member_alone(branch):
    await branch.decide(rules=NOTHING)
    await granted(branch, 30 * CENT)

    assert await branch.own_left() == 30 * CENT
    assert await branch.own_left(replace(PLACE, user_id=FRIEND)) == 0
    assert is_made(await branch.wish(cost_micros=30 * CENT))
    assert await branch.wish(cost_micros=1) is LimitKind.ALLOWANCE


@on_databases
async def test_a_grant_that_lapsed_pays_for_nothing(branch):
    await branch.decide(rules=NOTHING)
    await granted(branch, 30 * CENT, ends_at=NOW + HOUR)

    moment = timedelta(milliseconds=1)
    assert await branch.wish(accepted_at=NOW + HOUR) is LimitKind.ALLOWANCE
    assert is_made(await branch.wish(accepted_at=NOW + HOUR - moment))
    assert await branch.own_left(at=NOW + HOUR) == 0


@on_databases
async def test_money_comes_back_to_where_it_would_have_been_used_last(branch):
    """An allowance that ends at midnight, and grants that lapse before it and never."""
    await branch.decide(rules=DAILY)
    await granted(branch, 20 * CENT, "soon", ends_at=NOW + HOUR)
    await granted(branch, 500 * CENT, "never")
    job = await branch.wish(cost_micros=150 * CENT)
    soon, never, daily = "10:grant:30:soon", "10:grant:30:never", "10:allowance:30:2026-11-21"
    assert (await branch.balances())[never] == 470 * CENT

    await branch.end(job, charged_micros=60 * CENT)

    balances = await branch.balances()
    assert balances[never] == 500 * CENT
    assert balances[daily] == 60 * CENT
    assert soon not in balances


@on_databases
async def test_grants_are_taken_back_the_first_to_lapse_first(branch):
    await granted(branch, 20 * CENT, "never")
    await granted(branch, 20 * CENT, "soon", ends_at=NOW + HOUR)
    await granted(branch, 20 * CENT, "lapsed", ends_at=NOW - HOUR)

    await branch.treasury.apply(by("back"), MakeGrant(MEMBER, -25 * CENT, "a mistake"))

    balances = await branch.balances()
    assert balances["10:grant:30:never"] == 15 * CENT
    assert "10:grant:30:soon" not in balances
    assert balances["10:grant:30:lapsed"] == 20 * CENT


@on_databases
async def test_no_more_is_taken_back_than_is_left(branch):
    await branch.decide(rules=NOTHING)
    await granted(branch, 30 * CENT)
    await branch.wish(cost_micros=25 * CENT)

    with pytest.raises(InvalidRequestError, match=r"\$0\.05"):
        await branch.treasury.apply(by("back"), MakeGrant(MEMBER, -6 * CENT, "a mistake"))

    await branch.treasury.apply(by("all"), MakeGrant(MEMBER, -5 * CENT, "a mistake"))
    assert await branch.own_left() == 0
    assert await branch.treasury.audit() == []


def gift(micros, key="gift", *, to=FRIEND, giver=MEMBER, at=NOW):
    return Gift(replace(PLACE, user_id=giver), to, micros, at, key)


@on_databases
async def test_a_gift_moves_money_from_one_member_to_another(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)

    await branch.treasury.give(gift(40 * CENT))

    friend = replace(PLACE, user_id=FRIEND)
    assert await branch.own_left() == 60 * CENT
    assert await branch.own_left(friend) == 140 * CENT
    assert await branch.wish(cost_micros=61 * CENT) is LimitKind.ALLOWANCE
    assert is_made(await branch.wish(friend, cost_micros=140 * CENT))
    assert await branch.treasury.audit() == []


@on_databases
async def test_a_gift_lapses_when_the_first_of_its_givers_purses_does(branch):
    await branch.decide(rules=DAILY, gift_micros_most=500 * CENT)
    friend = replace(PLACE, user_id=FRIEND)
    await branch.treasury.apply(by("a"), SetRules(Subject(SubjectKind.MEMBER, FRIEND), NOTHING))
    await granted(branch, 300 * CENT, "never")

    await branch.treasury.give(gift(150 * CENT))

    standing = await branch.treasury.standing(friend, NOW)
    assert [grant.ends_at for grant in standing.grants] == [MIDNIGHT]
    assert await branch.own_left(friend, MIDNIGHT) == 0
    assert await branch.own_left(PLACE, MIDNIGHT) == 100 * CENT + 250 * CENT


@on_databases
async def test_a_gift_from_what_never_lapses_never_lapses(branch):
    await branch.decide(rules=NOTHING, gift_micros_most=500 * CENT)
    await granted(branch, 300 * CENT, "never")

    await branch.treasury.give(gift(150 * CENT))

    friend = replace(PLACE, user_id=FRIEND)
    assert await branch.own_left(friend, NOW + timedelta(days=3650)) == 150 * CENT


@on_databases
async def test_a_gift_that_was_passed_on_lapses_no_later(branch):
    await branch.decide(rules=NOTHING, gift_micros_most=500 * CENT)
    await granted(branch, 90 * CENT, "soon", ends_at=NOW + HOUR)
    await branch.treasury.give(gift(90 * CENT, "there"))
    await branch.treasury.give(gift(90 * CENT, "back", to=MEMBER, giver=FRIEND))

    standing = await branch.treasury.standing(PLACE, NOW)

    assert [(grant.ends_at, grant.balance_micros) for grant in standing.grants] == [
        (NOW + HOUR, 90 * CENT)
    ]


@on_databases
async def test_gifts_are_not_allowed_until_somebody_allows_them(branch):
    await branch.decide(rules=DAILY)

    with pytest.raises(InvalidRequestError, match="does not allow gifts"):
        await branch.treasury.give(gift(CENT))


@on_databases
async def test_whom_nothing_limits_has_nothing_to_give(branch):
    await branch.decide(rules=Rules(), gift_micros_most=50 * CENT)

    with pytest.raises(InvalidRequestError, match="Nothing limits you"):
        await branch.treasury.give(gift(CENT))


@on_databases
@pytest.mark.parametrize("fields", [{"to": MEMBER}, {"micros": 0}, {"micros": -CENT}])
async def test_a_gift_is_something_and_for_somebody_else(branch, fields):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)

    with pytest.raises(InvalidRequestError, match="Give something, to somebody else"):
        await branch.treasury.give(replace(gift(CENT), **fields))

    assert await branch.balances() == {}


@on_databases
async def test_nobody_gives_more_than_they_have(branch):
    await branch.decide(rules=DAILY, gift_micros_most=500 * CENT)
    await branch.wish(cost_micros=80 * CENT)

    with pytest.raises(InvalidRequestError, match="do not have that much"):
        await branch.treasury.give(gift(21 * CENT))

    await branch.treasury.give(gift(20 * CENT))
    assert await branch.own_left() == 0


@on_databases
async def test_a_member_gives_no_more_a_day_than_the_server_allows(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    await branch.treasury.give(gift(30 * CENT, "a"))

    with pytest.raises(InvalidRequestError, match=r"may give .* and gave"):
        await branch.treasury.give(gift(21 * CENT, "b", to=UserId(32)))

    await branch.treasury.give(gift(20 * CENT, "c", to=UserId(32)))
    await branch.treasury.give(gift(50 * CENT, "d", at=MIDNIGHT))


@on_databases
async def test_a_member_gets_no_more_a_day_than_the_server_allows(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    await branch.treasury.give(gift(30 * CENT, "a"))

    with pytest.raises(InvalidRequestError, match=r"may get .* and they got"):
        await branch.treasury.give(gift(21 * CENT, "b", giver=UserId(32)))

    await branch.treasury.give(gift(20 * CENT, "c", giver=UserId(32)))


@on_databases
async def test_a_gift_is_made_once_however_often_it_is_confirmed(branches):
    await branches[0].decide(rules=DAILY, gift_micros_most=500 * CENT)

    answers = await at_once(
        *(branches[n % len(branches)].treasury.give(gift(10 * CENT)) for n in range(9))
    )

    assert answers.count(None) == 1
    assert all(isinstance(answer, DuplicateRequestError) for answer in answers if answer)
    assert await branches[0].own_left() == 90 * CENT


@on_databases
async def test_many_gifts_at_once_pass_no_cap(branches):
    await branches[0].decide(rules=DAILY, gift_micros_most=50 * CENT)

    answers = await at_once(
        *(branches[n % len(branches)].treasury.give(gift(8 * CENT, f"{n}")) for n in range(20))
    )

    assert answers.count(None) == 6
    assert await branches[0].own_left() == 52 * CENT
    assert await branches[0].treasury.audit() == []


@on_databases
async def test_giver_and_receiver_see_a_gift_and_a_moderator_only_their_own_money(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    await branch.treasury.give(gift(10 * CENT))
    await granted(branch, CENT, at=NOW + HOUR)

    member = await branch.treasury.transactions(GUILD, MEMBER, 10)
    friend = await branch.treasury.transactions(GUILD, FRIEND, 10)

    assert [one.kind for one in member] == [TransactionKind.GRANT, TransactionKind.GIFT]
    assert [one.kind for one in friend] == [TransactionKind.GIFT]
    assert friend[0].actor_id == MEMBER
    assert sum(posting.micros for posting in friend[0].postings) == 0
    assert await branch.treasury.transactions(GUILD, ADMIN, 10) == []
    assert await branch.treasury.transactions(GUILD, MEMBER, 1) == member[:1]


async def opened(branch, films=3, micros=10 * CENT, key="event", ends_at=None, at=NOW):
    await branch.treasury.apply(by(key, at), OpenEvent(CHANNEL, films, micros, ends_at))


@on_databases
async def test_an_event_shows_what_is_left_of_it(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, ends_at=NOW + HOUR)
    await branch.wish(cost_micros=8 * CENT)

    [event] = await branch.treasury.events(GUILD, NOW)

    assert event == OpenedEvent(CHANNEL, 2, 10 * CENT, 22 * CENT, NOW + HOUR)
    assert await branch.treasury.events(GUILD, NOW + HOUR) == []
    assert await branch.treasury.events(GuildId(99), NOW) == []


@on_databases
async def test_an_event_pays_in_its_channel_and_in_the_threads_of_it(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch)
    thread = replace(PLACE, channel_id=ChannelId(77), parent_id=CHANNEL)
    elsewhere = replace(PLACE, channel_id=ChannelId(78))

    assert await branch.wish(elsewhere) is LimitKind.ALLOWANCE
    assert is_made(await branch.wish(thread))
    assert is_made(await branch.wish(PLACE))
    assert is_made(await branch.wish(thread))
    assert await branch.wish(thread) is LimitKind.ALLOWANCE


@on_databases
async def test_an_event_pays_for_no_film_above_its_price(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch)

    assert await branch.wish(cost_micros=10 * CENT + 1) is LimitKind.ALLOWANCE
    assert is_made(await branch.wish(cost_micros=10 * CENT))


@on_databases
async def test_an_event_pays_until_its_end(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, ends_at=NOW + HOUR)

    assert await branch.wish(accepted_at=NOW + HOUR) is LimitKind.ALLOWANCE
    assert is_made(await branch.wish(accepted_at=NOW + HOUR - timedelta(seconds=1)))


@on_databases
async def test_one_event_at_a_time_in_a_channel(branch):
    await opened(branch)

    with pytest.raises(InvalidRequestError, match="close it first"):
        await opened(branch, key="second")

    assert await branch.balances() == {"10:event:event": 30 * CENT, "10:issued": -30 * CENT}


@on_databases
async def test_an_event_that_is_over_makes_room_for_the_next_one(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, key="first", ends_at=NOW + HOUR)

    await opened(branch, films=1, key="second", at=NOW + HOUR)

    assert await branch.balances() == {"10:event:second": 10 * CENT, "10:issued": -10 * CENT}
    assert is_made(await branch.wish(accepted_at=NOW + HOUR))


@on_databases
async def test_an_event_that_was_closed_pays_no_more_and_can_be_opened_again(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, key="first")
    job = await branch.wish()

    await branch.treasury.apply(by("close"), CloseEvent(CHANNEL))

    assert await branch.wish() is LimitKind.ALLOWANCE
    assert await branch.treasury.events(GUILD, NOW) == []
    await opened(branch, films=1, key="second")
    await branch.end(job, charged_micros=5 * CENT)
    assert await branch.treasury.audit() == []
    assert is_made(await branch.wish())
    assert await branch.wish() is LimitKind.ALLOWANCE


@on_databases
async def test_a_film_that_was_not_made_leaves_its_place_in_the_event_to_another(branch):
    await branch.decide(rules=NOTHING)
    await opened(branch, films=1)

    for state, kind in (
        (JobState.FAILED, FailureKind.REFUSED),
        (JobState.CANCELLED, None),
        (JobState.EXPIRED, None),
    ):
        job = await branch.wish()
        assert is_made(job)
        submitted = state is not JobState.CANCELLED
        await branch.end(job, state, kind, submitted=submitted)

    await branch.end(await branch.wish(), charged_micros=CENT)
    assert await branch.wish(cost_micros=CENT) is LimitKind.ALLOWANCE
    assert await branch.treasury.audit() == []


@on_databases
async def test_a_film_that_is_given_back_fills_its_months_pool_and_its_members_purse(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    job = await branch.wish(cost_micros=80 * CENT)
    await branch.end(job, charged_micros=70 * CENT)
    next_month = NOW + timedelta(days=30)
    assert await branch.pool_used() == 70 * CENT

    await branch.treasury.apply(by("refund", next_month), RefundJob(job.id, "it was black"))

    assert await branch.pool_used() == 0
    assert await branch.own_left(at=NOW) == 100 * CENT
    assert await branch.own_left(at=next_month) == 170 * CENT
    assert await branch.treasury.audit() == []
    spent = await branch.treasury.spending(GUILD, NOW, next_month + HOUR)
    assert [(one.pool_micros, one.member_micros) for one in spent] == [
        (70 * CENT, 70 * CENT),
        (-70 * CENT, -70 * CENT),
    ]


@on_databases
async def test_a_film_is_given_back_once(branches):
    job = await branches[0].wish()
    await branches[0].end(job)

    answers = await at_once(
        *(
            branches[n % len(branches)].treasury.apply(by(f"{n}"), RefundJob(job.id, "black"))
            for n in range(6)
        )
    )

    assert answers.count(None) == 1
    assert all(isinstance(answer, InvalidRequestError) for answer in answers if answer)
    assert await branches[0].pool_used() == 0


@on_databases
async def test_only_a_film_that_was_paid_for_here_is_given_back(branch):
    called_off, under_way, paid = [await branch.wish(user_id=UserId(n)) for n in (40, 41, 42)]
    await branch.call_off(called_off)
    await branch.end(paid)
    elsewhere = replace(by("elsewhere"), guild_id=GuildId(99))

    for job_id in (called_off.id, under_way.id, JobId("unknown")):
        with pytest.raises(InvalidRequestError, match="No film of that number"):
            await branch.treasury.apply(by(f"refund-{job_id}"), RefundJob(job_id, "why"))
    with pytest.raises(InvalidRequestError, match="No film of that number"):
        await branch.treasury.apply(elsewhere, RefundJob(paid.id, "why"))


@on_databases
async def test_what_the_pool_alone_had_paid_goes_back_to_the_pool_alone(branch):
    await branch.decide(rules=DAILY, pool_micros=500 * CENT)
    job = await branch.wish()
    await branch.end(job, JobState.EXPIRED)
    assert (await branch.own_left(), await branch.pool_used()) == (100 * CENT, 10 * CENT)

    await branch.treasury.apply(by("refund"), RefundJob(job.id, "the service gave it back"))

    assert (await branch.own_left(), await branch.pool_used()) == (100 * CENT, 0)
    assert await branch.treasury.audit() == []


@on_databases
async def test_what_an_event_had_paid_goes_back_to_the_event_and_not_to_the_member(branch):
    await branch.decide(rules=NOTHING, pool_micros=500 * CENT)
    await opened(branch, films=1)
    job = await branch.wish()
    await branch.end(job, charged_micros=8 * CENT)
    assert await branch.wish() is LimitKind.ALLOWANCE

    await branch.treasury.apply(by("refund"), RefundJob(job.id, "it was black"))

    assert await branch.own_left() == 0
    [event] = await branch.treasury.events(GUILD, NOW)
    assert (event.films_left, event.left_micros) == (1, 10 * CENT)
    assert is_made(await branch.wish())
    assert await branch.treasury.audit() == []
