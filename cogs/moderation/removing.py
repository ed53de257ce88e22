"""Remove a video: at once for those whose it is, with a form for moderators.

Discord wants a form as the first answer to a press, so that the video is looked up before; where that
takes too long, the moderator is told instead.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import discord
from discord.ext import commands

from bot.archive.remove import MAX_REASON, Decision, Target
from bot.client import Client
from bot.errors import NotYourJobError, UserFacingError
from bot.ids import ChannelId, JobId, MessageId, UserId
from bot.presentation import answers, details
from bot.presentation.moderation import texts
from bot.presentation.widgets import Action
from cogs._shared.answers import (
    answer,
    edit,
    give_back,
    guarded,
    note_unexpected,
    refuse_and_give_back,
)
from cogs._shared.forms.filled import form_id_sent, written
from cogs._shared.interactions import (
    ensure_moderator,
    guild_of,
    is_moderator,
    may_moderate,
    pressed_in,
)

WITHIN_SECONDS = 1.5  # Discord waits for three, and a block is looked up before
REASON, TELL, REFUND = "reason", "tell", "refund"
FILE = "reason.txt"


class RemovalForm(discord.ui.Modal):
    """It is only shown: the cog hears of every one that is sent.

    A refund is money of the whole server, so it isn't offered to those who moderate one channel.
    """

    def __init__(self, custom_id: str, *, can_refund: bool) -> None:
        super().__init__(title="Remove this video", custom_id=custom_id, timeout=60)
        reason = discord.ui.TextInput[Any](
            custom_id=REASON,
            style=discord.TextStyle.paragraph,
            max_length=MAX_REASON,
            required=False,
        )
        self._add("Reason", reason, "For the other moderators, and the member if you tell them.")
        if can_refund:
            refund = discord.ui.Checkbox[Any](custom_id=REFUND)
            self._add("Refund it", refund, "The video service doesn't give its price back.")
        tell = discord.ui.Checkbox[Any](custom_id=TELL, default=True)
        self._add("Tell the member", tell, "By direct message, without your name.")

    def _add(self, text: str, item: discord.ui.Item[Any], description: str) -> None:
        self.add_item(discord.ui.Label(text=text, component=item, description=description))


class Removing(commands.Cog):
    """The rights are checked at the press, and again when the form is sent."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A press, or a form that was sent, perhaps opened by an earlier process."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.DELETE:
            job_id = JobId(pressed.subject)
            await guarded(interaction, lambda: self._press(interaction, job_id), is_request=False)
        form = texts.parse_removal(form_id_sent(interaction))
        if form is not None:
            await guarded(interaction, lambda: self._sent(interaction, *form), is_request=False)

    async def _press(self, interaction: discord.Interaction, job_id: JobId) -> None:
        """Remove it, or open the form."""
        message_id = _pressed_message(interaction)
        if not interaction.permissions.manage_messages:
            await self._remove_own(interaction, job_id, message_id)
            return
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                found = await self._find(interaction, job_id, message_id)
        except TimeoutError:
            await answer(interaction, details.FORM_SLOW)
            return
        if found.is_removed or found.is_of(UserId(interaction.user.id)):
            await self._remove_own(interaction, job_id, message_id, is_moderator=found.is_removed)
            return
        _ensure_may(interaction, found)
        custom_id = texts.spell_removal(job_id, message_id)
        form = RemovalForm(custom_id, can_refund=is_moderator(interaction.user))
        await interaction.response.send_modal(form)

    async def _find(
        self, interaction: discord.Interaction, job_id: JobId, message_id: MessageId | None
    ) -> Target:
        return await self._services.removing.find(job_id, guild_of(interaction), message_id)

    async def _sent(
        self, interaction: discord.Interaction, job_id: JobId, message_id: MessageId | None
    ) -> None:
        """Remove as the form says; its reason comes back where that fails."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        given = written(interaction)
        reason = str(given.get(REASON) or "")
        try:
            said = await self._removed(interaction, job_id, message_id, given)
        except Exception as error:
            if not reason:
                raise
            if isinstance(error, UserFacingError):
                await refuse_and_give_back(interaction, error, reason, name=FILE, is_request=False)
            else:
                await give_back(interaction, note_unexpected(error), reason, name=FILE)
        else:
            await edit(interaction, said)

    async def _removed(
        self,
        interaction: discord.Interaction,
        job_id: JobId,
        message_id: MessageId | None,
        given: Mapping[str, Any],
    ) -> str:
        """Raises NotYourJobError, and InvalidRequestError for a refund that they may not make."""
        _ensure_may(interaction, await self._find(interaction, job_id, message_id))
        refunds = given.get(REFUND) is True
        if refunds:
            ensure_moderator(interaction)
        decision = Decision(
            by=UserId(interaction.user.id),
            reason=" ".join(str(given.get(REASON) or "").split())[:MAX_REASON],
            refunds=refunds,
            tells=given.get(TELL) is True,
            key=f"interaction-{interaction.id}",
        )
        outcome = await self._services.removing.remove_as_moderator(
            job_id, guild_of(interaction), message_id, decision, self._delete
        )
        return texts.removed(outcome)

    async def _remove_own(
        self,
        interaction: discord.Interaction,
        job_id: JobId,
        message_id: MessageId | None,
        *,
        is_moderator: bool = False,
    ) -> None:
        """Remove it at once, for its maker and those whose picture was used.

        A moderator deletes what was removed once more.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        remove = self._services.removing.remove
        place = job_id, guild_of(interaction), message_id, UserId(interaction.user.id)
        try:
            is_gone = await remove(*place, is_moderator=is_moderator, delete=self._delete)
        except NotYourJobError:
            if not await self._posted_its_picture(interaction, job_id):
                raise
            is_gone = await remove(*place, is_moderator=True, delete=self._delete)
        later = "" if is_gone else f" {texts.DELETED_LATER}"
        await edit(interaction, f"{answers.VIDEO_REMOVED}{later}")

    async def _posted_its_picture(self, interaction: discord.Interaction, job_id: JobId) -> bool:
        """Whether the presser is the author of a message the pictures are from; False if it is gone."""
        guild_id = guild_of(interaction)
        places = await self._services.details.list_picture_messages(job_id, guild_id)
        for channel_id, message_id in places:
            channel = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
            with contextlib.suppress(discord.NotFound, discord.Forbidden):
                message = await channel.fetch_message(message_id)
                if message.author.id == interaction.user.id:
                    return True
        return False

    async def _delete(self, channel_id: ChannelId, message_id: MessageId) -> None:
        channel = self._client.get_partial_messageable(channel_id)
        with contextlib.suppress(discord.NotFound):
            await channel.get_partial_message(message_id).delete()


def _pressed_message(interaction: discord.Interaction) -> MessageId | None:
    """The message with the video; None for a press under the private answer to More."""
    message = interaction.message
    is_under_video = message is not None and not message.flags.ephemeral
    return MessageId(message.id) if message is not None and is_under_video else None


def _ensure_may(interaction: discord.Interaction, found: Target) -> None:
    """Refuse members who don't moderate the video's channel. Raises NotYourJobError."""
    if not may_moderate(interaction, found.channel_id):
        raise NotYourJobError


async def setup(client: Client) -> None:
    await client.add_cog(Removing(client))
