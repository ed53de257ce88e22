"""Recover a submission whose answer was lost; it is never sent again."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.errors import ProviderError
from bot.jobs.job import (
    TIME_TO_POLL,
    Failure,
    FailureKind,
    Job,
    fail,
)
from bot.jobs.stores import Change
from bot.jobs.submission import Submission, SubmissionState
from bot.worker.poll_plan import next_poll
from bot.worker.step import (
    MIN_FAILED_POLLS,
    Result,
    StepContext,
    later,
    required,
)
from bot.worker.submit import accepted

_log = logging.getLogger(__name__)

RECOVER_FOR = timedelta(minutes=3)  # how long to look up a lost answer
MIN_EMPTY_LOOKUPS = 4  # a clock that was set may seem to have used up the time


async def recover(job: Job, context: StepContext) -> Result:
    """Look the submission up by its tag, if the provider can."""
    submission = required(await context.store.find_submission(job.id), job)
    provider = context.providers[job.provider]
    if not provider.can_recover:
        return _still_uncertain(submission, timedelta(0), 0, context)
    try:
        receipt = await provider.recover(submission.tag, job.request)
    except ProviderError as error:
        _log.warning("recover_failed", extra={"job_id": job.id, "detail": error.detail})
        return _still_uncertain(submission, TIME_TO_POLL, MIN_FAILED_POLLS, context, error)
    if receipt is None:
        return _still_uncertain(submission, RECOVER_FOR, MIN_EMPTY_LOOKUPS, context)
    _log.info("submission_recovered", extra={"job_id": job.id})
    return accepted(submission, receipt, await next_poll(job, context), context)


def _still_uncertain(
    submission: Submission,
    patience: timedelta,
    fewest_tries: int,
    context: StepContext,
    error: ProviderError | None = None,
) -> Result:
    """Look the submission up again later, or give it up once both limits are passed."""

    def apply(job: Job) -> Change:
        now = context.clock.now()
        if now - submission.intended_at < patience or job.errors_in_row < fewest_tries:
            return Change(later(job, context.clock, error))
        _log.error("submission_lost", extra={"job_id": job.id, "cost_micros": job.cost_micros})
        text = "The video service never answered, so I don't know whether it accepted this video."
        failure = Failure(FailureKind.UNCERTAIN, text)
        given_up = replace(submission, state=SubmissionState.ABANDONED, finished_at=now)
        return Change(fail(job, failure, now), given_up)

    return apply
