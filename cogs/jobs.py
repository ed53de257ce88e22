"""The buttons on cards, films and quotes. Routed by custom id, so that they outlive any restart."""

import contextlib
import logging
from dataclasses import replace

import discord
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.deliveries import DeliveryKind, DeliveryState, deleted
from bot.domain.jobs import Failure, FailureKind
from bot.errors import InvalidRequestError, LeaseLostError, NotYourJobError
from bot.ids import JobId, OfferId, UserId
from bot.ports import JobStore
from bot.presentation import replies
from bot.presentation.custom_ids import Action
from cogs._private import asking
from cogs._private.answers import guarded
from cogs._private.places import place_of
from cogs._private.presses import pressed_in

_log = logging.getLogger(__name__)

NOTE_TRIES = 5  # against whoever notes at the same time that the film was posted


class Jobs(commands.Cog):
    """Rights are checked at every press."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._acts = {
            Action.CANCEL: self._cancel,
            Action.DELETE: self._delete,
            Action.INSTEAD: self._make_instead,
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
        await interaction.response.defer(ephemeral=True, thinking=True)
        outcome = await self._services.cancelling.cancel(
            JobId(subject), UserId(interaction.user.id), is_moderator=_may_moderate(interaction)
        )
        await interaction.edit_original_response(content=replies.cancelled(outcome))

    async def _delete(self, interaction: discord.Interaction, subject: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await self._services.jobs.get(JobId(subject))
        if job.user_id != interaction.user.id and not _may_moderate(interaction):
            raise NotYourJobError
        await _delete(interaction.message)
        await note_deletion(self._services.jobs, job.id)
        await interaction.edit_original_response(content=replies.FILM_DELETED)

    async def _make_instead(self, interaction: discord.Interaction, subject: str) -> None:
        """The same film with the model that can make it now, whatever the button said then."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await self._services.jobs.get(JobId(subject))
        if job.user_id != interaction.user.id:
            raise NotYourJobError
        not_at = job.provider if _failed_by_service(job.failure) else None
        found = await self._services.substituting.find(job.request, most=1, not_at=not_at)
        if not found:
            raise InvalidRequestError(["No other model can make this film at the moment."])
        presser = place_of(interaction)
        place = replace(presser, channel_id=job.channel_id, source_message_id=job.source_message_id)
        key = asking.key_of_instead(job)
        answer = await asking.ask(self._services, found[0].request, place, key)
        await asking.show(interaction, answer)

    async def _confirm(self, interaction: discord.Interaction, subject: str) -> None:
        """A quote that only its member sees is answered in its place; one in the channel beside it."""
        message = interaction.message
        is_private = message is not None and message.flags.ephemeral
        if is_private:
            await interaction.response.defer()
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
        asked = await self._services.offering.confirm(OfferId(subject), place_of(interaction))
        await asking.show(interaction, asking.said(asked))
        if not is_private:
            await _take_away(message)


async def note_deletion(jobs: JobStore, job_id: JobId) -> None:
    """So that the card no longer leads to the film, whose post may be noted at the same time."""
    for tries_left in reversed(range(NOTE_TRIES)):
        film = await jobs.find_delivery(job_id, DeliveryKind.FILM)
        if film is None or film.state is DeliveryState.DELETED:
            return
        try:
            await jobs.save_delivery(deleted(film))
        except LeaseLostError:
            if tries_left == 0:
                raise


async def _delete(message: discord.Message | None) -> None:
    """A message that is gone already is no error: what the press was for is done all the same."""
    if message is not None:
        with contextlib.suppress(discord.NotFound):
            await message.delete()


async def _take_away(quote: discord.Message | None) -> None:
    """What was agreed to is said already: a quote that stays is no reason to say anything else."""
    try:
        await _delete(quote)
    except Exception as error:  # noqa: BLE001 - as above, whatever broke; its button is used up
        _log.warning("quote_stays", extra={"error": type(error).__name__})


def _failed_by_service(failure: Failure | None) -> bool:
    return failure is not None and failure.kind is FailureKind.OPERATOR


def _may_moderate(interaction: discord.Interaction) -> bool:
    return interaction.permissions.manage_messages


async def setup(client: Client) -> None:
    await client.add_cog(Jobs(client.services))
