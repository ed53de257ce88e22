"""However many reactions come, and no matter from whom, little is asked, read and said.

The kind of what a reaction may cost: reactions are free and endless, so that what they lead to is
few: messages, reads, downloads, work at once.
"""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.jobs.job import JobState
from bot.tasks import TaskOwner
from cogs.animate import (
    QUESTIONS_A_MINUTE,
    REACTIONS_AT_ONCE,
    REFUSALS_A_MINUTE,
)
from tests.factories import make_image
from tests.unit.cogs.animating import (
    reaction,
    refuse_all,
    shown,
    states,
)


async def test_sixty_reactions_of_a_member_who_may_make_nothing_get_one_answer_and_no_picture(
    stage,
):
    refuse_all(stage)
    for number in range(60):
        await stage.cog.on_raw_reaction_add(reaction(1000 + number))

    assert len(stage.channel.said) == 1
    assert stage.channel.said[0].startswith("<@30> ")
    assert stage.images.fetched == 0
    assert stage.channel.reads == 1  # the others are refused by what is known of the member


async def test_another_member_is_refused_in_their_own_words_and_again_after_a_minute(stage):
    refuse_all(stage)
    await stage.cog.on_raw_reaction_add(reaction(1, user_id=30))
    await stage.cog.on_raw_reaction_add(reaction(2, user_id=31))
    stage.cog._services.clock.advance(61)
    await stage.cog.on_raw_reaction_add(reaction(3, user_id=30))

    assert [said[:5] for said in stage.channel.said] == ["<@30>", "<@31>", "<@30>"]


async def test_many_members_who_may_make_nothing_do_not_fill_the_channel(stage):
    refuse_all(stage)
    for user_id in range(100, 160):
        await stage.cog.on_raw_reaction_add(reaction(1, user_id))
    assert len(stage.channel.said) == REFUSALS_A_MINUTE

    stage.cog._services.clock.advance(61)
    await stage.cog.on_raw_reaction_add(reaction(1, 999))
    assert len(stage.channel.said) == REFUSALS_A_MINUTE + 1
    assert "<@999>" in stage.channel.said[-1]


async def test_one_member_is_not_asked_about_every_picture_there_is(stage):
    stage.channel.attachments = [shown(1), shown(2)]
    for number in range(60):
        await stage.cog.on_raw_reaction_add(reaction(number))
    assert len(stage.channel.said) == QUESTIONS_A_MINUTE

    await stage.cog.on_raw_reaction_add(reaction(999, user_id=31))
    assert "<@31>" in stage.channel.said[-1]


async def test_who_may_again_is_not_ignored_for_having_been_refused(stage):
    ensure_room = stage.process.ordering._member_money.ensure_room
    refuse_all(stage)
    await stage.cog.on_raw_reaction_add(reaction(1))
    stage.process.ordering._member_money.ensure_room = ensure_room
    await stage.cog.on_raw_reaction_add(reaction(2))

    assert states(stage) == [JobState.QUEUED]


async def test_a_message_is_read_once_a_minute_however_often_it_is_reacted_to(stage):
    for user_id in range(300):
        await stage.cog.on_raw_reaction_add(reaction(40, user_id))
    assert stage.channel.reads == 1
    assert len(states(stage)) == 300

    stage.cog._services.clock.advance(61)
    await stage.cog.on_raw_reaction_add(reaction(40, 999))
    assert stage.channel.reads == 2


async def test_a_message_that_is_gone_is_read_once_a_minute_too(stage):
    gone = discord.NotFound(cast(Any, SimpleNamespace(status=404, reason="")), "")
    stage.channel.troubles = [gone] * 5
    for user_id in range(5):
        await stage.cog.on_raw_reaction_add(reaction(40, user_id))

    assert stage.channel.reads == 1


async def test_few_reactions_of_one_member_are_in_work_at_once(stage):
    gate, at_work, most = asyncio.Event(), set(), []

    async def fetch(address, *, name):
        at_work.add(address)
        most.append(len(at_work))
        await gate.wait()
        at_work.discard(address)
        return make_image(key=f"{len(most)}.png")

    stage.images.fetch = fetch
    tasks = TaskOwner()
    for number in range(10):
        stage.channel.attachments = [shown(number + 1)]
        _ = tasks.start(stage.cog.on_raw_reaction_add(reaction(number)), name=f"{number}")
        await turns()
    begun = len(most)
    gate.set()
    await tasks.close(grace_seconds=10)

    assert begun == REACTIONS_AT_ONCE
    assert len(states(stage)) == 10
    assert len(stage.cog._few_at_once) == 0


async def turns():
    for _ in range(50):
        await asyncio.sleep(0)  # noqa: TID251 - lets the others run; takes no time


async def test_where_the_video_could_not_be_posted_the_member_is_told_in_private_once(stage):
    me = SimpleNamespace()
    channel = FakeTextChannel(me)
    stage.client.get_channel = lambda _id: channel
    await stage.cog.on_raw_reaction_add(reaction(1))
    await stage.cog.on_raw_reaction_add(reaction(2))

    assert stage.channel.said == []
    assert stage.channel.reads == 0
    [said] = stage.direct.said
    assert said.startswith("<#20>: ")
    assert "Send Messages" in said


class FakeTextChannel(discord.TextChannel):
    """A channel in which the bot may do nothing."""

    def __init__(self, me):
        self.guild = cast(Any, SimpleNamespace(me=me))

    def permissions_for(self, _obj):
        return discord.Permissions.none()
