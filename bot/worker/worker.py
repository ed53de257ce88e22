"""The worker: a simple loop that takes every job to its final state.

A tick writes, in one transaction each, the results of finished steps and then the intents of all
jobs next in their queues. Only then does it start the steps, each in its own task, so that a slow
service delays no other job. A job is stepped under a lease, which is renewed during the step, and
every write carries the version that was read: see `leases`. A Cancel raises the version and ends
the lease while the step goes on; the step's result is then applied to the job as it now is, or
dropped.

A job found in SUBMITTING was about to be sent when its process died. Whether it was sent is
unknown, so it is presumed uncertain and looked up. `submit.submit` runs only right after the intent
was committed, in the same tick.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from bot.clock import Clock
from bot.errors import StorageError, UnreadableRowError
from bot.jobs.job import Job, JobState, without_unwatched_time
from bot.jobs.stores import Change, JobLeases, JobQueue
from bot.tasks import TaskOwner
from bot.worker import (
    download,
    poll,
    recover,
    storyboard,
    submit,
    unfinished,
)
from bot.worker.leases import Leases
from bot.worker.recorder import Recorder, StepResult
from bot.worker.step import (
    Result,
    StepContext,
    UnreadableRows,
    broken_off,
)

_log = logging.getLogger(__name__)

SENDING_GRACE_SECONDS = 60.0  # for a stop; services rarely take longer to answer
TICKS_APART_SECONDS = 0.1  # at least: results that arrive in between are written together
CROWDED_APART_SECONDS = 0.01  # while more jobs are due than may be in progress
LAST_TRIES = 5  # one second apart, to write results before the program exits
TROUBLE_SLEEP_SECONDS = 5.0  # far shorter than a lease

Step = Callable[[Job, StepContext], Awaitable[Result]]

STEPS: dict[JobState, Step] = {
    JobState.SUBMITTING: unfinished.presume_uncertain,
    JobState.UNCERTAIN: recover.recover,
    JobState.RENDERING: poll.poll,
    JobState.DOWNLOADING: download.download,
}


class Worker:
    """The worker of one process.

    `owner` names it on its leases; `on_moved` is called when jobs change state.
    """

    def __init__(
        self,
        context: StepContext,
        leases: JobLeases,
        queue: JobQueue,
        *,
        owner: str,
        on_moved: Callable[[], None],
    ) -> None:
        self._context = context
        self._on_moved = on_moved
        self._unreadable = UnreadableRows(context.clock)
        self._leases = Leases(context, leases, queue, self._unreadable, owner=owner)
        self._recorder = Recorder(context.store, context.clock)
        self._tasks = TaskOwner()
        self._sending: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ticking = asyncio.Lock()
        self._seconds_apart = TICKS_APART_SECONDS

    def wake(self) -> None:
        """Start the next tick early."""
        self._woken.set()

    async def run(self) -> None:
        """Tick until `stop`; sleep until a job is due, a step ends, or `wake`."""
        await unfinished.report_missing_providers(self._context)
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._woken.clear()
            seconds = await self._tick_if_possible()
            again_at = loop.time() + self._seconds_apart
            await _wait(self._woken, loop.time() + seconds)
            await _wait(self._stopping, again_at)

    async def _tick_if_possible(self) -> float:
        """Tick and return the seconds to wait.

        A failing database is tried again soon, since leases run out.
        """
        try:
            await self.tick()
            return await self._leases.seconds_to_wait()
        except StorageError as error:
            details = {"error": type(error).__name__, "detail": str(error)}
            _log.warning("database_failing", extra=details)
            return TROUBLE_SLEEP_SECONDS

    async def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Start no new steps, let running ones finish, and write their results.

        Submissions get more time: without its answer a video may be lost for good.
        """
        self._stopping.set()
        self.wake()
        async with self._ticking:  # a tick starts what it has promised
            pass
        if self._sending:
            await asyncio.wait(self._sending, timeout=SENDING_GRACE_SECONDS)
        await self._tasks.close(grace_seconds=grace_seconds)
        for _ in range(LAST_TRIES):
            try:
                await self._record()
            except StorageError:
                _log.exception("last_write_failed")
                await self._context.clock.sleep(1)
            else:
                return

    async def run_once(self) -> None:
        """Run one tick and wait for all its steps."""
        await self.tick()
        while steps := list(self._leases.steps()):
            await asyncio.gather(*steps)
            await self._record()

    async def tick(self) -> None:
        async with self._ticking:
            await self._tick()

    async def _tick(self) -> None:
        await self._record()
        now = self._context.clock.now()
        await self._leases.keep(now)
        room = self._leases.room
        due = await self._leases.claim_due(now)
        is_crowded = len(due) == room
        self._seconds_apart = CROWDED_APART_SECONDS if is_crowded else TICKS_APART_SECONDS
        for group in await self._leases.claim_batches(due, now):
            _ = self._start(group, self._run_batch(group), name=f"{len(group)} together")
        for job in due:
            if job.id not in self._leases and self._leases.room:
                _ = self._start([job], self._run(self._step(job), job), name=job.id)
        if self._stopping.is_set():
            return
        intents = await self._leases.claim_waiting(now)
        if intents:
            self._on_moved()  # a card that still says "queued" must not offer a free cancel
        for job, intent in intents:
            send = partial(submit.submit, submission=intent)
            task = self._start([job], self._run(send, job), name=job.id)
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _step(self, job: Job) -> Step:
        """Choose the step for the job's state, or submit an intent left unsent.

        A job whose provider is not set up waits for it.
        """
        if job.is_storyboard:
            return storyboard.assemble
        if job.reuses is not None:
            return storyboard.reuse
        intent = self._leases.take_unsent(job.id)
        if job.provider not in self._context.providers and job.state is not JobState.SUBMITTING:
            return unfinished.wait_for_provider
        if intent is None or job.state is not JobState.SUBMITTING:
            return STEPS[job.state]
        return partial(submit.submit_unsent, submission=intent)

    def _start(
        self, jobs: Sequence[Job], step: Coroutine[Any, Any, None], *, name: str
    ) -> "asyncio.Task[None]":
        task = self._tasks.start(step, name=f"step:{name}")
        self._leases.begin(jobs, task)
        task.add_done_callback(lambda _task: self.wake())
        return task

    async def _run_batch(self, jobs: Sequence[Job]) -> None:
        try:
            results = await poll.poll_batch(jobs, self._context)
        except Exception:  # noqa: BLE001 - as in `_run`
            _log.exception("poll_batch_failed", extra={"jobs": len(jobs)})
            results = dict.fromkeys(
                (job.id for job in jobs), partial(broken_off, clock=self._context.clock)
            )
        for job in jobs:
            if job.id in results:
                self._add(job, results[job.id])
            else:
                await self._run(poll.poll, job)

    async def _run(self, step: Step, job: Job) -> None:
        try:
            result = await step(job, self._context)
        except UnreadableRowError as error:
            result = self._unreadable.put_off(job, error)
        except Exception:  # noqa: BLE001 - one job must not end the worker; logged, tried again
            _log.exception("step_failed", extra={"job_id": job.id, "state": job.state})
            result = partial(broken_off, clock=self._context.clock)
        self._add(job, result)

    def _add(self, job: Job, result: Result) -> None:
        result = partial(_in_watched_time, result=result, clock=self._context.clock)
        try:
            change = result(job)
        except Exception:  # noqa: BLE001 - as in `_run`
            _log.exception("result_failed", extra={"job_id": job.id, "state": job.state})
            result = partial(broken_off, clock=self._context.clock)
            change = result(job)
        self._recorder.add(StepResult(job, change, result))

    async def _record(self) -> None:
        """Write step results; until then their jobs count as in progress."""
        try:
            await self._recorder.write()
        finally:
            if self._leases.settle(self._recorder.holds):
                self._on_moved()


def _in_watched_time(job: Job, *, result: Result, clock: Clock) -> Change:
    """Apply a step's result, extending the deadline by unwatched time.

    The clock may be set, or the process suspended, during the step.
    """
    return result(without_unwatched_time(job, clock.now()))


async def _wait(event: asyncio.Event, until: float) -> None:
    """Wait for the event, at most until this time of the event loop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await event.wait()
