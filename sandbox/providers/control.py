"""Control of a video service: its overrides, books and faults, below `/sandbox/api/providers/<name>`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from sandbox.providers.faults import Fault

Json = dict[str, Any]
Form = TypeVar("Form", bound=BaseModel)

PREFIX = "/sandbox/api/providers"


@dataclass(frozen=True, slots=True)
class Playable:
    """One service as people and tests control it; `change` raises a 400 for a wrong override."""

    name: str
    faults: list[Fault]
    show: Callable[[], Json]
    change: Callable[[Json], None]
    runs: Callable[[], list[Json]]
    ledger: Callable[[], list[Json]]


def add_routes(app: web.Application, service: Playable) -> None:
    """Add the addresses that docs/sandbox.md names for every video service."""
    prefix = f"{PREFIX}/{service.name}"
    controls = _Controls(service)
    app.add_routes(
        [
            web.get(prefix, controls.show),
            web.patch(prefix, controls.change),
            web.get(f"{prefix}/runs", controls.runs),
            web.get(f"{prefix}/ledger", controls.ledger),
            web.get(f"{prefix}/faults", controls.list_faults),
            web.post(f"{prefix}/faults", controls.add_fault),
            web.delete(f"{prefix}/faults", controls.forget_faults),
        ]
    )


def checked(form: type[Form], given: object) -> Form:
    """Raises a 400 that names every field that is wrong."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise _bad(wrong) from error


class _Controls:
    """The handlers of one service."""

    def __init__(self, service: Playable) -> None:
        self._service = service

    async def show(self, _request: web.Request) -> web.Response:
        return web.json_response(self._service.show())

    async def change(self, request: web.Request) -> web.Response:
        self._service.change(await _given(request))
        return web.json_response(self._service.show())

    async def runs(self, _request: web.Request) -> web.Response:
        return web.json_response(self._service.runs())

    async def ledger(self, _request: web.Request) -> web.Response:
        return web.json_response(self._service.ledger())

    async def list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response([fault.model_dump() for fault in self._service.faults])

    async def add_fault(self, request: web.Request) -> web.Response:
        fault = checked(Fault, await _given(request))
        self._service.faults.append(fault)
        return web.json_response(fault.model_dump(), status=201)

    async def forget_faults(self, _request: web.Request) -> web.Response:
        self._service.faults.clear()
        return web.Response(status=204)


async def _given(request: web.Request) -> Json:
    """Raises a 400 for what is no JSON object."""
    try:
        given = await request.json()
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise _bad("The body must be a JSON object.")
    return given


def _bad(message: str) -> web.HTTPBadRequest:
    text = json.dumps({"code": 0, "message": message})
    return web.HTTPBadRequest(text=text, content_type="application/json")
