"""Fault injection on Discord's REST API: bad answers, cut connections, slowness.

A fault matches requests, lets the first `after` of them pass and strikes the next `times`.
`drop_before` cuts the connection before the request takes effect, `drop_after` once it has.
"""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.clock import SandboxClock
from sandbox.discord import errors
from sandbox.discord.rest.routing import is_discord_rest, path_below_version
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Json

KINDS = ("status", "drop_before", "drop_after", "latency")
DROPPED = web.RequestKey("dropped", bool)
STALLED_AFTER_SECONDS = 1.0  # a body from this machine comes within less


@dataclass(slots=True)
class Fault:
    """One injected fault; `struck` counts how often it has struck."""

    id: int
    kind: str
    method: str | None = None
    path: str = "*"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0
    times: int = 1
    after: int = 0
    struck: int = 0

    def matches(self, request: web.Request) -> bool:
        if self.method not in {None, request.method}:
            return False
        below = path_below_version(request)
        return fnmatchcase(request.path, self.path) or fnmatchcase(below, self.path)

    def as_json(self) -> Json:
        return asdict(self) | {"id": str(self.id)}


class Faults:
    """The faults that are set."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._faults: dict[int, Fault] = {}
        self._under_way: dict[int, web.Request] = {}  # by identity
        self._held: set[int] = set()  # of these, by an injected wait
        self._moved = asyncio.Event()  # one of them ended, or its wait did

    def add(self, form: Json) -> Fault:
        """Add a fault; `form` is that of `POST /sandbox/api/faults`."""
        kind = form.get("kind")
        if kind not in KINDS:
            raise errors.invalid_form("kind", "BASE_TYPE_CHOICES", f"Must be one of {KINDS}.")
        method = form.get("method")
        fault = Fault(
            id=next(self._numbers),
            kind=kind,
            method=str(method).upper() if method else None,
            path=str(form.get("path") or "*"),
            status=int(form.get("status") or 500),
            headers={str(key): str(value) for key, value in (form.get("headers") or {}).items()},
            body=form.get("body"),
            seconds=float(form.get("seconds") or 0),
            times=int(form.get("times", 1)),
            after=int(form.get("after", 0)),
        )
        self._faults[fault.id] = fault
        return fault

    def list(self) -> list[Fault]:
        return list(self._faults.values())

    def remove(self, fault_id: str) -> None:
        if self._faults.pop(forms.snowflake(fault_id) or 0, None) is None:
            raise errors.not_found()

    def clear(self) -> None:
        self._faults.clear()

    async def idle(self) -> None:
        """Returns while no request of the bot is under way, though its sender may be gone.

        One whose body has stopped coming does not count: its sender may be suspended, and would
        block forever a test that turns the clock before resuming it.
        """
        while self._under_way:
            self._moved.clear()
            stalls = None if self._can_go_on() else STALLED_AFTER_SECONDS
            try:
                async with asyncio.timeout(stalls):
                    await self._moved.wait()
            except TimeoutError:
                if not self._can_go_on():
                    return

    def _can_go_on(self) -> bool:
        """Whether a request under way will end without another byte of its sender's."""
        return any(
            key in self._held or request.content.is_eof()
            for key, request in self._under_way.items()
        )

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_discord_rest(request):
            return await handler(request)
        with self._being_answered(request):
            return await self._answer(request, handler)

    @contextlib.contextmanager
    def _being_answered(self, request: web.Request) -> Iterator[None]:
        self._under_way[id(request)] = request
        try:
            yield
        finally:
            del self._under_way[id(request)]
            self._moved.set()

    @contextlib.contextmanager
    def _being_held(self, request: web.Request) -> Iterator[None]:
        self._held.add(id(request))
        try:
            yield
        finally:
            self._held.discard(id(request))
            self._moved.set()

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self._next(request)
        if fault is None:
            return await handler(request)
        with self._being_held(request):
            await self._clock.sleep(fault.seconds)
        if fault.kind == "latency":
            return await handler(request)
        if fault.kind == "status":
            return _bad_answer(fault)
        if fault.kind == "drop_after":
            await handler(request)
        return _drop(request)

    def _next(self, request: web.Request) -> Fault | None:
        """The fault that strikes this request; those that wait are counted down."""
        for fault in self._faults.values():
            if not fault.matches(request) or fault.struck >= fault.times:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.struck += 1
            return fault
        return None


def _bad_answer(fault: Fault) -> web.Response:
    """The ordered answer: JSON unless the body is text, as a gateway's HTML page is."""
    if isinstance(fault.body, str):
        data, kind = fault.body, "text/html"
    else:
        body = fault.body
        if body is None:
            body = {"message": f"{fault.status}: ordered fault", "code": 0}
        data, kind = json.dumps(body), "application/json"
    response = web.Response(body=data.encode(), status=fault.status)
    response.headers["Content-Type"] = kind
    response.headers.update(fault.headers)
    return response


def _drop(request: web.Request) -> web.Response:
    request[DROPPED] = True
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
