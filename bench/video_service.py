"""A video service for the comparison of engines, in a process of its own.

Every video takes 3 to 6 seconds. The service knows when each became ready and when it was first
seen, so that a delay is exact no matter who asks. `--seed` draws the same videos for every contender.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

from aiohttp import web

SHORTEST, LONGEST = 3.0, 6.0  # seconds that a video takes


class Service:
    """The books of one run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - videos, not secrets
        self._ready: list[float] = []
        self._delays: dict[int, float] = {}
        self._looks = 0

    async def make(self, request: web.Request) -> web.Response:
        await request.read()
        self._ready.append(time.monotonic() + self._random.uniform(SHORTEST, LONGEST))
        return web.json_response({"id": str(len(self._ready) - 1)})

    async def show(self, request: web.Request) -> web.Response:
        self._looks += 1
        number = int(request.match_info["number"])
        late = time.monotonic() - self._ready[number]
        if late < 0:
            return web.json_response({"status": "running"})
        self._delays.setdefault(number, late)
        address = f"https://videos.example/{number}"
        return web.json_response({"status": "done", "address": address})

    async def figures(self, _request: web.Request) -> web.Response:
        told = {"videos": len(self._ready), "looks": self._looks}
        return web.json_response({**told, "delays": list(self._delays.values())})


async def serve(seed: int) -> None:
    """Print the origin, and serve until the input is closed."""
    service, app = Service(seed), web.Application()
    app.router.add_post("/videos", service.make)
    app.router.add_get("/videos/{number}", service.show)
    app.router.add_get("/figures", service.figures)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextmanager
def running_service(seed: int) -> Iterator[str]:
    """A fresh service; gives its origin."""
    command = [sys.executable, "-m", "bench.video_service", "--seed", str(seed)]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None  # noqa: S101 - for the type checker
        assert child.stdout is not None  # noqa: S101 - as above
        try:
            yield child.stdout.readline().strip()
        finally:
            child.stdin.close()


def figures_of(origin: str) -> dict[str, Any]:
    """What the service saw: `videos`, `looks`, and the `delays` in seconds."""
    with urlopen(f"{origin}/figures") as answer:  # noqa: S310 - our own service
        told: dict[str, Any] = json.load(answer)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    asyncio.run(serve(parser.parse_args().seed))


if __name__ == "__main__":
    main()
