"""What Discord's refusals of a message mean, by the codes that it gives.

Only codes that are known to be final end anything: a 403 may also be a proxy's page or a fault of
Discord's own network, and passes.
"""

import discord

from bot.errors import (
    ChannelGoneError,
    DeliveryError,
    DeliveryUnavailableError,
    FileTooLargeError,
    MessageGoneError,
    NotAllowedError,
)

CANNOT_REPLY = 160002  # without Read Message History; as no reply it would be taken

_MESSAGE_GONE = 10008
_ARCHIVED = 50083
_GONE = {10003, 10004, 50001, 50008, _ARCHIVED, 160005}  # channel, server, access, kind, locked
_NOT_ALLOWED = {50013, 400001}  # permission, files in this server
_TOO_LARGE = {40005, 50045}


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether Discord, or what stands before it, refused a file for its size."""
    return error.status == 413 or error.code in _TOO_LARGE


def of_a_post(error: discord.HTTPException) -> DeliveryError:
    """A post wakes an archived thread, unless that is locked, for good."""
    if error.code == _MESSAGE_GONE:
        return MessageGoneError(str(error.code))
    if is_too_large(error):
        return FileTooLargeError(str(error.code))
    if error.code in _NOT_ALLOWED:
        return NotAllowedError(str(error.code))
    if error.code in _GONE:
        return ChannelGoneError(str(error.code))
    return DeliveryUnavailableError(f"{error.status} {error.code}")


def of_an_edit(error: discord.HTTPException) -> DeliveryError:
    """An edit wakes no thread; the next post there will."""
    if error.code == _ARCHIVED:
        return DeliveryUnavailableError(str(error.code))
    return of_a_post(error)
