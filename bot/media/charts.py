"""The port `Charts`: charts drawn off the event loop.

Matplotlib makes no promise about threads, so one thread draws everything, one picture at a time; a
cancelled caller does not let a second drawing start. The library is also imported there, with the
first chart: it costs half a second and forty megabytes, which a bot without charts never spends.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bot.money.reports import UsageChart

Draw = Callable[[UsageChart], bytes]


def draw_usage(chart: UsageChart) -> bytes:
    """Draw a usage chart; see `bot.media.drawing.draw_usage`."""
    from bot.media import drawing  # noqa: PLC0415 - loads matplotlib

    return drawing.draw_usage(chart)


class PngCharts:
    """Charts as PNG files of 1200 by 675 pixels."""

    def __init__(self, draw: Draw = draw_usage) -> None:
        self._draw = draw
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="charts")

    async def usage(self, chart: UsageChart) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._draw, chart)
