"""What a server decides for itself, within reason."""

import itertools

import pytest

from bot.errors import InvalidRequestError
from bot.guilds.settings import (
    CONFIRM_ABOVE_MICROS,
    ButtonsFor,
    CardPlace,
    GuildAdmin,
    GuildSettings,
    LogLevel,
)
from bot.ids import ChannelId, EditId, GuildId, UserId
from tests.fakes.budgets import InMemoryGuilds
from tests.fakes.clock import FakeClock

HERE, THERE, CHANNEL, ADMIN = GuildId(1), GuildId(2), ChannelId(20), UserId(5)


@pytest.fixture
def guilds():
    return InMemoryGuilds()


@pytest.fixture
def guild_admin(guilds):
    numbers = itertools.count()
    return GuildAdmin(guilds, FakeClock(), lambda: EditId(f"edit-{next(numbers)}"))


@pytest.mark.parametrize("micros", [0, 1, 1_000_000_000])
async def test_any_amount_up_to_a_thousand_dollars_is_taken(guild_admin, micros):
    decided = await guild_admin.confirm_above(HERE, ADMIN, micros)

    assert decided == GuildSettings(HERE, micros)
    assert await guild_admin.settings(HERE) == decided


@pytest.mark.parametrize("micros", [-1, 1_000_000_001])
async def test_any_other_amount_is_refused_and_changes_nothing(guild_admin, micros):
    with pytest.raises(InvalidRequestError, match=r"between \$0 and \$1,000"):
        await guild_admin.confirm_above(HERE, ADMIN, micros)

    assert await guild_admin.settings(HERE) == GuildSettings(HERE, CONFIRM_ABOVE_MICROS)


async def test_one_decision_leaves_the_other_as_it_was(guild_admin):
    await guild_admin.log_to(HERE, ADMIN, CHANNEL)
    await guild_admin.confirm_above(HERE, ADMIN, 7)
    assert await guild_admin.settings(HERE) == GuildSettings(HERE, 7, CHANNEL)

    await guild_admin.log_to(HERE, ADMIN, None)
    assert await guild_admin.settings(HERE) == GuildSettings(HERE, 7, None)


async def test_a_log_has_a_channel_and_a_level_each_set_alone_or_both_at_once(guild_admin, guilds):
    steps = [
        ((CHANNEL, None), (CHANNEL, LogLevel.MODERATION)),
        ((None, LogLevel.OFF), (CHANNEL, LogLevel.OFF)),
        ((ChannelId(21), LogLevel.EVERYTHING), (ChannelId(21), LogLevel.EVERYTHING)),
        ((CHANNEL, None), (CHANNEL, LogLevel.EVERYTHING)),
        ((None, None), (None, LogLevel.EVERYTHING)),
        ((None, LogLevel.TROUBLE), (None, LogLevel.TROUBLE)),
    ]
    for given, expected in steps:
        after = await guild_admin.log_to(HERE, ADMIN, *given)
        assert (after.log_channel_id, after.log_level) == expected

    noted = [one.what for one in guilds.noted]
    assert noted[1] == f"log channel <#{CHANNEL}>, off"
    assert noted[-1] == "log channel off, trouble"


@pytest.mark.parametrize("level", LogLevel)
def test_each_level_includes_those_before_it(level):
    settings = GuildSettings(HERE, log_channel_id=CHANNEL, log_level=level)
    told = [one for one in LogLevel if settings.log_channel_for(one) == CHANNEL]

    assert told == list(LogLevel)[: len(told)]
    assert told[-1] is level


async def test_what_one_server_decides_is_no_one_elses(guild_admin):
    await guild_admin.confirm_above(HERE, ADMIN, 7)

    assert await guild_admin.settings(THERE) == GuildSettings(THERE)


async def test_every_change_is_noted_with_who_made_it_and_what_it_was(guild_admin, guilds):
    await guild_admin.confirm_above(HERE, ADMIN, 1_000_000)
    await guild_admin.confirm_above(HERE, ADMIN, 1_000_000)  # it is already set that way
    await guild_admin.log_to(THERE, ADMIN, CHANNEL)
    await guild_admin.log_to(THERE, ADMIN, None)

    assert [(one.by.guild_id, one.what, one.before, one.after) for one in guilds.noted] == [
        (HERE, "confirm above", "$0.50", "$1.00"),
        (THERE, "log channel <#20>, moderation", "", ""),
        (THERE, "log channel off, moderation", "", ""),
    ]
    assert {one.by.user_id for one in guilds.noted} == {ADMIN}
    assert len({one.by.key for one in guilds.noted}) == 3


async def test_who_may_press_is_decided_and_noted(guild_admin, guilds):
    decided = await guild_admin.let_press(HERE, ADMIN, ButtonsFor.MAKER)
    await guild_admin.let_press(HERE, ADMIN, ButtonsFor.MAKER)

    assert decided == GuildSettings(HERE, buttons=ButtonsFor.MAKER)
    assert await guild_admin.settings(HERE) == decided
    after = await guild_admin.write_recipes(HERE, ADMIN, is_on=False)
    assert (after.buttons, after.has_recipe) == (ButtonsFor.MAKER, False)
    assert [one.what for one in guilds.noted] == ["buttons", "recipe off"]


async def test_a_change_of_the_cards_is_noted_with_what_was_before(guild_admin, guilds):
    decided = await guild_admin.show_cards(HERE, ADMIN, CardPlace.OFF, keep=True)
    await guild_admin.show_cards(HERE, ADMIN, CardPlace.OFF, keep=True)

    assert decided == GuildSettings(HERE, cards=CardPlace.OFF, keeps_cards=True)
    [note] = guilds.noted
    assert (note.what, note.before, note.after) == ("cards", "channel", "off, kept")
