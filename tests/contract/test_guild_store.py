"""What every store of servers' settings and of the words owed to them promises."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.threads import CardThread, ThreadTrouble
from bot.errors import LeaseLostError, StorageError
from bot.guilds.notices import (
    Notice,
    NoticeState,
    posting,
    renewed,
)
from bot.guilds.settings import (
    CONFIRM_ABOVE_MICROS,
    ButtonsFor,
    CardPlace,
    GuildSettings,
    LogLevel,
)
from bot.ids import ChannelId, GuildId, ModelId, UserId
from bot.storage.engines.databases import open_database
from bot.storage.guilds import (
    SqlCardThreads,
    SqlFavoriteStore,
    SqlGuildStore,
    SqlMemberStore,
    SqlNoticeStore,
)
from tests.contract.databases import on_databases
from tests.factories import NOW, new_notice_id
from tests.fakes.budgets import (
    InMemoryCardThreads,
    InMemoryFavorites,
    InMemoryGuilds,
    InMemoryMembers,
    InMemoryNotices,
)

LATER = NOW + timedelta(seconds=30)
CHANNEL = ChannelId(1 << 61)


@pytest.fixture
def guilds(kind, engine):
    return InMemoryGuilds() if kind == "memory" else SqlGuildStore(engine)


@pytest.fixture
def favorites(kind, engine):
    return InMemoryFavorites() if kind == "memory" else SqlFavoriteStore(engine)


@pytest.fixture
def members(kind, engine):
    return InMemoryMembers() if kind == "memory" else SqlMemberStore(engine)


@pytest.fixture
def threads(kind, engine, notices):
    return InMemoryCardThreads(notices) if kind == "memory" else SqlCardThreads(engine)


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


@pytest.mark.parametrize("buttons", ButtonsFor)
@pytest.mark.parametrize("has_recipe", [True, False])
async def test_who_presses_and_what_a_file_says_is_read_as_it_was_written(
    guilds, buttons, has_recipe
):
    for settings in (
        GuildSettings(GuildId(1), buttons=buttons, has_recipe=has_recipe),
        GuildSettings(GuildId(1), 5, CHANNEL, buttons=buttons, has_recipe=has_recipe),
        GuildSettings(GuildId(1)),
    ):
        await guilds.put(settings)
        assert await guilds.get(GuildId(1)) == settings


@pytest.mark.parametrize("text", [None, ModelId("maker/one")])
@pytest.mark.parametrize("picture", [None, ModelId("two")])
async def test_default_models_are_read_as_they_were_written(guilds, text, picture):
    settings = GuildSettings(GuildId(1), text_model_id=text, picture_model_id=picture)
    await guilds.put(settings)

    assert await guilds.get(GuildId(1)) == settings


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("cards", list(CardPlace))
async def test_where_cards_go_is_read_as_it_was_written(guilds, cards, keeps):
    settings = GuildSettings(GuildId(1), cards=cards, keeps_cards=keeps)
    await guilds.put(settings)

    assert await guilds.get(GuildId(1)) == settings


async def test_a_member_who_decided_nothing_has_recipes_and_the_latest_decision_holds(members):
    member, other = UserId(5), UserId(1 << 62)
    found = [await members.has_recipe(member)]
    for is_on in (False, False, True, False):
        await members.put_recipe(member, is_on=is_on)
        found.append(await members.has_recipe(member))

    assert found == [True, False, False, True, False]
    assert await members.has_recipe(other)


async def test_one_process_at_a_time_opens_the_thread_of_a_channel(threads):
    minute = timedelta(minutes=1)

    async def claim(now, channel=CHANNEL):
        return await threads.claim(GuildId(1), channel, now, now + minute)

    assert await threads.get(CHANNEL) == CardThread()
    assert await claim(NOW)
    assert not await claim(NOW + minute / 2)
    assert await claim(NOW, ChannelId(2))
    assert await claim(NOW + minute)
    await threads.put(CHANNEL, ChannelId(7))
    assert await claim(NOW + minute)
    assert await threads.get(CHANNEL) == CardThread(ChannelId(7))
    await threads.put(CHANNEL, None)
    assert await threads.get(CHANNEL) == CardThread()


async def test_a_claim_by_a_clock_that_was_ahead_is_over(threads):
    ahead = NOW + timedelta(days=1)
    await threads.claim(GuildId(1), CHANNEL, ahead, ahead + timedelta(minutes=1))

    assert await threads.claim(GuildId(1), CHANNEL, NOW, NOW + timedelta(minutes=1))


async def test_a_trouble_is_told_once_until_it_is_another_or_over(threads, notices):
    told = []
    kind, locked = ThreadTrouble.KIND, ThreadTrouble.CLOSED
    for trouble in (kind, kind, locked, locked, None, locked):
        before = len(await notices.list_owed(NOW, 9))
        notice = None if trouble is None else make_notice()
        await threads.note(GuildId(1), CHANNEL, trouble, notice)
        told.append(len(await notices.list_owed(NOW, 9)) - before)
        assert (await threads.get(CHANNEL)).trouble is trouble

    assert told == [1, 0, 1, 0, 0, 1]
    await threads.put(CHANNEL, ChannelId(7))
    assert await threads.get(CHANNEL) == CardThread(ChannelId(7), locked)


async def test_a_favorite_is_its_members_and_its_servers_alone(favorites):
    here, there, member, other = GuildId(1), GuildId(1 << 62), UserId(5), UserId(1 << 62)
    await favorites.put(here, member, ModelId("one"))
    await favorites.put(there, member, ModelId("maker/two"))
    await favorites.put(here, member, ModelId("three"))

    assert await favorites.get(here, member) == "three"
    assert await favorites.get(there, member) == "maker/two"
    assert await favorites.get(here, other) is None


async def test_a_favorite_can_be_removed_however_often(favorites):
    await favorites.put(GuildId(1), UserId(5), ModelId("one"))
    await favorites.put(GuildId(1), UserId(6), ModelId("two"))
    for _ in range(2):
        await favorites.put(GuildId(1), UserId(5), None)

    assert await favorites.get(GuildId(1), UserId(5)) is None
    assert await favorites.get(GuildId(1), UserId(6)) == "two"


async def test_a_favorite_is_no_empty_name(favorites):
    with pytest.raises(StorageError):
        await favorites.put(GuildId(1), UserId(5), ModelId(""))


async def test_a_later_decision_replaces_the_earlier(guilds):
    await guilds.put(GuildSettings(GuildId(1), 5, CHANNEL))
    await guilds.put(GuildSettings(GuildId(1), 6, None))

    assert await guilds.get(GuildId(1)) == GuildSettings(GuildId(1), 6, None)


async def test_servers_that_want_to_be_told_are_listed_in_order(guilds):
    for number, channel in ((3, ChannelId(33)), (1, ChannelId(11)), (2, None)):
        await guilds.put(GuildSettings(GuildId(number), log_channel_id=channel))
    off = GuildSettings(GuildId(4), log_channel_id=ChannelId(44), log_level=LogLevel.OFF)
    await guilds.put(off)

    assert await guilds.list_log_channels() == [(1, 11), (3, 33)]


async def test_a_price_below_nothing_is_refused(guilds):
    with pytest.raises(StorageError):
        await guilds.put(GuildSettings(GuildId(1), -1))

    assert await guilds.get(GuildId(1)) == GuildSettings(GuildId(1))


async def test_a_notice_is_owed_once_per_id_and_says_so(notices):
    notice = make_notice()

    assert await notices.owe(notice)
    assert not await notices.owe(replace(notice, text="another"))
    assert [one.text for one in await notices.list_owed(NOW, 9)] == [notice.text]


async def claimed(notices, notice):
    """The intent to post it, written down at NOW."""
    intent = posting(notice, NOW)
    assert await notices.claim(intent)
    return intent


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
async def test_no_one_posts_a_notice_that_came_to_an_end(notices, end):
    notice = make_notice()
    await notices.owe(notice)
    await notices.save(replace(notice, state=end))

    assert not await notices.claim(posting(notice, LATER))


async def test_no_one_posts_a_notice_that_was_never_owed(notices):
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
    postponed = replace(await claimed(notices, notice), next_attempt_at=LATER)
    await notices.save(postponed)

    assert await notices.list_owed(NOW, 10) == []
    assert await notices.list_owed(LATER, 10) == [postponed]


async def test_notices_are_listed_oldest_first_and_no_more_than_wanted(notices):
    made = [make_notice(owed_at=NOW - timedelta(seconds=seconds)) for seconds in (1, 3, 2)]
    for notice in made:
        await notices.owe(notice)

    assert await notices.list_owed(NOW, 2) == [made[1], made[2]]


async def test_what_became_of_a_notice_that_was_never_owed_is_not_written(notices):
    with pytest.raises(LeaseLostError):
        await notices.save(make_notice())

    assert await notices.list_owed(NOW, 10) == []


async def test_the_words_of_a_notice_stay_as_they_were_owed(notices):
    notice = make_notice()
    await notices.owe(notice)
    intent = replace(await claimed(notices, notice), next_attempt_at=NOW)
    await notices.save(replace(intent, text="other words"))

    assert await notices.list_owed(NOW, 10) == [intent]


async def test_anyone_who_was_overtaken_writes_nothing_and_no_one_elses_notice_moves(notices):
    notice, other = make_notice(guild_id=GuildId(1)), make_notice(guild_id=GuildId(2))
    await notices.owe(notice)
    await notices.owe(other)
    first = await claimed(notices, notice)
    second = posting(first, LATER)
    assert await notices.claim(second)

    with pytest.raises(LeaseLostError):
        await notices.save(replace(first, state=NoticeState.POSTED))

    assert await notices.list_owed(NOW, 10) == [other]
    listed = await notices.list_owed(second.next_attempt_at, 10)
    assert sorted(listed, key=lambda one: one.guild_id) == [second, other]


async def test_a_lease_on_a_notice_is_renewed_by_its_holder_alone(notices):
    notice = make_notice()
    await notices.owe(notice)
    first = await claimed(notices, notice)

    await notices.save(renewed(first, LATER))
    assert await notices.list_owed(first.next_attempt_at, 10) == []

    assert await notices.claim(posting(first, LATER))
    with pytest.raises(LeaseLostError):
        await notices.save(renewed(first, LATER))


@on_databases
async def test_settings_and_notices_are_there_after_reopening(address):
    settings, notice = GuildSettings(GuildId(1), 5, CHANNEL), make_notice()
    async with open_database(address) as first:
        await SqlGuildStore(first).put(settings)
        await SqlNoticeStore(first).owe(notice)
    async with open_database(address) as second:
        assert await SqlGuildStore(second).get(GuildId(1)) == settings
        assert await SqlNoticeStore(second).list_owed(NOW, 10) == [notice]
