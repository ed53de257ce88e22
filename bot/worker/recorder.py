"""Recording what steps found: the third part of "record the intent, act, record the result".

All that was found since the last time is written in one transaction. Where somebody else moved a
job meanwhile, usually a member who pressed Cancel, what can be asked again is dropped, and the
next step asks again; the answer to a submission cost money and is applied to the job as it is now.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass, replace

from bot.domain.jobs import Job, JobState
from bot.domain.submissions import Submission, SubmissionState
from bot.errors import DatabaseBusyError, StorageError
from bot.ids import JobId
from bot.ports import Change, Clock, JobStore
from bot.services.failing import with_word_of_failure
from bot.services.steps import Result, later

_log = logging.getLogger(__name__)

WITHOUT_WORDS = "The service said why in words that cannot be shown."
REFUSALS_TOLERATED = 4  # of one finding, in as many ticks
WRITE_TRIES = 5  # against members who press Cancel at the same time; the next tick goes on

OPEN_STATES = frozenset({SubmissionState.INTENDED, SubmissionState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step found for the job that it was given."""

    job: Job
    change: Change
    result: Result


class Recorder:
    """Keeps findings until they are written; a write that fails forgets nothing."""

    def __init__(self, store: JobStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._found: dict[JobId, Finding] = {}
        self._refusals: Counter[JobId] = Counter()
        self._lock = asyncio.Lock()

    def add(self, finding: Finding) -> None:
        self._found[finding.job.id] = finding

    def __contains__(self, job_id: JobId) -> bool:
        return job_id in self._found

    async def write(self) -> None:
        async with self._lock:
            for _ in range(WRITE_TRIES):
                findings = list(self._found.values())
                if not findings:
                    return
                lost = await self._save(findings)
                for finding in findings:
                    await self._settle(finding, is_lost=finding.job.id in lost)

    async def _settle(self, finding: Finding, *, is_lost: bool) -> None:
        again = await self._reconciled(finding) if is_lost else None
        if again is not None:
            self._found[again.job.id] = again
        else:
            del self._found[finding.job.id]
            del self._refusals[finding.job.id]

    async def _reconciled(self, finding: Finding) -> Finding | None:
        """The finding for the job as it is now; None where it need not, or cannot, be kept."""
        submission = finding.change.submission
        if finding.job.state is not JobState.SUBMITTING or submission is None:
            return None
        latest = await self._store.find_submission(finding.job.id)
        if latest is None or latest.id != submission.id or latest.state not in OPEN_STATES:
            _log.warning("answer_came_late", extra={"job_id": finding.job.id})
            await self._keep_handle(submission)
            return None
        job = await self._store.get(finding.job.id)
        try:
            return Finding(job, finding.result(job), finding.result)
        except ValueError:  # from there no way leads to what was found
            _log.warning("answer_leads_nowhere", extra={"job_id": job.id, "state": job.state})
            await self._keep_handle(submission)
            return None

    async def _keep_handle(self, submission: Submission) -> None:
        """Of a film that was paid for although its job was given up: so it can still be found."""
        if submission.handle is not None:
            await self._store.owe([], replace(submission, state=SubmissionState.ABANDONED))

    async def _save(self, findings: list[Finding]) -> set[JobId]:
        """All in one transaction; a row that the database refuses must not hold up the others."""
        changes = [with_word_of_failure(finding.change) for finding in findings]
        try:
            return set(await self._store.save(changes))
        except DatabaseBusyError:
            raise
        except StorageError:
            if len(findings) == 1:
                if self._is_tried_again(findings[0].job.id):
                    raise
                return await self._save_refused(findings[0])
            by_refusals = sorted(findings, key=lambda one: self._refusals[one.job.id])
            return {job_id for one in by_refusals for job_id in await self._save([one])}

    def _is_tried_again(self, job_id: JobId) -> bool:
        """It may have been a passing trouble, and a film that was paid for may hang on the row."""
        self._refusals[job_id] += 1
        return self._refusals[job_id] <= REFUSALS_TOLERATED

    async def _save_refused(self, finding: Finding) -> set[JobId]:
        """Without a service's words, else not at all: then the next step finds it once more.

        Where the whole database is in trouble, this raises too, and the tracker waits.
        """
        job = finding.job
        _log.exception("write_refused", extra={"job_id": job.id, "state": job.state})
        with contextlib.suppress(StorageError):
            return set(await self._store.save([with_word_of_failure(_plain(finding.change))]))
        return set(await self._store.save([Change(later(job, self._clock))]))


def _plain(change: Change) -> Change:
    """The same without what a service said in its own words."""
    job, submission = change.job, change.submission
    if job.failure is not None:
        job = replace(job, failure=replace(job.failure, text=WITHOUT_WORDS))
    if submission is not None:
        submission = replace(submission, remark=None)
    return replace(change, job=job, submission=submission)
