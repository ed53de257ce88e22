"""Offers: quotes that wait for confirmation and hold their price for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.catalog.request import Origin, VideoRequest
from bot.ids import IdempotencyKey, OfferId

OFFER_HOLDS_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer; its `key` is the idempotency key of its job, however often confirmed."""

    id: OfferId
    key: IdempotencyKey
    place: Origin
    request: VideoRequest
    cost_micros: int
    expires_at: datetime


class OfferStore(Protocol):
    """The port of quotes that wait for confirmation."""

    async def put(self, offer: Offer) -> None: ...

    async def get(self, offer_id: OfferId) -> Offer:
        """Return the offer. Raises OfferExpiredError if there is none."""

    async def forget_expired(self, before: datetime) -> None: ...
