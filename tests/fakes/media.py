"""Pictures and videos without pixels: only their sizes count."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.catalog.request import SourceImage, SourceVideo, VideoRequest
from bot.errors import (
    ArtifactUnavailableError,
    ArtifactUnusableError,
    FileTooLargeError,
    ImageRejectedError,
    VideoRejectedError,
)
from bot.ids import JobId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Artifact
from tests.factories import make_image, make_video


@dataclass
class FakeImageStore:
    """The port `ImageStore`; what is `lost` was kept once and is no longer there.

    The next so many that `breaks` says cannot be prepared for a fault of ours.
    """

    lost: set[str] = field(default_factory=set)
    breaks: int = 0
    kept_back: list[frozenset[str]] = field(default_factory=list)

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        return make_image(key=name, size_bytes=len(content))

    async def fetch(self, address: str, *, name: str) -> SourceImage:
        return make_image(key=name)

    async def prepare(
        self, image: SourceImage, *, max_bytes: int, min_side: int = 0
    ) -> tuple[bytes, str]:
        if image.key in self.lost:
            msg = "I no longer have the picture. Send it again."
            raise ImageRejectedError(msg)
        if self.breaks:
            self.breaks -= 1
            msg = "no space left"
            raise OSError(msg)
        return b"picture"[:max_bytes], image.media_type

    def path(self, image: SourceImage) -> Path:
        return Path("pictures") / image.key

    def has(self, image: SourceImage) -> bool:
        return image.key not in self.lost

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        self.kept_back.append(frozenset(keep))
        return 0


@dataclass
class FakeSourceVideoStore:
    """The port `SourceVideoStore`; what is `lost` cannot be read any more."""

    lost: set[Path] = field(default_factory=set)
    recipes: dict[Path, VideoRequest] = field(default_factory=dict)
    kept_back: list[frozenset[str]] = field(default_factory=list)

    async def fetch(self, address: str, *, name: str) -> SourceVideo:
        return make_video(key=name)

    async def keep(self, path: Path, *, name: str) -> SourceVideo:
        self._ensure_there(path)
        return make_video(key=path.name)

    def path(self, video: SourceVideo) -> Path:
        return Path("sources") / video.key

    def has(self, video: SourceVideo) -> bool:
        return self.path(video) not in self.lost

    async def prepare(self, video: SourceVideo, *, max_bytes: int) -> bytes:
        self._ensure_there(self.path(video))
        return b"video"[:max_bytes]

    async def first_frame(self, path: Path, *, name: str) -> SourceImage:
        self._ensure_there(path)
        return make_image(key=f"{path.stem}.first.png")

    async def last_frame(self, path: Path, *, name: str) -> SourceImage:
        self._ensure_there(path)
        return make_image(key=f"{path.stem}.last.png")

    async def find_recipe(self, path: Path) -> VideoRequest | None:
        return self.recipes.get(path)

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        self.kept_back.append(frozenset(keep))
        return 0

    def _ensure_there(self, path: Path) -> None:
        if path in self.lost:
            msg = "I no longer have the video. Upload the video itself."
            raise VideoRejectedError(msg)


@dataclass
class FakeVideoStore:
    """The port `VideoStore`; a video can be encoded down to `smallest_bytes`, a `spoilt` one is none."""

    disk: dict[Path, int] = field(default_factory=dict)
    smallest_bytes: int = 100
    spoilt: bool = False
    at_work: set[JobId] = field(default_factory=set)
    recipes: dict[Path, str] = field(default_factory=dict)
    part_seconds: float = 5.0
    joined: list[tuple[JobId, Path | None]] = field(default_factory=list)
    unjoinable: set[Path] = field(default_factory=set)

    def path(self, job_id: JobId) -> Path:
        return Path("videos") / f"{job_id}.mp4"

    def part_path(self, job_id: JobId, number: int) -> Path:
        return Path("videos") / f"{job_id}.shot-{number}.mp4"

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        return self._alone(job_id)

    @contextmanager
    def _alone(self, job_id: JobId) -> Iterator[None]:
        if job_id in self.at_work:
            raise ArtifactUnavailableError
        self.at_work.add(job_id)
        try:
            yield
        finally:
            self.at_work.remove(job_id)

    async def seconds_of(self, job_id: JobId, number: int) -> float:
        if self.spoilt or self.part_path(job_id, number) not in self.disk:
            raise ArtifactUnusableError
        return self.part_seconds

    async def gather(self, job_id: JobId, sources: Sequence[JobId]) -> None:
        for number, source in enumerate(sources):
            if self.path(source) not in self.disk:
                raise ArtifactUnavailableError
            self.disk[self.part_path(job_id, number)] = self.disk[self.path(source)]

    async def join(self, job_id: JobId, parts: int, *, after: Path | None = None) -> None:
        paths = [self.part_path(job_id, number) for number in range(parts)]
        if after in self.unjoinable:
            raise ArtifactUnusableError
        self.joined.append((job_id, after))
        whole = sum(self.disk.pop(path) for path in paths)
        self.disk[self.path(job_id)] = whole + (0 if after is None else self.disk.get(after, 0))

    async def list_older(self, before: datetime) -> list[JobId]:
        return [JobId(path.stem) for path in self.disk]

    async def forget(self, job_id: JobId) -> None:
        self.disk.pop(self.path(job_id), None)

    async def inspect(self, job_id: JobId, *, recipe: str | None = None) -> Artifact:
        path = self.path(job_id)
        if recipe is not None:
            self.recipes[path] = recipe
        if self.spoilt or path not in self.disk:
            raise ArtifactUnusableError
        return Artifact(path.name, self.disk[path], 5.0, 1280, 720)

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedVideo:
        path = Path("videos") / artifact.key
        if artifact.size_bytes <= max_bytes:
            return FittedVideo(path, artifact.size_bytes)
        if self.smallest_bytes > max_bytes:
            raise FileTooLargeError
        return FittedVideo(path, max_bytes, "Re-encoded to fit.")
