"""Deletes messages meant for a time, such as the answer to a reaction, or a card that was replaced.

The message and its deletion time are a row: a timer in memory would leave it undeleted after a
restart. Two processes may delete the same message; the second finds it gone.
"""

import logging
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.delivery.messenger import NoticeMessenger
from bot.errors import (
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    MessageGoneError,
    MessageHeldError,
)
from bot.guilds.notices import MAX_PUT_OFF, TemporaryMessage, TemporaryMessages
from bot.ids import ChannelId, GuildId, MessageId
from bot.tasks import repeat

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 2.0
MAX_AT_ONCE = 20
SOONEST_AGAIN = timedelta(seconds=5)
GIVEN_UP_AFTER = timedelta(days=1)  # for a channel that refuses: the message is old news by then
FEWEST_ATTEMPTS = 20  # before that: setting a clock lets no time pass


class DeletionSchedule:
    """Schedules messages for deletion."""

    def __init__(self, messages: TemporaryMessages, clock: Clock) -> None:
        self._messages = messages
        self._clock = clock

    async def delete_later(
        self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId, *, seconds: float
    ) -> None:
        """Owe the deletion of a message just posted. Raises StorageError."""
        delete_at = self._clock.now() + timedelta(seconds=seconds)
        await self._messages.put(TemporaryMessage(guild_id, channel_id, message_id, delete_at))


class TemporaryMessageSweeper:
    """Deletes due messages, one per process."""

    def __init__(
        self, messages: TemporaryMessages, messenger: NoticeMessenger, clock: Clock
    ) -> None:
        self._messages = messages
        self._messenger = messenger
        self._clock = clock

    async def run(self) -> None:
        await repeat(self.run_once, SECONDS_BETWEEN, self._clock.sleep)

    async def run_once(self) -> None:
        for message in await self._messages.list_due(self._clock.now(), MAX_AT_ONCE):
            await self._delete(message)

    async def _delete(self, message: TemporaryMessage) -> None:
        try:
            await self._messenger.delete_message(message)
        except DeliveryError as error:
            tries = message.attempts + 1
            age = self._clock.now() - message.delete_at
            is_old = age >= GIVEN_UP_AFTER and tries >= FEWEST_ATTEMPTS
            if not (_is_gone(error) or (is_old and not _is_away(error))):
                details = {"message_id": message.message_id, "error": type(error).__name__}
                _log.info("message_not_deleted", extra=details)
                await self._messages.put_off(message, self._again_at(message))
                return
        await self._messages.remove(message)

    def _again_at(self, message: TemporaryMessage) -> datetime:
        """Wait as long as the deletion has been due so far, so that a short fault is soon over."""
        now = self._clock.now()
        return now + min(max(now - message.delete_at, SOONEST_AGAIN), MAX_PUT_OFF)


def _is_gone(error: DeliveryError) -> bool:
    """Whether nothing is left to delete. A missing permission may come back."""
    return isinstance(error, MessageGoneError | ChannelGoneError)


def _is_away(error: DeliveryError) -> bool:
    """Whether Discord is away or slow, for all messages: that ends, however long it takes."""
    return isinstance(error, DeliveryUnavailableError) and not isinstance(error, MessageHeldError)
