"""Four videos of 100 MB at once from a service to Discord: memory, and how long the loop stands.

`python -m bench.dispatcher` brings them by the bot's own way (fetched to disk, measured, posted by
the messenger from disk) and by the usual one (`await response.read()`, then `BytesIO`), each in a
process of its own.
"""

import argparse
import asyncio
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp
import discord
from uvloop import new_event_loop
from yarl import URL

from bench.host import MB, Heartbeat, described, forget_peak, percentile, rss_mb, spread, table
from bench.line import peak_rss_mb
from bench.video_sink import make_video, running_sink
from bot.client import point_at
from bot.clock import SystemClock
from bot.delivery.messenger import CardView
from bot.jobs.messages import DeliveryKind
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.videos.store import DiskVideoStore
from bot.presentation.messenger import DiscordMessenger
from bot.providers.artifacts import fetch
from tests.factories import NOW, make_delivery, make_job

VIDEOS = 4
VIDEO_MB = 100
TIMES = 3
Figures = dict[str, float]


class Bringer:
    """Both ways, on one client."""

    def __init__(
        self, origin: str, session: aiohttp.ClientSession, client: discord.Client, folder: Path
    ) -> None:
        self._origin = origin
        self._session = session
        self._client = client
        self._videos = DiskVideoStore(folder, Ffmpeg(find_ffmpeg()))
        self._messenger = DiscordMessenger(client, SystemClock())

    async def ours(self) -> None:
        job = make_job()
        await fetch(
            self._session,
            f"{self._origin}/video.mp4",
            self._videos.path(job.id),
            origin=URL(self._origin),
            key_headers={},
        )
        artifact = await self._videos.inspect(job.id)
        video = await self._videos.fit(artifact, max_bytes=artifact.size_bytes)
        view = CardView(job, "Kling", NOW)
        await self._messenger.post_video(make_delivery(job, DeliveryKind.VIDEO), view, video)

    async def naive(self) -> None:
        async with self._session.get(f"{self._origin}/video.mp4") as response:
            content = await response.read()
        channel = self._client.get_partial_messageable(20)
        await channel.send("Done!", file=discord.File(io.BytesIO(content), "video.mp4"))


WAYS: dict[str, Callable[[Bringer], Coroutine[Any, Any, None]]] = {
    "ours": Bringer.ours,
    "naive": Bringer.naive,
}


async def measure(way: str, origin: str) -> Figures:
    """In this process, which has done nothing else."""
    point_at(f"{origin}/api", None, None)
    with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
        async with (
            aiohttp.ClientSession() as session,
            discord.Client(intents=discord.Intents.none()) as client,
        ):
            await client.login("token")
            bringer = Bringer(origin, session, client, Path(name))
            await SystemClock().sleep(0.2)
            forget_peak()
            before, begun = rss_mb(), time.perf_counter()
            async with Heartbeat() as heart:
                await asyncio.gather(*(WAYS[way](bringer) for _ in range(VIDEOS)))
            took, grown = time.perf_counter() - begun, peak_rss_mb() - before
    late = heart.late_ms
    return {"grown": grown, "p99": percentile(late, 0.99), "most": max(late), "took": took}


def run_once(way: str, origin: str) -> Figures:
    """In a process of its own."""
    command = [sys.executable, "-m", "bench.dispatcher", "--one", way, origin]
    told = subprocess.run(  # noqa: S603 - ourselves
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=300
    ).stdout
    figures: Figures = json.loads(told.splitlines()[-1])
    return figures


def compare(times: int) -> dict[str, list[Figures]]:
    """Both ways so many times, in turns."""
    found: dict[str, list[Figures]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="showreel-bench-") as name:
        video = Path(name) / "video.mp4"
        make_video(video, VIDEO_MB * MB)
        with running_sink(video) as origin:
            for _ in range(times):
                for way, figures in found.items():
                    figures.append(run_once(way, origin))
    return found


def report(times: int, found: dict[str, list[Figures]]) -> str:
    """What was measured, as Markdown."""
    titles = {"ours": "**Showreel**", "naive": "`await response.read()`"}
    head = ("way", "memory grown (MB)", "loop late, p99 (ms)", "loop late, most (ms)", "took (s)")
    places = {"grown": 1, "p99": 1, "most": 0, "took": 1}
    lines = [
        [titles[way], *(spread([one[key] for one in figures], at) for key, at in places.items())]
        for way, figures in found.items()
    ]
    share = statistics.median(one["grown"] for one in found["naive"]) / max(
        statistics.median(one["grown"] for one in found["ours"]), 0.1
    )
    return (
        f"## {VIDEOS} videos of {VIDEO_MB} MB at once\n\n"
        f"From a service to a Discord that swallows them, both in another process; medians of"
        f" {times} runs (least to most). The loop should run something every millisecond. The"
        f" usual way takes {share:.0f} times the memory. Targets: at most 15 MB, and 25 ms in 99"
        f" of 100 milliseconds.\n\n{table(head, lines)}\n"
    )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "ORIGIN"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            print(json.dumps(runner.run(measure(*told.one))))
        return
    print(described(), end="\n\n")
    print(report(told.times, compare(told.times)))


if __name__ == "__main__":
    main()
