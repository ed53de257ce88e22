"""Calling a job off, and saying truthfully what that means for the money.

Before the submission nothing was spent. Afterwards no provider takes a job back: we only stop
watching, and the film, if it comes, is not posted.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.jobs import Cancellation, Job, JobState, advance
from bot.errors import DatabaseBusyError, NotYourJobError, TooLateToCancelError
from bot.ids import JobId, MessageId, UserId
from bot.ports import Change, Clock, JobStore

TRIES = 5  # against the tracker, which may move the job at the same time


class Cancelling:
    """Decided by the job's version: whoever writes first wins, the other looks again."""

    def __init__(self, store: JobStore, clock: Clock, wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def cancel(self, job_id: JobId, user_id: UserId, *, is_moderator: bool) -> Cancellation:
        """Raises JobNotFoundError, NotYourJobError, TooLateToCancelError, DatabaseBusyError."""
        for _ in range(TRIES):
            job = await self._store.get(job_id)
            if job.user_id != user_id and not is_moderator:
                raise NotYourJobError
            if job.is_terminal:
                raise TooLateToCancelError
            if await self._written(self._called_off(job)):
                early = job.state is JobState.ACCEPTED
                return Cancellation.CALLED_OFF if early else Cancellation.NOT_WATCHED
        msg = f"job {job_id} moved {TRIES} times meanwhile"
        raise DatabaseBusyError(msg)

    async def call_off_reaction(self, message_id: MessageId, user_id: UserId) -> int:
        """Call off what this member's 🎬 on this message started and nobody submitted yet."""
        called_off = 0
        for job in await self._store.list_active(user_id=user_id):
            if job.source_message_id == message_id and job.state is JobState.ACCEPTED:
                called_off += await self._written(self._called_off(job))
        return called_off

    def _called_off(self, job: Job) -> Job:
        now = self._clock.now()
        if job.state is JobState.ACCEPTED:
            return advance(job, JobState.CANCELLED, now)
        return replace(job, cancel_requested=True, next_action_at=now)

    async def _written(self, job: Job) -> bool:
        lost = await self._store.save([Change(job)])
        self._wake()
        return not lost
