"""Writes every exchange between bot and Discord's REST interface as one JSON line.

`request` is the JSON body or the `payload_json` of a form. Exchanges whose answer was cut are left
out: the bot saw none.
"""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.discord.faults import DROPPED
from sandbox.discord.rest.routing import is_discord_rest
from sandbox.discord.rules.uploads import PAYLOAD
from sandbox.discord.state.models import Json


class TrafficLog:
    """A log in a file, or nowhere."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if self._file is not None and is_discord_rest(request) and not request.get(DROPPED):
            line = json.dumps(_exchange(request, response))
            self._file.write(line + "\n")
            self._file.flush()
        return response


def _exchange(request: web.Request, response: web.StreamResponse) -> Json:
    return {
        "method": request.method,
        "path": request.path,
        "query": dict(request.query),
        "request": request.get(PAYLOAD),
        "status": response.status,
        "response": _answered(response),
    }


def _answered(response: web.StreamResponse) -> Any:
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return None
    if response.content_type != "application/json" or not response.body:
        return None
    return json.loads(response.body)
