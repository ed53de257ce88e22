"""A job: one wish for one film, the durable row, and the ways it may go.

Whether the film came out (job state), whether it arrived (delivery state) and what became of the
money are three separate questions; this module answers the first.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.requests import VideoRequest
from bot.ids import ChannelId, GuildId, IdempotencyKey, JobId, MessageId, ProviderName, UserId

# A film may take long; counted from the submission, not from the queue.
TIME_TO_RENDER = timedelta(hours=2)
# How long past its deadline an overdue film is waited for while nobody can look.
TIME_TO_LOOK = timedelta(hours=1)
# How long a service may be away before a job that it never took is given up.
TIME_TO_SUBMIT = timedelta(hours=1)


class JobState(StrEnum):
    """What is going on with the film."""

    ACCEPTED = "accepted"  # waits for its turn
    SUBMITTING = "submitting"  # the intent to submit is written down
    UNCERTAIN = "uncertain"  # submitted, and the answer was lost
    IN_PROGRESS = "in_progress"  # the provider is at it
    COLLECTING = "collecting"  # the provider is done; the film is being fetched
    SUCCEEDED = "succeeded"  # the film lies on our disk
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the provider never finished


TERMINAL_STATES = frozenset(
    {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}
)
ACTIVE_STATES = frozenset(JobState) - TERMINAL_STATES
AT_PROVIDER_STATES = ACTIVE_STATES - {JobState.ACCEPTED}

_ONWARD: dict[JobState, frozenset[JobState]] = {
    JobState.ACCEPTED: frozenset({JobState.SUBMITTING, JobState.CANCELLED, JobState.FAILED}),
    JobState.SUBMITTING: frozenset(
        # back to ACCEPTED only when it is certain that the provider took nothing
        {JobState.ACCEPTED, JobState.IN_PROGRESS, JobState.UNCERTAIN, JobState.FAILED}
    ),
    JobState.UNCERTAIN: frozenset({JobState.IN_PROGRESS, JobState.FAILED}),
    JobState.IN_PROGRESS: frozenset(
        {JobState.COLLECTING, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED}
    ),
    JobState.COLLECTING: frozenset(
        # back to IN_PROGRESS for a fresh address of the film
        {JobState.IN_PROGRESS, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
    ),
}


class FailureKind(StrEnum):
    """Why there is no film, as far as the member is concerned."""

    REFUSED = "refused"  # the content; the member can change it
    REJECTED = "rejected"  # the form; the member can change it
    PROVIDER = "provider"  # the service failed
    OPERATOR = "operator"  # key or balance; whoever runs the bot must act
    UNCERTAIN = "uncertain"  # asked, and never learnt whether it was accepted
    INTERRUPTED = "interrupted"  # ours


class Cancellation(StrEnum):
    """What calling a job off came to."""

    CALLED_OFF = "called_off"  # before the submission: nothing was spent
    NOT_WATCHED = "not_watched"  # after it: the provider goes on, nobody waits for it


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no film; `text` is safe to show, and may be the service's friendly one."""

    kind: FailureKind
    text: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """The film as it lies on our disk; `key` names its file."""

    key: str
    size_bytes: int
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    remark: str | None = None  # such as a shot that is missing


@dataclass(frozen=True, slots=True)
class Job:
    """One wish. `version` grows with every write, so that nobody overwrites another's."""

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
    next_action_at: datetime  # when the tracker should look at it again
    source_message_id: MessageId | None = None  # of a 🎬
    submitted_at: datetime | None = None
    last_queued_at: datetime | None = None  # the provider had not begun by then
    deadline_at: datetime | None = None
    progress_percent: int | None = None
    cancel_requested: bool = False
    failure: Failure | None = None
    artifact: Artifact | None = None
    errors_in_row: int = 0
    unknown_in_row: int = 0  # looks, among those that failed, that knew nothing of it
    has_priority: bool = False  # its member's role did when it was accepted
    version: int = 1

    def seconds_at_provider(self, now: datetime) -> float:
        """Since it was handed over."""
        return max((now - (self.submitted_at or now)).total_seconds(), 0.0)

    def seconds_in_making(self, now: datetime) -> float:
        """Since the provider has had it, and was not seen to have it in its queue still."""
        since = self.last_queued_at or self.submitted_at or now
        return max((now - since).total_seconds(), 0.0)

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL_STATES


def advance(job: Job, state: JobState, now: datetime) -> Job:
    """The job in its next state, due at once. Raises ValueError where no way leads there."""
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
    """The job as failed, with its reason."""
    return replace(advance(job, JobState.FAILED, now), failure=failure)


def start_rendering(job: Job, now: datetime) -> Job:
    """The provider has it: the deadline counts from here, not from the queue."""
    begun = advance(job, JobState.IN_PROGRESS, now)
    return replace(begun, submitted_at=job.submitted_at or now, deadline_at=now + TIME_TO_RENDER)
