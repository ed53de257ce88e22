"""Days, weeks and months on the clocks of real places."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from bot.money.windows import (
    Window,
    bounds,
    is_zone,
    label,
)

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
ZONES = [
    "UTC",
    BERLIN,
    NEW_YORK,
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour of summer time
    "America/Havana",  # summer time begins and ends at midnight
    "Africa/Cairo",  # so does Cairo's, at the other edge
    "Pacific/Apia",  # had no 30 December 2011
    "Pacific/Kiritimati",
]
HOUR = timedelta(hours=1)
instants = st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive
windows = st.sampled_from(Window)
zones = st.sampled_from(ZONES)


def length(window, now, zone):
    first, after = bounds(window, now, zone)
    return after - first


def utc(year, month, day, hour=0):
    return datetime(year, month, day, hour, tzinfo=UTC)


@given(window=windows, now=instants, zone=zones)
def test_every_instant_lies_in_exactly_one_window(window, now, zone):
    first, after = bounds(window, now, zone)

    assert first <= now < after
    assert bounds(window, first, zone) == (first, after)
    assert bounds(window, after - timedelta(microseconds=1), zone) == (first, after)
    assert bounds(window, after, zone)[0] == after


@given(window=windows, now=instants, zone=zones)
def test_a_window_has_one_name_and_the_next_one_another(window, now, zone):
    first, after = bounds(window, now, zone)

    name = label(window, now, zone)
    assert label(window, first, zone) == name
    assert label(window, after - timedelta(microseconds=1), zone) == name
    assert label(window, after, zone) > name
    assert label(window, first - timedelta(microseconds=1), zone) < name


@given(now=instants, zone=zones)
def test_a_week_begins_with_the_first_instant_of_a_monday(now, zone):
    first, after = bounds(Window.WEEK, now, zone)

    assert first.astimezone(ZoneInfo(zone)).weekday() == 0
    assert after.astimezone(ZoneInfo(zone)).weekday() == 0
    assert bounds(Window.DAY, first, zone)[0] == first


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (BERLIN, date(2026, 11, 21), 24),
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(zone, day, hours):
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))

    assert length(Window.DAY, noon, zone) == hours * HOUR
    assert label(Window.DAY, noon, zone) == day.isoformat()


@pytest.mark.parametrize("fold", [0, 1])
def test_both_hours_that_are_called_two_belong_to_the_day_of_the_change(fold):
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(BERLIN), fold=fold)

    assert bounds(Window.DAY, twice, BERLIN) == (utc(2026, 10, 24, 22), utc(2026, 10, 25, 23))


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        (BERLIN, utc(2026, 3, 29, 12), -1),
        (BERLIN, utc(2026, 10, 25, 12), 1),
        (NEW_YORK, utc(2026, 3, 8, 12), -1),
        (NEW_YORK, utc(2026, 11, 1, 12), 1),
    ],
)
def test_a_change_of_the_clock_moves_the_end_of_week_and_month_not_their_midnight(zone, now, hours):
    for window in (Window.WEEK, Window.MONTH):
        _, after = bounds(window, now, zone)
        assert after.astimezone(ZoneInfo(zone)).time().isoformat() == "00:00:00"
    assert length(Window.WEEK, now, zone) == timedelta(days=7) + hours * HOUR


@pytest.mark.parametrize(
    ("year", "month", "days"), [(2026, 2, 28), (2028, 2, 29), (2026, 4, 30), (2026, 12, 31)]
)
def test_a_month_has_the_days_that_it_has(year, month, days):
    for day in (1, days):
        now = utc(year, month, day, 12)
        assert length(Window.MONTH, now, "UTC") == timedelta(days=days)


@pytest.mark.parametrize(
    ("window", "zone", "name"),
    [
        (Window.DAY, "UTC", "2026-12-31"),
        (Window.DAY, "Asia/Tokyo", "2027-01-01"),
        (Window.WEEK, "UTC", "2026-W53"),
        (Window.WEEK, "Asia/Tokyo", "2026-W53"),
        (Window.MONTH, NEW_YORK, "2026-12"),
        (Window.MONTH, "Asia/Tokyo", "2027-01"),
    ],
)
def test_windows_are_called_as_the_servers_calendar_calls_them(window, zone, name):
    assert label(window, utc(2026, 12, 31, 20), zone) == name


@pytest.mark.parametrize("name", [*ZONES, "Etc/GMT+5"])
def test_a_zone_that_exists_is_one(name):
    assert is_zone(name)


@pytest.mark.parametrize("name", ["", "Berlin", "Europe", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_what_names_no_zone_is_none(name):
    assert not is_zone(name)


# The kind: files of the time zone database that mean another zone on another machine.
@pytest.mark.parametrize(
    "name",
    ["localtime", "posixrules", "Factory", "LocalTime", "posix/UTC", "right/UTC", "zone.tab"],
)
def test_a_file_that_is_this_machines_own_is_no_zone(name):
    assert not is_zone(name)


def test_windows_are_compared_by_about_how_many_days_they_have():
    assert [window.about_days for window in Window] == [1, 7, 30]
