"""Again, Better, Share, More and Details under a video. They never expire.

Who presses pays; a server may keep them for the member who made the video.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
from discord.ext import commands

from bot.archive.details import Posted
from bot.client import Client
from bot.errors import InvalidRequestError, VideoNotPostedError
from bot.ids import ChannelId, IdempotencyKey, JobId, UserId
from bot.presentation import details, videos, widgets
from bot.presentation.widgets import Action, Button, row_of
from cogs._shared import asking
from cogs._shared.answers import edit, guarded
from cogs._shared.interactions import (
    ensure_may_post,
    guild_of,
    is_thread,
    missing_permissions,
    permissions_missing,
    place_of,
    pressed_in,
    stands_for,
)

SHARED_WITH = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
]


class Buttons(commands.Cog):
    """Answers Discord first; then rights and prices are looked up."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._acts = {
            Action.AGAIN: self._make_again,
            Action.BETTER: self._offer_better,
            Action.SHARE: self._ask_where,
            Action.SHARE_IN: self._share,
            Action.MORE: self._show_more,
            Action.DETAILS: self._show_details,
        }

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        pressed = pressed_in(interaction)
        if pressed is None or pressed.action not in self._acts:
            return
        act, job_id = self._acts[pressed.action], JobId(pressed.subject)
        await guarded(interaction, lambda: act(interaction, job_id))

    async def _make_again(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        request = await self._services.sequels.again(job_id, place)
        asking.ensure_suits_channel(self._services, interaction, request.model_id)
        answer = await asking.ask(self._services, request, place, _key(interaction))
        await asking.show(self._services, interaction, answer)

    async def _offer_better(self, interaction: discord.Interaction, job_id: JobId) -> None:
        """Each model is an offer of the same request, so that one of them is made once."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        found = await self._services.sequels.better(job_id, place)
        buttons: list[Button] = []
        for quote in found.quotes:
            offer = await self._services.ordering.offer(quote, place, _key(interaction))
            label = details.better(quote.capability.name, found.price, quote.price)
            buttons.append((label, Action.CONFIRM, offer.id))
        await edit(interaction, details.to_choose_better(found.price), row_of(buttons))

    async def _ask_where(self, interaction: discord.Interaction, job_id: JobId) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(
            discord.ui.ChannelSelect(
                custom_id=widgets.spell(Action.SHARE_IN, job_id),
                channel_types=SHARED_WITH,
                placeholder="Choose a channel",
            )
        )
        view.stop()
        await interaction.response.send_message(details.WHERE_TO_SHARE, view=view, ephemeral=True)

    async def _share(self, interaction: discord.Interaction, job_id: JobId) -> None:
        """Discord lets one process answer, and takes one message with this nonce."""
        await interaction.response.defer()
        place = place_of(interaction)
        await self._services.sequels.parent(job_id, place)
        posted = await self._services.details.posted(job_id, guild_of(interaction))
        if not await self._stands(interaction, posted):
            raise VideoNotPostedError
        channel_id = _chosen_channel(interaction)
        self._ensure_may_write(channel_id)
        channel = self._client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
        await self._services.free_posts.count(place)
        text = details.shared(posted, UserId(interaction.user.id))
        try:
            await channel.send(text, nonce=f"share-{interaction.id}"[:25])
        except (discord.Forbidden, discord.NotFound) as error:
            raise _unsharable("I can't post there") from error
        await edit(interaction, f"Shared in <#{channel_id}>.")

    def _ensure_may_write(self, channel_id: ChannelId) -> None:
        """Of a channel that is not known here, Discord decides. Raises InvalidRequestError."""
        channel = self._client.get_channel(channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return
        permissions = channel.permissions_for(channel.guild.me)
        permissions.update(embed_links=True, attach_files=True, read_message_history=True)
        missing = missing_permissions(permissions, thread=is_thread(channel))
        if missing:
            raise _unsharable(permissions_missing(missing))

    async def _show_more(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id, user_id = guild_of(interaction), UserId(interaction.user.id)
        presets = await self._services.presets.list_for(guild_id, user_id)
        shots = await self._services.remaking.shots_of(job_id, guild_id)
        await edit(interaction, details.more(shots), videos.more_of(job_id, presets, shots))

    async def _show_details(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await self._services.details.describe(job_id, guild_of(interaction))
        if found.posted is not None and not await self._stands(interaction, found.posted):
            found = replace(found, posted=None)  # deleted by hand: the link would lead nowhere
        await edit(interaction, details.text_of(found), videos.preset_of(job_id))

    async def _stands(self, interaction: discord.Interaction, posted: Posted) -> bool:
        stands = stands_for(self._client, interaction.guild_id)
        return await stands(posted.channel_id, posted.message_id, with_file=False)


def _key(interaction: discord.Interaction) -> IdempotencyKey:
    return IdempotencyKey(f"interaction:{interaction.id}")


def _chosen_channel(interaction: discord.Interaction) -> ChannelId:
    """The channel that was chosen, in which the member may write.

    Raises InvalidRequestError. Discord tells with the choice what the member may do there.
    """
    data: Mapping[str, Any] = interaction.data or {}
    chosen = str(next(iter(data.get("values") or ()), ""))
    found = ((data.get("resolved") or {}).get("channels") or {}).get(chosen)
    if found is None:
        raise _unsharable("that channel is gone")
    permissions = discord.Permissions(int(found.get("permissions") or 0))
    in_thread = discord.ChannelType(found["type"]) in SHARED_WITH[-2:]
    may_send = permissions.send_messages_in_threads if in_thread else permissions.send_messages
    if not (permissions.view_channel and may_send):
        raise _unsharable("you may not write there")
    return ChannelId(int(chosen))


def _unsharable(why: str) -> InvalidRequestError:
    return InvalidRequestError([f"I couldn't share the video: {why}. Choose another channel."])


async def setup(client: Client) -> None:
    await client.add_cog(Buttons(client))
