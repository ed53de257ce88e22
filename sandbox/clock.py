"""The sandbox's one clock, which people and tests can turn forward.

Token lifetimes, signed addresses and nonces are judged by it, so that a test can let fifteen
minutes pass at once. Waiting is real time: nothing in the sandbox wakes because the clock was turned.
"""

import asyncio
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Real time plus an offset that only grows."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        """Turn the clock forward. Raises ValueError for a negative number of seconds."""
        if seconds < 0:
            msg = "the clock only turns forward"
            raise ValueError(msg)
        self.offset += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
