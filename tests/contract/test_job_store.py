"""What every job store promises: in SQLite, in PostgreSQL, and the one in memory that tests use."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import Derivation, Origin, Parent, Shot, SourceVideo
from bot.errors import DuplicateRequestError, JobNotFoundError, LeaseLostError, StorageError
from bot.ids import ChannelId, GuildId, IdempotencyKey, JobId, MessageId, UserId
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    JobState,
    advance,
    fail,
    start_rendering,
)
from bot.jobs.messages import (
    DeliveryKind,
    DeliveryState,
    editing,
    posted,
    posting,
    postponed,
    renewed,
)
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.ordering.offers import Offer
from bot.storage.engines.databases import open_database
from bot.storage.guilds import SqlOfferStore
from bot.storage.migrations import migrations_for
from bot.storage.rows import request_json
from bot.storage.stores import SqlJobStore
from tests.contract.databases import on_databases
from tests.contract.job_stores import accept, move, rendering
from tests.factories import (
    NOW,
    PROVIDER,
    make_delivery,
    make_image,
    make_job,
    make_request,
    make_submission,
    new_offer_id,
)
from tests.fakes.job_store import InMemoryJobStore
from tests.reading import find_by_key

OLD = NOW - timedelta(days=40)


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


async def test_a_job_is_read_as_it_was_written(store):
    request = make_request(image=make_image(), end_image=make_image(key="end.png"), seed=7)
    job = await accept(store, request=request, source_message_id=MessageId(1 << 60))

    assert await store.get(job.id) == job
    assert await find_by_key(store, job.idempotency_key) == job


async def test_the_pictures_of_recent_jobs_are_listed_in_every_shot_and_whosever_they_are(store):
    face, sky, end = (make_image(key=f"{name}.png") for name in ("face", "sky", "end"))
    shots = (Shot("one", image=sky), Shot("two", end_image=end))
    said = 'not a picture: {"key": "words.png"}'
    await accept(store, request=make_request(prompt=said, reference_images=(face,)))
    await accept(store, request=make_request(shots=shots), guild_id=GuildId(11), user_id=UserId(31))
    await accept(store, request=make_request(image=make_image(key="old.png")), accepted_at=OLD)

    assert await store.list_picture_keys(NOW) == {"face.png", "sky.png", "end.png"}
    assert "old.png" in await store.list_picture_keys(OLD)


@on_databases
async def test_the_pictures_of_offers_are_listed_too(engine):
    request = make_request(image=make_image(key="offered.png"))
    place = Origin(GuildId(10), ChannelId(20), UserId(30))
    offer = Offer(new_offer_id(), IdempotencyKey("one"), place, request, 1, NOW)
    await SqlOfferStore(engine).put(offer)

    assert await SqlJobStore(engine).list_picture_keys(NOW) == {"offered.png"}


async def test_a_hidden_request_is_read_as_it_was_written(store):
    job = await accept(store, request=make_request(image=make_image(), is_spoiler=True))

    assert (await store.get(job.id)).request.is_spoiler


async def test_a_request_made_from_a_video_is_read_as_it_was_written(store):
    source = SourceVideo("source.mp4", 1280, 720, 900_000, 8.04)
    parent = Parent(Derivation.EXTEND, JobId("a" * 16), extended=2)
    job = await accept(store, request=make_request(source_video=source, parent=parent))

    request = (await store.get(job.id)).request
    assert (request.source_video, request.parent) == (source, parent)


@pytest.mark.parametrize("field", ["is_spoiler", "source_video", "parent"])
def test_a_request_without_newer_fields_is_written_as_earlier_programs_read_it(field):
    assert field not in request_json(make_request(image=make_image()))


async def test_what_is_not_there_is_not_found(store):
    with pytest.raises(JobNotFoundError):
        await store.get(JobId("nothing"))

    assert await store.find_submission(JobId("nothing")) is None


async def test_a_request_made_twice_is_accepted_once(store):
    first = await accept(store)
    second = make_job(idempotency_key=first.idempotency_key)

    with pytest.raises(DuplicateRequestError) as caught:
        await store.accept(second, [make_delivery(second)])

    assert caught.value.job_id == first.id
    assert len(await store.list_active()) == 1
    assert len(await store.list_owed(NOW, 10)) == 1


async def test_a_request_made_fifty_times_at_once_is_accepted_once(store):
    jobs = [make_job(idempotency_key="same") for _ in range(50)]

    outcomes = await asyncio.gather(
        *(store.accept(job, []) for job in jobs), return_exceptions=True
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, DuplicateRequestError) for outcome in outcomes) == 49


async def test_a_job_is_written_only_by_who_read_its_latest_version(store):
    job = await accept(store)
    await move(store, job, JobState.SUBMITTING)

    saved = await store.save([Change(advance(job, JobState.CANCELLED, NOW))])

    assert (tuple(saved.jobs), saved.conflicts) == ((), {job.id})
    assert (await store.get(job.id)).state is JobState.SUBMITTING


async def test_of_a_lost_change_nothing_is_written_and_of_the_others_everything(store):
    lost, kept = await accept(store), await accept(store)
    await move(store, lost, JobState.SUBMITTING)
    changes = [
        Change(advance(job, JobState.SUBMITTING, NOW), make_submission(job)) for job in (lost, kept)
    ]

    assert (await store.save(changes)).conflicts == {lost.id}
    assert await store.find_submission(lost.id) is None
    assert await store.find_submission(kept.id) is not None


async def test_a_submission_is_read_as_it_was_last_written(store):
    job = await accept(store)
    submission = make_submission(job)
    await store.save([Change(advance(job, JobState.SUBMITTING, NOW), submission)])
    job = await store.get(job.id)
    taken = replace(
        submission, state=SubmissionState.ACCEPTED, handle="vid_1", precharged_micros=350_000
    )
    await store.save([Change(start_rendering(job, NOW), taken)])

    assert await store.find_submission(job.id) == taken


async def test_a_finished_job_keeps_its_video_and_a_failed_one_its_reason(store):
    done = await accept(store)
    job = await move(store, done, JobState.SUBMITTING, JobState.RENDERING, JobState.DOWNLOADING)
    artifact = Artifact("video.mp4", 1000, 5.0, 1280, 720)
    succeeded = replace(advance(job, JobState.SUCCEEDED, NOW), artifact=artifact)
    await store.save([Change(succeeded)])
    failed = await accept(store)
    failure = Failure(FailureKind.REFUSED, "change the prompt")
    await store.save([Change(fail(failed, failure, NOW))])

    assert (await store.get(done.id)).artifact == artifact
    assert (await store.get(failed.id)).failure == failure
    assert await store.list_active() == []


async def test_the_database_itself_keeps_an_ended_job_as_it_ended(store):
    job = await accept(store)
    cancelled = await move(store, job, JobState.CANCELLED)

    with pytest.raises(StorageError, match="stays as it ended"):
        await store.save([Change(replace(cancelled, state=JobState.QUEUED))])


async def test_a_job_that_stays_in_its_state_keeps_it_and_takes_all_else_that_was_found(store):
    job = await rendering(store)
    moment = NOW + timedelta(seconds=7)
    found = replace(
        job,
        next_action_at=moment,
        last_queued_at=moment,
        progress_percent=40,
        cancel_requested=True,
        errors_in_row=2,
        unknown_in_row=1,
    )

    assert not (await store.save([Change(found)])).conflicts
    assert await store.get(job.id) == replace(found, version=job.version + 1)


async def test_a_member_sees_only_their_own_jobs(store):
    mine = await accept(store, user_id=UserId(1))
    await accept(store, user_id=UserId(2))

    assert await store.list_active(user_id=UserId(1)) == [mine]


async def test_a_delivery_goes_from_owed_to_posted_by_one_writer(store):
    job = await accept(store)
    [delivery] = await store.list_owed(NOW, 10)
    intent = await store.save_delivery(posting(delivery, "one", NOW))

    with pytest.raises(LeaseLostError):
        await store.save_delivery(posting(delivery, "one", NOW))

    done = await store.save_delivery(posted(intent, MessageId(99), "digest"))
    assert await store.find_delivery(job.id, DeliveryKind.CARD) == done
    assert await store.list_owed(NOW, 10) == []


async def test_anyone_who_was_overtaken_at_a_post_writes_nothing_and_no_other_post_moves(store):
    job, other = await accept(store), await accept(store, user_id=UserId(2), guild_id=GuildId(2))
    mine = await store.find_delivery(job.id, DeliveryKind.CARD)
    untouched = await store.find_delivery(other.id, DeliveryKind.CARD)
    first = await store.save_delivery(posting(mine, "one", NOW))
    second = await store.save_delivery(posting(first, "two", NOW))

    for late in (renewed(first, NOW), postponed(first, NOW), posted(first, MessageId(7))):
        with pytest.raises(LeaseLostError):
            await store.save_delivery(late)

    assert await store.find_delivery(job.id, DeliveryKind.CARD) == second
    assert (second.lease_owner, second.attempts) == ("two", 2)
    assert await store.find_delivery(other.id, DeliveryKind.CARD) == untouched


async def test_a_renewed_lease_keeps_its_owner_and_holds_the_post_back_for_longer(store):
    job, soon = await accept(store), NOW + timedelta(seconds=30)
    card = await store.find_delivery(job.id, DeliveryKind.CARD)
    intent = await store.save_delivery(posting(card, "one", NOW))
    kept = await store.save_delivery(renewed(intent, soon))

    assert await store.list_owed(intent.next_attempt_at, 10) == []
    assert await store.list_owed(kept.next_attempt_at, 10) == [kept]
    assert kept.lease_owner == "one"


async def test_since_when_a_message_is_blocked_is_read_as_it_was_written(store):
    job = await accept(store)
    card = await store.find_delivery(job.id, DeliveryKind.CARD)
    blocked = await store.save_delivery(replace(card, blocked_at=NOW))

    assert await store.find_delivery(job.id, DeliveryKind.CARD) == blocked
    assert blocked.blocked_at == NOW


async def test_a_video_is_owed_in_the_same_write_and_only_once(store):
    job = await accept(store)
    video = make_delivery(job, DeliveryKind.VIDEO)
    await store.save([Change(advance(job, JobState.SUBMITTING, NOW), deliveries=(video,))])
    job = await store.get(job.id)
    await store.save([Change(start_rendering(job, NOW), deliveries=(video,))])

    kinds = [delivery.kind for delivery in await store.list_owed(NOW, 10)]
    assert sorted(kinds) == [DeliveryKind.CARD, DeliveryKind.VIDEO]


async def test_a_postponed_delivery_is_not_due_before_its_time(store):
    await accept(store)
    [delivery] = await store.list_owed(NOW, 10)
    later = NOW + timedelta(seconds=30)
    await store.save_delivery(replace(delivery, next_attempt_at=later))

    assert await store.list_owed(NOW, 10) == []
    assert len(await store.list_owed(later, 10)) == 1


async def test_posted_cards_are_listed_while_their_job_moves_and_a_while_after(store):
    job = await accept(store)
    [delivery] = await store.list_owed(NOW, 10)
    card = await store.save_delivery(posted(posting(delivery, "one", NOW), MessageId(99), "digest"))

    assert await store.list_posted_cards(changed_since=NOW) == [(card, job)]

    ended = await move(store, job, JobState.CANCELLED)
    assert await store.list_posted_cards(changed_since=NOW) == [(card, ended)]
    assert await store.list_posted_cards(changed_since=NOW + timedelta(seconds=1)) == []
    assert card.state is DeliveryState.POSTED


async def test_a_card_whose_edit_was_interrupted_is_listed_however_long_ago_its_job_ended(store):
    job = await accept(store)
    [delivery] = await store.list_owed(NOW, 10)
    card = await store.save_delivery(posted(posting(delivery, "one", NOW), MessageId(99), "digest"))
    ended = await move(store, job, JobState.CANCELLED)
    card = await store.save_delivery(editing(card, "one", NOW))

    listed = await store.list_posted_cards(changed_since=NOW + timedelta(days=1))

    assert listed == [(card, ended)]


async def test_durations_are_remembered_by_kind_of_video_latest_first(store):
    request = make_request()
    for seconds in (10.0, 20.5, 30.0):
        await store.observe_render_time(
            PROVIDER, request, seconds, NOW + timedelta(seconds=seconds)
        )
    await store.observe_render_time(PROVIDER, make_request(resolution="480p"), 1.0, NOW)

    assert await store.list_render_times(PROVIDER, request, 2) == [30.0, 20.5]


async def test_videos_of_the_same_model_are_known_as_alike_and_others_are_not(store):
    request = make_request()
    for seconds, fields in ((1.0, {}), (2.0, {"resolution": "480p"}), (3.0, {"model_id": "other"})):
        at = NOW + timedelta(seconds=seconds)
        await store.observe_render_time(PROVIDER, make_request(**fields), seconds, at)
    await store.observe_render_time(PROVIDER, make_request(duration_seconds=10), 4.0, NOW)

    assert await store.list_render_times_alike(PROVIDER, request, 10) == [2.0, 4.0]
    assert await store.list_render_times_alike(PROVIDER, request, 1) == [2.0]


async def test_notes_are_kept_and_replaced(store):
    assert await store.get_note("digest") is None

    await store.set_note("digest", "one")
    await store.set_note("digest", "two")

    assert await store.get_note("digest") == "two"


async def test_a_note_is_swapped_only_by_who_has_read_it_as_it_is(store):
    """The kind: none yet, another one since, ten at once."""
    assert not await store.swap_note("posts", "one", "two")
    assert await store.swap_note("posts", None, "one")
    assert not await store.swap_note("posts", None, "two")
    assert await store.swap_note("posts", "one", "two")
    ends = await asyncio.gather(*(store.swap_note("posts", "two", str(n)) for n in range(10)))

    assert sum(ends) == 1
    assert await store.get_note("posts") == str(ends.index(True))


@on_databases
async def test_a_cancelled_write_leaves_the_connection_usable(engine, store):
    await accept(store)

    async def write_and_be_cancelled():
        async with engine.transaction():
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await write_and_be_cancelled()

    await accept(store)
    assert len(await store.list_active()) == 2


@on_databases
async def test_everything_is_there_after_reopening(address):
    async with open_database(address) as first:
        job = await accept(SqlJobStore(first))
    async with open_database(address) as second:
        assert await SqlJobStore(second).get(job.id) == job
        assert await second.version() == migrations_for("sqlite")[-1].number


async def given_up(store, kind, at, **fields):
    job = await move(store, await accept(store), JobState.SUBMITTING)
    lost = fail(job, Failure(kind, "No word."), at)
    await store.save([Change(replace(lost, **fields), make_submission(job))])
    return await store.get(job.id)


async def test_videos_that_may_still_come_are_known_until_they_are_owed(store):
    lost = await given_up(store, FailureKind.UNCERTAIN, NOW)
    later = await given_up(store, FailureKind.INTERRUPTED, NOW + timedelta(minutes=1))
    await given_up(store, FailureKind.UNCERTAIN, NOW - timedelta(days=2))
    await given_up(store, FailureKind.REFUSED, NOW)
    await move(store, await accept(store), JobState.CANCELLED)  # before it was handed over
    begun = await rendering(store)
    await store.save([Change(begun, make_submission(begun))])
    cancelled = await move(store, await store.get(begun.id), JobState.CANCELLED)

    found = await store.list_given_up(NOW - timedelta(days=1), 10)
    assert [job.id for job in found] == [later.id, lost.id, cancelled.id]
    assert await store.list_given_up(NOW - timedelta(days=1), 1) == [later]

    await store.owe([make_delivery(lost, DeliveryKind.VIDEO)])
    await store.owe([make_delivery(lost, DeliveryKind.VIDEO)])
    found = await store.list_given_up(NOW - timedelta(days=1), 10)
    assert [job.id for job in found] == [later.id, cancelled.id]
    assert len(await store.list_owed(NOW, 100)) == 7


async def test_open_jobs_are_counted_by_state_with_the_first_that_is_due(store):
    early, late = NOW + timedelta(seconds=5), NOW + timedelta(seconds=9)
    await accept(store, next_action_at=late)
    await accept(store, next_action_at=early)
    await move(store, await accept(store, next_action_at=early), JobState.SUBMITTING)
    await move(store, await accept(store), JobState.CANCELLED)
    counted = await store.count_open()

    assert {state: found.count for state, found in counted.items()} == {
        "queued": 2,
        "submitting": 1,
    }
    assert counted["queued"].first_due_at == early
