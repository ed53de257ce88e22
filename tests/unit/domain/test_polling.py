"""Looked at soon enough to be quick, and seldom enough to be a good guest."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from bot.domain.polling import (
    LONGEST_DEAR_GAP_SECONDS,
    LONGEST_GAP_SECONDS,
    SHORTEST_GAP_SECONDS,
    Distribution,
    InTheMaking,
    backoff_seconds,
    learn,
    longest_gap_seconds,
    next_look_at,
    seconds_to_next_look,
)
from tests.factories import NOW

DEAR = 5.0
ages = st.floats(0, 86_400)
prices = st.floats(0.01, 1000)
expectations = st.floats(0, 7200)


@given(st.lists(ages, max_size=5), expectations, prices)
def test_a_gap_is_never_shorter_or_longer_than_its_bounds(of_films, expected, price):
    films = [InTheMaking(learn([], expected), age) for age in of_films]

    assert SHORTEST_GAP_SECONDS <= seconds_to_next_look(films, price) <= LONGEST_GAP_SECONDS


@given(ages, expectations, prices, prices)
def test_a_dearer_look_is_never_sooner(age, expected, one, other):
    film = InTheMaking(learn([], expected), age)
    cheap, dear = sorted((one, other))

    assert seconds_to_next_look([film], cheap) <= seconds_to_next_look([film], dear)


@given(ages, expectations)
def test_more_films_are_looked_at_no_later(age, expected):
    film = InTheMaking(learn([], expected), age)

    together = seconds_to_next_look([film, film], DEAR)
    assert together <= seconds_to_next_look([film], DEAR)


def test_looks_are_closest_where_films_finish():
    takes = Distribution(log_mean=4.8, log_spread=0.2)  # about two minutes
    gaps = [seconds_to_next_look([InTheMaking(takes, age)], DEAR) for age in (10, 110)]

    assert gaps[0] == LONGEST_GAP_SECONDS
    assert gaps[1] < LONGEST_GAP_SECONDS / 2


@given(ages, expectations, prices)
def test_only_where_looks_are_dear_may_a_gap_be_longer_than_a_minute(age, expected, price):
    longest = longest_gap_seconds(price)
    film = InTheMaking(learn([], expected), age)

    assert LONGEST_GAP_SECONDS <= longest <= LONGEST_DEAR_GAP_SECONDS
    assert price > 1 or longest == LONGEST_GAP_SECONDS
    assert seconds_to_next_look([film], price, longest_seconds=longest) <= longest


def test_where_looks_are_free_a_film_far_quicker_than_expected_is_found_soon():
    age, looks = 0.0, []
    while age < 30:
        age += seconds_to_next_look([InTheMaking(learn([], 300), age)], 0.2)
        looks.append(age)

    assert all(later - earlier <= 1 + 0.25 * earlier for earlier, later in pairwise(looks))


def test_the_time_that_films_take_is_learnt_and_the_prior_fades():
    assert learn([], 120).quantile(0.5) == pytest.approx(120)
    assert learn([30.0] * 50, 120).quantile(0.5) == pytest.approx(30, rel=0.06)
    assert learn([30.0] * 50, 120).log_spread < learn([], 120).log_spread


def test_lately_counts_more_than_long_ago():
    faster = learn([30.0] * 30 + [120.0] * 30, 60).quantile(0.5)
    slower = learn([120.0] * 30 + [30.0] * 30, 60).quantile(0.5)

    assert faster < slower


@given(st.lists(st.floats(0, 1e5), max_size=20), expectations, ages, st.floats(0, 1e5))
def test_a_share_is_a_share_whatever_was_seen(seen, expected, age, seconds):
    takes = learn(seen, expected)

    assert 0 <= takes.finished_by(age) <= 1
    assert 0 <= InTheMaking(takes, age).finished_within(seconds) <= 1


def test_the_next_look_is_counted_from_now():
    now = NOW + timedelta(seconds=100)

    assert next_look_at(NOW, learn([], 100), DEAR, now) > now


def test_after_errors_the_wait_doubles_up_to_a_minute():
    assert [backoff_seconds(errors) for errors in range(9)] == [2, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_thousand_errors_still_wait_a_minute():
    assert backoff_seconds(1000) == 60
