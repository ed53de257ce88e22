"""Bringing owed notices to their log channels, each once.

As with deliveries, the intent is written down first: what was about to be posted some time ago and
was not noted is looked for in the channel before it is posted.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.notices import Notice, NoticeState, posting
from bot.domain.polling import backoff_seconds
from bot.errors import ChannelGoneError, DeliveryError
from bot.ports import Clock, Courier, NoticeStore
from bot.services.posting import NONCE_TRUSTED_FOR

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 20
SECONDS_BETWEEN = 5.0
GIVEN_UP_AFTER = timedelta(days=1)


class Noticing:
    """One per process; who writes down the intent first posts."""

    def __init__(self, store: NoticeStore, courier: Courier, clock: Clock) -> None:
        self._store = store
        self._courier = courier
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self.run_once()
            await self._clock.sleep(SECONDS_BETWEEN)

    async def run_once(self) -> None:
        for notice in await self._store.list_owed(self._clock.now(), MOST_AT_ONCE):
            intent = posting(notice, self._clock.now())
            if await self._store.claim(intent):
                await self._store.save(await self._posted(intent))

    async def _posted(self, notice: Notice) -> Notice:
        now = self._clock.now()
        try:
            if not await self._found(notice, now):
                await self._courier.post_notice(notice)
        except ChannelGoneError:
            return replace(notice, state=NoticeState.UNDELIVERABLE)
        except DeliveryError as error:
            _log.info("notice_postponed", extra={"notice": notice.id, "error": str(error)})
            if now - notice.owed_at >= GIVEN_UP_AFTER:
                return replace(notice, state=NoticeState.UNDELIVERABLE)
            at = now + timedelta(seconds=backoff_seconds(notice.attempts))
            return replace(notice, next_attempt_at=at)
        return replace(notice, state=NoticeState.POSTED)

    async def _found(self, notice: Notice, now: datetime) -> bool:
        """Whether a post that was begun too long ago for its nonce to be trusted came through."""
        begun_at = notice.posting_at or now
        return now - begun_at >= NONCE_TRUSTED_FOR and await self._courier.find_notice(notice)
