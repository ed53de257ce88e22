"""The paths of Discord's REST API (below /api, with or without a version) and who may call them.

A caller has the bot's token, or a token in the path. A few paths are open to everyone, as Discord's
OpenAPI document says.
"""

import hmac
import re

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.discord import errors
from sandbox.discord.state.models import Application

_PREFIX = "/api{version:(?:/v9|/v10)?}"
_VERSIONED = re.compile(r"^/api(?:/v\d+)?(?=/|$)")
_VERSION = re.compile(r"^/api/v(\d{1,9})(?=/|$)")
_SERVED_BY_DISCORD = range(6, 11)
_PATTERN = re.compile(r"\{(\w+):[^{}]*\}")
_OPEN = {"/gateway", "/sticker-packs"}


class Router:
    """Adds routes to an application below every version's prefix."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Add a route; what stands for an `{x_id}` in the path is judged by the handler."""
        self._app.router.add_route(method, _PREFIX + path, handler)


def is_discord_rest(request: web.Request) -> bool:
    return _VERSIONED.match(request.path) is not None


def names_discontinued_version(request: web.Request) -> bool:
    """Whether the path asks for a version that Discord has not or no longer: 6 to 10 are served."""
    found = _VERSION.match(request.path)
    return found is not None and int(found.group(1)) not in _SERVED_BY_DISCORD


def path_below_version(request: web.Request) -> str:
    return _VERSIONED.sub("", request.path)


def route_of(request: web.Request) -> str:
    """The route's path with names for its parts; empty for an unknown one."""
    resource = request.match_info.route.resource
    if resource is None:
        return ""
    return _PATTERN.sub(r"{\1}", resource.canonical).removeprefix("/api{version}")


def is_authorised_by_path(request: web.Request) -> bool:
    """Whether the path itself carries the secret: an interaction's or a webhook's token."""
    return path_below_version(request).startswith(("/interactions/", "/webhooks/"))


def authorising(application: Application) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_discord_rest(request) and not _is_open(request):
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, f"Bot {application.token}".encode()):
                raise errors.unauthorized()
        return await handler(request)

    return middleware


def _is_open(request: web.Request) -> bool:
    return is_authorised_by_path(request) or path_below_version(request) in _OPEN
