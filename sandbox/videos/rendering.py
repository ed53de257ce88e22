"""From drawn frames to a video: H.264, playable while it loads, of the requested length and size.

Frames are drawn small, in a thread, and enlarged by ffmpeg, so that a video takes a second or two.
"""

import asyncio
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

from sandbox.videos.ffmpeg import Feed, arguments_to_join, run
from sandbox.videos.scenes import Scene
from sandbox.videos.stills import SceneWithReferences, StillInMotion

DRAWN_PER_SECOND = 12
DRAWN_HEIGHT = 360
SHORT_SIDES = {
    "360p": 360,
    "480p": 480,
    "540p": 540,
    "580p": 580,
    "720p": 720,
    "768p": 768,
    "1080p": 1080,
    "2k": 1440,
    "4k": 2160,
}
LARGE_SHORT_SIDE = 1440  # larger videos are compressed in haste; eight seconds took six else
CAREFUL = ("bicubic", "veryfast", "25")  # scaling, preset, rate factor
HASTY = ("bilinear", "ultrafast", "28")


class RenderingError(Exception):
    """The video could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What a video should be."""

    prompt: str
    seconds: float = 5.0
    resolution: str = "720p"
    aspect_ratio: str = "16:9"
    audio: bool = False
    image: bytes | None = None
    end_image: bytes | None = None
    references: tuple[bytes, ...] = ()  # pictures of what is to be seen in it


def size_of(request: RenderRequest) -> tuple[int, int]:
    """Width and height in pixels, even, as the codec wants them."""
    wide, _, tall = request.aspect_ratio.partition(":")
    ratio = int(wide) / int(tall) if wide.isdigit() and tall.isdigit() and int(tall) else 16 / 9
    short = SHORT_SIDES.get(request.resolution.lower(), 720)
    width, height = (short * ratio, short) if ratio >= 1 else (short, short / ratio)
    return round(width / 2) * 2, round(height / 2) * 2


class Renderer:
    """Renders two videos at a time; `program` is ffmpeg's path, found if not given."""

    def __init__(self, program: Path | None = None) -> None:
        found = program or shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe()
        self.program = str(found)
        self._room = asyncio.Semaphore(2)

    async def render(self, request: RenderRequest, target: Path) -> None:
        """Raises RenderingError. The target appears whole or not at all."""
        width, height = size = size_of(request)
        drawn = _even(DRAWN_HEIGHT * width / height), DRAWN_HEIGHT
        if height > width:
            drawn = DRAWN_HEIGHT, _even(DRAWN_HEIGHT * height / width)
        part = target.with_suffix(".part")
        arguments = self._arguments(request, drawn, size, part)

        async def feed(stream: asyncio.StreamWriter) -> None:
            await self._draw(request, drawn, stream)

        await self._run(arguments, feed, part, target)

    async def join(self, videos: Sequence[Path], target: Path, *, alike: bool) -> None:
        """One video of several with sound; `alike` are of one size. Raises RenderingError."""
        part = target.with_suffix(".part")
        names = "".join(f"file {_quoted(video)}\n" for video in videos)

        async def feed(stream: asyncio.StreamWriter) -> None:
            stream.write(names.encode())
            await stream.drain()

        await self._run(arguments_to_join(videos, part, alike=alike), feed, part, target)

    async def _run(self, arguments: Sequence[str], feed: Feed, part: Path, target: Path) -> None:
        """Have the part written, and put it in the target's place."""
        async with self._room:
            wrong = await run(self.program, arguments, feed)
        if wrong is not None:
            raise RenderingError(wrong)
        await asyncio.to_thread(part.replace, target)

    def _arguments(
        self,
        request: RenderRequest,
        drawn: tuple[int, int],
        size: tuple[int, int],
        part: Path,
    ) -> list[str]:
        large = min(size) > LARGE_SHORT_SIDE
        scaling, preset, quality = HASTY if large else CAREFUL
        sound = ["-f", "lavfi", "-i", "sine=frequency=196:sample_rate=44100,volume=0.08"]
        return [
            *("-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"),
            *("-s", f"{drawn[0]}x{drawn[1]}", "-r", str(DRAWN_PER_SECOND), "-i", "-"),
            *(sound if request.audio else []),
            *("-vf", f"fps=24,scale={size[0]}:{size[1]}:flags={scaling}"),
            *("-c:v", "libx264", "-preset", preset, "-crf", quality, "-pix_fmt", "yuv420p"),
            *(["-c:a", "aac", "-b:a", "64k"] if request.audio else []),
            *("-t", f"{request.seconds:g}", "-threads", "2"),
            *("-movflags", "+faststart", "-f", "mp4", str(part)),
        ]

    async def _draw(
        self, request: RenderRequest, drawn: tuple[int, int], stream: asyncio.StreamWriter
    ) -> None:
        source = await asyncio.to_thread(_source, request, drawn)
        count = max(2, round(request.seconds * DRAWN_PER_SECOND))
        for number in range(count):
            frame = await asyncio.to_thread(source.frame, number / (count - 1))
            stream.write(frame.tobytes())
            await stream.drain()


class RenderOnce(Renderer):
    """Renders one video of each length, size and sound, and copies it for every further request.

    For tests of hours and of load, where the drawing would take the processor from the bot.
    """

    def __init__(self, folder: Path, program: Path | None = None) -> None:
        super().__init__(program)
        self._folder = folder
        self._one_at_a_time = asyncio.Lock()

    async def render(self, request: RenderRequest, target: Path) -> None:
        """Raises RenderingError. The target appears whole or not at all."""
        width, height = size_of(request)
        sound = "sound" if request.audio else "silent"
        first = self._folder / f"{request.seconds:g}s-{width}x{height}-{sound}.mp4"
        async with self._one_at_a_time:
            if not first.exists():
                await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
                await super().render(request, first)
        part = target.with_suffix(".part")
        await asyncio.to_thread(shutil.copyfile, first, part)
        await asyncio.to_thread(part.replace, target)


def _source(
    request: RenderRequest, drawn: tuple[int, int]
) -> Scene | StillInMotion | SceneWithReferences:
    if request.references:
        pictures = [_picture(content) for content in request.references]
        return SceneWithReferences(Scene(request.prompt, drawn, request.seconds), pictures)
    if request.image is None:
        return Scene(request.prompt, drawn, request.seconds)
    last = None if request.end_image is None else _picture(request.end_image)
    return StillInMotion(_picture(request.image), last, drawn)


def _picture(content: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content)) as opened:
            return opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        msg = "the picture cannot be read"
        raise RenderingError(msg) from error


def _quoted(path: Path) -> str:
    """A path as ffmpeg's list of videos wants it."""
    return "'file:" + str(path.absolute()).replace("'", r"'\''") + "'"


def _even(value: float) -> int:
    return max(2, round(value / 2) * 2)
