"""NanoGPT's errors: one refusal, worded in any of the envelopes that its documents and clients know.

1 a text and the status; 2 an object with a type, and the status; 3 the object alone; 4 the object
with a code, as OpenAI has it; 5 the status as `error`; 6 a page or nothing, from the edge;
7 the message alone.
"""

from collections.abc import Callable
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from sandbox.providers.faults import page

Json = dict[str, Any]
Envelope = Literal[1, 2, 3, 4, 5, 6, 7]

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_denied_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "service_unavailable",
}
_LOUD_TYPES = {402: "INSUFFICIENT_BALANCE", 403: "PRO_REQUIRED", 429: "RATE_LIMITED"}


class Refuse(BaseModel):
    """A refusal on order: every request to `path` gets it, has no effect and costs nothing."""

    model_config = ConfigDict(extra="forbid")

    status: int = Field(default=400, ge=400, le=599)
    code: str | None = None
    message: str = "Bad request"
    envelope: Envelope = 4
    path: str = "/api/generate-video"  # a glob
    param: str | None = None
    retry_after: int | None = Field(default=None, ge=0)  # seconds
    more: Json = {}  # beside the error: refundMessage, requiredBalance, moderation, payment …


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """A request that is answered with an error; `envelope` is the one that is usual for it."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        envelope: Envelope | None = None,
        param: str | None = None,
        retry_after: int | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.envelope: Envelope = envelope or (1 if code is None else 4)
        self.retry_after, self.more = retry_after, more

    def answer(
        self, envelope: Envelope | None = None, *, with_retry_after: bool = True
    ) -> web.Response:
        """The answer in its usual envelope, or in the one that is requested for."""
        chosen = envelope or self.envelope
        if chosen == 6:
            response = page(self.status, self.message)
        else:
            response = web.json_response(_BODIES[chosen](self) | self.more, status=self.status)
        if with_retry_after and self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response

    @property
    def kind(self) -> str:
        """The category, as the OpenAI envelope names it."""
        return _TYPES.get(self.status, "api_error" if self.status >= 500 else _TYPES[400])

    @property
    def loud_kind(self) -> str:
        """The type of the older objects: a code in capitals where there is one."""
        is_loud = self.code is not None and self.code.isupper()
        return str(self.code) if is_loud else _LOUD_TYPES.get(self.status, self.kind)


def ordered(order: Refuse) -> Refusal:
    """The refusal that a switch asks for."""
    return Refusal(
        order.status,
        order.message,
        order.code,
        envelope=order.envelope,
        param=order.param,
        retry_after=order.retry_after,
        **order.more,
    )


def _text(refusal: Refusal) -> Json:
    code = {} if refusal.code is None else {"code": refusal.code}
    return {"error": refusal.message, "status": refusal.status, **code}


def _object(refusal: Refusal) -> Json:
    return {"error": {"message": refusal.message, "type": refusal.loud_kind}}


def _coded(refusal: Refusal) -> Json:
    error: Json = {"message": refusal.message, "type": refusal.kind}
    named = {"code": refusal.code, "param": refusal.param}
    return {"error": error | {name: value for name, value in named.items() if value is not None}}


_BODIES: dict[int, Callable[[Refusal], Json]] = {
    1: _text,
    2: lambda refusal: _object(refusal) | {"status": refusal.status},
    3: _object,
    4: _coded,
    5: lambda refusal: {"error": refusal.status, "message": refusal.message},
    7: lambda refusal: {"message": refusal.message},
}
