"""Pictures that were given to a command."""

import discord

from bot.domain.requests import SourceImage
from bot.ports import ImageStore
from cogs._private.pictures import ensure_small_enough


async def keep(upload: discord.Attachment, images: ImageStore) -> SourceImage:
    """Fetch it at once: Discord deletes what was given to a command.

    Raises ImageRejectedError.
    """
    ensure_small_enough(upload.size, upload.filename)
    return await images.fetch(upload.url, name=upload.filename)
