"""Reading a message that has a reaction: once a minute, however many react.

Reactions are free, and each would cost a request of the few that Discord allows for a channel.
"""

import logging
from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.clock import Clock
from bot.instants import is_within
from bot.ordering.intake import Gates
from cogs._shared import pictures
from cogs._shared.pictures import Picture

_log = logging.getLogger(__name__)

PAUSES_SECONDS = (0.0, 1.0, 3.0, 10.0)  # before each try to read a message
HOLDS_FOR = timedelta(minutes=1)
MAX_REMEMBERED = 1000
MOST_FORWARDS = 5  # of forwards that are followed to the first message


class Throttle:
    """Allow one answer a minute, or a few, per subject; remembers a thousand subjects."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[Hashable, datetime] = {}

    def allow(self, subject: Hashable) -> bool:
        """Return whether to answer now; if so, this answer counts."""
        if self.is_exhausted(subject):
            return False
        _make_room(self._last)
        self._last[subject] = self._clock.now()
        return True

    def allow_times(self, subject: Hashable, times: int) -> bool:
        """Return whether to answer now, up to so many times a minute; if so, it counts."""
        return any(self.allow((subject, number)) for number in range(times))

    def is_exhausted(self, subject: Hashable) -> bool:
        """Whether this subject was answered within the last minute."""
        last = self._last.get(subject)
        return last is not None and is_within(last, HOLDS_FOR, self._clock.now())

    def forget(self, subject: Hashable) -> None:
        """Let the next answer pass at once."""
        self._last.pop(subject, None)


class Reader:
    """Read messages by REST; cache each, or that it can't be read, for a minute."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._one_each = Gates(1)
        self._read: dict[int, tuple[datetime, discord.Message | None]] = {}

    async def read(
        self, channel_id: int, guild_id: int | None, message_id: int
    ) -> discord.Message | None:
        """Return the message; None if it is gone, may not be read, or every try failed."""
        async with self._one_each.one_of(message_id):
            read_at, known = self._read.get(message_id, (None, None))
            if read_at is not None and is_within(read_at, HOLDS_FOR, self._clock.now()):
                return known
            channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
            return await self._ask(channel, message_id)

    async def pictures_of(self, message: discord.Message) -> list[Picture]:
        """Every picture of a message with its owner: of what was forwarded, its first author."""
        found = pictures.of_message(message)
        if not found or not message.message_snapshots:
            return found
        original = await self.original(message)
        own = {file.id for file in message.attachments}
        return [
            picture
            if original is None or picture.key in {f"a{number}" for number in own}
            else replace(picture, owner=pictures.owner_of(original, picture.key))
            for picture in found
        ]

    async def original(self, message: discord.Message) -> discord.Message | None:
        """Return the message that this one forwards, perhaps through others, if it can be read."""
        found: discord.Message | None = None
        for _ in range(MOST_FORWARDS):
            last = found or message
            forwarded = last.reference if last.message_snapshots else None
            if forwarded is None or forwarded.message_id is None:
                return found
            if forwarded.guild_id != (None if message.guild is None else message.guild.id):
                return found
            before = await self.read(forwarded.channel_id, forwarded.guild_id, forwarded.message_id)
            if before is None:
                return found
            found = before
        return found

    async def _ask(
        self, channel: discord.PartialMessageable, message_id: int
    ) -> discord.Message | None:
        """Try several times: Discord reports a reaction only once."""
        details, trouble = {"message_id": message_id}, None
        for pause in PAUSES_SECONDS:
            await self._clock.sleep(pause)
            try:
                return self._note(message_id, await channel.fetch_message(message_id))
            except (discord.NotFound, discord.Forbidden):
                _log.info("reaction_unreadable", extra=details)
                return self._note(message_id, None)
            except Exception as error:  # noqa: BLE001 - Discord is down, or the connection broke
                trouble = error
        _log.warning("reaction_lost", extra=details, exc_info=trouble)
        return None

    def _note(self, message_id: int, message: discord.Message | None) -> discord.Message | None:
        """Cache a message for a minute; a thousand of them take some 4 MB."""
        now = self._clock.now()
        for known, (read_at, _) in list(self._read.items()):
            if not is_within(read_at, HOLDS_FOR, now):
                del self._read[known]
        _make_room(self._read)
        self._read[message_id] = (now, message)
        return message


def _make_room(remembered: dict[Any, Any]) -> None:
    """Drop the oldest entries: dictionaries keep their order."""
    while len(remembered) >= MAX_REMEMBERED:
        del remembered[next(iter(remembered))]
