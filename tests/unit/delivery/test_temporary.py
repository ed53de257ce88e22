"""What was said to one member in public is deleted in time, also by the next process.

The kind: the program ends in between; Discord is away, has lost the message or the channel, or
takes the permission away; two processes are at the same message.
"""

import pytest

from bot.delivery.temporary import FEWEST_ATTEMPTS, DeletionSchedule, TemporaryMessageSweeper
from bot.errors import DeliveryUnavailableError
from bot.ids import ChannelId, GuildId, MessageId
from tests.fakes.budgets import InMemoryPassing
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger
from tests.fakes.weather import Script

GUILD, CHANNEL, OTHER = GuildId(10), ChannelId(20), ChannelId(21)


class Place:
    """A channel and its memory; processes come and go."""

    def __init__(self):
        self.clock = FakeClock()
        self.messages = InMemoryPassing()
        self.messenger = FakeMessenger(self.clock)

    async def say(self, number, channel=CHANNEL):
        passing = DeletionSchedule(self.messages, self.clock)
        await passing.delete_later(GUILD, channel, MessageId(number), seconds=60)

    async def sweep(self, seconds=0.0, **weather):
        """A new process does, after so long."""
        self.clock.advance(seconds)
        messenger = self.messenger.under(Script(**weather)) if weather else self.messenger
        await TemporaryMessageSweeper(self.messages, messenger, self.clock).run_once()


@pytest.fixture
def place():
    return Place()


async def test_a_message_is_deleted_when_its_time_has_come_and_not_before(place):
    await place.say(1)
    await place.sweep(59)
    assert place.messenger.deleted == set()

    await place.sweep(1)

    assert place.messenger.deleted == {1}
    assert place.messages.messages == {}


async def test_while_discord_is_away_it_is_tried_again_and_no_other_is_held_up(place):
    away: list[BaseException | None] = [DeliveryUnavailableError()]
    await place.say(1)
    await place.say(2)
    await place.sweep(60, delete=away)
    assert place.messenger.deleted == {2}

    await place.sweep(60)

    assert place.messenger.deleted == {1, 2}


@pytest.mark.parametrize(("tries", "seconds"), [(1, 5), (2, 5), (3, 10), (4, 20), (5, 40), (6, 60)])
async def test_the_longer_a_deletion_fails_the_longer_it_waits(place, tries, seconds):
    await place.say(1)
    await place.sweep(60, delete=[DeliveryUnavailableError()])
    for wait in [5, 5, 10, 20, 40, 60][: tries - 1]:
        await place.sweep(wait, delete=[DeliveryUnavailableError()])

    await place.sweep(seconds - 1)
    assert place.messenger.deleted == set()
    await place.sweep(1)
    assert place.messenger.deleted == {1}


async def test_a_message_that_is_gone_is_forgotten(place):
    await place.say(1)
    place.messenger.deleted.add(MessageId(1))
    await place.say(2, OTHER)
    place.messenger.gone_channels.add(OTHER)

    await place.sweep(60)

    assert place.messages.messages == {}


async def test_a_channel_that_is_closed_to_the_bot_is_waited_for_for_a_day(place):
    await place.say(1)
    place.messenger.blocked_channels.add(CHANNEL)
    await place.sweep(60)
    assert list(place.messages.messages) == [1]

    await place.sweep(3600)
    assert list(place.messages.messages) == [1]
    place.messenger.blocked_channels.clear()
    await place.sweep(3600)

    assert place.messenger.deleted == {1}


async def test_after_a_day_of_tries_no_one_looks_for_it_any_more(place):
    await place.say(1)
    place.messenger.blocked_channels.add(CHANNEL)
    for _ in range(FEWEST_ATTEMPTS - 1):
        await place.sweep(2 * 3600)
    assert list(place.messages.messages) == [1]

    await place.sweep(2 * 3600)

    assert place.messages.messages == {}


async def test_a_clock_that_jumps_ahead_and_back_gives_no_deletion_up(place):
    """The permission is missing just then; setting a clock lets no time pass."""
    await place.say(1)
    place.messenger.blocked_channels.add(CHANNEL)
    for _ in range(3):
        await place.sweep(400 * 24 * 3600)
    place.clock.advance(-3 * 400 * 24 * 3600)
    place.messenger.blocked_channels.clear()

    await place.sweep(60)

    assert place.messenger.deleted == {1}
