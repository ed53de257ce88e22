"""Decide, for all processes together, which providers accept submissions.

A pause is reported in the log and in the log channels of servers. If only the operator can fix the
cause, admins of servers without a log channel whose members wait are notified once.
"""

import hashlib
import logging
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
)
from bot.guilds.notices import TO_ADMINS, Notice, NoticeStore
from bot.guilds.settings import GuildStore
from bot.ids import ID_BYTES, GuildId, NoticeId, ProviderName, spelled
from bot.providers.availability import (
    Availability,
    PauseReason,
    failed,
    on_trial,
    refused,
    succeeded,
    without_trial,
)
from bot.providers.contract import AvailabilityStore

_log = logging.getLogger(__name__)

_ANSWERED = (ContentRefusedError, GenerationFailedError, ProviderRejectedRequestError)
_REASONS = {
    ProviderCredentialsError: PauseReason.CREDENTIALS,
    ProviderBalanceError: PauseReason.BALANCE,
}

Words = Callable[[Availability], str]
Change = Callable[[Availability, datetime], Availability]


class CircuitBreakers:
    """The circuit breakers of all providers, fed with the outcomes of submissions.

    `words` writes the log-channel notice about a provider, and `label_of` returns its display name.
    """

    def __init__(
        self,
        *,
        store: AvailabilityStore,
        guilds: GuildStore,
        notices: NoticeStore,
        clock: Clock,
        new_notice_id: Callable[[], NoticeId],
        words: Words,
        label_of: Callable[[ProviderName], str] = str,
    ) -> None:
        self._store = store
        self._guilds = guilds
        self._notices = notices
        self._clock = clock
        self._new_notice_id = new_notice_id
        self._words = words
        self.label_of = label_of

    async def get(self, provider: ProviderName) -> Availability:
        return await self._store.get(provider)

    async def paused(self, providers: Collection[ProviderName]) -> set[ProviderName]:
        """Return those of the providers that are paused now."""
        now = self._clock.now()
        return {name for name in providers if (await self._store.get(name)).is_paused(now)}

    async def room(self, provider: ProviderName, wanted: int) -> int:
        """Return how many submissions to prepare: 0 while paused, 1 on trial."""
        known = await self._store.get(provider)
        if known.is_paused(self._clock.now()):
            return 0
        return min(wanted, 1) if known.is_on_trial else wanted

    async def begin(self, provider: ProviderName) -> bool:
        """Return whether to send now; on trial only one submission may be sent.

        A caller that gets True and then sends nothing calls `withdraw`.
        """
        known, now = await self._store.get(provider), self._clock.now()
        if known.is_paused(now):
            return False
        return not known.is_on_trial or await self._store.replace(known, on_trial(known, now))

    async def withdraw(self, provider: ProviderName) -> None:
        """Record that nothing was sent, which frees the trial slot."""
        await self._change(provider, without_trial)

    async def observe(self, provider: ProviderName, error: ProviderError | None) -> None:
        """Record the outcome of a submission; None is a success."""
        known, after = await self._change(provider, partial(_after, error))
        if after.reason is not known.reason:
            await self._notify(after)

    async def _change(
        self, provider: ProviderName, change: Change
    ) -> tuple[Availability, Availability]:
        """Apply a change, without losing a concurrent one; return both states."""
        while True:
            known = await self._store.get(provider)
            after = change(known, self._clock.now())
            if after == known or await self._store.replace(known, after):
                return known, after

    async def _notify(self, availability: Availability) -> None:
        _log.log(
            logging.ERROR if availability.reason else logging.INFO,
            "provider_paused" if availability.reason else "provider_is_back",
            extra={"provider": availability.provider, "reason": availability.reason},
        )
        now = self._clock.now()
        text = self._words(availability)
        details = set()
        for guild_id, channel_id in await self._guilds.list_log_channels():
            notice = Notice(self._new_notice_id(), guild_id, channel_id, text, now, now)
            await self._notices.owe(notice)
            details.add(guild_id)
        if availability.reason is None or not availability.reason.needs_operator:
            return
        waiting = await self._guilds.list_waiting_for(availability.provider)
        for guild_id in (one for one in waiting if one not in details):
            once = NoticeId(spelled(_digest(guild_id, availability)))
            await self._notices.owe(Notice(once, guild_id, TO_ADMINS, text, now, now))


def _digest(guild_id: GuildId, availability: Availability) -> bytes:
    """Hash the event, so that admins without a log channel are notified once."""
    details = f"{guild_id}:{availability.provider}:{availability.reason}"
    return hashlib.sha256(details.encode()).digest()[:ID_BYTES]


def _after(error: ProviderError | None, known: Availability, now: datetime) -> Availability:
    if error is None or isinstance(error, _ANSWERED):
        return succeeded(known)
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return refused(known, reason, now)
    if isinstance(error, ProviderRateLimitedError):
        return without_trial(known, now)  # it answers, and names the time to retry
    return failed(known, now)
