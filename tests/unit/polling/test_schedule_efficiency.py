"""The plan of looks, beside what no schedule can beat (bench/polling_bounds.py) and fixed intervals.

Sums over schedules, exact but for what was learnt; that comes of fixed seeds.
"""

import pytest

from bench.polling_bounds import Bound, bound_of
from bench.polling_ways import TRUTHS, WAYS, judged, ours

KNOWN, LEARNT = 0.95, 0.90  # shares of the bound that are promised
PRICES = (0.3, 3.0)

pytestmark = pytest.mark.parametrize("name", TRUTHS)


@pytest.fixture(scope="module")
def bounds() -> dict[str, Bound]:
    prices = [0.1 * 1.4**number for number in range(18)]
    return {name: bound_of(truth, prices) for name, truth in TRUTHS.items()}


@pytest.mark.parametrize("price", PRICES)
def test_where_the_time_of_videos_is_known_the_plan_is_as_good_as_any_can_be(bounds, name, price):
    found = ours(TRUTHS[name], bounds[name], price, None)

    assert found.efficiency >= KNOWN


@pytest.mark.parametrize("price", PRICES)
def test_after_twenty_videos_it_is_nearly_as_good(bounds, name, price):
    found = ours(TRUTHS[name], bounds[name], price, 20)

    assert found.efficiency >= LEARNT - 0.005  # for so few seeds


def test_the_usual_ways_are_far_from_it(bounds, name):
    """So the bound is one that can be missed."""
    found = [judged(TRUTHS[name], bounds[name], [plan()]) for plan in WAYS.values()]

    assert all(0 < one.efficiency < 0.65 for one in found)


def test_nothing_beats_the_bound(bounds, name):
    found = [ours(TRUTHS[name], bounds[name], price, None) for price in PRICES]

    assert all(one.efficiency <= 1.01 for one in found)  # the grids of both are not the same
