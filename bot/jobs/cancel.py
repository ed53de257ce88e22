"""Cancel a job and report truthfully what that means for its price.

Before the submission nothing has been spent. Afterwards no provider takes a job back: the member
confirms once more, then we only stop polling, and the video, if it comes, is not posted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.clock import Clock
from bot.errors import (
    AlreadySpentError,
    DatabaseBusyError,
    JobNotFoundError,
    NotYourJobError,
    TooLateToCancelError,
)
from bot.ids import GuildId, JobId, MessageId, UserId
from bot.jobs.job import (
    Cancellation,
    Job,
    JobState,
    advance,
)
from bot.jobs.stores import Change, JobStore, ShotStore
from bot.jobs.storyboard import cancelled_shots, is_spent

_MAYBE_SENT = frozenset({JobState.SUBMITTING, JobState.UNCERTAIN})
TRIES = 5  # against the worker, which may change the job at the same time


@dataclass(frozen=True, slots=True)
class CancelResult:
    """The result of removing a 🎬; `too_late` jobs were already submitted."""

    cancelled: int
    too_late: tuple[Job, ...] = ()


class Cancelling:
    """Cancel jobs; the job's version decides a race, and the loser tries again."""

    def __init__(
        self, store: JobStore, shots: ShotStore, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._shots = shots
        self._clock = clock
        self._wake = wake

    async def cancel(
        self,
        job_id: JobId,
        guild_id: GuildId,
        user_id: UserId,
        *,
        is_moderator: bool,
        though_spent: bool,
    ) -> Cancellation:
        """Cancel a job of this server.

        `though_spent` confirms that its price will be lost.

        Raises AlreadySpentError, with nothing changed, if that was not confirmed and cancelling no
        longer saves the price; JobNotFoundError, also for another server's job; NotYourJobError,
        TooLateToCancelError and DatabaseBusyError.
        """
        for _ in range(TRIES):
            job = await self._store.get(job_id)
            _ensure_may_cancel(job, guild_id, user_id, is_moderator=is_moderator)
            if job.cancel_requested:
                return Cancellation.NOT_WATCHED
            if job.is_storyboard:
                cancelled = await self._cancel_storyboard(job, though_spent=though_spent)
                if cancelled is None:
                    continue
                return cancelled
            if job.state is not JobState.QUEUED and not though_spent:
                raise _already_spent(job)
            if await self._written(self._cancelled(job)):
                early = job.state is JobState.QUEUED
                return Cancellation.CANCELLED if early else Cancellation.NOT_WATCHED
        raise _moving(job_id)

    async def _cancel_storyboard(self, job: Job, *, though_spent: bool) -> Cancellation | None:
        """Release the unsent shots and let the others go; None if one has changed.

        Raises AlreadySpentError with the price of those that were sent.
        """
        now, shots = self._clock.now(), await self._shots.list_shots(job.id)
        spent = [shot for shot in shots if is_spent(shot)]
        if spent and not though_spent:
            raise _shots_spent(spent)
        ended = [Change(shot) for shot in cancelled_shots(shots, now)]
        if spent:
            sent_at = job.submitted_at or now
            whole = replace(job, cancel_requested=True, submitted_at=sent_at, next_action_at=now)
        else:
            whole = advance(job, JobState.CANCELLED, now)
        is_written = await self._shots.save_together([*ended, Change(whole)])
        self._wake()
        if not is_written:
            return None
        return Cancellation.NOT_WATCHED if spent else Cancellation.CANCELLED

    async def cancel_by_reaction(self, message_id: MessageId, user_id: UserId) -> CancelResult:
        """Cancel the unsubmitted jobs that this member's 🎬 on the message started.

        Raises DatabaseBusyError.
        """
        cancelled, too_late = 0, []
        for job in await self._store.list_active(user_id=user_id):
            if job.source_message_id != message_id or job.cancel_requested:
                continue
            latest = await self._taken_back(job)
            cancelled += latest.state is JobState.CANCELLED
            if not latest.is_terminal:
                too_late.append(latest)
        return CancelResult(cancelled, tuple(too_late))

    async def _taken_back(self, job: Job) -> Job:
        """Cancel the job unless it was submitted; return it as stored.

        Raises DatabaseBusyError.
        """
        for _ in range(TRIES):
            if job.state is not JobState.QUEUED:
                return job
            cancelled = self._cancelled(job)
            if await self._written(cancelled):
                return cancelled
            job = await self._store.get(job.id)
        raise _moving(job.id)

    def _cancelled(self, job: Job) -> Job:
        now = self._clock.now()
        if job.state is JobState.QUEUED:
            return advance(job, JobState.CANCELLED, now)
        return replace(job, cancel_requested=True, next_action_at=now)

    async def _written(self, job: Job) -> bool:
        saved = await self._store.save([Change(job)])
        self._wake()
        return not saved.conflicts


def _ensure_may_cancel(job: Job, guild_id: GuildId, user_id: UserId, *, is_moderator: bool) -> None:
    """Check the member's rights; a moderator has none in another server."""
    if job.guild_id != guild_id or job.is_shot:
        raise JobNotFoundError
    if job.user_id != user_id and not is_moderator:
        raise NotYourJobError
    if job.is_terminal:
        raise TooLateToCancelError


def _moving(job_id: JobId) -> DatabaseBusyError:
    return DatabaseBusyError(f"job {job_id} moved {TRIES} times in the meantime")


def _shots_spent(spent: Sequence[Job]) -> AlreadySpentError:
    return AlreadySpentError(
        sum(shot.cost_micros for shot in spent),
        is_estimate=any(shot.cost_is_estimate for shot in spent),
        is_certain=any(shot.state not in _MAYBE_SENT for shot in spent),
    )


def _already_spent(job: Job) -> AlreadySpentError:
    is_certain = job.state in {JobState.RENDERING, JobState.DOWNLOADING}
    return AlreadySpentError(
        job.cost_micros, is_estimate=job.cost_is_estimate, is_certain=is_certain
    )
