"""Removing a video: recorded first, then deleted, and only the message that belongs to its job.

The kind: a custom id proves nothing. The pressed message, the server and the member are compared
with the row, at every press. A moderator's decision is carried out once, however often it is sent, by
however many, and whenever the program dies.
"""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from bot.archive.remove import (
    TRIES,
    Decision,
    Refund,
    Removal,
    RemovalWords,
)
from bot.errors import InvalidRequestError, JobNotFoundError, LeaseLostError, NotYourJobError
from bot.guilds.notices import TO_MEMBER
from bot.guilds.settings import GuildSettings, LogLevel
from bot.ids import ChannelId, GuildId, MessageId, UserId
from bot.jobs.messages import DeliveryKind, DeliveryState, posted
from bot.money.settlements import NOT_PAID_FOR, REFUNDED_ALREADY
from bot.money.store import PolicyStore
from tests.factories import NOW, make_delivery, make_job
from tests.fakes.budgets import InMemoryGuilds, InMemoryPassing
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.weather import Death, KilledError, mortal

MEMBER, OTHER = UserId(30), UserId(31)
LOG = ChannelId(77)
HERE, ELSEWHERE = GuildId(10), GuildId(11)


class Channel:
    """Notes what stands in the database when the message is deleted."""

    def __init__(self, store, job, trouble=None):
        self.store, self.job, self.trouble = store, job, trouble
        self.found = []

    async def delete(self, channel_id, message_id):
        assert (channel_id, message_id) == (self.job.channel_id, 7)
        video = await self.store.find_delivery(self.job.id, DeliveryKind.VIDEO)
        self.found.append(video.state)
        if self.trouble is not None:
            raise self.trouble


def with_video(store, message=7, **fields):
    job = make_job(**fields)
    store.jobs[job.id] = job
    video = make_delivery(job, DeliveryKind.VIDEO)
    if message is not None:
        video = posted(video, MessageId(message))
    store.deliveries[job.id, video.kind] = video
    return job


class Books:
    """Refunds what was paid for here, once."""

    def __init__(self, *, is_paid=True):
        self.is_paid, self.refunds = is_paid, []

    async def apply(self, by, edit):
        if not self.is_paid:
            raise InvalidRequestError([NOT_PAID_FOR])
        if self.refunds:
            raise InvalidRequestError([REFUNDED_ALREADY])
        self.refunds.append((by.user_id, by.key, edit.job_id, edit.reason))


def removal_of(store, clock=None, books=None, **settings):
    """The service over one database; the words are the facts."""
    return Removal(
        jobs=store,
        messages=store,
        guilds=InMemoryGuilds({HERE: GuildSettings(HERE, **settings)}),
        temporary=InMemoryPassing(store.temporary),
        policies=cast(PolicyStore, books or Books()),
        clock=clock or FakeClock(),
        words=RemovalWords(
            lambda one: f"log: {one.refund}, {one.decision.reason}",
            lambda one: f"member: {one.refund}, {one.decision.reason}",
        ),
    )


async def press(
    store, job, message=7, user=MEMBER, guild=HERE, *, is_moderator=False, trouble=None
):
    channel = Channel(store, job, trouble)
    await removal_of(store).remove(
        job.id,
        guild,
        MessageId(message),
        user,
        is_moderator=is_moderator,
        delete=channel.delete,
    )
    return channel.found


async def state_of(store, job):
    video = await store.find_delivery(job.id, DeliveryKind.VIDEO)
    return video.state


async def test_a_removal_is_noted_before_the_message_is_deleted():
    store = InMemoryJobStore()
    job = with_video(store)

    assert await press(store, job) == [DeliveryState.DELETED]


async def test_a_removal_whose_deletion_fails_counts_and_owes_it():
    store = InMemoryJobStore()
    job = with_video(store)
    assert await press(store, job, trouble=OSError("away")) == [DeliveryState.DELETED]

    [(owed, at)] = store.temporary.values()
    assert (owed.channel_id, owed.message_id) == (job.channel_id, 7)
    assert at <= NOW


async def test_a_removal_whose_deletion_failed_is_done_by_pressing_again():
    """The deletion is owed no more, and where it was never owed it is now."""
    store = InMemoryJobStore()
    job = with_video(store)
    await press(store, job, trouble=OSError("away"))
    assert await press(store, job) == [DeliveryState.DELETED]
    assert store.temporary == {}

    await press(store, job, trouble=OSError("away"))
    assert list(store.temporary) == [7]


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ({"guild": ELSEWHERE}, JobNotFoundError),
        ({"guild": ELSEWHERE, "is_moderator": True}, JobNotFoundError),
        ({"user": OTHER}, NotYourJobError),
        ({"message": 8}, JobNotFoundError),
        ({"message": 8, "is_moderator": True}, JobNotFoundError),
    ],
    ids=str,
)
async def test_nothing_else_is_noted_or_deleted(where, error):
    store = InMemoryJobStore()
    job, other = with_video(store), with_video(store, 8)

    with pytest.raises(error):
        await press(store, job, **where)

    assert await state_of(store, job) is DeliveryState.POSTED
    assert await state_of(store, other) is DeliveryState.POSTED


async def test_a_moderator_removes_what_is_not_theirs():
    store = InMemoryJobStore()

    assert await press(store, with_video(store), user=OTHER, is_moderator=True)


async def test_a_message_of_a_job_that_has_none_is_not_deleted():
    store = InMemoryJobStore()
    job = make_job()
    store.jobs[job.id] = job

    with pytest.raises(JobNotFoundError):
        await press(store, job)


class PostedMeanwhile(InMemoryJobStore):
    """Someone else notes the post after the row was read and before it is written."""

    times = 1

    async def find_delivery(self, job_id, kind):
        found = await super().find_delivery(job_id, kind)
        if found is not None and self.times:
            self.times -= 1
            await self.save_delivery(posted(found, MessageId(7)))
        return found


async def test_a_video_that_is_removed_while_its_post_is_noted_is_noted_as_deleted():
    store = PostedMeanwhile()
    job = with_video(store, None)

    await press(store, job)

    noted = await store.find_delivery(job.id, DeliveryKind.VIDEO)
    assert noted is not None
    assert (noted.state, noted.message_id) == (DeliveryState.DELETED, 7)


class Waiting(FakeClock):
    """Counts the looks at the row; the post is recorded after so many of them, or never."""

    def __init__(self, store, job, recorded_after=None):
        super().__init__()
        self.store, self.job, self.recorded_after = store, job, recorded_after
        self.waits = []

    async def sleep(self, seconds):
        self.waits.append(seconds)
        if len(self.waits) == self.recorded_after:
            video = await self.store.find_delivery(self.job.id, DeliveryKind.VIDEO)
            await self.store.save_delivery(posted(video, MessageId(7)))


async def press_elsewhere(store, job, clock):
    channel = Channel(store, job)
    await removal_of(store, clock).remove(
        job.id, HERE, None, MEMBER, is_moderator=False, delete=channel.delete
    )
    return channel.found


async def test_a_press_elsewhere_waits_for_the_record_of_the_post():
    store = InMemoryJobStore()
    job = with_video(store, None)

    found = await press_elsewhere(store, job, Waiting(store, job, recorded_after=3))

    assert found == [DeliveryState.DELETED]


async def test_a_press_elsewhere_does_not_wait_forever():
    store = InMemoryJobStore()
    job = with_video(store, None)
    clock = Waiting(store, job)

    with pytest.raises(JobNotFoundError):
        await press_elsewhere(store, job, clock)

    assert 1 < sum(clock.waits) < 3  # Discord's own patience, had the press not been acknowledged


async def test_a_message_whose_removal_cannot_be_noted_is_not_deleted():
    store = PostedMeanwhile()
    store.times = TRIES + 1  # it is looked at before, too
    job = with_video(store, None)

    with pytest.raises(LeaseLostError):
        await press(store, job)

    assert await state_of(store, job) is DeliveryState.POSTED


DECISION = Decision(OTHER, "rude", refunds=True, tells=True, key="interaction-1")
TOLD_ALL = {"log_channel_id": LOG}


async def decide(removal, job, channel, **changes):
    decision = replace(DECISION, **changes)
    return await removal.remove_as_moderator(job.id, HERE, MessageId(7), decision, channel.delete)


def with_card(store, job):
    card = posted(make_delivery(job), MessageId(6))
    store.deliveries[job.id, card.kind] = card


async def test_a_decision_refunds_records_tells_and_deletes():
    store, books = InMemoryJobStore(), Books()
    job = with_video(store)
    with_card(store, job)
    channel = Channel(store, job)

    outcome = await decide(removal_of(store, books=books, **TOLD_ALL), job, channel)

    assert (outcome.is_new, outcome.is_deleted) == (True, True)
    assert outcome.removed.refund is Refund.DONE
    assert books.refunds == [(OTHER, "interaction-1", job.id, "rude")]
    assert channel.found == [DeliveryState.DELETED]
    assert list(store.temporary) == [6]  # the card's; the video is gone
    told = {one.channel_id: (one.text, one.mentions) for one in store.notices.values()}
    assert told == {LOG: ("log: done, rude", None), TO_MEMBER: ("member: done, rude", MEMBER)}
    [noted] = store.noted
    assert (noted.by.user_id, noted.by.guild_id, noted.after) == (OTHER, HERE, "rude")
    assert noted.what == f"removed video {job.id} of <@{MEMBER}>"


async def test_a_card_goes_with_a_removed_video_even_where_cards_stay():
    store = InMemoryJobStore()
    job = with_video(store)
    with_card(store, job)

    await decide(removal_of(store, keeps_cards=True), job, Channel(store, job))

    assert list(store.temporary) == [6]


@pytest.mark.parametrize(
    ("settings", "tells", "told"),
    [
        ({}, False, set()),
        ({}, True, {TO_MEMBER}),
        ({"log_channel_id": LOG}, False, {LOG}),
        ({"log_channel_id": LOG, "log_level": LogLevel.EVERYTHING}, False, {LOG}),
        ({"log_channel_id": LOG, "log_level": LogLevel.TROUBLE}, False, set()),
        ({"log_channel_id": LOG, "log_level": LogLevel.OFF}, True, {TO_MEMBER}),
    ],
)
async def test_who_is_told_follows_from_the_level_and_the_decision(settings, tells, told):
    store = InMemoryJobStore()
    job = with_video(store)

    await decide(removal_of(store, **settings), job, Channel(store, job), tells=tells)

    assert {one.channel_id for one in store.notices.values()} == told


@pytest.mark.parametrize(
    ("books", "refunds", "expected"),
    [
        (Books(), False, Refund.NOT_ASKED),
        (Books(is_paid=False), True, Refund.NOTHING_PAID),
    ],
)
async def test_what_cannot_be_refunded_is_removed_all_the_same(books, refunds, expected):
    store = InMemoryJobStore()
    job = with_video(store)

    outcome = await decide(
        removal_of(store, books=books), job, Channel(store, job), refunds=refunds
    )

    assert (outcome.is_new, outcome.removed.refund) == (True, expected)
    assert books.refunds == []


@pytest.mark.parametrize("at_once", [False, True])
async def test_of_two_moderators_one_removes_and_both_are_told_what_is(at_once):
    store, books = InMemoryJobStore(), Books()
    job = with_video(store)
    removal, channel = removal_of(store, books=books, **TOLD_ALL), Channel(store, job)
    decisions = [
        decide(removal, job, channel, by=UserId(40 + number), key=f"interaction-{number}")
        for number in range(2)
    ]
    outcomes = await asyncio.gather(*decisions) if at_once else [await one for one in decisions]

    assert [one.is_new for one in outcomes] == [True, False]
    assert [one.removed.refund for one in outcomes] == [Refund.DONE, Refund.EARLIER]
    assert (len(books.refunds), len(store.notices), len(store.noted)) == (1, 2, 1)


async def test_while_discord_is_away_a_decision_counts_and_the_deletion_is_owed():
    store = InMemoryJobStore()
    job = with_video(store)

    outcome = await decide(removal_of(store), job, Channel(store, job, OSError("away")))

    assert (outcome.is_new, outcome.is_deleted) == (True, False)
    assert list(store.temporary) == [7]
    assert await state_of(store, job) is DeliveryState.DELETED


async def test_who_dies_anywhere_and_sends_it_again_removes_and_refunds_once():
    """Before and after each write, and while the message is deleted."""
    effects = ("apply", "save_delivery", "remove", "put", "delete")

    async def live(store, books, job, weather):
        dying = mortal(store, weather, effects)
        removal = removal_of(dying, books=mortal(books, weather, effects), **TOLD_ALL)
        removal._temporary = mortal(removal._temporary, weather, effects)
        await decide(removal, job, mortal(Channel(store, job), weather, effects))

    plain = Death()
    store = InMemoryJobStore()
    await live(store, Books(), with_video(store), plain)
    assert len(plain.events) == 8

    for at in range(1, len(plain.events) + 1):
        store, books = InMemoryJobStore(), Books()
        job = with_video(store)
        with pytest.raises(KilledError):
            await live(store, books, job, Death(at))
        before = await state_of(store, job)
        assert (before is DeliveryState.DELETED) is bool(store.noted)
        assert (7 in store.temporary) or before is DeliveryState.POSTED or at >= 8
        await live(store, books, job, Death())

        assert (len(books.refunds), len(store.notices), len(store.noted)) == (1, 2, 1)
        assert await state_of(store, job) is DeliveryState.DELETED
        assert store.temporary == {}


async def test_a_video_of_another_server_is_neither_refunded_nor_removed():
    store, books = InMemoryJobStore(), Books()
    job = with_video(store)
    removal = removal_of(store, books=books, **TOLD_ALL)

    for place in ((ELSEWHERE, MessageId(7)), (HERE, MessageId(8))):
        with pytest.raises(JobNotFoundError):
            await removal.remove_as_moderator(job.id, *place, DECISION, Channel(store, job).delete)

    assert (books.refunds, store.noted) == ([], [])
    assert await state_of(store, job) is DeliveryState.POSTED
