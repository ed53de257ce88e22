"""The base URL at which a request has reached the sandbox; addresses in its answer begin with it.

A sandbox that listens on every interface has no one address: a bot in a container, a browser on the
host and a test each use another. Their `Host` header says which.
"""

import re

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.discord.state.addresses import Addresses

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")


def origin_of(request: web.Request) -> str | None:
    """The origin by the request's `Host` header; None without a well-formed one."""
    host = request.headers.get("Host", "")
    return f"http://{host}" if _HOST.fullmatch(host) else None


def answering_at(addresses: Addresses) -> Middleware:
    """A middleware under which every address in an answer begins as the request's own did."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        with addresses.reached_at(origin_of(request)):
            return await handler(request)

    return middleware
