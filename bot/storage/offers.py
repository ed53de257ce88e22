"""The port `OfferStore`."""

from datetime import datetime

from bot.domain.offers import Offer, Place
from bot.errors import OfferExpiredError
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, OfferId, UserId
from bot.storage import rows
from bot.storage.tables import Tables


class SqlOfferStore(Tables):
    """Offers in SQLite or PostgreSQL."""

    async def put(self, offer: Offer) -> None:
        place = offer.place
        await self._write(
            "insert_offer",
            id=offer.id,
            idempotency_key=offer.key,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            user_id=place.user_id,
            source_message_id=place.source_message_id,
            request=rows.request_json(offer.request),
            cost_micros=offer.cost_micros,
            expires_at=rows.milliseconds(offer.expires_at),
        )

    async def get(self, offer_id: OfferId) -> Offer:
        row = await self._read_one("get_offer", id=offer_id)
        if row is None:
            raise OfferExpiredError
        source = row["source_message_id"]
        return Offer(
            id=OfferId(row["id"]),
            key=IdempotencyKey(row["idempotency_key"]),
            place=Place(
                GuildId(row["guild_id"]),
                ChannelId(row["channel_id"]),
                UserId(row["user_id"]),
                None if source is None else MessageId(source),
            ),
            request=rows.request_from(row["request"]),
            cost_micros=row["cost_micros"],
            expires_at=rows.instant(row["expires_at"]),
        )

    async def forget_expired(self, before: datetime) -> None:
        await self._write("forget_offers", before=rows.milliseconds(before))
