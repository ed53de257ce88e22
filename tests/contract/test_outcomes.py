"""How a model's videos ended, as every store counts it: once per video, whatever the cause."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.models import Outcomes
from bot.ids import ModelId, ProviderName
from bot.jobs.job import Artifact, Failure, FailureKind, JobState, advance, fail, model_succeeded
from bot.jobs.stores import Change
from bot.storage.migrations import migrations_for
from bot.storage.stores import SqlJobStore
from tests.contract.databases import on_databases
from tests.contract.job_stores import accept, in_state, rendering
from tests.factories import NOW, PROVIDER, make_job, make_request
from tests.fakes.job_store import InMemoryJobStore

MODEL = make_request().model_id
BY_THE_MODEL = {FailureKind.PROVIDER, FailureKind.UNCERTAIN}


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


def succeeded(job, at=NOW):
    return replace(advance(advance(job, JobState.DOWNLOADING, at), JobState.SUCCEEDED, at),
                   artifact=Artifact("a", 1))  # fmt: skip


async def count(store, most=100, model_id=MODEL, provider=PROVIDER):
    return await store.count_outcomes(provider, model_id, most)


async def end(store, change):
    job = await rendering(store)
    assert not (await store.save([Change(change(job))])).conflicts


async def test_a_model_that_made_nothing_yet_has_no_outcomes(store):
    await accept(store)
    await rendering(store)

    assert await count(store) == Outcomes(0, 0)


@pytest.mark.parametrize("kind_of_failure", FailureKind)
async def test_what_the_model_is_not_to_blame_for_does_not_count(store, kind_of_failure):
    await end(store, lambda job: fail(job, Failure(kind_of_failure, "why"), NOW))
    await end(store, succeeded)
    await end(store, lambda job: advance(job, JobState.CANCELLED, NOW))

    assert await count(store) == Outcomes(1, 2 if kind_of_failure in BY_THE_MODEL else 1)


async def test_a_video_that_never_came_counts_if_it_was_submitted(store):
    await end(store, lambda job: advance(job, JobState.EXPIRED, NOW))

    assert await count(store) == Outcomes(0, 1)
    assert model_succeeded(make_job(**in_state(JobState.EXPIRED))) is None


async def test_an_outcome_counts_once_however_often_its_job_is_saved(store):
    job = await rendering(store)
    await store.save([Change(succeeded(job))])
    assert (await store.save([Change(succeeded(job))])).conflicts
    ended = await store.get(job.id)
    await store.save([Change(replace(ended, next_action_at=NOW + timedelta(hours=1)))])

    assert await count(store) == Outcomes(1, 1)


async def test_the_latest_count_and_each_model_for_itself(store):
    for number in range(6):
        at = NOW + timedelta(minutes=number)
        if number < 3:
            await end(store, lambda job, at=at: fail(job, Failure(FailureKind.PROVIDER, ""), at))
        else:
            await end(store, lambda job, at=at: succeeded(job, at))

    assert await count(store, most=4) == Outcomes(3, 4)
    assert await count(store, model_id=ModelId("other")) == Outcomes()
    assert await count(store, provider=ProviderName("other")) == Outcomes()


@on_databases
async def test_an_upgrade_counts_the_videos_of_the_past(store, engine, kind):
    """Also beside a damaged row, which must not stop it."""
    await end(store, succeeded)
    await end(store, lambda job: fail(job, Failure(FailureKind.PROVIDER, ""), NOW))
    await end(store, lambda job: fail(job, Failure(FailureKind.REFUSED, ""), NOW))
    prompt = 'say "model_id":"trap", {"model_id": "trap"}'
    tricky = await rendering(store, request=make_request(prompt=prompt))
    await store.save([Change(succeeded(tricky))])
    damaged = await rendering(store)
    await store.save([Change(succeeded(damaged))])
    scripts = [part for one in migrations_for(kind) for part in one.sql.split(";")]
    [backfill] = [part for part in scripts if "INSERT INTO outcomes" in part]

    async with engine.transaction() as tx:
        await tx.connection.execute(
            f"UPDATE jobs SET request = '{{broken' WHERE id = '{damaged.id}'"  # noqa: S608 - ours
        )
        await tx.connection.execute("DELETE FROM outcomes")
        await tx.connection.execute(backfill)

    assert await count(store) == Outcomes(2, 3)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_counting_takes_as_long_with_a_hundred_thousand_videos(store, engine, address):
    path = address.removeprefix("sqlite:///")
    async with engine.transaction() as tx:
        await tx.connection.execute("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO outcomes SELECT 'fake', 'fake-model', i, i % 2 FROM n
        """)  # fmt: skip

    assert await count(store) == Outcomes(50, 100)
    plan = sqlite3.connect(path).execute(
        "EXPLAIN QUERY PLAN SELECT succeeded FROM outcomes"
        " WHERE provider = 'fake' AND model_id = 'fake-model' ORDER BY ended_at DESC LIMIT 100"
    )
    steps = [row[3] for row in plan]
    assert len(steps) == 1
    assert "USING INDEX outcomes_latest" in steps[0]
