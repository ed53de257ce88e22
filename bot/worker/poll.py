"""Poll a provider: one video, or a batch of videos with one request."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderError,
    ProviderJobUnknownError,
    UnreadableRowError,
)
from bot.ids import JobId
from bot.jobs.failure import content_refused, failed_at_provider, with_advice
from bot.jobs.job import (
    TIME_TO_POLL,
    TIME_TO_RENDER,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
    fail,
    fail_or_retry,
)
from bot.jobs.stores import Change
from bot.jobs.submission import Submission, SubmissionState
from bot.polling.schedule import CHEAP_POLL_SECONDS
from bot.providers.contract import Provider, ProviderState, ProviderStatus, Watched
from bot.worker.poll_plan import next_batch_poll, next_poll
from bot.worker.step import (
    MIN_FAILED_POLLS,
    Result,
    StepContext,
    later,
    required,
)

_log = logging.getLogger(__name__)

UNKNOWN_TOLERATED = timedelta(seconds=60)  # a new id may be unknown at first
UNKNOWN_IN_ROW = 4  # polls: an old id may be unknown during a hiccup
LONGEST_LEARNT = TIME_TO_RENDER + TIME_TO_POLL
ENDED = frozenset({ProviderState.SUCCEEDED, ProviderState.FAILED, ProviderState.CANCELLED})

Found = ProviderStatus | ProviderError

_NOT_DELIVERED = "The video service says the video is finished, but doesn't deliver it."


async def poll(job: Job, context: StepContext) -> Result:
    """Poll one job; abandon a cancelled one, poll an overdue one a last time."""
    submission = required(await context.store.find_submission(job.id), job)
    if job.cancel_requested:
        return await _final_poll(job, submission, context)
    provider = context.providers[job.provider]
    try:
        status = await provider.poll(submission.handle or "", job.request)
    except ProviderError as error:
        return _missed(submission, error, context)
    now = context.clock.now()
    await _learn(job, submission, status, context)
    at = await next_poll(_with_queue(job, status, now), context) if _is_open(status) else now
    return _seen(submission, status, at, context)


async def _final_poll(job: Job, submission: Submission, context: StepContext) -> Result:
    """Poll a cancelled job once more before abandoning it.

    A video or shot that had already failed costs its member nothing. Skipped where polls are
    expensive; any other status abandons the job.
    """
    provider = context.providers[job.provider]
    if not await _is_cheap(provider):
        return abandon(submission, context)
    try:
        found: Found = await provider.poll(submission.handle or "", job.request)
    except ProviderError as error:
        found = error
    return _ended(submission, found, context)


async def _is_cheap(provider: Provider) -> bool:
    """Whether a poll that no member waits for may be spent."""
    return await provider.poll_price_seconds() <= CHEAP_POLL_SECONDS


def _ended(submission: Submission, found: Found, context: StepContext) -> Result:
    """Let a cancelled job fail if its video had failed, else abandon it at its final cost."""
    if isinstance(found, GenerationFailedError | ContentRefusedError):
        found = _failed_status(found)
    if isinstance(found, ProviderError):
        return abandon(submission, context)
    if found.state is ProviderState.FAILED:
        return _seen(submission, found, context.clock.now(), context)
    is_final = found.state is ProviderState.SUCCEEDED and found.charged_micros is not None
    if is_final:  # costs less than quoted if shots are missing
        submission = replace(submission, charged_micros=found.charged_micros)
    return abandon(submission, context)


async def poll_batch(jobs: Sequence[Job], context: StepContext) -> dict[JobId, Result]:
    """Poll several videos of one provider with as few requests as possible.

    A job with an unreadable row gets no result and is polled alone. Cancelled jobs get their final
    poll with the others, where polls are cheap.
    """
    pairs = []
    for job in jobs:
        with contextlib.suppress(UnreadableRowError):
            pairs.append((job, required(await context.store.find_submission(job.id), job)))
    watched = [(job, submission) for job, submission in pairs if not job.cancel_requested]
    cancelled = [(job, submission) for job, submission in pairs if job.cancel_requested]
    asked = watched
    if cancelled and await _is_cheap(context.providers[cancelled[0][0].provider]):
        asked = pairs
    found = await _statuses(asked, context) if asked else {}
    now = context.clock.now()
    waiting = [
        _with_queue(job, status, now)
        for job, _ in watched
        if isinstance(status := found[job.id], ProviderStatus) and _is_open(status)
    ]
    at = await next_batch_poll(waiting, context)
    for job, submission in watched:
        await _learn(job, submission, found[job.id], context)
    results = {
        job.id: _result(submission, found[job.id], at, context) for job, submission in watched
    }
    return results | {
        job.id: _ended(submission, found[job.id], context)
        if job.id in found
        else abandon(submission, context)
        for job, submission in cancelled
    }


async def _statuses(
    watched: Sequence[tuple[Job, Submission]], context: StepContext
) -> dict[JobId, Found]:
    provider = context.providers[watched[0][0].provider]
    orders = [Watched(submission.handle or "", job.request) for job, submission in watched]
    try:
        found: Sequence[Found] = await provider.poll_batch(orders)
    except ProviderError as error:
        found = [error] * len(watched)
    return {job.id: one for (job, _), one in zip(watched, found, strict=True)}


def _is_open(status: ProviderStatus) -> bool:
    return status.state not in ENDED


def _with_queue(job: Job, status: ProviderStatus, now: datetime) -> Job:
    """Restart the video's age while it waits in the service's queue."""
    return replace(job, last_queued_at=now) if status.state is ProviderState.QUEUED else job


def _result(submission: Submission, found: Found, at: datetime, context: StepContext) -> Result:
    if isinstance(found, ProviderError):
        return _missed(submission, found, context)
    return _seen(submission, found, at, context)


def _missed(submission: Submission, error: ProviderError, context: StepContext) -> Result:
    if isinstance(error, ProviderJobUnknownError):
        return _unknown(submission, context)
    if isinstance(error, GenerationFailedError | ContentRefusedError):
        return _seen(submission, _failed_status(error), context.clock.now(), context)
    return _not_seen(submission, error, context)


def _failed_status(error: ProviderError) -> ProviderStatus:
    """Convert an error into a status: some services answer polls of failed videos so."""
    if not isinstance(error, ContentRefusedError):
        return ProviderStatus(ProviderState.FAILED)
    return ProviderStatus(
        ProviderState.FAILED, refused=True, text=error.friendly, advice=error.advice
    )


async def _learn(job: Job, submission: Submission, found: Found, context: StepContext) -> None:
    """Record the render time once per video: the service's figure, else ours."""
    if not isinstance(found, ProviderStatus) or found.state is not ProviderState.SUCCEEDED:
        return
    if submission.artifact_addresses:
        return
    now = context.clock.now()
    took = found.took_seconds or job.seconds_rendering(now)
    if took > LONGEST_LEARNT.total_seconds():  # the clock was set during the render
        return
    await context.render_times.observe_render_time(job.provider, job.request, took, now)


def _seen(
    submission: Submission,
    status: ProviderStatus,
    poll_again_at: datetime,
    context: StepContext,
    *,
    is_stated: bool = True,
) -> Result:
    """Apply a status; a failure that is only concluded from evidence may still be paid for."""

    def apply(job: Job) -> Change:
        now = context.clock.now()
        match status.state:
            case ProviderState.SUCCEEDED:
                found = replace(
                    submission,
                    artifact_addresses=status.artifact_addresses,
                    remark=status.text,
                    charged_micros=status.charged_micros,
                )
                return Change(_to_download(job, submission, now), found)
            case ProviderState.FAILED | ProviderState.CANCELLED:
                ended = SubmissionState.ABANDONED if status.may_come else SubmissionState.FAILED
                failed = _finished(submission, ended, now)
                end = fail_or_retry if is_stated else fail
                return Change(end(job, _failure(status), now), failed)
            case _ if status.evidence is not None and _is_believed(job, status, now):
                evidence = status.evidence
                concluded = _seen(submission, evidence, poll_again_at, context, is_stated=False)
                return concluded(job)
            case _:
                return _still_running(job, submission, status, poll_again_at, now)

    return apply


def _is_believed(job: Job, status: ProviderStatus, now: datetime) -> bool:
    """Return whether a doubtful state counts.

    An unknown state may be temporary, so a job is not given up while the evidence is against it.
    """
    if _is_overdue(job, now):
        return True
    polls = _doubtful_before(job) + 1
    return status.believed_after is not None and polls >= status.believed_after


def _doubtful_before(job: Job) -> int:
    """Count consecutive doubtful polls; a failed poll in between restarts the count."""
    return 0 if job.errors_in_row else job.unknown_in_row


def _is_overdue(job: Job, now: datetime) -> bool:
    return job.deadline_at is not None and now >= job.deadline_at


def _to_download(job: Job, submission: Submission, now: datetime) -> Job:
    """Move the job to downloading; attempts at an earlier address still count."""
    ready = advance(job, JobState.DOWNLOADING, now)
    is_first = not submission.artifact_addresses
    return ready if is_first else replace(ready, errors_in_row=job.errors_in_row)


def _still_running(
    job: Job,
    submission: Submission,
    status: ProviderStatus,
    poll_again_at: datetime,
    now: datetime,
) -> Change:
    if _is_overdue(job, now):
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(advance(job, JobState.EXPIRED, now), ended)
    waiting = replace(
        _with_queue(job, status, now),
        progress_percent=status.progress_percent or job.progress_percent,
        next_action_at=poll_again_at,
        errors_in_row=0,
        unknown_in_row=0 if status.believed_after is None else _doubtful_before(job) + 1,
    )
    return Change(waiting)


def _unknown(submission: Submission, context: StepContext) -> Result:
    """Retry while the service does not know the id, then fail.

    The service accepted the video once, so a late result is still collected.
    """

    def apply(job: Job) -> Change:
        now = context.clock.now()
        age = now - (submission.accepted_at or now)
        unknown = job.unknown_in_row if job.errors_in_row else 0  # else it counted doubtful polls
        if age < UNKNOWN_TOLERATED or unknown < UNKNOWN_IN_ROW:
            waiting = later(job, context.clock)
            return Change(replace(waiting, unknown_in_row=unknown + 1))
        text = "The video service no longer knows this video."
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(fail(job, Failure(FailureKind.INTERRUPTED, text), now), ended)

    return apply


def _not_seen(submission: Submission, error: ProviderError, context: StepContext) -> Result:
    """Retry after a failed poll, and give up well past the deadline.

    A failed poll says nothing about the video itself.
    """
    _log.warning("poll_failed", extra={"job_id": submission.job_id, "error": type(error).__name__})

    def apply(job: Job) -> Change:
        now = context.clock.now()
        is_late = job.deadline_at is not None and now >= job.deadline_at + TIME_TO_POLL
        if is_late and job.errors_in_row >= MIN_FAILED_POLLS:
            ended = _finished(submission, SubmissionState.ABANDONED, now)
            return Change(advance(job, JobState.EXPIRED, now), ended)
        return Change(later(job, context.clock, error))

    return apply


def abandon(submission: Submission, context: StepContext) -> Result:
    """Stop polling; the provider goes on, and its charge remains."""

    def apply(job: Job) -> Change:
        now = context.clock.now()
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(advance(job, JobState.CANCELLED, now), ended)

    return apply


def _failure(status: ProviderStatus) -> Failure:
    if status.refused:
        return content_refused(status.text, status.advice)
    if status.may_come:  # polled for another day
        said = with_advice(status.text, status.advice)
        return Failure(FailureKind.INTERRUPTED, said or _NOT_DELIVERED)
    return failed_at_provider(status.text, status.advice)


def _finished(submission: Submission, state: SubmissionState, now: datetime) -> Submission:
    return replace(submission, state=state, finished_at=now)
