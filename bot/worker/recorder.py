"""Write the results of steps: the third part of "record the intent, act, record the result".

Writes all results since the last tick in one transaction. If a job has changed since, usually
because a member pressed Cancel, results that can be asked for again are dropped and the next step
asks again; the answer to a submission cost money, so it is applied to the job as it now is.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from bot.clock import Clock
from bot.errors import DatabaseBusyError, StorageError, UnreadableRowError
from bot.ids import JobId
from bot.jobs.failure import with_failure_notice
from bot.jobs.job import Job, JobState
from bot.jobs.stores import Change, JobStore
from bot.jobs.submission import Submission, SubmissionState
from bot.worker.step import Result, later

_log = logging.getLogger(__name__)

WITHOUT_WORDS = "The video service gave a reason that I can't show."
REFUSALS_TOLERATED = 4  # per result, in as many ticks
WRITE_TRIES = 5  # against members who press Cancel at the same time; the next tick retries

OPEN_STATES = frozenset({SubmissionState.INTENDED, SubmissionState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of a step, with the job that it is to be written to.

    `is_answer` to a submission: it stays one once it is applied to a job that has moved on.
    """

    job: Job
    change: Change
    result: Result
    is_answer: bool = False


class Recorder:
    """Keep results until they are written; a failed write loses none."""

    def __init__(self, store: JobStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._found: dict[JobId, StepResult] = {}
        self._refusals: Counter[JobId] = Counter()
        self._lock = asyncio.Lock()

    def add(self, step_result: StepResult) -> None:
        is_answer = step_result.job.state is JobState.SUBMITTING
        self._found[step_result.job.id] = replace(step_result, is_answer=is_answer)

    def holds(self, job_id: JobId) -> bool:
        return job_id in self._found

    async def write(self) -> None:
        async with self._lock:
            for _ in range(WRITE_TRIES):
                results = list(self._found.values())
                if not results:
                    return
                lost = await self._save(results)
                for step_result in results:
                    await self._settle(step_result, is_lost=step_result.job.id in lost)

    async def _settle(self, step_result: StepResult, *, is_lost: bool) -> None:
        again = await self._reconciled(step_result) if is_lost else None
        if again is not None:
            self._found[again.job.id] = again
        else:
            del self._found[step_result.job.id]
            del self._refusals[step_result.job.id]

    async def _reconciled(self, step_result: StepResult) -> StepResult | None:
        """Return the result for the current job, or None if it must be dropped."""
        submission = step_result.change.submission
        if not step_result.is_answer or submission is None:
            return None
        try:
            latest = await self._store.find_submission(step_result.job.id)
            job = await self._store.get(step_result.job.id)
        except UnreadableRowError:  # the worker reports it; one row must not block the others
            await self._keep_handle(submission)
            return None
        if latest is None or latest.id != submission.id or latest.state not in OPEN_STATES:
            _log.warning("answer_came_late", extra={"job_id": step_result.job.id})
            # a handle that is saved already came with more: where the video is, and what it cost
            if latest is None or latest.id != submission.id or latest.handle is None:
                await self._keep_handle(submission)
            return None
        try:
            return replace(step_result, job=job, change=step_result.result(job))
        except ValueError:  # that state has no transition to the result
            _log.warning("answer_unusable", extra={"job_id": job.id, "state": job.state})
            await self._keep_handle(submission)
            return None

    async def _keep_handle(self, submission: Submission) -> None:
        """Save the handle of a paid video whose job has ended.

        Otherwise the video could not be found again.
        """
        if submission.handle is not None:
            await self._store.owe([], replace(submission, state=SubmissionState.ABANDONED))

    async def _save(self, results: list[StepResult]) -> AbstractSet[JobId]:
        """Write all in one transaction, else one by one to isolate a refused row."""
        changes = [with_failure_notice(step_result.change) for step_result in results]
        try:
            return (await self._store.save(changes)).conflicts
        except DatabaseBusyError:
            raise
        except StorageError:
            if len(results) == 1:
                if self._is_tried_again(results[0].job.id):
                    raise
                return await self._save_refused(results[0])
            by_refusals = sorted(results, key=lambda one: self._refusals[one.job.id])
            return {job_id for one in by_refusals for job_id in await self._save([one])}

    def _is_tried_again(self, job_id: JobId) -> bool:
        """Return whether to retry a refused write.

        The cause may pass, and a paid video may depend on the row.
        """
        self._refusals[job_id] += 1
        return self._refusals[job_id] <= REFUSALS_TOLERATED

    async def _save_refused(self, step_result: StepResult) -> AbstractSet[JobId]:
        """Write a refused result without the service's text, else drop it.

        The next step then asks again. If the whole database fails, this raises too, and the worker
        waits.
        """
        job = step_result.job
        _log.exception("write_refused", extra={"job_id": job.id, "state": job.state})
        with contextlib.suppress(StorageError):
            plain = with_failure_notice(_plain(step_result.change))
            return (await self._store.save([plain])).conflicts
        return (await self._store.save([Change(later(job, self._clock))])).conflicts


def _plain(change: Change) -> Change:
    """Return the change without any text from the service."""
    job, submission = change.job, change.submission
    if job.failure is not None:
        job = replace(job, failure=replace(job.failure, text=WITHOUT_WORDS))
    if submission is not None:
        submission = replace(submission, remark=None)
    return replace(change, job=job, submission=submission)
