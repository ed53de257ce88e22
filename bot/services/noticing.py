"""Bringing owed notices to their log channels, each once."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.domain.notices import Notice, NoticeState
from bot.domain.polling import backoff_seconds
from bot.errors import ChannelGoneError, DeliveryError
from bot.ports import Clock, Courier, NoticeStore

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 20
SECONDS_BETWEEN = 5.0
GIVEN_UP_AFTER = timedelta(days=1)


class Noticing:
    """One per process; a notice that two of them post is one message, by its nonce."""

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
            await self._store.save(await self._posted(notice))

    async def _posted(self, notice: Notice) -> Notice:
        now = self._clock.now()
        try:
            await self._courier.post_notice(notice)
        except ChannelGoneError:
            return replace(notice, state=NoticeState.UNDELIVERABLE)
        except DeliveryError as error:
            _log.info("notice_postponed", extra={"notice": notice.id, "error": str(error)})
            if now - notice.owed_at >= GIVEN_UP_AFTER:
                return replace(notice, state=NoticeState.UNDELIVERABLE)
            attempts = notice.attempts + 1
            at = now + timedelta(seconds=backoff_seconds(attempts))
            return replace(notice, attempts=attempts, next_attempt_at=at)
        return replace(notice, state=NoticeState.POSTED)
