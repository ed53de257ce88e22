"""Grants, gifts, events and changes of rules: what each writes, and who is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.catalog.request import Origin
from bot.errors import DuplicateRequestError, InvalidRequestError, PolicyChangedError
from bot.guilds.audit import Actor
from bot.ids import AccountId, ChannelId, EventId, GuildId, RoleId, UserId
from bot.money.changes import CloseEvent, MakeGrant, OpenEvent, SetPolicy, SetRules
from bot.money.ledger import Account, AccountKind, Gift, TransactionKind, account_id
from bot.money.limits import Allowance, Event, Policy, Rules
from bot.money.plans import (
    EVENT_IS_OPEN,
    LOST_GIFT,
    NO_EVENT,
    NO_GIFTS,
    NOT_ENOUGH,
    NOTHING_GIVEN,
    NOTHING_TO_GIVE,
    AuditEntry,
    EventEnd,
    GiftFacts,
    NewEvent,
    NewPolicy,
    NoOverrides,
    gift_account,
    plan_event,
    plan_event_end,
    plan_gift,
    plan_grant,
    plan_policy,
    plan_reset,
    plan_rules,
    plan_withdrawal,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.windows import Window
from tests.factories import NOW
from tests.fakes.money_store import make_standing
from tests.unit.money.books import Books, WrittenTwiceError

GUILD, ADA, FERN, JUNO = GuildId(10), UserId(1), UserId(30), UserId(31)
CENT = 10_000
HERE = ChannelId(20)
BY = Actor(GUILD, ADA, "key", NOW)
GRANT = MakeGrant(FERN, 50 * CENT, "a prize", NOW + timedelta(days=1))
DAILY = Rules(allowance=Allowance(100 * CENT, Window.DAY))
TONIGHT = datetime(2026, 11, 22, tzinfo=UTC)
ISSUED = account_id(GUILD, AccountKind.ISSUED)
OPEN = OpenEvent(HERE, 3, 10 * CENT, NOW + timedelta(hours=1))
GIFT = Gift(Origin(GUILD, HERE, FERN), JUNO, 30 * CENT, NOW, "key")

amounts = st.integers(0, 500)


def grant_of(name, balance, ends_at=None):
    name = AccountId(f"10:grant:30:{name}")
    return Account(name, GUILD, AccountKind.GRANT, FERN, ends_at, balance, balance)


def event_of(*, balance=20 * CENT, used=1, ends_at=None):
    account = Account(
        AccountId("10:event:old"), GUILD, AccountKind.EVENT, None, ends_at, 0, balance
    )
    return Event(EventId("old"), account, 3, used, 10 * CENT)


def giver(*, rules=DAILY, most=90 * CENT, used=0, grants=()):
    """How Fern stands, whose allowance is funded with what the first video of the day took."""
    name = account_id(GUILD, AccountKind.ALLOWANCE, FERN, "2026-11-21")
    allowance = Account(name, GUILD, AccountKind.ALLOWANCE, FERN, TONIGHT, used, 0)
    policy = Policy(GUILD, rules=rules, gift_micros_most=most)
    return make_standing(
        GIFT.place, NOW, rules=rules, policy=policy, allowance=allowance, grants=tuple(grants)
    )


def facts_of(budget, **fields):
    return replace(GiftFacts(budget, DAILY, 0, 0, False), **fields)


def books_of(budget):
    return Books(budget.allowance, *budget.grants)


def reason_of(caught):
    [reason] = caught.value.reasons
    return reason


def test_a_grant_is_an_account_of_its_own_that_lapses_when_it_says():
    books, plan = Books(), plan_grant(BY, GRANT, DAILY)

    books.write(plan)

    [account] = books.of(AccountKind.GRANT)
    assert (account.user_id, account.ends_at) == (FERN, GRANT.ends_at)
    assert (account.balance_micros, books.balance(AccountKind.ISSUED)) == (50 * CENT, -50 * CENT)
    [transaction] = plan.transactions
    assert (transaction.actor_id, transaction.user_id) == (ADA, FERN)
    assert (transaction.kind, transaction.reason) == (TransactionKind.GRANT, "a prize")
    assert plan.audit == AuditEntry(BY, "grant to <@30>", "", "$0.50: a prize")


@pytest.mark.parametrize(
    ("rules", "roles", "is_refused"),
    [
        (DAILY, frozenset[RoleId](), False),
        (Rules(), frozenset[RoleId](), True),
        (replace(DAILY, exempt=True), frozenset[RoleId](), True),
        (Rules(), None, False),  # no one asks
    ],
)
def test_a_grant_is_refused_where_nothing_limits_its_member(rules, roles, is_refused):
    edit = replace(GRANT, receiver_roles=roles)

    if is_refused:
        with pytest.raises(InvalidRequestError, match="would change nothing"):
            plan_grant(BY, edit, rules)
    else:
        assert plan_grant(BY, edit, rules).transactions


def test_what_lapses_first_is_taken_back_first():
    grants = [grant_of("a", 20 * CENT, TONIGHT), grant_of("b", 40 * CENT)]
    books = Books(*grants)

    plan = plan_withdrawal(BY, replace(GRANT, micros=-50 * CENT), grants)
    books.write(plan)

    left = {one.id: one.balance_micros for one in books.of(AccountKind.GRANT)}
    assert left == {grants[0].id: 0, grants[1].id: 10 * CENT}
    assert plan.audit is not None
    assert plan.audit.after == "$0.50 withdrawn: a prize"


@given(held=st.lists(amounts, max_size=5), wanted=st.integers(1, 2000))
def test_never_more_is_taken_back_than_grants_hold(held, wanted):
    grants = [grant_of(str(n), balance) for n, balance in enumerate(held)]
    books, edit = Books(*grants), replace(GRANT, micros=-wanted)

    if wanted > sum(held):
        with pytest.raises(InvalidRequestError, match="is left to withdraw"):
            plan_withdrawal(BY, edit, grants)
        return
    books.write(plan_withdrawal(BY, edit, grants))

    assert books.balance(AccountKind.GRANT) == sum(held) - wanted
    assert books.balance(AccountKind.ISSUED) == wanted


def test_an_event_can_pay_for_each_of_its_videos():
    books, plan = Books(), plan_event(BY, OPEN, None)

    books.write(plan)

    [account] = plan.accounts
    assert books.balance(AccountKind.EVENT) == 30 * CENT
    assert plan.events == (NewEvent(EventId("key"), HERE, account, 3, 10 * CENT, ADA, NOW),)
    assert account.ends_at == OPEN.ends_at
    assert plan.audit == AuditEntry(BY, "event in <#20>", "", "3 videos up to $0.10")


@pytest.mark.parametrize("ends_at", [None, NOW + timedelta(seconds=1)])
def test_a_channel_has_one_event_at_a_time(ends_at):
    with pytest.raises(InvalidRequestError) as caught:
        plan_event(BY, OPEN, event_of(ends_at=ends_at))

    assert reason_of(caught) == EVENT_IS_OPEN


@given(balance=amounts)
def test_an_event_whose_time_has_passed_makes_room_and_gives_back_what_is_left(balance):
    old = event_of(balance=balance, ends_at=NOW)
    books = Books(old.account)

    plan = plan_event(BY, OPEN, old)
    books.write(plan)

    assert plan.events[0] == EventEnd(old.id, NOW)
    assert books.accounts[old.account.id].balance_micros == 0
    assert books.balance(AccountKind.EVENT) == 30 * CENT


@given(balance=amounts, used=st.integers(0, 3))
def test_closing_an_event_gives_back_what_is_left(balance, used):
    event = event_of(balance=balance, used=used)
    books, plan = Books(event.account), plan_event_end(BY, CloseEvent(HERE), event)

    books.write(plan)

    assert books.balance(AccountKind.EVENT) == 0
    assert books.balance(AccountKind.ISSUED) == balance
    assert plan.events == (EventEnd(event.id, NOW),)
    before = f"{used} of 3 videos made"
    assert plan.audit == AuditEntry(BY, "event in <#20>", before, "closed")


def test_where_there_is_no_event_none_is_closed():
    with pytest.raises(InvalidRequestError) as caught:
        plan_event_end(BY, CloseEvent(HERE), None)

    assert reason_of(caught) == NO_EVENT


@pytest.mark.parametrize(
    ("gift", "facts", "reason"),
    [
        ({}, facts_of(giver(most=None)), NO_GIFTS),
        ({}, facts_of(giver(rules=Rules())), NOTHING_TO_GIVE),
        ({}, facts_of(giver(rules=replace(DAILY, exempt=True))), NOTHING_TO_GIVE),
        ({"to": FERN}, facts_of(giver()), NOTHING_GIVEN),
        ({"micros": 0}, facts_of(giver()), NOTHING_GIVEN),
        ({"micros": -1}, facts_of(giver()), NOTHING_GIVEN),
        ({}, facts_of(giver(), receiver=Rules()), LOST_GIFT),
        ({}, facts_of(giver(), receiver=replace(DAILY, exempt=True)), LOST_GIFT),
        (
            {},
            facts_of(giver(), given_micros=61 * CENT),
            "You can give $0.90 per day, and you've given $0.61 today.",
        ),
        (
            {},
            facts_of(giver(), got_micros=70 * CENT),
            "A member can get $0.90 per day, and they've got $0.70 today.",
        ),
        ({}, facts_of(giver(used=70 * CENT + 1)), NOT_ENOUGH),
    ],
)
def test_a_gift_is_refused_with_its_reason(gift, facts, reason):
    with pytest.raises(InvalidRequestError) as caught:
        plan_gift(replace(GIFT, **gift), facts)

    assert reason_of(caught) == reason


def test_where_no_one_asks_for_the_receivers_rules_the_gift_is_made():
    assert plan_gift(GIFT, facts_of(giver(), receiver=None)).transactions


def test_a_gift_that_was_made_is_said_to_be_whatever_else_would_refuse_it():
    with pytest.raises(DuplicateRequestError):
        plan_gift(GIFT, facts_of(giver(most=None), is_made=True))


@pytest.mark.parametrize(
    ("grants", "ends_at"),
    [
        ([], TONIGHT),
        ([grant_of("a", 30 * CENT, NOW + timedelta(hours=1))], NOW + timedelta(hours=1)),
        ([grant_of("a", 10 * CENT, NOW + timedelta(hours=1))], NOW + timedelta(hours=1)),
        ([grant_of("a", 30 * CENT)], TONIGHT),
    ],
)
def test_what_is_given_lapses_as_the_first_of_the_givers_accounts_does(grants, ends_at):
    plan = plan_gift(GIFT, facts_of(giver(grants=grants)))

    grant = plan.accounts[-1]
    assert (grant.id, grant.user_id, grant.ends_at) == (gift_account(GIFT), JUNO, ends_at)


@given(
    micros=st.integers(-10, 400),
    allowance=amounts,
    used=amounts,
    held=st.lists(amounts, max_size=3),
    given_today=amounts,
    got=amounts,
    most=st.none() | amounts,
)
def test_a_gift_moves_just_what_the_giver_has_and_the_cap_allows(
    micros, allowance, used, held, given_today, got, most
):
    rules = Rules(allowance=Allowance(allowance, Window.DAY))
    grants = [grant_of(str(n), balance) for n, balance in enumerate(held)]
    budget = giver(rules=rules, most=most, used=used, grants=grants)
    gift, books = replace(GIFT, micros=micros), books_of(budget)
    facts = facts_of(budget, given_micros=given_today, got_micros=got)
    left = max(allowance - used, 0) + sum(held)
    cap = -1 if most is None else most - max(given_today, got)

    if not 0 < micros <= min(left, cap):
        with pytest.raises(InvalidRequestError):
            plan_gift(gift, facts)
        return
    plan = plan_gift(gift, facts)
    books.write(plan)

    assert books.accounts[gift_account(gift)].balance_micros == micros
    assert books.balance(AccountKind.ALLOWANCE, AccountKind.GRANT) == left
    with pytest.raises(WrittenTwiceError):
        books.write(plan)


@pytest.mark.parametrize(
    "plan",
    [
        plan_grant(BY, GRANT, DAILY),
        plan_withdrawal(BY, replace(GRANT, micros=-1), [grant_of("a", 5)]),
        plan_event(BY, OPEN, None),
        plan_event_end(BY, CloseEvent(HERE), event_of()),
    ],
    ids=["grant", "withdrawal", "event", "end of an event"],
)
def test_what_an_admin_does_with_one_key_is_written_once(plan):
    books = Books(grant_of("a", 5), event_of().account)
    books.write(plan)

    with pytest.raises(WrittenTwiceError):
        books.write(plan)


def test_rules_that_someone_else_changed_are_not_overwritten():
    before = Policy(GUILD, version=4)

    with pytest.raises(PolicyChangedError):
        plan_policy(BY, SetPolicy(replace(before, version=3)), before)


@pytest.mark.parametrize(("pool", "looked_at"), [(None, None), (5, NOW)])
def test_a_change_of_the_pool_alone_is_a_reason_to_look_at_it(pool, looked_at):
    before = Policy(GUILD, version=4)
    after = replace(before, pool_micros=pool, is_paused=True)

    plan = plan_policy(BY, SetPolicy(after), before)

    assert plan.rules == (NewPolicy(4, after),)
    assert plan.audit == AuditEntry(BY, "rules", before, after)
    assert plan.pool_checked == looked_at


@pytest.mark.parametrize(
    ("kind", "what"), [(SubjectKind.ROLE, "rules of <@&7>"), (SubjectKind.MEMBER, "rules of <@7>")]
)
def test_rules_of_a_role_or_member_are_noted_with_those_before(kind, what):
    edit = SetRules(Subject(kind, 7), DAILY)

    plan = plan_rules(BY, edit, Rules(exempt=True))

    assert plan.rules == (edit,)
    assert plan.audit == AuditEntry(BY, what, Rules(exempt=True), DAILY)


def test_a_reset_removes_every_rule_and_moves_no_money():
    before = Policy(GUILD, rules=DAILY, pool_micros=5, version=4)

    plan = plan_reset(BY, before)

    assert plan.rules == (NoOverrides(), NewPolicy(4, None))
    assert plan.audit == AuditEntry(BY, "reset of all rules", before, Policy(GUILD, version=5))
    assert plan.transactions == ()
