"""Download finished videos to our disk before their addresses expire."""

import logging
from dataclasses import replace
from datetime import datetime

from bot.catalog.extension import holds_source
from bot.catalog.videos import SourceVideoStore
from bot.errors import ArtifactError, ArtifactUnavailableError, ArtifactUnusableError
from bot.jobs.files import VideoStore
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
    fail,
)
from bot.jobs.messages import DeliveryKind, owed
from bot.jobs.stores import Change
from bot.jobs.submission import Submission, SubmissionState
from bot.providers.contract import Provider
from bot.worker.poll import abandon
from bot.worker.step import (
    Result,
    StepContext,
    later,
    required,
)

_log = logging.getLogger(__name__)

FETCHES_BEFORE_ASKING_AGAIN = 3  # then ask the provider for a fresh address
FEWEST_FETCHES = 12  # before giving up, and never before the deadline: the video is paid for
MAX_UNUSABLE = 4
SOURCE_GONE = "I no longer have the video before it, so this is only the new part."
NOT_JOINED = "I couldn't join it to the video before it, so this is only the new part."


async def download(job: Job, context: StepContext) -> Result:
    """Stream the video to disk and measure it.

    The job then succeeds, whether or not the video can be posted.
    """
    submission = required(await context.store.find_submission(job.id), job)
    if job.cancel_requested:
        return abandon(submission, context)
    provider = context.providers[job.provider]
    try:
        recipe = await context.recipes.of(job.guild_id, job.user_id, job.request)
        artifact = await fetch_video(
            job, submission, provider, context.videos, context.sources, recipe=recipe
        )
    except ArtifactError as error:
        return _not_fetched(submission, error, context)
    _log.info("video_downloaded", extra={"job_id": job.id, "size_bytes": artifact.size_bytes})
    return _downloaded(submission, artifact, context)


async def fetch_video(
    job: Job,
    submission: Submission,
    provider: Provider,
    videos: VideoStore,
    sources: SourceVideoStore,
    *,
    recipe: str | None,
) -> Artifact:
    """Download one video, or download and join its shots; the file then holds its `recipe`.

    A new part is joined to the video that it continues. Nothing of it takes the finished video's
    place before that, so that a process that dies in between leaves no half a video behind.

    Only one task of one process downloads a video at a time.

    Raises ArtifactUnavailableError, also while another task is downloading it, and
    ArtifactUnusableError.
    """
    addresses = submission.artifact_addresses
    if not addresses:  # nothing was fetched that could be joined
        raise ArtifactUnavailableError
    with videos.alone(job.id):
        remark, source = None, job.request.source_video
        if len(addresses) == 1 and source is None:
            await provider.fetch(addresses[0], videos.path(job.id))
        else:
            for number, address in enumerate(addresses):
                await provider.fetch(address, videos.part_path(job.id, number))
            remark = await _join(job, len(addresses), videos, sources)
        made = await videos.inspect(job.id, recipe=recipe)
        return replace(made, remark=_together(submission.remark, remark))


async def _join(job: Job, parts: int, videos: VideoStore, sources: SourceVideoStore) -> str | None:
    """Join the shots, after the video that they continue; return a remark if that is missing.

    The new part is paid for, so it is delivered alone rather than lost. Raises
    ArtifactUnusableError.
    """
    source = job.request.source_video
    if source is None:
        await videos.join(job.id, parts)
        return None
    if parts == 1 and holds_source(await videos.seconds_of(job.id, 0), job.request):
        await videos.join(job.id, parts)
        return None
    if not sources.has(source):
        _log.warning("source_video_gone", extra={"job_id": job.id})
        await videos.join(job.id, parts)
        return SOURCE_GONE
    try:
        await videos.join(job.id, parts, after=sources.path(source))
    except ArtifactUnusableError:
        _log.exception("source_video_not_joined", extra={"job_id": job.id})
        await videos.join(job.id, parts)
        return NOT_JOINED
    return None


def _together(*remarks: str | None) -> str | None:
    """Return both remarks, each once; a second download finds the first one's written down."""
    said = dict.fromkeys(remark for remark in remarks if remark is not None)
    found = [one for one in said if not any(one != other and one in other for other in said)]
    return " ".join(found) or None


def _downloaded(submission: Submission, artifact: Artifact, context: StepContext) -> Result:
    def apply(job: Job) -> Change:
        now = context.clock.now()
        done = replace(
            advance(job, JobState.SUCCEEDED, now), artifact=artifact, progress_percent=100
        )
        video = () if job.is_shot else (owed(job, DeliveryKind.VIDEO, now),)
        ended = replace(
            submission,
            state=SubmissionState.SUCCEEDED,
            finished_at=now,
            remark=artifact.remark,
        )
        return Change(done, ended, video)

    return apply


def _not_fetched(submission: Submission, error: ArtifactError, context: StepContext) -> Result:
    def apply(job: Job) -> Change:
        tries = job.errors_in_row + 1
        _log.warning(
            "download_failed",
            extra={"job_id": job.id, "tries": tries, "error": type(error).__name__},
        )
        now = context.clock.now()
        if _is_hopeless(job, error, now):
            ended = replace(submission, state=SubmissionState.FAILED, finished_at=now)
            text = "The video was made, but I couldn't download it from the video service."
            return Change(fail(job, Failure(FailureKind.INTERRUPTED, text), now), ended)
        waiting = later(job, context.clock)
        if tries % FETCHES_BEFORE_ASKING_AGAIN == 0:
            back = advance(job, JobState.RENDERING, now)
            waiting = replace(back, next_action_at=waiting.next_action_at, errors_in_row=tries)
        return Change(waiting, submission)

    return apply


def _is_hopeless(job: Job, error: ArtifactError, now: datetime) -> bool:
    tries = job.errors_in_row + 1
    if isinstance(error, ArtifactUnusableError):
        return tries >= MAX_UNUSABLE
    in_time = job.deadline_at is not None and now < job.deadline_at
    return tries >= FEWEST_FETCHES and not in_time
