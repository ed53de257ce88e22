"""Fault injection for a video service's API: when a fault strikes, and what it does to an answer.

docs/sandbox.md, section 3, names every kind. `…_after` means that the request has had its effect.
"""

import json
from collections.abc import Awaitable, Callable
from fnmatch import fnmatch
from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import SandboxClock

Kind = Literal[
    "status",  # an error in place of the effect
    "status_after",  # an error although it was done
    "drop_before",
    "drop_after",
    "latency",
    "truncate",  # a whole answer with half a body
    "cut_short",  # a body that ends before its announced length
    "wrong_types",  # JSON in which every value is of another type
    "drip",  # the body in small pieces
]
DRIPS = 8


class Fault(BaseModel):
    """A fault for the next `times` matching requests after the first `after`."""

    model_config = ConfigDict(extra="forbid")

    method: str = "*"
    path: str = "*"
    kind: Kind
    status: int = Field(default=500, ge=400, le=599)
    headers: dict[str, str] = {}
    body: Any = None  # of a status; None is a page such as a proxy sends
    seconds: float = Field(default=0, ge=0, le=300)  # of latency, or until the last drop
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)

    def matches(self, method: str, path: str) -> bool:
        still = self.times > 0
        return still and fnmatch(method, self.method) and fnmatch(path, self.path)

    def fires(self) -> bool:
        """Count a matching request; True while it is this fault's turn."""
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return self.times >= 0


def striking(faults: list[Fault], method: str, path: str) -> Fault | None:
    """The first fault that matches, if its turn has come."""
    fault = next((fault for fault in faults if fault.matches(method, path)), None)
    return fault if fault is not None and fault.fires() else None


def page(status: int, text: str | None = None) -> web.Response:
    """What a proxy in front of the service sends: a page, or nothing if the text is empty."""
    title = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)
    html = f"<html><head><title>{title}</title></head><body><h1>{text or title}</h1></body></html>"
    return web.Response(status=status, text="" if text == "" else html, content_type="text/html")


def trouble(faults: list[Fault], clock: SandboxClock, *, below: str = "") -> Middleware:
    """The outermost middleware of a site: ordered faults strike here, all else passes.

    With `below`, only faults whose path begins so: a store is not meant by a fault for any path.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        meant = [fault for fault in faults if fault.path.startswith(below)]
        fault = striking(meant, request.method, request.path)
        if fault is None:
            return await handler(request)
        return await suffered(fault, request, lambda: handler(request), clock)

    return middleware


async def suffered(
    fault: Fault,
    request: web.Request,
    handle: Callable[[], Awaitable[web.StreamResponse]],
    clock: SandboxClock,
) -> web.StreamResponse:
    """The answer to a request that the fault strikes; `handle` has the effect."""
    if fault.kind == "latency":
        await clock.sleep(fault.seconds)
    if fault.kind == "drop_before":
        return cut(request)
    if fault.kind == "status":
        return _ordered(fault)
    answer = await handle()
    if fault.kind == "drop_after":
        return cut(request)
    if fault.kind == "status_after":
        return _ordered(fault)
    if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
        return await _spoilt(fault, request, answer, answer.body, clock)
    return answer


def cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _ordered(fault: Fault) -> web.Response:
    if fault.body is None:
        answer = page(fault.status)
        answer.headers.update(fault.headers)
        return answer
    if isinstance(fault.body, str):
        return web.Response(status=fault.status, headers=fault.headers, text=fault.body)
    return web.json_response(fault.body, status=fault.status, headers=fault.headers)


async def _spoilt(
    fault: Fault, request: web.Request, answer: web.Response, body: bytes, clock: SandboxClock
) -> web.StreamResponse:
    """The same status and headers with a body that has come to harm."""
    if fault.kind == "truncate":
        answer.body = body[: len(body) // 2]
    elif fault.kind == "wrong_types" and answer.content_type == "application/json":
        answer.body = json.dumps(_of_other_types(json.loads(body))).encode()
    elif fault.kind in {"cut_short", "drip"}:
        return await _in_pieces(fault, request, answer, body, clock)
    return answer


async def _in_pieces(
    fault: Fault, request: web.Request, answer: web.Response, body: bytes, clock: SandboxClock
) -> web.StreamResponse:
    """`drip` takes `seconds` until the last piece; `cut_short` ends at half of what it announced."""
    stream = web.StreamResponse(status=answer.status)
    stream.content_type, stream.content_length = answer.content_type, len(body)
    await stream.prepare(request)
    size = len(body) // DRIPS + 1
    end = len(body) // 2 if fault.kind == "cut_short" else len(body)
    for start in range(0, end, size):
        await stream.write(body[start : min(start + size, end)])
        await clock.sleep(fault.seconds / DRIPS)
    if fault.kind == "cut_short":
        cut(request)
    return stream


def _of_other_types(value: Any, *, is_top: bool = True) -> Any:
    """Texts become numbers, numbers and switches texts, objects lists, lists and null objects."""
    if isinstance(value, dict):
        changed = {name: _of_other_types(part, is_top=False) for name, part in value.items()}
        return changed if is_top else list(changed.values())
    if isinstance(value, str):
        return len(value)
    return str(value) if isinstance(value, bool | int | float) else {}
