"""Whether a wish may become a job, why not, and whose money it takes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.domain.admission import (
    Event,
    Film,
    Standing,
    admit,
    film_of,
    left_of,
    own_draws,
    refusals,
    reservation,
)
from bot.domain.ledger import Account, AccountKind, Draw, Posting, account_id
from bot.domain.limits import Allowance, RateLimit, Rules
from bot.domain.policy import Policy
from bot.domain.windows import Window
from bot.errors import LimitKind, Refusal
from bot.ids import AccountId, ChannelId, EventId, GuildId, ModelId, UserId
from tests.factories import NOW, make_job

GUILD, MEMBER = GuildId(10), UserId(30)
CENT = 10_000
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
MONTHS_END = datetime(2026, 12, 1, tzinfo=UTC)
ISSUED = account_id(GUILD, AccountKind.ISSUED)
ALLOWANCE = AccountId("10:allowance:30:2026-11-21")
POOL = AccountId("10:pool:2026-11")
NOTHING_SAID = Rules()
DAILY = Rules(allowance=Allowance(100 * CENT, Window.DAY))


def account(name, kind, ends_at, *, funded=0, balance=0):
    owner = None if kind in {AccountKind.POOL, AccountKind.EVENT} else MEMBER
    return Account(AccountId(name), GUILD, kind, owner, ends_at, funded, balance)


def grant(name, balance, ends_at=None):
    return account(name, AccountKind.GRANT, ends_at, funded=balance, balance=balance)


def make_standing(*, rules=NOTHING_SAID, pool_micros=None, is_paused=False, **fields):
    """Of a member who made nothing yet."""
    standing = Standing(
        policy=Policy(GUILD, pool_micros=pool_micros, is_paused=is_paused),
        rules=rules,
        at=NOW,
        allowance=account(ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT),
        grants=(),
        pool=account(POOL, AccountKind.POOL, MONTHS_END),
        event=None,
        rates={},
        open_jobs=0,
    )
    return replace(standing, **fields)


def make_film(cost=30 * CENT, model="fake-model", channels=(20,)):
    return Film(cost, ModelId(model), frozenset(ChannelId(one) for one in channels))


def make_event(*, balance=1000 * CENT, most=10, used=0, film_micros_most=100 * CENT):
    purse = account("10:event:1", AccountKind.EVENT, None, funded=1000 * CENT, balance=balance)
    return Event(EventId("1"), purse, most, used, film_micros_most)


def used_of(standing, name, micros):
    """The same standing after so much of this account was used."""
    return replace(standing, **{name: replace(getattr(standing, name), funded_micros=micros)})


def test_a_server_without_limits_refuses_nothing():
    assert refusals(make_standing(), make_film(cost=10**9)) == ()


def test_a_paused_server_says_only_that():
    standing = make_standing(rules=Rules(models=frozenset(), open_jobs_most=0), is_paused=True)

    assert refusals(standing, make_film()) == (Refusal(LimitKind.PAUSED),)
    exempt = make_standing(rules=Rules(exempt=True), is_paused=True)
    assert refusals(exempt, make_film()) == (Refusal(LimitKind.PAUSED),)


def test_a_model_that_is_not_allowed_is_refused():
    standing = make_standing(rules=Rules(models=frozenset({ModelId("cheap")})))

    assert refusals(standing, make_film(model="dear")) == (Refusal(LimitKind.MODEL),)
    assert refusals(standing, make_film(model="cheap")) == ()


def test_a_channel_that_is_not_allowed_is_refused_and_a_thread_goes_with_its_parent():
    standing = make_standing(rules=Rules(channels=frozenset({ChannelId(21)})))

    assert refusals(standing, make_film()) == (Refusal(LimitKind.CHANNEL),)
    assert refusals(standing, make_film(channels=(21,))) == ()
    thread = make_job(channel_id=ChannelId(99))
    assert refusals(standing, film_of(thread, ChannelId(21))) == ()
    assert refusals(standing, film_of(thread, None)) == (Refusal(LimitKind.CHANNEL),)


def test_a_film_too_dear_is_refused_with_what_it_may_cost():
    standing = make_standing(rules=Rules(film_micros_most=30 * CENT))

    assert refusals(standing, make_film(30 * CENT)) == ()
    [refusal] = refusals(standing, make_film(30 * CENT + 1))
    assert refusal == Refusal(LimitKind.FILM_COST, 0, 30 * CENT, 30 * CENT + 1)


def test_too_many_films_at_once_are_refused_until_one_has_ended():
    standing = make_standing(rules=Rules(open_jobs_most=2))

    assert refusals(replace(standing, open_jobs=1), make_film()) == ()
    [refusal] = refusals(replace(standing, open_jobs=2), make_film())
    assert refusal == Refusal(LimitKind.OPEN_JOBS, 2, 2)


def test_wishes_too_soon_are_refused_limit_by_limit_with_when_the_next_one_fits():
    made = [NOW - timedelta(seconds=age) for age in (50, 40, 10)]
    rules = Rules(rates=(RateLimit(3, 60), RateLimit(4, 3600), RateLimit(1, 5)))
    standing = make_standing(rules=rules, rates={60: made, 3600: made, 5: made})

    assert refusals(standing, make_film()) == (
        Refusal(LimitKind.RATE, 3, 3, 60, NOW + timedelta(seconds=10)),
    )


def test_more_than_the_allowance_is_refused_until_the_window_ends():
    standing = used_of(make_standing(rules=DAILY), "allowance", 75 * CENT)

    assert refusals(standing, make_film(25 * CENT)) == ()
    assert refusals(standing, make_film(30 * CENT)) == (
        Refusal(LimitKind.ALLOWANCE, 75 * CENT, 100 * CENT, 30 * CENT, MIDNIGHT),
    )


def test_grants_count_beside_the_allowance():
    standing = used_of(make_standing(rules=DAILY), "allowance", 75 * CENT)
    standing = replace(standing, grants=(grant("a", 10 * CENT), grant("b", 5 * CENT)))

    assert standing.own_left_micros == 40 * CENT
    assert refusals(standing, make_film(40 * CENT)) == ()
    assert refusals(standing, make_film(41 * CENT)) == (
        Refusal(LimitKind.ALLOWANCE, 75 * CENT, 115 * CENT, 41 * CENT, MIDNIGHT),
    )


def test_more_than_the_pool_is_refused_until_the_month_ends():
    standing = used_of(make_standing(pool_micros=500 * CENT), "pool", 480 * CENT)

    assert refusals(standing, make_film(20 * CENT)) == ()
    assert refusals(standing, make_film(21 * CENT)) == (
        Refusal(LimitKind.POOL, 480 * CENT, 500 * CENT, 21 * CENT, MONTHS_END),
    )


def test_a_pool_lowered_below_what_is_used_has_nothing_left():
    standing = used_of(make_standing(pool_micros=100 * CENT), "pool", 480 * CENT)

    assert standing.pool_left_micros == 0
    [refusal] = refusals(standing, make_film())
    assert (refusal.used, refusal.most) == (100 * CENT, 100 * CENT)


def test_every_limit_is_told_at_once():
    rules = Rules(
        allowance=Allowance(CENT, Window.DAY),
        rates=(RateLimit(1, 60),),
        open_jobs_most=0,
        film_micros_most=CENT,
        models=frozenset(),
        channels=frozenset(),
    )
    standing = make_standing(rules=rules, pool_micros=CENT, rates={60: [NOW]})

    kinds = [refusal.kind for refusal in refusals(standing, make_film())]

    assert kinds == [
        LimitKind.MODEL,
        LimitKind.CHANNEL,
        LimitKind.FILM_COST,
        LimitKind.OPEN_JOBS,
        LimitKind.RATE,
        LimitKind.ALLOWANCE,
        LimitKind.POOL,
    ]


def test_the_exempt_meet_no_limit_but_the_pool():
    rules = Rules(
        exempt=True,
        allowance=Allowance(0, Window.DAY),
        rates=(RateLimit(1, 60),),
        open_jobs_most=0,
        film_micros_most=0,
        models=frozenset(),
        channels=frozenset(),
    )
    standing = make_standing(rules=rules, pool_micros=30 * CENT, rates={60: [NOW]})

    assert standing.own_left_micros is None
    assert refusals(standing, make_film(30 * CENT)) == ()
    [refusal] = refusals(standing, make_film(31 * CENT))
    assert refusal.kind is LimitKind.POOL


def test_a_wish_of_the_exempt_counts_for_when_they_are_no_longer_so():
    rules = Rules(exempt=True, rates=(RateLimit(1, 60),))
    before = NOW - timedelta(seconds=1)

    admission = admit(make_standing(rules=rules, rates={60: [before]}), make_film())

    assert admission.rates == {60: [before, NOW]}


def test_a_wish_counts_for_every_limit_and_what_has_run_out_is_forgotten():
    old, new = NOW - timedelta(seconds=60), NOW - timedelta(seconds=59)
    rules = Rules(rates=(RateLimit(3, 60), RateLimit(20, 3600)))

    admission = admit(make_standing(rules=rules, rates={60: [old, new], 99: [old]}), make_film())

    assert admission.rates == {60: [new, NOW], 3600: [NOW]}


def test_an_event_pays_for_a_film_in_place_of_the_member():
    event = make_event()
    standing = make_standing(rules=DAILY, event=event, pool_micros=500 * CENT)

    admission = admit(standing, make_film())

    assert admission.event_id == event.id
    assert admission.draws == (
        Draw(event.account.id, AccountKind.EVENT, 30 * CENT),
        Draw(POOL, AccountKind.POOL, 30 * CENT),
    )
    assert {posting.account_id for posting in admission.funds} == {POOL, ISSUED}


def test_an_event_helps_over_allowance_price_and_channel_but_over_nothing_else():
    rules = Rules(
        allowance=Allowance(0, Window.DAY),
        film_micros_most=0,
        channels=frozenset(),
        models=frozenset(),
        open_jobs_most=0,
        rates=(RateLimit(1, 60),),
    )
    standing = make_standing(rules=rules, pool_micros=0, event=make_event(), rates={60: [NOW]})

    kinds = [refusal.kind for refusal in refusals(standing, make_film())]

    assert kinds == [LimitKind.MODEL, LimitKind.OPEN_JOBS, LimitKind.RATE, LimitKind.POOL]


@pytest.mark.parametrize(
    "event",
    [
        make_event(film_micros_most=30 * CENT - 1),
        make_event(balance=30 * CENT - 1),
        make_event(most=3, used=3),
    ],
    ids=["the film is too dear", "nothing left", "all films made"],
)
def test_an_event_pays_for_a_whole_film_or_not_at_all(event):
    none = Rules(allowance=Allowance(0, Window.DAY))
    poor = make_standing(rules=none, event=event)
    rich = make_standing(rules=DAILY, event=event)

    assert [refusal.kind for refusal in refusals(poor, make_film())] == [LimitKind.ALLOWANCE]
    assert admit(rich, make_film()).event_id is None
    assert admit(rich, make_film()).draws[0].account_id == ALLOWANCE


def test_what_lapses_first_is_used_first():
    standing = make_standing(
        rules=DAILY,
        grants=(
            grant("forever", 500 * CENT),
            grant("next week", 50 * CENT, MIDNIGHT + timedelta(days=7)),
            grant("tonight", 20 * CENT, MIDNIGHT - timedelta(hours=1)),
            grant("forever too", 500 * CENT),
        ),
    )

    draws = own_draws(standing, 300 * CENT)

    assert [(draw.account_id, draw.micros // CENT) for draw in draws] == [
        ("tonight", 20),
        (ALLOWANCE, 100),
        ("next week", 50),
        ("forever", 130),
        ("forever too", 0),
    ]


def test_a_purse_that_gives_nothing_is_not_drawn_from():
    standing = make_standing(rules=DAILY, grants=(grant("a", 10 * CENT),))

    assert [draw.account_id for draw in admit(standing, make_film()).draws] == [ALLOWANCE, POOL]


@given(
    target=st.integers(0, 1000),
    used=st.integers(0, 1500),
    balance=st.integers(0, 1500),
    grants=st.lists(st.integers(1, 300), max_size=4),
    share=st.floats(0, 1),
)
def test_what_is_admitted_is_paid_to_the_micro_and_no_purse_falls_below_zero(
    target, used, balance, grants, share
):
    purses = tuple(grant(f"grant {n}", micros) for n, micros in enumerate(grants))
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=used + balance, balance=balance
    )
    rules = Rules(allowance=Allowance(target, Window.DAY))
    standing = make_standing(rules=rules, allowance=allowance, grants=purses, pool_micros=10_000)
    left = standing.own_left_micros or 0
    cost = max(1, round(left * share))
    assert bool(refusals(standing, make_film(cost))) == (cost > left)
    if cost > left:
        return

    admission = admit(standing, make_film(cost))

    moved = {one.id: one.balance_micros for one in (allowance, standing.pool, *purses)}
    for posting in (*admission.funds, *reservation(standing, admission)):
        moved[posting.account_id] = moved.get(posting.account_id, 0) + posting.micros
    held = account_id(GUILD, AccountKind.HELD)
    assert moved.pop(held) == moved.pop(account_id(GUILD, AccountKind.POOL_HELD)) == cost
    issued = moved.pop(ISSUED)
    assert min(moved.values()) >= 0
    assert sum(moved.values()) + issued + 2 * cost == balance + sum(grants)
    assert moved[ALLOWANCE] <= max(target - used, 0)


def test_a_window_is_funded_with_its_first_film_and_no_further():
    first = admit(make_standing(rules=DAILY, pool_micros=500 * CENT), make_film())
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=100 * CENT, balance=70 * CENT
    )
    pool = account(POOL, AccountKind.POOL, MONTHS_END, funded=500 * CENT, balance=470 * CENT)
    standing = make_standing(rules=DAILY, pool_micros=500 * CENT, allowance=allowance, pool=pool)

    assert set(first.funds) == {
        Posting(ALLOWANCE, 100 * CENT),
        Posting(POOL, 500 * CENT),
        Posting(ISSUED, -600 * CENT),
    }
    assert admit(standing, make_film()).funds == ()


def test_an_allowance_that_was_changed_is_funded_up_or_down():
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=100 * CENT, balance=70 * CENT
    )

    for micros, moved in ((150 * CENT, 50 * CENT), (80 * CENT, -20 * CENT)):
        rules = Rules(allowance=Allowance(micros, Window.DAY))
        funds = admit(make_standing(rules=rules, allowance=allowance), make_film()).funds
        assert Posting(ALLOWANCE, moved) in funds
    assert left_of(allowance, 20 * CENT) == 0


def test_where_nothing_limits_just_what_is_drawn_is_funded():
    funds = admit(make_standing(), make_film()).funds

    assert set(funds) == {
        Posting(ALLOWANCE, 30 * CENT),
        Posting(POOL, 30 * CENT),
        Posting(ISSUED, -60 * CENT),
    }


def test_where_nothing_limits_what_came_back_is_used_again():
    allowance = account(
        ALLOWANCE, AccountKind.ALLOWANCE, MIDNIGHT, funded=50 * CENT, balance=50 * CENT
    )
    funds = admit(make_standing(allowance=allowance), make_film()).funds

    assert Posting(ALLOWANCE, -20 * CENT) in funds


@pytest.mark.parametrize(
    ("used", "cost", "alerts"),
    [
        (0, 49, ()),
        (0, 50, (50,)),
        (49, 1, (50,)),
        (50, 29, ()),
        (50, 30, (80,)),
        (10, 75, (50, 80)),
        (0, 100, (50, 80, 100)),
        (99, 1, (100,)),
        (80, 19, ()),
    ],
)
def test_the_log_channel_hears_of_each_share_of_the_pool_with_the_film_that_reaches_it(
    used, cost, alerts
):
    standing = used_of(make_standing(pool_micros=100), "pool", used)

    assert admit(standing, make_film(cost)).alerts == alerts


@given(pool=st.integers(1, 1000), costs=st.lists(st.integers(1, 200), max_size=40))
def test_each_share_is_told_exactly_once_however_the_pool_is_used_up(pool, costs):
    told: list[int] = []
    used = 0
    for cost in costs:
        standing = used_of(make_standing(pool_micros=pool), "pool", used)
        if not refusals(standing, make_film(cost)):
            told += admit(standing, make_film(cost)).alerts
            used += cost

    assert told == [share for share in (50, 80, 100) if used * 100 >= share * pool]


def test_a_server_without_a_cap_is_told_nothing():
    assert admit(make_standing(), make_film(10**9)).alerts == ()
    assert admit(make_standing(pool_micros=0), make_film(0)).alerts == ()
