"""One video of a given size to be fetched, and a Discord that swallows what is posted to it.

A process of its own beside the benchmark of deliveries, so that only the bot's memory is measured.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.media.videos.ffmpeg import find_ffmpeg

SOURCE = "testsrc2=size=640x360:rate=24:duration=2"
BOT = {"id": "1", "username": "bench", "discriminator": "0", "avatar": None, "bot": True}
APPLICATION = {
    "id": "1",
    "name": "bench",
    "description": "",
    "icon": None,
    "flags": 0,
    "owner": BOT,
    "bot_public": True,
    "bot_require_code_grant": False,
    "rpc_origins": None,
    "summary": "",
    "verify_key": "",
}
_numbers = count(1000)


def make_video(path: Path, size_bytes: int) -> None:
    """A video that plays, made as large as that by a box which every player skips."""
    command = [str(find_ffmpeg()), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", SOURCE]
    command += ["-c:v", "libx264", "-movflags", "+faststart", "-y", str(path)]
    subprocess.run(command, check=True)  # noqa: S603 - our own arguments
    missing = size_bytes - path.stat().st_size
    with path.open("ab") as file:
        file.write(missing.to_bytes(4, "big") + b"free")
        file.truncate(size_bytes)


async def take(request: web.Request) -> web.Response:
    """Read a message with its file to the end, and keep nothing."""
    received = 0
    async for chunk in request.content.iter_chunked(256 * 1024):
        received += len(chunk)
    return _answer(_message(request.match_info["channel"], received))


def _message(channel: str, received: int) -> dict[str, Any]:
    none: dict[str, list[Any]] = {
        name: [] for name in ("attachments", "embeds", "mentions", "mention_roles", "components")
    }
    return none | {
        "id": str(next(_numbers)),
        "channel_id": channel,
        "author": BOT,
        "content": str(received),
        "timestamp": "2026-11-21T12:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "pinned": False,
        "type": 0,
        "flags": 0,
    }


def _answer(told: dict[str, Any]) -> web.Response:
    """Without a charset: discord.py reads JSON only from exactly this type."""
    body = json.dumps(told).encode()
    return web.Response(body=body, headers={"Content-Type": "application/json"})


async def serve(video: Path) -> None:
    """Print the origin, and serve until the input is closed."""
    app = web.Application(client_max_size=2**30)

    async def me(_request: web.Request) -> web.Response:
        return _answer(BOT)

    async def application(_request: web.Request) -> web.Response:
        return _answer(APPLICATION)

    async def give(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(video)

    app.router.add_get("/video.mp4", give)
    app.router.add_get("/api/users/@me", me)
    app.router.add_get("/api/oauth2/applications/@me", application)
    app.router.add_post("/api/channels/{channel}/messages", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextmanager
def running_sink(video: Path) -> Iterator[str]:
    """Gives its origin."""
    command = [sys.executable, "-m", "bench.video_sink", str(video)]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None  # noqa: S101 - for the type checker
        assert child.stdout is not None  # noqa: S101 - as above
        try:
            yield child.stdout.readline().strip()
        finally:
            child.stdin.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("video", type=Path)
    asyncio.run(serve(parser.parse_args().video))


if __name__ == "__main__":
    main()
