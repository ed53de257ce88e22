"""Counts requests for routes that the sandbox lacks, and reports them as missing in the sandbox.

Such a request gets the 404 that Discord gives for a route of its own that does not exist, so a client
behaves as it would there. The header, the count and one line on stderr for each route say that
Discord may well have it.
"""

import logging
import re
from collections import Counter

from aiohttp import web

from sandbox.discord.rest.routing import path_below_version
from sandbox.discord.state.models import Json

HEADER = "X-Sandbox-Missing-Route"
_MOST_ROUTES = 1_000  # a client that makes up paths must not fill the memory
_OLD_VERSION = re.compile(r"/v[678](?=/|$)")
_TOKENS = re.compile(r"^(/(?:interactions|webhooks)/\{id\})/[^/]+")
_EMOJI = re.compile(r"(/reactions)/[^/]+")
_ID = re.compile(r"(?<=/)\d{5,}(?=/|$)")
_LONG = re.compile(r"[^/]{41,}")
_log = logging.getLogger(__name__)


class MissingRoutes:
    """Counts of missing routes, by method and path."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, request: web.Request) -> str:
        """Count the request; returns the route's name, in which no id and no secret is left."""
        method, path = request.method, named(_below_served(request))
        if (method, path) not in self._counts:
            if len(self._counts) >= _MOST_ROUTES:
                return f"{method} {path}"
            _log.warning("the sandbox has no route %s %s; Discord may have it", method, path)
        self._counts[method, path] += 1
        return f"{method} {path}"

    def list(self) -> list[Json]:
        """The routes with their counts, in the order in which they were first asked for."""
        return [
            {"method": method, "path": path, "count": count}
            for (method, path), count in self._counts.items()
        ]


def _below_served(request: web.Request) -> str:
    """The path below the version; with it where the sandbox does not serve that version."""
    whole = request.path.removeprefix("/api")
    return whole if _OLD_VERSION.match(whole) else path_below_version(request)


def named(path: str) -> str:
    """The path with names in place of ids, tokens and emoji."""
    path = _ID.sub("{id}", path)
    path = _TOKENS.sub(r"\1/{token}", path)
    path = _EMOJI.sub(r"\1/{emoji}", path)
    return _LONG.sub("{long}", path)
