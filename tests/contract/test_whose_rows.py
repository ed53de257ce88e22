"""Every statement about jobs and messages touches the rows it names, and reads all that is in them.

The kind: a condition that is dropped from a statement. Each test keeps two of everything, with the
wrong one first in every order, so that a statement which finds too much answers with it.
"""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import DuplicateRequestError, LeaseLostError, StorageError
from bot.guilds.notices import Notice, NoticeState
from bot.ids import GuildId, MessageId, ModelId, NoticeId, ProviderName, UserId
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    Job,
    JobState,
    advance,
)
from bot.jobs.messages import DeliveryKind, posted, posting
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.storage.stores import SqlJobStore
from tests.contract.branches import PLACE, PLACES
from tests.contract.databases import on_databases
from tests.contract.job_stores import (
    ENDED,
    accept,
    ids_of,
    in_state,
    move,
    one_of_each,
    rendering,
)
from tests.factories import NOW, PROVIDER, make_delivery, make_job, make_request, make_submission
from tests.reading import find_by_key

HOUR = timedelta(hours=1)
OTHER = ProviderName("another")  # before PROVIDER in any order


@pytest.fixture
def store(engine):
    return SqlJobStore(engine)


@on_databases
async def test_a_job_is_found_by_its_own_key(store):
    for job in [await accept(store) for _ in range(2)]:
        assert await find_by_key(store, job.idempotency_key) == job
        with pytest.raises(DuplicateRequestError) as caught:
            await store.accept(make_job(idempotency_key=job.idempotency_key), [])
        assert caught.value.job_id == job.id


@on_databases
async def test_jobs_are_active_until_they_end_and_a_members_own(store):
    theirs = await one_of_each(store, user_id=UserId(31))
    mine = await one_of_each(store)
    active = [
        {job.id for state, job in jobs.items() if state not in ENDED} for jobs in (theirs, mine)
    ]

    assert ids_of(await store.list_active()) == active[0] | active[1]
    assert ids_of(await store.list_active(user_id=UserId(30))) == active[1]
    counted = {state: one.count for state, one in (await store.count_open()).items()}
    assert counted == {state.value: 2 for state in JobState if state not in ENDED}


@on_databases
async def test_ended_jobs_are_a_members_own_in_one_server(store):
    jobs = {
        place: await one_of_each(store, guild_id=place.guild_id, user_id=place.user_id)
        for place in PLACES
    }

    for place in PLACES:
        found = await store.list_ended(place.guild_id, place.user_id, 99)
        assert ids_of(found) == {jobs[place][state].id for state in ENDED}


@on_databases
async def test_a_video_may_still_come_of_jobs_that_were_submitted_and_given_up(store):
    """Not of one that was rejected, that ended otherwise, or whose video is owed already."""

    async def ended(state, sent=SubmissionState.ACCEPTED, at=NOW, **more):
        job = await accept(store, **in_state(state) | {"state_changed_at": at} | more)
        if sent is not None:
            await store.owe([], make_submission(job, state=sent))
        return job

    cancelled = JobState.CANCELLED
    await ended(cancelled, sent=None)
    await ended(cancelled, sent=SubmissionState.REJECTED)
    await ended(cancelled, at=NOW - HOUR - timedelta(seconds=1))
    for state in set(JobState) - {cancelled, JobState.EXPIRED}:
        await ended(state)
    owed = await ended(cancelled)
    await store.owe([make_delivery(owed, DeliveryKind.VIDEO)])
    lost = [
        await ended(JobState.FAILED, failure=Failure(kind, "why"), at=NOW)
        for kind in (FailureKind.UNCERTAIN, FailureKind.INTERRUPTED)
    ]
    given_up = [await ended(state) for state in (JobState.EXPIRED, cancelled)]
    await store.owe([make_delivery(given_up[0], DeliveryKind.FAILURE)])

    assert ids_of(await store.list_given_up(NOW - HOUR, 99)) == ids_of([*lost, *given_up])


@on_databases
async def test_render_times_are_those_of_one_provider_and_notes_of_one_name(store):
    others = ModelId("other-model")
    short, other_model = make_request(resolution="480p"), make_request(model_id=others)
    seen = [(OTHER, make_request()), (OTHER, short), (PROVIDER, other_model)]
    seen += [(PROVIDER, short), (PROVIDER, make_request())]
    for number, (provider, request) in enumerate(seen):
        at = NOW - timedelta(seconds=number)
        await store.observe_render_time(provider, request, float(number), at)

    assert await store.list_render_times(PROVIDER, make_request(), 9) == [4.0]
    assert await store.list_render_times_alike(PROVIDER, make_request(), 9) == [3.0]
    for name in ("a", "b", "a"):
        await store.set_note(name, f"of {name}")
    assert [await store.get_note(name) for name in ("a", "b", "c")] == ["of a", "of b", None]


@on_databases
async def test_only_posted_cards_of_jobs_that_move_or_moved_lately_are_listed(store):
    """Beside the other messages of their jobs, whichever was owed first."""
    old = NOW - HOUR
    ended = in_state(JobState.CANCELLED)
    moving = [
        make_job(state_changed_at=old),
        make_job(**ended),
        make_job(**ended, state_changed_at=old),
    ]
    shown = ["shown", "shown", None]  # of the last no one knows what its card shows
    others = [make_job(**ended, state_changed_at=old), make_job(), make_job()]
    kinds = [DeliveryKind.CARD, DeliveryKind.VIDEO]
    for number, job in enumerate([*others, *moving]):
        order = kinds if number % 2 else kinds[::-1]
        await store.accept(job, [make_delivery(job, kind) for kind in order])

    async def post(job, kind, shows):
        owed = await store.find_delivery(job.id, kind)
        return await store.save_delivery(posted(posting(owed, "one", NOW), MessageId(7), shows))

    for job in [*moving, others[0]]:
        await post(job, DeliveryKind.VIDEO, "shown")
    await post(others[0], DeliveryKind.CARD, "shown")
    await post(others[2], DeliveryKind.VIDEO, "shown")  # and its card is owed
    cards = [
        (await post(job, DeliveryKind.CARD, shows), job)
        for job, shows in zip(moving, shown, strict=True)
    ]

    assert await store.list_posted_cards(changed_since=NOW) == cards


@on_databases
async def test_servers_that_wait_for_a_provider_have_open_jobs_with_it(branch):
    other = ProviderName("other")
    await accept(branch.jobs, guild_id=GuildId(12), provider=other)
    for guild_id in (GuildId(11), GuildId(10), GuildId(10)):
        await accept(branch.jobs, guild_id=guild_id, user_id=UserId(100 + guild_id))
    await branch.cancel(await accept(branch.jobs, guild_id=GuildId(13)))

    assert await branch.guilds.list_waiting_for(PROVIDER) == [10, 11]
    assert await branch.guilds.list_waiting_for(other) == [12]


@on_databases
async def test_each_message_of_a_job_is_found_and_moved_alone(branch):
    store = branch.jobs
    jobs = [await accept(store) for _ in range(2)]
    for job in jobs:
        kinds = (DeliveryKind.VIDEO, DeliveryKind.FAILURE)
        await store.owe([make_delivery(job, kind) for kind in kinds])
    before = {
        (job.id, kind): await store.find_delivery(job.id, kind)
        for job in jobs
        for kind in DeliveryKind
    }
    assert {key: (one.job_id, one.kind) for key, one in before.items()} == {
        key: key for key in before
    }
    key = (jobs[1].id, DeliveryKind.VIDEO)
    moved = await store.save_delivery(replace(before[key], attempts=3))

    found = {key: await store.find_delivery(*key) for key in before}
    assert found == before | {key: moved}


@on_databases
async def test_a_notice_is_noted_alone_and_only_while_it_is_owed(branch):
    for name in ("other", "mine"):
        await branch.notices.owe(
            Notice(NoticeId(name), PLACE.guild_id, PLACE.channel_id, "word", NOW, NOW)
        )
    mine = next(one for one in await branch.notices.list_owed(NOW, 9) if one.id == "mine")
    await branch.notices.save(replace(mine, state=NoticeState.POSTED))

    assert [one.id for one in await branch.notices.list_owed(NOW, 9)] == ["other"]
    with pytest.raises(LeaseLostError):
        await branch.notices.save(replace(mine, next_attempt_at=NOW + HOUR))


@on_databases
async def test_only_jobs_that_render_are_polled_before_they_are_due(branch):
    store = branch.jobs
    await move(store, await accept(store, user_id=UserId(101)), JobState.SUBMITTING)
    await accept(store, user_id=UserId(102))
    first = await rendering(store, next_action_at=NOW + HOUR)
    second = await rendering(store, next_action_at=NOW + HOUR)
    await store.claim_due("two", NOW + HOUR, 60, 1)

    found = await store.claim_rendering("two", PROVIDER, NOW, 60, 9)

    assert {one.id for one in found} == {first.id, second.id}
    assert await store.claim_rendering("two", ProviderName("other"), NOW, 60, 9) == []


# --- every column of a job -----------------------------------------------------------------------

NEVER_CHANGE = {
    *("id", "idempotency_key", "guild_id", "channel_id", "user_id", "request", "provider"),
    *("cost_micros", "cost_is_estimate", "expected_seconds", "accepted_at", "source_message_id"),
    *("has_priority", "storyboard_id", "shot_number", "reuses"),
}
LATER = NOW + timedelta(seconds=7)
CHANGED: dict[str, Any] = {
    "state_changed_at": LATER,
    "next_action_at": LATER,
    "submitted_at": LATER,
    "last_queued_at": LATER,
    "deadline_at": LATER,
    "progress_percent": 41,
    "cancel_requested": True,
    "errors_in_row": 3,
    "unknown_in_row": 2,
}
OF_THE_STATE = {"state", "failure", "artifact", "version"}  # what moves with it, below
OF_SHOTS = {"is_held", "was_retried"}  # see test_storyboards.py


def test_every_field_of_a_job_is_known_to_change_or_not():
    known = NEVER_CHANGE | set(CHANGED) | OF_THE_STATE | OF_SHOTS
    assert known == {one.name for one in fields(Job)}


@on_databases
async def test_whatever_may_change_of_a_job_is_written_where_it_moves_and_where_it_stays(engine):
    store = SqlJobStore(engine)
    other = await rendering(store)
    job = await rendering(store)
    stays = replace(
        job, **{name: value for name, value in CHANGED.items() if name != "state_changed_at"}
    )
    assert not (await store.save([Change(stays)])).conflicts
    assert await store.get(job.id) == replace(stays, version=stays.version + 1)

    before = await store.get(job.id)
    moved = replace(advance(before, JobState.DOWNLOADING, NOW), **CHANGED)
    assert not (await store.save([Change(moved)])).conflicts
    assert await store.get(job.id) == replace(moved, version=moved.version + 1)
    assert await store.get(other.id) == other


@on_databases
async def test_why_and_what_a_job_ended_with_is_written_where_it_moves_and_where_it_stays(engine):
    store = SqlJobStore(engine)
    made = await move(store, await rendering(store), JobState.DOWNLOADING)
    lost = await rendering(store)
    first = Failure(FailureKind.PROVIDER, "could not")
    ends = [
        replace(advance(made, JobState.SUCCEEDED, NOW), artifact=Artifact("a", 1)),
        replace(advance(lost, JobState.FAILED, NOW), failure=first),
    ]
    assert not (await store.save([Change(one) for one in ends])).conflicts
    again = [
        replace(ends[0], version=ends[0].version + 1, artifact=Artifact("b", 2, remark="shot 2")),
        replace(ends[1], version=ends[1].version + 1, failure=Failure(FailureKind.REFUSED, "no")),
    ]
    for one, then in zip(ends, again, strict=True):
        assert await store.get(one.id) == replace(one, version=one.version + 1)
        assert not (await store.save([Change(then)])).conflicts
        assert await store.get(one.id) == replace(then, version=then.version + 1)


@on_databases
async def test_a_write_of_an_older_version_changes_nothing(engine):
    store = SqlJobStore(engine)
    other = await accept(store)
    job = await accept(store)
    moved = await move(store, job, JobState.SUBMITTING)
    assert await store.get(other.id) == other  # which has the same version

    assert (await store.save([Change(replace(job, errors_in_row=9))])).conflicts == {job.id}
    assert await store.get(job.id) == moved


@on_databases
@pytest.mark.parametrize("request_text", ['{"prompt":', "{}", "[]"])
async def test_a_job_that_no_one_can_read_keeps_no_other_waiting(branch, request_text, caplog):
    """A bit that a disk turned over in a text is found by no check of the database itself."""
    damaged, sound = [await branch.request(place, guild_id=place.guild_id) for place in PLACES[:2]]
    statement = f"UPDATE jobs SET request = '{request_text}' WHERE id = '{damaged.id}'"  # noqa: S608 - our own words
    async with branch.engine.transaction() as tx:
        await tx.connection.execute(statement)
    now = damaged.accepted_at + timedelta(minutes=1)

    ids = [damaged.id, sound.id]
    claimed = await branch.jobs.claim("me", sound.provider, ids, now, 60.0, most=5, most_in_hand=5)
    assert [job.id for job in claimed] == [sound.id]
    assert f"job {damaged.id} can't be read" in " ".join(
        str(record.__dict__.get("error")) for record in caplog.records
    )
    with pytest.raises(StorageError, match=f"job {damaged.id} can't be read"):
        await branch.jobs.get(damaged.id)
    assert (await branch.jobs.get(sound.id)).request == sound.request
