"""Bringing jobs into a store, for the tests of what every store promises."""

from dataclasses import replace

from bot.domain.jobs import JobState, advance, start_rendering
from bot.ports import Change
from tests.factories import NOW, PROVIDER, make_delivery, make_job


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
        assert await store.save([Change(advance(job, state, NOW))]) == []
        job = await store.get(job.id)
    return job


async def in_the_making(store, **fields):
    job = await move(store, await accept(store), JobState.SUBMITTING)
    await store.save([Change(replace(start_rendering(job, NOW), **fields))])
    return await store.get(job.id)
