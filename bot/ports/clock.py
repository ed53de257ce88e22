"""Time, and waiting for it to pass."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time, and waiting for it to pass."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...
