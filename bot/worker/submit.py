"""Handing a job to its provider: the intent first, then the one request that costs money."""

import contextlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.jobs import (
    TIME_TO_SUBMIT,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
    fail,
    start_rendering,
)
from bot.domain.polling import LONGEST_GAP_SECONDS
from bot.domain.submissions import Receipt, Submission, SubmissionState
from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ImageRejectedError,
    PicturesNotPostedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    StorageError,
    SubmissionUncertainError,
    TransientProviderError,
)
from bot.ports import Change, Order
from bot.services.pictures import pictures_for
from bot.services.planning import next_look
from bot.services.steps import Means, Result, later, required

_log = logging.getLogger(__name__)

STALE_AFTER = timedelta(seconds=100)  # of an intent; less than the lease under which it was made
FEWEST_ATTEMPTS = 8  # handings-over before a service that is away is given up
_AWAY = Failure(FailureKind.REJECTED, "The video service could not be reached for a long time.")
_BROKEN = Failure(FailureKind.INTERRUPTED, "Something went wrong on my side, again and again.")


def intend(
    job: Job, means: Means, last: Submission | None, now: datetime
) -> tuple[Job, Submission]:
    """The row that says: about to be sent. It is committed before anything is sent."""
    attempt = 1 if last is None else last.attempt + 1
    submission = Submission(
        id=means.new_submission_id(),
        job_id=job.id,
        attempt=attempt,
        provider=job.provider,
        tag=f"{job.id}-{attempt}",
        state=SubmissionState.INTENDED,
        intended_at=now,
    )
    errors = job.errors_in_row
    return replace(advance(job, JobState.SUBMITTING, now), errors_in_row=errors), submission


async def submit(job: Job, means: Means, submission: Submission) -> Result:
    """Send it, once, and say what became of it. Once there is an answer, nothing loses it.

    `submission` is the intent, as it was committed. What breaks before anything is sent leads back
    to the queue: only a request that was made can be uncertain.
    """
    provider = means.providers[job.provider]
    try:
        order = Order(job.request, submission.tag, await pictures_for(job, provider, means))
    except ImageRejectedError as error:
        return _rejected(submission, Failure(FailureKind.REJECTED, str(error)), means)
    except PicturesNotPostedError as error:
        return _without_pictures(submission, error, means)
    except Exception:  # noqa: BLE001 - whatever it is, nothing was sent
        _log.exception("submission_not_prepared", extra={"job_id": job.id})
        return _back_to_the_queue(submission, None, means, otherwise=_BROKEN)
    return await _send(order, job, submission, means)


async def submit_unsent(job: Job, means: Means, submission: Submission) -> Result:
    """The same for an intent of our own that was certainly not sent, if it is the job's latest."""
    latest = required(await means.store.find_submission(job.id), job)
    if latest.id != submission.id:
        return uncertain(latest, "the process ended in between", means)
    return await submit(job, means, submission)


async def _send(order: Order, job: Job, submission: Submission, means: Means) -> Result:
    if means.clock.now() - submission.intended_at >= STALE_AFTER:  # we slept; others act by now
        return _another_time(submission, means)
    try:
        if not await means.pauses.begin(job.provider):
            return _another_time(submission, means)
        receipt = await means.providers[job.provider].submit(order)
    except ProviderError as error:
        await _observe(job, error, means)
        return _refused(submission, error, means)
    except StorageError:  # the budget of requests, which is asked before anything is sent
        _log.exception("submission_not_prepared", extra={"job_id": job.id})
        with contextlib.suppress(StorageError):
            await means.pauses.withdraw(job.provider)
        return _back_to_the_queue(submission, None, means, otherwise=_BROKEN)
    await _observe(job, None, means)
    _log.info("job_submitted", extra={"job_id": job.id, "provider": job.provider})
    return accepted(submission, receipt, await _first_look(job, means), means)


async def _observe(job: Job, error: ProviderError | None, means: Means) -> None:
    try:
        await means.pauses.observe(job.provider, error)
    except Exception:  # noqa: BLE001 - the answer itself is still to be written
        _log.exception("answer_not_observed", extra={"job_id": job.id})


async def _first_look(job: Job, means: Means) -> datetime:
    try:
        return await next_look(job, means)
    except Exception:  # noqa: BLE001 - the handle of a paid film is still to be written
        _log.exception("first_look_not_planned", extra={"job_id": job.id})
        return means.clock.now() + timedelta(seconds=LONGEST_GAP_SECONDS)


def _another_time(submission: Submission, means: Means) -> Result:
    """The service is paused since the intent, or another film is its trial."""
    return partial(_queued_again, submission=submission, means=means)


def _without_pictures(
    submission: Submission, error: PicturesNotPostedError, means: Means
) -> Result:
    if error.for_ever:
        text = "The video service must fetch the pictures, and I could not post them here."
        return _rejected(submission, Failure(FailureKind.REJECTED, text), means)
    return _back_to_the_queue(submission, None, means)


def accepted(
    submission: Submission, receipt: Receipt, first_look_at: datetime, means: Means
) -> Result:
    """The provider has it."""

    def apply(job: Job) -> Change:
        now = means.clock.now()
        taken = replace(
            submission,
            state=SubmissionState.ACCEPTED,
            handle=receipt.handle,
            accepted_at=now,
            precharged_micros=receipt.precharged_micros,
        )
        begun = start_rendering(job, now)
        return Change(replace(begun, next_action_at=max(first_look_at, now)), taken)

    return apply


def _refused(submission: Submission, error: ProviderError, means: Means) -> Result:
    match error:
        case SubmissionUncertainError() | ProviderProtocolError():
            return uncertain(submission, error.detail, means)
        case TransientProviderError():
            return _back_to_the_queue(submission, error, means)
        case GenerationFailedError():
            text = "The video service could not make it."
            return _rejected(submission, Failure(FailureKind.PROVIDER, text), means)
        case ContentRefusedError():
            text = error.friendly or "The service refused this prompt or picture."
            return _rejected(submission, Failure(FailureKind.REFUSED, text), means)
        case ProviderCredentialsError() | ProviderBalanceError():
            text = "The video service does not accept this bot's account at the moment."
            return _rejected(submission, Failure(FailureKind.OPERATOR, text), means)
        case _:
            _log.warning(
                "submission_rejected", extra={"job_id": submission.job_id, "detail": error.detail}
            )
            advice = error.friendly if isinstance(error, ProviderRejectedRequestError) else None
            text = advice or "The video service did not accept this wish."
            return _rejected(submission, Failure(FailureKind.REJECTED, text), means)


def uncertain(submission: Submission, detail: str, means: Means) -> Result:
    """Nobody knows whether the provider has it: to be looked up, never to be sent again."""
    _log.warning("submission_uncertain", extra={"job_id": submission.job_id, "detail": detail})

    def apply(job: Job) -> Change:
        now = means.clock.now()
        return Change(
            advance(job, JobState.UNCERTAIN, now),
            replace(submission, state=SubmissionState.UNCERTAIN),
        )

    return apply


def _back_to_the_queue(
    submission: Submission,
    error: ProviderError | None,
    means: Means,
    *,
    otherwise: Failure = _AWAY,
) -> Result:
    """Certainly not taken: its turn comes again, for TIME_TO_SUBMIT; `otherwise` it fails."""

    def apply(job: Job) -> Change:
        now = means.clock.now()
        is_late = submission.attempt >= FEWEST_ATTEMPTS and now - job.accepted_at >= TIME_TO_SUBMIT
        if is_late and not isinstance(error, ProviderRateLimitedError):
            return Change(fail(job, otherwise, now), _ended(submission, now))
        change = _queued_again(job, submission, means)
        if change.job.is_terminal:
            return change
        return replace(change, job=later(change.job, means.clock, error))

    return apply


def _queued_again(job: Job, submission: Submission, means: Means) -> Change:
    now = means.clock.now()
    again = replace(advance(job, JobState.ACCEPTED, now), errors_in_row=job.errors_in_row)
    if job.cancel_requested:  # pressed while it was being sent, and nothing was taken
        again = advance(again, JobState.CANCELLED, now)
    return Change(again, _ended(submission, now))


def _rejected(submission: Submission, failure: Failure, means: Means) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        return Change(fail(job, failure, now), _ended(submission, now))

    return apply


def _ended(submission: Submission, now: datetime) -> Submission:
    return replace(submission, state=SubmissionState.REJECTED, finished_at=now)
