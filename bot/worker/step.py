"""The context and the result of the worker's steps."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from bot.catalog.images import ImageStore
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import ProviderRateLimitedError, UnreadableRowError
from bot.guilds.settings import Recipes
from bot.ids import JobId, ProviderName, SubmissionId
from bot.instants import is_within
from bot.jobs.failure import BROKEN
from bot.jobs.files import VideoStore
from bot.jobs.job import (
    UNREADABLE_AGAIN_AFTER,
    Job,
    JobState,
    fail,
)
from bot.jobs.stores import Change, JobStore, ShotStore
from bot.jobs.submission import Submission
from bot.polling.history import RenderTimes, VideoKind
from bot.polling.render_times import Distribution
from bot.providers.circuit_breaker import CircuitBreakers
from bot.providers.contract import Provider
from bot.retries import backoff_seconds

_log = logging.getLogger(__name__)

MIN_FAILED_POLLS = 8  # consecutive, before a paid video is given up
MAX_BREAKDOWNS = 20  # consecutive internal errors, about a quarter of an hour
MAX_DAMAGED_KNOWN = 1_000  # jobs with unreadable rows; beyond that, some are logged again

Providers = Mapping[ProviderName, Provider]

Result = Callable[[Job], Change]
"""A step's result: a function of the job at the time of writing.

A member may cancel while a step is in progress, but a result that cost money must still be written;
a finished row would overwrite the cancellation.
"""


class PictureAddresses(Protocol):
    """Addresses of a request's images and source video, for services that fetch them."""

    async def find(self, job: Job) -> Mapping[str, str]:
        """Map each image's key to its current address.

        Raises PicturesNotPostedError.
        """

    async def find_video(self, job: Job) -> str | None:
        """Return the current address of the posted video that the job continues, if any."""


MAX_KINDS = 64  # of videos with cached render times; an entry takes about 18 kB


class LearntRenderTimes:
    """A cache of recent render times by kind of video.

    Not keyed by a job's own expectation: that changes with every finished video, and stale entries
    would stay until the process ends.
    """

    def __init__(self, most: int = MAX_KINDS) -> None:
        self._most = most
        self._learnt: dict[VideoKind, tuple[datetime, Distribution]] = {}

    def __len__(self) -> int:
        return len(self._learnt)

    def get(self, kind: VideoKind, now: datetime, keep_for: timedelta) -> Distribution | None:
        """Return the cached distribution, or None if it is too old.

        One dated in the future, because the clock was set back, is too old as well.
        """
        at, render_times = self._learnt.get(kind, (None, None))
        return render_times if at is not None and is_within(at, keep_for, now) else None

    def put(self, kind: VideoKind, now: datetime, render_times: Distribution) -> None:
        """Cache a distribution; the oldest entry makes room for it."""
        self._learnt.pop(kind, None)
        while len(self._learnt) >= self._most:
            del self._learnt[next(iter(self._learnt))]
        self._learnt[kind] = now, render_times


@dataclass(frozen=True, slots=True)
class StepContext:
    """The collaborators of the worker's steps."""

    store: JobStore
    shots: ShotStore
    providers: Mapping[ProviderName, Provider]
    images: ImageStore
    videos: VideoStore
    sources: SourceVideoStore
    clock: Clock
    breakers: CircuitBreakers
    addresses: PictureAddresses
    new_submission_id: Callable[[], SubmissionId]
    render_times: RenderTimes
    recipes: Recipes
    learnt: LearntRenderTimes = field(default_factory=LearntRenderTimes)


def later(job: Job, clock: Clock, error: Exception | None = None) -> Job:
    """Postpone the job by a growing back-off, or until the provider's given time."""
    now = clock.now()
    errors = job.errors_in_row + 1
    at = now + timedelta(seconds=backoff_seconds(errors))
    if isinstance(error, ProviderRateLimitedError) and error.retry_at is not None:
        at = max(at, error.retry_at)
    return replace(job, next_action_at=at, errors_in_row=errors)


def put_off(job: Job, clock: Clock) -> Change:
    """Postpone a job with an unreadable row by much longer; never give it up.

    Its price stays reserved: whether the video was made is unknown.
    """
    return Change(replace(job, next_action_at=clock.now() + UNREADABLE_AGAIN_AFTER))


class UnreadableRows:
    """Jobs with unreadable rows: each is logged once and postponed repeatedly."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[JobId, None] = {}

    def put_off(self, job: Job, error: UnreadableRowError) -> Result:
        """Postpone the job until an operator repairs its row."""
        if job.id not in self._known:
            self._known[job.id] = None
            _log.error("row_unreadable", extra={"job_id": job.id, "error": str(error)})
        while len(self._known) > MAX_DAMAGED_KNOWN:
            del self._known[next(iter(self._known))]
        return partial(put_off, clock=self._clock)


def broken_off(job: Job, clock: Clock) -> Change:
    """Retry a step after an unexpected error, a limited number of times.

    An interrupted submission stays SUBMITTING and is then presumed uncertain. A storyboard is never
    given up this way: its shots are paid for.
    """
    now = clock.now()
    in_time = job.deadline_at is not None and now < job.deadline_at
    is_kept = job.state is JobState.SUBMITTING or job.is_storyboard
    if job.errors_in_row < MAX_BREAKDOWNS or in_time or is_kept:
        return Change(later(job, clock))
    return Change(fail(job, BROKEN, now))


def required(submission: Submission | None, job: Job) -> Submission:
    """Return the submission; a job at a provider without one is a bug."""
    if submission is None:
        msg = f"job {job.id} is {job.state} without a submission"
        raise AssertionError(msg)
    return submission
