"""Videos on our disk: checked, measured, and fitted to upload limits."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.errors import (
    ArtifactUnavailableError,
    FileTooLargeError,
    VideoNotThereError,
)
from bot.ids import JobId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Artifact
from bot.locks import locked
from bot.media.videos.boxes import comments_of, write_comment
from bot.media.videos.ffmpeg import THREADS, Ffmpeg, input_of
from bot.media.videos.joining import Joiner
from bot.media.videos.playable import Playable, aside

SHARE = 0.97  # of the limit; the container adds some
RETRY_SHARE = 0.95  # of the first try, if that came out too large
AUDIO_BITS = 96_000
FEWEST_BITS_PER_PIXEL = 0.05  # below this a smaller picture looks better
FRAMES_PER_SECOND = 24
SIDES = (1080, 720, 540, 480, 360, 240)  # the shorter one; more would take too much memory
EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2"  # yuv420p has one colour per two by two pixels
FEWEST_VIDEO_BITS = 40_000
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Plan:
    """One two-pass encoding."""

    video_bits: int
    height: int | None


class DiskVideoStore:
    """The port `VideoStore` in a folder. Encodes one video at a time."""

    def __init__(self, folder: Path, ffmpeg: Ffmpeg) -> None:
        self._folder = folder.absolute()  # absolute, as ffmpeg runs inside it
        self._ffmpeg = ffmpeg
        self._playable = Playable(ffmpeg, self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, job_id: JobId) -> Path:
        return self._folder / f"{job_id}.mp4"

    def part_path(self, job_id: JobId, number: int) -> Path:
        return self._folder / f"{job_id}.shot-{number}.mp4"

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        return locked(self._folder / f"{job_id}.lock", _unavailable)

    async def seconds_of(self, job_id: JobId, number: int) -> float:
        found, _ = await self._playable.ensure(self.part_path(job_id, number))
        return found.duration_seconds

    async def gather(self, job_id: JobId, sources: Sequence[JobId]) -> None:
        paths = [self.path(source) for source in sources]
        parts = [self.part_path(job_id, number) for number in range(len(paths))]
        try:
            await asyncio.to_thread(_copy_all, paths, parts)
        except OSError as error:
            raise ArtifactUnavailableError(str(error)) from error

    async def join(self, job_id: JobId, parts: int, *, after: Path | None = None) -> None:
        paths = [self.part_path(job_id, number) for number in range(parts)]
        whole = self._folder / f"{job_id}.whole"
        try:
            for path in paths:
                await self._playable.ensure(path)
            async with self._playable.one_at_a_time:
                if after is None and parts == 1:  # nothing to join, so nothing to encode
                    await asyncio.to_thread(shutil.copyfile, paths[0], whole)
                else:
                    before = () if after is None else (after,)
                    await Joiner(self._ffmpeg, self._folder).join((*before, *paths), whole)
            await asyncio.to_thread(whole.replace, self.path(job_id))
        finally:
            await asyncio.to_thread(whole.unlink, missing_ok=True)
        for path in paths:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def inspect(self, job_id: JobId, *, recipe: str | None = None) -> Artifact:
        path = self.path(job_id)
        found, remark = await self._playable.ensure(path)
        await self._playable.start_fast(path)
        if recipe is not None:
            await asyncio.to_thread(_tell, path, recipe)
        return Artifact(
            key=path.name,
            size_bytes=await asyncio.to_thread(_size, path),
            duration_seconds=found.duration_seconds or None,
            width=found.width,
            height=found.height,
            remark=remark,
        )

    async def list_older(self, before: datetime) -> list[JobId]:
        return await asyncio.to_thread(self._older, before.timestamp())

    def _older(self, before: float) -> list[JobId]:
        """Ids of old videos, by the video's age, else by that of its youngest leftover."""
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

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedVideo:
        source = self._folder / artifact.key
        if not await asyncio.to_thread(source.exists):
            raise VideoNotThereError
        if artifact.size_bytes <= max_bytes:
            return FittedVideo(source, artifact.size_bytes)
        target = source.with_suffix(f".{max_bytes}.mp4")
        if not await asyncio.to_thread(target.exists):
            async with self._playable.one_at_a_time:
                await self._encode(artifact, source, target, max_bytes)
        size = await asyncio.to_thread(_size, target)
        note = (
            f"Re-encoded to fit this server's upload limit of {max(1, round(max_bytes / MB))} MB."
        )
        return FittedVideo(target, size, note)

    async def _encode(self, artifact: Artifact, source: Path, target: Path, max_bytes: int) -> None:
        if await asyncio.to_thread(target.exists):  # another task encoded it while this one waited
            return
        for share in (SHARE, SHARE * RETRY_SHARE):
            plan = plan_for(artifact, int(max_bytes * share))
            part = aside(target)
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
    """Bitrate and height that fit; None if too few bits are left for a picture."""
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
    """The largest shorter side with enough bits per pixel, else the smallest."""
    smaller = [side for side in SIDES if side < shorter]
    sides = smaller if shorter > SIDES[0] else [shorter, *smaller]
    fine = (one for one in sides if bits_per_pixel >= FEWEST_BITS_PER_PIXEL * (one / shorter) ** 2)
    return next(fine, sides[-1])


def _tell(path: Path, recipe: str) -> None:
    """Write a recipe into a video; one that cannot hold it, or a full disk, leaves it as it is."""
    if recipe in comments_of(path):
        return
    part = aside(path)
    with contextlib.suppress(OSError):
        if write_comment(path, recipe, part):
            part.replace(path)
    part.unlink(missing_ok=True)


def _unavailable(error: OSError) -> ArtifactUnavailableError:
    at_it = isinstance(error, BlockingIOError)
    return ArtifactUnavailableError("someone else is at it" if at_it else str(error))


def _copy_all(paths: Sequence[Path], parts: Sequence[Path]) -> None:
    """Link where the disk can: each part is only ever replaced, never written to in place."""
    for path, part in zip(paths, parts, strict=True):
        part.unlink(missing_ok=True)
        try:
            part.hardlink_to(path)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(path, part)


def _written_at(path: Path) -> float:
    """Instant of the last write; 0 for a file that is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    return path.stat().st_size


def _clear(part: Path) -> None:
    """Remove an encoding's leftovers: first-pass statistics and an unfinished video."""
    for path in part.parent.glob(f"{part.stem}.*"):
        path.unlink(missing_ok=True)
