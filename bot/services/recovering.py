"""What would never go on by itself: intents without results, and waiting that leads nowhere.

Intents are not searched for at a start: a job in SUBMITTING and a delivery in POSTING *are* the
intents, and whoever finds one that is nobody's goes on from there. Waiting jobs are ended where
their provider is no longer set up, or has been paused for long.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from bot.domain.deliveries import POSTING_LEASE, Delivery, DeliveryState
from bot.domain.jobs import TIME_TO_SUBMIT, Failure, FailureKind, Job, JobState, fail
from bot.domain.queueing import Waiting
from bot.ids import ProviderName
from bot.ports import Change, JobStore
from bot.services.failing import with_word_of_failure
from bot.services.steps import Means, Result, required
from bot.services.submitting import uncertain

_log = logging.getLogger(__name__)

PAUSES_BEFORE_GIVING_UP = 6  # about half an hour of growing pauses; an hour of an operator's


async def presume_uncertain(job: Job, means: Means) -> Result:
    """For a job whose process died between the intent and the result."""
    submission = required(await means.store.find_submission(job.id), job)
    return uncertain(submission, "the process ended in between", means)


async def list_interrupted_posts(store: JobStore, now: datetime, most: int) -> list[Delivery]:
    """Messages that were about to be posted when a process ended, not waiting for their lease.

    Another process may still be at one of them; then both post the same nonce, which Discord
    answers with one message.
    """
    open_soon = await store.list_owed(now + POSTING_LEASE, most)
    return [delivery for delivery in open_soon if delivery.state is DeliveryState.POSTING]


async def is_hopeless(provider: ProviderName, means: Means) -> bool:
    """Whether it was paused again and again, and is."""
    known = await means.pauses.get(provider)
    return known.pauses_in_row >= PAUSES_BEFORE_GIVING_UP and known.reason is not None


async def give_up_waiting(provider: ProviderName, waiting: Sequence[Waiting], means: Means) -> None:
    """End jobs older than TIME_TO_SUBMIT whose provider was paused again and again since.

    Nothing was spent on them. A single pause ends nothing: a film may have waited long for its turn
    at a provider that was well until now.
    """
    known = await means.pauses.get(provider)
    if known.pauses_in_row < PAUSES_BEFORE_GIVING_UP or known.reason is None:
        return
    now = means.clock.now()
    late = [entry.job_id for entry in waiting if now - entry.accepted_at > TIME_TO_SUBMIT]
    if not late:
        return
    kind = FailureKind.OPERATOR if known.reason.needs_operator else FailureKind.REJECTED
    failure = Failure(kind, "The video service has taken nothing from this bot for a long time.")
    jobs = [await means.store.get(job_id) for job_id in late]
    await _fail_all([job for job in jobs if job.state is JobState.ACCEPTED], failure, means)


async def release_orphans(means: Means) -> None:
    """End waiting jobs of a provider that is no longer set up; nobody would ever take them."""
    orphans = [
        job for job in await means.store.list_active() if job.provider not in means.providers
    ]
    for job in orphans:
        _log.error("provider_not_set_up", extra={"job_id": job.id, "provider": job.provider})
    text = "The video service of this film is no longer set up here."
    failure = Failure(FailureKind.OPERATOR, text)
    await _fail_all([job for job in orphans if job.state is JobState.ACCEPTED], failure, means)


async def _fail_all(jobs: Sequence[Job], failure: Failure, means: Means) -> None:
    now = means.clock.now()
    changes = [with_word_of_failure(Change(fail(job, failure, now))) for job in jobs]
    await means.store.save(changes)
