"""Deliveries: the messages that a job owes its channel.

A job owes up to three: a card, from the start unless the server wants none; then its video or a
failure notice, since an edit notifies no member; and a video that finished after that. Each is one durable row with one nonce, so that a crash between sending and
recording neither loses nor repeats it. The later message replaces the earlier one, so that one is
left in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.guilds.audit import AuditNote
from bot.guilds.notices import Notice, TemporaryMessage
from bot.ids import ChannelId, GuildId, JobId, MessageId
from bot.instants import made_by
from bot.jobs.job import Job
from bot.retries import POSTING_LEASE, backoff

NONCE_MAX_CHARACTERS = 25  # Discord's Create Message
EDITING_LEASE = timedelta(seconds=15)  # an edit usually takes less than a second
MAX_BLOCKED = timedelta(hours=1)  # a permission that is not back by then is not coming back
FEWEST_BLOCKED_TRIES = 20  # about half an hour of tries, which a suspended machine has not made
LONGEST_BLOCKED_PAUSE = timedelta(minutes=2)


class DeliveryKind(StrEnum):
    """The kinds of message."""

    CARD = "card"
    VIDEO = "video"
    FAILURE = "failure"  # mentions the member once; not for what the member cancelled


class DeliveryState(StrEnum):
    """The states of a message."""

    OWED = "owed"
    POSTING = "posting"  # the intent to post is committed
    POSTED = "posted"
    DELETED = "deleted"  # deleted with a button, or replaced by a later message
    UNDELIVERABLE = "undeliverable"  # channel gone, closed too long or refused; the video is kept


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that a job owes, and for a card its current content.

    `shown` is the digest of a posted card's content, None if unknown. `next_attempt_at` is the
    earliest instant of the next post, or of the next edit once posted; while `lease_owner` is set,
    it is the end of that process's lease.
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
    lease_owner: str | None = None  # the process that is posting or editing it
    blocked_at: datetime | None = None  # since when the channel has refused our posts

    @property
    def nonce(self) -> str:
        return f"{self.kind}-{self.job_id}"


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is owed and noted in the transaction that writes a delivery."""

    deletions: tuple[TemporaryMessage, ...] = ()
    notices: tuple[Notice, ...] = ()
    noted: AuditNote | None = None


def owed(job: Job, kind: DeliveryKind, now: datetime) -> Delivery:
    """Create a message that the job now owes its channel."""
    return Delivery(
        job_id=job.id,
        kind=kind,
        guild_id=job.guild_id,
        channel_id=job.channel_id,
        state=DeliveryState.OWED,
        owed_at=now,
        next_attempt_at=now,
    )


def posting(delivery: Delivery, owner: str, now: datetime) -> Delivery:
    """Record the intent to post under a lease; commit it before posting."""
    return replace(
        delivery,
        state=DeliveryState.POSTING,
        next_attempt_at=now + POSTING_LEASE,
        posting_at=delivery.posting_at or now,
        attempts=delivery.attempts + 1,
        lease_owner=owner,
    )


def renewed(delivery: Delivery, now: datetime) -> Delivery:
    """Renew the lease from now."""
    lease = POSTING_LEASE if delivery.state is DeliveryState.POSTING else EDITING_LEASE
    return replace(delivery, next_attempt_at=now + lease)


def postponed(delivery: Delivery, at: datetime) -> Delivery:
    """Postpone the post until `at`, for any process."""
    return replace(delivery, next_attempt_at=at, lease_owner=None)


def blocked(delivery: Delivery, now: datetime) -> Delivery:
    """Retry with growing back-off, for an hour, in a channel that refuses posts.

    An hour that passed only on the clock, while the machine was suspended or its clock wrong, does
    not count.
    """
    since = made_by(delivery.blocked_at or now, now)
    if now - since >= MAX_BLOCKED and delivery.attempts >= FEWEST_BLOCKED_TRIES:
        return replace(delivery, state=DeliveryState.UNDELIVERABLE, lease_owner=None)
    wait = backoff(delivery.attempts, LONGEST_BLOCKED_PAUSE)
    return replace(postponed(delivery, now + wait), blocked_at=since)


def posted(delivery: Delivery, message_id: MessageId, shown: str | None = None) -> Delivery:
    """Record the posted message; it may be edited from now on."""
    return replace(
        delivery,
        state=DeliveryState.POSTED,
        message_id=message_id,
        shown=shown,
        next_attempt_at=delivery.posting_at or delivery.owed_at,
        lease_owner=None,
        blocked_at=None,
    )


def deleted(delivery: Delivery) -> Delivery:
    """Record that the posted message was deleted, or that its deletion is owed."""
    return replace(delivery, state=DeliveryState.DELETED, lease_owner=None)


_REPLACED_BY = {
    DeliveryKind.CARD: frozenset({DeliveryKind.VIDEO, DeliveryKind.FAILURE}),
    DeliveryKind.FAILURE: frozenset({DeliveryKind.VIDEO}),  # which finished late
}
_THERE = frozenset({DeliveryState.POSTED, DeliveryState.DELETED})


def replaced(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return the posted messages of one job that a later one replaces.

    A later message that was never posted replaces none: the card must say why. One that was deleted
    with its button does, for its member wanted nothing left.
    """
    there = {delivery.kind for delivery in deliveries if delivery.state in _THERE}
    return [
        delivery
        for delivery in deliveries
        if delivery.state is DeliveryState.POSTED
        and there & _REPLACED_BY.get(delivery.kind, frozenset())
    ]


def is_replaced_unposted(card: Delivery, later: Sequence[Delivery | None]) -> bool:
    """Whether a card that was never tried need not be posted: a later message is on its way."""
    was_tried = card.posting_at is not None or card.state is not DeliveryState.OWED
    coming = {one.kind for one in later if one and one.state is not DeliveryState.UNDELIVERABLE}
    return not was_tried and bool(coming & _REPLACED_BY.get(card.kind, frozenset()))


def editing(card: Delivery, owner: str, now: datetime) -> Delivery:
    """Record the intent to edit a posted card under a lease; commit it first."""
    return replace(card, shown=None, next_attempt_at=now + EDITING_LEASE, lease_owner=owner)


def edited(card: Delivery, shown: str | None, next_at: datetime) -> Delivery:
    """Record the card's content, None if unknown, and its earliest next edit."""
    return replace(card, shown=shown, next_attempt_at=next_at, lease_owner=None)
