"""The meaning of Discord's errors about messages, by their codes.

Only codes that are known to be final end anything: a 403 may also be a proxy's page or a fault of
Discord's own network, and passes.
"""

import discord

from bot.errors import (
    ChannelBlockedError,
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    FileTooLargeError,
    MessageGoneError,
    MessageHeldError,
    MessageRefusedError,
    NotAllowedError,
)

MANY_EDITS = 30046  # of one message that is older than an hour
CANNOT_REPLY = 160002  # without Read Message History; accepted if sent without the reference

_ARCHIVED = 50083  # a post wakes an archived thread, unless it is locked
_BY_CODE: dict[int, type[DeliveryError]] = {
    10008: MessageGoneError,
    10003: ChannelGoneError,  # unknown channel
    10004: ChannelGoneError,  # unknown server
    10013: ChannelGoneError,  # unknown user, of direct messages
    50007: ChannelGoneError,  # direct messages closed
    50278: ChannelGoneError,  # no server in common any more
    50008: ChannelGoneError,  # no kind of channel for messages
    50001: ChannelBlockedError,  # no access
    _ARCHIVED: ChannelBlockedError,
    160005: ChannelBlockedError,  # a locked thread
    50013: NotAllowedError,  # a permission
    400001: NotAllowedError,  # files in this server
}
_TOO_LARGE = {40005, 50045}
# What the message says: explicit content, AutoMod (two codes), a harmful link; whatever the status.
_CONTENT = {20009, 200000, 200001, 240000}
# Answered with 400 at times, and over after a while: slow mode, write limits, the limit of edits to
# old messages, overload. https://docs.discord.com/developers/topics/opcodes-and-status-codes
_PASSING = {20016, 20022, 20028, 20029, MANY_EDITS, 40004, 40062, 130000, CANNOT_REPLY}
_BAD_REQUEST = 400


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord, or a proxy before it, refused a file for its size."""
    return error.status == 413 or error.code in _TOO_LARGE


def of_a_post(error: discord.HTTPException) -> DeliveryError:
    """Translate an error about a post; unknown ones count as temporary."""
    if is_too_large(error):
        return FileTooLargeError(str(error.code))
    if error.code in _BY_CODE:
        return _BY_CODE[error.code](str(error.code))
    if _is_about_content(error):
        return MessageRefusedError(f"{error.status} {error.code}")
    return DeliveryUnavailableError(f"{error.status} {error.code}")


def _is_about_content(error: discord.HTTPException) -> bool:
    """Whether Discord refuses the content: a 400 with a code repeats with the request."""
    is_final = error.status == _BAD_REQUEST and error.code not in {0, *_PASSING}
    return error.code in _CONTENT or is_final


_TOKEN_DEAD = {10015, 50027}  # an interaction's, after fifteen minutes


def of_an_answer(error: discord.HTTPException) -> DeliveryError:
    """Translate an error about a private answer, which is gone once its token has expired."""
    return MessageGoneError(str(error.code)) if error.code in _TOKEN_DEAD else of_a_post(error)


def of_an_edit(error: discord.HTTPException) -> DeliveryError:
    """Translate an error about an edit, which wakes no thread and may be possible later."""
    meant = of_a_post(error)
    if isinstance(meant, ChannelBlockedError) or error.code == MANY_EDITS:
        return MessageHeldError(str(error.code))
    return meant
