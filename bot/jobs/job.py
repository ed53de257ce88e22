"""The job: one request for one video, its durable row and its state transitions.

Whether the video was made (job state), whether it was posted (delivery state) and what became of
the money are three separate questions; this module answers the first.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.catalog.request import VideoRequest
from bot.ids import ChannelId, GuildId, IdempotencyKey, JobId, MessageId, ProviderName, UserId

# Counted from the submission, not from the queue.
TIME_TO_RENDER = timedelta(hours=2)
# How long past its deadline to wait for an overdue video that cannot be polled.
TIME_TO_POLL = timedelta(hours=1)
# How long a service may be unavailable before a job it never accepted is given up.
TIME_TO_SUBMIT = timedelta(hours=1)
# How late a poll may be before the time until it stops counting against the deadline. Shorter
# delays count, or a job whose polls are always a little late would never end.
POLLED_IN_TIME = timedelta(minutes=15)

# When to retry a job with an unreadable row: an operator may have repaired it.
UNREADABLE_AGAIN_AFTER = timedelta(minutes=2)


class JobState(StrEnum):
    """The state of the video."""

    QUEUED = "queued"  # waits its turn
    SUBMITTING = "submitting"  # the intent to submit is committed
    UNCERTAIN = "uncertain"  # submitted, and the answer was lost
    RENDERING = "rendering"  # at the provider
    # the provider is done; the video is being downloaded. Also a storyboard whose shots are jobs of
    # their own: there is nothing to submit, so it waits for them and joins them. And a shot that is
    # copied from an earlier storyboard.
    DOWNLOADING = "downloading"
    SUCCEEDED = "succeeded"  # the video is on our disk
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the provider never finished


TERMINAL_STATES = frozenset(
    {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}
)
ACTIVE_STATES = frozenset(JobState) - TERMINAL_STATES

_ONWARD: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.SUBMITTING, JobState.CANCELLED, JobState.FAILED}),
    JobState.SUBMITTING: frozenset(
        # back to QUEUED only when the provider certainly accepted nothing
        {JobState.QUEUED, JobState.RENDERING, JobState.UNCERTAIN, JobState.FAILED}
    ),
    JobState.UNCERTAIN: frozenset({JobState.RENDERING, JobState.FAILED}),
    JobState.RENDERING: frozenset(
        {JobState.DOWNLOADING, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}
    ),
    JobState.DOWNLOADING: frozenset(
        # back to RENDERING for a fresh address of the video
        {JobState.RENDERING, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
    ),
}


class FailureKind(StrEnum):
    """The causes of a missing video, from the member's point of view."""

    REFUSED = "refused"  # the content; the member can change it
    REJECTED = "rejected"  # not accepted: its form, or the service was away too long
    PROVIDER = "provider"  # the service failed
    OPERATOR = "operator"  # key or balance; the operator must act
    UNCERTAIN = "uncertain"  # submitted; whether it was accepted is unknown
    INTERRUPTED = "interrupted"  # submitted, then lost by us or by the service


class Cancellation(StrEnum):
    """The outcome of a cancellation."""

    CANCELLED = "cancelled"  # before the submission: nothing was spent
    NOT_WATCHED = "not_watched"  # after it: the provider goes on, and we stop polling


@dataclass(frozen=True, slots=True)
class Failure:
    """The failure of a job; `text` is safe to show and may quote the service."""

    kind: FailureKind
    text: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """The finished video on our disk; `key` names its file."""

    key: str
    size_bytes: int
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    remark: str | None = None  # such as a missing shot


@dataclass(frozen=True, slots=True)
class Job:
    """One request; every write raises `version`, so that no writer overwrites another."""

    id: JobId
    idempotency_key: IdempotencyKey
    guild_id: GuildId
    channel_id: ChannelId
    user_id: UserId
    request: VideoRequest
    provider: ProviderName
    cost_micros: int
    cost_is_estimate: bool
    expected_seconds: int
    state: JobState
    accepted_at: datetime
    state_changed_at: datetime
    next_action_at: datetime  # of the worker
    source_message_id: MessageId | None = None  # of a 🎬
    submitted_at: datetime | None = None
    last_queued_at: datetime | None = None  # the provider had not started by then
    deadline_at: datetime | None = None
    progress_percent: int | None = None
    cancel_requested: bool = False
    failure: Failure | None = None
    artifact: Artifact | None = None
    errors_in_row: int = 0
    unknown_in_row: int = 0  # polls with an unknown id or, without errors, a doubtful state
    has_priority: bool = False  # by the member's role when it was accepted
    storyboard_id: JobId | None = None  # of a shot; of a storyboard of such shots, its own id
    shot_number: int | None = None  # of a shot, from 1
    is_held: bool = False  # a shot that waits for others before it may be submitted
    was_retried: bool = False  # a shot that its service failed to make once
    reuses: JobId | None = None  # a shot that is copied from an earlier storyboard, at no cost
    version: int = 1

    def seconds_at_provider(self, now: datetime) -> float:
        """Return the seconds since the submission."""
        return max((now - (self.submitted_at or now)).total_seconds(), 0.0)

    def seconds_rendering(self, now: datetime) -> float:
        """Return the seconds since the provider last had it in its queue."""
        since = self.last_queued_at or self.submitted_at or now
        return max((now - since).total_seconds(), 0.0)

    @property
    def is_shot(self) -> bool:
        """Return whether it is a shot of a storyboard, which owes no messages."""
        return self.shot_number is not None

    @property
    def is_storyboard(self) -> bool:
        """Return whether its shots are jobs of their own."""
        return self.storyboard_id == self.id

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL_STATES


def advance(job: Job, state: JobState, now: datetime) -> Job:
    """Return the job in its next state, due at once.

    Raises ValueError for a forbidden transition.
    """
    if state not in _ONWARD.get(job.state, frozenset()):
        msg = f"no way leads from {job.state} to {state}"
        raise ValueError(msg)
    return replace(
        job,
        state=state,
        state_changed_at=now,
        next_action_at=now,
        errors_in_row=0,
        unknown_in_row=0,
    )


def fail(job: Job, failure: Failure, now: datetime) -> Job:
    """Return the job as failed, with its reason."""
    return replace(advance(job, JobState.FAILED, now), failure=failure)


def fail_or_retry(job: Job, failure: Failure, now: datetime) -> Job:
    """Return a shot back in the queue, once, if its service failed and so charges nothing.

    Its reservation stays as it is. Any other job has failed.
    """
    fails = failure.kind is not FailureKind.PROVIDER or job.was_retried or job.cancel_requested
    if not job.is_shot or fails:
        return fail(job, failure, now)
    return replace(
        fail(job, failure, now),
        state=JobState.QUEUED,
        failure=None,
        submitted_at=None,
        last_queued_at=None,
        deadline_at=None,
        progress_percent=None,
        was_retried=True,
    )


def start_rendering(job: Job, now: datetime) -> Job:
    """Mark the job as rendering; its deadline counts from now, not from the queue."""
    begun = advance(job, JobState.RENDERING, now)
    return replace(begun, submitted_at=job.submitted_at or now, deadline_at=now + TIME_TO_RENDER)


def without_unwatched_time(job: Job, now: datetime) -> Job:
    """Extend the deadline by the time in which a due poll was not made.

    The process was down or suspended, or the clock was set forward: either way the provider has not
    missed its deadline, and the video is paid for.
    """
    late = now - job.next_action_at
    if job.deadline_at is None or late < POLLED_IN_TIME:
        return job
    return replace(job, deadline_at=job.deadline_at + late)


_TO_BLAME = frozenset({FailureKind.PROVIDER, FailureKind.UNCERTAIN})


def model_succeeded(job: Job) -> bool | None:
    """Return whether the model made its video; None if that says nothing of the model.

    Cancelled, refused for its content, our own error, or never submitted.
    """
    if job.state is JobState.SUCCEEDED:
        return True
    if job.state is JobState.EXPIRED:
        return False if job.submitted_at is not None else None
    is_to_blame = job.failure is not None and job.failure.kind in _TO_BLAME
    return False if is_to_blame and not job.cancel_requested else None
