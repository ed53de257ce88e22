"""Looking at what a provider has in hand, and asking for what it may have in hand."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.jobs import (
    TIME_TO_LOOK,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
    fail,
)
from bot.domain.polling import next_look_at
from bot.domain.submissions import ProviderState, ProviderStatus, Submission, SubmissionState
from bot.errors import ProviderError, ProviderJobUnknownError
from bot.ports import Change
from bot.services.steps import Means, Result, later, required
from bot.services.submitting import accepted

_log = logging.getLogger(__name__)

UNKNOWN_TOLERATED = timedelta(seconds=60)  # a fresh id may be unknown for a moment
UNKNOWN_IN_ROW = 4  # and an old one may be for a hiccup
RECOVER_FOR = timedelta(minutes=3)  # how long a lost answer is looked up
FEWEST_FAILED_LOOKS = 8  # in a row, before anything paid for is given up


async def look(job: Job, means: Means) -> Result:
    """Ask how it stands; a cancelled job is let go, an overdue one is looked at once more."""
    submission = required(await means.store.find_submission(job.id), job)
    if job.cancel_requested:
        return let_go(submission, means)
    provider = means.providers[job.provider]
    try:
        status = await provider.look(submission.handle or "", job.request)
    except ProviderJobUnknownError:
        return _unknown(submission, means)
    except ProviderError as error:
        return _not_seen(submission, error, means)
    if status.state is ProviderState.SUCCEEDED and submission.artifact_address is None:
        await _observe_duration(job, means)
    return _seen(submission, status, means)


async def _observe_duration(job: Job, means: Means) -> None:
    now = means.clock.now()
    seconds = (now - (job.submitted_at or now)).total_seconds()
    await means.store.observe_duration(job.provider, job.request, seconds, now)


async def look_up(job: Job, means: Means) -> Result:
    """Find a submission whose answer was lost by its tag. It is never sent again."""
    submission = required(await means.store.find_submission(job.id), job)
    provider = means.providers[job.provider]
    if not provider.can_recover:
        return _still_uncertain(submission, timedelta(0), 0, means)
    try:
        receipt = await provider.recover(submission.tag, job.request)
    except ProviderError as error:
        _log.warning("recover_failed", extra={"job_id": job.id, "detail": error.detail})
        return _still_uncertain(submission, TIME_TO_LOOK, FEWEST_FAILED_LOOKS, means)
    if receipt is None:
        return _still_uncertain(submission, RECOVER_FOR, 0, means)
    _log.info("submission_recovered", extra={"job_id": job.id})
    return accepted(submission, receipt, means)


def _still_uncertain(
    submission: Submission, patience: timedelta, fewest_tries: int, means: Means
) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        if now - submission.intended_at < patience or job.errors_in_row < fewest_tries:
            return Change(later(job, means.clock))
        _log.error("submission_lost", extra={"job_id": job.id, "cost_micros": job.cost_micros})
        text = "The video service never answered, and does not know of this film."
        failure = Failure(FailureKind.UNCERTAIN, text)
        return Change(
            fail(job, failure, now), _finished(submission, SubmissionState.ABANDONED, now)
        )

    return apply


def _seen(submission: Submission, status: ProviderStatus, means: Means) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        counted = replace(submission, polls=submission.polls + 1)
        match status.state:
            case ProviderState.SUCCEEDED:
                found = replace(
                    counted,
                    artifact_address=status.artifact_address,
                    charged_micros=status.charged_micros,
                )
                return Change(_to_be_collected(job, submission, now), found)
            case ProviderState.FAILED | ProviderState.CANCELLED:
                failed = _finished(counted, SubmissionState.FAILED, now)
                return Change(fail(job, _failure(status), now), failed)
            case _:
                return _still_running(job, counted, status, now)

    return apply


def _to_be_collected(job: Job, submission: Submission, now: datetime) -> Job:
    """Whose address was found before has failed to be fetched: the count of tries goes on."""
    ready = advance(job, JobState.COLLECTING, now)
    is_first = submission.artifact_address is None
    return ready if is_first else replace(ready, errors_in_row=job.errors_in_row)


def _still_running(
    job: Job, submission: Submission, status: ProviderStatus, now: datetime
) -> Change:
    if job.deadline_at is not None and now >= job.deadline_at:
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(advance(job, JobState.EXPIRED, now), ended)
    waiting = replace(
        job,
        progress_percent=status.progress_percent or job.progress_percent,
        next_action_at=next_look_at(job.submitted_at or now, job.expected_seconds, now),
        errors_in_row=0,
    )
    return Change(waiting, submission)


def _unknown(submission: Submission, means: Means) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        age = now - (submission.accepted_at or now)
        if age < UNKNOWN_TOLERATED or job.errors_in_row < UNKNOWN_IN_ROW:
            return Change(later(job, means.clock))
        text = "The video service no longer knows of this film."
        ended = _finished(submission, SubmissionState.FAILED, now)
        return Change(fail(job, Failure(FailureKind.PROVIDER, text), now), ended)

    return apply


def _not_seen(submission: Submission, error: ProviderError, means: Means) -> Result:
    """A look that failed says nothing about the film; well past the deadline nobody waits on."""
    _log.warning("look_failed", extra={"job_id": submission.job_id, "error": type(error).__name__})

    def apply(job: Job) -> Change:
        now = means.clock.now()
        is_late = job.deadline_at is not None and now >= job.deadline_at + TIME_TO_LOOK
        if is_late and job.errors_in_row >= FEWEST_FAILED_LOOKS:
            ended = _finished(submission, SubmissionState.ABANDONED, now)
            return Change(advance(job, JobState.EXPIRED, now), ended)
        return Change(later(job, means.clock, error))

    return apply


def let_go(submission: Submission, means: Means) -> Result:
    """Stop watching; the provider goes on, and what it charged stays charged."""

    def apply(job: Job) -> Change:
        now = means.clock.now()
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(advance(job, JobState.CANCELLED, now), ended)

    return apply


def _failure(status: ProviderStatus) -> Failure:
    if status.refused:
        text = status.text or "The service refused this prompt or picture."
        return Failure(FailureKind.REFUSED, text)
    return Failure(FailureKind.PROVIDER, status.text or "The video service could not make it.")


def _finished(submission: Submission, state: SubmissionState, now: datetime) -> Submission:
    return replace(submission, state=state, finished_at=now)
