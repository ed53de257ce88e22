"""Which of several pictures a reaction means is asked, with what each costs and all of them."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.catalog.pricing import dollars
from bot.catalog.request import Origin
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.job import JobState
from cogs.animate import (
    ANY_PICTURE,
)
from tests.factories import NOW
from tests.fakes.world import OPEN_TO_ALL
from tests.unit.cogs.animating import EVENT, shown, states


async def test_of_several_pictures_it_is_asked_which_one_with_the_total(stage):
    stage.channel.attachments = [
        shown(1, "fox.png"),
        shown(2, "SPOILER_den.png"),
        shown(3, "c.png"),
    ]

    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert stage.images.fetched == 0
    assert "3 pictures" in stage.channel.said[0]
    place = Origin(GuildId(10), ChannelId(20), UserId(30))
    request = await stage.cog._request(ANY_PICTURE, ANY_PICTURE.promised().promised, place)
    price = stage.process.services.quotes.priced(request)[2]
    labels = [button.label for button in stage.channel.shown[0]]
    assert labels == [
        "1 · fox.png",
        "2 · spoiler",
        "3 · c.png",
        f"All 3 for {dollars(3 * price.cost_micros)}",
    ]


class Press:
    """Someone presses a button; `said` is what they alone read."""

    type = discord.InteractionType.component
    guild_id, channel_id, channel, client = 10, 20, None, OPEN_TO_ALL
    app_permissions = discord.Permissions.all()
    permissions = discord.Permissions.none()

    def __init__(self, custom_id, user_id=30):
        self.data = {"custom_id": custom_id}
        self.user = SimpleNamespace(id=user_id)
        self.response = self.followup = self
        self.said: list[str] = []
        self.id = 5
        self.application_id, self.token, self.created_at = 5, "a-token", NOW

    def is_done(self):
        return True

    async def defer(self, **_how):
        pass

    async def edit_original_response(self, *, content, view=None, attachments=()):
        self.said.append(content)

    async def send(self, content, **_how):
        self.said.append(content)
        return SimpleNamespace(id=100 + len(self.said))


async def press(stage, number, user_id=30):
    pressed: Any = Press(stage.channel.shown[0][number].custom_id, user_id)
    await stage.cog.on_interaction(pressed)
    return pressed.said


@pytest.mark.parametrize(("number", "videos"), [(0, 1), (1, 1), (2, 2)])
async def test_what_is_chosen_is_made(stage, number, videos):
    stage.channel.attachments = [shown(1), shown(2)]
    await stage.cog.on_raw_reaction_add(EVENT)

    said = await press(stage, number)

    assert len(said) == videos
    assert all("Accepted" in one for one in said)
    jobs = list(stage.world.store.jobs.values())
    assert [job.source_message_id for job in jobs] == [EVENT.message_id] * videos


async def test_what_was_chosen_before_is_made_once(stage):
    stage.channel.attachments = [shown(1), shown(2)]
    await stage.cog.on_raw_reaction_add(EVENT)
    await press(stage, 0)

    said = await press(stage, 2)

    assert len(states(stage)) == 2
    assert "charged once" in said[0]


async def test_a_reaction_taken_back_while_the_choice_is_at_work_cancels_it(stage):
    """Its removal comes before there is a job that it could cancel."""
    stage.channel.attachments = [shown(1), shown(2)]
    await stage.cog.on_raw_reaction_add(EVENT)

    async def take_back():
        await stage.cog.on_raw_reaction_remove(EVENT)

    stage.images.in_the_meantime = take_back
    await press(stage, 2)

    assert states(stage) == [JobState.CANCELLED, JobState.CANCELLED]
    assert stage.cog._chosen_now == {}


async def test_no_one_else_may_choose(stage):
    stage.channel.attachments = [shown(1), shown(2)]
    await stage.cog.on_raw_reaction_add(EVENT)

    said = await press(stage, 0, user_id=31)

    assert states(stage) == []
    assert "Only the member" in said[0]


async def test_a_picture_that_is_gone_when_it_is_chosen_is_said_to_be(stage):
    stage.channel.attachments = [shown(1), shown(2)]
    await stage.cog.on_raw_reaction_add(EVENT)
    stage.channel.attachments = [shown(2)]
    stage.cog._services.clock.advance(61)

    said = await press(stage, 0)

    assert states(stage) == []
    assert "is gone" in said[0]
