"""The kind: a gateway that closes again and again, in whatever rhythm, for a whole day.

Its members: it closes at once, after a minute, after eleven minutes, after READY or before it;
the bot is restarted in a loop by anyone who watches it; the clock was wrong when it identified;
Discord says that few or none of the day's IDENTIFYs are left.
"""

from datetime import datetime, timedelta

import pytest

from bot.gateway import SessionStarts, wait_after, wait_for_allowance
from tests.factories import NOW

DAY_SECONDS = 86_400
ALLOWED_A_DAY = 1_000


def identifies_in_a_day(session_seconds):
    """How often a shard identifies whose sessions all last `session_seconds`."""
    times: list[datetime] = []
    now = NOW
    while now < NOW + timedelta(days=1):
        now += timedelta(seconds=wait_after(times, now))
        times.append(now)
        now += timedelta(seconds=session_seconds)
    return len(times)


@pytest.mark.parametrize("session_seconds", [0.1, 1, 11, 16, 60, 120, 660])
def test_a_gateway_that_closes_all_day_uses_a_quarter_of_the_allowance_at_most(session_seconds):
    assert 80 < identifies_in_a_day(session_seconds) <= ALLOWED_A_DAY / 4


def test_the_first_session_begins_at_once_and_the_next_after_five_seconds():
    assert wait_after([], NOW) == 0
    assert wait_after([NOW], NOW) == 5
    assert wait_after([NOW - timedelta(seconds=4)], NOW) == 1
    assert wait_after([NOW - timedelta(seconds=5)], NOW) == 0


def test_waits_double_up_to_ten_minutes():
    waits = [wait_after([NOW] * times, NOW) for times in range(1, 10)]

    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]


def test_a_session_of_an_hour_ago_counts_no_more():
    assert wait_after([NOW - timedelta(hours=1)] * 9, NOW) == 0


def test_identifies_of_a_clock_that_was_ahead_hold_no_one_up_for_longer_than_usual():
    ahead = NOW + timedelta(days=400)

    assert wait_after([ahead], NOW) == 5
    assert wait_after([ahead] * 20, NOW) == 600


@pytest.mark.parametrize(("remaining", "needed"), [(0, 1), (1, 2), (15, 16)])
def test_without_enough_identifies_it_waits_for_the_reset(remaining, needed):
    starts = SessionStarts(total=1_000, remaining=remaining, reset_after_seconds=3_600)

    assert wait_for_allowance(starts, needed) == 3_600


def test_plentiful_identifies_cost_no_wait_and_scarce_ones_are_spread_until_the_reset():
    def left(remaining):
        return wait_for_allowance(SessionStarts(1_000, remaining, DAY_SECONDS))

    assert left(1_000) == left(201) == 0
    assert left(200) == pytest.approx(DAY_SECONDS / 201)
    assert left(1) == DAY_SECONDS / 2


@pytest.mark.parametrize("start_seconds", [1, 30])
def test_a_bot_that_is_restarted_in_a_loop_never_uses_the_days_identifies_up(start_seconds):
    identified = []
    second = 0.0
    while second < DAY_SECONDS:
        identified.append(second)
        starts = SessionStarts(ALLOWED_A_DAY, ALLOWED_A_DAY - len(identified), DAY_SECONDS - second)
        second += start_seconds + wait_for_allowance(starts)

    assert 800 < len(identified) <= ALLOWED_A_DAY
    assert DAY_SECONDS - identified[-1] < 3_600, "it was connected until the end of the day"
