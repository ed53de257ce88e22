"""Grants, gifts, sponsored events and refunds: money that is given, and lapses or is taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import DuplicateRequestError, InvalidRequestError
from bot.ids import RoleId, UserId
from bot.money.changes import (
    MakeGrant,
    SetRules,
)
from bot.money.ledger import Gift, TransactionKind
from bot.money.limits import LimitKind, Rules
from bot.money.policy import Subject, SubjectKind
from tests.contract.branches import (
    ADMIN,
    CENT,
    DAILY,
    NOTHING,
    PLACE,
    at_once,
    by,
    is_made,
)
from tests.contract.databases import on_databases
from tests.factories import NOW

GUILD, MEMBER = PLACE.guild_id, PLACE.user_id
FRIEND = UserId(31)
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


async def granted(branch, micros, key="grant", ends_at=None, at=NOW):
    await branch.money_store.apply(by(key, at), MakeGrant(MEMBER, micros, "a prize", ends_at))


@on_databases
async def test_a_grant_is_spent_by_its_member_alone(branch):
    await branch.decide(rules=NOTHING)
    await granted(branch, 30 * CENT)

    assert await branch.own_left() == 30 * CENT
    assert await branch.own_left(replace(PLACE, user_id=FRIEND)) == 0
    assert is_made(await branch.request(cost_micros=30 * CENT))
    assert await branch.request(cost_micros=1) is LimitKind.ALLOWANCE


@on_databases
async def test_a_grant_that_lapsed_pays_for_nothing(branch):
    await branch.decide(rules=NOTHING)
    await granted(branch, 30 * CENT, ends_at=NOW + HOUR)

    moment = timedelta(milliseconds=1)
    assert await branch.request(accepted_at=NOW + HOUR) is LimitKind.ALLOWANCE
    assert is_made(await branch.request(accepted_at=NOW + HOUR - moment))
    assert await branch.own_left(at=NOW + HOUR) == 0


@on_databases
async def test_money_comes_back_to_where_it_would_have_been_used_last(branch):
    """An allowance that ends at midnight, and grants that lapse before it and never."""
    await branch.decide(rules=DAILY)
    await granted(branch, 20 * CENT, "soon", ends_at=NOW + HOUR)
    await granted(branch, 500 * CENT, "never")
    job = await branch.request(cost_micros=150 * CENT)
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

    await branch.money_store.apply(by("back"), MakeGrant(MEMBER, -25 * CENT, "a mistake"))

    balances = await branch.balances()
    assert balances["10:grant:30:never"] == 15 * CENT
    assert "10:grant:30:soon" not in balances
    assert balances["10:grant:30:lapsed"] == 20 * CENT


@on_databases
async def test_no_more_is_taken_back_than_is_left(branch):
    await branch.decide(rules=NOTHING)
    await granted(branch, 30 * CENT)
    await branch.request(cost_micros=25 * CENT)

    with pytest.raises(InvalidRequestError, match=r"\$0\.05"):
        await branch.money_store.apply(by("back"), MakeGrant(MEMBER, -6 * CENT, "a mistake"))

    await branch.money_store.apply(by("all"), MakeGrant(MEMBER, -5 * CENT, "a mistake"))
    assert await branch.own_left() == 0
    assert await branch.money_store.audit() == []


def gift(micros, key="gift", *, to=FRIEND, giver=MEMBER, at=NOW):
    return Gift(replace(PLACE, user_id=giver), to, micros, at, key)


@on_databases
async def test_a_gift_moves_money_from_one_member_to_another(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)

    await branch.money_store.give(gift(40 * CENT))

    friend = replace(PLACE, user_id=FRIEND)
    assert await branch.own_left() == 60 * CENT
    assert await branch.own_left(friend) == 140 * CENT
    assert await branch.request(cost_micros=61 * CENT) is LimitKind.ALLOWANCE
    assert is_made(await branch.request(friend, cost_micros=140 * CENT))
    assert await branch.money_store.audit() == []


@on_databases
async def test_a_gift_lapses_when_the_first_of_its_givers_accounts_does(branch):
    await branch.decide(rules=DAILY, gift_micros_most=500 * CENT)
    friend = replace(PLACE, user_id=FRIEND)
    await branch.money_store.apply(by("a"), SetRules(Subject(SubjectKind.MEMBER, FRIEND), NOTHING))
    await granted(branch, 300 * CENT, "never")

    await branch.money_store.give(gift(150 * CENT))

    budget = await branch.money_store.budget(friend, NOW)
    assert [grant.ends_at for grant in budget.grants] == [MIDNIGHT]
    assert await branch.own_left(friend, MIDNIGHT) == 0
    assert await branch.own_left(PLACE, MIDNIGHT) == 100 * CENT + 250 * CENT


@on_databases
async def test_a_gift_from_what_never_lapses_never_lapses(branch):
    await branch.decide(rules=NOTHING, gift_micros_most=500 * CENT)
    await granted(branch, 300 * CENT, "never")

    await branch.money_store.give(gift(150 * CENT))

    friend = replace(PLACE, user_id=FRIEND)
    assert await branch.own_left(friend, NOW + timedelta(days=3650)) == 150 * CENT


@on_databases
async def test_a_gift_that_was_passed_on_lapses_no_later(branch):
    await branch.decide(rules=NOTHING, gift_micros_most=500 * CENT)
    await granted(branch, 90 * CENT, "soon", ends_at=NOW + HOUR)
    await branch.money_store.give(gift(90 * CENT, "there"))
    await branch.money_store.give(gift(90 * CENT, "back", to=MEMBER, giver=FRIEND))

    budget = await branch.money_store.budget(PLACE, NOW)

    assert [(grant.ends_at, grant.balance_micros) for grant in budget.grants] == [
        (NOW + HOUR, 90 * CENT)
    ]


@on_databases
async def test_gifts_are_not_allowed_until_someone_allows_them(branch):
    await branch.decide(rules=DAILY)

    with pytest.raises(InvalidRequestError, match="Gifts aren't allowed"):
        await branch.money_store.give(gift(CENT))


@on_databases
async def test_whom_nothing_limits_has_nothing_to_give(branch):
    await branch.decide(rules=Rules(), gift_micros_most=50 * CENT)

    with pytest.raises(InvalidRequestError, match="You have no spending limit"):
        await branch.money_store.give(gift(CENT))


@on_databases
@pytest.mark.parametrize("fields", [{"to": MEMBER}, {"micros": 0}, {"micros": -CENT}])
async def test_a_gift_is_something_and_for_someone_else(branch, fields):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)

    with pytest.raises(InvalidRequestError, match="Choose another member and an amount above"):
        await branch.money_store.give(replace(gift(CENT), **fields))

    assert await branch.balances() == {}


@on_databases
async def test_no_one_gives_more_than_they_have(branch):
    await branch.decide(rules=DAILY, gift_micros_most=500 * CENT)
    await branch.request(cost_micros=80 * CENT)

    with pytest.raises(InvalidRequestError, match="don't have that much"):
        await branch.money_store.give(gift(21 * CENT))

    await branch.money_store.give(gift(20 * CENT))
    assert await branch.own_left() == 0


@on_databases
async def test_a_member_gives_no_more_a_day_than_the_server_allows(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    await branch.money_store.give(gift(30 * CENT, "a"))

    with pytest.raises(InvalidRequestError, match=r"can give .* and you've given"):
        await branch.money_store.give(gift(21 * CENT, "b", to=UserId(32)))

    await branch.money_store.give(gift(20 * CENT, "c", to=UserId(32)))
    await branch.money_store.give(gift(50 * CENT, "d", at=MIDNIGHT))


@on_databases
async def test_a_member_gets_no_more_a_day_than_the_server_allows(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    await branch.money_store.give(gift(30 * CENT, "a"))

    with pytest.raises(InvalidRequestError, match=r"can get .* and they've got"):
        await branch.money_store.give(gift(21 * CENT, "b", giver=UserId(32)))

    await branch.money_store.give(gift(20 * CENT, "c", giver=UserId(32)))


@on_databases
async def test_a_gift_is_made_once_however_often_it_is_confirmed(branches):
    await branches[0].decide(rules=DAILY, gift_micros_most=500 * CENT)

    answers = await at_once(
        *(branches[n % len(branches)].money_store.give(gift(10 * CENT)) for n in range(9))
    )

    assert answers.count(None) == 1
    assert all(isinstance(answer, DuplicateRequestError) for answer in answers if answer)
    assert await branches[0].own_left() == 90 * CENT


@on_databases
async def test_many_gifts_at_once_pass_no_cap(branches):
    await branches[0].decide(rules=DAILY, gift_micros_most=50 * CENT)

    answers = await at_once(
        *(branches[n % len(branches)].money_store.give(gift(8 * CENT, f"{n}")) for n in range(20))
    )

    assert answers.count(None) == 6
    assert await branches[0].own_left() == 52 * CENT
    assert await branches[0].money_store.audit() == []


@on_databases
async def test_giver_and_receiver_see_a_gift_and_a_moderator_only_their_own_money(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    await branch.money_store.give(gift(10 * CENT))
    await granted(branch, CENT, at=NOW + HOUR)

    member = await branch.money_store.transactions(GUILD, MEMBER, 10)
    friend = await branch.money_store.transactions(GUILD, FRIEND, 10)

    assert [one.kind for one in member] == [TransactionKind.GRANT, TransactionKind.GIFT]
    assert [one.kind for one in friend] == [TransactionKind.GIFT]
    assert friend[0].actor_id == MEMBER
    assert sum(posting.micros for posting in friend[0].postings) == 0
    assert await branch.money_store.transactions(GUILD, ADMIN, 10) == []
    assert await branch.money_store.transactions(GUILD, MEMBER, 1) == member[:1]


@on_databases
async def test_a_gift_to_a_member_whom_nothing_limits_is_refused_as_the_money_would_move(branch):
    await branch.decide(rules=DAILY, gift_micros_most=50 * CENT)
    rich = SetRules(Subject(SubjectKind.ROLE, 7), Rules(exempt=True))
    await branch.money_store.apply(by("rich"), rich)
    gift = Gift(PLACE, FRIEND, CENT, NOW, "gift", frozenset({RoleId(7)}))

    with pytest.raises(InvalidRequestError, match="a gift would be lost"):
        await branch.money_store.give(gift)
    assert await branch.own_left() == 100 * CENT

    await branch.money_store.give(replace(gift, receiver_roles=frozenset({RoleId(8)})))
    assert await branch.own_left() == 99 * CENT
    assert await branch.own_left(replace(PLACE, user_id=FRIEND)) == 101 * CENT


@on_databases
async def test_a_grant_to_a_member_whom_nothing_limits_is_refused_as_the_money_would_move(branch):
    """However long it waited to be confirmed, and whatever was decided since it was proposed."""
    await branch.decide(rules=DAILY)
    rich = SetRules(Subject(SubjectKind.ROLE, 7), Rules(exempt=True))
    await branch.money_store.apply(by("rich"), rich)
    grant = MakeGrant(FRIEND, 5 * CENT, "a prize", receiver_roles=frozenset({RoleId(7)}))
    before = await branch.balances()

    with pytest.raises(InvalidRequestError, match="Set an allowance first"):
        await branch.money_store.apply(by("grant"), grant)
    assert await branch.balances() == before

    await branch.money_store.apply(by("again"), replace(grant, receiver_roles=frozenset()))
    await branch.money_store.apply(by("back"), replace(grant, micros=-2 * CENT))
    assert await branch.own_left(replace(PLACE, user_id=FRIEND)) == 103 * CENT


@on_databases
async def test_grants_at_once_are_judged_one_after_the_other_with_what_lifts_the_limits(branches):
    """Each by the rules as they are when its turn has come: all before the change, or refused."""
    [branch, *_] = branches
    await branch.decide(rules=DAILY)
    grant = MakeGrant(FRIEND, CENT, "a prize", receiver_roles=frozenset())
    lift = SetRules(Subject(SubjectKind.MEMBER, FRIEND), Rules(exempt=True))
    edits = [grant, grant, lift, grant, grant]
    tried = [
        branches[n % len(branches)].money_store.apply(by(f"edit-{n}"), edit)
        for n, edit in enumerate(edits)
    ]

    answers = await at_once(*tried)

    refused = [isinstance(one, InvalidRequestError) for one in answers]
    assert refused.count(False) == len([one for one in answers if one is None])
    held = await branch.rows("SELECT balance_micros FROM accounts WHERE kind = 'grant'")
    assert len(held) == refused.count(False) - 1
    assert await branch.money_store.audit() == []
    with pytest.raises(InvalidRequestError):
        await branch.money_store.apply(by("late"), grant)
