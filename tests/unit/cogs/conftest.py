"""The stage on which reactions are played."""

from types import SimpleNamespace
from typing import cast

import pytest

from bot.catalog.images import ImageStore
from bot.client import Client
from bot.delivery.temporary import DeletionSchedule
from bot.ordering.intake import Intake
from cogs.animate import (
    Animate,
)
from tests.factories import make_capability
from tests.fakes.budgets import InMemoryPassing
from tests.fakes.world import World
from tests.unit.cogs.animating import (
    Channel,
    Hurried,
    Images,
)


@pytest.fixture
def stage():
    """A cog on real services, with the world behind them and the channel in front."""
    world, channel, images = World(), Channel(), Images()
    world.catalog.replace([make_capability()])
    process = world.start()
    passing = DeletionSchedule(InMemoryPassing(), world.clock)
    services = SimpleNamespace(
        temporary=passing,
        intake=Intake(cast(ImageStore, images), process.ordering, process.services.consent),
        quotes=process.services.quotes,
        choosing=process.services.choosing,
        ordering=process.ordering,
        blocking=process.services.blocking,
        cancelling=process.services.cancelling,
        following=process.services.following,
        clock=Hurried(),
        alternatives=process.services.alternatives,
        member_money=process.services.member_money,
    )
    direct = Channel()

    async def create_dm(_user):
        return direct

    client = SimpleNamespace(
        services=services,
        get_channel=lambda _id: None,
        get_partial_messageable=lambda _id, guild_id: channel,
        create_dm=create_dm,
    )
    return SimpleNamespace(
        cog=Animate(cast(Client, client)),
        client=client,
        world=world,
        process=process,
        channel=channel,
        direct=direct,
        images=images,
    )
