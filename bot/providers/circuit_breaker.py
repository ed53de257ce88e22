"""Which providers are handed films at the moment, decided for all processes together.

The operator hears of it in the log, and the servers that chose a log channel hear of it there.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from bot.domain.availability import (
    Availability,
    PauseReason,
    failed,
    on_trial,
    refused,
    succeeded,
    without_trial,
)
from bot.domain.notices import Notice
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
)
from bot.ids import NoticeId, ProviderName
from bot.ports import AvailabilityStore, Clock, GuildStore, NoticeStore

_log = logging.getLogger(__name__)

_ANSWERED = (ContentRefusedError, GenerationFailedError, ProviderRejectedRequestError)
_REASONS = {
    ProviderCredentialsError: PauseReason.CREDENTIALS,
    ProviderBalanceError: PauseReason.BALANCE,
}

Words = Callable[[Availability], str]
Change = Callable[[Availability, datetime], Availability]


class Pauses:
    """Hears how submissions end. `words` says in a log channel what became of a provider."""

    def __init__(
        self,
        *,
        store: AvailabilityStore,
        guilds: GuildStore,
        notices: NoticeStore,
        clock: Clock,
        new_notice_id: Callable[[], NoticeId],
        words: Words,
    ) -> None:
        self._store = store
        self._guilds = guilds
        self._notices = notices
        self._clock = clock
        self._new_notice_id = new_notice_id
        self._words = words

    async def get(self, provider: ProviderName) -> Availability:
        return await self._store.get(provider)

    async def room(self, provider: ProviderName, wanted: int) -> int:
        """How many films may be prepared for it now: none while it is paused, one on trial."""
        known = await self._store.get(provider)
        if known.is_paused(self._clock.now()):
            return 0
        return min(wanted, 1) if known.is_on_trial else wanted

    async def begin(self, provider: ProviderName) -> bool:
        """Whether a film may be sent now; after a pause one may, and no other until it is known.

        Whoever may, and then sends nothing, says so with `withdraw`.
        """
        known, now = await self._store.get(provider), self._clock.now()
        if known.is_paused(now):
            return False
        return not known.is_on_trial or await self._store.replace(known, on_trial(known, now))

    async def withdraw(self, provider: ProviderName) -> None:
        """Nothing was sent: where it was on trial, another film may be."""
        await self._change(provider, without_trial)

    async def observe(self, provider: ProviderName, error: ProviderError | None) -> None:
        """How a submission ended; None for a success."""
        known, after = await self._change(provider, partial(_after, error))
        if after.reason is not known.reason:
            await self._tell(after)

    async def _change(
        self, provider: ProviderName, change: Change
    ) -> tuple[Availability, Availability]:
        """What was known, and is now; of several changes at once every one counts."""
        while True:
            known = await self._store.get(provider)
            after = change(known, self._clock.now())
            if after == known or await self._store.replace(known, after):
                return known, after

    async def _tell(self, availability: Availability) -> None:
        _log.log(
            logging.ERROR if availability.reason else logging.INFO,
            "provider_paused" if availability.reason else "provider_is_back",
            extra={"provider": availability.provider, "reason": availability.reason},
        )
        now = self._clock.now()
        text = self._words(availability)
        for guild_id, channel_id in await self._guilds.list_log_channels():
            notice = Notice(self._new_notice_id(), guild_id, channel_id, text, now, now)
            await self._notices.owe(notice)


def _after(error: ProviderError | None, known: Availability, now: datetime) -> Availability:
    if error is None or isinstance(error, _ANSWERED):
        return succeeded(known)
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return refused(known, reason, now)
    if isinstance(error, ProviderRateLimitedError):
        return without_trial(known, now)  # it answers, and says when to come again
    return failed(known, now)
