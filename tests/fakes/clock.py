"""A clock that stands still until it is told to go on."""

import asyncio
from datetime import datetime, timedelta

from tests.factories import NOW


class FakeClock:
    """The port `Clock`; `advance` wakes anyone who is due, in the order in which they are due."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + timedelta(seconds=seconds), woken))
        self.advance(0)  # who sleeps for no time only lets others run
        await woken
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        due = [row for row in self._sleepers if row[0] <= self._now]
        self._sleepers = [row for row in self._sleepers if row[0] > self._now]
        for _, woken in sorted(due, key=lambda row: row[0]):
            if not woken.done():
                woken.set_result(None)
