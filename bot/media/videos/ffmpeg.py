"""Runs ffmpeg as a child process with limits, and reads its findings about a video.

Its input comes from outside, so a video is judged by its content, never by a name. ffmpeg's own
description is parsed, because the wheel that comes with the packages has no ffprobe. The layout of
an MP4 is read here (ISO 14496-12): a file is a row of boxes, each with its length in four bytes (1:
in the eight bytes after the name; 0: to the end of the file) and its name in four. It plays while
still downloading if its index comes before its pictures.
"""

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from bot.containers import HEAD_BYTES, container_of
from bot.media.limits import ChildLimits

MEMORY_BYTES = 3 * 1024**3  # of addresses; fitting 4K takes 1.5 GB, joining it 2.3
PROCESSOR_SECONDS = 300
FILE_BYTES = 1024**3
OPEN_FILES = 64
DEADLINE_SECONDS = 180.0
THREADS = 2
TOLD_BYTES = 64 * 1024  # includes its text about a file ahead of that file's metadata
LIMITS = {
    "RLIMIT_AS": MEMORY_BYTES,
    "RLIMIT_CPU": PROCESSOR_SECONDS,
    "RLIMIT_FSIZE": FILE_BYTES,
    "RLIMIT_NOFILE": OPEN_FILES,
    "RLIMIT_CORE": 0,
}
TRIAL_SECONDS = 30.0
_FRAMES = re.compile(r"\bframe= *[1-9]")

MAX_BOXES = 64  # before the index or the pictures; a video has three or four
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"moof"})
# at the start of a line: elsewhere it may be file metadata, such as a prompt
_DURATION = re.compile(r"^ *Duration: (\d+):(\d+):(\d+(?:\.\d+)?)", re.MULTILINE)
_STREAM = re.compile(r"^ *Stream #0:(\d+)[^\n]*?: (Video|Audio): (\w+)([^\n]*)", re.MULTILINE)
_PIXELS = re.compile(r", (\w+)(?:\(([^)\n]*)\))?, (\d{1,5})x(\d{1,5})\b")
_RATE = re.compile(r", (\d+ Hz, [\w.]+)")
_TURNED = re.compile(
    r"^ *[Dd]isplay ?[Mm]atrix: rotation of (-?\d+(?:\.\d+)?) degrees", re.MULTILINE
)
_COVER = "(attached pic)"  # a still cover of a song or a video
_HDR = ("smpte2084", "arib-std-b67")  # PQ and HLG
_PLAYED = frozenset({"yuv420p", "yuvj420p"})


@dataclass(frozen=True, slots=True)
class Finished:
    """Result of a run; `output` is the end of its standard error."""

    code: int
    output: str


def find_ffmpeg(configured: Path | None = None) -> Path:
    """The configured ffmpeg, the system's, or the one that comes with the packages."""
    if configured is not None:
        return configured
    return Path(shutil.which("ffmpeg") or imageio_ffmpeg.get_ffmpeg_exe())


class Ffmpeg:
    """Runs the program without input, without our environment, and within limits."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._limits = ChildLimits(LIMITS)

    async def run(
        self, *arguments: str, folder: Path, deadline_seconds: float = DEADLINE_SECONDS
    ) -> Finished:
        """Run to the end. Raises TimeoutError at the deadline; the child never outlives this."""
        with self._limits.applied() as limit:
            child = await asyncio.create_subprocess_exec(
                *(str(self._program), "-hide_banner", "-nostdin", "-y", *arguments),
                cwd=folder,
                env={"PATH": os.defpath},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                preexec_fn=limit,
            )
        try:
            async with asyncio.timeout(deadline_seconds):
                details = await _end_of(child.stderr)
                await child.wait()
        except BaseException:  # cancellation too: no child outlives its caller
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            raise
        return Finished(child.returncode or 0, details.decode(errors="replace"))


async def _end_of(stream: asyncio.StreamReader | None) -> bytes:
    """The last TOLD_BYTES of a stream.

    A badly damaged video makes the program complain about every picture.
    """
    details = b""
    while stream is not None and (chunk := await stream.read(TOLD_BYTES)):
        details = (details + chunk)[-TOLD_BYTES:]
    return details


def input_of(path: Path, container: str = "mov") -> tuple[str, ...]:
    """Arguments to read this file as that container only: a playlist could name others.

    Uses few threads: each holds pictures of its own, and ffmpeg would start one per processor.
    """
    return (
        "-threads",
        str(THREADS),
        "-protocol_whitelist",
        "file",
        "-f",
        container,
        "-i",
        str(path),
    )


def shows_frames(details: str) -> bool:
    """Whether a finished run decoded or encoded at least one picture."""
    return _FRAMES.search(details) is not None


async def trouble_with(ffmpeg: Ffmpeg) -> str | None:
    """The reason why this program cannot make playable videos; None if it can.

    Runs it exactly as for a video, with every limit, to encode a second of H.264 and AAC.
    """
    seen = ("-f", "lavfi", "-i", "color=size=64x64:rate=8:duration=1")
    heard = ("-f", "lavfi", "-i", "sine=duration=1")
    encoders = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")
    with tempfile.TemporaryDirectory(prefix="showreel-ffmpeg-") as name:
        folder = Path(name)
        arguments = (*seen, *heard, *encoders, "-f", "mp4", "trial.mp4")
        try:
            finished = await ffmpeg.run(*arguments, folder=folder, deadline_seconds=TRIAL_SECONDS)
        except TimeoutError:
            return f"did not encode one second within {TRIAL_SECONDS:.0f} s"
        except OSError as error:
            return f"cannot be run ({error.strerror})"
        if finished.code == 0 and (folder / "trial.mp4").exists():
            return None
    return _missing(finished)


def _missing(finished: Finished) -> str:
    for encoder in ("libx264", "aac"):
        if re.search(rf"[Uu]nknown encoder '{encoder}'", finished.output):
            return f"has no encoder {encoder}: install a full build"
    said = finished.output.strip().splitlines()
    last = f": {said[-1][:200]}" if said else ""
    return f"is no ffmpeg that encodes H.264 (exit code {finished.code}){last}"


def has_fast_start(path: Path) -> bool:
    """Whether the index comes first; True also for other files, which stay as they are."""
    with path.open("rb") as file:
        for _ in range(MAX_BOXES):
            header = file.read(16)
            if len(header) < 8 or header[4:8] == b"moov":
                return True
            if header[4:8] == b"mdat":
                return False
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if length < 8:
                return True
            file.seek(length - len(header), 1)
    return True


def major_brand(path: Path) -> bytes:
    """Major brand of an MP4, such as `isom`, or `qt  ` for QuickTime; empty for none."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[8:12] if head[4:8] == b"ftyp" else b""


def is_cut_off(path: Path) -> bool:
    """Whether a box claims to be longer than the file; False for anything but an MP4."""
    size = path.stat().st_size
    place = 0
    with path.open("rb") as file:
        for _ in range(MAX_BOXES):
            file.seek(place)
            header = file.read(16)
            if not header:
                return False
            if place == 0 and header[4:8] not in _FIRST_BOXES:
                return False
            if len(header) < 8:
                return True
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if length < 8:  # to the end of the file, or nonsense
                return False
            place += length
            if place > size:
                return True
    return False


@dataclass(frozen=True, slots=True)
class Probe:
    """ffmpeg's findings about a video; sides as shown, which a rotation swaps."""

    duration_seconds: float  # 0 if the container does not say
    codec: str
    width: int
    height: int
    sound: str | None = None  # codec, rate and channels; None for a silent video
    pixels: str = ""
    container: str = "mov"  # ffmpeg's name of its demuxer
    picture_index: int = 0  # of its stream in the file
    sound_index: int | None = None
    streams: int = 1  # of pictures and sound
    colours: str = ""  # range, matrix and curve, as far as the file says

    @property
    def is_hdr(self) -> bool:
        return any(curve in self.colours for curve in _HDR)

    @property
    def has_sound(self) -> bool:
        return self.sound is not None

    @property
    def has_played_pixels(self) -> bool:
        """Whether the pictures are 8-bit 4:2:0 H.264.

        Every browser, every phone and Discord itself play that.
        """
        return self.codec == "h264" and self.pixels in _PLAYED

    @property
    def has_played_sound(self) -> bool:
        return self.sound is None or self.sound.startswith("aac,")


async def probe(ffmpeg: Ffmpeg, path: Path, folder: Path) -> Probe | None:
    """Examine a video; None if it has no moving picture."""
    container = await asyncio.to_thread(container_in, path)
    if container is None:
        return None
    # without an output ffmpeg describes its input and ends with an error
    details = (await ffmpeg.run(*input_of(path, container), folder=folder)).output
    return _read(details, container)


def _read(details: str, container: str) -> Probe | None:
    streams = list(_STREAM.finditer(details))
    pictures = [one for one in streams if one[2] == "Video" and _COVER not in one[4]]
    sounds = [one for one in streams if one[2] == "Audio"]
    shown = next(((one, size) for one in pictures if (size := _PIXELS.search(one[4]))), None)
    if shown is None:
        return None
    picture, size = shown
    following = [one.start() for one in streams if one.start() > picture.start()]
    turned = _TURNED.search(details, picture.end(), min(following, default=len(details)))
    sides = int(size[3]), int(size[4])
    if turned is not None and round(float(turned[1])) % 180:
        sides = sides[1], sides[0]
    sound = sounds[0] if sounds else None
    return Probe(
        duration_seconds=_seconds(details),
        codec=picture[3],
        width=sides[0],
        height=sides[1],
        sound=None if sound is None else _sound(sound),
        pixels=size[1],
        container=container,
        picture_index=int(picture[1]),
        sound_index=None if sound is None else int(sound[1]),
        streams=len(streams),
        colours=size[2] or "",
    )


def _sound(stream: "re.Match[str]") -> str:
    rate = _RATE.search(stream[4])
    return f"{stream[3]}, {rate[1] if rate else None}"


def _seconds(details: str) -> float:
    found = _DURATION.search(details)
    if found is None:
        return 0.0
    hours, minutes, seconds = (float(part) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def container_in(path: Path) -> str | None:
    """Container by the first bytes; None if it is no video or unreadable."""
    try:
        with path.open("rb") as file:
            return container_of(file.read(HEAD_BYTES))
    except OSError:
        return None
