"""Claim jobs for this process and track which ones it is stepping.

Six facts decide whether a job may be stepped:

- Its version: the job has not changed since it was read.
- Its lease in the database: no other process may step it.
- Its intent without a result: it may have been sent, so it is looked up.
- Its place among those in progress here: this process is already stepping it.
- Its result in the recorder: until that is written, the job counts as in progress.
- Its place among the unsent: the intent may be in the database, since the answer to that write was
  lost, but it was certainly not sent.

All but the version, which every write compares, are kept here.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.errors import UnreadableRowError
from bot.ids import JobId, ProviderName
from bot.instants import CLOCKS_DIFFER_BY, is_within
from bot.jobs.job import Job, JobState
from bot.jobs.queue import taking_turns
from bot.jobs.stores import Change, JobLeases, JobQueue, Saved
from bot.jobs.submission import Submission
from bot.worker import submit, unfinished
from bot.worker.step import StepContext, UnreadableRows

LEASE_SECONDS = 120.0  # then another process takes over a dead process's jobs
CLAMP_AFTER = timedelta(seconds=30)  # half the tolerated clock difference
RENEW_AFTER = timedelta(seconds=30)  # also the longest sleep: at most half a lease
KEEP_WAITING_AFTER = timedelta(seconds=30)
MAX_AT_PROVIDER = 8  # videos rendering at one provider at the same time
MAX_STEPS = 50  # in progress at the same time
MAX_ASKED_FOR = 100  # read from a queue with free slots: other processes may hold the first few
LARGEST_BATCH = 50  # videos polled with one request
LONGEST_SLEEP_SECONDS = 30.0
OVERDUE_SLEEP_SECONDS = 1.0  # another process holds the overdue job, or it waits its turn

Intents = list[tuple[Job, Submission]]


class Leases:
    """The leases of one process; `owner` names it in the database."""

    def __init__(
        self,
        context: StepContext,
        leases: JobLeases,
        queue: JobQueue,
        unreadable: UnreadableRows,
        *,
        owner: str,
    ) -> None:
        self._context = context
        self._leases = leases
        self._queue = queue
        self._unreadable = unreadable
        self._owner = owner
        self._under_way: dict[JobId, asyncio.Task[None]] = {}
        self._unsent: dict[JobId, Submission] = {}  # intents that may or may not be in the database
        self._kept_at = self._renewed_at = context.clock.now()
        self._clamped_at: datetime | None = None
        self._kept_waiting_at: datetime | None = None

    @property
    def room(self) -> int:
        """Return how many more steps may start."""
        return max(MAX_STEPS - len(self._under_way), 0)

    def __contains__(self, job_id: JobId) -> bool:
        return job_id in self._under_way

    def steps(self) -> Iterator["asyncio.Task[None]"]:
        """Iterate over the steps in progress."""
        return iter(self._under_way.values())

    def begin(self, jobs: Iterable[Job], step: "asyncio.Task[None]") -> None:
        """Mark these jobs as in progress with this step."""
        self._under_way |= dict.fromkeys((job.id for job in jobs), step)

    def settle(self, is_unwritten: Callable[[JobId], bool]) -> bool:
        """Release jobs whose step has ended and is written; return whether any were."""
        under_way = self._under_way.items()
        settled = [key for key, step in under_way if step.done() and not is_unwritten(key)]
        for job_id in settled:
            del self._under_way[job_id]
        return bool(settled)

    def take_unsent(self, job_id: JobId) -> Submission | None:
        """Return, only once, the intent of a job that was certainly not sent."""
        return self._unsent.pop(job_id, None)

    async def keep(self, now: datetime) -> None:
        """Renew leases and repair the rows that would stall jobs."""
        await self._clamp_instants(now)
        self._kept_at = now
        await self._renew(now)
        await self._keep_unserved_waiting(now)

    async def _clamp_instants(self, now: datetime) -> None:
        """Pull back instants that a fast clock, ours or another process's, wrote.

        After a start, or after our own clock was set back, checks more instants, since the clock
        may have been wrong for any length of time.
        """
        last = self._clamped_at
        is_thorough = last is None or now < self._kept_at - CLOCKS_DIFFER_BY
        if last is not None and not is_thorough and is_within(last, CLAMP_AFTER, now):
            return
        await self._leases.clamp_instants(now, LEASE_SECONDS, is_thorough=is_thorough)
        self._clamped_at = now

    async def _renew(self, now: datetime) -> None:
        """Renew the leases of jobs in progress."""
        if is_within(self._renewed_at, RENEW_AFTER, now):
            return
        await self._leases.renew(self._owner, list(self._under_way), now, LEASE_SECONDS)
        self._renewed_at = now

    async def _keep_unserved_waiting(self, now: datetime) -> None:
        """Extend, now and then, the wait of jobs whose provider is not set up."""
        last = self._kept_waiting_at
        if last is None or not is_within(last, KEEP_WAITING_AFTER, now):
            await unfinished.keep_waiting_for_providers(self._context, self._queue)
            self._kept_waiting_at = now

    async def claim_due(self, now: datetime) -> list[Job]:
        """Claim due jobs not in progress, up to the available room."""
        if not self.room:
            return []
        return await self._leases.claim_due(
            self._owner, now, LEASE_SECONDS, self.room, besides=self._under_way
        )

    async def claim_batches(self, due: Sequence[Job], now: datetime) -> list[list[Job]]:
        """Group jobs into poll batches, adding some that are not due yet.

        Only where one request can poll many videos.
        """
        groups = []
        for name, provider in self._context.providers.items():
            if not provider.polls_in_batches:
                continue
            if not any(job.provider == name and job.state is JobState.RENDERING for job in due):
                continue
            rendering = await self._leases.claim_rendering(
                self._owner, name, now, LEASE_SECONDS, LARGEST_BATCH
            )
            groups.append([job for job in rendering if job.id not in self._under_way])
        return [group for group in groups if group]

    async def claim_waiting(self, now: datetime) -> Intents:
        """Claim the jobs next in the queues and commit their intents."""
        chosen: list[Job] = []
        for provider in self._context.providers:
            chosen += await self._claim_of_queue(provider, now)
        found = await asyncio.gather(*(self._intent(job, now) for job in chosen))
        intents = [intent for intent in found if intent is not None]
        saved = await self._commit(intents)
        by_job = {intent.job_id: intent for _, intent in intents}
        return [(job, by_job[job.id]) for job in saved]

    async def _claim_of_queue(self, provider: ProviderName, now: datetime) -> list[Job]:
        queue = self._queue
        in_hand = await queue.count_in_hand(provider)
        room = MAX_AT_PROVIDER - in_hand.first - in_hand.others
        most = max(room, MAX_ASKED_FOR)
        waiting = await queue.list_next(provider, now, most) if room > 0 else []
        if not waiting or await self._context.providers[provider].may_submit_at() is not None:
            return []
        room = await self._context.breakers.room(provider, room)
        if not room:
            if await unfinished.is_hopeless(provider, self._context):
                late = await queue.list_waiting(provider)
                await unfinished.give_up_waiting(provider, late, self._context)
            return []
        ids = [entry.job_id for entry in taking_turns(waiting, in_hand)]
        return await self._leases.claim(
            self._owner,
            provider,
            ids,
            now,
            LEASE_SECONDS,
            most=room,
            most_in_hand=MAX_AT_PROVIDER,
        )

    async def _intent(self, job: Job, now: datetime) -> tuple[Job, Submission] | None:
        """Return the job and its intent, or None if its last submission is unreadable."""
        try:
            last = await self._context.store.find_submission(job.id)
        except UnreadableRowError as error:
            await self._context.store.save([self._unreadable.put_off(job, error)(job)])
            return None
        return submit.intend(job, self._context, last, now)

    async def _commit(self, intents: Intents) -> Iterator[Job]:
        """Write the intents; return the jobs as stored, without those that changed.

        If this raises, send nothing. The intents may have been written with only the answer lost,
        so they are remembered as unsent.
        """
        changes = [Change(job, intent) for job, intent in intents]
        unsent = {job.id: intent for job, intent in intents}
        self._unsent |= unsent
        saved = await self._context.store.save(changes) if changes else Saved()
        self._unsent = {key: one for key, one in self._unsent.items() if key not in unsent}
        return saved.jobs

    async def seconds_to_wait(self) -> float:
        """Return the seconds until the next job is due.

        Counts jobs that were not due at `keep`; due jobs that were not claimed are tried again
        soon.
        """
        agenda = await self._leases.agenda(self._kept_at)
        longest = OVERDUE_SLEEP_SECONDS if agenda.is_due else LONGEST_SLEEP_SECONDS
        if agenda.next_at is None:
            return longest
        wait = (agenda.next_at - self._context.clock.now()) / timedelta(seconds=1)
        return min(max(wait, 0.0), longest)
