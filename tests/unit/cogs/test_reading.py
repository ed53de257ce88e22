"""What is remembered of messages that were read."""

from types import SimpleNamespace

from cogs._shared.reading import HOLDS_FOR, Reader
from tests.fakes.clock import FakeClock


class Channels:
    """A client whose channels hold any message; counts what is asked for."""

    def __init__(self):
        self.asked = []

    def get_partial_messageable(self, _channel_id, *, guild_id):
        return self

    async def fetch_message(self, message_id):
        self.asked.append(message_id)
        return SimpleNamespace(id=message_id)


async def test_a_message_that_was_read_is_forgotten_after_a_minute():
    clock, channels = FakeClock(), Channels()
    reader = Reader(channels, clock)  # type: ignore[arg-type]  # as much of a client as it needs

    first = await reader.read(1, 2, 10)
    assert await reader.read(1, 2, 10) is first
    for number in range(11, 61):
        await reader.read(1, 2, number)
    clock.advance(HOLDS_FOR.total_seconds() + 1)
    await reader.read(1, 2, 99)

    assert list(reader._read) == [99]
    assert channels.asked == [10, *range(11, 61), 99]
