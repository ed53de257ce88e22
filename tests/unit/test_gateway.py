import pytest

from bot.errors import ClientEndedError
from bot.gateway import GatewayPace, SessionStarts
from tests.fakes.clock import FakeClock

PLENTY = SessionStarts(total=1_000, remaining=990, reset_after_seconds=86_000)


async def plenty():
    return PLENTY


class QuickClock(FakeClock):
    """A clock on which a sleep is over at once, and counted."""

    async def sleep(self, seconds):
        self.advance(seconds)


async def seconds_until(clock, waiting):
    begun = clock.now()
    await waiting
    return (clock.now() - begun).total_seconds()


@pytest.fixture
def clock():
    return QuickClock()


async def test_the_first_client_connects_and_identifies_at_once(clock):
    pace = GatewayPace(clock)

    assert await seconds_until(clock, pace.before_connect(PLENTY, 1)) == 0
    assert await seconds_until(clock, pace.before_identify(0, plenty)) == 0


async def test_shards_identify_five_seconds_apart(clock):
    pace = GatewayPace(clock)
    waited = [await seconds_until(clock, pace.before_identify(shard, plenty)) for shard in range(3)]

    assert waited == [0, 5, 5]


async def test_a_shard_whose_sessions_end_waits_longer_each_time_and_then_lets_its_client_go(clock):
    pace = GatewayPace(clock)
    waited = [await seconds_until(clock, pace.before_identify(0, plenty)) for _ in range(4)]
    with pytest.raises(ClientEndedError, match="4 sessions within an hour"):
        await pace.before_identify(0, plenty)

    assert waited == [0, 5, 10, 20]
    assert await seconds_until(clock, pace.before_connect(PLENTY, 1)) == 40


async def test_identifies_that_are_used_up_are_waited_for_without_a_connection(clock):
    pace = GatewayPace(clock)
    none_left = SessionStarts(total=1_000, remaining=0, reset_after_seconds=7_200)

    async def used_up():
        return none_left

    assert await seconds_until(clock, pace.before_connect(none_left, 1)) == 7_200
    await pace.before_identify(0, used_up)  # Discord counts it, and its answer was of before
    with pytest.raises(ClientEndedError):
        await pace.before_identify(0, used_up)


async def test_a_clock_that_was_ahead_slows_reconnects_for_an_hour_at_most(clock):
    pace = GatewayPace(clock)
    clock.advance(400 * 86_400)
    for _ in range(4):
        await pace.before_identify(0, plenty)
    clock.advance(-400 * 86_400)

    assert await seconds_until(clock, pace.before_connect(PLENTY, 1)) == 40
    assert await seconds_until(clock, pace.before_identify(1, plenty)) == 5  # counts as made now
    clock.advance(3_600)
    assert await seconds_until(clock, pace.before_connect(PLENTY, 1)) == 0
    assert await seconds_until(clock, pace.before_identify(0, plenty)) == 0
