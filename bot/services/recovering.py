"""What an earlier process left unfinished: intents without results.

Nothing is scanned or repaired at a start: a job in SUBMITTING and a delivery in POSTING *are* the
intents, and whoever finds one that is nobody's goes on from there.
"""

import logging
from datetime import datetime

from bot.domain.deliveries import POSTING_LEASE, Delivery, DeliveryState
from bot.domain.jobs import Failure, FailureKind, Job, JobState, fail
from bot.ports import Change, JobStore
from bot.services.steps import Means, Result, required
from bot.services.submitting import uncertain

_log = logging.getLogger(__name__)


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


async def release_orphans(means: Means) -> None:
    """End waiting jobs of a provider that is no longer set up; nobody would ever take them."""
    orphans = [
        job for job in await means.store.list_active() if job.provider not in means.providers
    ]
    for job in orphans:
        _log.error("provider_not_set_up", extra={"job_id": job.id, "provider": job.provider})
    text = "The video service of this film is no longer set up here."
    failure = Failure(FailureKind.OPERATOR, text)
    now = means.clock.now()
    waiting = [job for job in orphans if job.state is JobState.ACCEPTED]
    await means.store.save([Change(fail(job, failure, now)) for job in waiting])
