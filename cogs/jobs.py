"""The buttons on cards and quotes. Routed by custom id, so that they outlive any restart."""

import contextlib
import logging

import discord
from discord.ext import commands

from bot.client import Client
from bot.errors import AlreadySpentError
from bot.ids import JobId, OfferId, UserId
from bot.presentation import answers
from bot.presentation.widgets import Action, button
from cogs._shared import asking
from cogs._shared.answers import edit, guarded
from cogs._shared.interactions import (
    ensure_may_post,
    guild_of,
    is_thread,
    place_of,
    pressed_in,
    stands_for,
)
from cogs._shared.options import is_age_restricted

_log = logging.getLogger(__name__)


class Jobs(commands.Cog):
    """Handles the buttons on cards and quotes; rights are checked at every press."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._acts = {
            Action.CANCEL: self._cancel,
            Action.STOP: self._stop,
            Action.INSTEAD: self._retry,
            Action.CONFIRM: self._confirm,
        }

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        pressed = pressed_in(interaction)
        if pressed is None or pressed.action not in self._acts:
            return
        act = self._acts[pressed.action]
        await guarded(interaction, lambda: act(interaction, pressed.subject))

    async def _cancel(self, interaction: discord.Interaction, subject: str) -> None:
        """Cancel at once if that saves the price; else ask the member."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await self._cancel_job(interaction, subject, though_spent=False)
        except AlreadySpentError as error:
            asked = button("Cancel anyway", Action.STOP, JobId(subject))
            await edit(interaction, answers.stop_following(error), asked)

    async def _stop(self, interaction: discord.Interaction, subject: str) -> None:
        """Cancel, and replace the question, which only the member sees."""
        await interaction.response.defer()
        await self._cancel_job(interaction, subject, though_spent=True)

    async def _cancel_job(
        self, interaction: discord.Interaction, subject: str, *, though_spent: bool
    ) -> None:
        outcome = await self._services.cancelling.cancel(
            JobId(subject),
            guild_of(interaction),
            UserId(interaction.user.id),
            is_moderator=_may_moderate(interaction),
            though_spent=though_spent,
        )
        await edit(interaction, answers.cancelled(outcome))

    async def _retry(self, interaction: discord.Interaction, subject: str) -> None:
        """Make the video with the model that can make it now, perhaps not the one on the button."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        retrying, presser = self._services.retrying, place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        stands = stands_for(self._client, interaction.guild_id)
        retry = await retrying.with_other_model(JobId(subject), presser, stands)
        answer = await asking.ask(self._services, retry.request, retry.place, retry.key)
        await asking.show(self._services, interaction, answer)

    async def _confirm(self, interaction: discord.Interaction, subject: str) -> None:
        """Confirm a quote; the answer replaces a private one, and follows a public one."""
        message = interaction.message
        is_private = message is not None and message.flags.ephemeral
        if is_private:
            await interaction.response.defer()
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
        place, channel = place_of(interaction), interaction.channel
        ensure_may_post(interaction.app_permissions, thread=is_thread(channel))
        stands = stands_for(self._client, interaction.guild_id)
        asked = await self._services.ordering.confirm(
            OfferId(subject), place, stands, adults=is_age_restricted(channel)
        )
        await asking.show(self._services, interaction, asking.said(asked))
        if not is_private:
            await _take_away(message)


async def _delete(message: discord.Message | None) -> None:
    """Delete a message; one that is gone is no error."""
    if message is not None:
        with contextlib.suppress(discord.NotFound):
            await message.delete()


async def _take_away(quote: discord.Message | None) -> None:
    """Delete a confirmed quote; the confirmation stands even if that fails."""
    try:
        await _delete(quote)
    except Exception as error:  # noqa: BLE001 - as above, whatever broke; its button is used up
        _log.warning("quote_not_deleted", extra={"error": type(error).__name__})


def _may_moderate(interaction: discord.Interaction) -> bool:
    return interaction.permissions.manage_messages


async def setup(client: Client) -> None:
    await client.add_cog(Jobs(client))
