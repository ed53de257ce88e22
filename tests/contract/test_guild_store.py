"""What every store of servers' settings and of the words owed to them promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.guilds import CONFIRM_ABOVE_MICROS, GuildSettings
from bot.domain.notices import Notice, NoticeState, posting
from bot.errors import StorageError
from bot.ids import ChannelId, GuildId
from bot.storage.databases import open_database
from bot.storage.guilds import SqlGuildStore, SqlNoticeStore
from tests.contract.databases import on_databases
from tests.factories import NOW, new_notice_id
from tests.fakes.budgets import InMemoryGuilds, InMemoryNotices

LATER = NOW + timedelta(seconds=30)
CHANNEL = ChannelId(1 << 61)


@pytest.fixture
def guilds(kind, engine):
    return InMemoryGuilds() if kind == "memory" else SqlGuildStore(engine)


@pytest.fixture
def notices(kind, engine):
    return InMemoryNotices() if kind == "memory" else SqlNoticeStore(engine)


def make_notice(**fields):
    notice = Notice(new_notice_id(), GuildId(10), ChannelId(20), "⚠️ a word", NOW, NOW)
    return replace(notice, **fields)


async def test_a_server_that_decided_nothing_has_the_usual_settings(guilds):
    assert await guilds.get(GuildId(1)) == GuildSettings(GuildId(1), CONFIRM_ABOVE_MICROS, None)


@pytest.mark.parametrize("channel", [None, CHANNEL])
@pytest.mark.parametrize("micros", [0, 1_000_000_000])
async def test_what_a_server_decided_is_read_as_it_was_written(guilds, micros, channel):
    settings = GuildSettings(GuildId(1 << 62), micros, channel)
    await guilds.put(settings)

    assert await guilds.get(settings.guild_id) == settings
    assert await guilds.get(GuildId(2)) == GuildSettings(GuildId(2))


async def test_a_later_decision_replaces_the_earlier(guilds):
    await guilds.put(GuildSettings(GuildId(1), 5, CHANNEL))
    await guilds.put(GuildSettings(GuildId(1), 6, None))

    assert await guilds.get(GuildId(1)) == GuildSettings(GuildId(1), 6, None)


async def test_servers_that_want_to_be_told_are_listed_in_order(guilds):
    for number, channel in ((3, ChannelId(33)), (1, ChannelId(11)), (2, None)):
        await guilds.put(GuildSettings(GuildId(number), log_channel_id=channel))

    assert await guilds.list_log_channels() == [(1, 11), (3, 33)]


async def test_a_price_below_nothing_is_refused(guilds):
    with pytest.raises(StorageError):
        await guilds.put(GuildSettings(GuildId(1), -1))

    assert await guilds.get(GuildId(1)) == GuildSettings(GuildId(1))


async def test_a_notice_is_read_as_it_was_owed(notices):
    notice = make_notice(guild_id=GuildId(1 << 62), channel_id=CHANNEL, attempts=3)
    await notices.owe(notice)

    assert await notices.list_owed(NOW, 10) == [notice]


async def test_a_notice_is_owed_once_however_often_it_is_written(notices):
    notice = make_notice()
    await asyncio.gather(*(notices.owe(notice) for _ in range(20)))
    await notices.save(replace(notice, state=NoticeState.POSTED))
    await notices.owe(notice)

    assert await notices.list_owed(NOW, 10) == []


async def test_an_intent_to_post_is_read_as_it_was_written(notices):
    notice = make_notice()
    await notices.owe(notice)
    intent = posting(notice, LATER)

    assert await notices.claim(intent)
    assert await notices.list_owed(intent.next_attempt_at, 10) == [intent]
    assert await notices.list_owed(LATER, 10) == []


async def test_of_many_who_would_post_a_notice_one_does(notices):
    notice = make_notice()
    await notices.owe(notice)
    claims = [notices.claim(posting(notice, LATER)) for _ in range(20)]

    assert sorted(await asyncio.gather(*claims)) == [False] * 19 + [True]


async def test_a_notice_that_was_postponed_may_be_posted_again_and_keeps_its_first_instant(notices):
    notice = make_notice()
    await notices.owe(notice)
    first = posting(notice, NOW)
    assert await notices.claim(first)
    await notices.save(replace(first, next_attempt_at=LATER))
    [read] = await notices.list_owed(LATER, 10)
    again = posting(read, LATER)

    assert await notices.claim(again)
    assert (again.posting_at, again.attempts) == (NOW, 2)


@pytest.mark.parametrize("end", [NoticeState.POSTED, NoticeState.UNDELIVERABLE])
async def test_nobody_posts_a_notice_that_came_to_an_end(notices, end):
    notice = make_notice()
    await notices.owe(notice)
    await notices.save(replace(notice, state=end))

    assert not await notices.claim(posting(notice, LATER))


async def test_nobody_posts_a_notice_that_was_never_owed(notices):
    assert not await notices.claim(posting(make_notice(), LATER))


@pytest.mark.parametrize("end", [NoticeState.POSTED, NoticeState.UNDELIVERABLE])
async def test_a_notice_that_came_to_an_end_is_owed_no_more(notices, end):
    notice = make_notice()
    await notices.owe(notice)
    await notices.save(replace(notice, state=end))

    assert await notices.list_owed(LATER, 10) == []


async def test_a_postponed_notice_is_not_due_before_its_time(notices):
    notice = make_notice()
    await notices.owe(notice)
    postponed = replace(notice, next_attempt_at=LATER, attempts=1)
    await notices.save(postponed)

    assert await notices.list_owed(NOW, 10) == []
    assert await notices.list_owed(LATER, 10) == [postponed]


async def test_notices_are_listed_oldest_first_and_no_more_than_wanted(notices):
    made = [make_notice(owed_at=NOW - timedelta(seconds=seconds)) for seconds in (1, 3, 2)]
    for notice in made:
        await notices.owe(notice)

    assert await notices.list_owed(NOW, 2) == [made[1], made[2]]


async def test_what_became_of_a_notice_that_was_never_owed_is_not_written(notices):
    await notices.save(make_notice())

    assert await notices.list_owed(NOW, 10) == []


async def test_the_words_of_a_notice_stay_as_they_were_owed(notices):
    notice = make_notice()
    await notices.owe(notice)
    await notices.save(replace(notice, text="other words", attempts=1))

    assert await notices.list_owed(NOW, 10) == [replace(notice, attempts=1)]


@on_databases
async def test_settings_and_notices_are_there_after_reopening(address):
    settings, notice = GuildSettings(GuildId(1), 5, CHANNEL), make_notice()
    async with open_database(address) as first:
        await SqlGuildStore(first).put(settings)
        await SqlNoticeStore(first).owe(notice)
    async with open_database(address) as second:
        assert await SqlGuildStore(second).get(GuildId(1)) == settings
        assert await SqlNoticeStore(second).list_owed(NOW, 10) == [notice]
