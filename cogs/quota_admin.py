"""`/quota-admin`: what this server and its members may spend.

Hidden from those without Manage Server, and checked again at every use and every press.
"""

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.ids import EditId, UserId
from bot.presentation import policies
from bot.presentation.custom_ids import Action
from cogs._private.admin_money import MoneyCommands
from cogs._private.admin_rules import RuleCommands
from cogs._private.answers import guarded
from cogs._private.changing import NO_PINGS
from cogs._private.places import ensure_manager, guild_of
from cogs._private.presses import pressed_in


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class QuotaAdmin(
    RuleCommands,
    MoneyCommands,
    commands.GroupCog,
    name="quota-admin",
    description="What this server and its members may spend",
):
    """What is seen, and the button that confirms; what is changed is mixed in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        ensure_manager(interaction)
        return True

    @app_commands.command(description="Everything that is set, on one card")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        told = await self._services.governing.overview(guild_of(interaction))
        await interaction.edit_original_response(embed=policies.overview(told))

    @app_commands.command(description="This month: a chart, and who and what it went to")
    async def usage(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id, governing = guild_of(interaction), self._services.governing
        names = await self._names(interaction, await governing.spenders(guild_id))
        server = interaction.guild.name if interaction.guild else "This server"
        told = await governing.report(guild_id, server, names, self._services.catalogue.names())
        embed = policies.report(told).set_image(url="attachment://usage.png")
        file = discord.File(io.BytesIO(told.picture), "usage.png")
        await interaction.edit_original_response(embed=embed, attachments=[file])

    @app_commands.command(description="Films that were paid for, as a CSV file")
    @app_commands.describe(days="Of how many days; 31, if you leave it out")
    async def export(
        self, interaction: discord.Interaction, days: app_commands.Range[int, 1, 3660] = 31
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        content = await self._services.governing.export(guild_of(interaction), days)
        file = discord.File(io.BytesIO(content), f"films-{days}-days.csv")
        await interaction.edit_original_response(attachments=[file])

    @app_commands.command(description="Who changed what")
    async def history(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        edits = await self._services.governing.history(guild_of(interaction))
        await interaction.edit_original_response(embed=policies.history(edits))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """The button of a change, perhaps shown by an earlier process."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.APPLY:
            edit_id = EditId(pressed.subject)
            await guarded(interaction, lambda: self._apply(interaction, edit_id), is_wish=False)

    async def _apply(self, interaction: discord.Interaction, edit_id: EditId) -> None:
        await interaction.response.defer()
        ensure_manager(interaction)
        user_id = UserId(interaction.user.id)
        made = await self._services.governing.confirm(edit_id, guild_of(interaction), user_id)
        await interaction.edit_original_response(
            content=policies.told(made), view=None, allowed_mentions=NO_PINGS
        )

    async def _names(
        self, interaction: discord.Interaction, user_ids: set[UserId]
    ) -> dict[int, str]:
        """Those that Discord knows; a bot without the members intent asks for the others."""
        found: dict[int, str] = {}
        for user_id in user_ids:
            member = interaction.guild.get_member(user_id) if interaction.guild else None
            user = member or interaction.client.get_user(user_id)
            try:
                user = user or await interaction.client.fetch_user(user_id)
            except discord.HTTPException:
                continue
            found[user_id] = user.display_name
        return found


async def setup(client: Client) -> None:
    await client.add_cog(QuotaAdmin(client.services))
