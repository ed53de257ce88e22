"""Submit a job: commit the intent, then send the one request that costs money."""

import contextlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

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
    VideoRejectedError,
)
from bot.jobs.failure import BROKEN, content_refused, failed_at_provider
from bot.jobs.job import (
    TIME_TO_SUBMIT,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
    fail,
    fail_or_retry,
    start_rendering,
)
from bot.jobs.stores import Change
from bot.jobs.submission import Submission, SubmissionState
from bot.polling.schedule import LONGEST_GAP_SECONDS
from bot.providers.contract import Order, Receipt
from bot.worker.inputs import pictures_for, source_for
from bot.worker.poll_plan import next_poll
from bot.worker.step import (
    Result,
    StepContext,
    later,
    required,
)

_log = logging.getLogger(__name__)

STALE_AFTER = timedelta(seconds=100)  # for an intent; shorter than the lease that covers it
FEWEST_ATTEMPTS = 8  # submissions before giving up on an unavailable service
_AWAY = Failure(FailureKind.REJECTED, "I couldn't reach the video service for a long time.")


def intend(
    job: Job, context: StepContext, last: Submission | None, now: datetime
) -> tuple[Job, Submission]:
    """Return the job and submission that record the intent to send.

    Commit them before sending anything.
    """
    attempt = 1 if last is None else last.attempt + 1
    submission = Submission(
        id=context.new_submission_id(),
        job_id=job.id,
        attempt=attempt,
        provider=job.provider,
        tag=f"{job.id}-{attempt}",
        state=SubmissionState.INTENDED,
        intended_at=now,
    )
    errors = job.errors_in_row
    begun = advance(job, JobState.SUBMITTING, now)
    return replace(begun, errors_in_row=errors, deadline_at=None), submission


async def submit(job: Job, context: StepContext, submission: Submission) -> Result:
    """Send the submission once and return its result, which nothing can lose.

    `submission` is the committed intent. An error before the request is sent puts the job back in
    the queue: only a request that was made can be uncertain.
    """
    provider = context.providers[job.provider]
    try:
        pictures = await pictures_for(job, provider, context)
        stale_at = submission.intended_at + STALE_AFTER
        source = await source_for(job, provider, context)
        order = Order(job.request, submission.tag, pictures, stale_at, source)
    except (ImageRejectedError, VideoRejectedError) as error:
        return _rejected(submission, Failure(FailureKind.REJECTED, str(error)), context)
    except PicturesNotPostedError as error:
        return _without_pictures(submission, error, context)
    except Exception:  # noqa: BLE001 - whatever it is, nothing was sent
        _log.exception("submission_not_prepared", extra={"job_id": job.id})
        return _back_to_the_queue(submission, None, context, otherwise=BROKEN)
    return await _send(order, job, submission, context)


async def submit_unsent(job: Job, context: StepContext, submission: Submission) -> Result:
    """Send this process's unsent intent, if it is still the job's latest."""
    latest = required(await context.store.find_submission(job.id), job)
    if latest.id != submission.id:
        return uncertain(latest, "the process ended in between", context)
    return await submit(job, context, submission)


async def _send(order: Order, job: Job, submission: Submission, context: StepContext) -> Result:
    if context.clock.now() >= submission.intended_at + STALE_AFTER:  # suspended; others act by now
        return _another_time(submission, context)
    try:
        if not await context.breakers.begin(job.provider):
            return _another_time(submission, context)
        receipt = await context.providers[job.provider].submit(order)
    except ProviderError as error:
        await _observe(job, error, context)
        return _refused(submission, error, context)
    except StorageError:  # the request budget, or too late: nothing was sent yet
        _log.exception("submission_not_prepared", extra={"job_id": job.id})
        with contextlib.suppress(StorageError):
            await context.breakers.withdraw(job.provider)
        return _back_to_the_queue(submission, None, context, otherwise=BROKEN)
    await _observe(job, None, context)
    _log.info("job_submitted", extra={"job_id": job.id, "provider": job.provider})
    return accepted(submission, receipt, await _first_poll(job, context), context)


async def _observe(job: Job, error: ProviderError | None, context: StepContext) -> None:
    try:
        await context.breakers.observe(job.provider, error)
    except Exception:  # noqa: BLE001 - the answer itself is still to be written
        _log.exception("answer_not_observed", extra={"job_id": job.id})


async def _first_poll(job: Job, context: StepContext) -> datetime:
    try:
        return await next_poll(job, context)
    except Exception:  # noqa: BLE001 - the handle of a paid video is still to be written
        _log.exception("first_poll_not_planned", extra={"job_id": job.id})
        return context.clock.now() + timedelta(seconds=LONGEST_GAP_SECONDS)


def _another_time(submission: Submission, context: StepContext) -> Result:
    """Requeue: the service was paused after the intent, or its trial slot is taken."""
    return partial(_queued_again, submission=submission, context=context)


def _without_pictures(
    submission: Submission, error: PicturesNotPostedError, context: StepContext
) -> Result:
    if error.forever:
        text = "The video service has to download the pictures, and I couldn't post them here."
        return _rejected(submission, Failure(FailureKind.REJECTED, text), context)
    return _back_to_the_queue(submission, None, context)


def accepted(
    submission: Submission, receipt: Receipt, first_poll_at: datetime, context: StepContext
) -> Result:
    """Record that the provider accepted the submission."""

    def apply(job: Job) -> Change:
        now = context.clock.now()
        taken = replace(
            submission,
            state=SubmissionState.ACCEPTED,
            handle=receipt.handle,
            accepted_at=now,
            precharged_micros=receipt.precharged_micros,
        )
        begun = start_rendering(job, now)
        return Change(replace(begun, next_action_at=max(first_poll_at, now)), taken)

    return apply


def _refused(submission: Submission, error: ProviderError, context: StepContext) -> Result:
    match error:
        case SubmissionUncertainError() | ProviderProtocolError():
            return uncertain(submission, error.detail, context)
        case TransientProviderError():
            return _back_to_the_queue(submission, error, context)
        case GenerationFailedError():
            return _rejected(submission, failed_at_provider(), context)
        case ContentRefusedError():
            return _rejected(submission, content_refused(error.friendly, error.advice), context)
        case ProviderCredentialsError() | ProviderBalanceError():
            text = "The video service doesn't accept this bot's account right now."
            return _rejected(submission, Failure(FailureKind.OPERATOR, text), context)
        case _:
            _log.warning(
                "submission_rejected", extra={"job_id": submission.job_id, "detail": error.detail}
            )
            advice = error.friendly if isinstance(error, ProviderRejectedRequestError) else None
            text = advice or "The video service didn't accept this request."
            return _rejected(submission, Failure(FailureKind.REJECTED, text), context)


def uncertain(submission: Submission, detail: str, context: StepContext) -> Result:
    """Record a lost answer: look the submission up, never send it again."""
    _log.warning("submission_uncertain", extra={"job_id": submission.job_id, "detail": detail})

    def apply(job: Job) -> Change:
        now = context.clock.now()
        return Change(
            advance(job, JobState.UNCERTAIN, now),
            replace(submission, state=SubmissionState.UNCERTAIN),
        )

    return apply


def _back_to_the_queue(
    submission: Submission,
    error: ProviderError | None,
    context: StepContext,
    *,
    otherwise: Failure = _AWAY,
) -> Result:
    """Requeue a job that was certainly not accepted.

    It is retried for TIME_TO_SUBMIT, then fails with `otherwise`.
    """

    def apply(job: Job) -> Change:
        now = context.clock.now()
        is_late = submission.attempt >= FEWEST_ATTEMPTS and now - job.accepted_at >= TIME_TO_SUBMIT
        if is_late and not isinstance(error, ProviderRateLimitedError):
            return Change(fail(job, otherwise, now), _ended(submission, now))
        change = _queued_again(job, submission, context)
        if change.job.is_terminal:
            return change
        return replace(change, job=later(change.job, context.clock, error))

    return apply


def _queued_again(job: Job, submission: Submission, context: StepContext) -> Change:
    now = context.clock.now()
    again = replace(advance(job, JobState.QUEUED, now), errors_in_row=job.errors_in_row)
    if job.cancel_requested:  # during the request, and nothing was accepted
        again = advance(again, JobState.CANCELLED, now)
    return Change(again, _ended(submission, now))


def _rejected(submission: Submission, failure: Failure, context: StepContext) -> Result:
    def apply(job: Job) -> Change:
        now = context.clock.now()
        return Change(fail_or_retry(job, failure, now), _ended(submission, now))

    return apply


def _ended(submission: Submission, now: datetime) -> Submission:
    return replace(submission, state=SubmissionState.REJECTED, finished_at=now)
