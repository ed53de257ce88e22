"""Posts cards in a thread of their channel where the server wants that.

A channel has one such thread, which is reused: a post reopens it when it is archived, and one that
was deleted is replaced by another. Where there can be none, the card is posted in its channel, and
the log channel is told why; once, until cards are posted in the thread again.

Discord has no nonce for a new thread. So a process that opens one says so in the database first,
and then looks for one that an earlier process opened and did not record.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.clock import Clock
from bot.delivery.messenger import ThreadOpener
from bot.errors import (
    ChannelBlockedError,
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    NotAllowedError,
    NoThreadsError,
)
from bot.guilds.notices import Notice
from bot.guilds.settings import CardPlace, GuildStore, LogLevel
from bot.ids import ChannelId, GuildId, NoticeId
from bot.jobs.job import Job
from bot.jobs.messages import Delivery, DeliveryKind, postponed

_log = logging.getLogger(__name__)

OPENING_LEASE = timedelta(minutes=1)  # discord.py waits out limits of half a minute


class ThreadTrouble(StrEnum):
    """Why a channel's cards are not posted in a thread."""

    KIND = "kind"  # such a channel has no threads
    PERMISSION = "permission"
    CLOSED = "closed"  # to us: it is locked, or hidden from us


@dataclass(frozen=True, slots=True)
class CardThread:
    """The thread of a channel that its cards are posted in; `trouble` if they are not."""

    thread_id: ChannelId | None = None
    trouble: ThreadTrouble | None = None


class CardThreadStore(Protocol):
    """The threads of channels."""

    async def get(self, channel_id: ChannelId) -> CardThread: ...

    async def claim(
        self, guild_id: GuildId, channel_id: ChannelId, now: datetime, until: datetime
    ) -> bool:
        """Take the right to open the channel's thread; False while another process has it."""

    async def put(self, channel_id: ChannelId, thread_id: ChannelId | None) -> None:
        """Write the thread of a channel, None if it is gone; ends the claim."""

    async def note(
        self,
        guild_id: GuildId,
        channel_id: ChannelId,
        trouble: ThreadTrouble | None,
        notice: Notice | None = None,
    ) -> None:
        """Write the trouble, if any; owe the notice in the same transaction if it is a new one."""


class CardThreads:
    """Decides where a card is posted; `words` tells a server's staff why it is not in a thread."""

    def __init__(
        self,
        *,
        store: CardThreadStore,
        guilds: GuildStore,
        opener: ThreadOpener,
        clock: Clock,
        new_notice_id: Callable[[], NoticeId],
        words: Callable[[ChannelId, ThreadTrouble], str],
    ) -> None:
        self._store = store
        self._guilds = guilds
        self._opener = opener
        self._clock = clock
        self._new_notice_id = new_notice_id
        self._words = words

    async def placed(self, delivery: Delivery) -> Delivery:
        """Return a card in the thread it is to be posted in; unchanged if it is to stay.

        A card that was tried stays where that was. Raises DeliveryUnavailableError.
        """
        if delivery.kind is not DeliveryKind.CARD or delivery.posting_at is not None:
            return delivery
        settings = await self._guilds.get(delivery.guild_id)
        if settings.cards is not CardPlace.THREAD:
            return delivery
        try:
            thread_id = await self._thread(delivery)
        except DeliveryUnavailableError:
            raise
        except DeliveryError as error:
            await self._tell(delivery, _trouble_of(error))
            return delivery
        return replace(delivery, channel_id=thread_id)

    async def _thread(self, card: Delivery) -> ChannelId:
        known = await self._store.get(card.channel_id)
        if known.thread_id is not None:
            return known.thread_id
        now = self._clock.now()
        if not await self._store.claim(card.guild_id, card.channel_id, now, now + OPENING_LEASE):
            raise DeliveryUnavailableError("its thread is being opened")
        opened: ChannelId | None = None
        try:
            opened = await self._opener.open_thread(card.channel_id)
        finally:
            await self._store.put(card.channel_id, opened)
        _log.info("card_thread_opened", extra={"channel": card.channel_id, "thread": opened})
        return opened

    async def moved(self, card: Delivery, job: Job, error: DeliveryError) -> Delivery:
        """Return a card that its thread refuses, to be posted elsewhere.

        In a new thread if this one is gone, else in the channel.
        """
        again = replace(postponed(card, self._clock.now()), channel_id=job.channel_id)
        if isinstance(error, ChannelGoneError):
            await self._store.put(job.channel_id, None)
            return replace(again, posting_at=None)
        await self._tell(again, _trouble_of(error))
        return again

    async def note_posted(self, card: Delivery, job: Job) -> None:
        """Forget the trouble of a thread that takes cards."""
        if is_in_thread(card, job) and (await self._store.get(job.channel_id)).trouble is not None:
            await self._store.note(card.guild_id, job.channel_id, None)

    async def _tell(self, card: Delivery, trouble: ThreadTrouble | None) -> None:
        if trouble is None:
            return
        details = {"job_id": card.job_id, "channel": card.channel_id, "trouble": trouble}
        _log.warning("card_not_in_thread", extra=details)
        settings = await self._guilds.get(card.guild_id)
        log_channel_id = settings.log_channel_for(LogLevel.TROUBLE)
        if log_channel_id is None:  # not urgent enough for anyone else
            return
        now, text = self._clock.now(), self._words(card.channel_id, trouble)
        notice = Notice(self._new_notice_id(), card.guild_id, log_channel_id, text, now, now)
        await self._store.note(card.guild_id, card.channel_id, trouble, notice)


def is_in_thread(card: Delivery, job: Job) -> bool:
    """Whether a card is posted elsewhere than in the channel of its request."""
    return card.kind is DeliveryKind.CARD and card.channel_id != job.channel_id


def _trouble_of(error: DeliveryError) -> ThreadTrouble | None:
    """None where the channel itself is gone, of which its card tells."""
    if isinstance(error, NoThreadsError):
        return ThreadTrouble.KIND
    if isinstance(error, NotAllowedError):
        return ThreadTrouble.PERMISSION
    return ThreadTrouble.CLOSED if isinstance(error, ChannelBlockedError) else None
