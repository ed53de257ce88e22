"""A 🎬 that is taken back while its picture is still being fetched costs nothing."""

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.client import Client
from bot.domain.jobs import JobState
from cogs.animate import TRIGGER, Animate
from tests.factories import make_capability, make_image
from tests.fakes.clock import FakeClock
from tests.fakes.world import World

EVENT: Any = SimpleNamespace(
    guild_id=10,
    channel_id=20,
    message_id=40,
    user_id=30,
    member=None,
    emoji=discord.PartialEmoji(name=TRIGGER),
)


async def nothing():
    pass


class Hurried(FakeClock):
    """A clock on which waiting takes no time."""

    async def sleep(self, seconds):
        self.advance(seconds)


class Channel:
    """One message with two pictures; `said` is what is answered to it."""

    def __init__(self):
        self.channel = self
        self.said: list[str] = []
        self.troubles: list[Exception] = []  # of the next times it is read
        self.meanwhile: Any = nothing
        self.attachments = [
            SimpleNamespace(
                id=number, content_type="image/png", filename="a.png", url="", size=1_000
            )
            for number in (1, 2)
        ]
        self.embeds = self.stickers = self.message_snapshots = ()

    async def fetch_message(self, message_id):
        if self.troubles:
            await self.meanwhile()
            raise self.troubles.pop(0)
        return self

    def to_reference(self, **_how):
        return None

    async def send(self, text, **_how):
        self.said.append(text)


class Images:
    """Runs `meanwhile` while the first picture is on its way."""

    def __init__(self):
        self.fetched = 0
        self.meanwhile: Any = None

    async def fetch(self, address, *, name):
        self.fetched += 1
        if self.fetched == 1 and self.meanwhile is not None:
            await self.meanwhile()
        return make_image(key=f"{self.fetched}.png")


@pytest.fixture
def stage():
    """A cog on real services, with the world behind them and the channel in front."""
    world, channel, images = World(), Channel(), Images()
    world.catalogue.replace([make_capability()])
    process = world.start()
    services = SimpleNamespace(
        images=images,
        quoting=process.quoting,
        offering=process.offering,
        cancelling=process.cancelling,
        clock=Hurried(),
        substituting=process.substituting,
    )
    client = SimpleNamespace(
        services=services,
        get_channel=lambda _id: None,
        get_partial_messageable=lambda _id, guild_id: channel,
    )
    return SimpleNamespace(
        cog=Animate(cast(Client, client)), world=world, channel=channel, images=images
    )


def away(status=503):
    return discord.DiscordServerError(cast(Any, SimpleNamespace(status=status, reason="")), "")


def states(stage):
    return [job.state for job in stage.world.store.jobs.values()]


async def test_each_picture_becomes_a_film(stage):
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == [JobState.ACCEPTED, JobState.ACCEPTED]


async def test_a_reaction_taken_back_while_its_picture_comes_makes_no_film(stage):
    async def take_back():
        await stage.cog.on_raw_reaction_remove(EVENT)

    stage.images.meanwhile = take_back
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert stage.images.fetched == 1
    assert stage.channel.said == []


async def test_a_reaction_taken_back_while_its_film_is_accepted_calls_that_film_off(stage):
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

    assert states(stage) == [JobState.ACCEPTED, JobState.ACCEPTED]


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


async def test_a_reaction_taken_back_while_its_message_cannot_be_read_makes_no_film(stage):
    async def take_back():
        await stage.cog.on_raw_reaction_remove(EVENT)

    stage.channel.troubles, stage.channel.meanwhile = [away()], take_back
    await stage.cog.on_raw_reaction_add(EVENT)

    assert states(stage) == []
    assert stage.images.fetched == 0
