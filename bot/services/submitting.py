"""Handing a job to its provider: the intent first, then the one request that costs money."""

import logging
from dataclasses import replace
from datetime import datetime

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
from bot.domain.requests import SourceImage
from bot.domain.submissions import Receipt, Submission, SubmissionState
from bot.errors import (
    ContentRefusedError,
    ImageRejectedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderProtocolError,
    SubmissionUncertainError,
    TransientProviderError,
)
from bot.ports import Change, Order, Provider
from bot.services.steps import Means, Result, later, required

_log = logging.getLogger(__name__)

FEWEST_ATTEMPTS = 8  # handings-over before a service that is away is given up


def intend(job: Job, means: Means, last: Submission | None, now: datetime) -> Change:
    """The row that says: about to be sent. It is committed before anything is sent."""
    submission = Submission(
        id=means.new_submission_id(),
        job_id=job.id,
        attempt=1 if last is None else last.attempt + 1,
        provider=job.provider,
        tag=f"{job.id}-{1 if last is None else last.attempt + 1}",
        state=SubmissionState.INTENDED,
        intended_at=now,
    )
    errors = job.errors_in_row
    intended = replace(advance(job, JobState.SUBMITTING, now), errors_in_row=errors)
    return Change(intended, submission)


async def submit(job: Job, means: Means) -> Result:
    """Send it, once, and say what became of it."""
    submission = required(await means.store.find_submission(job.id), job)
    provider = means.providers[job.provider]
    try:
        order = await _order(job, submission.tag, provider, means)
        receipt = await provider.submit(order)
    except ImageRejectedError as error:
        return _rejected(submission, Failure(FailureKind.REJECTED, str(error)), means)
    except ProviderError as error:
        return _refused(submission, error, means)
    _log.info("job_submitted", extra={"job_id": job.id, "provider": job.provider})
    return accepted(submission, receipt, means)


async def _order(job: Job, tag: str, provider: Provider, means: Means) -> Order:
    image, image_type = await _bytes(job.request.image, provider, means)
    end_image, end_image_type = await _bytes(job.request.end_image, provider, means)
    return Order(job.request, tag, image, image_type, end_image, end_image_type)


async def _bytes(
    image: SourceImage | None, provider: Provider, means: Means
) -> tuple[bytes | None, str | None]:
    if image is None:
        return None, None
    return await means.images.prepare(image, max_bytes=provider.image_max_bytes)


def accepted(submission: Submission, receipt: Receipt, means: Means) -> Result:
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
        return Change(start_rendering(job, now), taken)

    return apply


def _refused(submission: Submission, error: ProviderError, means: Means) -> Result:
    match error:
        case SubmissionUncertainError() | ProviderProtocolError():
            return uncertain(submission, error.detail, means)
        case TransientProviderError():
            return _back_to_the_queue(submission, error, means)
        case ContentRefusedError():
            text = error.friendly or "The service refused this prompt or picture."
            return _rejected(submission, Failure(FailureKind.REFUSED, text), means)
        case ProviderCredentialsError() | ProviderBalanceError():
            _log.error(
                "provider_needs_operator",
                extra={"provider": submission.provider, "error": type(error).__name__},
            )
            text = "The video service does not accept this bot's key or account at the moment."
            return _rejected(submission, Failure(FailureKind.OPERATOR, text), means)
        case _:
            _log.warning(
                "submission_rejected", extra={"job_id": submission.job_id, "detail": error.detail}
            )
            text = "The video service did not accept this wish."
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


def _back_to_the_queue(submission: Submission, error: ProviderError, means: Means) -> Result:
    """Certainly not taken: its turn comes again, unless the service is away for too long."""

    def apply(job: Job) -> Change:
        now = means.clock.now()
        if submission.attempt >= FEWEST_ATTEMPTS and now - job.accepted_at >= TIME_TO_SUBMIT:
            text = "The video service could not be reached for a long time."
            failure = Failure(FailureKind.REJECTED, text)
            return Change(fail(job, failure, now), _ended(submission, now))
        again = replace(advance(job, JobState.ACCEPTED, now), errors_in_row=job.errors_in_row)
        if job.cancel_requested:  # pressed while it was being sent, and nothing was taken
            return Change(advance(again, JobState.CANCELLED, now), _ended(submission, now))
        return Change(later(again, means.clock, error), _ended(submission, now))

    return apply


def _rejected(submission: Submission, failure: Failure, means: Means) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        return Change(fail(job, failure, now), _ended(submission, now))

    return apply


def _ended(submission: Submission, now: datetime) -> Submission:
    return replace(submission, state=SubmissionState.REJECTED, finished_at=now)
