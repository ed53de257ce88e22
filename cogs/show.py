"""`/show`: one of the member's videos again, also one that finished late."""

import asyncio
import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.archive.show import Shown
from bot.client import Client
from bot.ids import UserId
from bot.jobs.job import Job
from bot.ordering.choosing import ensure_video_suits
from bot.presentation import discord_errors, videos
from bot.services import Services
from cogs._shared.amounts import job_id_of
from cogs._shared.answers import edit, empty_on_error
from cogs._shared.interactions import guild_of, may_moderate, place_of
from cogs._shared.options import is_age_restricted

_log = logging.getLogger(__name__)

MAX_NAME = 100  # Discord's, for a choice
SURELY_BYTES = 19 * 1024 * 1024  # taken everywhere, from everyone
WITHIN_SECONDS = 600.0  # an interaction can be answered for fifteen minutes


class Show(commands.Cog):
    """Shows a video to its member alone, or to everyone."""

    def __init__(self, services: Services, within_seconds: float = WITHIN_SECONDS) -> None:
        self._showing = services.showing
        self._free_posts = services.free_posts
        self._catalog = services.catalog
        self._within_seconds = within_seconds

    @app_commands.command(description="See one of your videos again, even one that finished late")
    @app_commands.guild_only()
    @app_commands.describe(
        video="Which video; its job number is at the bottom of the card",
        to_all="Show it to everyone here (default: only you)",
    )
    async def show(
        self, interaction: discord.Interaction, video: str, to_all: bool = False
    ) -> None:
        await interaction.response.defer(ephemeral=True)  # a refusal is for the member alone
        if to_all:
            await self._free_posts.count(place_of(interaction))
        job_id, guild_id = job_id_of(video), guild_of(interaction)
        made_in = await self._showing.channel_of(job_id, guild_id)
        shown = await self._showing.find(
            job_id,
            guild_id,
            UserId(interaction.user.id),
            is_moderator=may_moderate(interaction, made_in),
            to_all=to_all,
        )
        if to_all:
            self._ensure_suits_channel(interaction, shown.job)
        if not await self._bring_in_time(interaction, shown, to_all=to_all):
            await _say(interaction, videos.text_without_file(shown.job, shown.addresses), to_all)

    def _ensure_suits_channel(self, interaction: discord.Interaction, job: Job) -> None:
        """Keep what was made for adults in age-restricted channels. Raises InvalidRequestError."""
        guild = interaction.guild
        made_in = None if guild is None else guild.get_channel_or_thread(job.channel_id)
        ensure_video_suits(
            self._catalog.find(job.request.model_id),
            made_among_adults=is_age_restricted(made_in),
            adults=is_age_restricted(interaction.channel),
        )

    async def _bring_in_time(
        self, interaction: discord.Interaction, shown: Shown, *, to_all: bool
    ) -> bool:
        """Show the video; False if it can't be. Discord may refuse even a file within its limit."""
        limit = interaction.filesize_limit
        try:
            async with asyncio.timeout(self._within_seconds):
                return await self._bring(interaction, shown, limit, to_all) or await self._bring(
                    interaction, shown, min(limit // 2, SURELY_BYTES), to_all
                )
        except TimeoutError:
            _log.warning("video_not_fitted_in_time", extra={"job_id": shown.job.id})
            return False

    async def _bring(
        self, interaction: discord.Interaction, shown: Shown, most: int, to_all: bool
    ) -> bool:
        if shown.artifact.size_bytes > most:
            await edit(interaction, videos.text_while_fitting(shown.job))
        video = await self._showing.fit(shown, most=most)
        if video is None:
            return False
        try:
            await _say(
                interaction,
                videos.text_again(shown.job, video.note),
                to_all,
                videos.file_of(shown.job, video),
            )
        except discord.HTTPException as error:
            if not discord_errors.is_too_large(error):
                raise
            _log.warning("video_too_large", extra={"job_id": shown.job.id, "max_bytes": most})
            return False
        return True

    @show.autocomplete("video")
    @empty_on_error
    async def _videos(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        ended = await self._showing.latest(guild_of(interaction), UserId(interaction.user.id))
        named = [(videos.name_of(job, most=MAX_NAME), job.id) for job in ended]
        fitting = [pair for pair in named if typed.casefold() in pair[0].casefold()]
        return [app_commands.Choice(name=name, value=job_id) for name, job_id in fitting]


async def _say(
    interaction: discord.Interaction,
    text: str,
    to_all: bool,
    file: discord.File | None = None,
) -> None:
    """Answer privately, or to everyone in a message of its own.

    Raises HTTPException.
    """
    files = [] if file is None else [file]
    if not to_all:
        await interaction.edit_original_response(content=text, attachments=files)
        return
    await edit(interaction, videos.SHOWN_TO_ALL)
    # it quotes a member, whose links are not to be shown in our name
    await interaction.followup.send(text, files=files, suppress_embeds=True)


async def setup(client: Client) -> None:
    await client.add_cog(Show(client.services))
