"""How a video was made, read from the file in any message.

What was found lies in the database while its member opens the form: reading a file takes longer than
Discord waits for a form, so that a button stands in between.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

import discord
from pydantic import TypeAdapter, ValidationError

from bot.catalog.request import Origin, VideoRequest
from bot.ids import UserId
from bot.presentation.widgets import VERSION
from bot.services import Services
from cogs._shared.pictures import Part

_ENDINGS = {".mp4", ".m4v", ".mov", ".webm", ".mkv"}
_BUTTON = re.compile(rf"{VERSION}recipe:([0-9]{{1,20}})")


@dataclass(frozen=True, slots=True)
class Found:
    """A request that was read from a file; `number` is that of the interaction."""

    number: str
    request: VideoRequest


_FOUND = TypeAdapter(Found)


def video_of(message: discord.Message) -> discord.Attachment | None:
    """The first video that is attached to a message, or to one that it forwards."""
    parts: list[Part] = [message, *message.message_snapshots]
    files = (file for part in parts for file in part.attachments)
    return next((file for file in files if _is_video(file)), None)


def _is_video(file: discord.Attachment) -> bool:
    declared = (file.content_type or "").partition("/")[0].strip().lower()
    return declared == "video" or PurePosixPath(file.filename).suffix.lower() in _ENDINGS


async def recipe_in(
    services: Services, message: discord.Message, place: Origin
) -> VideoRequest | None:
    """Read the recipe in the message's video; None without one. Raises UserFacingError."""
    file = video_of(message)
    if file is None:
        return None
    return await services.extending.find_recipe(file.url, file.filename, place)


def spell(number: str) -> str:
    """The custom id of the button that opens the form."""
    return f"{VERSION}recipe:{number}"


def parse(custom_id: str) -> str | None:
    """None for any other button."""
    match = _BUTTON.fullmatch(custom_id)
    return None if match is None else match[1]


async def keep(services: Services, found: Found, user_id: UserId) -> None:
    """Each member has one, the latest."""
    await services.notes.set_note(_note(user_id), _FOUND.dump_json(found).decode())


async def find(services: Services, number: str, user_id: UserId) -> VideoRequest | None:
    """None for one that was replaced since."""
    note = await services.notes.get_note(_note(user_id))
    if note is None:
        return None
    try:
        found = _FOUND.validate_json(note)
    except ValidationError:  # another version of the program wrote it
        return None
    return found.request if found.number == number else None


def _note(user_id: UserId) -> str:
    return f"recipe:{user_id}"
