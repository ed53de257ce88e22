"""What a server's films came to, for statements and charts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.ids import JobId, ModelId, UserId


@dataclass(frozen=True, slots=True)
class Spending:
    """One film that was paid for, or given back (then below zero), in millionths of a dollar."""

    at: datetime
    job_id: JobId
    user_id: UserId
    model_id: ModelId
    pool_micros: int
    member_micros: int


@dataclass(frozen=True, slots=True)
class Total:
    """What films of one member, model or day came to."""

    name: str
    films: int
    micros: int


def totals(spent: Sequence[Spending], name: Callable[[Spending], str]) -> list[Total]:
    """The dearest first, without those whose films were all given back."""
    groups: dict[str, list[Spending]] = {}
    for one in spent:
        groups.setdefault(name(one), []).append(one)
    summed = [
        Total(key, _films(group), sum(one.pool_micros for one in group))
        for key, group in groups.items()
    ]
    left = [total for total in summed if total.films or total.micros]
    return sorted(left, key=lambda total: (-total.micros, total.name))


def _films(group: Sequence[Spending]) -> int:
    """What was given back was no film."""
    return sum(1 if one.pool_micros >= 0 else -1 for one in group)


def by_day(spent: Sequence[Spending], zone: str) -> dict[date, int]:
    """Millionths of a dollar a day of the server's clock, oldest first."""
    days: dict[date, int] = {}
    for one in sorted(spent, key=lambda one: one.at):
        day = one.at.astimezone(ZoneInfo(zone)).date()
        days[day] = days.get(day, 0) + one.pool_micros
    return days


@dataclass(frozen=True, slots=True)
class UsageChart:
    """A month in a picture: money day by day against its limit, and who or what it went to."""

    title: str
    first: date
    last: date
    by_day: dict[date, int]  # millionths of a dollar; days without films are left out
    limit_micros: int | None
    shares_title: str
    shares: tuple[Total, ...]  # the dearest first
