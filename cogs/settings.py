"""`/settings`: what a server decides for itself."""

from decimal import Decimal, InvalidOperation

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.pricing import MICROS_PER_DOLLAR
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId
from bot.presentation import replies
from cogs._private.places import missing_permissions


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Settings(commands.GroupCog, name="settings", description="What this server decides"):
    """Hidden from those without Manage Server, and checked again at every use."""

    def __init__(self, services: Services) -> None:
        self._administering = services.administering

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        if not interaction.permissions.manage_guild:
            raise InvalidRequestError(["Only members who may manage this server can change that."])
        return True

    @app_commands.command(description="Show what is set")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._administering.settings(_guild(interaction))
        await interaction.edit_original_response(content=replies.settings(settings))

    @app_commands.command(
        name="confirm-above", description="Which price a member must agree to first"
    )
    @app_commands.describe(dollars="Films that cost more are confirmed with a button; 0 means all")
    async def confirm_above(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = _micros(dollars)
        settings = await self._administering.confirm_above(_guild(interaction), micros)
        await interaction.edit_original_response(content=replies.settings(settings))

    @app_commands.command(
        name="log-channel", description="Where I say that a video service has trouble"
    )
    @app_commands.describe(channel="Leave it out to be told nothing")
    async def log_channel(
        self, interaction: discord.Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if channel is not None:
            _ensure_may_write(channel)
        channel_id = None if channel is None else ChannelId(channel.id)
        settings = await self._administering.log_to(_guild(interaction), channel_id)
        await interaction.edit_original_response(content=replies.settings(settings))


def _ensure_may_write(channel: discord.TextChannel) -> None:
    missing = missing_permissions(channel.permissions_for(channel.guild.me), thread=False)
    if missing:
        raise InvalidRequestError([f"I cannot write there: I lack {', '.join(missing)}."])


def _guild(interaction: discord.Interaction) -> GuildId:
    if interaction.guild_id is None:
        raise InvalidRequestError(["This belongs to a server: ask there."])
    return GuildId(interaction.guild_id)


def _micros(dollars: str) -> int:
    """Raises InvalidRequestError for what is no amount of money."""
    try:
        amount = Decimal(dollars.strip().removeprefix("$").replace(",", "."))
        return int((amount * MICROS_PER_DOLLAR).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        reason = f"`{dollars[:20]}` is no amount: write dollars and cents, like 0.50."
        raise InvalidRequestError([reason]) from None


async def setup(client: Client) -> None:
    await client.add_cog(Settings(client.services))
