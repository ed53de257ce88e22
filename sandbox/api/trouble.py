"""Fault injection: faults on Discord's REST API, and disturbances of the gateway."""

from typing import Any, Literal

from pydantic import Field

from sandbox.api import shapes
from sandbox.api.routing import Call, Form, Nothing, Route
from sandbox.discord.faults import Faults
from sandbox.discord.gateway.service import Gateway
from sandbox.discord.rest.missing import MissingRoutes
from sandbox.discord.state.models import Json


class FaultForm(Form):
    """A fault; it lets `after` matching requests pass and strikes the next `times`."""

    kind: Literal["status", "drop_before", "drop_after", "latency"]
    method: str | None = None
    path: str | None = Field(None, description="a glob, as `/channels/*/messages`")
    status: int | None = Field(None, ge=200, le=599)
    headers: dict[str, str] | None = None
    body: Any = None
    seconds: float = Field(0, ge=0)
    times: int = Field(1, ge=1)
    after: int = Field(0, ge=0)


class DisconnectForm(Form):
    """What happens to the bot's connections: an opcode, or else a close code."""

    op: Literal[1, 7, 9] | None = None
    resumable: bool | None = Field(None, description="true, but for opcode 9 false, if left out")
    code: int | None = Field(None, ge=1000, le=4999)


class TroubleRoutes:
    """Handlers for faults, disconnections and what is missing."""

    def __init__(self, faults: Faults, gateway: Gateway, missing: MissingRoutes) -> None:
        self._faults = faults
        self._missing = missing
        self._gateway = gateway

    def table(self) -> list[Route]:
        return [
            Route(
                "POST", "/faults", self._add, "Order a fault on Discord's REST interface",
                FaultForm, answer=shapes.OrderedFault,
            ),
            Route("GET", "/faults", self._list, "The ordered faults", answer=list[shapes.OrderedFault]),
            Route("DELETE", "/faults", self._clear, "Cancel all faults"),
            Route("DELETE", "/faults/{id}", self._remove, "Cancel a fault"),
            Route(
                "POST", "/gateway/disconnect", self._disconnect, "Disturb the bot's connections",
                DisconnectForm, answer=shapes.Disconnected,
            ),
            Route(
                "GET", "/gateway/sessions", self._sessions, "The bot's sessions",
                answer=list[shapes.Session],
            ),
            Route(
                "GET", "/missing-routes", self._missing_routes,
                "Routes that the bot asked Discord's interface for and the sandbox lacks",
                answer=list[shapes.MissingRoute],
            ),
        ]  # fmt: skip

    async def _add(self, call: Call[FaultForm, Nothing]) -> Json:
        return self._faults.add(call.body.model_dump()).as_json()

    async def _list(self, _call: Call[Nothing, Nothing]) -> list[Json]:
        return [fault.as_json() for fault in self._faults.list()]

    async def _clear(self, _call: Call[Nothing, Nothing]) -> None:
        self._faults.clear()

    async def _remove(self, call: Call[Nothing, Nothing]) -> None:
        self._faults.remove(str(call.path["id"]))

    async def _disconnect(self, call: Call[DisconnectForm, Nothing]) -> Json:
        form = call.body
        resumable = form.op != 9 if form.resumable is None else form.resumable
        return {"sessions": self._gateway.disconnect(form.op, form.code, resumable=resumable)}

    async def _sessions(self, _call: Call[Nothing, Nothing]) -> list[Json]:
        return self._gateway.describe_sessions()

    async def _missing_routes(self, _call: Call[Nothing, Nothing]) -> list[Json]:
        return self._missing.list()
