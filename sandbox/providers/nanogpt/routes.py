"""NanoGPT's routes: the API that needs a key, and the store that must never get one."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.providers.faults import trouble
from sandbox.providers.nanogpt.endpoints.accounts import Accounts
from sandbox.providers.nanogpt.endpoints.chat import Chats
from sandbox.providers.nanogpt.endpoints.extras import Extras
from sandbox.providers.nanogpt.endpoints.guards import Guards
from sandbox.providers.nanogpt.endpoints.videos import Videos
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.providers.stores import store_of

MOST_READ_BYTES = 64 * 1024 * 1024  # what is taken in at all; the edge refuses much less


def api_of(nanogpt: NanoGpt) -> web.Application:
    """The API as an application of its own."""
    guards = Guards(nanogpt)
    app = web.Application(
        client_max_size=MOST_READ_BYTES,
        middlewares=[
            trouble(nanogpt.faults, nanogpt.clock),
            guards.identified,
            guards.refusals,
            guards.edge,
            guards.keys,
            guards.limits,
        ],
    )
    videos, accounts, extras = Videos(nanogpt), Accounts(nanogpt), Extras(nanogpt)
    chats = Chats(nanogpt)
    app.add_routes(
        [
            web.post("/api/generate-video", videos.submit),
            web.get("/api/video/status", videos.status),
            web.get("/api/generate-video/status", videos.legacy_status),
            web.get("/api/generate-video/recover", videos.recover),
            web.get("/api/generate-video/content", extras.content),
            web.post("/api/generate-video/extend", extras.extend),
            web.get("/api/v1/video-models", accounts.models),
            web.get("/api/v1/models", chats.models),
            web.post("/api/v1/chat/completions", chats.complete),
            web.post("/api/check-balance", accounts.balance),
            web.get("/api/v1/usage", accounts.usage),
        ]
    )
    return app


def storage_of(nanogpt: NanoGpt) -> web.Application:
    """The store, on an origin of its own; it records every key that it is sent."""

    def expired() -> int | None:
        return 403 if nanogpt.overrides.storage_expired else None

    @web.middleware
    async def whole(request: web.Request, handler: Handler) -> web.StreamResponse:
        """While there are faults a video is sent from memory, where they can harm it."""
        answer = await handler(request)
        if not nanogpt.faults or not isinstance(answer, web.FileResponse):
            return answer
        path = nanogpt.folder / request.match_info["name"]
        content = await asyncio.to_thread(path.read_bytes)
        return web.Response(body=content, content_type="video/mp4")

    app = store_of(nanogpt.folder, "vid_", nanogpt.keys_seen_by_storage, expired)
    app.middlewares.append(trouble(nanogpt.faults, nanogpt.clock, below="/storage"))
    app.middlewares.append(whole)
    return app
