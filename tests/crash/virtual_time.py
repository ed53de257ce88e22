"""An event loop on which hours pass in milliseconds: where it would wait, its clock jumps.

Only for code that waits for nothing but time; a database's thread or a socket would be overtaken.
"""

import asyncio
import selectors
from datetime import datetime, timedelta
from typing import Any

from tests.factories import NOW
from tests.fakes.clock import FakeClock


class _Jumping(selectors.SelectSelector):
    """Never waits: it answers at once, and says by how much the clock is to jump."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        ready = super().select(0)
        if not ready and timeout is None:
            msg = "everyone waits, and nothing will ever happen"
            raise RuntimeError(msg)
        if not ready and timeout is not None:
            self.jumped_seconds += max(timeout, 0.0)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Pass it to `asyncio.Runner(loop_factory=VirtualTimeLoop)`."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.jumped_seconds


class LoopClock(FakeClock):
    """The port `Clock` on such a loop; no one needs to advance it."""

    def now(self) -> datetime:
        return NOW + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - virtual seconds, and this is the clock
