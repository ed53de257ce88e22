"""The real clock, the one place that asks the machine what time it is."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """The port `Clock` on the machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
