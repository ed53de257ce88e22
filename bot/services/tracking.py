"""The tracker: a step in a dull loop that brings every job to its end.

A tick writes, in one transaction each: what finished steps found, then the intents of all jobs
whose turn has come. Only then are the steps started, each as a task of its own, so that a slow
service holds up nobody else. A job is stepped under a lease, and every write carries the version
that was read.

A job that is found in SUBMITTING was about to be sent when its process died: nobody knows whether
it was, so it is presumed uncertain and looked up. `submitting.submit` runs only right after the
intent was committed, in the same tick.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.jobs import Job, JobState
from bot.domain.queueing import in_order
from bot.ids import JobId, ProviderName
from bot.ports import Change
from bot.services import collecting, looking, submitting
from bot.services.steps import Means, Result, later
from bot.tasks import TaskOwner

_log = logging.getLogger(__name__)

LEASE_SECONDS = 600.0  # longer than any step; a dead process's jobs are taken over after it
MOST_AT_PROVIDER = 8  # films that one provider makes for us at once
MOST_STEPS = 50  # under way at once
LONGEST_SLEEP_SECONDS = 30.0
WRITE_TRIES = 5  # against a member who presses Cancel at the same time

Step = Callable[[Job, Means], Awaitable[Result]]

STEPS: dict[JobState, Step] = {
    JobState.SUBMITTING: submitting.presume_uncertain,
    JobState.UNCERTAIN: looking.look_up,
    JobState.IN_PROGRESS: looking.look,
    JobState.COLLECTING: collecting.collect,
}


@dataclass(frozen=True, slots=True)
class _Finished:
    job: Job
    result: Result


class Tracker:
    """One per process; `owner` names it on its leases, `on_moved` hears that jobs have moved."""

    def __init__(self, means: Means, *, owner: str, on_moved: Callable[[], None]) -> None:
        self._means = means
        self._owner = owner
        self._on_moved = on_moved
        self._tasks = TaskOwner()
        self._under_way: dict[JobId, asyncio.Task[None]] = {}
        self._finished: dict[JobId, _Finished] = {}
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """There may be something to do now."""
        self._woken.set()

    async def run(self) -> None:
        """Tick until `stop`; sleeps until something is due, or finished, or `wake` is called."""
        while not self._stopping:
            self._woken.clear()
            await self.tick()
            await self._sleep(await self._seconds_to_wait())

    async def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Start nothing more, let steps under way reach their end, and write what they found."""
        self._stopping = True
        self.wake()
        await self._tasks.close(grace_seconds=grace_seconds)
        await self._write_finished()

    async def run_once(self) -> None:
        """One tick and all its steps to their end, for tests and for stepping by hand."""
        await self.tick()
        while self._under_way:
            await asyncio.wait(list(self._under_way.values()))
            await self._write_finished()

    async def tick(self) -> None:
        await self._write_finished()
        now = self._means.clock.now()
        room = MOST_STEPS - len(self._under_way)
        if room <= 0:
            return
        due = await self._means.store.claim_due(self._owner, now, LEASE_SECONDS, room)
        for job in due:
            if job.id not in self._under_way:
                self._start(job, STEPS[job.state])
        for job in await self._take_from_queues(now):
            self._start(job, submitting.submit)

    async def _take_from_queues(self, now: datetime) -> list[Job]:
        chosen: list[Job] = []
        for provider in self._means.providers:
            chosen += await self._take_from_queue(provider, now)
        intents = [await self._intent(job, now) for job in chosen]
        lost = set(await self._means.store.save(intents)) if intents else set()
        # the write above made each one higher than what was read
        return [
            replace(intent.job, version=intent.job.version + 1)
            for intent in intents
            if intent.job.id not in lost
        ]

    async def _take_from_queue(self, provider: ProviderName, now: datetime) -> list[Job]:
        store = self._means.store
        running = await store.count_running(provider)
        room = MOST_AT_PROVIDER - sum(running.values())
        if room <= 0:
            return []
        order = in_order(await store.list_waiting(provider), running)
        ids = [entry.job_id for entry in order]
        return await store.claim(self._owner, ids, now, LEASE_SECONDS, room) if ids else []

    async def _intent(self, job: Job, now: datetime) -> Change:
        last = await self._means.store.find_submission(job.id)
        return submitting.intend(job, self._means, last, now)

    def _start(self, job: Job, step: Step) -> None:
        task = self._tasks.start(self._run(step, job), name=f"step:{job.id}")
        self._under_way[job.id] = task
        task.add_done_callback(lambda _task: self.wake())

    async def _run(self, step: Step, job: Job) -> None:
        try:
            result = await step(job, self._means)
        except Exception:  # noqa: BLE001 - one job must not end the tracker; logged, tried again
            _log.exception("step_failed", extra={"job_id": job.id, "state": job.state})
            result = self._again
        self._finished[job.id] = _Finished(job, result)

    def _again(self, job: Job) -> Change:
        """Later; a submission that broke off stays SUBMITTING and is then presumed uncertain."""
        return Change(later(job, self._means.clock))

    async def _write_finished(self) -> None:
        """Write what steps found. A job is under way until then, so that nobody steps it again.

        A write that fails forgets nothing: the next tick tries it again.
        """
        for _ in range(WRITE_TRIES):
            finished = list(self._finished.values())
            if not finished:
                return
            changes = [entry.result(entry.job) for entry in finished]
            lost = set(await self._means.store.save(changes))
            self._on_moved()
            for entry in finished:
                if entry.job.id in lost:
                    await self._reread(entry)
                else:
                    self._settled(entry.job.id)

    async def _reread(self, entry: _Finished) -> None:
        """The job moved meanwhile: keep the result for it as it is now, unless it has ended."""
        job = await self._means.store.get(entry.job.id)
        if job.state is entry.job.state:
            self._finished[job.id] = _Finished(job, entry.result)
        else:
            self._settled(job.id)

    def _settled(self, job_id: JobId) -> None:
        self._finished.pop(job_id, None)
        self._under_way.pop(job_id, None)

    async def _seconds_to_wait(self) -> float:
        due_at = await self._means.store.next_due_at()
        if due_at is None:
            return LONGEST_SLEEP_SECONDS
        wait = (due_at - self._means.clock.now()) / timedelta(seconds=1)
        # a job that is due and cannot be claimed now is somebody's, or waits for its turn
        return min(max(wait, 1.0), LONGEST_SLEEP_SECONDS)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
