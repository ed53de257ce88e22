"""Where Discord's REST interface lies: below /api, with or without a version."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

_PREFIX = "/api{version:(?:/v9|/v10)?}"
_VERSIONED = re.compile(r"^/api(?:/v\d+)?(?=/|$)")
_PATTERN = re.compile(r"\{(\w+):[^{}]*\}")


class Router:
    """Adds routes to an application below every version's prefix."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Add a route; an `{x_id}` in the path stands for a snowflake."""
        narrowed = re.sub(r"\{(\w+_id)\}", r"{\1:\\d+}", path)
        self._app.router.add_route(method, _PREFIX + narrowed, handler)


def is_discord_rest(request: web.Request) -> bool:
    return _VERSIONED.match(request.path) is not None


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
