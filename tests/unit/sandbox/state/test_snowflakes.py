from datetime import UTC, datetime

from sandbox.clock import SandboxClock
from sandbox.discord.state.snowflakes import Snowflakes, created_at, snowflake_at


def test_an_id_tells_when_it_was_made() -> None:
    moment = datetime(2026, 5, 1, 12, 30, 15, 250_000, UTC)

    assert created_at(snowflake_at(moment, counter=7)) == moment


def test_ids_grow_even_within_one_millisecond() -> None:
    ids = Snowflakes(SandboxClock())

    made = [ids.new() for _ in range(5000)]

    assert made == sorted(set(made))


def test_ids_follow_the_clock_that_is_turned() -> None:
    clock = SandboxClock()
    ids = Snowflakes(clock)
    before = ids.new()

    clock.advance(3600)

    assert (created_at(ids.new()) - created_at(before)).total_seconds() >= 3600
