"""The buttons on cards and films. Routed by custom id, so that they work after any restart."""

from collections.abc import Mapping
from typing import Any

import discord
from discord.ext import commands

from bot.client import Client, Services
from bot.errors import NotYourJobError
from bot.ids import JobId, UserId
from bot.presentation import custom_ids, replies
from cogs._private.answers import guarded


class Jobs(commands.Cog):
    """Cancel on a card, Delete on a film; rights are checked at every press."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type is not discord.InteractionType.component:
            return
        data: Mapping[str, Any] = interaction.data or {}
        pressed = custom_ids.parse(str(data.get("custom_id", "")))
        if pressed is None:
            return
        act = self._cancel if pressed.action is custom_ids.Action.CANCEL else self._delete
        await guarded(interaction, lambda: act(interaction, pressed.job_id))

    async def _cancel(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True)
        outcome = await self._services.cancelling.cancel(
            job_id, UserId(interaction.user.id), is_moderator=_may_moderate(interaction)
        )
        await interaction.edit_original_response(content=replies.cancelled(outcome))

    async def _delete(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True)
        job = await self._services.jobs.get(job_id)
        if job.user_id != interaction.user.id and not _may_moderate(interaction):
            raise NotYourJobError
        if interaction.message is not None:
            await interaction.message.delete()
        await interaction.edit_original_response(content=replies.FILM_DELETED)


def _may_moderate(interaction: discord.Interaction) -> bool:
    return interaction.permissions.manage_messages


async def setup(client: Client) -> None:
    await client.add_cog(Jobs(client.services))
