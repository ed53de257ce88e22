"""What every job store promises of videos of several shots, and of looking at many videos at once."""

import asyncio
import contextlib
import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from bot.catalog.request import Shot
from bot.ids import JobId, ProviderName, SubmissionId
from bot.jobs.job import (
    Artifact,
    JobState,
    advance,
    start_rendering,
)
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.storage.engines.databases import open_database
from bot.storage.engines.files import APPLICATION_ID
from bot.storage.migrations import migrations_for
from bot.storage.stores import SqlJobStore
from tests.contract.databases import on_databases
from tests.factories import NOW, PROVIDER, make_image, make_job, make_request, make_submission
from tests.fakes.job_store import InMemoryJobStore

OTHER = ProviderName("other")
FACE, HAT = make_image(key="face.png"), make_image(key="hat.webp", media_type="image/webp")
SHOTS = (
    Shot("A city at dawn", reference_images=(FACE, HAT)),
    Shot("„Ein Café“ — 朝, 🎬", image=make_image(), end_image=make_image(key="end.png")),
)
ADDRESSES = ("https://videos.example/1.mp4?sign=a%2Fb&x=1", "https://videos.example/2.mp4#t=1")


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


async def rendering(store, *, due_in=0.0, **fields):
    """A video that its provider is at, to be looked at again in so many seconds."""
    job = make_job(**fields)
    await store.accept(job, [])
    await store.save([Change(advance(job, JobState.SUBMITTING, NOW))])
    begun = start_rendering(await store.get(job.id), NOW)
    at = NOW + timedelta(seconds=due_in)
    await store.save([Change(replace(begun, next_action_at=at))])
    return await store.get(job.id)


def ids(jobs):
    return [job.id for job in jobs]


@pytest.mark.parametrize(
    "request_",
    [
        make_request(prompt="one / two", shots=SHOTS),
        make_request(shots=SHOTS[:1], reference_images=(FACE, HAT)),
        make_request(reference_images=(FACE,)),
        make_request(image=make_image(), seed=0, audio=True, negative_prompt=""),
        make_request(duration_seconds=None, resolution=None, aspect_ratio=None, audio=None),
    ],
    ids=["shots", "one shot", "references", "picture", "bare"],
)
async def test_a_request_is_read_as_it_was_written(store, request_):
    job = make_job(request=request_)
    await store.accept(job, [])

    assert (await store.get(job.id)).request == request_
    assert (await store.list_active())[0].request == request_


@pytest.mark.parametrize("addresses", [(), ADDRESSES[:1], ADDRESSES])
@pytest.mark.parametrize("remark", [None, "Shot 2 is missing: „no“\nand that is all"])
async def test_the_addresses_of_all_shots_and_what_is_missing_are_kept(store, addresses, remark):
    job = await rendering(store)
    found = make_submission(
        job,
        state=SubmissionState.ACCEPTED,
        handle="task-1+task-2",
        accepted_at=NOW,
        finished_at=NOW,
        artifact_addresses=addresses,
        remark=remark,
        precharged_micros=0,
        charged_micros=1 << 40,
    )
    await store.save([Change(job, found)])

    assert await store.find_submission(job.id) == found


async def test_what_becomes_of_a_submission_replaces_what_was_known(store):
    job = await rendering(store)
    submission = make_submission(job)
    await store.save([Change(job, submission)])
    found = replace(submission, artifact_addresses=ADDRESSES, remark="a word")
    await store.save([Change(await store.get(job.id), found)])

    assert await store.find_submission(job.id) == found


@pytest.mark.parametrize("remark", [None, "Shot 2 could not be made."])
async def test_a_video_keeps_what_its_member_should_know(store, remark):
    job = await rendering(store)
    await store.save([Change(advance(job, JobState.DOWNLOADING, NOW))])
    artifact = Artifact("video.mp4", 1000, 12.5, 1280, 720, remark)
    done = advance(await store.get(job.id), JobState.SUCCEEDED, NOW)
    await store.save([Change(replace(done, artifact=artifact))])

    assert (await store.get(job.id)).artifact == artifact


async def test_durations_of_storyboards_are_told_apart_by_their_count_of_shots(store):
    alone, two = make_request(), make_request(shots=SHOTS)
    await store.observe_render_time(PROVIDER, alone, 60.0, NOW)
    await store.observe_render_time(PROVIDER, two, 120.0, NOW)
    await store.observe_render_time(PROVIDER, make_request(shots=SHOTS[:1]), 61.0, NOW)
    await store.observe_render_time(OTHER, two, 5.0, NOW)

    assert await store.list_render_times(PROVIDER, two, 10) == [120.0]
    assert sorted(await store.list_render_times(PROVIDER, alone, 10)) == [60.0, 61.0]


async def test_rendering_videos_are_claimed_due_or_not_soonest_first(store):
    late = await rendering(store, due_in=300)
    soon = await rendering(store, due_in=30)
    overdue = await rendering(store, due_in=-30)

    claimed = await store.claim_rendering("one", PROVIDER, NOW, 60, 10)

    assert claimed == [overdue, soon, late]


async def test_no_more_videos_are_claimed_than_wanted(store):
    for seconds in (30, 10, 20):
        await rendering(store, due_in=seconds)

    first = await store.claim_rendering("one", PROVIDER, NOW, 60, 2)
    rest = await store.claim_rendering("two", PROVIDER, NOW, 60, 2)

    assert [len(first), len(rest)] == [2, 1]
    assert not set(ids(first)) & set(ids(rest))


async def test_only_videos_that_render_at_this_provider_are_claimed(store):
    video = await rendering(store)
    await rendering(store, provider=OTHER)
    await store.accept(make_job(), [])
    ready = await rendering(store)
    await store.save([Change(advance(ready, JobState.DOWNLOADING, NOW))])
    ended = await rendering(store)
    await store.save([Change(advance(ended, JobState.CANCELLED, NOW))])

    assert ids(await store.claim_rendering("one", PROVIDER, NOW, 60, 10)) == [video.id]


async def test_a_video_under_a_lease_is_no_one_elses_and_ones_own_is_renewed(store):
    video = await rendering(store)
    await store.claim_rendering("one", PROVIDER, NOW, 60, 10)
    before, after = NOW + timedelta(seconds=59), NOW + timedelta(seconds=60)

    assert await store.claim_rendering("two", PROVIDER, before, 60, 10) == []
    assert await store.claim_due("two", before, 60, 10) == []
    assert ids(await store.claim_rendering("one", PROVIDER, before, 60, 10)) == [video.id]
    assert await store.claim_rendering("two", PROVIDER, after, 60, 10) == []

    much_later = before + timedelta(seconds=60)
    assert ids(await store.claim_rendering("two", PROVIDER, much_later, 60, 10)) == [video.id]


async def test_a_write_gives_the_lease_of_a_rendering_video_up(store):
    await rendering(store)
    [claimed] = await store.claim_rendering("one", PROVIDER, NOW, 60, 10)
    await store.save([Change(claimed)])

    assert len(await store.claim_rendering("two", PROVIDER, NOW, 60, 10)) == 1


@on_databases
async def test_simultaneous_claims_of_rendering_videos_never_share_one(address, engine):
    first = SqlJobStore(engine)
    for _ in range(30):
        await rendering(first)
    async with contextlib.AsyncExitStack() as stack:
        others = [await stack.enter_async_context(open_database(address)) for _ in range(2)]
        stores = [first, *(SqlJobStore(other) for other in others)]
        claims = await asyncio.gather(
            *(
                store.claim_rendering(f"owner-{number}-{turn}", PROVIDER, NOW, 60, 4)
                for number, store in enumerate(stores)
                for turn in range(4)
            )
        )

    claimed = [job.id for claim in claims for job in claim]
    assert len(claimed) == len(set(claimed))


@on_databases
async def test_what_the_first_version_wrote_is_still_read(kind, address):
    await write_as_the_first_version(kind, address)
    async with open_database(address) as opened:
        store = SqlJobStore(opened)
        job = await store.get(JobId("old"))
        submission = await store.find_submission(JobId("old"))

    assert (job.request.shots, job.request.reference_images) == ((), ())
    assert job.request.image == make_image()
    assert job.artifact == Artifact("old.mp4", 1000, 5.0, 1280, 720)
    assert submission is not None
    assert submission.id == SubmissionId("first")
    assert (submission.artifact_addresses, submission.remark) == (ADDRESSES[:1], None)


async def write_as_the_first_version(kind, address):
    """A database after its first migration, with a video that was made then."""
    first = migrations_for(kind)[0]
    statements = [first.sql, _insert("jobs", _OLD_JOB), _insert("submissions", _OLD_SUBMISSION)]
    if kind == "sqlite":
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {first.number};"
        with contextlib.closing(sqlite3.connect(Path(address.removeprefix("sqlite:///")))) as file:
            file.executescript("\n".join([*statements, marks]))
        return
    statements.append("CREATE TABLE schema_versions (version BIGINT PRIMARY KEY)")
    statements.append(_insert("schema_versions", {"version": first.number}))
    connection = await asyncpg.connect(address)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _insert(table, row):
    values = ", ".join(
        f"'{value}'" if isinstance(value, str) else str(value) for value in row.values()
    )
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values});"  # noqa: S608 - our own words


_OLD_REQUEST = {
    "prompt": "a fox",
    "model_id": "fake-model",
    "image": {
        "key": "abc.png",
        "media_type": "image/png",
        "width": 640,
        "height": 360,
        "size_bytes": 1000,
    },
    "end_image": None,
    "duration_seconds": 5,
    "aspect_ratio": "16:9",
    "resolution": "720p",
    "negative_prompt": None,
    "seed": None,
    "audio": False,
}
_OLD_ARTIFACT = {
    "key": "old.mp4",
    "size_bytes": 1000,
    "duration_seconds": 5.0,
    "width": 1280,
    "height": 720,
}
_OLD_JOB = {
    "id": "old",
    "idempotency_key": "interaction:old",
    "guild_id": 10,
    "channel_id": 20,
    "user_id": 30,
    "provider": "fake",
    "request": json.dumps(_OLD_REQUEST),
    "cost_micros": 500_000,
    "cost_is_estimate": 0,
    "expected_seconds": 60,
    "state": "succeeded",
    "accepted_at": 1,
    "state_changed_at": 2,
    "next_action_at": 2,
    "cancel_requested": 0,
    "artifact": json.dumps(_OLD_ARTIFACT),
    "errors_in_row": 0,
    "version": 4,
}
_OLD_SUBMISSION = {
    "id": "first",
    "job_id": "old",
    "attempt": 1,
    "provider": "fake",
    "tag": "old-1",
    "state": "succeeded",
    "intended_at": 1,
    "polls": 3,
    "artifact_address": ADDRESSES[0],
}
