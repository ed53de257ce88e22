"""When a log channel hears of the pool, and of what."""

import pytest
from hypothesis import given, strategies as st

from bot.money.admission import (
    admit,
    pool_alert,
)
from bot.money.limits import (
    LimitKind,
    refusals,
)
from tests.unit.money.admissions import make_standing, make_video, used_of


@pytest.mark.parametrize(
    ("used", "cost", "share"),
    [
        (0, 49, None),
        (0, 50, 50),
        (49, 1, 50),
        (50, 29, 50),
        (50, 30, 80),
        (10, 75, 80),
        (0, 100, 100),
        (99, 1, 100),
        (80, 19, 80),
    ],
)
def test_the_log_channel_hears_how_full_the_pool_is_with_a_video(used, cost, share):
    budget = used_of(make_standing(pool_micros=100), "pool", used)

    alert = admit(budget, make_video(cost)).alert

    assert (None if alert is None else alert.share) == share


@given(pool=st.integers(1, 1000), costs=st.lists(st.integers(1, 200), max_size=40))
def test_what_is_told_at_last_is_the_state_however_the_pool_is_used_up(pool, costs):
    told: list[str] = []
    used = 0
    for cost in costs:
        budget = used_of(make_standing(pool_micros=pool), "pool", used)
        if not refusals(budget, make_video(cost)):
            alert = admit(budget, make_video(cost)).alert
            told += [] if alert is None else [alert.mark]
            used += cost

    reached = [share for share in (50, 80, 100) if used * 100 >= share * pool]
    last = f"{pool}:{max(reached)}:used" if reached else None
    assert (told[-1] if told else None) == last
    assert len(dict.fromkeys(told)) <= 3


def test_a_server_without_a_cap_is_told_nothing():
    assert admit(make_standing(), make_video(10**9)).alert is None
    assert admit(make_standing(pool_micros=0), make_video(0)).alert is None


@pytest.mark.parametrize(
    ("used", "refused", "mark"),
    [
        (10, None, None),
        (10, 95, "100:0:refused"),
        (98, 12, "100:80:refused"),
        (98, None, "100:80:used"),
        (100, 12, "100:100:used"),
        (130, None, "100:100:over"),
        (130, 12, "100:100:over"),
    ],
)
def test_an_alert_follows_the_state_of_the_pool(used, refused, mark):
    """The kind: however it came to be so - a video, a lowered pool, a refusal, a more expensive end."""
    budget = used_of(make_standing(pool_micros=100), "pool", used)

    alert = pool_alert(budget.policy, budget.pool, used, refused)

    assert (None if alert is None else alert.mark) == mark


def test_after_a_pool_was_exceeded_no_video_is_accepted_however_cheap():
    budget = used_of(make_standing(pool_micros=100), "pool", 130)

    assert [one.kind for one in refusals(budget, make_video(1))] == [LimitKind.POOL]
