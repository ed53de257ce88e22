"""What a server decides for itself, within reason."""

import pytest

from bot.domain.guilds import CONFIRM_ABOVE_MICROS, GuildSettings
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId
from bot.services.administering import Administering
from tests.fakes.budgets import InMemoryGuilds

HERE, THERE, CHANNEL = GuildId(1), GuildId(2), ChannelId(20)


@pytest.fixture
def guilds():
    return InMemoryGuilds()


@pytest.fixture
def administering(guilds):
    return Administering(guilds)


@pytest.mark.parametrize("micros", [0, 1, 1_000_000_000])
async def test_any_amount_up_to_a_thousand_dollars_is_taken(administering, micros):
    decided = await administering.confirm_above(HERE, micros)

    assert decided == GuildSettings(HERE, micros)
    assert await administering.settings(HERE) == decided


@pytest.mark.parametrize("micros", [-1, 1_000_000_001])
async def test_any_other_amount_is_refused_and_changes_nothing(administering, micros):
    with pytest.raises(InvalidRequestError, match=r"between \$0 and \$1000"):
        await administering.confirm_above(HERE, micros)

    assert await administering.settings(HERE) == GuildSettings(HERE, CONFIRM_ABOVE_MICROS)


async def test_one_decision_leaves_the_other_as_it_was(administering):
    await administering.log_to(HERE, CHANNEL)
    await administering.confirm_above(HERE, 7)
    assert await administering.settings(HERE) == GuildSettings(HERE, 7, CHANNEL)

    await administering.log_to(HERE, None)
    assert await administering.settings(HERE) == GuildSettings(HERE, 7, None)


async def test_what_one_server_decides_is_nobody_elses(administering):
    await administering.confirm_above(HERE, 7)

    assert await administering.settings(THERE) == GuildSettings(THERE)
