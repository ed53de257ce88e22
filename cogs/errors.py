"""The last resort of every slash command and context menu: an error becomes a sentence."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.errors import UserFacingError
from bot.presentation import replies
from cogs._private.answers import answer, answer_unexpected


class Errors(commands.Cog):
    """Takes over the command tree's error handler."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def cog_load(self) -> None:
        self._client.tree.error(self._on_error)

    async def _on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if interaction.type is discord.InteractionType.autocomplete:
            return  # an empty list is shown; the command itself will say what is wrong
        if isinstance(cause, UserFacingError):
            await answer(interaction, replies.sentence(cause))
        elif isinstance(cause, app_commands.CheckFailure):
            await answer(interaction, replies.NOT_ALLOWED)
        else:
            await answer_unexpected(interaction, cause)


async def setup(client: Client) -> None:
    await client.add_cog(Errors(client))
