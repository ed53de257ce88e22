"""Take a posted video in hand again, to make something of it: its frames, its file.

From our disk, else from its service, else from the message in which it stands.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from bot.archive.find import find_video
from bot.catalog.request import Origin, SourceImage
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import (
    ArtifactError,
    ProviderError,
    VideoComingError,
    VideoNotThereError,
)
from bot.guilds.settings import Recipes
from bot.ids import JobId
from bot.jobs.files import VideoStore
from bot.jobs.job import Job
from bot.jobs.removed import RemovedVideos, Stands
from bot.jobs.stores import JobStore
from bot.locks import Turns
from bot.money.account import MemberMoney
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
        member_money: MemberMoney,
        turns: Turns,
    ) -> None:
        self._removed = removed
        self._jobs = jobs
        self._videos = videos
        self._sources = sources
        self._providers = providers
        self._clock = clock
        self._recipes = recipes
        self._member_money = member_money
        self._turns = turns

    async def first_frame(self, job: Job, address: Address, place: Origin) -> SourceImage:
        """Return the first frame as a stored picture.

        Raises what `find_address` raises, VideoRejectedError and StorageError.
        """
        image = await self._sources.first_frame(await self._path(job, address, place), name=NAME)
        await self._removed.ensure_stands(job.id)  # which it may no longer, once it is read
        return replace(image, owners=job.request.owners)

    async def last_frame(self, job: Job, address: Address, place: Origin) -> SourceImage:
        """Return the last frame. Raises what `first_frame` raises."""
        image = await self._sources.last_frame(await self._path(job, address, place), name=NAME)
        await self._removed.ensure_stands(job.id)
        return replace(image, owners=job.request.owners)

    async def ensure_stands(self, job_id: JobId, stands: Stands) -> None:
        """Ask Discord, too, whether the message with a job's video was deleted.

        Raises InvalidRequestError.
        """
        await self._removed.ensure_stands(job_id, stands)

    async def find_address(self, job: Job, address: Address, place: Origin) -> str | None:
        """Bring the video onto our disk, and return None; else the address in its message.

        Raises VideoComingError, InvalidRequestError for a removed one, LimitReachedError,
        AlreadyFetchingError and OthersFetchingError, and VideoNotThereError where it is nowhere.
        """
        await self._removed.ensure_stands(job.id)
        if not job.is_terminal:
            raise VideoComingError
        await self._member_money.ensure_not_barred(place)
        if await self._is_kept(job):
            return None
        with self._turns.one_of(place.user_id):
            return await self._found(job, address)

    async def _is_kept(self, job: Job) -> bool:
        try:
            await self._videos.inspect(job.id)
        except ArtifactError:
            return False
        return True

    async def _found(self, job: Job, address: Address) -> str | None:
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

    async def _path(self, job: Job, address: Address, place: Origin) -> Path:
        posted = await self.find_address(job, address, place)
        if posted is None:
            return self._videos.path(job.id)
        with self._turns.one_of(place.user_id):
            return self._sources.path(await self._sources.fetch(posted, name=NAME))
