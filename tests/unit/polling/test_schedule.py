"""Looked at soon enough to be quick, and seldom enough to be a good guest."""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from bot.polling.estimator import learn
from bot.polling.render_times import kernel
from bot.polling.schedule import (
    CHEAP_POLL_SECONDS,
    FREE_POLL_SECONDS,
    INSTANTS,
    LONGEST_GAP_SECONDS,
    LONGEST_KNOWN_GAP_SECONDS,
    SHORTEST_GAP_SECONDS,
    Rendering,
    cheapest_gap_seconds,
    longest_gap_seconds,
    seconds_to_next_poll,
)

EXPENSIVE = 5.0
TWO_MINUTES = kernel(math.log(120), 0.2)
ages = st.floats(0, 86_400)
prices = st.floats(0.01, 1000)
expectations = st.floats(0, 7200)
histories = st.lists(st.floats(0, 1e5), max_size=6)


def plan(age: float, seconds: float, looks_from: Sequence[float] = (), price: float = EXPENSIVE):
    """The ages of the looks until so many seconds have passed."""
    found, render_times = [age], learn(looks_from, 300)
    while found[-1] < age + seconds:
        video = Rendering(render_times, found[-1])
        found.append(found[-1] + seconds_to_next_poll([video], price))
    return found


def cost_of(gaps: Sequence[float], video: Rendering, price: float) -> float:
    """What looks after these gaps cost, waiting and looks, until the video is found."""
    at = [sum(gaps[:number]) for number in range(len(gaps) + 1)]
    cost = 0.0
    for before, after in pairwise(at):
        steps = [before + (after - before) * (number + 0.5) / 50 for number in range(50)]
        [seen], ready = video.shares_finished([before]), sum(video.shares_finished(steps)) / 50
        cost += (after - before) * (ready - seen) + price * (1 - seen)
    return cost


@given(histories, st.lists(ages, max_size=4), expectations, prices)
@settings(max_examples=50, deadline=None)
def test_a_gap_is_never_shorter_or_longer_than_its_bounds(seen, of_videos, expected, price):
    videos = [Rendering(learn(seen, expected), age) for age in of_videos]
    longest = longest_gap_seconds(videos, price)

    assert SHORTEST_GAP_SECONDS <= seconds_to_next_poll(videos, price) <= longest
    assert longest <= LONGEST_KNOWN_GAP_SECONDS


@given(histories, ages, expectations, st.floats(0.5, 1000))
@settings(max_examples=50, deadline=None)
def test_a_poll_at_twice_the_price_is_no_sooner(seen, age, expected, price):
    video = Rendering(learn(seen, expected), age)

    cheap, expensive = (seconds_to_next_poll([video], one) for one in (price, 2 * price))
    assert cheap <= expensive


@given(histories, ages, expectations)
@settings(max_examples=50, deadline=None)
def test_two_videos_alike_are_looked_at_no_later_than_one(seen, age, expected):
    video = Rendering(learn(seen, expected), age)

    together = seconds_to_next_poll([video, video], EXPENSIVE)
    assert together <= seconds_to_next_poll([video], EXPENSIVE)


def test_looks_are_closest_where_videos_finish():
    gaps = [seconds_to_next_poll([Rendering(TWO_MINUTES, age)], EXPENSIVE) for age in (10, 110)]

    assert gaps[0] > LONGEST_GAP_SECONDS
    assert gaps[1] < LONGEST_GAP_SECONDS / 2


@pytest.mark.parametrize("price", [0.3, 2.0, 17.0])
def test_no_other_first_look_is_cheaper(price):
    """Against every other instant, with the best that can follow it."""
    video = Rendering(TWO_MINUTES, 0.0)

    def rest_after(age: float) -> list[float]:
        gaps, until = [], age + 400
        while age < until:
            gaps.append(cheapest_gap_seconds([Rendering(TWO_MINUTES, age)], price))
            age += gaps[-1]
        return gaps

    ours = rest_after(0.0)
    best = cost_of(ours, video, price)
    for first in range(50, 180, 5):
        assert best <= cost_of([first, *rest_after(first)], video, price) * 1.005


def test_two_hills_are_looked_at_twice_and_the_valley_between_is_left_alone():
    render_times = learn([60.0, 61.0, 59.0, 300.0, 305.0, 295.0] * 8, 120)
    in_the_valley = seconds_to_next_poll([Rendering(render_times, 90.0)], EXPENSIVE)
    on_the_hill = seconds_to_next_poll([Rendering(render_times, 57.0)], EXPENSIVE)

    assert in_the_valley > 100
    assert on_the_hill < 15


def test_in_an_unknown_place_looks_come_at_2_4_8_16_seconds_while_they_are_cheap():
    looks = plan(0, 60, price=CHEAP_POLL_SECONDS)

    assert all(later <= max(2, 2 * earlier) for earlier, later in pairwise(looks))
    assert len(looks) < 12


def test_where_looks_are_free_a_video_far_quicker_than_expected_is_found_soon():
    looks = plan(0, 30, price=FREE_POLL_SECONDS)

    assert all(later - earlier <= 1 + 0.25 * earlier for earlier, later in pairwise(looks))


def test_once_videos_are_known_no_one_looks_at_2_4_and_8_seconds():
    assert len(plan(0, 60, [120.0, 130.0, 110.0, 125.0, 140.0] * 6, FREE_POLL_SECONDS)) < 4


def test_the_instants_that_are_thought_of_are_few_and_close_enough():
    assert len(INSTANTS) < 400  # which is what bounds the work of a plan
    assert all(
        later - earlier <= max(SHORTEST_GAP_SECONDS, 0.021 * later)
        for earlier, later in pairwise(INSTANTS)
    )


@given(histories, expectations, ages, st.floats(0, 1e5))
def test_a_share_is_a_share_whatever_was_seen(seen, expected, age, seconds):
    render_times = learn(seen, expected)

    assert 0 <= render_times.finished_by(age) <= 1
    [share] = Rendering(render_times, age).shares_finished([seconds])
    assert -1e-9 <= share <= 1 + 1e-9


def test_where_there_is_no_video_the_longest_gap_is_waited():
    assert seconds_to_next_poll([], 0.5) == timedelta(seconds=LONGEST_GAP_SECONDS).total_seconds()
