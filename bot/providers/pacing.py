"""An account's request budget, which every call to a service takes from first.

A counted request is never returned, so a crash or a lost answer can only leave budget unused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import LeaseLostError, ProviderRateLimitedError
from bot.providers.contract import RequestBudgets
from bot.providers.request_limits import Purpose, RequestRule

PATIENCE = timedelta(seconds=2)  # longer waits are left to the worker


class Pace:
    """One account's request rules, by purpose."""

    def __init__(
        self,
        budgets: RequestBudgets,
        rules: Mapping[Purpose, Sequence[RequestRule]],
        clock: Clock,
    ) -> None:
        self._budgets = budgets
        self._rules = rules
        self._clock = clock

    async def take(self, purpose: Purpose) -> None:
        """Take one request, waiting briefly if needed.

        Raises ProviderRateLimitedError with `retry_at`.
        """
        deadline = self._clock.now() + PATIENCE
        while (at := await self._budgets.take(self._rules[purpose], purpose)) is not None:
            if at > deadline:
                msg = f"our own budget of requests, {purpose}"
                raise ProviderRateLimitedError(msg, retry_at=at)
            await self._clock.sleep(max((at - self._clock.now()).total_seconds(), 0.01))

    def ensure_before(self, stale_at: datetime | None) -> None:
        """Raise LeaseLostError from that instant on: the process may have been suspended."""
        if stale_at is not None and self._clock.now() >= stale_at:
            raise LeaseLostError("too late to send it")

    async def free_at(self, purpose: Purpose) -> datetime | None:
        """Return when `take` would not raise; None: now."""
        at = await self._budgets.free_at(self._rules[purpose], purpose)
        return None if at is None or at <= self._clock.now() + PATIENCE else at

    async def used(self, rule: RequestRule) -> int:
        return await self._budgets.used(rule)
