"""Asking a provider for a submission whose answer was lost. It is never sent again."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.domain.jobs import TIME_TO_LOOK, Failure, FailureKind, Job, fail
from bot.domain.submissions import Submission, SubmissionState
from bot.errors import ProviderError
from bot.ports import Change
from bot.services.planning import next_look
from bot.services.steps import FEWEST_FAILED_LOOKS, Means, Result, later, required
from bot.services.submitting import accepted

_log = logging.getLogger(__name__)

RECOVER_FOR = timedelta(minutes=3)  # how long a lost answer is looked up
FEWEST_EMPTY_RECALLS = 4  # and how often at least: a clock that was set has let no time pass


async def recall(job: Job, means: Means) -> Result:
    """Find it by its tag, where the provider can."""
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
        return _still_uncertain(submission, RECOVER_FOR, FEWEST_EMPTY_RECALLS, means)
    _log.info("submission_recovered", extra={"job_id": job.id})
    return accepted(submission, receipt, await next_look(job, means), means)


def _still_uncertain(
    submission: Submission, patience: timedelta, fewest_tries: int, means: Means
) -> Result:
    def apply(job: Job) -> Change:
        now = means.clock.now()
        if now - submission.intended_at < patience or job.errors_in_row < fewest_tries:
            return Change(later(job, means.clock))
        _log.error("submission_lost", extra={"job_id": job.id, "cost_micros": job.cost_micros})
        text = "The video service never answered, and nobody can say whether it took this film."
        failure = Failure(FailureKind.UNCERTAIN, text)
        given_up = replace(submission, state=SubmissionState.ABANDONED, finished_at=now)
        return Change(fail(job, failure, now), given_up)

    return apply
