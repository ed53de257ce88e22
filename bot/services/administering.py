"""What a server's admins decide for it."""

from dataclasses import replace

from bot.domain.guilds import CONFIRM_ABOVE_MOST_MICROS, GuildSettings
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId
from bot.ports import GuildStore


class Administering:
    """Whoever calls this has checked that the member may."""

    def __init__(self, guilds: GuildStore) -> None:
        self._guilds = guilds

    async def settings(self, guild_id: GuildId) -> GuildSettings:
        return await self._guilds.get(guild_id)

    async def confirm_above(self, guild_id: GuildId, micros: int) -> GuildSettings:
        """Raises InvalidRequestError for less than nothing or more than $1000."""
        if not 0 <= micros <= CONFIRM_ABOVE_MOST_MICROS:
            raise InvalidRequestError(["Choose an amount between $0 and $1000."])
        return await self._put(
            replace(await self._guilds.get(guild_id), confirm_above_micros=micros)
        )

    async def log_to(self, guild_id: GuildId, channel_id: ChannelId | None) -> GuildSettings:
        """None: to no channel."""
        return await self._put(replace(await self._guilds.get(guild_id), log_channel_id=channel_id))

    async def _put(self, settings: GuildSettings) -> GuildSettings:
        await self._guilds.put(settings)
        return settings
