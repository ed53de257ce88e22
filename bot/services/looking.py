"""Looking at what a provider has in hand: one film, or all of a provider's with one request."""

import logging
from collections.abc import Sequence
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
from bot.domain.polling import CHEAP_LOOK_SECONDS
from bot.domain.submissions import ProviderState, ProviderStatus, Submission, SubmissionState
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderError,
    ProviderJobUnknownError,
)
from bot.ids import JobId
from bot.ports import Change, Watched
from bot.services.planning import next_look, next_look_together
from bot.services.steps import FEWEST_FAILED_LOOKS, Means, Result, later, required

_log = logging.getLogger(__name__)

UNKNOWN_TOLERATED = timedelta(seconds=60)  # a fresh id may be unknown for a moment
UNKNOWN_IN_ROW = 4  # and an old one may be for a hiccup
ENDED = frozenset({ProviderState.SUCCEEDED, ProviderState.FAILED, ProviderState.CANCELLED})

Found = ProviderStatus | ProviderError


async def look(job: Job, means: Means) -> Result:
    """Ask how it stands; a cancelled job is let go, an overdue one is looked at once more."""
    submission = required(await means.store.find_submission(job.id), job)
    if job.cancel_requested:
        return await _last_look(job, submission, means)
    provider = means.providers[job.provider]
    try:
        status = await provider.look(submission.handle or "", job.request)
    except ProviderError as error:
        return _missed(submission, error, means)
    now = means.clock.now()
    await _learn(job, submission, status, means)
    at = await next_look(_with_queue(job, status, now), means) if _is_open(status) else now
    return _seen(submission, status, at, means)


async def _last_look(job: Job, submission: Submission, means: Means) -> Result:
    """At what was called off: a film that had failed costs its member nothing.

    Anything else is let go, and so is everything where looks are dear.
    """
    provider = means.providers[job.provider]
    if await provider.look_price_seconds() > CHEAP_LOOK_SECONDS:
        return let_go(submission, means)
    try:
        status = await provider.look(submission.handle or "", job.request)
    except (GenerationFailedError, ContentRefusedError) as error:
        status = _failed_status(error)
    except ProviderError:
        return let_go(submission, means)
    if status.state is ProviderState.FAILED:
        return _seen(submission, status, means.clock.now(), means)
    return let_go(submission, means)


async def look_together(jobs: Sequence[Job], means: Means) -> list[Result]:
    """The same for several films of one provider, with as few requests as it needs."""
    submissions = [required(await means.store.find_submission(job.id), job) for job in jobs]
    pairs = list(zip(jobs, submissions, strict=True))
    watched = [(job, submission) for job, submission in pairs if not job.cancel_requested]
    found = await _statuses(watched, means) if watched else {}
    now = means.clock.now()
    waiting = [
        _with_queue(job, status, now)
        for job in jobs
        if isinstance(status := found.get(job.id), ProviderStatus) and _is_open(status)
    ]
    at = await next_look_together(waiting, means)
    for job, submission in watched:
        await _learn(job, submission, found[job.id], means)
    return [
        let_go(submission, means)
        if job.cancel_requested
        else _result(submission, found[job.id], at, means)
        for job, submission in pairs
    ]


async def _statuses(watched: Sequence[tuple[Job, Submission]], means: Means) -> dict[JobId, Found]:
    provider = means.providers[watched[0][0].provider]
    orders = [Watched(submission.handle or "", job.request) for job, submission in watched]
    try:
        found: Sequence[Found] = await provider.look_together(orders)
    except ProviderError as error:
        found = [error] * len(watched)
    return {job.id: one for (job, _), one in zip(watched, found, strict=True)}


def _is_open(status: ProviderStatus) -> bool:
    return status.state not in ENDED


def _with_queue(job: Job, status: ProviderStatus, now: datetime) -> Job:
    """While the service has not begun, a film is as young as when it was handed over."""
    return replace(job, last_queued_at=now) if status.state is ProviderState.QUEUED else job


def _result(submission: Submission, found: Found, at: datetime, means: Means) -> Result:
    if isinstance(found, ProviderError):
        return _missed(submission, found, means)
    return _seen(submission, found, at, means)


def _missed(submission: Submission, error: ProviderError, means: Means) -> Result:
    if isinstance(error, ProviderJobUnknownError):
        return _unknown(submission, means)
    if isinstance(error, GenerationFailedError | ContentRefusedError):
        return _seen(submission, _failed_status(error), means.clock.now(), means)
    return _not_seen(submission, error, means)


def _failed_status(error: ProviderError) -> ProviderStatus:
    """Some services answer a look at a failed film with an error."""
    refused = isinstance(error, ContentRefusedError)
    text = error.friendly if isinstance(error, ContentRefusedError) else None
    return ProviderStatus(ProviderState.FAILED, refused=refused, text=text)


async def _learn(job: Job, submission: Submission, found: Found, means: Means) -> None:
    """How long it took, by the service's own word or by ours; once for each film."""
    if not isinstance(found, ProviderStatus) or found.state is not ProviderState.SUCCEEDED:
        return
    if submission.artifact_addresses:
        return
    now = means.clock.now()
    took = found.took_seconds or job.seconds_in_making(now)
    await means.store.observe_duration(job.provider, job.request, took, now)


def _seen(
    submission: Submission, status: ProviderStatus, look_again_at: datetime, means: Means
) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        match status.state:
            case ProviderState.SUCCEEDED:
                found = replace(
                    submission,
                    artifact_addresses=status.artifact_addresses,
                    remark=status.text,
                    charged_micros=status.charged_micros,
                )
                return Change(_to_be_collected(job, submission, now), found)
            case ProviderState.FAILED | ProviderState.CANCELLED:
                failed = _finished(submission, SubmissionState.FAILED, now)
                return Change(fail(job, _failure(status), now), failed)
            case _:
                return _still_running(job, submission, status, look_again_at, now)

    return apply


def _to_be_collected(job: Job, submission: Submission, now: datetime) -> Job:
    """Whose address was found before has failed to be fetched: the count of tries goes on."""
    ready = advance(job, JobState.COLLECTING, now)
    is_first = not submission.artifact_addresses
    return ready if is_first else replace(ready, errors_in_row=job.errors_in_row)


def _still_running(
    job: Job,
    submission: Submission,
    status: ProviderStatus,
    look_again_at: datetime,
    now: datetime,
) -> Change:
    if job.deadline_at is not None and now >= job.deadline_at:
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(advance(job, JobState.EXPIRED, now), ended)
    waiting = replace(
        _with_queue(job, status, now),
        progress_percent=status.progress_percent or job.progress_percent,
        next_action_at=look_again_at,
        errors_in_row=0,
        unknown_in_row=0,
    )
    return Change(waiting)


def _unknown(submission: Submission, means: Means) -> Result:
    """It took the film once: one that it only cannot find now is still taken when it comes."""

    def apply(job: Job) -> Change:
        now = means.clock.now()
        age = now - (submission.accepted_at or now)
        if age < UNKNOWN_TOLERATED or job.unknown_in_row < UNKNOWN_IN_ROW:
            waiting = later(job, means.clock)
            return Change(replace(waiting, unknown_in_row=job.unknown_in_row + 1))
        text = "The video service no longer knows of this film."
        ended = _finished(submission, SubmissionState.ABANDONED, now)
        return Change(fail(job, Failure(FailureKind.INTERRUPTED, text), now), ended)

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
