"""Show a finished video again: from our disk, or from its service.

Also for abandoned jobs: one cancelled after the service had started, or one whose submission could
not be found at the time. Showing is free.
"""

import logging
from dataclasses import dataclass, replace

from bot.archive.find import FoundVideo, find_video
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import (
    ArtifactError,
    FileTooLargeError,
    JobNotFoundError,
    NotYourJobError,
    ProviderError,
    VideoComingError,
    VideoNotThereError,
    VideoTakenDownError,
)
from bot.guilds.settings import Recipes
from bot.ids import ChannelId, GuildId, JobId, UserId
from bot.jobs.files import FittedVideo, VideoStore
from bot.jobs.job import TERMINAL_STATES, Artifact, Job
from bot.jobs.removed import RemovedVideos
from bot.jobs.stores import JobStore, ShotStore
from bot.jobs.storyboard import remark_on, to_join
from bot.locks import Turns
from bot.worker.step import Providers
from bot.worker.storyboard import join

_log = logging.getLogger(__name__)

MAX_CHOICES = 25


@dataclass(frozen=True, slots=True)
class Shown:
    """A job's video on our disk, and its addresses if it is too large."""

    job: Job
    artifact: Artifact
    addresses: tuple[str, ...] = ()


class Archive:
    """Show videos of ended jobs without changing the jobs."""

    def __init__(
        self,
        jobs: JobStore,
        removed: RemovedVideos,
        videos: VideoStore,
        providers: Providers,
        clock: Clock,
        *,
        sources: SourceVideoStore,
        shots: ShotStore,
        recipes: Recipes,
        turns: Turns,
    ) -> None:
        self._jobs = jobs
        self._shots = shots
        self._removed = removed
        self._videos = videos
        self._sources = sources
        self._recipes = recipes
        self._turns = turns
        self._providers = providers
        self._clock = clock

    async def latest(self, guild_id: GuildId, user_id: UserId) -> list[Job]:
        """List a member's ended jobs in a server, latest first."""
        return await self._jobs.list_ended(guild_id, user_id, MAX_CHOICES)

    async def channel_of(self, job_id: JobId, guild_id: GuildId) -> ChannelId:
        """Return where a video was made, which decides who moderates it.

        Raises JobNotFoundError, also for another server's job.
        """
        return (await self._job(job_id, guild_id)).channel_id

    async def find(
        self,
        job_id: JobId,
        guild_id: GuildId,
        viewer: UserId,
        *,
        is_moderator: bool,
        to_all: bool,
    ) -> Shown:
        """Find the video as it was made.

        Raises JobNotFoundError, also for another server's job; NotYourJobError;
        VideoTakenDownError; VideoComingError; VideoNotThereError; AlreadyFetchingError; OthersFetchingError.
        """
        job = await self._job(job_id, guild_id)
        if job.user_id != viewer and not is_moderator:
            raise NotYourJobError
        # a moderator's removal holds until a moderator reverses it
        if to_all and not is_moderator and await self._removed.has(job.id):
            raise VideoTakenDownError
        if job.state not in TERMINAL_STATES:
            raise VideoComingError
        if job.is_storyboard:
            artifact = await self._joined(job)
            return Shown(replace(job, artifact=artifact), artifact)
        found = await self._found(job, viewer)
        addresses = found.submission.artifact_addresses
        return Shown(replace(job, artifact=found.artifact), found.artifact, addresses)

    async def _job(self, job_id: JobId, guild_id: GuildId) -> Job:
        job = await self._jobs.get(job_id)
        if job.guild_id != guild_id or job.is_shot:
            raise JobNotFoundError
        return job

    async def _joined(self, job: Job) -> Artifact:
        """Find a storyboard's video, or join the shots that are kept. Raises VideoNotThereError."""
        shots = await self._shots.list_shots(job.id)
        good = to_join(shots)
        if not good:
            raise VideoNotThereError
        try:
            try:
                kept = await self._videos.inspect(job.id)
            except ArtifactError:
                recipe = await self._recipes.of(job.guild_id, job.user_id, job.request)
                kept = await join(job, good, self._videos, recipe=recipe)
        except ArtifactError as error:
            raise VideoNotThereError from error
        return replace(kept, remark=remark_on(shots))

    async def fit(self, shown: Shown, *, most: int) -> FittedVideo | None:
        """Fit the video into `most` bytes, which may take minutes; None if impossible."""
        try:
            return await self._videos.fit(shown.artifact, max_bytes=most)
        except FileTooLargeError:
            return None

    async def _found(self, job: Job, viewer: UserId) -> FoundVideo:
        """Find the video. Raises what `find` does of it."""
        try:
            with self._turns.one_of(viewer):
                return await find_video(
                    job,
                    self._jobs,
                    self._videos,
                    self._providers,
                    self._clock,
                    sources=self._sources,
                    recipes=self._recipes,
                )
        except (ProviderError, ArtifactError) as error:
            _log.info("video_not_there", extra={"job_id": job.id, "error": type(error).__name__})
            raise VideoNotThereError from error
