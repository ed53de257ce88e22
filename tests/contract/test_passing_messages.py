"""What every store of messages that are to be deleted again promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.guilds.notices import MAX_PUT_OFF, MAX_STANDS, TemporaryMessage
from bot.ids import ChannelId, GuildId, MessageId
from bot.storage.guilds import SqlTemporaryMessages
from tests.factories import NOW
from tests.fakes.budgets import InMemoryPassing

SOON, LATER = NOW + timedelta(seconds=60), NOW + timedelta(seconds=600)
FIRST = TemporaryMessage(GuildId(1 << 62), ChannelId(1 << 61), MessageId(1 << 60), SOON)
SECOND = TemporaryMessage(GuildId(2), ChannelId(3), MessageId(4), LATER)


@pytest.fixture
async def messages(kind, engine):
    store = InMemoryPassing() if kind == "memory" else SqlTemporaryMessages(engine)
    await store.put(SECOND)
    await store.put(FIRST)
    return store


async def test_a_message_is_listed_from_its_time_on_as_it_was_written_oldest_first(messages):
    assert await messages.list_due(SOON - timedelta(milliseconds=1), 10) == []
    assert await messages.list_due(SOON, 10) == [FIRST]
    assert await messages.list_due(LATER, 10) == [FIRST, SECOND]
    assert await messages.list_due(LATER, 1) == [FIRST]


async def test_what_several_processes_write_is_written_once_and_stays_as_it_was(messages):
    late = replace(FIRST, delete_at=LATER)
    await asyncio.gather(*(messages.put(late) for _ in range(5)))

    assert await messages.list_due(SOON, 10) == [FIRST]


async def test_one_that_is_put_off_keeps_the_others_and_its_first_instant(messages):
    await messages.put_off(FIRST, SOON + MAX_PUT_OFF)

    assert await messages.list_due(SOON, 10) == []
    tried = replace(FIRST, attempts=1)
    assert await messages.list_due(SOON + MAX_PUT_OFF, 10) == [tried]
    assert await messages.list_due(LATER, 10) == [tried, SECOND]


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(hours=1), timedelta(days=400)])
async def test_a_try_of_a_clock_that_was_ahead_is_not_waited_for(messages, ahead):
    """It set a time that no put-off reaches, though a first deletion may be that far off."""
    await messages.put_off(FIRST, SOON + ahead)

    assert [one.message_id for one in await messages.list_due(SOON, 10)] == [FIRST.message_id]


async def test_one_that_is_deleted_is_listed_no_more_and_the_others_are(messages):
    await messages.remove(FIRST)
    await messages.remove(FIRST)

    assert await messages.list_due(LATER, 10) == [SECOND]


async def test_an_instant_of_a_clock_that_was_ahead_holds_nothing_up(messages):
    before = SOON - MAX_STANDS - timedelta(hours=2)

    assert await messages.list_due(before, 10) == [FIRST, SECOND]
