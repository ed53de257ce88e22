"""An account's budget of requests: every call to a service asks here first.

What was counted is never given back, so that a crash or a lost answer can only leave room unused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.budgets import Purpose, RequestRule
from bot.errors import ProviderRateLimitedError
from bot.ports import Clock, RequestBudgets

PATIENCE = timedelta(seconds=2)  # longer waits are the tracker's


class Pace:
    """The rules of one account, by the purpose of a request."""

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
        """Wait a moment if need be. Raises ProviderRateLimitedError: ask again at `retry_at`."""
        deadline = self._clock.now() + PATIENCE
        while (at := await self._budgets.take(self._rules[purpose], purpose)) is not None:
            if at > deadline:
                msg = f"our own budget of requests, {purpose}"
                raise ProviderRateLimitedError(msg, retry_at=at)
            await self._clock.sleep(max((at - self._clock.now()).total_seconds(), 0.01))

    async def free_at(self, purpose: Purpose) -> datetime | None:
        """When `take` would not raise; None: now."""
        at = await self._budgets.free_at(self._rules[purpose], purpose)
        return None if at is None or at <= self._clock.now() + PATIENCE else at

    async def used(self, rule: RequestRule) -> int:
        return await self._budgets.used(rule)
