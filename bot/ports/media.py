"""Pictures and films on our disk, and pictures of figures."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.jobs import Artifact
from bot.domain.requests import SourceImage
from bot.domain.usage import UsageChart
from bot.ids import JobId


class ImageStore(Protocol):
    """Pictures that members gave, checked and kept on our disk."""

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        """Check, turn upright, strip of metadata and keep. Raises ImageRejectedError."""

    async def fetch(self, address: str, *, name: str) -> SourceImage:
        """Download through the guard, then `keep`. Raises ImageRejectedError."""

    async def prepare(self, image: SourceImage, *, max_bytes: int) -> tuple[bytes, str]:
        """The picture as bytes and media type, scaled to fit. Raises ImageRejectedError."""

    def path(self, image: SourceImage) -> Path: ...

    async def forget_older(self, before: datetime, *, keep: Collection[str]) -> int:
        """Delete pictures kept since before that instant, but for these keys; answers how many."""


@dataclass(frozen=True, slots=True)
class FittedFilm:
    """A film as it will be posted; `note` says in words what was done to it, if anything."""

    path: Path
    size_bytes: int
    note: str | None = None


class FilmStore(Protocol):
    """Films that providers made, on our disk."""

    def path(self, job_id: JobId) -> Path:
        """Where this job's film lies, or is to be fetched to."""

    def part_path(self, job_id: JobId, number: int) -> Path:
        """Where one shot of several is to be fetched to; `number` counts from 0."""

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        """Nobody else fetches this film meanwhile, in no process.

        Raises ArtifactUnavailableError where somebody does.
        """

    async def join(self, job_id: JobId, parts: int) -> None:
        """Make one film of the shots, in order, and forget them. Raises ArtifactUnusableError."""

    async def inspect(self, job_id: JobId) -> Artifact:
        """Check that what was fetched is a film and measure it. Raises ArtifactUnusableError."""

    async def list_older(self, before: datetime) -> list[JobId]:
        """Whose films lie there since before that instant."""

    async def forget(self, job_id: JobId) -> None:
        """Delete this job's film, and every version of it."""

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedFilm:
        """A version of the film that is at most so large.

        Raises FileTooLargeError if none is, FilmNotThereError where somebody deleted it.
        """


class Charts(Protocol):
    """Pictures of figures."""

    async def usage(self, chart: UsageChart) -> bytes:
        """A PNG of about 1200 by 675 pixels; drawn off the event loop."""
