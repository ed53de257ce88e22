"""The last resort of every slash command and context menu: an error becomes a sentence."""

import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.errors import UserFacingError
from bot.presentation import replies
from cogs._private.answers import answer, answer_unexpected

_log = logging.getLogger(__name__)

FREE = {"models", "quota", "quota-admin", "settings", "show"}  # commands that ask for no film


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
            # an empty list is shown; the command itself will say what is wrong
            _log.warning("autocomplete_failed", exc_info=cause)
            return
        if isinstance(cause, UserFacingError):
            is_wish = _root(interaction) not in FREE
            await answer(interaction, replies.sentence(cause, is_wish=is_wish))
        elif isinstance(cause, app_commands.CheckFailure):
            await answer(interaction, replies.NOT_ALLOWED)
        else:
            await answer_unexpected(interaction, cause)


def _root(interaction: discord.Interaction) -> str:
    """The first word of the command."""
    return "" if interaction.command is None else interaction.command.qualified_name.split()[0]


async def setup(client: Client) -> None:
    await client.add_cog(Errors(client))
