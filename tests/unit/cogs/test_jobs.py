"""The buttons: what a press was for is said, also where its message is gone already."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.client import Services
from bot.domain.offers import Place
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.presentation import custom_ids, replies
from bot.presentation.custom_ids import Action
from cogs.jobs import Jobs
from tests.factories import make_capability, make_request
from tests.fakes.world import World

PLACE = Place(GuildId(10), ChannelId(20), UserId(30))


class Gone:
    """A message in a channel that somebody deleted a moment ago."""

    flags = SimpleNamespace(ephemeral=False)

    async def delete(self):
        answer: Any = SimpleNamespace(status=404, reason="Not Found")
        raise discord.NotFound(answer, {"code": 10008, "message": "Unknown Message"})


class Press:
    """A press on that message's button; `said` is what its member reads."""

    type = discord.InteractionType.component
    guild_id, channel_id = PLACE.guild_id, PLACE.channel_id
    channel = None

    def __init__(self, custom_id):
        self.data = {"custom_id": custom_id}
        self.user = SimpleNamespace(id=PLACE.user_id)
        self.permissions = discord.Permissions.none()
        self.message = Gone()
        self.response = self
        self.said: list[str] = []

    def is_done(self):
        return True

    async def defer(self, **_how):
        pass

    async def edit_original_response(self, *, content, view=None):
        self.said.append(content)


@pytest.fixture
def world():
    world = World()
    world.catalogue.replace([make_capability()])
    return world


async def test_a_film_that_was_agreed_to_is_said_to_come_though_its_offer_is_gone(world):
    process = world.start()
    quote = await process.quoting.quote(make_request())
    offer = await process.offering.offer(quote, PLACE, IdempotencyKey("one"))
    press = Press(custom_ids.spell(Action.CONFIRM, offer.id))

    cog = Jobs(cast(Services, SimpleNamespace(offering=process.offering)))
    await cog.on_interaction(cast(discord.Interaction, press))

    assert len(await world.store.list_active()) == 1
    assert len(press.said) == 1
    assert "reference" not in press.said[0]


async def test_a_film_that_is_deleted_already_is_said_to_be_deleted(world):
    process = world.start()
    job = await process.accept(key="one")
    press = Press(custom_ids.spell(Action.DELETE, job.id))

    cog = Jobs(cast(Services, SimpleNamespace(jobs=world.store)))
    await cog.on_interaction(cast(discord.Interaction, press))

    assert press.said == [replies.FILM_DELETED]
