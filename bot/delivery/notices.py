"""Posts owed notices to their log channels, each once.

As with deliveries, the intent is written down first and acts as a lease. A notice whose posting
began some time ago and was not recorded is searched for in the channel before it is posted.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.delivery.leases import Instants, Lease, instants, nonce_is_trusted
from bot.delivery.messenger import NoticeMessenger
from bot.errors import (
    ChannelBlockedError,
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    LeaseLostError,
    MessageRefusedError,
)
from bot.guilds.notices import (
    Notice,
    NoticeState,
    NoticeStore,
    posting,
    renewed,
)
from bot.jobs.messages import LONGEST_BLOCKED_PAUSE
from bot.retries import backoff, backoff_seconds
from bot.tasks import repeat

_log = logging.getLogger(__name__)

MAX_AT_ONCE = 20
SECONDS_BETWEEN = 5.0
GIVEN_UP_AFTER = timedelta(days=1)
FEWEST_ATTEMPTS = 20  # about a quarter of an hour: setting a clock lets no time pass


class NoticeSender:
    """Posts notices, one per process; the first to write down the intent posts."""

    def __init__(self, store: NoticeStore, messenger: NoticeMessenger, clock: Clock) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock

    async def run(self) -> None:
        await repeat(self.run_once, SECONDS_BETWEEN, self._clock.sleep)

    async def run_once(self) -> None:
        for notice in await self._store.list_owed(self._clock.now(), MAX_AT_ONCE):
            taken_at = instants(self._clock)
            intent = posting(notice, taken_at[0])
            if not await self._store.claim(intent):
                continue
            try:
                await self._store.save(await self._posted(intent, taken_at))
            except LeaseLostError:
                _log.info("notice_moved_elsewhere", extra={"notice": notice.id})

    async def _posted(self, notice: Notice, taken_at: Instants) -> Notice:
        """The notice after an attempt. Raises LeaseLostError if another process posts it."""
        now = self._clock.now()
        try:
            async with self._lease(notice, taken_at).held():
                if not await self._found(notice, now):
                    await self._messenger.post_notice(notice)
        except DeliveryError as error:
            details = {"notice": notice.id, "error": f"{type(error).__name__} {error}"}
            is_old = now - notice.owed_at >= GIVEN_UP_AFTER and notice.attempts >= FEWEST_ATTEMPTS
            if _is_final(error) or is_old:
                _log.warning("notice_undeliverable", extra=details)
                return replace(notice, state=NoticeState.UNDELIVERABLE)
            _log.info("notice_postponed", extra=details)
            return replace(notice, next_attempt_at=now + _wait(notice, error))
        return replace(notice, state=NoticeState.POSTED)

    def _lease(self, notice: Notice, taken_at: Instants) -> Lease:
        async def renew() -> None:
            await self._store.save(renewed(notice, self._clock.now()))

        lasts = notice.next_attempt_at - taken_at[0]
        return Lease(renew, lasts, self._clock, taken_at)

    async def _found(self, notice: Notice, now: datetime) -> bool:
        """Whether an earlier post succeeded whose nonce is too old to trust."""
        if notice.posting_at is None:
            return False
        if nonce_is_trusted(notice.posting_at, notice.attempts, now):
            return False
        return await self._messenger.find_notice(notice)


def _is_final(error: DeliveryError) -> bool:
    """Whether a retry is pointless: a permission may come back, a channel does not."""
    return isinstance(error, ChannelGoneError | MessageRefusedError)


def _wait(notice: Notice, error: DeliveryError) -> timedelta:
    if isinstance(error, ChannelBlockedError):
        return backoff(notice.attempts, LONGEST_BLOCKED_PAUSE)
    asked = error.retry_after_seconds if isinstance(error, DeliveryUnavailableError) else 0.0
    wait = timedelta(seconds=max(backoff_seconds(notice.attempts), asked))
    return min(wait, LONGEST_BLOCKED_PAUSE)  # a longer one would count as a wrong clock's
