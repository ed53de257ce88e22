"""Queue positions of waiting jobs, as their cards show them."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.ids import JobId, ProviderName
from bot.jobs.job import Job, JobState
from bot.jobs.queue import positions
from bot.jobs.stores import JobQueue


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A waiting job's position, from 1, and how many jobs its provider has in progress."""

    position: int
    in_hand: int = 0

    def seconds_until_turn(self, render_seconds: int) -> int:
        """Estimate the wait: each job in progress makes room once per render time."""
        return render_seconds * self.position // self.in_hand if self.in_hand else 0


class QueuePositions:
    """A read-only view of the queue."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    async def of_job(self, job: Job) -> QueuePlace | None:
        """Return a waiting job's place; None outside the queue."""
        if job.state is not JobState.QUEUED:
            return None
        return (await self.of_jobs(job.provider, [job.id])).get(job.id)

    async def of_jobs(
        self, provider: ProviderName, job_ids: Collection[JobId]
    ) -> dict[JobId, QueuePlace]:
        """Map these jobs to their places in this provider's queue."""
        line = await self._queue.list_turns(provider, job_ids)
        in_hand = await self._queue.count_in_hand(provider)
        found = positions(line, in_hand)
        total = in_hand.first + in_hand.others
        return {job_id: QueuePlace(position, total) for job_id, position in found.items()}
