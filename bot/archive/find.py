"""Find the video of an ended job: on our disk, or at its service."""

import logging
from dataclasses import dataclass, replace

from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import (
    ArtifactError,
    ContentRefusedError,
    GenerationFailedError,
    VideoComingError,
    VideoNotThereError,
    VideoWillNotComeError,
)
from bot.guilds.settings import Recipes
from bot.jobs.files import VideoStore
from bot.jobs.job import Artifact, Job, JobState
from bot.jobs.stores import JobStore
from bot.jobs.submission import Submission
from bot.providers.contract import Provider, ProviderState, ProviderStatus
from bot.worker.download import fetch_video
from bot.worker.step import Providers

_log = logging.getLogger(__name__)

_COMING = frozenset({ProviderState.QUEUED, ProviderState.RUNNING})


@dataclass(frozen=True, slots=True)
class FoundVideo:
    """A video on our disk, and its submission as known now."""

    artifact: Artifact
    submission: Submission


async def find_video(
    job: Job,
    store: JobStore,
    videos: VideoStore,
    providers: Providers,
    clock: Clock,
    *,
    sources: SourceVideoStore,
    recipes: Recipes,
) -> FoundVideo:
    """Find the video on our disk, else download it; changes no job.

    First refunds what the service charged less than was booked. Raises VideoComingError,
    VideoNotThereError, VideoWillNotComeError, ProviderError and ArtifactError.
    """
    submission = await store.find_submission(job.id)
    if submission is None:
        raise VideoNotThereError
    try:
        kept = await videos.inspect(job.id)
    except ArtifactError:
        provider = providers.get(job.provider)
        if provider is None:
            raise VideoNotThereError from None
    else:
        return FoundVideo(replace(kept, remark=submission.remark), submission)
    status = await _status(job, submission, provider)
    charged = replace(submission, charged_micros=_charged(submission, status))
    if job.state is not JobState.SUCCEEDED and charged != submission:
        await store.give_back(job, charged, clock.now())
    recipe = await recipes.of(job.guild_id, job.user_id, job.request)
    return await _fetched(job, charged, status, videos, provider, sources=sources, recipe=recipe)


async def _fetched(
    job: Job,
    submission: Submission,
    status: ProviderStatus,
    videos: VideoStore,
    provider: Provider,
    *,
    sources: SourceVideoStore,
    recipe: str | None,
) -> FoundVideo:
    """Download from addresses read now; stored ones may have expired.

    If the state contradicts its evidence, an address is believed, since the download proves it; an
    error is not, since it may pass and the service is asked again.
    """
    if status.decided.state is ProviderState.SUCCEEDED:
        status = status.decided
    if status.state in _COMING:
        raise VideoComingError
    if status.state is not ProviderState.SUCCEEDED:
        raise VideoWillNotComeError
    found = replace(submission, artifact_addresses=status.artifact_addresses, remark=status.text)
    artifact = await fetch_video(job, found, provider, videos, sources, recipe=recipe)
    _log.info("video_downloaded_again", extra={"job_id": job.id})
    return FoundVideo(artifact, replace(found, remark=artifact.remark))


async def _status(job: Job, submission: Submission, provider: Provider) -> ProviderStatus:
    handle = submission.handle
    if handle is None and provider.can_recover:
        receipt = await provider.recover(submission.tag, job.request)
        handle = receipt.handle if receipt else None
    if handle is None:
        raise VideoNotThereError
    try:
        return await provider.poll(handle, job.request)
    except (GenerationFailedError, ContentRefusedError):
        return ProviderStatus(ProviderState.FAILED)


def _charged(submission: Submission, status: ProviderStatus) -> int | None:
    """Return the service's final charge in micros.

    Every service refunds what failed for good.
    """
    if status.state is ProviderState.SUCCEEDED and status.charged_micros is not None:
        return status.charged_micros
    if status.state is ProviderState.FAILED and not status.may_come:
        return 0
    return submission.charged_micros
