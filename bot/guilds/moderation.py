"""What a server's moderators decide: the records, the ports that store them, and the word filter."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.errors import InvalidRequestError, WordNotAllowedError
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.words import MAX_LENGTH, MAX_WORDS, WordList, key_of
from bot.ids import EditId, GuildId, UserId

MAX_REASON = 200
MAX_LISTS = 64  # in memory; a thousand words take about a megabyte
MAX_NOTED = 200  # characters of a change in the audit log


@dataclass(frozen=True, slots=True)
class BlockedMember:
    """A member from whom nothing is accepted in a server.

    `is_cancelling` until the jobs that were open at that time are cancelled, if they are to be.
    """

    guild_id: GuildId
    user_id: UserId
    reason: str
    blocked_by: UserId
    blocked_at: datetime
    is_cancelling: bool = False


class BlockStore(Protocol):
    """Blocked members. Each method is one transaction."""

    async def is_blocked(self, guild_id: GuildId, user_id: UserId) -> bool: ...

    async def block(self, block: BlockedMember, noted: AuditNote) -> None:
        """Write a block, or replace an earlier one, with an audit-log entry.

        Once it is written, no job of the member is accepted; what was accepted before can be listed.
        """

    async def unblock(self, guild_id: GuildId, user_id: UserId, noted: AuditNote) -> bool:
        """End a block with an audit-log entry; return whether there was one."""

    async def list_blocked(
        self, guild_id: GuildId, most: int, skip: int = 0
    ) -> Sequence[BlockedMember]:
        """List a server's blocked members, latest first."""

    async def list_cancelling(self) -> Sequence[BlockedMember]:
        """List the blocks of all servers whose open jobs are still to be cancelled."""

    async def end_cancelling(self, block: BlockedMember) -> None:
        """Record that they were cancelled, unless the block was made again since."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase that is not allowed; those with the same key count as one."""

    key: str
    word: str


class WordStore(Protocol):
    """Servers' word lists. Each method is one transaction."""

    async def version(self, guild_id: GuildId) -> int:
        """Return a number that grows with every change of the list; 0 if there never was one."""

    async def list_words(self, guild_id: GuildId) -> Sequence[Word]:
        """List a server's words, earliest first."""

    async def add(
        self, by: Actor, words: Sequence[Word], most: int, noted: AuditNote
    ) -> Sequence[Word] | None:
        """Add those that are not there with an audit-log entry, and return them.

        None, with nothing added, if there would be more than `most`.
        """

    async def remove(self, guild_id: GuildId, key: str, noted: AuditNote) -> bool:
        """Remove a word with an audit-log entry; return whether it was there."""


class WordFilter:
    """The words that servers do not allow in prompts; callers check the moderator's permission."""

    def __init__(self, store: WordStore, clock: Clock, new_edit_id: Callable[[], EditId]) -> None:
        self._store = store
        self._clock = clock
        self._new_edit_id = new_edit_id
        self._lists: OrderedDict[GuildId, tuple[int, WordList]] = OrderedDict()

    async def ensure_allowed(self, guild_id: GuildId, texts: Iterable[str]) -> None:
        """Raise WordNotAllowedError for a text with a word that is not allowed."""
        version = await self._store.version(guild_id)
        if not version:
            return
        words = await self._prepared(guild_id, version)
        for text in dict.fromkeys(texts):
            found = words.find(text)
            if found is not None:
                raise WordNotAllowedError(found)

    async def _prepared(self, guild_id: GuildId, version: int) -> WordList:
        """Read the list when it has changed, and prepare it off the event loop."""
        known, words = self._lists.get(guild_id, (0, None))
        if words is None or known != version:
            listed = [one.word for one in await self._store.list_words(guild_id)]
            words = await asyncio.to_thread(WordList, listed)
            self._lists[guild_id] = version, words
        self._lists.move_to_end(guild_id)
        while len(self._lists) > MAX_LISTS:
            self._lists.popitem(last=False)
        return words

    async def add(self, guild_id: GuildId, by: UserId, words: Sequence[str]) -> Sequence[Word]:
        """Add words; return those that were not there.

        Raises InvalidRequestError with every reason, with nothing added.
        """
        clean = [shown for word in words if (shown := " ".join(word.split()))]
        reasons = [] if clean else ["Write at least one word. Separate several by commas."]
        for word in clean:
            if len(word) > MAX_LENGTH:
                reasons.append(f"A word or phrase can have {MAX_LENGTH} characters; shorten yours.")
            elif len(key_of(word)) < 2 and word.isascii():
                reasons.append("A word needs at least two letters. Write a longer one.")
            elif not key_of(word):
                reasons.append("One of the words has nothing that can be seen. Leave it out.")
        if reasons:
            raise InvalidRequestError(list(dict.fromkeys(reasons)))
        actor = self._actor(guild_id, by)
        noted = AuditNote(actor, "words not allowed", after=", ".join(clean)[:MAX_NOTED])
        known = {key_of(word): word for word in reversed(clean)}
        found = [Word(key, word) for key, word in reversed(known.items())]
        added = await self._store.add(actor, found, MAX_WORDS, noted)
        if added is None:
            raise InvalidRequestError(
                [
                    f"A server can list {MAX_WORDS:,} words. Remove some with `/moderation words remove`."
                ]
            )
        return added

    async def remove(self, guild_id: GuildId, by: UserId, word: str) -> None:
        """Remove a word, however it is spelt. Raises InvalidRequestError if it is not listed."""
        shown = " ".join(word.split())[:MAX_LENGTH]
        noted = AuditNote(self._actor(guild_id, by), "word allowed again", after=shown)
        if not await self._store.remove(guild_id, key_of(word), noted):
            hint = "See `/moderation words list`."
            raise InvalidRequestError([f"“{shown}” isn't on the list. {hint}"])

    async def list_words(self, guild_id: GuildId) -> Sequence[Word]:
        return await self._store.list_words(guild_id)

    def _actor(self, guild_id: GuildId, by: UserId) -> Actor:
        return Actor(guild_id, by, self._new_edit_id(), self._clock.now())
