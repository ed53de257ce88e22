"""The port `RequestBudgets`: a log of requests, so that no window of time holds too many.

A log and not a counter, because nobody says whether a service's hour is fixed or slides: the last
hour of every instant is held. The budget's row is locked for the transaction, on which PostgreSQL
serialises the processes that share an account, and keeps the latest instant that any of them saw.
The clock is read when the lock is had: waiting for it may take longer than a window. What was made
is stored rounded up to the millisecond and now is rounded down, so that no window is cut short.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.domain.budgets import Purpose, RequestRule
from bot.ports import Clock
from bot.storage import rows
from bot.storage.databases import Engine
from bot.storage.tables import Tables


class SqlRequestBudgets(Tables):
    """Budgets in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        super().__init__(engine)
        self._clock = clock

    async def take(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        async with self._engine.transaction() as connection:
            ordered = sorted(rules, key=lambda rule: rule.name)  # two processes never cross
            seen = [await self._lock(connection, rule) for rule in ordered]
            exact = self._clock.now()
            instants = [max(rows.milliseconds(exact), last_at) for last_at in seen]
            waits = [
                await self._wait(connection, rule, purpose, now)
                for rule, now in zip(ordered, instants, strict=True)
            ]
            longest = max((wait for wait in waits if wait is not None), default=None)
            if longest is not None:
                return longest
            for rule, now in zip(ordered, instants, strict=True):
                await self._count(connection, rule, now, max(now, _rounded_up(exact)))
        return None

    async def free_at(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        now = rows.milliseconds(self._clock.now())
        async with self._engine.reading() as connection:
            waits = [await self._wait(connection, rule, purpose, now) for rule in rules]
        return max((wait for wait in waits if wait is not None), default=None)

    async def used(self, rule: RequestRule) -> int:
        since = rows.milliseconds(self._clock.now()) - _window(rule)
        row = await self._read_one("count_requests", name=rule.name, since=since)
        return int(row["used"]) if row else 0

    async def _lock(self, connection: Any, rule: RequestRule) -> int:
        """Nobody else takes of this budget meanwhile; answers with the latest instant it saw."""
        row = await self._one(connection, "lock_budget", name=rule.name)
        return int(row["last_at"]) if row else 0

    async def _count(self, connection: Any, rule: RequestRule, now: int, made_at: int) -> None:
        """Note a request, and forget those that no longer count."""
        since = now - _window(rule)
        await self._one(connection, "forget_requests", name=rule.name, since=since)
        await self._one(connection, "move_budget", name=rule.name, now=now)
        await self._one(connection, "insert_request", name=rule.name, made_at=made_at)

    async def _wait(
        self, connection: Any, rule: RequestRule, purpose: Purpose, now: int
    ) -> datetime | None:
        """When one more of these is allowed; None: now."""
        since = now - _window(rule)
        row = await self._one(connection, "count_requests", name=rule.name, since=since)
        excess = (int(row["used"]) if row else 0) - rule.most_for(purpose)
        if excess < 0:
            return None
        first = await self._one(connection, "nth_request", name=rule.name, since=since, skip=excess)
        made_at = int(first["made_at"]) if first else now
        return rows.instant(made_at + _window(rule))


def _window(rule: RequestRule) -> int:
    """In milliseconds."""
    return int(timedelta(seconds=rule.per_seconds) / timedelta(milliseconds=1))


def _rounded_up(instant: datetime) -> int:
    """In milliseconds since 1970, as `rows.milliseconds` rounds down."""
    return rows.milliseconds(instant + timedelta(microseconds=999))
