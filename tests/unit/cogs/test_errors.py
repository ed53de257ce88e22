"""What goes wrong in a command is said to its member, or at least to the operator."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands

from bot.client import Client
from bot.errors import DatabaseBusyError, InvalidRequestError
from cogs._private.answers import guarded
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


@pytest.mark.parametrize("is_deferred", [False, True])
async def test_more_reasons_than_a_message_holds_are_cut_and_not_kept_back(is_deferred):
    said: list[str] = []

    async def say(text: str = "", *, content: str = "", **_how: Any) -> None:
        said.append(text or content)

    response = SimpleNamespace(is_done=lambda: is_deferred, send_message=say)
    user = SimpleNamespace(id=30)
    interaction: Any = SimpleNamespace(user=user, response=response, edit_original_response=say)

    async def refuse() -> None:
        raise InvalidRequestError([f"Shot {number} has no words." for number in range(1000)])

    await guarded(interaction, refuse)

    [text] = said
    assert text.startswith("This cannot be made as it stands:\n- Shot 0 has no words.")
    assert text.endswith("…")
    assert len(text) == 2000
