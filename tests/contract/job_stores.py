"""Bringing jobs into a store, for the tests of what every store promises."""

from dataclasses import replace

from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    JobState,
    advance,
    start_rendering,
)
from bot.jobs.stores import Change
from tests.factories import NOW, PROVIDER, make_delivery, make_job

ENDED = frozenset(
    {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED},
)
WITH_A_PROVIDER = frozenset(JobState) - ENDED - {JobState.QUEUED}
COUNTED = WITH_A_PROVIDER - {JobState.DOWNLOADING}  # against what a provider may have in hand


async def claim(store, owner, ids, *, now=NOW, most=10, most_in_hand=100):
    """For a minute."""
    return await store.claim(owner, PROVIDER, ids, now, 60, most=most, most_in_hand=most_in_hand)


async def accept(store, **fields):
    job = make_job(**fields)
    await store.accept(job, [make_delivery(job)])
    return job


async def move(store, job, *states):
    """Bring a job forward, one save per state; answers with it as it is stored."""
    for state in states:
        assert not (await store.save([Change(advance(job, state, NOW))])).conflicts
        job = await store.get(job.id)
    return job


async def rendering(store, **fields):
    job = await move(store, await accept(store), JobState.SUBMITTING)
    await store.save([Change(replace(start_rendering(job, NOW), **fields))])
    return await store.get(job.id)


def in_state(state):
    """The fields of a job as if it had always been in it."""
    failure = Failure(FailureKind.PROVIDER, "why") if state is JobState.FAILED else None
    artifact = Artifact("a", 1) if state is JobState.SUCCEEDED else None
    return {"state": state, "failure": failure, "artifact": artifact}


async def one_of_each(store, **fields):
    """A job in every state; by state."""
    return {state: await accept(store, **in_state(state), **fields) for state in JobState}


def ids_of(jobs):
    return {job.id for job in jobs}
