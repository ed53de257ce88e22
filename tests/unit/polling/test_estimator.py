"""How long videos take is learnt from few, forgotten in time, and never believed wholly."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from bot.polling.estimator import MAX_HISTORY, learn
from bot.polling.render_times import (
    CELLS,
    LAST_SECONDS,
    Distribution,
    kernel,
    mixed,
    of_parts,
)
from tests.distributions import quantile

histories = st.lists(st.floats(0, 1e6), max_size=8)
said = st.floats(0, 7200)


def videos(seed: int, many: int, median: float, spread: float) -> list[float]:
    random = Random(seed)  # noqa: S311 - chance for a test, not a secret
    return [random.lognormvariate(math.log(median), spread) for _ in range(many)]


def width(render_times: Distribution) -> float:
    """Between the quickest and the slowest tenth, as a factor."""
    return quantile(render_times, 0.9) / quantile(render_times, 0.1)


def test_what_no_one_has_seen_takes_what_it_is_said_to_take():
    assert quantile(learn([], 120), 0.5) == pytest.approx(120, rel=0.05)


def test_the_time_that_videos_take_is_learnt_and_the_prior_fades():
    assert quantile(learn([30.0] * 50, 120), 0.5) == pytest.approx(30, rel=0.06)
    assert width(learn([30.0] * 50, 120)) < width(learn([], 120)) / 2


def test_three_videos_say_more_than_the_service():
    assert quantile(learn([40.0, 44.0, 42.0], 180), 0.5) == pytest.approx(42, rel=0.2)


def test_lately_counts_more_than_long_ago():
    faster = learn([30.0] * 30 + [120.0] * 30, 60)
    slower = learn([120.0] * 30 + [30.0] * 30, 60)

    assert faster.finished_by(60) > 0.55 > 0.45 > slower.finished_by(60)


def test_a_history_with_one_hill_is_learnt_nearly_as_it_is():
    render_times, truth = learn(videos(1, MAX_HISTORY, 120, 0.3), 300), kernel(math.log(120), 0.3)

    for age in (60, 90, 120, 150, 200, 300):
        assert render_times.finished_by(age) == pytest.approx(truth.finished_by(age), abs=0.06)


def test_a_history_with_two_hills_is_learnt_with_two():
    fast, slow = videos(1, 35, 70, 0.1), videos(2, 15, 300, 0.1)
    render_times = learn([(slow if number % 3 == 2 else fast).pop() for number in range(45)], 120)
    in_the_valley = render_times.finished_by(200) - render_times.finished_by(110)

    assert in_the_valley < 0.08
    assert render_times.finished_by(90) > 0.4
    assert render_times.finished_by(240) < 0.9


def test_a_service_that_has_changed_is_believed_after_some_videos():
    before = videos(1, 60, 70, 0.1)
    middles = [
        quantile(learn([*videos(2, new, 300, 0.1), *before], 120), 0.5) for new in (2, 8, 30)
    ]

    assert middles[0] < 100
    assert middles[1] > 250
    assert middles[2] == pytest.approx(300, rel=0.1)


def test_while_nothing_changes_old_videos_are_not_forgotten():
    assert learn(videos(1, 100, 70, 0.1), 120).seen > 40


def test_one_video_that_took_an_hour_leaves_the_others_where_they_are():
    calm = videos(3, 30, 120, 0.1)
    render_times = learn([3600.0, *calm], 120)

    assert quantile(render_times, 0.5) == pytest.approx(quantile(learn(calm, 120), 0.5), rel=0.05)
    assert width(render_times) < 2.0


def test_anything_stays_possible():
    render_times = learn([120.0] * MAX_HISTORY, 120)

    assert render_times.finished_by(30) > 0
    assert render_times.finished_by(600) < 1


def test_videos_of_the_same_model_make_the_service_s_words_better():
    render_times = learn([], 300, alike=[60.0, 62.0, 58.0, 61.0])

    assert 50 < quantile(render_times, 0.5) < 95
    assert render_times.seen == 0


def test_videos_of_its_own_kind_count_more_than_videos_somewhat_alike():
    assert quantile(learn([200.0] * 10, 300, alike=[60.0] * 50), 0.5) == pytest.approx(200, rel=0.1)


def test_what_a_percentage_foretells_is_believed_for_the_most_part():
    render_times = learn([], 120)
    told = render_times.conditioned(60, 20)  # at this rate, 300 s

    assert quantile(told, 0.5) > quantile(render_times, 0.5)
    assert told.finished_by(150) > 0.05  # it may mean nothing


@pytest.mark.parametrize(("age", "percent"), [(60, 0), (60, 100), (60, 140), (0, 50), (0, -1)])
def test_a_percentage_that_says_nothing_changes_nothing(age, percent):
    render_times = learn([], 120)

    assert render_times.conditioned(age, percent) is render_times


@given(histories, said, histories, st.floats(0, 1e6), st.integers(-5, 105))
@settings(max_examples=50, deadline=None)
def test_a_distribution_is_one_whatever_was_seen(seen, expected, alike, age, percent):
    render_times = learn(seen, expected, alike).conditioned(age, percent)

    assert render_times.shares[0] == 0
    assert render_times.shares[-1] == pytest.approx(1)
    assert all(earlier <= later + 1e-12 for earlier, later in pairwise(render_times.shares))
    assert len(render_times.shares) == CELLS + 1


@given(histories, said, st.floats(0.01, 0.99))
@settings(max_examples=50, deadline=None)
def test_a_quantile_is_the_age_at_which_that_share_is_finished(seen, expected, share):
    render_times = learn(seen, expected)

    assert render_times.finished_by(quantile(render_times, share)) == pytest.approx(share, abs=1e-6)


def test_mixtures_are_as_likely_as_their_parts():
    both = mixed([(3, kernel(math.log(60), 0.1)), (1, kernel(math.log(600), 0.1))])

    assert both.finished_by(200) == pytest.approx(0.75)
    assert quantile(of_parts([1.0] * CELLS), 0.5) == pytest.approx(
        math.sqrt(0.25 * LAST_SECONDS), rel=0.02
    )
