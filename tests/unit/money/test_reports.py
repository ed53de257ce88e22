"""What a month's videos came to, by member, model and day."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, strategies as st

from bot.ids import ChannelId, JobId, ModelId, UserId
from bot.money.reports import (
    Spending,
    Total,
    by_day,
    totals,
)
from tests.factories import NOW


def spent(micros, *, user=30, model="fake", at=NOW):
    return Spending(
        at, JobId("a"), UserId(user), ModelId(model), micros, micros, ChannelId(20), "a fox"
    )


def member(one):
    return str(one.user_id)


def test_the_most_expensive_come_first_and_equals_by_name():
    month = [spent(5, user=1), spent(9, user=3), spent(4, user=1), spent(20, user=2)]

    assert totals(month, member) == [Total("2", 1, 20), Total("1", 2, 9), Total("3", 1, 9)]


def test_the_same_videos_are_summed_by_whatever_name_is_asked_for():
    month = [spent(5, model="veo"), spent(9, model="wan"), spent(4, model="veo")]

    assert totals(month, lambda one: one.model_id) == [Total("veo", 2, 9), Total("wan", 1, 9)]


def test_a_video_that_was_given_back_was_no_video_and_cost_nothing():
    assert totals([spent(5), spent(7), spent(-5)], member) == [Total("30", 1, 7)]


def test_a_month_without_videos_comes_to_nothing():
    assert totals([], member) == []
    assert by_day([], "UTC") == {}


def test_days_are_those_of_the_servers_clock():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    month = [spent(7, at=late), spent(5, at=late - timedelta(hours=1)), spent(1, at=NOW)]

    assert by_day(month, "UTC") == {date(2026, 11, 21): 13}
    assert by_day(month, "Europe/Berlin") == {date(2026, 11, 21): 6, date(2026, 11, 22): 7}


spendings = st.builds(
    spent,
    st.integers(-1000, 1000),
    user=st.integers(1, 4),
    at=st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them naive
)


@given(st.lists(spendings))
def test_nothing_is_lost_between_members_days_and_the_whole(month):
    whole = sum(one.pool_micros for one in month)
    days = by_day(month, "Europe/Berlin")

    assert sum(total.micros for total in totals(month, member)) == whole
    assert sum(days.values()) == whole
    assert list(days) == sorted(days)
