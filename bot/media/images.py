"""Pictures that members gave: judged by their content, turned upright, stripped and kept.

The pixels are counted from the header before anything is decoded, so that a few kilobytes cannot
become gigabytes. Decoding then runs in a thread: Pillow releases the interpreter while it decodes,
and a process pool would cost a second at the first picture. A large picture takes 250 MB
meanwhile, so that only a few are decoded at once; the others wait as the bytes they are.
"""

import asyncio
import hashlib
import io
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import aiohttp
from PIL import Image, ImageOps

from bot.domain.requests import SourceImage
from bot.errors import ImageRejectedError, StorageError
from bot.media.downloads import (
    DownloadFailedError,
    DownloadRefusedError,
    DownloadTooLargeError,
    download,
)
from bot.media.signatures import kind_of

MAX_BYTES = 25 * 1024 * 1024
KEPT_MAX_BYTES = 19 * 1024 * 1024  # what every server takes on a card
MAX_PIXELS = 33_000_000
MIN_SIDE = 64
DECODED_AT_ONCE = 2
READ = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
_QUALITIES = (92, 85, 75)
_SHRINK = 0.8


class DiskImageStore:
    """The port `ImageStore` in a folder; files are named by their content."""

    def __init__(
        self, folder: Path, session: aiohttp.ClientSession, allow_hosts: frozenset[str]
    ) -> None:
        self._folder = folder
        self._session = session
        self._allow_hosts = allow_hosts
        self._few_at_once = asyncio.Semaphore(DECODED_AT_ONCE)
        folder.mkdir(parents=True, exist_ok=True)

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        async with self._few_at_once:
            return await asyncio.to_thread(self._keep, content, name)

    async def fetch(self, address: str, *, name: str) -> SourceImage:
        try:
            content = await download(
                self._session, address, max_bytes=MAX_BYTES, allow_hosts=self._allow_hosts
            )
        except DownloadTooLargeError as error:
            msg = f"{_short(name)} has {error}: send a smaller PNG or JPEG."
            raise ImageRejectedError(msg) from error
        except DownloadRefusedError as error:
            msg = f"{_short(name)} cannot be used: {error}. Post the picture itself, not its link."
            raise ImageRejectedError(msg) from error
        except DownloadFailedError as error:
            msg = f"{_short(name)} could not be fetched: post it again and try once more."
            raise ImageRejectedError(msg) from error
        return await self.keep(content, name=name)

    async def prepare(self, image: SourceImage, *, max_bytes: int) -> tuple[bytes, str]:
        async with self._few_at_once:
            return await asyncio.to_thread(self._prepare, image, max_bytes)

    def path(self, image: SourceImage) -> Path:
        return self._folder / image.key

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        return await asyncio.to_thread(self._forget_older, before.timestamp(), keep)

    def _forget_older(self, before: float, keep: Collection[str]) -> int:
        old = [
            path
            for path in self._folder.iterdir()
            if path.name not in keep and _is_older(path, before)
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _keep(self, content: bytes, name: str) -> SourceImage:
        picture = _open(content, _short(name))
        form, suffix, media_type = _form_of(picture)
        encoded = _encoded(picture, form, 95)
        if len(encoded) > KEPT_MAX_BYTES:
            suffix, media_type = ".jpg", "image/jpeg"
            picture, encoded = _jpeg_within(picture, KEPT_MAX_BYTES)
        key = f"{hashlib.sha256(encoded).hexdigest()[:32]}{suffix}"
        try:
            _write_whole(self._folder / key, encoded)
        except OSError as error:
            msg = f"{key} could not be kept: {error}"
            raise StorageError(msg) from error
        return SourceImage(key, media_type, picture.width, picture.height, len(encoded))

    def _prepare(self, image: SourceImage, max_bytes: int) -> tuple[bytes, str]:
        try:
            content = self.path(image).read_bytes()
        except OSError as error:
            msg = "The picture is no longer kept here: send it again."
            raise ImageRejectedError(msg) from error
        if len(content) <= max_bytes:
            return content, image.media_type
        _, encoded = _jpeg_within(_open(content, "the picture"), max_bytes)
        return encoded, "image/jpeg"


def _open(content: bytes, name: str) -> Image.Image:
    """Decode, upright and without metadata. Raises ImageRejectedError."""
    if len(content) > MAX_BYTES:
        msg = f"{name} has more than {MAX_BYTES // (1024 * 1024)} MB: make it smaller."
        raise ImageRejectedError(msg)
    kind = kind_of(content)
    if kind not in READ:
        msg = f"{name} is {kind or 'not a picture I can read'}: send it as PNG, JPEG or WebP."
        raise ImageRejectedError(msg)
    try:
        return _decoded(content, name)
    except (ImageRejectedError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(name) from error
    except Exception as error:  # decoders raise whatever they like at a damaged file
        msg = f"{name} is damaged: save it again as PNG or JPEG and send that."
        raise ImageRejectedError(msg) from error


def _decoded(content: bytes, name: str) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=READ) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_many_pixels(name)
        if min(opened.size) < MIN_SIDE:
            msg = f"{name} is only {opened.width} by {opened.height}: send at least {MIN_SIDE} by {MIN_SIDE}."
            raise ImageRejectedError(msg)
        opened.load()
        upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I"):  # sixteen bits of grey, which would all be cut to white
        upright = upright.point(lambda shade: shade / 256).convert("L")
    has_alpha = "A" in upright.getbands() or "transparency" in upright.info
    return upright.convert("RGBA" if has_alpha else "RGB")


def _form_of(picture: Image.Image) -> tuple[str, str, str]:
    """PNG keeps what is transparent; everything else is a JPEG."""
    if picture.mode == "RGBA":
        return "PNG", ".png", "image/png"
    return "JPEG", ".jpg", "image/jpeg"


def _encoded(picture: Image.Image, form: str, quality: int) -> bytes:
    """A fresh copy of the pixels alone: nothing else of the file comes along."""
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    target = io.BytesIO()
    bare.save(target, form, **({"quality": quality} if form == "JPEG" else {}))
    return target.getvalue()


def _is_older(path: Path, before: float) -> bool:
    """One that is gone was not written to its end when it was listed, and has its name by now."""
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False


def _jpeg_within(picture: Image.Image, max_bytes: int) -> tuple[Image.Image, bytes]:
    """At most so large: coarser first, then smaller. Raises ImageRejectedError."""
    picture = picture.convert("RGB")
    while min(picture.size) >= MIN_SIDE:
        for quality in _QUALITIES:
            encoded = _encoded(picture, "JPEG", quality)
            if len(encoded) <= max_bytes:
                return picture, encoded
        size = (int(picture.width * _SHRINK), int(picture.height * _SHRINK))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    msg = "The picture cannot be made small enough for the service: send a simpler one."
    raise ImageRejectedError(msg)


def _write_whole(path: Path, content: bytes) -> None:
    """All of it under its name, or nothing; the same picture may be kept twice at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.flush()
        except OSError:
            Path(part.name).unlink()
            raise
    Path(part.name).replace(path)


def _too_many_pixels(name: str) -> ImageRejectedError:
    most = MAX_PIXELS // 1_000_000
    return ImageRejectedError(f"{name} has more than {most} megapixels: make it smaller.")


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:57]}…"
