"""Take a posted video in hand again, to make something of it: its frames, its file.

From our disk, else from its service, else from the message in which it stands.
"""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.archive.find import find_video
from bot.catalog.request import SourceImage
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import (
    ArtifactError,
    ProviderError,
    VideoComingError,
    VideoNotThereError,
)
from bot.guilds.settings import Recipes
from bot.jobs.files import VideoStore
from bot.jobs.job import Job
from bot.jobs.removed import RemovedVideos
from bot.jobs.stores import JobStore
from bot.worker.step import Providers

_log = logging.getLogger(__name__)

NAME = "that video"  # in reasons
Address = Callable[[], Awaitable[str | None]]  # of the file in its message, signed now


class Footage:
    """Reads videos; changes no job."""

    def __init__(
        self,
        jobs: JobStore,
        videos: VideoStore,
        sources: SourceVideoStore,
        providers: Providers,
        clock: Clock,
        *,
        removed: RemovedVideos,
        recipes: Recipes,
    ) -> None:
        self._removed = removed
        self._jobs = jobs
        self._videos = videos
        self._sources = sources
        self._providers = providers
        self._clock = clock
        self._recipes = recipes

    async def first_frame(self, job: Job, address: Address) -> SourceImage:
        """Return the first frame as a stored picture.

        Raises what `find_address` raises, VideoRejectedError and StorageError.
        """
        image = await self._sources.first_frame(await self._path(job, address), name=NAME)
        await self._removed.ensure_stands(job.id)  # which it may no longer, once it is read
        return image

    async def last_frame(self, job: Job, address: Address) -> SourceImage:
        """Return the last frame. Raises what `first_frame` raises."""
        image = await self._sources.last_frame(await self._path(job, address), name=NAME)
        await self._removed.ensure_stands(job.id)
        return image

    async def find_address(self, job: Job, address: Address) -> str | None:
        """Bring the video onto our disk, and return None; else the address in its message.

        Raises VideoComingError, InvalidRequestError for a removed one, and VideoNotThereError where
        it is nowhere.
        """
        await self._removed.ensure_stands(job.id)
        if not job.is_terminal:
            raise VideoComingError
        try:
            await find_video(
                job,
                self._jobs,
                self._videos,
                self._providers,
                self._clock,
                sources=self._sources,
                recipes=self._recipes,
            )
        except (VideoNotThereError, ProviderError, ArtifactError) as error:
            details = {"job_id": job.id, "error": type(error).__name__}
            _log.info("video_taken_from_message", extra=details)
            posted = await address()
            if posted is None:
                raise VideoNotThereError from error
            return posted
        return None

    async def _path(self, job: Job, address: Address) -> Path:
        posted = await self.find_address(job, address)
        if posted is None:
            return self._videos.path(job.id)
        return self._sources.path(await self._sources.fetch(posted, name=NAME))
