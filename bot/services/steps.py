"""What a step of the tracker needs, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.jobs import Job
from bot.domain.polling import backoff_seconds
from bot.domain.submissions import Submission
from bot.errors import ProviderRateLimitedError
from bot.ids import ProviderName, SubmissionId
from bot.ports import Change, Clock, FilmStore, ImageStore, JobStore, Provider

Result = Callable[[Job], Change]
"""What a step found, to be applied to the job as it is when it is written.

A member may press Cancel while a step is under way; the result of something that cost money must
still be written, so it is a function of the job rather than a finished row.
"""


@dataclass(frozen=True, slots=True)
class Means:
    """What the steps work with."""

    store: JobStore
    providers: Mapping[ProviderName, Provider]
    images: ImageStore
    films: FilmStore
    clock: Clock
    new_submission_id: Callable[[], SubmissionId]


def later(job: Job, clock: Clock, error: Exception | None = None) -> Job:
    """The job due again after a growing wait, or when the provider said."""
    now = clock.now()
    errors = job.errors_in_row + 1
    at = now + timedelta(seconds=backoff_seconds(errors))
    if isinstance(error, ProviderRateLimitedError) and error.retry_at is not None:
        at = max(at, error.retry_at)
    return replace(job, next_action_at=at, errors_in_row=errors)


def required(submission: Submission | None, job: Job) -> Submission:
    """Every job at a provider has a submission; anything else is a bug."""
    if submission is None:
        msg = f"job {job.id} is {job.state} without a submission"
        raise AssertionError(msg)
    return submission
