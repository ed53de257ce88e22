"""Resume interrupted intents and end waits that lead nowhere.

No search for intents at a start: a job in SUBMITTING and a delivery in POSTING *are* the intents,
and any process that finds one without a lease resumes it. Waiting jobs end when their provider has
been missing from the settings, or paused, for long.
"""

import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import DatabaseBusyError, StorageError, UnreadableRowError
from bot.ids import JobId, ProviderName
from bot.jobs.failure import with_failure_notice
from bot.jobs.job import (
    TIME_TO_RENDER,
    TIME_TO_SUBMIT,
    Failure,
    FailureKind,
    Job,
    JobState,
    fail,
    without_unwatched_time,
)
from bot.jobs.queue import Waiting
from bot.jobs.stores import Change, JobQueue
from bot.jobs.submission import SubmissionState
from bot.providers.availability import Availability, PauseReason
from bot.worker.poll import abandon
from bot.worker.step import Result, StepContext, required
from bot.worker.submit import uncertain

_log = logging.getLogger(__name__)

CHECK_PROVIDER_AFTER = timedelta(minutes=2)
_NOT_SET_UP = "This video's service is no longer set up here."
_CAN_BE_LET_GO = frozenset({JobState.RENDERING, JobState.DOWNLOADING})
MAX_UNSERVED = 1_000  # jobs postponed at once
PAUSES_BEFORE_GIVING_UP = 6  # half an hour of growing pauses; an hour if operators must act


async def presume_uncertain(job: Job, context: StepContext) -> Result:
    """Mark a job uncertain: its process died between the intent and the result."""
    submission = required(await context.store.find_submission(job.id), job)
    return uncertain(submission, "the process ended in between", context)


async def is_hopeless(provider: ProviderName, context: StepContext) -> bool:
    """Return whether the provider is paused, after repeated pauses."""
    return _reason_to_give_up(await context.breakers.get(provider)) is not None


def _reason_to_give_up(known: Availability) -> PauseReason | None:
    return known.reason if known.pauses_in_row >= PAUSES_BEFORE_GIVING_UP else None


async def give_up_waiting(
    provider: ProviderName, waiting: Sequence[Waiting], context: StepContext
) -> None:
    """End jobs accepted over TIME_TO_SUBMIT ago, after repeated pauses.

    Nothing was spent on them. A single pause ends nothing: a job may have waited long for its turn
    while its provider was well.
    """
    reason = _reason_to_give_up(await context.breakers.get(provider))
    if reason is None:
        return
    now = context.clock.now()
    late = [entry.job_id for entry in waiting if now - entry.accepted_at > TIME_TO_SUBMIT]
    if not late:
        return
    kind = FailureKind.OPERATOR if reason.needs_operator else FailureKind.REJECTED
    failure = Failure(
        kind, "The video service hasn't accepted anything from this bot for a long time."
    )
    jobs = [job for job_id in late if (job := await _readable(job_id, context)) is not None]
    waiting_still = [job for job in jobs if job.state is JobState.QUEUED]
    changes = [with_failure_notice(Change(fail(job, failure, now))) for job in waiting_still]
    await _save_all(changes, context)


async def _readable(job_id: JobId, context: StepContext) -> Job | None:
    """Return the job, or None for an unreadable row, which the claim logs."""
    with contextlib.suppress(UnreadableRowError):
        return await context.store.get(job_id)
    return None


async def _save_all(changes: Sequence[Change], context: StepContext) -> list[JobId]:
    """Save all changes together, else each alone; return the ids that failed.

    One by one, a server's damaged ledger cannot block the other servers.
    """
    try:
        return list((await context.store.save(changes)).conflicts)
    except DatabaseBusyError:
        raise
    except StorageError as error:
        if len(changes) != 1:
            return [job_id for change in changes for job_id in await _save_all([change], context)]
        job = changes[0].job
        _log.error("write_refused", extra={"job_id": job.id, "error": str(error)})
        return [job.id]


async def report_missing_providers(context: StepContext) -> None:
    """Log providers that have jobs here but are not set up."""
    orphans = [
        job for job in await context.store.list_active() if job.provider not in context.providers
    ]
    for provider, count in Counter(job.provider for job in orphans).items():
        _log.error("provider_not_set_up", extra={"provider": provider, "jobs": count})


async def keep_waiting_for_providers(context: StepContext, queue: JobQueue) -> None:
    """Let queued jobs wait TIME_TO_SUBMIT for a provider that is not set up.

    Then end them. An operator usually corrects the settings, or a restart without them, within the
    hour. Their age does not count: they may have waited long for their turn while the provider was
    well.
    """
    now = context.clock.now()
    waiting = await queue.list_unserved(list(context.providers), now, MAX_UNSERVED)
    if not waiting:
        return
    changes = [_without_provider(job, now) for job in waiting]
    lost = await _save_all(changes, context)
    ended = [change.job for change in changes if change.job.is_terminal]
    given_up = Counter(job.provider for job in ended if job.id not in lost)
    for provider, count in given_up.items():
        _log.error("gave_up_waiting_for_provider", extra={"provider": provider, "jobs": count})


def _without_provider(job: Job, now: datetime) -> Change:
    """Store when the wait ends, so that no restart extends it."""
    watched = without_unwatched_time(job, now)
    latest = now + TIME_TO_SUBMIT  # also limits an instant that a fast clock wrote
    deadline = min(watched.deadline_at or latest, latest)
    if now >= deadline:
        failed = fail(job, Failure(FailureKind.OPERATOR, _NOT_SET_UP), now)
        return with_failure_notice(Change(failed))
    again_at = min(now + CHECK_PROVIDER_AFTER, deadline)
    return Change(replace(job, deadline_at=deadline, next_action_at=again_at))


async def wait_for_provider(job: Job, context: StepContext) -> Result:
    """Wait silently, until the deadline, for the provider of a job in progress.

    The video may have been made and paid for, and the next start may set the provider up again.
    """
    submission = required(await context.store.find_submission(job.id), job)

    def apply(job: Job) -> Change:
        now = context.clock.now()
        if job.cancel_requested and job.state in _CAN_BE_LET_GO:
            return abandon(submission, context)(job)
        deadline = job.deadline_at or submission.intended_at + TIME_TO_RENDER
        if now < deadline:
            again_at = min(now + CHECK_PROVIDER_AFTER, deadline)
            return Change(replace(job, next_action_at=again_at))
        ended = replace(submission, state=SubmissionState.ABANDONED, finished_at=now)
        return Change(fail(job, Failure(FailureKind.OPERATOR, _NOT_SET_UP), now), ended)

    return apply
