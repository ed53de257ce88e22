"""The pictures of a message, wherever they are: attached, linked, forwarded or on a sticker.

What a file really is, is decided later by its content; here only what plainly is no picture is
left out: videos, sounds, texts.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import discord

from bot.errors import ImageRejectedError

MOST_PICTURES = 4  # animated at once from one message
PICTURE_MAX_BYTES = 25 * 1024 * 1024

_PICTURE_ENDINGS = {
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a message; `key` is the same whenever the message is read."""

    key: str
    address: str
    name: str
    size_bytes: int | None = None


def ensure_small_enough(size_bytes: int | None, name: str) -> None:
    """Refuse by the declared size, before a byte is downloaded. Raises ImageRejectedError."""
    if size_bytes is not None and size_bytes > PICTURE_MAX_BYTES:
        most = PICTURE_MAX_BYTES // (1024 * 1024)
        size = size_bytes / (1024 * 1024)
        msg = f"{name} has {size:.0f} MB and a picture may have at most {most} MB: make it smaller."
        raise ImageRejectedError(msg)


def of_message(message: discord.Message) -> list[Picture]:
    """Every picture of this message once, in the order in which it is seen."""
    found = [
        *_attached(message.attachments),
        *_embedded(message.embeds),
        *_on_stickers(message.stickers),
    ]
    for snapshot in message.message_snapshots:
        found += [*_attached(snapshot.attachments), *_embedded(snapshot.embeds)]
    return list({picture.key: picture for picture in found}.values())


def _attached(attachments: Iterable[discord.Attachment]) -> Iterator[Picture]:
    for attachment in attachments:
        kind = attachment.content_type or ""
        ending = PurePosixPath(attachment.filename).suffix.lower()
        if kind.startswith("image/") or (not kind and ending in _PICTURE_ENDINGS):
            yield Picture(f"a{attachment.id}", attachment.url, attachment.filename, attachment.size)


def _embedded(embeds: Iterable[discord.Embed]) -> Iterator[Picture]:
    for embed in embeds:
        if embed.type in {"video", "gifv"}:
            continue
        # the thumbnail of a rich embed is decoration; of a linked picture it is the picture
        media = embed.image if embed.image.url else embed.thumbnail
        if media.url and (embed.image.url or embed.type == "image"):
            yield _linked(media.url, media.proxy_url)


def _linked(url: str, proxy_url: str | None) -> Picture:
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    name = PurePosixPath(urlsplit(url).path).name or "picture"
    return Picture(f"e{digest}", proxy_url or url, name)


def _on_stickers(stickers: Iterable[discord.StickerItem]) -> Iterator[Picture]:
    for sticker in stickers:
        if sticker.format is not discord.StickerFormatType.lottie:
            yield Picture(f"s{sticker.id}", sticker.url, sticker.name)
