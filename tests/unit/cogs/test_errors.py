"""What goes wrong in a command is said to its member, or at least to the operator."""

from types import SimpleNamespace
from typing import Any, cast

import discord
from discord import app_commands

from bot.client import Client
from bot.errors import DatabaseBusyError
from cogs.errors import Errors


async def heard(kind, error, caplog):
    """What the operator reads of an error in such an interaction."""
    handlers: list[Any] = []
    await Errors(
        cast(Client, SimpleNamespace(tree=SimpleNamespace(error=handlers.append)))
    ).cog_load()
    interaction = SimpleNamespace(type=kind, command=None)
    await handlers[0](interaction, error)
    return [(row.msg, row.exc_info[1]) for row in caplog.records]


async def test_a_list_that_stays_empty_for_an_error_leaves_a_word_in_the_log(caplog):
    error = DatabaseBusyError("locked")

    said = await heard(discord.InteractionType.autocomplete, error, caplog)

    assert said == [("autocomplete_failed", error)]


async def test_the_error_itself_is_told_and_not_what_discord_wraps_it_in(caplog):
    error = ValueError("a bug")
    command: Any = SimpleNamespace(name="video")
    wrapped = app_commands.CommandInvokeError(command, error)

    said = await heard(discord.InteractionType.autocomplete, wrapped, caplog)

    assert said == [("autocomplete_failed", error)]
