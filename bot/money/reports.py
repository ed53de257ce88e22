"""Statements, overviews and reports: what members and admins see about money."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.catalog.pricing import Price
from bot.ids import ChannelId, JobId, ModelId, UserId
from bot.jobs.job import Job
from bot.money.changes import OpenedEvent
from bot.money.ledger import Forecast, Transaction
from bot.money.limits import BudgetSnapshot, Policy
from bot.money.policy import Override


@dataclass(frozen=True, slots=True)
class Spending:
    """One paid or refunded video (then below zero), in millionths of a dollar.

    Or an improved prompt; its `job_id` is then that of the improvement.
    """

    at: datetime
    job_id: JobId
    user_id: UserId
    model_id: ModelId
    pool_micros: int
    member_micros: int
    channel_id: ChannelId
    prompt: str
    is_video: bool = True


@dataclass(frozen=True, slots=True)
class Total:
    """Total of one member's, model's or day's videos."""

    name: str
    videos: int
    micros: int


def totals(spent: Sequence[Spending], name: Callable[[Spending], str]) -> list[Total]:
    """Totals, most expensive first, without those whose videos were all refunded."""
    groups: dict[str, list[Spending]] = {}
    for one in spent:
        groups.setdefault(name(one), []).append(one)
    summed = [
        Total(key, _videos(group), sum(one.pool_micros for one in group))
        for key, group in groups.items()
    ]
    left = [total for total in summed if total.videos or total.micros]
    return sorted(left, key=lambda total: (-total.micros, total.name))


def _videos(group: Sequence[Spending]) -> int:
    """Number of videos; a refund takes one off."""
    return sum(1 if one.pool_micros >= 0 else -1 for one in group if one.is_video)


def by_day(spent: Sequence[Spending], zone: str) -> dict[date, int]:
    """Millionths of a dollar per day of the server's time zone, oldest first."""
    days: dict[date, int] = {}
    for one in sorted(spent, key=lambda one: one.at):
        day = one.at.astimezone(ZoneInfo(zone)).date()
        days[day] = days.get(day, 0) + one.pool_micros
    return days


@dataclass(frozen=True, slots=True)
class UsageChart:
    """A month's chart: spending per day against its limit, and its shares."""

    title: str
    first: date
    last: date
    by_day: dict[date, int]  # millionths of a dollar; days without videos are left out
    limit_micros: int | None
    shares_title: str
    shares: tuple[Total, ...]  # the most expensive first


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's budget and activity; `video` names the default model and its usual price."""

    budget: BudgetSnapshot
    video: tuple[str, Price] | None
    open_jobs: tuple[Job, ...]
    latest: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All of a server's rules, and the month so far."""

    policy: Policy
    overrides: tuple[Override, ...]
    events: tuple[OpenedEvent, ...]
    used_micros: int  # of the month's pool, reservations included
    forecast: Forecast
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A month's videos: a chart, and totals by member and model."""

    title: str
    spent: tuple[Spending, ...]
    by_member: tuple[Total, ...]
    by_model: tuple[Total, ...]
    picture: bytes
