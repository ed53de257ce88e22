"""Videos that members want to continue, in a folder: fetched, checked and made playable.

A file is judged by its content. Whatever cannot be continued is refused in one sentence that says
what to send instead, and leaves nothing behind.
"""

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import datetime
from pathlib import Path

import aiohttp

from bot.catalog.images import ImageStore
from bot.catalog.recipe import read_recipe
from bot.catalog.request import SourceImage, SourceVideo, VideoRequest
from bot.containers import WEBP
from bot.errors import (
    ArtifactUnusableError,
    FileTooLargeError,
    StorageError,
    VideoNotThereError,
    VideoRejectedError,
)
from bot.jobs.job import Artifact
from bot.media.downloads import (
    DownloadFailedError,
    DownloadRefusedError,
    DownloadTooLargeError,
    download,
)
from bot.media.folders import delete_older, short
from bot.media.videos.boxes import comments_of
from bot.media.videos.ffmpeg import Ffmpeg, Probe, container_in, is_cut_off, major_brand, probe
from bot.media.videos.frames import Frames
from bot.media.videos.playable import Playable
from bot.media.videos.store import DiskVideoStore

MB = 1024 * 1024
MAX_BYTES = 100 * MB
MAX_SECONDS = 120  # the longest that services continue
MIN_SIDE = 64
STILL_SECONDS = 0.2  # an animation of one picture is none
FETCHED_AT_ONCE = 2
_ANIMATIONS = frozenset({"gif", "apng", WEBP})
_PICTURE_BRANDS = frozenset(
    {b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
)
_Take = Callable[[Path, Path], Awaitable[bool]]
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")


class DiskSourceVideoStore:
    """The port `SourceVideoStore`; its frames are stored with the members' pictures."""

    def __init__(
        self,
        folder: Path,
        ffmpeg: Ffmpeg,
        images: ImageStore,
        session: aiohttp.ClientSession,
        allow_hosts: frozenset[str],
    ) -> None:
        self._folder = folder.absolute()  # absolute, as ffmpeg runs inside it
        self._ffmpeg = ffmpeg
        self._images = images
        self._session = session
        self._allow_hosts = allow_hosts
        self._playable = Playable(ffmpeg, self._folder)
        self._few_fetched = asyncio.Semaphore(FETCHED_AT_ONCE)
        self._folder.mkdir(parents=True, exist_ok=True)

    async def fetch(self, address: str, *, name: str) -> SourceVideo:
        async with self._few_fetched, self._apart(name) as path:
            await self._download(address, path, name)
            return await self._kept(path, name)

    async def keep(self, path: Path, *, name: str) -> SourceVideo:
        async with self._apart(name) as copy:
            try:
                # no link: retention counts from a file's own last change
                await asyncio.to_thread(shutil.copyfile, path, copy)
            except FileNotFoundError as error:
                msg = f"I no longer have {short(name)}. Upload the video itself."
                raise VideoRejectedError(msg) from error
            except OSError as error:
                raise _not_kept(name, error) from error
            return await self._kept(copy, name)

    def path(self, video: SourceVideo) -> Path:
        return self._folder / video.key

    def has(self, video: SourceVideo) -> bool:
        return self.path(video).is_file()

    async def prepare(self, video: SourceVideo, *, max_bytes: int) -> bytes:
        """As it is, or encoded once: the result is kept beside it for a second try."""
        known = Artifact(
            video.key, video.size_bytes, video.duration_seconds, video.width, video.height
        )
        fitting = DiskVideoStore(self._folder, self._ffmpeg)
        try:
            fitted = await fitting.fit(known, max_bytes=max_bytes)
            return await asyncio.to_thread(fitted.path.read_bytes)
        except FileTooLargeError as error:
            msg = "The video is too large for this video service. Extend a shorter one."
            raise VideoRejectedError(msg) from error
        except (VideoNotThereError, FileNotFoundError) as error:
            msg = "I no longer have the video that this one continues. Press Extend again."
            raise VideoRejectedError(msg) from error

    async def first_frame(self, path: Path, *, name: str) -> SourceImage:
        return await self._frame(Frames(self._ffmpeg, self._folder).first, path, name)

    async def last_frame(self, path: Path, *, name: str) -> SourceImage:
        return await self._frame(Frames(self._ffmpeg, self._folder).last, path, name)

    async def find_recipe(self, path: Path) -> VideoRequest | None:
        return await asyncio.to_thread(_recipe_in, path)

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        return await asyncio.to_thread(delete_older, self._folder, before.timestamp(), keep)

    async def _frame(self, take: _Take, path: Path, name: str) -> SourceImage:
        async with self._apart(name) as target:
            if not await take(path, target):
                raise _without_picture(name)
            content = await asyncio.to_thread(target.read_bytes)
        return await self._images.keep(content, name=name)

    async def _download(self, address: str, target: Path, name: str) -> None:
        try:
            await download(
                self._session, address, target, max_bytes=MAX_BYTES, allow_hosts=self._allow_hosts
            )
        except DownloadTooLargeError as error:
            raise _too_large(name) from error
        except DownloadRefusedError as error:
            msg = f"I can't use {short(name)}: {error}. Upload the video itself, not a link."
            raise VideoRejectedError(msg) from error
        except DownloadFailedError as error:
            msg = f"I couldn't download {short(name)}. Upload it again and retry."
            raise VideoRejectedError(msg) from error

    async def _kept(self, path: Path, name: str) -> SourceVideo:
        """Check, make playable and give the file its name. Raises VideoRejectedError."""
        try:
            found = await self._checked(path, name)
            size = (await asyncio.to_thread(path.stat)).st_size
            if size > MAX_BYTES:  # grown by its conversion
                raise _too_large(name)
            key = f"{await asyncio.to_thread(_digest, path)}.mp4"
            await asyncio.to_thread(path.replace, self._folder / key)
        except OSError as error:
            raise _not_kept(name, error) from error
        return SourceVideo(key, found.width, found.height, size, found.duration_seconds)

    async def _checked(self, path: Path, name: str) -> Probe:
        if refusal := await asyncio.to_thread(_refusal_of, path, name):
            raise VideoRejectedError(refusal)
        container = await asyncio.to_thread(container_in, path)
        try:
            found = await probe(self._ffmpeg, path, self._folder)
            if found is not None:
                _ensure_fits(found, name)
            made, remark = await self._playable.ensure(path)
        except (ArtifactUnusableError, TimeoutError) as error:
            raise _without_picture(name) from error
        if container in _ANIMATIONS and made.duration_seconds <= STILL_SECONDS:
            raise VideoRejectedError(_picture(name))
        if remark is not None:
            msg = f"I can't convert {short(name)}. Save it as MP4 (H.264) and send that."
            raise VideoRejectedError(msg)
        _ensure_fits(made, name)
        await self._playable.start_fast(path)
        return made

    @contextlib.asynccontextmanager
    async def _apart(self, name: str) -> AsyncIterator[Path]:
        """A file in a folder of its own, which is removed afterwards."""
        try:
            folder = await asyncio.to_thread(tempfile.mkdtemp, ".part", dir=self._folder)
        except OSError as error:
            raise _not_kept(name, error) from error
        try:
            yield Path(folder, "source.mp4")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _recipe_in(path: Path) -> VideoRequest | None:
    """Read the first recipe; a stranger's file may hold thousands of comments that are none."""
    return next((found for one in comments_of(path) if (found := read_recipe(one))), None)


def _refusal_of(path: Path, name: str) -> str | None:
    """What is wrong with a file by its first bytes and its length."""
    size = path.stat().st_size
    if size == 0:
        return f"{short(name)} is empty. Send it again."
    if size > MAX_BYTES:
        return str(_too_large(name))
    if _is_picture(path):
        return _picture(name)
    if container_in(path) is None:
        return f"{short(name)} isn't a video that I can read. Send an MP4, MOV or WebM."
    if is_cut_off(path):
        return f"{short(name)} is incomplete. Export it again and send the new file."
    return None


def _is_picture(path: Path) -> bool:
    """Whether this is a still picture; an animation may turn out as one later."""
    if major_brand(path) in _PICTURE_BRANDS:
        return True
    with path.open("rb") as file:
        return container_in(path) is None and file.read(16).startswith(_PICTURES)


def _ensure_fits(found: Probe, name: str) -> None:
    """Check length and size. Raises VideoRejectedError."""
    if found.duration_seconds > MAX_SECONDS + 0.5:
        most = MAX_SECONDS // 60
        msg = f"{short(name)} lasts {_spoken(found.duration_seconds)}. Cut it to at most {most} minutes."
        raise VideoRejectedError(msg)
    if min(found.width, found.height) < MIN_SIDE:
        msg = f"{short(name)} is only {found.width} by {found.height}. Send at least {MIN_SIDE} by {MIN_SIDE}."
        raise VideoRejectedError(msg)


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} minutes" if not rest else f"{minutes}:{rest:02} minutes"


def _too_large(name: str) -> VideoRejectedError:
    return VideoRejectedError(
        f"{short(name)} is larger than {MAX_BYTES // MB} MB. Send a shorter or smaller video."
    )


def _picture(name: str) -> str:
    return f"{short(name)} is a picture. Send a video, or use the picture in /video."


def _without_picture(name: str) -> VideoRejectedError:
    return VideoRejectedError(
        f"{short(name)} shows no moving picture, or is damaged. Send another file."
    )


def _not_kept(name: str, error: OSError) -> StorageError:
    return StorageError(f"{name} could not be kept: {error}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
