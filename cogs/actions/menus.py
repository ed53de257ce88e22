"""Report and Details in the Apps menu of any message."""

import contextlib
import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.archive.details import Posted
from bot.client import Client
from bot.errors import JobNotFoundError, UserFacingError
from bot.ids import ChannelId, MessageId, UserId
from bot.presentation import details, videos, widgets
from bot.presentation.widgets import VERSION
from cogs._shared.answers import (
    edit,
    give_back,
    guarded,
    note_unexpected,
    refuse_and_give_back,
)
from cogs._shared.forms.filled import form_id_sent, written
from cogs._shared.interactions import guild_of, place_of
from cogs.actions import recipes

REASON = "reason"
LONGEST_REASON = 500
FILE = "report.txt"
_FORM = re.compile(rf"{VERSION}report:([0-9]{{1,20}})")


class ReportForm(discord.ui.Modal, title="Report to the moderators"):
    """It is only shown: the cog hears of every one that is sent."""

    reason: discord.ui.Label["ReportForm"] = discord.ui.Label(
        text="What is wrong with it?",
        component=discord.ui.TextInput(
            custom_id=REASON, style=discord.TextStyle.paragraph, max_length=LONGEST_REASON
        ),
    )

    def __init__(self, message_id: int) -> None:
        super().__init__(custom_id=f"{VERSION}report:{message_id}", timeout=60)


class Menus(commands.Cog):
    """The commands of the Apps menu that make no video."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._menus = [
            app_commands.ContextMenu(name="Report", callback=self._ask_why),
            app_commands.ContextMenu(name="Details", callback=self._show_details),
        ]
        for menu in self._menus:
            menu.guild_only = True

    async def cog_load(self) -> None:
        for menu in self._menus:
            self._client.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self._menus:
            self._client.tree.remove_command(menu.name, type=menu.type)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A report that was sent, perhaps with a form of an earlier process."""
        sent = _FORM.fullmatch(form_id_sent(interaction))
        if sent is not None:
            message_id = MessageId(int(sent[1]))
            await guarded(interaction, lambda: self._report(interaction, message_id))

    async def _show_details(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        job_id = widgets.job_in(widgets.custom_ids(message))
        if job_id is not None and message.author == self._client.user:
            with contextlib.suppress(JobNotFoundError):
                found = await self._services.details.describe(job_id, guild_of(interaction))
                await edit(interaction, details.text_of(found), videos.preset_of(job_id))
                return
        recipe = await recipes.recipe_in(self._services, message, place_of(interaction))
        text = details.NO_VIDEO_OF_MINE if recipe is None else details.text_of_recipe(recipe)
        await edit(interaction, text)

    async def _ask_why(self, interaction: discord.Interaction, message: discord.Message) -> None:
        guild_of(interaction)
        await interaction.response.send_modal(ReportForm(message.id))

    async def _report(self, interaction: discord.Interaction, message_id: MessageId) -> None:
        """What was written comes back where it can't be sent."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        reason = str(written(interaction).get(REASON) or "")
        try:
            said = await self._sent(interaction, message_id, reason)
        except UserFacingError as error:
            await refuse_and_give_back(interaction, error, reason, name=FILE, is_request=False)
        except Exception as error:  # noqa: BLE001 - told with a reference, and with the text
            await give_back(interaction, note_unexpected(error), reason, name=FILE)
        else:
            await edit(interaction, said)

    async def _sent(
        self, interaction: discord.Interaction, message_id: MessageId, reason: str
    ) -> str:
        """A custom id proves nothing: the message is looked for in the channel of the report."""
        guild_id, channel_id = guild_of(interaction), ChannelId(interaction.channel_id or 0)
        channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            author_id = UserId((await channel.fetch_message(message_id)).author.id)
        except discord.NotFound:
            return details.MESSAGE_GONE
        except discord.Forbidden:
            author_id = None
        reporter = UserId(interaction.user.id)
        where = Posted(guild_id, channel_id, message_id)
        text = details.report(where, reporter, author_id, reason)
        is_new = await self._services.reporting.report(guild_id, message_id, reporter, text)
        return details.REPORTED if is_new else details.NOT_REPORTED_TWICE


async def setup(client: Client) -> None:
    await client.add_cog(Menus(client))
