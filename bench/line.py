"""The line to the video service in the comparison of engines; the same for all of them.

Knows nothing of the bot, so that others can run it without what the bot needs.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

LOOK_EVERY = 1.0  # seconds


class Line:
    """The service over HTTP, in the fewest words."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self._session = session
        self._origin = origin

    async def make(self) -> str:
        async with self._session.post(f"{self._origin}/videos", json={"prompt": "a fox"}) as answer:
            return str((await answer.json())["id"])

    async def address_of(self, video: str) -> str | None:
        """None while it is being made."""
        async with self._session.get(f"{self._origin}/videos/{video}") as answer:
            told = await answer.json()
        return str(told["address"]) if told["status"] == "done" else None

    async def bring(self) -> str:
        """Hand it over and look once a second, as a task without a memory does."""
        video = await self.make()
        while (address := await self.address_of(video)) is None:  # noqa: ASYNC110 - a loop is what is measured
            await asyncio.sleep(LOOK_EVERY)  # noqa: TID251 - no clock where only this can run
        return address


@asynccontextmanager
async def open_line(origin: str) -> AsyncIterator[Line]:
    """A line that is closed at the end."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Line(session, origin)


def peak_rss_mb() -> float:
    """The most that this process ever held; not what its parent held before it was started."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")
