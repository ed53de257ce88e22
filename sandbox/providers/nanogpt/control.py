"""Playing NanoGPT: its switches, its books and its faults, below `/sandbox/api/providers/nanogpt`."""

import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.providers.nanogpt.switches import Fault, Switches

Form = TypeVar("Form", bound=BaseModel)

PREFIX = "/sandbox/api/providers/nanogpt"


def add_control_routes(app: web.Application, nanogpt: NanoGpt) -> None:
    """Add the five addresses of docs/sandbox.md."""

    async def show(_request: web.Request) -> web.Response:
        return web.json_response(_all(nanogpt))

    async def change(request: web.Request) -> web.Response:
        merged = nanogpt.switches.model_dump() | await _given(request)
        nanogpt.switches = _checked(Switches, merged)
        return web.json_response(_all(nanogpt))

    async def runs(_request: web.Request) -> web.Response:
        return web.json_response([run.describe() for run in nanogpt.books.runs.values()])

    async def ledger(_request: web.Request) -> web.Response:
        return web.json_response([entry.describe() for entry in nanogpt.books.entries])

    async def list_faults(_request: web.Request) -> web.Response:
        return web.json_response([fault.model_dump() for fault in nanogpt.faults])

    async def add_fault(request: web.Request) -> web.Response:
        fault = _checked(Fault, await _given(request))
        nanogpt.faults.append(fault)
        return web.json_response(fault.model_dump(), status=201)

    async def forget_faults(_request: web.Request) -> web.Response:
        nanogpt.faults.clear()
        return web.Response(status=204)

    app.add_routes(
        [
            web.get(PREFIX, show),
            web.patch(PREFIX, change),
            web.get(f"{PREFIX}/runs", runs),
            web.get(f"{PREFIX}/ledger", ledger),
            web.get(f"{PREFIX}/faults", list_faults),
            web.post(f"{PREFIX}/faults", add_fault),
            web.delete(f"{PREFIX}/faults", forget_faults),
        ]
    )


def _all(nanogpt: NanoGpt) -> dict[str, Any]:
    return nanogpt.switches.model_dump() | {
        "keys_seen_by_storage": len(nanogpt.keys_seen_by_storage)
    }


async def _given(request: web.Request) -> dict[str, Any]:
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


def _checked(form: type[Form], given: object) -> Form:
    """Raises a 400 that names every field that is wrong."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise _bad(wrong) from error
