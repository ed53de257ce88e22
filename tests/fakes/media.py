"""Pictures and films without pixels: only their sizes count."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.domain.jobs import Artifact
from bot.domain.requests import SourceImage
from bot.errors import (
    ArtifactUnavailableError,
    ArtifactUnusableError,
    FileTooLargeError,
    ImageRejectedError,
)
from bot.ids import JobId
from bot.ports import FittedFilm
from tests.factories import make_image


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

    async def prepare(self, image: SourceImage, *, max_bytes: int) -> tuple[bytes, str]:
        if image.key in self.lost:
            msg = "The picture is no longer kept here: send it again."
            raise ImageRejectedError(msg)
        if self.breaks:
            self.breaks -= 1
            msg = "no space left"
            raise OSError(msg)
        return b"picture"[:max_bytes], image.media_type

    def path(self, image: SourceImage) -> Path:
        return Path("pictures") / image.key

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        self.kept_back.append(frozenset(keep))
        return 0


@dataclass
class FakeFilmStore:
    """The port `FilmStore`; a film can be encoded down to `smallest_bytes`, a `spoilt` one is none."""

    disk: dict[Path, int] = field(default_factory=dict)
    smallest_bytes: int = 100
    spoilt: bool = False
    at_work: set[JobId] = field(default_factory=set)

    def path(self, job_id: JobId) -> Path:
        return Path("films") / f"{job_id}.mp4"

    def part_path(self, job_id: JobId, number: int) -> Path:
        return Path("films") / f"{job_id}.shot-{number}.mp4"

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

    async def join(self, job_id: JobId, parts: int) -> None:
        paths = [self.part_path(job_id, number) for number in range(parts)]
        self.disk[self.path(job_id)] = sum(self.disk.pop(path) for path in paths)

    async def list_older(self, before: datetime) -> list[JobId]:
        return [JobId(path.stem) for path in self.disk]

    async def forget(self, job_id: JobId) -> None:
        self.disk.pop(self.path(job_id), None)

    async def inspect(self, job_id: JobId) -> Artifact:
        path = self.path(job_id)
        if self.spoilt or path not in self.disk:
            raise ArtifactUnusableError
        return Artifact(path.name, self.disk[path], 5.0, 1280, 720)

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedFilm:
        path = Path("films") / artifact.key
        if artifact.size_bytes <= max_bytes:
            return FittedFilm(path, artifact.size_bytes)
        if self.smallest_bytes > max_bytes:
            raise FileTooLargeError
        return FittedFilm(path, max_bytes, "Re-encoded to fit.")
