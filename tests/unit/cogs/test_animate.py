"""🎬 on a picture, taken back, made again and again, and on messages with several pictures."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.catalog.pricing import dollars
from bot.errors import DatabaseBusyError, ImageRejectedError
from bot.guilds.settings import GuildSettings
from bot.ids import GuildId
from bot.jobs.job import JobState
from bot.money.limits import Allowance, Rules
from bot.money.windows import Window
from bot.tasks import TaskOwner
from tests.factories import make_image
from tests.fakes.messenger import all_stand
from tests.unit.cogs.animating import (
    EVENT,
    away,
    nothing,
    reaction,
    refuse_all,
    shown,
    states,
)


async def test_a_picture_becomes_a_video(stage):
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == [JobState.QUEUED]
    assert stage.channel.said == []


async def test_a_reaction_taken_back_while_its_picture_comes_makes_no_video(stage):
    async def take_back():
        await stage.cog.on_raw_reaction_remove(EVENT)

    stage.images.in_the_meantime = take_back
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert stage.images.fetched == 1
    assert stage.channel.said == []


async def test_a_reaction_made_again_outlives_the_one_that_was_taken_back(stage):
    """The kind: two tries at work at once, of which the first ends, in whatever way, in between."""
    tasks, fetching, ended = TaskOwner(), asyncio.Event(), asyncio.Event()
    again: list[asyncio.Task[None]] = []

    async def fetch(address, *, name):
        if not again:
            await stage.cog.on_raw_reaction_remove(EVENT)
            again.append(tasks.start(stage.cog.on_raw_reaction_add(EVENT), name="again"))
            await fetching.wait()
            raise ImageRejectedError(f"{name} could not be fetched.")
        fetching.set()
        await ended.wait()
        return make_image()

    stage.images.fetch = fetch
    await stage.cog.on_raw_reaction_add(EVENT)
    ended.set()
    await again[0]

    assert states(stage) == [JobState.QUEUED]
    assert stage.cog._wanted == {}


async def test_a_reaction_taken_back_while_its_video_is_accepted_calls_that_video_off(stage):
    accept = stage.world.store.accept

    async def take_back_and_accept(*args, **kwargs):
        await stage.cog.on_raw_reaction_remove(EVENT)
        return await accept(*args, **kwargs)

    stage.world.store.accept = take_back_and_accept
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == [JobState.CANCELLED]


@pytest.mark.parametrize("trouble", [away(), ConnectionResetError(), TimeoutError()])
async def test_a_message_that_cannot_be_read_for_a_moment_is_read_again(stage, trouble):
    stage.channel.troubles = [trouble, trouble]

    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == [JobState.QUEUED]


async def test_a_message_that_cannot_be_read_for_long_is_left_with_a_word_in_the_log(stage, caplog):
    stage.channel.troubles = [away() for _ in range(100)]

    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert len(stage.channel.troubles) > 90
    assert [row.msg for row in caplog.records] == ["reaction_lost"]


async def test_a_message_that_is_gone_is_not_asked_for_again(stage):
    gone = discord.NotFound(cast(Any, SimpleNamespace(status=404, reason="")), "")
    stage.channel.troubles = [gone, gone]

    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert stage.channel.troubles == [gone]


async def test_a_reaction_taken_back_while_its_message_cannot_be_read_makes_no_video(stage):
    async def take_back():
        await stage.cog.on_raw_reaction_remove(EVENT)

    stage.channel.troubles, stage.channel.in_the_meantime = [away()], take_back
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert stage.images.fetched == 0


# Taking it back


async def test_a_reaction_taken_back_after_the_hand_over_is_told_what_it_costs_once(stage):
    await stage.cog.on_raw_reaction_add(EVENT)
    await stage.process.worker.run_once()
    [job] = stage.world.store.jobs.values()
    assert job.state not in {JobState.QUEUED, JobState.CANCELLED}

    await stage.cog.on_raw_reaction_remove(EVENT)
    await stage.cog.on_raw_reaction_remove(EVENT)

    [said] = stage.channel.said
    assert "Too late" in said
    assert dollars(job.cost_micros) in said


async def test_a_reaction_taken_back_in_time_says_nothing(stage):
    await stage.cog.on_raw_reaction_add(EVENT)

    await stage.cog.on_raw_reaction_remove(EVENT)

    assert states(stage) == [JobState.CANCELLED]
    assert stage.channel.said == []


def break_database(stage, times, in_the_meantime=nothing):
    """The next times that anyone looks for open jobs."""
    list_active, left = stage.world.store.list_active, list(range(times))

    async def broken(**whose):
        if left:
            left.pop()
            await in_the_meantime()
            raise DatabaseBusyError("the database system is starting up")
        return await list_active(**whose)

    stage.world.store.list_active = broken


async def test_a_reaction_taken_back_while_the_database_is_away_counts_once_it_is_back(stage):
    await stage.cog.on_raw_reaction_add(EVENT)
    break_database(stage, times=5)

    await stage.cog.on_raw_reaction_remove(EVENT)

    assert states(stage) == [JobState.CANCELLED]


async def test_a_reaction_made_again_while_the_database_is_away_is_not_cancelled(stage):
    await stage.cog.on_raw_reaction_add(EVENT)

    async def make_again():
        await stage.cog.on_raw_reaction_add(EVENT)

    break_database(stage, times=1, in_the_meantime=make_again)
    await stage.cog.on_raw_reaction_remove(EVENT)

    assert states(stage) == [JobState.QUEUED]
    assert stage.cog._taken_back == {}


async def test_a_member_who_was_refused_hears_of_a_database_that_is_away(stage, monkeypatch):
    refuse_all(stage)
    await stage.cog.on_raw_reaction_add(EVENT)

    async def away_now(_place):
        raise DatabaseBusyError("the database system is starting up")

    monkeypatch.setattr(stage.cog._services.member_money, "allowed_models", away_now)
    monkeypatch.setattr(stage.cog._throttle, "allow", lambda _subject: True)
    await stage.cog.on_raw_reaction_add(EVENT)

    assert "can't save" in stage.channel.said[-1]


async def test_taking_it_back_leaves_others_and_other_messages_alone(stage):
    for message_id, user_id in ((40, 30), (40, 31), (41, 30)):
        await stage.cog.on_raw_reaction_add(reaction(message_id, user_id))

    await stage.cog.on_raw_reaction_remove(reaction(40, 30))

    ended = {
        (job.source_message_id, job.user_id)
        for job in stage.world.store.jobs.values()
        if job.state is JobState.CANCELLED
    }
    assert ended == {(40, 30)}
    assert len(states(stage)) == 3


async def test_a_hidden_picture_makes_a_hidden_video(stage):
    stage.channel.attachments = [shown(1, "SPOILER_den.png")]

    await stage.cog.on_raw_reaction_add(EVENT)

    [job] = stage.world.store.jobs.values()
    assert job.request.is_spoiler


async def test_a_price_is_offered_in_public_without_what_its_member_has_left(stage):
    place = await offered_to_a_limited_member(stage)

    [said] = stage.channel.said
    [[confirm]] = stage.channel.shown
    assert said.startswith("<@30> This video costs **$0.50** (Fake Model: 5 s, 720p).")
    assert "left" not in said
    assert "$3" not in said
    assert confirm.label == "Make it for $0.50"
    asked = await stage.process.ordering.confirm(
        confirm.custom_id.rpartition(":")[2], place, all_stand
    )
    assert asked.left_micros == 2_500_000  # which the presser alone is told


async def offered_to_a_limited_member(stage):
    """Who has $3.00, in a server where every price is to be agreed to."""
    stage.world.guilds.settings[GuildId(10)] = GuildSettings(GuildId(10), confirm_above_micros=0)
    stage.world.money_store.fields = {
        "rules": Rules(allowance=Allowance(3_000_000, Window.DAY)),
    }
    await stage.cog.on_raw_reaction_add(EVENT)
    assert states(stage) == []
    [offer] = stage.world.offers.offers.values()
    return offer.place
