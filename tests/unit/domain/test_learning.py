"""How long films take is learnt from few, forgotten in time, and never believed wholly."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings, strategies as st

from bot.domain.distributions import CELLS, LAST_SECONDS, Distribution, hill, mixed, of_parts
from bot.domain.learning import HISTORY_MOST, learn

histories = st.lists(st.floats(0, 1e6), max_size=8)
said = st.floats(0, 7200)


def films(seed: int, many: int, median: float, spread: float) -> list[float]:
    random = Random(seed)  # noqa: S311 - chance for a test, not a secret
    return [random.lognormvariate(math.log(median), spread) for _ in range(many)]


def width(takes: Distribution) -> float:
    """Between the quickest and the slowest tenth, as a factor."""
    return takes.quantile(0.9) / takes.quantile(0.1)


def test_what_nobody_has_seen_takes_what_it_is_said_to_take():
    assert learn([], 120).quantile(0.5) == pytest.approx(120, rel=0.05)


def test_the_time_that_films_take_is_learnt_and_the_prior_fades():
    assert learn([30.0] * 50, 120).quantile(0.5) == pytest.approx(30, rel=0.06)
    assert width(learn([30.0] * 50, 120)) < width(learn([], 120)) / 2


def test_three_films_say_more_than_the_service():
    assert learn([40.0, 44.0, 42.0], 180).quantile(0.5) == pytest.approx(42, rel=0.2)


def test_lately_counts_more_than_long_ago():
    faster = learn([30.0] * 30 + [120.0] * 30, 60)
    slower = learn([120.0] * 30 + [30.0] * 30, 60)

    assert faster.finished_by(60) > 0.55 > 0.45 > slower.finished_by(60)


def test_a_history_with_one_hill_is_learnt_nearly_as_it_is():
    takes, truth = learn(films(1, HISTORY_MOST, 120, 0.3), 300), hill(math.log(120), 0.3)

    for age in (60, 90, 120, 150, 200, 300):
        assert takes.finished_by(age) == pytest.approx(truth.finished_by(age), abs=0.06)


def test_a_history_with_two_hills_is_learnt_with_two():
    fast, slow = films(1, 35, 70, 0.1), films(2, 15, 300, 0.1)
    takes = learn([(slow if number % 3 == 2 else fast).pop() for number in range(45)], 120)
    in_the_valley = takes.finished_by(200) - takes.finished_by(110)

    assert in_the_valley < 0.08
    assert takes.finished_by(90) > 0.4
    assert takes.finished_by(240) < 0.9


def test_a_service_that_has_changed_is_believed_after_some_films():
    before = films(1, 60, 70, 0.1)
    middles = [learn([*films(2, new, 300, 0.1), *before], 120).quantile(0.5) for new in (2, 8, 30)]

    assert middles[0] < 100
    assert middles[1] > 250
    assert middles[2] == pytest.approx(300, rel=0.1)


def test_while_nothing_changes_old_films_are_not_forgotten():
    assert learn(films(1, 100, 70, 0.1), 120).seen > 40


def test_one_film_that_took_an_hour_leaves_the_others_where_they_are():
    calm = films(3, 30, 120, 0.1)
    takes = learn([3600.0, *calm], 120)

    assert takes.quantile(0.5) == pytest.approx(learn(calm, 120).quantile(0.5), rel=0.05)
    assert width(takes) < 2.0


def test_anything_stays_possible():
    takes = learn([120.0] * HISTORY_MOST, 120)

    assert takes.finished_by(30) > 0
    assert takes.finished_by(600) < 1


def test_films_of_the_same_model_make_the_service_s_words_better():
    takes = learn([], 300, alike=[60.0, 62.0, 58.0, 61.0])

    assert 50 < takes.quantile(0.5) < 95
    assert takes.seen == 0


def test_films_of_its_own_kind_count_more_than_films_somewhat_alike():
    assert learn([200.0] * 10, 300, alike=[60.0] * 50).quantile(0.5) == pytest.approx(200, rel=0.1)


def test_what_a_percentage_foretells_is_believed_for_the_most_part():
    takes = learn([], 120)
    told = takes.foretold(60, 20)  # at this rate, 300 s

    assert told.quantile(0.5) > takes.quantile(0.5)
    assert told.finished_by(150) > 0.05  # it may mean nothing


@pytest.mark.parametrize(("age", "percent"), [(60, 0), (60, 100), (60, 140), (0, 50), (0, -1)])
def test_a_percentage_that_says_nothing_changes_nothing(age, percent):
    takes = learn([], 120)

    assert takes.foretold(age, percent) is takes


@given(histories, said, histories, st.floats(0, 1e6), st.integers(-5, 105))
@settings(max_examples=50, deadline=None)
def test_a_distribution_is_one_whatever_was_seen(seen, expected, alike, age, percent):
    takes = learn(seen, expected, alike).foretold(age, percent)

    assert takes.shares[0] == 0
    assert takes.shares[-1] == pytest.approx(1)
    assert all(earlier <= later + 1e-12 for earlier, later in pairwise(takes.shares))
    assert len(takes.shares) == CELLS + 1


@given(histories, said, st.floats(0.01, 0.99))
@settings(max_examples=50, deadline=None)
def test_a_quantile_is_the_age_at_which_that_share_is_finished(seen, expected, share):
    takes = learn(seen, expected)

    assert takes.finished_by(takes.quantile(share)) == pytest.approx(share, abs=1e-6)


def test_mixtures_are_as_likely_as_their_parts():
    both = mixed([(3, hill(math.log(60), 0.1)), (1, hill(math.log(600), 0.1))])

    assert both.finished_by(200) == pytest.approx(0.75)
    assert of_parts([1.0] * CELLS).quantile(0.5) == pytest.approx(
        math.sqrt(0.25 * LAST_SECONDS), rel=0.02
    )
