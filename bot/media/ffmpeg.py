"""The ffmpeg program, as a child process with limits: what it reads came from outside."""

import asyncio
import contextlib
import os
import resource
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

MEMORY_BYTES = 3 * 1024**3  # of addresses; 4K takes 1.5 to be made to fit, 2.3 to be joined
PROCESSOR_SECONDS = 300
FILE_BYTES = 1024**3
OPEN_FILES = 64
DEADLINE_SECONDS = 180.0
THREADS = 2
TOLD_BYTES = 4000


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run left behind; `told` is the end of its standard error."""

    code: int
    told: str


def find_ffmpeg(configured: Path | None = None) -> Path:
    """The configured one, the system's, or the one that comes with the packages."""
    if configured is not None:
        return configured
    return Path(shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe())


class Ffmpeg:
    """Runs the program without input, without our environment, and within limits."""

    def __init__(self, program: Path) -> None:
        self._program = program

    async def run(
        self, *arguments: str, folder: Path, deadline_seconds: float = DEADLINE_SECONDS
    ) -> Finished:
        """Run to the end. Raises TimeoutError at the deadline; the child never outlives this."""
        child = await asyncio.create_subprocess_exec(
            str(self._program),
            "-hide_banner",
            "-nostdin",
            "-y",
            *arguments,
            cwd=folder,
            env={"PATH": os.defpath},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=_limiter(),
        )
        try:
            async with asyncio.timeout(deadline_seconds):
                told = await _end_of(child.stderr)
                await child.wait()
        except BaseException:  # cancelled as well: no child outlives whoever waits for it
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            raise
        return Finished(child.returncode or 0, told.decode(errors="replace"))


async def _end_of(stream: asyncio.StreamReader | None) -> bytes:
    """A film that is damaged all over makes the program complain of every picture."""
    told = b""
    while stream is not None and (chunk := await stream.read(TOLD_BYTES)):
        told = (told + chunk)[-TOLD_BYTES:]
    return told


def input_of(path: Path) -> tuple[str, ...]:
    """Read this as an MP4 and as nothing else: a playlist named .mp4 could name other files.

    By few threads: each holds pictures of its own, and would be started for every processor.
    """
    return ("-threads", str(THREADS), "-protocol_whitelist", "file", "-f", "mov", "-i", str(path))


def _limiter() -> Callable[[], None]:
    def limit() -> None:
        os.nice(10)
        for kind, most in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
            (resource.RLIMIT_FSIZE, FILE_BYTES),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(kind, (most, most))

    return limit
