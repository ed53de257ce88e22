"""Days, weeks and months in a server's time zone."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Window(StrEnum):
    """The period after which an allowance resets."""

    DAY = "day"
    WEEK = "week"  # from Monday
    MONTH = "month"

    @property
    def about_days(self) -> int:
        """Approximate length in days, to compare windows."""
        return {Window.DAY: 1, Window.WEEK: 7, Window.MONTH: 30}[self]


# `ZoneInfo` opens any file of the time zone database. The first two are the machine's own zone, or
# another zone's rules under another name, and mean something else on the next machine.
_NO_ZONES = frozenset({"localtime", "posixrules", "factory"})
_ALIASED = ("posix/", "right/")  # duplicates of all zones; `right/` counts leap seconds


def is_zone(name: str) -> bool:
    """Whether this names a time zone, such as `Europe/Berlin`, on every machine."""
    if name.lower() in _NO_ZONES or name.lower().startswith(_ALIASED):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def bounds(window: Window, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """First instant of the window around `now`, and of the next one, in UTC."""
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
    """The window's label: `2026-11-21`, `2026-W47` or `2026-11`."""
    local = now.astimezone(ZoneInfo(zone))
    if window is Window.DAY:
        return local.strftime("%Y-%m-%d")
    if window is Window.WEEK:
        return local.strftime("%G-W%V")
    return local.strftime("%Y-%m")
