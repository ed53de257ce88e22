"""What servers decided, the prices they were shown, and the words owed to them."""

from datetime import datetime
from typing import Protocol

from bot.domain.guilds import GuildSettings
from bot.domain.notices import Notice
from bot.domain.offers import Offer
from bot.ids import ChannelId, GuildId, OfferId


class OfferStore(Protocol):
    """Quotes that wait to be confirmed."""

    async def put(self, offer: Offer) -> None: ...

    async def get(self, offer_id: OfferId) -> Offer:
        """Raises OfferExpiredError where there is none."""

    async def forget_expired(self, before: datetime) -> None: ...


class GuildStore(Protocol):
    """What servers decided for themselves."""

    async def get(self, guild_id: GuildId) -> GuildSettings: ...

    async def put(self, settings: GuildSettings) -> None: ...

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]: ...


class NoticeStore(Protocol):
    """Words owed to log channels."""

    async def owe(self, notice: Notice) -> None: ...

    async def claim(self, intent: Notice) -> bool:
        """Write down the intent to post; False where somebody else has since it was read."""

    async def save(self, notice: Notice) -> None: ...

    async def list_owed(self, now: datetime, most: int) -> list[Notice]: ...
