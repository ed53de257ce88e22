"""`/settings`: what a server decides for itself."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.errors import InvalidRequestError
from bot.ids import ChannelId
from bot.presentation import replies
from cogs._private.amounts import micros_of
from cogs._private.places import ensure_manager, guild_of, missing_permissions


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Settings(commands.GroupCog, name="settings", description="What this server decides"):
    """Hidden from those without Manage Server, and checked again at every use."""

    def __init__(self, services: Services) -> None:
        self._administering = services.administering

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        ensure_manager(interaction)
        return True

    @app_commands.command(description="Show what is set")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._administering.settings(guild_of(interaction))
        await interaction.edit_original_response(content=replies.settings(settings))

    @app_commands.command(
        name="confirm-above", description="Which price a member must agree to first"
    )
    @app_commands.describe(dollars="Films that cost more are confirmed with a button; 0 means all")
    async def confirm_above(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_of(dollars)
        settings = await self._administering.confirm_above(guild_of(interaction), micros)
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
        settings = await self._administering.log_to(guild_of(interaction), channel_id)
        await interaction.edit_original_response(content=replies.settings(settings))


def _ensure_may_write(channel: discord.TextChannel) -> None:
    missing = missing_permissions(channel.permissions_for(channel.guild.me), thread=False)
    if missing:
        raise InvalidRequestError([f"I cannot write there: I lack {', '.join(missing)}."])


async def setup(client: Client) -> None:
    await client.add_cog(Settings(client.services))
