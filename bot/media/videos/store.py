"""Films on our disk: checked, measured, and made to fit where they should be posted."""

import asyncio
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.domain.jobs import Artifact
from bot.errors import (
    ArtifactUnavailableError,
    ArtifactUnusableError,
    FileTooLargeError,
    FilmNotThereError,
)
from bot.ids import JobId
from bot.locking import locked
from bot.media.faststart import has_fast_start
from bot.media.ffmpeg import THREADS, Ffmpeg, input_of
from bot.media.joining import Joiner
from bot.media.probing import probe
from bot.ports import FittedFilm

SHARE = 0.97  # of the limit, for what the container adds
RETRY_SHARE = 0.95  # of the first try, when it came out too large all the same
AUDIO_BITS = 96_000
FEWEST_BITS_PER_PIXEL = 0.05  # below this a smaller picture looks better
FRAMES_PER_SECOND = 24
SIDES = (1080, 720, 540, 480, 360, 240)  # the shorter one; more would take too much memory
EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2"  # yuv420p has a colour for two pixels by two
FEWEST_VIDEO_BITS = 40_000
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Plan:
    """One two-pass encoding."""

    video_bits: int
    height: int | None


class DiskFilmStore:
    """The port `FilmStore` in a folder. Encodes one film at a time."""

    def __init__(self, folder: Path, ffmpeg: Ffmpeg) -> None:
        self._folder = folder.absolute()  # ffmpeg runs in it, and would look below it
        self._ffmpeg = ffmpeg
        self._one_at_a_time = asyncio.Lock()
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, job_id: JobId) -> Path:
        return self._folder / f"{job_id}.mp4"

    def part_path(self, job_id: JobId, number: int) -> Path:
        return self._folder / f"{job_id}.shot-{number}.mp4"

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        return locked(self._folder / f"{job_id}.lock", _unavailable)

    async def join(self, job_id: JobId, parts: int) -> None:
        paths = [self.part_path(job_id, number) for number in range(parts)]
        whole = self._folder / f"{job_id}.whole"
        try:
            async with self._one_at_a_time:
                await Joiner(self._ffmpeg, self._folder).join(paths, whole)
            await asyncio.to_thread(whole.replace, self.path(job_id))
        finally:
            await asyncio.to_thread(whole.unlink, missing_ok=True)
        for path in paths:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def inspect(self, job_id: JobId) -> Artifact:
        path = self.path(job_id)
        if not await asyncio.to_thread(_is_mp4, path):
            msg = "what was fetched is no MP4"
            raise ArtifactUnusableError(msg)
        found = await probe(self._ffmpeg, path, self._folder)
        if found is None:
            msg = "what was fetched holds no moving picture"
            raise ArtifactUnusableError(msg)
        await self._start_fast(path)
        return Artifact(
            key=path.name,
            size_bytes=await asyncio.to_thread(_size, path),
            duration_seconds=found.duration_seconds,
            width=found.width,
            height=found.height,
        )

    async def _start_fast(self, path: Path) -> None:
        """So that it plays at once; as it is where that cannot be done."""
        if await asyncio.to_thread(has_fast_start, path):
            return
        part = _aside(path)
        arguments = (*input_of(path), "-c", "copy", "-map", "0", "-dn")
        arguments = (*arguments, "-movflags", "+faststart", "-f", "mp4", str(part))
        try:
            finished = await self._ffmpeg.run(*arguments, folder=self._folder)
            if finished.code == 0:
                await asyncio.to_thread(part.replace, path)
        except TimeoutError:
            return
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def list_older(self, before: datetime) -> list[JobId]:
        return await asyncio.to_thread(self._older, before.timestamp())

    def _older(self, before: float) -> list[JobId]:
        """By the film itself; where there is none, by the youngest of what was left of it."""
        ages: dict[str, float] = {}
        for path in self._folder.iterdir():
            name = path.name.partition(".")[0]
            ages[name] = max(_written_at(path), ages.get(name, 0.0))
        for path in self._folder.glob("*.mp4"):
            if path.stem in ages:
                ages[path.stem] = _written_at(path)
        return sorted(JobId(name) for name, written_at in ages.items() if written_at < before)

    async def forget(self, job_id: JobId) -> None:
        for path in await asyncio.to_thread(sorted, self._folder.glob(f"{job_id}.*")):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedFilm:
        source = self._folder / artifact.key
        if not await asyncio.to_thread(source.exists):
            raise FilmNotThereError
        if artifact.size_bytes <= max_bytes:
            return FittedFilm(source, artifact.size_bytes)
        target = source.with_suffix(f".{max_bytes}.mp4")
        if not await asyncio.to_thread(target.exists):
            async with self._one_at_a_time:
                await self._encode(artifact, source, target, max_bytes)
        size = await asyncio.to_thread(_size, target)
        note = f"Re-encoded to fit this server's limit of {max(1, round(max_bytes / MB))} MB."
        return FittedFilm(target, size, note)

    async def _encode(self, artifact: Artifact, source: Path, target: Path, max_bytes: int) -> None:
        if await asyncio.to_thread(target.exists):  # since it waited for its turn
            return
        for share in (SHARE, SHARE * RETRY_SHARE):
            plan = plan_for(artifact, int(max_bytes * share))
            part = _aside(target)
            try:
                is_done = plan is not None and await self._two_passes(plan, source, part)
                if is_done and await asyncio.to_thread(_size, part) <= max_bytes:
                    await asyncio.to_thread(part.replace, target)
                    return
            finally:
                await asyncio.to_thread(_clear, part)
        msg = f"cannot be made to fit {max_bytes} bytes"
        raise FileTooLargeError(msg)

    async def _two_passes(self, plan: _Plan, source: Path, part: Path) -> bool:
        log = str(part.with_suffix(".log"))
        sides = EVEN if plan.height is None else f"scale=-2:{plan.height}"
        video = (
            *("-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p"),
            *("-b:v", str(plan.video_bits), "-threads", str(THREADS), "-vf", sides),
            *("-passlogfile", log),
        )
        audio = ("-c:a", "aac", "-b:a", str(AUDIO_BITS))
        first = (*input_of(source), *video, "-pass", "1", "-an", "-f", "null", "-")
        second = (
            *(*input_of(source), *video, "-pass", "2", *audio),
            *("-movflags", "+faststart", "-f", "mp4", str(part)),
        )
        try:
            for arguments in (first, second):
                if (await self._ffmpeg.run(*arguments, folder=self._folder)).code != 0:
                    return False
        except TimeoutError:
            return False
        return True


def plan_for(artifact: Artifact, max_bytes: int) -> _Plan | None:
    """Bitrate and height with which a film fits; None where it would no longer be a picture."""
    duration = max(artifact.duration_seconds or 1.0, 0.1)
    video_bits = int(max_bytes * 8 / duration) - AUDIO_BITS
    if video_bits < FEWEST_VIDEO_BITS:
        return None
    height = artifact.height or SIDES[0]
    width = artifact.width or height
    shorter = min(width, height)
    side = _side_for(video_bits / (width * height * FRAMES_PER_SECOND), shorter)
    return _Plan(video_bits, None if side == shorter else round(height * side / shorter / 2) * 2)


def _side_for(bits_per_pixel: float, shorter: int) -> int:
    """The largest shorter side at which every pixel has its bits, else the smallest there is."""
    smaller = [side for side in SIDES if side < shorter]
    sides = smaller if shorter > SIDES[0] else [shorter, *smaller]
    fine = (one for one in sides if bits_per_pixel >= FEWEST_BITS_PER_PIXEL * (one / shorter) ** 2)
    return next(fine, sides[-1])


def _unavailable(error: OSError) -> ArtifactUnavailableError:
    at_it = isinstance(error, BlockingIOError)
    return ArtifactUnavailableError("somebody else is at it" if at_it else str(error))


def _is_mp4(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(8)[4:] == b"ftyp"
    except OSError:
        return False


def _aside(target: Path) -> Path:
    """For what is not finished: a name of its own, for another process may be at the same."""
    return target.with_name(f"{target.stem}.{secrets.token_hex(4)}.part")


def _written_at(path: Path) -> float:
    """When it was written; one that is gone meanwhile is as old as can be."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    return path.stat().st_size


def _clear(part: Path) -> None:
    """What an encoding left: the first pass's statistics, and a film that did not come to an end."""
    for path in part.parent.glob(f"{part.stem}.*"):
        path.unlink(missing_ok=True)
