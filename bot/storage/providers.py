"""The ports of providers: their recent availability, and budgets of requests to them.

A budget is a log of requests, so that no window of time holds too many. A log and not a counter, because no service documents whether its hour is fixed or slides: the limit
holds for the last hour before every instant. The budget's row is locked for the transaction, on
which PostgreSQL serialises the processes that share an account, and keeps the latest instant that
any of them saw. An instant further ahead than clocks may differ came from a wrong clock: it is
rewritten to now, or a budget would stay closed until that instant comes.

The clock is read once the lock is held: waiting for it may take longer than a window. A request's
instant is stored rounded up to the millisecond and now is rounded down, so that no window is cut
short.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.ids import ProviderName
from bot.instants import CLOCKS_DIFFER_BY
from bot.providers.availability import Availability, PauseReason
from bot.providers.request_limits import Purpose, RequestRule
from bot.storage import rows
from bot.storage.engines.batching import Batching
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.rows import Parameters, Row


class SqlAvailabilityStore:
    """Recent availability of providers, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = Batching(self._get_all)

    async def get(self, provider: ProviderName) -> Availability:
        return await self._known.ask(provider) or Availability(provider)

    async def _get_all(self, providers: Sequence[ProviderName]) -> dict[ProviderName, Availability]:
        found = {
            provider: await self._engine.read_one("get_availability", provider=provider)
            for provider in providers
        }
        read = self._engine.readable(filter(None, found.values()), _availability_from)
        known = {one.provider: one for one in read}
        for provider in [one for one, row in found.items() if row and one not in known]:
            await self._engine.write("forget_availability", provider=provider)  # learned again soon
        return known

    async def replace(self, known: Availability, after: Availability) -> bool:
        until, reason = after.paused_until, after.reason
        async with self._engine.transaction() as tx:
            row = await tx.one(
                "replace_availability",
                provider=after.provider,
                failures_in_row=after.failures_in_row,
                pauses_in_row=after.pauses_in_row,
                paused_until=None if until is None else rows.milliseconds(until),
                reason=None if reason is None else reason.value,
                **_known(known),
            )
        return row is not None


def _availability_from(row: Row) -> Availability:
    until, reason = row["paused_until"], row["reason"]
    with rows.reading(f"the pause of {row['provider']}"):
        return Availability(
            ProviderName(row["provider"]),
            row["failures_in_row"],
            row["pauses_in_row"],
            None if until is None else rows.instant(until),
            None if reason is None else PauseReason(reason),
        )


def _known(known: Availability) -> Parameters:
    until, reason = known.paused_until, known.reason
    return {
        "known_failures_in_row": known.failures_in_row,
        "known_pauses_in_row": known.pauses_in_row,
        "known_paused_until": -1 if until is None else rows.milliseconds(until),
        "known_reason": "" if reason is None else reason.value,
    }


class SqlRequestBudgets:
    """Request budgets in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def take(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        async with self._engine.transaction() as tx:
            ordered = sorted(rules, key=lambda rule: rule.name)  # one lock order: no deadlocks
            seen = [await self._lock(tx, rule) for rule in ordered]
            exact = self._clock.now()
            present = rows.milliseconds(exact)
            for rule in ordered:
                await self._redate(tx, rule, present)
            latest = _latest(present)
            instants = [max(present, one if one <= latest else present) for one in seen]
            waits = [
                await self._wait(tx, rule, purpose, now)
                for rule, now in zip(ordered, instants, strict=True)
            ]
            longest = max((wait for wait in waits if wait is not None), default=None)
            if longest is not None:
                return longest
            for rule, now in zip(ordered, instants, strict=True):
                await self._count(tx, rule, now, max(now, _rounded_up(exact)))
        return None

    async def free_at(self, rules: Sequence[RequestRule], purpose: Purpose) -> datetime | None:
        now = rows.milliseconds(self._clock.now())
        await self._redate_all(rules, now)
        async with self._engine.reading() as tx:
            waits = [await self._wait(tx, rule, purpose, now) for rule in rules]
        return max((wait for wait in waits if wait is not None), default=None)

    async def used(self, rule: RequestRule) -> int:
        since = rows.milliseconds(self._clock.now()) - _window(rule)
        row = await self._engine.read_one("count_requests", name=rule.name, since=since)
        return int(row["used"]) if row else 0

    async def _redate_all(self, rules: Sequence[RequestRule], now: int) -> None:
        """Redate requests only if any lie ahead, so that most calls write nothing."""
        ahead = [
            rule
            for rule in rules
            if await self._engine.read_one(
                "find_request_ahead", name=rule.name, latest=_latest(now)
            )
        ]
        if not ahead:
            return
        async with self._engine.transaction() as tx:
            for rule in sorted(ahead, key=lambda rule: rule.name):
                await self._lock(tx, rule)
                await self._redate(tx, rule, now)

    async def _redate(self, tx: SqlTransaction, rule: RequestRule, now: int) -> None:
        """Date requests of a clock that was ahead to now; the budget's row is locked."""
        await tx.all("redate_requests", name=rule.name, now=now, latest=_latest(now))

    async def _lock(self, tx: SqlTransaction, rule: RequestRule) -> int:
        """Lock the budget and return the latest instant it saw, in milliseconds."""
        row = await tx.one("lock_budget", name=rule.name)
        return int(row["last_at"]) if row else 0

    async def _count(self, tx: SqlTransaction, rule: RequestRule, now: int, made_at: int) -> None:
        """Record a request and drop those that no longer count."""
        since = now - _window(rule)
        await tx.one("forget_requests", name=rule.name, since=since)
        await tx.one("move_budget", name=rule.name, now=now)
        await tx.one("insert_request", name=rule.name, made_at=made_at)

    async def _wait(
        self, tx: SqlTransaction, rule: RequestRule, purpose: Purpose, now: int
    ) -> datetime | None:
        """Instant at which one more of these is allowed; None means now."""
        since = now - _window(rule)
        row = await tx.one("count_requests", name=rule.name, since=since)
        excess = (int(row["used"]) if row else 0) - rule.most_for(purpose)
        if excess < 0:
            return None
        first = await tx.one("nth_request", name=rule.name, since=since, skip=excess)
        made_at = int(first["made_at"]) if first else now
        return rows.instant(made_at + _window(rule))


def _window(rule: RequestRule) -> int:
    """The rule's window in milliseconds."""
    return int(timedelta(seconds=rule.per_seconds) / timedelta(milliseconds=1))


def _latest(now: int) -> int:
    """The latest now of any other clock, in milliseconds since 1970."""
    return now + CLOCKS_DIFFER_BY // timedelta(milliseconds=1)


def _rounded_up(instant: datetime) -> int:
    """Milliseconds since 1970, rounded up; `rows.milliseconds` rounds down."""
    return rows.milliseconds(instant + timedelta(microseconds=999))
