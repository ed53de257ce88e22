"""The tracker: a step in a dull loop that brings every job to its end.

A tick writes, in one transaction each: what finished steps found, then the intents of all jobs
whose turn has come. Only then are the steps started, each as a task of its own, so that a slow
service holds up nobody else. A job is stepped under a lease, which is renewed while the step
lasts, and every write carries the version that was read.

Four things say whose a job is. Its lease, in the database: no other process may step it. Among
those `_under_way`: this process does. In the recorder: what its step found is not written yet. Its
version: nobody moved it since it was read. A Cancel raises the version and ends the lease while the
step goes on; what the step found is then applied to the job as it is, or dropped.

A job that is found in SUBMITTING was about to be sent when its process died: nobody knows whether
it was, so it is presumed uncertain and looked up. `submitting.submit` runs only right after the
intent was committed, in the same tick.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.domain.jobs import Job, JobState
from bot.domain.queueing import taking_turns
from bot.domain.submissions import Submission
from bot.errors import StorageError
from bot.ids import JobId, ProviderName
from bot.ports import Change
from bot.services import collecting, looking, recalling, recovering, submitting
from bot.services.recording import Finding, Recorder
from bot.services.steps import Means, Result, broken_off
from bot.tasks import TaskOwner

_log = logging.getLogger(__name__)

SENDING_GRACE_SECONDS = 60.0  # of a stop; a service rarely takes longer to answer
LEASE_SECONDS = 120.0  # a dead process's jobs are taken over after it
RENEW_AFTER = timedelta(seconds=30)  # and the longest sleep is as long: half a lease at most
MOST_AT_PROVIDER = 8  # films that one provider makes for us at once
MOST_STEPS = 50  # under way at once
MOST_ASKED_FOR = 100  # of a queue, when places are free: others may hold the first few
MOST_TOGETHER = 50  # films that one request asks for
TICKS_APART_SECONDS = 0.1  # at least: what comes meanwhile is written together
CROWDED_APART_SECONDS = 0.01  # while more is due than may be under way
LONGEST_SLEEP_SECONDS = 30.0
OVERDUE_SLEEP_SECONDS = 1.0  # what is due and was not taken is somebody's, or waits for its turn
LAST_TRIES = 5  # a second apart, to write what was found before the program ends
TROUBLE_SLEEP_SECONDS = 5.0  # far below a lease

Step = Callable[[Job, Means], Awaitable[Result]]

STEPS: dict[JobState, Step] = {
    JobState.SUBMITTING: recovering.presume_uncertain,
    JobState.UNCERTAIN: recalling.recall,
    JobState.IN_PROGRESS: looking.look,
    JobState.COLLECTING: collecting.collect,
}


class Tracker:
    """One per process; `owner` names it on its leases, `on_moved` hears that jobs have moved."""

    def __init__(self, means: Means, *, owner: str, on_moved: Callable[[], None]) -> None:
        self._means = means
        self._owner = owner
        self._on_moved = on_moved
        self._tasks = TaskOwner()
        self._under_way: dict[JobId, asyncio.Task[None]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._recorder = Recorder(means.store, means.clock)
        self._unsent: dict[JobId, Submission] = {}  # intents of which nobody knows if they stand
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ticking = asyncio.Lock()
        self._seconds_apart = TICKS_APART_SECONDS
        self._ticked_at = self._renewed_at = means.clock.now()

    def wake(self) -> None:
        """There may be something to do now."""
        self._woken.set()

    async def run(self) -> None:
        """Tick until `stop`; sleeps until something is due, or finished, or `wake` is called."""
        await recovering.release_orphans(self._means)
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._woken.clear()
            seconds = await self._tick_if_possible()
            again_at = loop.time() + self._seconds_apart
            await _wait(self._woken, loop.time() + seconds)
            await _wait(self._stopping, again_at)

    async def _tick_if_possible(self) -> float:
        """How many seconds to wait; leases run, so a database in trouble is tried again soon."""
        try:
            await self.tick()
            return await self._seconds_to_wait()
        except StorageError as error:
            told = {"error": type(error).__name__, "detail": str(error)}
            _log.warning("database_in_trouble", extra=told)
            return TROUBLE_SLEEP_SECONDS

    async def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Start nothing more, let steps under way reach their end, and write what they found.

        What is being sent has longer: without its answer nobody may ever find the film again.
        """
        self._stopping.set()
        self.wake()
        async with self._ticking:  # what a tick has promised is begun first
            pass
        if self._sending:
            await asyncio.wait(self._sending, timeout=SENDING_GRACE_SECONDS)
        await self._tasks.close(grace_seconds=grace_seconds)
        for _ in range(LAST_TRIES):
            try:
                await self._record()
            except StorageError:
                _log.exception("last_write_failed")
                await self._means.clock.sleep(1)
            else:
                return

    async def run_once(self) -> None:
        """One tick and all its steps to their end."""
        await self.tick()
        while self._under_way:
            await asyncio.gather(*self._under_way.values())
            await self._record()

    async def tick(self) -> None:
        async with self._ticking:
            await self._tick()

    async def _tick(self) -> None:
        await self._record()
        now = self._ticked_at = self._means.clock.now()
        await self._renew(now)
        due = await self._due(now)
        together = await self._looked_at_together(due, now)
        for group in together:
            self._start_together(group)
        for job in due:
            if job.id not in self._under_way and len(self._under_way) < MOST_STEPS:
                _ = self._start(job, self._step(job))
        if self._stopping.is_set():
            return
        for job, intent in await self._take_from_queues(now):
            task = self._start(job, partial(submitting.submit, submission=intent))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _renew(self, now: datetime) -> None:
        """The leases of what is under way."""
        if timedelta() <= now - self._renewed_at < RENEW_AFTER:
            return
        await self._means.store.renew(self._owner, list(self._under_way), now, LEASE_SECONDS)
        self._renewed_at = now

    async def _due(self, now: datetime) -> list[Job]:
        """What is due and not under way, as much as there is room for."""
        room = MOST_STEPS - len(self._under_way)
        due = []
        if room > 0:
            due = await self._means.store.claim_due(
                self._owner, now, LEASE_SECONDS, room, besides=self._under_way
            )
        is_crowded = len(due) == max(room, 0)
        self._seconds_apart = CROWDED_APART_SECONDS if is_crowded else TICKS_APART_SECONDS
        return due

    async def _looked_at_together(self, due: Sequence[Job], now: datetime) -> list[list[Job]]:
        """Where one request can show many films, those that are not due yet are looked at too."""
        groups = []
        for name, provider in self._means.providers.items():
            if not provider.looks_together:
                continue
            if not any(job.provider == name and job.state is JobState.IN_PROGRESS for job in due):
                continue
            at_it = await self._means.store.claim_in_progress(
                self._owner, name, now, LEASE_SECONDS, MOST_TOGETHER
            )
            groups.append([job for job in at_it if job.id not in self._under_way])
        return [group for group in groups if group]

    def _start_together(self, jobs: Sequence[Job]) -> None:
        task = self._tasks.start(self._run_together(jobs), name=f"step:{len(jobs)} together")
        self._under_way |= dict.fromkeys((job.id for job in jobs), task)
        task.add_done_callback(lambda _task: self.wake())

    async def _run_together(self, jobs: Sequence[Job]) -> None:
        try:
            results = await looking.look_together(jobs, self._means)
        except Exception:  # noqa: BLE001 - as in `_run`
            _log.exception("look_together_failed", extra={"jobs": len(jobs)})
            results = [partial(broken_off, clock=self._means.clock)] * len(jobs)
        for job, result in zip(jobs, results, strict=True):
            self._add(job, result)

    async def _take_from_queues(self, now: datetime) -> list[tuple[Job, Submission]]:
        """Those whose turn it is, with the intents that are committed now."""
        chosen: list[Job] = []
        for provider in self._means.providers:
            chosen += await self._take_from_queue(provider, now)
        intents = await asyncio.gather(*(self._intent(job, now) for job in chosen))
        lost = await self._written_down(intents)
        # the write above made each one higher than what was read
        return [
            (replace(job, version=job.version + 1), intent)
            for job, intent in intents
            if job.id not in lost
        ]

    async def _written_down(self, intents: Sequence[tuple[Job, Submission]]) -> set[JobId]:
        """The jobs that somebody moved meanwhile. Nothing of it is sent where this raises.

        Then it may still have been written, and only its answer lost: it is known to be unsent.
        """
        changes = [Change(job, intent) for job, intent in intents]
        unsent = {job.id: intent for job, intent in intents}
        self._unsent |= unsent
        lost = set(await self._means.store.save(changes)) if changes else set()
        self._unsent = {key: one for key, one in self._unsent.items() if key not in unsent}
        return lost

    def _step(self, job: Job) -> Step:
        """The step of its state; for what was about to be sent, and was not, the sending itself."""
        intent = self._unsent.pop(job.id, None)
        if intent is None or job.state is not JobState.SUBMITTING:
            return STEPS[job.state]
        return partial(submitting.submit_unsent, submission=intent)

    async def _take_from_queue(self, provider: ProviderName, now: datetime) -> list[Job]:
        store = self._means.store
        in_hand = await store.count_in_hand(provider)
        room = MOST_AT_PROVIDER - in_hand.first - in_hand.others
        most = max(room, MOST_ASKED_FOR)
        waiting = await store.list_next(provider, now, most) if room > 0 else []
        if not waiting or await self._means.providers[provider].may_submit_at() is not None:
            return []
        room = await self._means.pauses.room(provider, room)
        if not room:
            if await recovering.is_hopeless(provider, self._means):
                late = await store.list_waiting(provider)
                await recovering.give_up_waiting(provider, late, self._means)
            return []
        ids = [entry.job_id for entry in taking_turns(waiting, in_hand)]
        return await store.claim(
            self._owner,
            provider,
            ids,
            now,
            LEASE_SECONDS,
            most=room,
            most_in_hand=MOST_AT_PROVIDER,
        )

    async def _intent(self, job: Job, now: datetime) -> tuple[Job, Submission]:
        last = await self._means.store.find_submission(job.id)
        return submitting.intend(job, self._means, last, now)

    def _start(self, job: Job, step: Step) -> "asyncio.Task[None]":
        task = self._tasks.start(self._run(step, job), name=f"step:{job.id}")
        self._under_way[job.id] = task
        task.add_done_callback(lambda _task: self.wake())
        return task

    async def _run(self, step: Step, job: Job) -> None:
        try:
            result = await step(job, self._means)
        except Exception:  # noqa: BLE001 - one job must not end the tracker; logged, tried again
            _log.exception("step_failed", extra={"job_id": job.id, "state": job.state})
            result = partial(broken_off, clock=self._means.clock)
        self._add(job, result)

    def _add(self, job: Job, result: Result) -> None:
        try:
            change = result(job)
        except Exception:  # noqa: BLE001 - as in `_run`
            _log.exception("result_failed", extra={"job_id": job.id, "state": job.state})
            result = partial(broken_off, clock=self._means.clock)
            change = result(job)
        self._recorder.add(Finding(job, change, result))

    async def _record(self) -> None:
        """Write what steps found. A job is under way until then, so that nobody steps it again."""
        try:
            await self._recorder.write()
        finally:
            under_way = self._under_way.items()
            settled = [key for key, task in under_way if task.done() and key not in self._recorder]
            for job_id in settled:
                del self._under_way[job_id]
            if settled:
                self._on_moved()

    async def _seconds_to_wait(self) -> float:
        """Until what was not due in the tick is due; what was and was not taken is asked for again."""
        agenda = await self._means.store.agenda(self._ticked_at)
        longest = OVERDUE_SLEEP_SECONDS if agenda.is_due else LONGEST_SLEEP_SECONDS
        if agenda.next_at is None:
            return longest
        wait = (agenda.next_at - self._means.clock.now()) / timedelta(seconds=1)
        return min(max(wait, 0.0), longest)


async def _wait(event: asyncio.Event, until: float) -> None:
    """For the event, but no longer than until this time of the loop's."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await event.wait()
