"""A job of which no one can read a row is put off, said once, and holds up nothing else.

The kind: what is damaged may be the job, how it was handed over, or one of its messages; the job
may be in any state that has not ended, be looked at alone or together with others, or owe its card.
"""

import json
from collections import Counter
from dataclasses import replace

import pytest

from bot.errors import DeliveryUnavailableError
from bot.jobs.job import ACTIVE_STATES, Job, JobState
from bot.jobs.stores import Change

FAR = 9 * 10**17
ROUNDS = 60


async def spoil(world, table, columns, job):
    """Change what stands in the database as no part of the bot does."""
    key = "id" if table == "jobs" else "job_id"
    query = f"UPDATE {table} SET {columns} WHERE {key} = '{job.id}'"  # noqa: S608 - our own words
    async with world.store._engine.transaction() as tx:
        await tx.connection.execute(query)


async def bring_to(world, process, state):
    """A job in this state that was handed over before."""
    job = await process.accept(key="damaged", user_id=1)
    await process.turn()
    at_it = await world.store.get(job.id)
    assert at_it.state is JobState.RENDERING
    due = {"next_action_at": world.clock.now(), "state": state}
    await world.store.save([Change(replace(at_it, **due))])
    return job


async def live_on(world, process, job):
    """Until this one is delivered."""
    for _ in range(ROUNDS):
        await process.turn()
        world.clock.advance(max(await world._seconds_to_wait(), 5.0))
    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.videos_of(job)) == 1


def said(caplog, event):
    """How often, of each job."""
    lines = [record for record in caplog.records if record.message == event]
    return Counter(record.__dict__.get("job_id") for record in lines)


@pytest.mark.parametrize("state", sorted(ACTIVE_STATES))
@pytest.mark.parametrize("together", [False, True])
async def test_a_job_whose_handing_over_is_damaged_holds_up_no_one(world, caplog, state, together):
    world.provider.polls_in_batches = together
    process = world.start()
    job = await bring_to(world, process, state)
    other = await process.accept(key="other", user_id=2)
    await spoil(world, "submissions", f"intended_at = {-FAR}", job)

    await live_on(world, process, other)

    damaged = await world.store.get(job.id)
    assert (damaged.state, damaged.errors_in_row) == (state, 0)
    assert said(caplog, "row_unreadable") == {job.id: 1}
    assert not said(caplog, "step_failed")
    assert len(world.provider.paid_tags) == 2


@pytest.mark.parametrize("state", sorted(ACTIVE_STATES))
async def test_a_job_that_is_damaged_holds_up_no_one(world, caplog, state):
    process = world.start()
    job = await bring_to(world, process, state)
    other = await process.accept(key="other", user_id=2)
    await spoil(world, "jobs", "request = '[]'", job)

    await live_on(world, world.start(), other)

    lines = [line for line in caplog.records if "unreadable" in line.message]
    assert [job.id in line.__dict__["error"] for line in lines] == [True]
    assert len(world.provider.paid_tags) == 2


async def test_a_job_that_is_fixed_goes_on(world):
    process = world.start()
    job = await bring_to(world, process, JobState.RENDERING)
    request = json.dumps({"prompt": "a fox", "model_id": "fake-model"})
    await spoil(world, "jobs", "request = '[]'", job)
    for _ in range(3):
        await process.turn()
        world.clock.advance(60)
    await spoil(world, "jobs", f"request = '{request}'", job)

    await live_on(world, process, job)


async def test_a_message_of_a_damaged_job_waits_and_is_said_once(world, caplog):
    process = world.start()
    job = await process.accept(key="damaged", user_id=1)
    other = await process.accept(key="other", user_id=2)
    await spoil(world, "jobs", "request = '[]'", job)

    await live_on(world, process, other)

    assert said(caplog, "delivery_unreadable") == {job.id: 1}
    assert not [line for line in caplog.records if line.exc_info]
    assert world.cards_of(job) == []


async def test_a_card_beside_a_damaged_message_is_left_and_others_are_replaced(world, caplog):
    process = world.start()
    world.messenger.files_raise = DeliveryUnavailableError
    job = await process.accept(key="damaged", user_id=1)
    for _ in range(ROUNDS):
        await process.turn()
        world.clock.advance(5)
    await spoil(
        world, "deliveries", f"owed_at = CASE kind WHEN 'video' THEN {FAR} ELSE owed_at END", job
    )
    world.messenger.files_raise = None
    other = await process.accept(key="other", user_id=2)

    await live_on(world, world.start(), other)

    assert [len(world.messenger.standing(one.id)) for one in (job, other)] == [1, 1]
    assert not [line for line in caplog.records if line.exc_info]


async def test_an_answer_whose_job_was_damaged_in_the_meantime_is_kept(world):
    """The service has it and it is paid: its handle is written down, whatever stands in the job."""
    damaged: list[str] = []
    jobs: list[Job] = []

    async def spoil_it(event):
        if event == "submit answered" and not damaged:
            damaged.append(event)
            await spoil(world, "jobs", "request = '[]', version = version + 1", jobs[0])

    process = world.start(weather=spoil_it)
    jobs.append(job := await process.accept(key="one"))
    for _ in range(5):
        await process.turn()
        world.clock.advance(30)

    kept = await world.store.find_submission(job.id)
    assert kept.handle is not None
    other = await process.accept(key="other", user_id=2)
    await live_on(world, process, other)
