"""The pictures of a message, wherever they are shown in it.

Attached, in an embed, on a sticker, in the components of a Components V2 message (galleries,
thumbnails, files, in containers and sections), in a message that was forwarded. Where there is none
of these: the large picture of a link, and the pictures of the message that is replied to.
What a file really is, is decided later by its content; here only what plainly is no picture is left
out: videos, sounds, texts.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

import discord

from bot.catalog.request import PictureOwner, SourceImage
from bot.errors import ImageRejectedError
from bot.ids import UserId
from bot.ordering.intake import Source

MAX_PICTURES = 10  # that a question offers
PICTURE_MAX_BYTES = 25 * 1024 * 1024
THUMBNAIL_LEAST_SIDE = 64  # pixels; a smaller one is an icon
UNKNOWN_SIDE = 1024  # pixels, where Discord does not say
_PICTURE_ENDINGS = {
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff",
}  # fmt: skip
_ANYTHING = {"", "application/octet-stream", "binary/octet-stream"}
_SPOILER = "SPOILER_"
_SPOILER_FLAG = 1 << 3  # of an attachment, since 2026-06-24
_HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)
Part = discord.Message | discord.MessageSnapshot
_DISCORDS = (".discordapp.com", ".discordapp.net", ".discord.com")
_ATTACHMENT = re.compile(r"/(?:ephemeral-)?attachments/[0-9]{1,20}/([0-9]{1,20})(?:/|$)")
_PROXIED = re.compile(r"/external/[^/]+/(?:(%3[Ff][^/]*)/)?(https?)/(.+)")
_SIGNATURE = frozenset({"ex", "is", "hm"})
_RENDITION = frozenset({"format", "width", "height", "quality", "size", "animated", "lossless"})


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a message; `key` is the same whenever the message is read.

    Of a message by a bot or a webhook, no one is the owner.
    """

    key: str
    address: str
    name: str
    size_bytes: int | None = None
    is_spoiler: bool = False
    width: int | None = None
    height: int | None = None
    owner: PictureOwner | None = None

    def promised(self) -> Source:
        """Return a placeholder until it is fetched. Raises ImageRejectedError for a declared size."""
        ensure_small_enough(self.size_bytes, self.name)
        width, height = self.width or UNKNOWN_SIDE, self.height or UNKNOWN_SIDE
        owners = () if self.owner is None else (self.owner,)
        size = self.size_bytes or 0
        image = SourceImage(f"picture:{self.key}", "", width, height, size, owners)
        return Source(image, self.address, self.name)


def ensure_small_enough(size_bytes: int | None, name: str) -> None:
    """Refuse by the declared size, before a byte is downloaded. Raises ImageRejectedError."""
    if size_bytes is not None and size_bytes > PICTURE_MAX_BYTES:
        most = PICTURE_MAX_BYTES // (1024 * 1024)
        size = size_bytes / (1024 * 1024)
        msg = f"{name} is {size:.0f} MB, and the limit is {most} MB. Make it smaller."
        raise ImageRejectedError(msg)


def of_message(message: discord.Message) -> list[Picture]:
    """List a message's pictures, each once, in the order in which they are shown.

    Who forwards a message stands for its author, whom Discord leaves out: see `Reader`.
    """
    shown: list[Part] = [message, *message.message_snapshots]
    author_of = message
    found = [picture for part in shown for picture in _shown_in(part)]
    found = found or [picture for part in shown for picture in _thumbnails(part)]
    if not found and isinstance(message.reference, discord.MessageReference):
        answered = message.reference.resolved
        if isinstance(answered, discord.Message):
            found, author_of = list(_shown_in(answered)), answered
    return [
        replace(picture, owner=owner_of(author_of, picture.key))
        for picture in {picture.key: picture for picture in found}.values()
    ]


def owner_of(message: discord.Message, picture: str) -> PictureOwner | None:
    """The author of a message, to whom its pictures belong; None for a bot or a webhook."""
    if message.author.bot or message.webhook_id is not None:
        return None
    guild_id = 0 if message.guild is None else message.guild.id
    path = f"{guild_id}/{message.channel.id}/{message.id}"
    return PictureOwner(UserId(message.author.id), picture, path)


def is_spoiler_name(file_name: str) -> bool:
    """Whether Discord hides a file of this name until it is pressed."""
    return file_name.startswith(_SPOILER)


def _is_hidden_file(file: "Given") -> bool:
    """Whether a file is a spoiler, by its name or an attachment's flag."""
    flags = file.flags.value if isinstance(file, discord.Attachment) else 0
    return is_spoiler_name(file.filename) or bool(flags & _SPOILER_FLAG)


def _shown_in(part: Part) -> Iterator[Picture]:
    yield from _attached(part.attachments)
    for embed in part.embeds:
        media = embed.image if embed.image.url else embed.thumbnail
        is_shown = embed.image.url or embed.type == "image"
        if is_shown and embed.type not in {"video", "gifv"}:
            yield from _in_embed(embed, media, part.content)
    yield from _on_stickers(part.stickers)
    # discord.py leaves it unset where Discord's message has none
    yield from _in_components(getattr(part, "components", ()))


def _thumbnails(part: Part) -> Iterator[Picture]:
    """Yield thumbnails of links and of embeds without a picture; a video's still is none."""
    for embed in part.embeds:
        media = embed.thumbnail
        sides = (media.width or UNKNOWN_SIDE, media.height or UNKNOWN_SIDE)
        if embed.type not in {"video", "gifv"} and min(sides) >= THUMBNAIL_LEAST_SIDE:
            yield from _in_embed(embed, media, part.content)


def _attached(attachments: Iterable[discord.Attachment]) -> Iterator[Picture]:
    for file in attachments:
        if _is_picture(file.content_type, file.filename):
            yield Picture(
                f"a{file.id}",
                file.url,
                file.filename,
                file.size,
                _is_hidden_file(file),
                file.width,
                file.height,
            )


def _in_embed(embed: discord.Embed, media: Any, content: str) -> Iterator[Picture]:
    if media.url:
        hidden = _is_hidden(content, embed.url)
        yield _linked(media.url, media.proxy_url, media.width, media.height, hidden)


def _on_stickers(stickers: Iterable[discord.StickerItem]) -> Iterator[Picture]:
    for sticker in stickers:
        if sticker.format is not discord.StickerFormatType.lottie:
            yield Picture(f"s{sticker.id}", sticker.url, sticker.name)


def _in_components(
    components: Iterable[discord.Component], *, hidden: bool = False
) -> Iterator[Picture]:
    for component in components:
        match component:
            case discord.Container():
                inner = hidden or component.spoiler
                yield from _in_components(component.children, hidden=inner)
            case discord.SectionComponent():
                yield from _in_components([component.accessory], hidden=hidden)
            case discord.MediaGalleryComponent():
                for item in component.items:
                    yield from _media(item.media, hidden=hidden or item.spoiler)
            case discord.ThumbnailComponent():
                yield from _media(component.media, hidden=hidden or component.spoiler)
            case discord.FileComponent():
                for picture in _media(component.media, hidden=hidden or component.spoiler):
                    name = component.name or picture.name
                    yield replace(picture, name=name, size_bytes=component.size)


def _media(media: discord.UnfurledMediaItem, *, hidden: bool) -> Iterator[Picture]:
    picture = _linked(media.url, media.proxy_url, media.width, media.height, hidden)
    if not _is_picture(media.content_type, picture.name):
        return
    if media.attachment_id is not None:  # our own copy of the address is the file itself
        picture = replace(picture, key=f"a{media.attachment_id}", address=media.url)
    yield replace(picture, is_spoiler=hidden or is_spoiler_name(picture.name))


def _linked(
    url: str,
    proxy_url: str | None,
    width: int | None,
    height: int | None,
    hidden: bool,
) -> Picture:
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "picture"
    return Picture(identity(url), proxy_url or url, name, None, hidden, width, height)


def _is_picture(content_type: str | None, name: str) -> bool:
    """Whether a file is declared a picture; by its name if its type says nothing."""
    declared = (content_type or "").partition(";")[0].strip().lower()
    if declared not in _ANYTHING:
        return declared.startswith("image/")
    return PurePosixPath(name).suffix.lower() in _PICTURE_ENDINGS


def _is_hidden(content: str, url: str | None) -> bool:
    """Whether a link is within a spoiler."""
    return bool(url) and any(str(url) in span for span in _HIDDEN.findall(content))


def identity(url: str) -> str:
    """Return a key for a picture's address that stays the same when Discord signs it again.

    Left out: the signature, the proxy and its host, in what format and size it is asked for. An
    attachment is known by its id alone, wherever it is shown.
    """
    parts = urlsplit(url)
    attached = _ATTACHMENT.match(parts.path)
    if attached is not None:
        return f"a{attached[1]}"
    is_discords = f".{parts.hostname or ''}".lower().endswith(_DISCORDS)
    proxied = _PROXIED.match(parts.path) if is_discords else None
    if proxied is not None:
        query, scheme, rest = proxied.groups()
        return identity(f"{scheme}://{rest}{unquote(query or '')}")
    host = "discord" if is_discords else (parts.netloc or "").lower()
    subject = f"{host}{parts.path}?{_lasting_query(parts, is_discords=is_discords)}"
    return f"e{hashlib.sha256(subject.encode()).hexdigest()[:16]}"


def _lasting_query(parts: SplitResult, *, is_discords: bool) -> str:
    given = parse_qsl(parts.query, keep_blank_values=True)
    names = {name for name, _ in given}
    if not is_discords and not names >= _SIGNATURE:
        return parts.query
    left_out = _SIGNATURE | (_RENDITION if is_discords else frozenset())
    return urlencode([(name, value) for name, value in given if name not in left_out])


class Given(Protocol):
    """A file given to a command or a form."""

    @property
    def url(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def content_type(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...


class Uploads:
    """The files of one command.

    `sources` are fetched at once, for Discord deletes them. Each is the member's own picture,
    unless it is known as someone else's once it is fetched.
    """

    def __init__(self, user_id: UserId) -> None:
        self._user_id = user_id
        self.sources: list[Source] = []
        self.has_spoiler = False  # one of them was hidden

    def promise(self, upload: discord.Attachment | None) -> SourceImage | None:
        """Return a placeholder for an upload until it is fetched. Raises ImageRejectedError."""
        if upload is None:
            return None
        [image] = self.promise_all([upload])
        return image

    def promise_all(self, given: Iterable[Given]) -> tuple[SourceImage, ...]:
        """Return placeholders for uploads until they are fetched. Raises ImageRejectedError."""
        begun = len(self.sources)
        for number, upload in enumerate(given, start=begun):
            ensure_small_enough(upload.size, upload.filename)
            self.has_spoiler |= _is_hidden_file(upload)
            promised = SourceImage(
                key=f"upload:{number}",
                media_type=upload.content_type or "",
                width=upload.width or UNKNOWN_SIDE,
                height=upload.height or UNKNOWN_SIDE,
                size_bytes=upload.size,
                owners=(PictureOwner(self._user_id, identity(upload.url)),),
            )
            self.sources.append(Source(promised, upload.url, upload.filename))
        return tuple(source.promised for source in self.sources[begun:])
