"""Whose rule holds, and how many requests fit into any stretch of time."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.ids import ChannelId, ModelId
from bot.money.limits import (
    SERVER_RULES,
    Allowance,
    RateLimit,
    Rules,
    counted,
    faults_of,
    frees_at,
)
from bot.money.policy import effective, stricter
from bot.money.windows import Window
from tests.factories import NOW

DOLLAR = 1_000_000
ONCE = Rules(
    exempt=False,
    allowance=Allowance(DOLLAR, Window.DAY),
    rates=(RateLimit(1, 60),),
    open_jobs_most=1,
    video_micros_most=DOLLAR,
    video_seconds_most=5,
    models=frozenset({ModelId("cheap")}),
    channels=frozenset({ChannelId(1)}),
)
TWICE = Rules(
    exempt=True,
    allowance=Allowance(2 * DOLLAR, Window.DAY),
    rates=(RateLimit(2, 60),),
    open_jobs_most=2,
    video_micros_most=2 * DOLLAR,
    video_seconds_most=10,
    models=frozenset({ModelId("expensive")}),
    channels=frozenset({ChannelId(2)}),
)
THRICE = Rules(
    exempt=True,
    allowance=Allowance(3 * DOLLAR, Window.DAY),
    rates=(RateLimit(3, 60),),
    open_jobs_most=3,
    video_micros_most=3 * DOLLAR,
    video_seconds_most=15,
    models=frozenset({ModelId("expensive"), ModelId("slow")}),
    channels=frozenset({ChannelId(3)}),
)
NAMES = [
    "exempt",
    "allowance",
    "rates",
    "open_jobs_most",
    "video_micros_most",
    "video_seconds_most",
    "models",
    "channels",
]

rate_limits = st.builds(RateLimit, st.integers(1, 4), st.integers(1, 20))
steps = st.lists(st.integers(0, 8_000), max_size=60)  # milliseconds between two requests


def test_the_first_day_allows_three_requests_a_minute_twenty_a_day_and_two_videos_at_once():
    assert SERVER_RULES.rates == (RateLimit(3, 60), RateLimit(20, 86_400))
    assert SERVER_RULES.open_jobs_most == 2
    assert SERVER_RULES.allowance is None


def test_a_server_rule_holds_where_no_one_says_more():
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
    assert held.video_micros_most == 3 * DOLLAR
    assert held.video_seconds_most == 15
    assert held.models == frozenset(ModelId(one) for one in ("cheap", "expensive", "slow"))
    assert held.channels == frozenset(ChannelId(one) for one in (1, 2, 3))


@pytest.mark.parametrize("seconds", [-1, 0, 3601])
def test_a_video_length_that_no_server_means_is_refused_with_what_to_choose(seconds):
    assert list(faults_of(Rules(video_seconds_most=1))) == []
    assert list(faults_of(Rules(video_seconds_most=3600))) == []
    [fault] = faults_of(Rules(video_seconds_most=seconds))
    assert "between 1 and 3600 seconds" in fault


def test_a_role_that_says_nothing_takes_nothing_from_the_others():
    assert effective(ONCE, [Rules(), TWICE, Rules()], None) == TWICE


def test_roles_are_compared_rule_by_rule_and_not_as_a_whole():
    artist = Rules(open_jobs_most=5, video_micros_most=DOLLAR)
    patron = Rules(open_jobs_most=1, video_micros_most=9 * DOLLAR)

    held = effective(Rules(), [artist, patron], None)

    assert (held.open_jobs_most, held.video_micros_most) == (5, 9 * DOLLAR)


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
    """The instants of requests that the limit let through, and those it refused with their hope."""
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
def test_in_no_stretch_of_the_period_are_more_requests_than_allowed(rate, waits):
    made, _ = made_under(rate, waits)

    stretch = timedelta(seconds=rate.per_seconds)
    for first in made:
        assert sum(1 for one in made if first <= one < first + stretch) <= rate.most


@given(rate=rate_limits, waits=steps)
def test_no_request_is_refused_that_would_have_fitted(rate, waits):
    _, refused = made_under(rate, waits)

    stretch = timedelta(seconds=rate.per_seconds)
    for made, now, _ in refused:
        assert sum(1 for one in made if now - stretch < one <= now) == rate.most


@given(rate=rate_limits, waits=steps)
def test_a_refusal_names_the_very_instant_at_which_the_next_request_fits(rate, waits):
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

    instants = sorted({now, *(one + stretch for one in made if one + stretch > now)})
    fits = [at for at in instants if sum(1 for one in made if one > at - stretch) < most]
    assert (free_at or now) == fits[0]


def test_requests_are_counted_oldest_first_and_not_beyond_the_period():
    rate = RateLimit(3, 60)
    ages = [10, 60, 59.999, 0, 61]
    instants = [NOW - timedelta(seconds=age) for age in ages]

    assert counted(instants, rate, NOW) == [NOW - timedelta(seconds=age) for age in (59.999, 10, 0)]


def test_where_nothing_is_allowed_no_wait_helps():
    nothing = RateLimit(0, 60)

    assert frees_at([], nothing, NOW) == NOW + timedelta(seconds=60)
    assert frees_at([], nothing, NOW + timedelta(seconds=60)) == NOW + timedelta(seconds=120)


def test_a_request_of_a_process_whose_clock_is_ahead_counts_too():
    ahead = NOW + timedelta(seconds=1)

    assert frees_at([ahead], RateLimit(1, 60), NOW) == ahead + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("server", "own", "found"),
    [
        (Rules(), Rules(allowance=Allowance(5, Window.DAY)), ("allowance",)),
        (Rules(allowance=Allowance(4, Window.DAY)), Rules(allowance=Allowance(5, Window.DAY)), ()),
        (
            Rules(allowance=Allowance(4, Window.DAY)),
            Rules(allowance=Allowance(5, Window.WEEK)),
            ("allowance",),
        ),
        (Rules(open_jobs_most=2), Rules(open_jobs_most=2), ()),
        (Rules(open_jobs_most=2), Rules(open_jobs_most=1), ("open_jobs_most",)),
        (Rules(), Rules(video_micros_most=5), ("video_micros_most",)),
        (Rules(rates=(RateLimit(3, 60),)), Rules(rates=(RateLimit(4, 60),)), ()),
        (Rules(rates=(RateLimit(3, 60),)), Rules(rates=(RateLimit(2, 60),)), ("rates",)),
        (Rules(rates=(RateLimit(3, 60),)), Rules(rates=(RateLimit(9, 3600),)), ("rates",)),
        (Rules(rates=(RateLimit(3, 60),)), Rules(rates=()), ()),
        (Rules(), Rules(rates=()), ()),
        (Rules(), Rules(rates=(RateLimit(9, 60),)), ("rates",)),
        (Rules(), Rules(models=frozenset({ModelId("a")})), ("models",)),
        (Rules(models=frozenset({ModelId("a")})), Rules(models=frozenset({ModelId("a")})), ()),
        (Rules(channels=frozenset({ChannelId(1)})), Rules(channels=frozenset()), ("channels",)),
        (Rules(), Rules(exempt=True, priority=True), ()),
        (Rules(open_jobs_most=2, video_micros_most=3), Rules(), ()),
    ],
    ids=str,
)
def test_a_rule_that_gives_less_than_the_servers_is_found(server, own, found):
    assert stricter(server, own) == found
