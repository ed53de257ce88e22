"""A video service's store: a site that serves videos, and records every key that it is sent."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

EXPIRED_WORDS = {403: "Request has expired", 404: "NoSuchKey"}


def store_of(
    folder: Path, start: str, keys_seen: list[str], expired: Callable[[], int | None]
) -> web.Application:
    """The store of videos whose names begin with `start`; `expired` is the status that hides all."""

    async def video(request: web.Request) -> web.StreamResponse:
        seen = request.headers.get("x-api-key") or request.headers.get("Authorization")
        if seen is not None:
            keys_seen.append(seen)
        status = expired()
        if status is not None:
            return web.Response(status=status, text=EXPIRED_WORDS[status])
        name = request.match_info["name"]
        path = folder / name
        if not name.startswith(start) or not await asyncio.to_thread(path.is_file):
            return web.Response(status=404, text=EXPIRED_WORDS[404])
        return web.FileResponse(path, headers={"Content-Type": "video/mp4"})

    app = web.Application()
    app.router.add_get("/storage/{name}", video)
    return app
