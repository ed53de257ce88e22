"""Answers to errors: a member's own are explained, unexpected ones get a reference.

A reaction has no private answer: it is answered in the channel, and that is deleted later.
"""

import asyncio
import functools
import hashlib
import io
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar, cast

import discord

from bot.client import Client
from bot.clock import Clock
from bot.delivery.temporary import DeletionSchedule
from bot.errors import BotError, MemberBlockedError, StorageError, UserFacingError
from bot.ids import ChannelId, GuildId, MessageId, UserId
from bot.jobs.messages import NONCE_MAX_CHARACTERS
from bot.ordering.offers import OFFER_HOLDS_FOR
from bot.presentation import answers
from cogs._shared.interactions import CheckRefusedError, is_moderator

_log = logging.getLogger(__name__)
TRIES = 3
CHECK_SECONDS = 1.0  # of the three that Discord waits
LONGEST_TEXT = 2000  # Discord's, for a message
ALREADY_ANSWERED = 40060  # Discord's code where another process of the bot was quicker
Autocomplete = TypeVar("Autocomplete", bound=Callable[..., Awaitable[list[Any]]])

ERROR_STANDS_SECONDS = 60.0
OFFER_HOLDS_SECONDS = OFFER_HOLDS_FOR.total_seconds()


def empty_on_error(callback: Autocomplete) -> Autocomplete:
    """Return an empty list if an autocomplete fails, instead of no answer.

    The command itself says what is wrong. discord.py hands errors of an autocomplete to no error
    handler: it logs a traceback, and the member waits for three seconds.
    """

    @functools.wraps(callback)
    async def offered(*args: Any) -> list[Any]:
        try:
            return await callback(*args)
        except UserFacingError as error:
            _log.info("autocomplete_refused", extra={"error": type(error).__name__})
        except Exception as error:  # noqa: BLE001 - the outermost handler of an autocomplete
            _log.warning("autocomplete_failed", exc_info=error)
        return []

    return cast(Autocomplete, offered)  # the same arguments, as discord.py inspects them


async def guarded(
    interaction: discord.Interaction,
    act: Callable[[], Awaitable[None]],
    *,
    is_request: bool = True,
) -> None:
    """Run the handler of an interaction, and tell the member if it fails or is refused."""
    try:
        await _ensure_not_blocked(interaction)
        await act()
    except UserFacingError as error:
        _log.info("refused", extra={"error": type(error).__name__, "user": interaction.user.id})
        await answer_refusal(interaction, error, is_request=is_request)
    except Exception as error:  # noqa: BLE001 - the outermost handler; it logs and answers
        await answer_unexpected(interaction, error)


async def check_not_blocked(interaction: discord.Interaction) -> bool:
    """Check every command and menu. Raises CheckRefusedError for a blocked member."""
    if interaction.type is discord.InteractionType.autocomplete:
        return True  # the command itself is refused
    try:
        await _ensure_not_blocked(interaction)
    except MemberBlockedError as error:
        raise CheckRefusedError(error) from error
    return True


async def _ensure_not_blocked(interaction: discord.Interaction) -> None:
    """Raise MemberBlockedError for a blocked member; an admin could unblock themselves.

    Asked before Discord is answered. A database that is slow or away must not use up the three
    seconds: then no one is refused here, and no job is accepted without it either.
    """
    if interaction.guild_id is None or interaction.permissions.manage_guild:
        return
    blocking = cast(Client, interaction.client).services.blocking
    guild_id, user_id = GuildId(interaction.guild_id), UserId(interaction.user.id)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await blocking.ensure_not_blocked(guild_id, user_id)
    except (StorageError, TimeoutError) as error:
        _log.warning("block_not_checked", extra={"error": type(error).__name__})


async def answer_refusal(
    interaction: discord.Interaction, error: UserFacingError, *, is_request: bool
) -> None:
    """Say why, with a command to change it only to those who have that command."""
    await answer(interaction, refusal(interaction, error, is_request=is_request))


def refusal(
    interaction: discord.Interaction, error: UserFacingError, *, is_request: bool = True
) -> str:
    """What this member alone reads; names the commands that they have."""
    return answers.sentence(
        error,
        is_request=is_request,
        is_admin=interaction.permissions.manage_guild,
        is_moderator=is_moderator(interaction.user),
    )


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
    """Log the error under a reference; return what to tell the member."""
    reference = secrets.token_hex(4)
    _log.error("unexpected", extra={"reference": reference}, exc_info=error)
    known = answers.sentence(error) if isinstance(error, BotError) else None
    return answers.unexpected(reference, known)


async def answer(interaction: discord.Interaction, text: str) -> None:
    """Answer privately, whether or not the interaction was answered yet.

    Never raises: if the answer can't be sent, it is only logged.
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


async def refuse_and_give_back(
    interaction: discord.Interaction,
    error: UserFacingError,
    text: str,
    *,
    name: str,
    is_request: bool = True,
) -> None:
    """Explain why a member's text can't be used, and return it."""
    _log.info("refused", extra={"error": type(error).__name__, "user": interaction.user.id})
    trouble = refusal(interaction, error, is_request=is_request)
    await give_back(interaction, trouble, text, name=name)


async def give_back(
    interaction: discord.Interaction, trouble: str, text: str, *, name: str
) -> None:
    """Explain what is wrong, and return the member's text, which would otherwise be lost.

    In a file: it may be longer than a message. Never raises.
    """

    def file() -> discord.File:
        return discord.File(io.BytesIO(text.encode()), name)

    await edit(interaction, answers.given_back(trouble), file=file)


async def edit(
    interaction: discord.Interaction,
    text: str,
    view: discord.ui.View | None = None,
    file: Callable[[], discord.File] | None = None,
) -> None:
    """Replace the answer. Never raises: what the answer reports has already happened.

    Tried again if the connection breaks, since the same edit may safely be made twice.
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
    """Cut the text to Discord's limit: a refused answer would leave "thinking…" forever."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


class TemporaryAnswers:
    """Answers in a channel: mention one member, and are deleted after a while."""

    def __init__(self, temporary: DeletionSchedule, clock: Clock) -> None:
        self._temporary = temporary
        self._clock = clock

    async def tell(
        self,
        message: discord.Message,
        user_id: UserId,
        text: str,
        *,
        subject: str,
        view: discord.ui.View | None = None,
    ) -> None:
        """Answer a reaction, in the channel, since it has no private answer."""
        reference = message.to_reference(fail_if_not_exists=False)
        await self.send(message.channel, user_id, text, subject, reference=reference, view=view)

    async def send(
        self,
        channel: discord.abc.Messageable,
        user_id: UserId,
        text: str,
        subject: str,
        *,
        view: discord.ui.View | None = None,
        **given: Any,
    ) -> None:
        """Send an answer once: every process hears of a reaction, and the nonce keeps one answer."""
        if view is not None:
            given["view"] = view
        try:
            sent = await channel.send(
                f"<@{user_id}> {text}",
                allowed_mentions=discord.AllowedMentions(users=[discord.Object(user_id)]),
                nonce=_nonce(subject, self._clock.now()),
                suppress_embeds=True,  # a file's name may be a link
                **given,
            )
        except discord.Forbidden:
            _log.info("reaction_unanswerable", extra={"user": user_id})
        else:
            seconds = ERROR_STANDS_SECONDS if view is None else OFFER_HOLDS_SECONDS
            await self._delete_later(sent, seconds)

    async def _delete_later(self, sent: discord.Message, seconds: float) -> None:
        guild_id = GuildId(sent.guild.id if sent.guild else 0)
        channel_id, message_id = ChannelId(sent.channel.id), MessageId(sent.id)
        try:
            await self._temporary.delete_later(guild_id, channel_id, message_id, seconds=seconds)
        except StorageError:  # a timer that a restart forgets is better than none
            await sent.delete(delay=seconds)


def _nonce(subject: str, now: datetime) -> str:
    """Return the nonce of an answer about this within a minute; later ones may repeat it."""
    details = f"{subject}:{now.timestamp() // 60}"
    return hashlib.sha256(details.encode()).hexdigest()[:NONCE_MAX_CHARACTERS]
