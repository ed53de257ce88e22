"""One message is left of a job: what every store promises of those that a later one replaces.

The kind: each pair of messages, in whatever state; a stale write; two processes that record their
posts at the same time.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import LeaseLostError
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.notices import TO_MEMBER, Notice, TemporaryMessage, only_id
from bot.ids import ChannelId, GuildId, MessageId, UserId
from bot.jobs.job import JobState
from bot.jobs.messages import (
    DeliveryKind,
    DeliveryState,
    Outbox,
    deleted,
    owed,
    posted,
    posting,
)
from bot.storage.guilds import SqlNoticeStore, SqlTemporaryMessages
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.storage.stores import SqlJobStore
from tests.contract.branches import at_once
from tests.contract.databases import on_databases
from tests.contract.job_stores import accept, move
from tests.factories import NOW
from tests.fakes.budgets import InMemoryPassing
from tests.fakes.job_store import InMemoryJobStore

CARD, VIDEO, FAILURE = DeliveryKind.CARD, DeliveryKind.VIDEO, DeliveryKind.FAILURE
NUMBERS = {CARD: MessageId(101), VIDEO: MessageId(102), FAILURE: MessageId(103)}


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


@pytest.fixture
def temporary(kind, engine, store):
    return InMemoryPassing(store.temporary) if kind == "memory" else SqlTemporaryMessages(engine)


async def begun(store, job, kind, owner="one"):
    """Owe a message unless it is, and write down the intent to post it."""
    await store.owe([owed(job, kind, NOW)])
    row = await store.find_delivery(job.id, kind)
    return await store.save_delivery(posting(row, owner, NOW))


async def record(store, row, at=NOW):
    return await store.save_delivery(posted(row, NUMBERS[row.kind]), replaces_at=at)


async def due(temporary, at=NOW):
    return [int(message.message_id) for message in await temporary.list_due(at, 10)]


@pytest.mark.parametrize(
    ("earlier", "later", "goes"),
    [(CARD, VIDEO, True), (CARD, FAILURE, True), (FAILURE, VIDEO, True), (VIDEO, CARD, False)],
)
async def test_a_posted_message_owes_the_deletion_of_the_one_that_it_replaces(
    store, temporary, earlier, later, goes
):
    job = await accept(store)
    await record(store, await begun(store, job, earlier))
    await record(store, await begun(store, job, later))

    gone, left = (earlier, later) if goes else (later, earlier)
    assert await due(temporary) == [NUMBERS[gone]]
    assert (await store.find_delivery(job.id, gone)).state is DeliveryState.DELETED
    assert (await store.find_delivery(job.id, left)).state is DeliveryState.POSTED


async def test_what_is_recorded_later_is_replaced_all_the_same(store, temporary):
    """A slow process records the card after the video."""
    job = await accept(store)
    card = await begun(store, job, CARD)
    await record(store, await begun(store, job, VIDEO))
    assert await due(temporary) == []

    await record(store, card)

    assert await due(temporary) == [NUMBERS[CARD]]


async def test_its_deletion_is_due_at_once_though_a_clock_was_ahead_and_listed_once(
    store, temporary
):
    job = await accept(store)
    await record(store, await begun(store, job, CARD))
    ahead = NOW + timedelta(hours=1)
    video = await record(store, await begun(store, job, VIDEO), ahead)
    await store.save_delivery(deleted(video), replaces_at=ahead)

    assert await due(temporary) == [NUMBERS[CARD]]


async def test_a_card_stays_where_no_one_asks_for_its_deletion(store, temporary):
    job = await accept(store)
    await record(store, await begun(store, job, CARD))
    video = await begun(store, job, VIDEO)
    await store.save_delivery(posted(video, NUMBERS[VIDEO]))

    assert await due(temporary) == []
    assert (await store.find_delivery(job.id, CARD)).state is DeliveryState.POSTED


async def test_a_stale_record_deletes_nothing(store, temporary):
    job = await accept(store)
    await record(store, await begun(store, job, CARD))
    stale = await begun(store, job, VIDEO)
    await store.save_delivery(posting(stale, "two", NOW))

    with pytest.raises(LeaseLostError):
        await record(store, stale)

    assert await due(temporary) == []
    assert (await store.find_delivery(job.id, CARD)).state is DeliveryState.POSTED


async def test_an_edit_that_was_under_way_is_recorded_no_more_and_its_card_not_listed(store):
    job = await accept(store)
    card = await record(store, await begun(store, job, CARD))
    await move(store, job, JobState.CANCELLED)
    await record(store, await begun(store, job, VIDEO))

    with pytest.raises(LeaseLostError):
        await store.save_delivery(card)

    assert await store.list_posted_cards(changed_since=NOW - timedelta(days=9)) == []


LOG = ChannelId(77)
OUTBOX = Outbox(
    deletions=(  # by a process whose clock is an hour ahead
        TemporaryMessage(GuildId(10), ChannelId(20), NUMBERS[VIDEO], NOW + timedelta(hours=1)),
    ),
    notices=(
        Notice(only_id("removed"), GuildId(10), LOG, "removed", NOW, NOW),
        Notice(only_id("told"), GuildId(10), TO_MEMBER, "told", NOW, NOW, mentions=UserId(30)),
    ),
    noted=AuditNote(Actor(GuildId(10), UserId(5), "removal-1", NOW), "removed", after="rude"),
)


async def test_an_outbox_is_written_with_its_delivery_and_not_with_a_stale_one(
    kind, engine, store, temporary
):
    """Its deletion, its notices and its entry in the audit log, all or nothing."""
    job = await accept(store)
    video = await record(store, await begun(store, job, VIDEO))
    stale = video
    video = await store.save_delivery(replace(video, shown="again"))

    with pytest.raises(LeaseLostError):
        await store.save_delivery(deleted(stale), replaces_at=NOW, outbox=OUTBOX)
    assert await due(temporary) == []
    assert await written(kind, engine, store) == ([], [])

    await store.save_delivery(deleted(video), replaces_at=NOW, outbox=OUTBOX)
    assert await due(temporary) == [NUMBERS[VIDEO]]
    notices, history = await written(kind, engine, store)
    assert {one.id: one for one in notices} == {one.id: one for one in OUTBOX.notices}
    assert history == [("removed", "rude", 5)]


async def written(kind, engine, store):
    """The owed notices, and the entries of the audit log."""
    if kind == "memory":
        noted = [(one.what, one.after, one.by.user_id) for one in store.noted]
        return list(store.notices.values()), noted
    past = await SqlMoneyStore(engine, Money(engine)).history(GuildId(10), 5)
    history = [(one.what, one.after, one.actor_id) for one in past]
    return await SqlNoticeStore(engine).list_owed(NOW, 5), history


@on_databases
async def test_of_two_moderators_in_two_processes_one_writes_the_outbox(branches):
    first, last = branches[0], branches[-1]
    for number in range(20):
        job = await accept(first.jobs, user_id=UserId(100 + number))
        await record(first.jobs, await begun(first.jobs, job, VIDEO))
        video = await first.jobs.find_delivery(job.id, VIDEO)
        by = Actor(GuildId(10), UserId(5), f"removal-{job.id}", NOW)
        outbox = Outbox(noted=AuditNote(by, f"removed {number}"))
        outcomes = await at_once(
            first.jobs.save_delivery(deleted(video), replaces_at=NOW, outbox=outbox),
            last.jobs.save_delivery(deleted(video), replaces_at=NOW, outbox=outbox),
        )

        assert sum(isinstance(one, LeaseLostError) for one in outcomes) == 1
    past = await first.money_store.history(GuildId(10), 30)
    assert sorted(one.what for one in past) == sorted(f"removed {n}" for n in range(20))


@on_databases
async def test_of_two_processes_that_record_at_once_one_sees_the_other(branches):
    """The kind: card and video recorded in the same instant, many times over."""
    first, last = branches[0], branches[-1]
    for number in range(20):
        job = await accept(first.jobs, user_id=UserId(100 + number))
        card = await begun(first.jobs, job, CARD)
        video = await begun(last.jobs, job, VIDEO, "two")
        numbers = MessageId(1000 + number), MessageId(2000 + number)
        await asyncio.gather(
            first.jobs.save_delivery(posted(card, numbers[0]), replaces_at=NOW),
            last.jobs.save_delivery(posted(video, numbers[1]), replaces_at=NOW),
        )

        row = await first.jobs.find_delivery(job.id, CARD)
        assert row.state is DeliveryState.DELETED
