"""Discord's ids: the milliseconds since 2015 in the upper bits, a counter in the lower 22.

Ids come from the sandbox's clock, grow strictly and are never given twice by one `Snowflakes`.
"""

from datetime import UTC, datetime

from sandbox.clock import SandboxClock

EPOCH_MS = 1_420_070_400_000
_COUNTER_BITS = 22


def snowflake_at(moment: datetime, counter: int = 0) -> int:
    """The id that belongs to a moment; `counter` tells ids of one millisecond apart."""
    milliseconds = int(moment.timestamp() * 1000) - EPOCH_MS
    return (milliseconds << _COUNTER_BITS) | counter


def created_at(snowflake: int) -> datetime:
    return datetime.fromtimestamp(((snowflake >> _COUNTER_BITS) + EPOCH_MS) / 1000, UTC)


class Snowflakes:
    """Gives out ids; each is larger than the one before."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._last = 0

    def new(self) -> int:
        self._last = max(self._last + 1, snowflake_at(self._clock.now()))
        return self._last
