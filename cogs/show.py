"""`/show`: a film of mine once more, also one that nobody waited for."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.ids import JobId, UserId
from bot.presentation import films
from cogs._private.places import guild_of

NAME_MOST = 100  # Discord's, for a choice


class Show(commands.Cog):
    """Shown to the member alone, or to all if they like."""

    def __init__(self, services: Services) -> None:
        self._showing = services.showing

    @app_commands.command(description="See a film once more, or one that came after all")
    @app_commands.guild_only()
    @app_commands.describe(
        film="Which; the number stands at the foot of its card",
        to_all="Whether everybody here sees it; only you, if you leave it out",
    )
    async def show(self, interaction: discord.Interaction, film: str, to_all: bool = False) -> None:
        await interaction.response.defer(ephemeral=not to_all)
        shown = await self._showing.show(
            JobId(film.strip().removeprefix("Job").strip()),
            guild_of(interaction),
            UserId(interaction.user.id),
            is_moderator=interaction.permissions.manage_messages,
            to_all=to_all,
            most=interaction.filesize_limit,
        )
        text = films.text_again(shown.job, film=shown.film, addresses=shown.addresses)
        attachments = [films.file_of(shown.job, shown.film)] if shown.film else []
        await interaction.edit_original_response(content=text, attachments=attachments)

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
