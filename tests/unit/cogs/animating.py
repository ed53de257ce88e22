"""A channel in which someone reacts to a picture, without Discord, for the tests of what becomes of it."""

from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.money.limits import LimitKind, LimitReachedError, Refusal
from cogs.animate import (
    TRIGGER,
)
from tests.factories import make_image
from tests.fakes.clock import FakeClock

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


def shown(number, name="a.png"):
    """A picture that is attached."""
    return SimpleNamespace(
        id=number,
        content_type="image/png",
        filename=name,
        url=f"https://cdn.example/{number}",
        size=1_000,
        flags=discord.flags.AttachmentFlags(),
        width=320,
        height=200,
    )


class Channel:
    """One message with a picture; `said` is what is answered to it."""

    def __init__(self):
        self.channel = self
        self.said: list[str] = []
        self.troubles: list[Exception] = []  # of the next times it is read
        self.in_the_meantime: Any = nothing
        self.reads = 0
        self.shown: list[Any] = []  # the buttons of each answer
        self.id = EVENT.message_id
        self.attachments = [shown(1)]
        self.embeds = self.stickers = self.message_snapshots = self.components = ()
        self.content, self.reference, self.webhook_id, self.guild = "", None, None, None
        self.author = SimpleNamespace(id=99, bot=False)

    async def fetch_message(self, message_id):
        self.reads += 1
        if self.troubles:
            await self.in_the_meantime()
            raise self.troubles.pop(0)
        return self

    def to_reference(self, **_how):
        return None

    async def send(self, text, *, view=None, **_how):
        self.said.append(text)
        self.shown.append([] if view is None else list(view.children))
        return SimpleNamespace(id=1000 + len(self.said), guild=None, channel=SimpleNamespace(id=20))


class Images:
    """Runs `in_the_meantime` while the first picture is on its way."""

    def __init__(self):
        self.fetched = 0
        self.in_the_meantime: Any = None

    async def fetch(self, address, *, name):
        self.fetched += 1
        if self.fetched == 1 and self.in_the_meantime is not None:
            await self.in_the_meantime()
        return make_image(key=f"{self.fetched}.png")


def away(status=503):
    return discord.DiscordServerError(cast(Any, SimpleNamespace(status=status, reason="")), "")


def states(stage):
    return [job.state for job in stage.world.store.jobs.values()]


def reaction(message_id, user_id=30):
    return SimpleNamespace(**vars(EVENT) | {"message_id": message_id, "user_id": user_id})


def refuse_all(stage):
    """This member may make nothing, as in a server without any allowance for them."""
    asked = []

    async def ensure_room(facts, place):
        asked.append(facts)
        raise LimitReachedError([Refusal(LimitKind.ALLOWANCE, 0, 0, 500_000)])

    stage.process.ordering._member_money.ensure_room = ensure_room
    return asked
