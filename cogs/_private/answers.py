"""Errors as sentences: what a member did is said plainly; the unexpected gets a reference."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.errors import BotError, UserFacingError
from bot.presentation import replies

_log = logging.getLogger(__name__)

TRIES = 3
LONGEST_TEXT = 2000  # Discord's, for a message
ALREADY_ANSWERED = 40060  # Discord's code where another process of the bot was quicker


async def guarded(
    interaction: discord.Interaction,
    act: Callable[[], Awaitable[None]],
    *,
    is_wish: bool = True,
) -> None:
    """Do something for an interaction, and answer in words whatever comes of it."""
    try:
        await act()
    except UserFacingError as error:
        _log.info("refused", extra={"error": type(error).__name__, "user": interaction.user.id})
        await answer(interaction, replies.sentence(error, is_wish=is_wish))
    except Exception as error:  # noqa: BLE001 - the outermost handler; it logs and answers
        await answer_unexpected(interaction, error)


async def answer_unexpected(interaction: discord.Interaction, error: Exception) -> None:
    """Log the error under a reference and tell the member the same reference.

    Every process hears of every interaction; Discord lets only the first of them answer, and to
    the others that is no error.
    """
    if isinstance(error, discord.HTTPException) and error.code == ALREADY_ANSWERED:
        _log.info("answered_elsewhere", extra={"interaction": interaction.id})
        return
    await answer(interaction, note_unexpected(error))


def note_unexpected(error: Exception) -> str:
    """Log it under a reference; answers with what to tell the member."""
    reference = secrets.token_hex(4)
    _log.error("unexpected", extra={"reference": reference}, exc_info=error)
    known = replies.sentence(error) if isinstance(error, BotError) else None
    return replies.unexpected(reference, known)


async def answer(interaction: discord.Interaction, text: str) -> None:
    """Say something only this member sees, whether or not the interaction was answered yet.

    Never raises: who cannot be told is told nothing, and the operator's log has it.
    """
    text = _cut(text)
    if interaction.response.is_done():
        await edit(interaction, text)
        return
    try:
        await interaction.response.send_message(text, ephemeral=True)
    except discord.HTTPException as error:
        if error.code == ALREADY_ANSWERED:  # by us, on a connection that broke before we heard
            await edit(interaction, text)
            return
        _log.warning("unanswerable", extra={"status": error.status, "code": error.code})
    except Exception as error:  # noqa: BLE001 - whatever broke the connection
        _log.warning("unanswerable", extra={"error": type(error).__name__})


async def edit(
    interaction: discord.Interaction,
    text: str,
    view: discord.ui.View | None = None,
    file: Callable[[], discord.File] | None = None,
) -> None:
    """Put this in the place of the answer. Never raises: what was decided before stays decided.

    The same words may be said again, so a connection that breaks is no reason not to.
    """
    for _ in range(TRIES):
        given: dict[str, Any] = {} if file is None else {"attachments": [file()]}
        try:
            await interaction.edit_original_response(content=_cut(text), view=view, **given)
        except discord.HTTPException as error:
            _log.warning("unanswerable", extra={"status": error.status, "code": error.code})
            return
        except Exception as error:  # noqa: BLE001 - whatever broke the connection
            _log.warning("answer_broke", extra={"error": type(error).__name__})
        else:
            return


def _cut(text: str) -> str:
    """What Discord takes: a longer text would be refused, and leave "thinking…" for ever."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
