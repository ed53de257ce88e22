"""What a member of a server may do: rate limits, a concurrency limit, an allowance, permissions.

A server's rules hold for everybody; a role may have its own, and so may a member. Each rule is
looked up by itself: the member's own, else the best that any of the member's roles has, else the
server's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.domain.windows import Window
from bot.ids import ChannelId, ModelId

Name = TypeVar("Name", ModelId, ChannelId)

RATE_MOST = 1000  # so that the instants of one limit fit in one row
PERIODS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most so many wishes in any stretch of so many seconds."""

    most: int
    per_seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """A member's money for a window, in millionths of a dollar."""

    micros: int
    window: Window

    @property
    def micros_a_day(self) -> float:
        return self.micros / self.window.about_days


@dataclass(frozen=True, slots=True)
class Rules:
    """What is said for a server, a role or a member. None: nothing is said here."""

    exempt: bool | None = None  # from everything here, not from the pool
    allowance: Allowance | None = None
    rates: tuple[RateLimit, ...] | None = None
    open_jobs_most: int | None = None
    film_micros_most: int | None = None  # what one film may cost
    models: frozenset[ModelId] | None = None  # those allowed
    channels: frozenset[ChannelId] | None = None  # those allowed
    priority: bool | None = None  # before others in the queue

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, field.name) is None for field in fields(self))


SERVER_RULES = Rules(rates=(RateLimit(3, 60), RateLimit(20, 86_400)), open_jobs_most=2)


def effective(server: Rules, roles: Sequence[Rules], own: Rules | None) -> Rules:
    """The rules that hold for one member; None where nothing limits."""
    best = _best(roles)
    chain = [rules for rules in (own, best, server) if rules is not None]
    return Rules(**{field.name: _first(chain, field.name) for field in fields(Rules)})


def _first(chain: Iterable[Rules], name: str) -> Any:
    said = (getattr(rules, name) for rules in chain)
    return next((value for value in said if value is not None), None)


def _best(roles: Sequence[Rules]) -> Rules:
    """Of several roles, rule by rule, the most generous."""
    allowances = [rules.allowance for rules in roles if rules.allowance is not None]
    return Rules(
        exempt=_most([rules.exempt for rules in roles]),
        priority=_most([rules.priority for rules in roles]),
        allowance=max(allowances, key=lambda one: one.micros_a_day, default=None),
        rates=_best_rates([rules.rates for rules in roles if rules.rates is not None]),
        open_jobs_most=_most([rules.open_jobs_most for rules in roles]),
        film_micros_most=_most([rules.film_micros_most for rules in roles]),
        models=_united([rules.models for rules in roles if rules.models is not None]),
        channels=_united([rules.channels for rules in roles if rules.channels is not None]),
    )


def _most(values: Sequence[int | None]) -> Any:
    return max((value for value in values if value is not None), default=None)


def _united(sets: Sequence[frozenset[Name]]) -> frozenset[Name] | None:
    return frozenset[Name]().union(*sets) if sets else None


def _best_rates(said: Sequence[tuple[RateLimit, ...]]) -> tuple[RateLimit, ...] | None:
    """A period that one of the roles does not limit is not limited."""
    if not said:
        return None
    by_period = [{rate.per_seconds: rate.most for rate in rates} for rates in said]
    shared = sorted(set(by_period[0]).intersection(*by_period[1:]))
    return tuple(RateLimit(max(rates[period] for rates in by_period), period) for period in shared)


def counted(instants: Sequence[datetime], rate: RateLimit, now: datetime) -> list[datetime]:
    """Those of the wishes made that the limit still counts, oldest first."""
    since = now - timedelta(seconds=rate.per_seconds)
    return sorted(instant for instant in instants if instant > since)


def frees_at(instants: Sequence[datetime], rate: RateLimit, now: datetime) -> datetime | None:
    """When one more is allowed; None: now. For ever later where nothing is allowed at all."""
    used = counted(instants, rate, now)
    if len(used) < rate.most:
        return None
    if rate.most == 0:
        return now + timedelta(seconds=rate.per_seconds)
    return used[len(used) - rate.most] + timedelta(seconds=rate.per_seconds)
