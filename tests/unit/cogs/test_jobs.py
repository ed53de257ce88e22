"""Cancel on a card, and the question that follows it: for its member and for moderators."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.catalog.request import Origin
from bot.client import Client
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import JobState
from bot.presentation.widgets import Action, parse, spell
from cogs.jobs import Jobs
from tests.factories import NOW, make_capability, make_request
from tests.fakes.world import OPEN_TO_ALL, World

MEMBER, OTHER = 30, 31


class Press:
    """A press; `said` is what its presser reads, and `buttons` are what stands below it."""

    guild_id, channel_id, message, client = 10, 20, None, OPEN_TO_ALL
    type = discord.InteractionType.component
    application_id, token, created_at = 1, "token", NOW

    def __init__(self, custom_id, user_id, *, moderates=False, is_adult=False, may_post=True):
        self.data = {"custom_id": custom_id}
        self.channel = SimpleNamespace(is_nsfw=lambda: is_adult)
        self.app_permissions = discord.Permissions.all() if may_post else discord.Permissions()
        self.user = SimpleNamespace(id=user_id, roles=())
        self.permissions = discord.Permissions(manage_messages=moderates)
        self.response = self
        self.said: list[str] = []
        self.buttons: list[str] = []
        self.deferred: list[dict[str, Any]] = []

    async def defer(self, **how):
        self.deferred.append(how)

    def is_done(self):
        return bool(self.deferred)

    async def edit_original_response(self, *, content, view=None):
        self.said.append(content)
        self.buttons = [] if view is None else [item.custom_id for item in view.children]


@pytest.fixture
def world():
    return World()


@pytest.fixture
def process(world):
    return world.start()


@pytest.fixture
def press(process):
    cog = Jobs(cast(Client, SimpleNamespace(services=process.services)))

    async def pressed(action, job, user_id=MEMBER, **how):
        found = Press(spell(action, job.id), user_id, **how)
        await cog.on_interaction(cast(discord.Interaction, found))
        return found

    return pressed


@pytest.mark.parametrize(("user_id", "moderates"), [(MEMBER, False), (OTHER, True)])
async def test_cancel_is_for_the_member_and_for_moderators(
    world, process, press, user_id, moderates
):
    job = await process.accept(key="one")

    found = await press(Action.CANCEL, job, user_id, moderates=moderates)

    assert (await world.store.get(job.id)).state is JobState.CANCELLED
    assert found.said == ["Cancelled. Nothing was charged."]
    assert found.deferred == [{"ephemeral": True, "thinking": True}]


@pytest.mark.parametrize("action", [Action.CANCEL, Action.STOP])
async def test_no_one_else_cancels_anything(world, process, press, action):
    job = await process.accept(key="one")

    found = await press(action, job, OTHER)

    assert (await world.store.get(job.id)).state is JobState.QUEUED
    [said] = found.said
    assert said.startswith("Only the member who requested this video, or a moderator")


async def test_what_is_paid_for_is_cancelled_when_the_presser_says_so_once_more(
    world, process, press
):
    job = await process.accept(key="one")
    await process.worker.run_once()

    asked = await press(Action.CANCEL, job, OTHER, moderates=True)
    before = await world.store.get(job.id)
    [custom_id] = asked.buttons
    pressed = parse(custom_id)
    assert pressed is not None
    answered = await press(pressed.action, job, OTHER, moderates=True)
    after = await world.store.get(job.id)

    assert asked.said[0].endswith("you'll pay $0.50 either way. Cancel anyway?")
    assert not before.cancel_requested
    assert pressed.action is Action.STOP
    assert after.cancel_requested
    assert answered.said[0].startswith("Cancelled. The video service had already started")
    assert answered.deferred == [{}]  # in the place of the question
    assert answered.buttons == []


async def offered(world, process):
    """The offer of a video for adults."""
    world.catalog.replace([make_capability(is_explicit=True)])
    place = Origin(GuildId(10), ChannelId(20), UserId(MEMBER))
    quote = await process.services.quotes.quote(make_request())
    return await process.ordering.offer(quote, place, IdempotencyKey("one"))


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"is_adult": False}, "makes videos for adults"),
        ({"is_adult": True, "may_post": False}, "I couldn't post the video here"),
    ],
)
async def test_a_channel_that_changed_since_the_offer_is_looked_at_again(
    world, process, press, channel, said
):
    offer = await offered(world, process)

    refused = await press(Action.CONFIRM, offer, **channel)

    assert said in refused.said[0]
    assert await world.store.list_active() == []

    await press(Action.CONFIRM, offer, is_adult=True)
    assert len(await world.store.list_active()) == 1
