"""Notices owed to log channels and members, temporary messages, and the ports that store both."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.ids import (
    ID_BYTES,
    ChannelId,
    GuildId,
    MessageId,
    NoticeId,
    QuestionId,
    UserId,
    spelled,
)
from bot.retries import POSTING_LEASE

MAX_STANDS = timedelta(hours=1)  # the longest lifetime of a temporary message
MAX_PUT_OFF = timedelta(minutes=1)  # between two tries to delete one


class NoticeState(StrEnum):
    """Outcome of a notice."""

    OWED = "owed"
    POSTED = "posted"
    UNDELIVERABLE = "undeliverable"


# Replaces the log channel where none is set: the message goes to the channel in which Discord
# informs the server's staff of changes, else to the server's owner. Resolved when posting.
TO_ADMINS = ChannelId(0)
# The direct messages of the member whom the notice mentions. Resolved when posting.
TO_MEMBER = ChannelId(1)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message owed to a channel, most often a log channel.

    Its nonce makes Discord answer a post that is repeated soon with the same message. `mentions`
    is the member it notifies; `question_id` puts the buttons under it that answer the question.
    """

    id: NoticeId
    guild_id: GuildId
    channel_id: ChannelId
    text: str
    owed_at: datetime
    next_attempt_at: datetime
    state: NoticeState = NoticeState.OWED
    attempts: int = 0
    posting_at: datetime | None = None  # first posting attempt
    mentions: UserId | None = None
    question_id: QuestionId | None = None

    @property
    def nonce(self) -> str:
        return f"notice-{self.id}"


def only_id(subject: str) -> NoticeId:
    """The id of the only notice about a subject."""
    return NoticeId(spelled(hashlib.sha256(subject.encode()).digest()[:ID_BYTES]))


def posting(notice: Notice, now: datetime) -> Notice:
    """The intent to post, to be written before posting; blocks other tries for a while."""
    return replace(
        notice,
        next_attempt_at=now + POSTING_LEASE,
        posting_at=notice.posting_at or now,
        attempts=notice.attempts + 1,
    )


def renewed(notice: Notice, now: datetime) -> Notice:
    """The same lease, counted from now."""
    return replace(notice, next_attempt_at=now + POSTING_LEASE)


@dataclass(frozen=True, slots=True)
class PoolAlert:
    """A month's pool of which at least `share` percent is used or reserved, until `ends_at`.

    `over_micros` is the amount spent beyond it, because a service charged more in the end than it
    had quoted. `refused_micros` is the price of a video that the rest could not pay for.
    """

    share: int
    pool_micros: int
    used_micros: int
    ends_at: datetime | None
    refused_micros: int | None = None

    @property
    def over_micros(self) -> int:
        return max(self.used_micros - self.pool_micros, 0)

    @property
    def mark(self) -> str:
        """A key, equal for alerts with the same text, of which one is enough.

        Once a pool is used up, further refusals make no difference.
        """
        is_refusal = self.refused_micros is not None and self.share < 100
        kind = "over" if self.over_micros else "refused" if is_refusal else "used"
        return f"{self.pool_micros}:{self.share}:{kind}"


@dataclass(frozen=True, slots=True)
class TemporaryMessage:
    """A bot message in public to be deleted later; `attempts` to do so have failed."""

    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId
    delete_at: datetime
    attempts: int = 0


class NoticeStore(Protocol):
    """Notices owed to log channels."""

    async def owe(self, notice: Notice) -> bool:
        """Owe it once per id; False if it was owed before."""

    async def claim(self, intent: Notice) -> bool:
        """Write down the intent to post; False if another process already has."""

    async def save(self, notice: Notice) -> None:
        """Record the outcome of an attempt. Raises LeaseLostError if it is not the latest."""

    async def list_owed(self, now: datetime, most: int) -> list[Notice]: ...


class TemporaryMessages(Protocol):
    """Messages to delete later."""

    async def put(self, message: TemporaryMessage) -> None:
        """Owe its deletion, within `MAX_STANDS`; an existing row stays unchanged."""

    async def put_off(self, message: TemporaryMessage, at: datetime) -> None:
        """List it again from this instant on, within `MAX_PUT_OFF`, with an attempt more."""

    async def list_due(self, now: datetime, most: int) -> list[TemporaryMessage]:
        """Due messages, oldest first, including those dated by a wrong clock."""

    async def remove(self, message: TemporaryMessage) -> None:
        """Remove the row of a deleted message."""
