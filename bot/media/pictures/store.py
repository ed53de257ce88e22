"""Members' pictures: judged by content, turned upright, stripped and kept.

This process holds no picture in memory: it is written to disk as it arrives, decoded in a child
process (`child`) with limits, and given its name. A picture that takes too long, or too
much memory, costs only its child, which never outlives a cancelled caller. However many arrive at
once, few are fetched and fewer decoded; the others wait as addresses.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.catalog.request import SourceImage
from bot.errors import ImageRejectedError, StorageError
from bot.media.downloads import (
    DownloadFailedError,
    DownloadRefusedError,
    DownloadTooLargeError,
    download,
)
from bot.media.folders import delete_older, short
from bot.media.limits import ChildLimits

_log = logging.getLogger(__name__)

AT_ONCE = 2
MEMORY_BYTES = 1280 * 1024**2  # of addresses; a progressive JPEG of 200 megapixels takes 1200 MB
PROCESSOR_SECONDS = 40
DEADLINE_SECONDS = 120.0
FILE_BYTES = 256 * 1024**2
OPEN_FILES = 64
LIMITS = {
    "RLIMIT_AS": MEMORY_BYTES,
    "RLIMIT_CPU": PROCESSOR_SECONDS,
    "RLIMIT_FSIZE": FILE_BYTES,
    "RLIMIT_NOFILE": OPEN_FILES,
    "RLIMIT_CORE": 0,
}
TOLD_BYTES = 4000
_ROOT = Path(__file__).parents[3]
# -B: under a limit on file sizes, or on a full disk, some Pythons write half of a compiled module
# and keep it, and no later start can load it ("marshal data too short").
_PROGRAM = (sys.executable, "-P", "-s", "-B", "-m", "bot.media.pictures.child")
_BY_LIMIT = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}

MAX_BYTES = 25 * 1024 * 1024
KEPT_MAX_BYTES = 19 * 1024 * 1024  # accepted by every server on a card
FETCHED_AT_ONCE = 4  # 100 MB on disk at most
_FORMS = {"PNG": (".png", "image/png"), "JPEG": (".jpg", "image/jpeg")}


class PictureWork:
    """Runs few children at once: decoding a large picture takes half a gigabyte."""

    def __init__(
        self, limits: Mapping[str, int] = LIMITS, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._limits = ChildLimits(limits)
        self._deadline_seconds = deadline_seconds
        self._few_at_once = asyncio.Semaphore(AT_ONCE)

    async def do(
        self, act: str, folder: Path, subject: str, **details: object
    ) -> Mapping[str, Any]:
        """Run one act in a child and return its answer; `subject` names the picture to members.

        Raises ImageRejectedError, StorageError.
        """
        async with self._few_at_once:
            try:
                code, said, complained = await self._run(
                    folder, json.dumps({"act": act, **details})
                )
            except OSError as error:  # no process, or no memory for one
                msg = f"the program that decodes pictures cannot be started: {error}"
                raise StorageError(msg) from error
        if code == 0:
            return _ensured(json.loads(said), subject)
        extra = {"code": code, "told": complained.decode(errors="replace")}
        _log.warning("picture_child_ended", extra=extra)
        if code in _BY_LIMIT:
            raise _exhausting(subject)
        if code < 0:  # its decoder crashed
            msg = f"{subject} is damaged. Save it again as PNG or JPEG and send the new file."
            raise ImageRejectedError(msg)
        msg = f"the program that decodes pictures ended with {code}"
        raise StorageError(msg)

    async def _run(self, folder: Path, details: str) -> tuple[int, bytes, bytes]:
        async with self._started(folder) as child:
            try:
                async with asyncio.timeout(self._deadline_seconds):
                    said, complained = await child.communicate(details.encode())
            except TimeoutError:
                return -signal.SIGKILL, b"", b"its time was up"
            return child.returncode or 0, said, complained[-TOLD_BYTES:]

    @contextlib.asynccontextmanager
    async def _started(self, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
        with self._limits.applied() as limit:
            child = await asyncio.create_subprocess_exec(
                *_PROGRAM,
                cwd=folder,
                env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "MALLOC_ARENA_MAX": "1"},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                preexec_fn=limit,
            )
        try:
            yield child
        finally:  # cancellation too: no child outlives its caller
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.communicate()  # reads its pipes to the end, which closes them


def _ensured(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if "refused" in answer:
        raise ImageRejectedError(answer["refused"])
    if "exhausted" in answer:
        raise _exhausting(name)
    if "broken" in answer:
        msg = f"{name} could not be kept: {answer['broken']}"
        raise StorageError(msg)
    return answer


def _exhausting(name: str) -> ImageRejectedError:
    msg = f"{name} takes too much work to decode. Make it smaller, or save it again as PNG or JPEG."
    return ImageRejectedError(msg)


class DiskImageStore:
    """The port `ImageStore` in a folder; files are named by their content."""

    def __init__(
        self,
        folder: Path,
        session: aiohttp.ClientSession,
        allow_hosts: frozenset[str],
        work: PictureWork | None = None,
        *,
        min_side: int = 0,
    ) -> None:
        """Enlarge what is kept to `min_side`: a service that fetches it takes it as it is."""
        self._min_side = min_side
        self._folder = folder.absolute()
        self._session = session
        self._allow_hosts = allow_hosts
        self._work = work or PictureWork()
        self._few_fetched = asyncio.Semaphore(FETCHED_AT_ONCE)
        folder.mkdir(parents=True, exist_ok=True)

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        if len(content) > MAX_BYTES:
            most = MAX_BYTES // (1024 * 1024)
            msg = f"{short(name)} is larger than {most} MB. Make it smaller."
            raise ImageRejectedError(msg)
        with self._part(name) as source:
            await self._in_thread(name, source.write_bytes, content)
            return await self._kept(source, name)

    async def fetch(self, address: str, *, name: str) -> SourceImage:
        async with self._few_fetched:
            with self._part(name) as source:
                await self._download(address, source, name)
                return await self._kept(source, name)

    async def prepare(
        self, image: SourceImage, *, max_bytes: int, min_side: int = 0
    ) -> tuple[bytes, str]:
        path = self.path(image)
        try:
            if image.size_bytes <= max_bytes and min(image.width, image.height) >= min_side:
                return await asyncio.to_thread(path.read_bytes), image.media_type
            with self._part(image.key) as target:
                details = {"source": str(path), "target": str(target)}
                size = {"max_bytes": max_bytes, "min_side": min_side}
                if not path.exists():
                    raise FileNotFoundError(path)
                await self._work.do("fit", self._folder, "the picture", **details, **size)
                return await asyncio.to_thread(target.read_bytes), "image/jpeg"
        except OSError as error:
            msg = "I no longer have the picture. Send it again."
            raise ImageRejectedError(msg) from error

    def path(self, image: SourceImage) -> Path:
        return self._folder / image.key

    def has(self, image: SourceImage) -> bool:
        return self.path(image).exists()

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        return await asyncio.to_thread(delete_older, self._folder, before.timestamp(), keep)

    async def _download(self, address: str, target: Path, name: str) -> None:
        try:
            await download(
                self._session, address, target, max_bytes=MAX_BYTES, allow_hosts=self._allow_hosts
            )
        except DownloadTooLargeError as error:
            msg = f"{short(name)} has {error}. Send a smaller PNG or JPEG."
            raise ImageRejectedError(msg) from error
        except DownloadRefusedError as error:
            msg = f"I can't use {short(name)}: {error}. Post the picture itself, not a link."
            raise ImageRejectedError(msg) from error
        except DownloadFailedError as error:
            msg = f"I couldn't download {short(name)}. Post it again and retry."
            raise ImageRejectedError(msg) from error

    async def _kept(self, source: Path, name: str) -> SourceImage:
        with self._part(name) as target:
            made = await self._work.do(
                "keep",
                self._folder,
                short(name),
                source=str(source),
                target=str(target),
                name=short(name),
                max_bytes=KEPT_MAX_BYTES,
                min_side=self._min_side,
            )
            suffix, media_type = _FORMS[made["form"]]
            key = f"{made['digest'][:32]}{suffix}"
            await self._in_thread(key, target.replace, self._folder / key)
        return SourceImage(key, media_type, made["width"], made["height"], made["size_bytes"])

    @contextlib.contextmanager
    def _part(self, name: str) -> Iterator[Path]:
        """A temporary file, removed afterwards unless it was renamed."""
        try:
            with tempfile.NamedTemporaryFile(
                dir=self._folder, suffix=".part", delete=False
            ) as file:
                path = Path(file.name)
        except OSError as error:
            raise _not_kept(name, error) from error
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def _in_thread(self, name: str, act: Callable[..., object], *given: object) -> None:
        try:
            await asyncio.to_thread(act, *given)
        except OSError as error:
            raise _not_kept(name, error) from error


def _not_kept(name: str, error: OSError) -> StorageError:
    return StorageError(f"{name} could not be kept: {error}")
