"""The port `Charts`: pictures of figures, drawn off the event loop.

Matplotlib promises nothing to threads, so one thread draws everything, one picture at a time; a
caller that no longer waits does not let a second one in. It is loaded there too, with the first
picture: half a second and forty megabytes that a bot whose charts nobody looks at does without.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot.domain.usage import UsageChart

Draw = Callable[[UsageChart], bytes]


def draw_usage(chart: UsageChart) -> bytes:
    """See `bot.media.drawing.draw_usage`."""
    from bot.media import drawing  # noqa: PLC0415 - loads matplotlib

    return drawing.draw_usage(chart)


class PngCharts:
    """Charts as PNG files of 1200 by 675 pixels."""

    def __init__(self, draw: Draw = draw_usage) -> None:
        self._draw = draw
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="charts")

    async def usage(self, chart: UsageChart) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._draw, chart)
