"""`/quota-admin`: what this server and its members may spend.

Hidden from those without Manage Server, and checked again at every use and every press.
"""

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.ids import ChannelId, EditId, UserId
from bot.presentation import policies
from bot.presentation.policies import HistoryPage
from bot.presentation.widgets import Action
from bot.services import Services
from cogs._shared.admin_money import MoneyCommands
from cogs._shared.admin_rules import RuleCommands
from cogs._shared.answers import guarded
from cogs._shared.changing import NO_PINGS
from cogs._shared.interactions import (
    check_manager,
    custom_id_in,
    ensure_manager,
    guild_of,
    pressed_in,
)

MAX_NAMES = 200  # in one file: those that Discord does not know by heart take a request each


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class QuotaAdmin(
    RuleCommands,
    MoneyCommands,
    commands.GroupCog,
    name="quota-admin",
    description="Set what this server and its members can spend",
):
    """Shows limits and spending, and confirms changes; the mixins make them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        return check_manager(interaction)

    @app_commands.command(description="Show all limits on one card")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        details = await self._services.policy_admin.overview(guild_of(interaction))
        await interaction.edit_original_response(embed=policies.overview(details))

    @app_commands.command(description="Show this month's spending by member and model")
    async def usage(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id, policy_admin = guild_of(interaction), self._services.policy_admin
        names = await self._names(interaction, await policy_admin.spenders(guild_id))
        server = interaction.guild.name if interaction.guild else "This server"
        details = await policy_admin.report(guild_id, server, names, self._services.catalog.names())
        embed = policies.report(details).set_image(url="attachment://usage.png")
        file = discord.File(
            io.BytesIO(details.picture), "usage.png", description=policies.USAGE_IN_WORDS
        )
        await interaction.edit_original_response(embed=embed, attachments=[file])

    @app_commands.command(description="Export paid videos as a CSV file")
    @app_commands.describe(days="How many days to include (default: 31)")
    async def export(
        self, interaction: discord.Interaction, days: app_commands.Range[int, 1, 3660] = 31
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        spent = await self._services.policy_admin.spent_in(guild_of(interaction), days)
        members = await self._names(interaction, {one.user_id for one in spent})
        channels = _channel_names(interaction, {one.channel_id for one in spent})
        content = policies.csv_of(spent, members, channels)
        file = discord.File(io.BytesIO(content), f"videos-{days}-days.csv")
        await interaction.edit_original_response(attachments=[file])

    @app_commands.command(description="Show what admins and moderators changed or decided")
    @app_commands.describe(by="Only what this admin or moderator did")
    async def history(
        self, interaction: discord.Interaction, by: discord.User | discord.Member | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        actor_id = None if by is None else UserId(by.id)
        await self._show_history(interaction, HistoryPage(actor_id=actor_id))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle the button of a change or of a page, perhaps of an earlier process."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.APPLY:
            edit_id = EditId(pressed.subject)
            await guarded(interaction, lambda: self._apply(interaction, edit_id), is_request=False)
        page = policies.parse_history(custom_id_in(interaction))
        if page is not None:
            await guarded(interaction, lambda: self._turn(interaction, page), is_request=False)

    async def _turn(self, interaction: discord.Interaction, page: HistoryPage) -> None:
        await interaction.response.defer()
        ensure_manager(interaction)
        await self._show_history(interaction, page)

    async def _show_history(self, interaction: discord.Interaction, page: HistoryPage) -> None:
        policy_admin = self._services.policy_admin
        edits, has_older = await policy_admin.history(
            guild_of(interaction), page.number, page.actor_id
        )
        await interaction.edit_original_response(
            embed=policies.history(edits, page),
            view=policies.history_buttons(page, has_older=has_older),
        )

    async def _apply(self, interaction: discord.Interaction, edit_id: EditId) -> None:
        await interaction.response.defer()
        ensure_manager(interaction)
        user_id = UserId(interaction.user.id)
        made = await self._services.policy_admin.confirm(edit_id, guild_of(interaction), user_id)
        await interaction.edit_original_response(
            content=policies.describe_change(made), view=None, allowed_mentions=NO_PINGS
        )

    async def _names(
        self, interaction: discord.Interaction, user_ids: set[UserId]
    ) -> dict[int, str]:
        """Return members' names; asks Discord for those that aren't cached."""
        found: dict[int, str] = {}
        for user_id in sorted(user_ids)[:MAX_NAMES]:
            member = interaction.guild.get_member(user_id) if interaction.guild else None
            user = member or interaction.client.get_user(user_id)
            try:
                user = user or await interaction.client.fetch_user(user_id)
            except discord.HTTPException:
                continue
            found[user_id] = user.display_name
        return found


def _channel_names(interaction: discord.Interaction, channel_ids: set[ChannelId]) -> dict[int, str]:
    """Return the names of channels and threads that still exist."""
    guild = interaction.guild
    found = [guild.get_channel_or_thread(one) for one in channel_ids] if guild else []
    return {channel.id: channel.name for channel in found if channel is not None}


async def setup(client: Client) -> None:
    await client.add_cog(QuotaAdmin(client.services))
