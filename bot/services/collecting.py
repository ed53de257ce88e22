"""Fetching a finished film to our disk, before its address expires."""

import logging
from dataclasses import replace
from datetime import datetime

from bot.domain.deliveries import DeliveryKind, owed
from bot.domain.jobs import Artifact, Failure, FailureKind, Job, JobState, advance, fail
from bot.domain.submissions import Submission, SubmissionState
from bot.errors import ArtifactError, ArtifactUnusableError
from bot.ports import Change, FilmStore, Provider
from bot.services.looking import let_go
from bot.services.steps import Means, Result, later, required

_log = logging.getLogger(__name__)

FETCHES_BEFORE_ASKING_AGAIN = 3  # then the provider is asked for a fresh address
FEWEST_FETCHES = 12  # and not before the deadline, for the film is paid for
MOST_UNUSABLE = 4


async def collect(job: Job, means: Means) -> Result:
    """Stream it to disk and measure it; then the job has succeeded, whatever the post does."""
    submission = required(await means.store.find_submission(job.id), job)
    if job.cancel_requested:
        return let_go(submission, means)
    provider = means.providers[job.provider]
    try:
        artifact = await fetch_film(job, submission, provider, means.films)
    except ArtifactError as error:
        return _not_fetched(submission, error, means)
    _log.info("film_collected", extra={"job_id": job.id, "size_bytes": artifact.size_bytes})
    return _collected(submission, artifact, means)


async def fetch_film(
    job: Job, submission: Submission, provider: Provider, films: FilmStore
) -> Artifact:
    """One film, or the shots of one, which are joined; by one task of one process at a time.

    Raises ArtifactUnavailableError, also where somebody else is at it, and ArtifactUnusableError.
    """
    addresses = submission.artifact_addresses
    with films.alone(job.id):
        if len(addresses) == 1:
            await provider.fetch(addresses[0], films.path(job.id))
        else:
            for number, address in enumerate(addresses):
                await provider.fetch(address, films.part_path(job.id, number))
            await films.join(job.id, len(addresses))
        return replace(await films.inspect(job.id), remark=submission.remark)


def _collected(submission: Submission, artifact: Artifact, means: Means) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        done = replace(
            advance(job, JobState.SUCCEEDED, now), artifact=artifact, progress_percent=100
        )
        film = owed(job.id, DeliveryKind.FILM, job.guild_id, job.channel_id, now)
        ended = replace(submission, state=SubmissionState.SUCCEEDED, finished_at=now)
        return Change(done, ended, (film,))

    return apply


def _not_fetched(submission: Submission, error: ArtifactError, means: Means) -> Result:
    def apply(job: Job) -> Change:
        tries = job.errors_in_row + 1
        _log.warning(
            "film_not_fetched",
            extra={"job_id": job.id, "tries": tries, "error": type(error).__name__},
        )
        now = means.clock.now()
        if _is_hopeless(job, error, now):
            ended = replace(submission, state=SubmissionState.FAILED, finished_at=now)
            text = "The film was made, and could not be fetched from the video service."
            return Change(fail(job, Failure(FailureKind.INTERRUPTED, text), now), ended)
        waiting = later(job, means.clock)
        if tries % FETCHES_BEFORE_ASKING_AGAIN == 0:
            back = advance(job, JobState.IN_PROGRESS, now)
            waiting = replace(back, next_action_at=waiting.next_action_at, errors_in_row=tries)
        return Change(waiting, submission)

    return apply


def _is_hopeless(job: Job, error: ArtifactError, now: datetime) -> bool:
    tries = job.errors_in_row + 1
    if isinstance(error, ArtifactUnusableError):
        return tries >= MOST_UNUSABLE
    in_time = job.deadline_at is not None and now < job.deadline_at
    return tries >= FEWEST_FETCHES and not in_time
