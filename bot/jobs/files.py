"""The port for finished videos on our disk."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.ids import JobId
from bot.jobs.job import Artifact


@dataclass(frozen=True, slots=True)
class FittedVideo:
    """A video as it will be posted; `note` describes any conversion."""

    path: Path
    size_bytes: int
    note: str | None = None


class VideoStore(Protocol):
    """Finished videos on our disk."""

    def path(self, job_id: JobId) -> Path:
        """Return the path of this job's video, downloaded or not."""

    def part_path(self, job_id: JobId, number: int) -> Path:
        """Return the path of one of several shots; `number` counts from 0."""

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        """Lock this video against downloads by other tasks and processes.

        Raises ArtifactUnavailableError if it is locked.
        """

    async def seconds_of(self, job_id: JobId, number: int) -> float:
        """Return the length of one of several shots, in seconds, once it is made playable.

        Raises ArtifactUnusableError.
        """

    async def gather(self, job_id: JobId, sources: Sequence[JobId]) -> None:
        """Make copies of these jobs' videos the shots of this job, in order.

        Raises ArtifactUnavailableError if one is not there.
        """

    async def join(self, job_id: JobId, parts: int, *, after: Path | None = None) -> None:
        """Join the shots in order into one video and delete them.

        They follow `after`, a video that they continue; that one stays. Raises ArtifactUnusableError.
        """

    async def inspect(self, job_id: JobId, *, recipe: str | None = None) -> Artifact:
        """Check that the download is a video and measure it; `recipe` is written into it.

        Raises ArtifactUnusableError.
        """

    async def list_older(self, before: datetime) -> list[JobId]:
        """List the jobs whose videos have been stored since before that instant."""

    async def forget(self, job_id: JobId) -> None:
        """Delete this job's video and every version of it."""

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedVideo:
        """Return a version of the video of at most `max_bytes`.

        Raises FileTooLargeError if there is none, and VideoNotThereError if the video was deleted.
        """
