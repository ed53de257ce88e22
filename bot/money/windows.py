"""Days, weeks and months as a server's clock has them."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Window(StrEnum):
    """The time for which an allowance is given anew."""

    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"

    @property
    def about_days(self) -> int:
        """To compare windows with each other."""
        return {Window.DAY: 1, Window.WEEK: 7, Window.MONTH: 30}[self]


def is_zone(name: str) -> bool:
    """Whether this names a time zone, such as `Europe/Berlin`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def bounds(window: Window, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first instant of the window that `now` is in, and the first one after it, in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window is Window.DAY:
        first, after = midnight, midnight + timedelta(days=1)
    elif window is Window.WEEK:
        first = midnight - timedelta(days=local.weekday())
        after = first + timedelta(days=7)
    else:
        first = midnight.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    return first.astimezone(UTC), after.astimezone(UTC)


def label(window: Window, now: datetime, zone: str) -> str:
    """What this window is called: `2026-11-21`, `2026-W47`, `2026-11`."""
    local = now.astimezone(ZoneInfo(zone))
    if window is Window.DAY:
        return local.strftime("%Y-%m-%d")
    if window is Window.WEEK:
        return local.strftime("%G-W%V")
    return local.strftime("%Y-%m")
