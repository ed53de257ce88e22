"""What a step of the tracker needs, and what it answers."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.distributions import Distribution
from bot.domain.jobs import Failure, FailureKind, Job, JobState, fail
from bot.domain.polling import backoff_seconds
from bot.domain.submissions import Submission
from bot.errors import ProviderRateLimitedError
from bot.ids import ProviderName, SubmissionId
from bot.ports import Change, Clock, FilmStore, ImageStore, JobStore, Provider
from bot.services.pausing import Pauses

FEWEST_FAILED_LOOKS = 8  # in a row, before anything paid for is given up
MOST_BREAKDOWNS = 20  # errors of ours in a row, about a quarter of an hour

Providers = Mapping[ProviderName, Provider]

Result = Callable[[Job], Change]
"""What a step found, to be applied to the job as it is when it is written.

A member may press Cancel while a step is under way; the result of something that cost money must
still be written, so it is a function of the job rather than a finished row.
"""


class PictureAddresses(Protocol):
    """Where the pictures of a wish stand in its channel, for services that fetch them."""

    async def find(self, job: Job) -> Mapping[str, str]:
        """Addresses by the key of the picture, read now. Raises PicturesNotPostedError."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the steps work with."""

    store: JobStore
    providers: Mapping[ProviderName, Provider]
    images: ImageStore
    films: FilmStore
    clock: Clock
    pauses: Pauses
    addresses: PictureAddresses
    new_submission_id: Callable[[], SubmissionId]
    learnt: dict[Hashable, tuple[datetime, Distribution]] = field(default_factory=dict)


def later(job: Job, clock: Clock, error: Exception | None = None) -> Job:
    """The job due again after a growing wait, or when the provider said."""
    now = clock.now()
    errors = job.errors_in_row + 1
    at = now + timedelta(seconds=backoff_seconds(errors))
    if isinstance(error, ProviderRateLimitedError) and error.retry_at is not None:
        at = max(at, error.retry_at)
    return replace(job, next_action_at=at, errors_in_row=errors)


def broken_off(job: Job, clock: Clock) -> Change:
    """For a step that failed unforeseen: tried again, but not for ever.

    A submission that broke off stays SUBMITTING and is then presumed uncertain.
    """
    now = clock.now()
    in_time = job.deadline_at is not None and now < job.deadline_at
    if job.errors_in_row < MOST_BREAKDOWNS or in_time or job.state is JobState.SUBMITTING:
        return Change(later(job, clock))
    text = "Something went wrong on my side, again and again."
    return Change(fail(job, Failure(FailureKind.INTERRUPTED, text), now))


def required(submission: Submission | None, job: Job) -> Submission:
    """Every job at a provider has a submission; anything else is a bug."""
    if submission is None:
        msg = f"job {job.id} is {job.state} without a submission"
        raise AssertionError(msg)
    return submission
