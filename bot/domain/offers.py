"""A quote that was shown and waits for its member to confirm it. It promises a price, for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.requests import VideoRequest
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, OfferId, RoleId, UserId

OFFER_HOLDS_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Place:
    """Who asked, and where the film belongs."""

    guild_id: GuildId
    channel_id: ChannelId
    user_id: UserId
    source_message_id: MessageId | None = None
    parent_id: ChannelId | None = None  # of a thread; not kept with an offer
    role_ids: frozenset[RoleId] = frozenset()  # the member's; not kept with an offer


@dataclass(frozen=True, slots=True)
class Offer:
    """`key` is the idempotency key of the job that comes of it, however often it is confirmed."""

    id: OfferId
    key: IdempotencyKey
    place: Place
    request: VideoRequest
    cost_micros: int
    expires_at: datetime
