"""`/show`: a film of mine once more, also one that nobody waited for."""

import asyncio
import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.ids import JobId, UserId
from bot.presentation import films, refusals
from bot.services.showing import Shown
from cogs._private.answers import edit
from cogs._private.places import guild_of

_log = logging.getLogger(__name__)

NAME_MOST = 100  # Discord's, for a choice
SURELY_BYTES = 19 * 1024 * 1024  # taken everywhere, whoever asks
WITHIN_SECONDS = 600.0  # an interaction can be answered for fifteen minutes


class Show(commands.Cog):
    """Shown to the member alone, or to all if they like."""

    def __init__(self, services: Services, within_seconds: float = WITHIN_SECONDS) -> None:
        self._showing = services.showing
        self._within_seconds = within_seconds

    @app_commands.command(description="See a film once more, or one that came after all")
    @app_commands.guild_only()
    @app_commands.describe(
        film="Which; the number stands at the foot of its card",
        to_all="Whether everybody here sees it; only you, if you leave it out",
    )
    async def show(self, interaction: discord.Interaction, film: str, to_all: bool = False) -> None:
        await interaction.response.defer(ephemeral=not to_all)
        shown = await self._showing.find(
            JobId(film.strip().removeprefix("Job").strip()),
            guild_of(interaction),
            UserId(interaction.user.id),
            is_moderator=interaction.permissions.manage_messages,
            to_all=to_all,
        )
        if not await self._bring_in_time(interaction, shown):
            await edit(interaction, films.text_without_file(shown.job, shown.addresses))

    async def _bring_in_time(self, interaction: discord.Interaction, shown: Shown) -> bool:
        """False where it cannot be brought: what Discord says of its limit is too much at times."""
        limit = interaction.filesize_limit
        try:
            async with asyncio.timeout(self._within_seconds):
                return await self._bring(interaction, shown, limit) or await self._bring(
                    interaction, shown, min(limit // 2, SURELY_BYTES)
                )
        except TimeoutError:
            _log.warning("film_not_fitted_in_time", extra={"job_id": shown.job.id})
            return False

    async def _bring(self, interaction: discord.Interaction, shown: Shown, most: int) -> bool:
        if shown.artifact.size_bytes > most:
            await edit(interaction, films.text_while_fitting(shown.job))
        film = await self._showing.fit(shown, most=most)
        if film is None:
            return False
        try:
            await interaction.edit_original_response(
                content=films.text_again(shown.job, film.note),
                attachments=[films.file_of(shown.job, film)],
            )
        except discord.HTTPException as error:
            if not refusals.is_too_large(error):
                raise
            _log.warning("film_too_large", extra={"job_id": shown.job.id, "max_bytes": most})
            return False
        return True

    @show.autocomplete("film")
    async def _films(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        ended = await self._showing.latest(guild_of(interaction), UserId(interaction.user.id))
        named = [(films.name_of(job, most=NAME_MOST), job.id) for job in ended]
        fitting = [pair for pair in named if typed.casefold() in pair[0].casefold()]
        return [app_commands.Choice(name=name, value=job_id) for name, job_id in fitting]


async def setup(client: Client) -> None:
    await client.add_cog(Show(client.services))
