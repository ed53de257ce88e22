"""Whose rule holds, and how many wishes fit into any stretch of time."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.domain.limits import (
    SERVER_RULES,
    Allowance,
    RateLimit,
    Rules,
    counted,
    effective,
    frees_at,
)
from bot.domain.windows import Window
from bot.ids import ChannelId, ModelId
from tests.factories import NOW

DOLLAR = 1_000_000
ONCE = Rules(
    exempt=False,
    allowance=Allowance(DOLLAR, Window.DAY),
    rates=(RateLimit(1, 60),),
    open_jobs_most=1,
    film_micros_most=DOLLAR,
    models=frozenset({ModelId("cheap")}),
    channels=frozenset({ChannelId(1)}),
)
TWICE = Rules(
    exempt=True,
    allowance=Allowance(2 * DOLLAR, Window.DAY),
    rates=(RateLimit(2, 60),),
    open_jobs_most=2,
    film_micros_most=2 * DOLLAR,
    models=frozenset({ModelId("dear")}),
    channels=frozenset({ChannelId(2)}),
)
THRICE = Rules(
    exempt=True,
    allowance=Allowance(3 * DOLLAR, Window.DAY),
    rates=(RateLimit(3, 60),),
    open_jobs_most=3,
    film_micros_most=3 * DOLLAR,
    models=frozenset({ModelId("dear"), ModelId("slow")}),
    channels=frozenset({ChannelId(3)}),
)
NAMES = [
    "exempt",
    "allowance",
    "rates",
    "open_jobs_most",
    "film_micros_most",
    "models",
    "channels",
]

rate_limits = st.builds(RateLimit, st.integers(1, 4), st.integers(1, 20))
steps = st.lists(st.integers(0, 8_000), max_size=60)  # milliseconds between two wishes


def test_the_first_day_allows_three_wishes_a_minute_twenty_a_day_and_two_films_at_once():
    assert SERVER_RULES.rates == (RateLimit(3, 60), RateLimit(20, 86_400))
    assert SERVER_RULES.open_jobs_most == 2
    assert SERVER_RULES.allowance is None


def test_a_server_rule_holds_where_nobody_says_more():
    assert effective(ONCE, [], None) == ONCE
    assert effective(ONCE, [Rules()], Rules()) == ONCE


def test_a_role_beats_the_server_even_downwards():
    assert effective(THRICE, [ONCE], None) == ONCE


def test_what_a_member_has_of_their_own_beats_the_best_of_their_roles():
    assert effective(TWICE, [THRICE], ONCE) == ONCE


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_is_looked_up_by_itself(name):
    own = Rules(**{name: getattr(ONCE, name)})

    held = effective(THRICE, [TWICE], own)

    for other in NAMES:
        source = ONCE if other == name else TWICE
        assert getattr(held, other) == getattr(source, other)


def test_of_several_roles_the_best_of_each_rule_holds():
    held = effective(Rules(), [THRICE, ONCE, TWICE], None)

    assert held.exempt is True
    assert held.allowance == THRICE.allowance
    assert held.rates == THRICE.rates
    assert held.open_jobs_most == 3
    assert held.film_micros_most == 3 * DOLLAR
    assert held.models == frozenset(ModelId(one) for one in ("cheap", "dear", "slow"))
    assert held.channels == frozenset(ChannelId(one) for one in (1, 2, 3))


def test_a_role_that_says_nothing_takes_nothing_from_the_others():
    assert effective(ONCE, [Rules(), TWICE, Rules()], None) == TWICE


def test_roles_are_compared_rule_by_rule_and_not_as_a_whole():
    artist = Rules(open_jobs_most=5, film_micros_most=DOLLAR)
    patron = Rules(open_jobs_most=1, film_micros_most=9 * DOLLAR)

    held = effective(Rules(), [artist, patron], None)

    assert (held.open_jobs_most, held.film_micros_most) == (5, 9 * DOLLAR)


def test_allowances_of_different_windows_are_compared_by_the_day():
    daily = Allowance(DOLLAR, Window.DAY)
    weekly = Allowance(6 * DOLLAR, Window.WEEK)
    monthly = Allowance(31 * DOLLAR, Window.MONTH)

    held = effective(Rules(), [Rules(allowance=one) for one in (daily, weekly, monthly)], None)

    assert held.allowance == monthly


def test_a_period_that_one_of_the_roles_leaves_open_is_open():
    strict = Rules(rates=(RateLimit(1, 60), RateLimit(5, 3600)))
    loose = Rules(rates=(RateLimit(9, 3600), RateLimit(50, 86_400)))

    assert effective(SERVER_RULES, [strict, loose], None).rates == (RateLimit(9, 3600),)
    assert effective(SERVER_RULES, [strict, Rules(rates=())], None).rates == ()


def test_no_limit_of_a_members_own_is_a_rule_and_not_silence():
    assert effective(SERVER_RULES, [], Rules(rates=())).rates == ()
    assert effective(TWICE, [], Rules(models=frozenset())).models == frozenset()
    assert effective(TWICE, [], Rules(exempt=False)).exempt is False


def test_empty_rules_are_those_that_say_nothing_at_all():
    assert Rules().is_empty
    assert not Rules(rates=()).is_empty
    assert not Rules(exempt=False).is_empty


def made_under(rate, waits):
    """The instants of wishes that the limit let through, and those it refused with their hope."""
    made: list[datetime] = []
    now, refused = NOW, []
    for wait in waits:
        now += timedelta(milliseconds=wait)
        free_at = frees_at(made, rate, now)
        if free_at is None:
            made.append(now)
        else:
            refused.append((list(made), now, free_at))
    return made, refused


@given(rate=rate_limits, waits=steps)
def test_in_no_stretch_of_the_period_are_more_wishes_than_allowed(rate, waits):
    made, _ = made_under(rate, waits)

    stretch = timedelta(seconds=rate.per_seconds)
    for first in made:
        assert sum(1 for one in made if first <= one < first + stretch) <= rate.most


@given(rate=rate_limits, waits=steps)
def test_no_wish_is_refused_that_would_have_fitted(rate, waits):
    _, refused = made_under(rate, waits)

    stretch = timedelta(seconds=rate.per_seconds)
    for made, now, _ in refused:
        assert sum(1 for one in made if now - stretch < one <= now) == rate.most


@given(rate=rate_limits, waits=steps)
def test_a_refusal_names_the_very_instant_at_which_the_next_wish_fits(rate, waits):
    _, refused = made_under(rate, waits)

    for made, now, free_at in refused:
        assert free_at > now
        assert frees_at(made, rate, free_at) is None
        assert frees_at(made, rate, free_at - timedelta(microseconds=1)) == free_at


@given(rate=rate_limits, most=st.integers(1, 3), waits=steps)
def test_a_limit_that_became_stricter_waits_until_enough_have_run_out(rate, most, waits):
    made, _ = made_under(rate, waits)
    now = made[-1] if made else NOW
    stretch = timedelta(seconds=rate.per_seconds)

    free_at = frees_at(made, RateLimit(most, rate.per_seconds), now)

    last_moment = (free_at or now) - timedelta(microseconds=1)
    if free_at is not None:
        assert sum(1 for one in made if one > last_moment - stretch) >= most
    assert sum(1 for one in made if one > (free_at or now) - stretch) < most


def test_wishes_are_counted_oldest_first_and_not_beyond_the_period():
    rate = RateLimit(3, 60)
    ages = [10, 60, 59.999, 0, 61]
    instants = [NOW - timedelta(seconds=age) for age in ages]

    assert counted(instants, rate, NOW) == [NOW - timedelta(seconds=age) for age in (59.999, 10, 0)]


def test_where_nothing_is_allowed_no_wait_helps():
    nothing = RateLimit(0, 60)

    assert frees_at([], nothing, NOW) == NOW + timedelta(seconds=60)
    assert frees_at([], nothing, NOW + timedelta(seconds=60)) == NOW + timedelta(seconds=120)


def test_a_wish_of_a_process_whose_clock_is_ahead_counts_too():
    ahead = NOW + timedelta(seconds=1)

    assert frees_at([ahead], RateLimit(1, 60), NOW) == ahead + timedelta(seconds=60)
