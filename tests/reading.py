"""What tests ask of a job store that the bot itself never needs to know."""

from collections import Counter

from bot.ids import IdempotencyKey, ProviderName, UserId
from bot.jobs.job import Job, JobState
from bot.jobs.stores import JobStore
from bot.storage import rows
from bot.storage.stores import SqlJobStore
from tests.fakes.job_store import InMemoryJobStore

IN_HAND = frozenset({JobState.SUBMITTING, JobState.UNCERTAIN, JobState.RENDERING})


async def find_by_key(store: JobStore, key: IdempotencyKey | str) -> Job | None:
    """The job that came of a request, of which a test knows no more than its key."""
    if isinstance(store, InMemoryJobStore):
        return next((job for job in store.jobs.values() if job.idempotency_key == key), None)
    assert isinstance(store, SqlJobStore)
    row = await store._engine.read_one("find_job_by_key", idempotency_key=key)
    return None if row is None else rows.job_from(row)


async def count_running(store: JobStore, provider: ProviderName) -> Counter[UserId]:
    """How many jobs of each member the provider has in hand."""
    active = await store.list_active()
    return Counter(
        job.user_id for job in active if job.provider == provider and job.state in IN_HAND
    )
