"""What the accounts at the providers hold, asked for now and then."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.errors import ProviderError
from bot.ids import ProviderName
from bot.ports import Clock, Provider

_log = logging.getLogger(__name__)

FRESH_FOR = timedelta(seconds=60)


class Balances:
    """Remembers each answer for a minute, the failures too."""

    def __init__(self, providers: Mapping[ProviderName, Provider], clock: Clock) -> None:
        self._providers = providers
        self._clock = clock
        self._known: dict[ProviderName, tuple[datetime, int | None]] = {}

    async def left_after(self, provider: ProviderName, cost_micros: int) -> int | None:
        """What the account will hold after this film; None where nobody can say."""
        held = await self._held(provider)
        return None if held is None else max(held - cost_micros, 0)

    async def _held(self, provider: ProviderName) -> int | None:
        now = self._clock.now()
        asked_at, held = self._known.get(provider, (None, None))
        if asked_at is not None and now - asked_at < FRESH_FOR:
            return held
        try:
            known = self._providers.get(provider)
            held = await known.balance_micros() if known else None
        except ProviderError as error:
            _log.info("balance_unknown", extra={"provider": provider, "detail": error.detail})
            held = None
        self._known[provider] = now, held
        return held
