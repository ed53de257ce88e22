"""The last resort of every interaction: any error gets one answer."""

import contextlib
import logging
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.errors import UserFacingError
from bot.presentation import answers
from bot.presentation.widgets import VERSION
from cogs._shared.answers import (
    ALREADY_ANSWERED,
    answer,
    answer_refusal,
    answer_unexpected,
    check_not_blocked,
    guarded,
)
from cogs._shared.interactions import CheckRefusedError

_log = logging.getLogger(__name__)

_TREE = "discord.app_commands.tree"  # the logger that tells of autocompletes
_UNKNOWN_INTERACTION = 10062  # too late, or answered elsewhere and gone
_ANSWERED_ELSEWHERE = {ALREADY_ANSWERED, _UNKNOWN_INTERACTION}
_WITH_CUSTOM_ID = {discord.InteractionType.component, discord.InteractionType.modal_submit}

# commands that ask for no video, by their first word or whole
FREE = {"models", "moderation", "quota", "quota-admin", "settings", "show"} | {
    f"preset {name}" for name in ("save", "list", "delete")
}


class Errors(commands.Cog):
    """Takes over the command tree's error handler, and its check of every command."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def cog_load(self) -> None:
        self._client.tree.error(self._on_error)
        self._client.gate = check_not_blocked
        logging.getLogger(_TREE).addFilter(_without_answers_elsewhere)

    async def _on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        cause = _cause(error)
        if interaction.type is discord.InteractionType.autocomplete:
            _log.warning("autocomplete_failed", exc_info=cause)
            with contextlib.suppress(discord.HTTPException):
                await interaction.response.autocomplete([])
            return
        match cause:
            case UserFacingError():
                await answer_refusal(interaction, cause, is_request=_asks_for_video(interaction))
            case app_commands.CheckFailure():
                await answer(interaction, answers.NOT_ALLOWED)
            case app_commands.TransformerError():
                await answer(interaction, answers.WRONG_OPTION)
            case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
                _log.warning("command_outdated", extra={"error": str(cause)})
                await answer(interaction, answers.COMMAND_CHANGED)
            case _:
                await answer_unexpected(interaction, cause)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a button, a select or a form whose custom id no version of ours spells now."""
        if interaction.type not in _WITH_CUSTOM_ID:
            return
        data: Mapping[str, Any] = interaction.data or {}
        if not str(data.get("custom_id", "")).startswith(VERSION):
            await guarded(interaction, lambda: answer(interaction, answers.OLD_BUTTON))


def _cause(error: app_commands.AppCommandError) -> Exception:
    match error:
        case app_commands.CommandInvokeError(original=original):
            return original
        case CheckRefusedError(why=why):
            return why
        case _:
            return error


def _without_answers_elsewhere(record: logging.LogRecord) -> bool:
    """Drop the traceback of an autocomplete that another process answered first.

    discord.py sends the choices itself and logs what goes wrong with that; nothing else hears of it.
    """
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, discord.HTTPException) or error.code not in _ANSWERED_ELSEWHERE:
        return True
    _log.info("answered_elsewhere", extra={"code": error.code})
    return False


def _asks_for_video(interaction: discord.Interaction) -> bool:
    name = "" if interaction.command is None else interaction.command.qualified_name
    return not FREE & {name, name.partition(" ")[0]}


async def setup(client: Client) -> None:
    await client.add_cog(Errors(client))
