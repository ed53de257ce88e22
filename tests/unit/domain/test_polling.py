"""Looked at soon enough to be quick, and seldom enough to be a good guest."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot.domain.polling import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    backoff_seconds,
    next_look_at,
)
from tests.factories import NOW

ages = st.floats(-3600, 86_400)
expectations = st.floats(0, 7200)


def wait(age, expected):
    now = NOW + timedelta(seconds=age)
    return (next_look_at(NOW, expected, now) - now).total_seconds()


@given(ages, expectations)
def test_a_wait_is_never_shorter_or_longer_than_its_bounds(age, expected):
    assert SHORTEST_SECONDS <= wait(age, expected) <= LONGEST_SECONDS


@given(st.floats(0, 3600), st.floats(0, 3600), expectations)
def test_within_what_is_expected_the_pace_never_quickens(one, other, expected):
    younger, older = sorted((min(one, expected), min(other, expected)))

    assert wait(younger, expected) <= wait(older, expected)


@pytest.mark.parametrize(
    ("age", "expected", "seconds"),
    [(0, 120, 1.0), (4, 120, 2.0), (60, 120, 9.6), (200, 60, 30.0), (16, 5, 5.0), (-60, 120, 1.0)],
)
def test_the_quicker_pace_counts_until_a_film_is_late(age, expected, seconds):
    assert wait(age, expected) == pytest.approx(seconds)


def test_after_errors_the_wait_doubles_up_to_a_minute():
    assert [backoff_seconds(errors) for errors in range(9)] == [2, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_thousand_errors_still_wait_a_minute():
    assert backoff_seconds(1000) == 60
