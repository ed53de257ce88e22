"""Deliveries: the messages that are owed to a channel for a job, and what became of them.

A job owes two: its card, from the start, and its film or the word that there is none, for a
card that changes pings nobody. Each is one durable row with one nonce, so that a crash between "sent" and "noted" neither
loses nor repeats it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.ids import ChannelId, GuildId, JobId, MessageId

NONCE_MAX_CHARACTERS = 25  # Discord's Create Message
POSTING_LEASE = timedelta(minutes=2)  # then whoever was posting is taken for dead
LONGEST_WAIT = POSTING_LEASE + timedelta(minutes=1)  # more means that the clock was set back
EDITING_LEASE = timedelta(minutes=1)
DELETED_ADDRESS = ""  # in the place of a film's address once its message was deleted


class DeliveryKind(StrEnum):
    """Which message."""

    CARD = "card"
    FILM = "film"
    FAILURE = "failure"  # mentions the member once; never for what the member called off


class DeliveryState(StrEnum):
    """What became of it."""

    OWED = "owed"
    POSTING = "posting"  # the intent to post is written down
    POSTED = "posted"
    DELETED = "deleted"  # it was posted, and a button deleted it
    UNDELIVERABLE = "undeliverable"  # the channel is gone; the film is kept


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed for a job, and for a card what it shows.

    `shown` is the digest of what a posted card shows now; None while nobody knows.
    `next_attempt_at` is when it may next be posted, or edited once it is posted.
    """

    job_id: JobId
    kind: DeliveryKind
    guild_id: GuildId
    channel_id: ChannelId
    state: DeliveryState
    owed_at: datetime
    next_attempt_at: datetime
    attempts: int = 0
    posting_at: datetime | None = None
    message_id: MessageId | None = None
    shown: str | None = None
    version: int = 1

    @property
    def nonce(self) -> str:
        return f"{self.kind}-{self.job_id}"


def owed(
    job_id: JobId, kind: DeliveryKind, guild_id: GuildId, channel_id: ChannelId, now: datetime
) -> Delivery:
    """A message that is owed from now on."""
    return Delivery(
        job_id=job_id,
        kind=kind,
        guild_id=guild_id,
        channel_id=channel_id,
        state=DeliveryState.OWED,
        owed_at=now,
        next_attempt_at=now,
    )


def posting(delivery: Delivery, now: datetime) -> Delivery:
    """The intent to post, to be written down before posting; nobody else tries for a while."""
    return replace(
        delivery,
        state=DeliveryState.POSTING,
        next_attempt_at=now + POSTING_LEASE,
        posting_at=delivery.posting_at or now,
        attempts=delivery.attempts + 1,
    )


def posted(delivery: Delivery, message_id: MessageId, shown: str | None = None) -> Delivery:
    """The message stands in the channel, and may be edited from now on."""
    return replace(
        delivery,
        state=DeliveryState.POSTED,
        message_id=message_id,
        shown=shown,
        next_attempt_at=delivery.posting_at or delivery.owed_at,
    )


def deleted(delivery: Delivery) -> Delivery:
    """The message stood in the channel, and no longer does."""
    return replace(delivery, state=DeliveryState.DELETED)


def editing(card: Delivery, now: datetime) -> Delivery:
    """The intent to edit a posted card, to be written down first; nobody else does meanwhile."""
    return replace(card, shown=None, next_attempt_at=now + EDITING_LEASE)


def edited(card: Delivery, shown: str | None, next_at: datetime) -> Delivery:
    """The card shows this now, or nobody knows what; it may be edited again from then on."""
    return replace(card, shown=shown, next_attempt_at=next_at)
