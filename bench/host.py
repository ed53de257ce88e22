"""What a figure has to be read with: the machine, its load, the versions, and how fsync behaves."""

import asyncio
import importlib.metadata
import os
import platform
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from bot.clock import SystemClock

MB = 1024 * 1024
PACKAGES = ("aiohttp", "aiosqlite", "asyncpg", "discord.py", "uvloop")


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first column is words, the others are figures."""
    rule = ["--", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def spread(values: Sequence[float], places: int = 2) -> str:
    """The median and, where there are several, the least and the most."""
    middle = f"{statistics.median(values):,.{places}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{places}f} to {max(values):,.{places}f})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def fsync_ms(folder: Path, times: int = 200) -> list[float]:
    """What the host takes to bring 4 KiB to its disk, so many times, in milliseconds."""
    waited = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            waited.append((time.perf_counter() - begun) * 1000)
    return waited


def rss_mb() -> float:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / MB


def forget_peak() -> None:
    """From now on `peak_rss_mb` counts again. Linux only; elsewhere nothing happens."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5", "ascii")


class Heartbeat:
    """How late a task is that wants to run every millisecond: what the event loop makes it wait."""

    def __init__(self, every_seconds: float = 0.001) -> None:
        self.late_ms: list[float] = []
        self._every = every_seconds
        self._clock = SystemClock()

    async def run(self) -> None:
        while True:
            due = time.perf_counter() + self._every
            await self._clock.sleep(self._every)
            self.late_ms.append(max(time.perf_counter() - due, 0.0) * 1000)

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._task = self._group.create_task(self.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._group.__aexit__(None, None, None)


def described() -> str:
    """This machine, as it is now, in one paragraph."""
    with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
        waited = fsync_ms(Path(name))
    versions = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MB / 1024
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"
        f" {platform.release()}; CPython {platform.python_version()}, SQLite"
        f" {sqlite3.sqlite_version}, {', '.join(versions)}. An fsync of 4 KiB takes"
        f" {spread(waited)} ms. Load average (1, 5, 15 minutes): {load}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
