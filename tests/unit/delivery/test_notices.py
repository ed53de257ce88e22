"""A word that is owed to a log channel is posted there once, or given up after a day."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.delivery.notices import (
    FEWEST_ATTEMPTS,
    GIVEN_UP_AFTER,
    MAX_AT_ONCE,
    NoticeSender,
)
from bot.errors import DeliveryUnavailableError, MessageRefusedError
from bot.guilds.notices import Notice, NoticeState
from bot.ids import ChannelId, GuildId
from bot.retries import POSTING_LEASE
from tests.factories import NOW, new_notice_id
from tests.fakes.budgets import InMemoryNotices
from tests.fakes.weather import KilledError, Script, mortal

CHANNEL = ChannelId(20)


async def owe(world, **fields):
    now = world.clock.now()
    notice = replace(Notice(new_notice_id(), GuildId(10), CHANNEL, "a word", now, now), **fields)
    await world.notices.owe(notice)
    return notice


def state_of(world, notice):
    return world.notices.notices[notice.id].state


async def test_a_word_that_is_owed_is_posted_once(world):
    process = world.start()
    notice = await owe(world)
    for _ in range(3):
        await process.loops.notices.run_once()

    assert world.messenger.told == [(notice.nonce, "a word")]
    assert state_of(world, notice) is NoticeState.POSTED


async def test_while_discord_is_away_it_is_tried_again_later_and_later(world):
    away: list[BaseException | None] = [DeliveryUnavailableError() for _ in range(3)]
    process = world.start(weather=Script(notice=away))
    notice = await owe(world)
    waits = []
    while state_of(world, notice) is NoticeState.OWED:
        await process.loops.notices.run_once()
        due = world.notices.notices[notice.id].next_attempt_at
        waits.append((due - world.clock.now()).total_seconds())
        world.clock.advance(max(waits[-1], 0))

    assert waits[:3] == [2, 4, 8]
    assert world.messenger.told == [(notice.nonce, "a word")]


async def test_what_is_not_due_is_not_tried(world):
    process = world.start()
    await owe(world, next_attempt_at=NOW + timedelta(seconds=1))
    await process.loops.notices.run_once()

    assert world.messenger.told == []


async def test_after_a_day_without_discord_a_word_is_old_news(world):
    away: list[BaseException | None] = [DeliveryUnavailableError() for _ in range(50)]
    process = world.start(weather=Script(notice=away))
    notice = await owe(world)
    for _ in range(FEWEST_ATTEMPTS):
        await process.loops.notices.run_once()
        world.clock.advance(61)
    world.clock.advance((NOW + GIVEN_UP_AFTER - world.clock.now()).total_seconds() - 0.001)
    await process.loops.notices.run_once()
    assert state_of(world, notice) is NoticeState.OWED

    world.clock.advance(61)
    await process.loops.notices.run_once()
    assert state_of(world, notice) is NoticeState.UNDELIVERABLE


async def test_a_clock_that_jumps_ahead_makes_no_word_old_news(world):
    away: list[BaseException | None] = [DeliveryUnavailableError() for _ in range(3)]
    process = world.start(weather=Script(notice=away))
    notice = await owe(world)
    world.clock.advance(400 * 86_400)
    for _ in range(4):
        await process.loops.notices.run_once()
        world.clock.advance(61)

    assert state_of(world, notice) is NoticeState.POSTED


async def test_a_channel_that_is_gone_is_not_tried_again_and_holds_no_other_up(world):
    process = world.start()
    world.messenger.gone_channels.add(CHANNEL)
    gone, other = await owe(world), await owe(world, channel_id=ChannelId(21))
    await process.loops.notices.run_once()

    assert state_of(world, gone) is NoticeState.UNDELIVERABLE
    assert world.messenger.told == [(other.nonce, "a word")]


async def test_many_words_are_posted_oldest_first_some_at_a_time(world):
    process = world.start()
    notices = []
    for _ in range(MAX_AT_ONCE + 1):
        notices.append(await owe(world))
        world.clock.advance(1)
    await process.loops.notices.run_once()
    assert len(world.messenger.notices) == MAX_AT_ONCE

    await process.loops.notices.run_once()
    assert world.messenger.told == [(notice.nonce, "a word") for notice in notices]


@pytest.mark.parametrize("minutes", [0, 2, 10, 23 * 60])
async def test_a_program_that_died_between_posting_and_noting_posts_no_second_message(
    world, minutes
):
    dying = mortal(world.notices, Script(save=[KilledError()]), ["save"])
    notice = await owe(world)
    with pytest.raises(KilledError):
        await NoticeSender(dying, world.messenger, world.clock).run_once()
    assert state_of(world, notice) is NoticeState.OWED

    world.clock.advance(minutes * 60)
    await world.start().loops.notices.run_once()
    world.clock.advance(POSTING_LEASE.total_seconds())
    await world.start().loops.notices.run_once()

    assert world.messenger.told == [(notice.nonce, "a word")]
    assert state_of(world, notice) is NoticeState.POSTED


async def test_a_program_that_died_before_posting_posts_later(world):
    notice = await owe(world)
    with pytest.raises(KilledError):
        await world.start(weather=Script(notice=[KilledError()])).loops.notices.run_once()

    world.clock.advance(600)
    await world.start().loops.notices.run_once()

    assert world.messenger.told == [(notice.nonce, "a word")]
    assert state_of(world, notice) is NoticeState.POSTED


async def test_an_answer_that_was_lost_makes_no_second_message_however_long_discord_is_away(world):
    lost: list[BaseException | None] = [DeliveryUnavailableError()]
    away: list[BaseException | None] = [DeliveryUnavailableError() for _ in range(9)]
    weather = Script(notice__answered=lost, notice=[None, *away], find__notice=away)
    process = world.start(weather=weather)
    notice = await owe(world)
    while state_of(world, notice) is NoticeState.OWED:
        await process.loops.notices.run_once()
        world.clock.advance(60)

    assert world.messenger.told == [(notice.nonce, "a word")]
    assert state_of(world, notice) is NoticeState.POSTED


async def test_of_two_programs_that_read_the_same_word_one_posts_it(world):
    class Slow(InMemoryNotices):
        """Its list is read long before anything is done with it."""

        async def list_owed(self, now: datetime, most: int) -> list[Notice]:
            read = await super().list_owed(now, most)
            await world.start().loops.notices.run_once()
            world.clock.advance(600)
            return read

    notice = await owe(world)
    await NoticeSender(Slow(world.notices.notices), world.messenger, world.clock).run_once()

    assert world.messenger.told == [(notice.nonce, "a word")]
    assert state_of(world, notice) is NoticeState.POSTED


async def test_a_permission_that_is_lost_for_an_hour_costs_no_notice(world):
    process, other = world.start(), await owe(world, channel_id=ChannelId(21), guild_id=GuildId(11))
    world.messenger.blocked_channels.add(CHANNEL)
    notice = await owe(world)
    for _ in range(60):
        await process.loops.notices.run_once()
        world.clock.advance(60)
    assert world.messenger.told == [(other.nonce, "a word")]
    assert world.notices.notices[notice.id].attempts < 40

    world.messenger.blocked_channels.clear()
    world.clock.advance(120)
    await process.loops.notices.run_once()

    assert state_of(world, notice) is NoticeState.POSTED
    assert world.messenger.told == [(other.nonce, "a word"), (notice.nonce, "a word")]


async def test_words_that_discord_refuses_are_not_repeated(world):
    refusals: list[BaseException | None] = [MessageRefusedError()]
    process = world.start(weather=Script(notice=refusals))
    notice = await owe(world)
    await process.loops.notices.run_once()
    world.clock.advance(600)
    await process.loops.notices.run_once()

    assert state_of(world, notice) is NoticeState.UNDELIVERABLE
    assert world.messenger.told == []
