"""What every request to NanoGPT passes on its way: errors, the key, the limits, ordered refusals."""

import secrets
from fnmatch import fnmatch

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.providers.faults import page
from sandbox.providers.nanogpt.refusals import Refusal, ordered
from sandbox.providers.nanogpt.service import NanoGpt

KEY = web.RequestKey("key", str)
PUBLIC = ("/api/v1/video-models", "/api/v1/models")
SUBMIT = "/api/generate-video"


class Guards:
    """The middlewares of one service, outermost first."""

    def __init__(self, nanogpt: NanoGpt) -> None:
        self._nanogpt = nanogpt

    @web.middleware
    async def identified(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every answer carries the id that the service logs it under."""
        response = await handler(request)
        response.headers["X-Request-ID"] = f"req_{secrets.token_hex(8)}"
        return response

    @web.middleware
    async def refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        switches = self._nanogpt.switches
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer(switches.envelope, with_retry_after=switches.retry_after)
        except web.HTTPNotFound:
            return Refusal(404, "Not found").answer(switches.envelope)
        except web.HTTPMethodNotAllowed:
            return Refusal(405, "Method not allowed").answer(switches.envelope)

    @web.middleware
    async def edge(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The proxy in front: a body that is too large never reaches the service."""
        try:
            size = len(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return page(413)
        is_large = size > self._nanogpt.switches.most_body_bytes
        return page(413) if is_large else await handler(request)

    @web.middleware
    async def keys(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Either header opens it; a submission without a key may ask for its price."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        key = request.headers.get("x-api-key") or bearer
        if key and request.path not in PUBLIC:
            if key not in self._nanogpt.books.balances:
                raise Refusal(401, "Invalid session")
            request[KEY] = key
        elif request.path not in PUBLIC and not self._is_quote(request):
            raise Refusal(401, "Missing API key", "missing_api_key")
        return await handler(request)

    @web.middleware
    async def limits(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        nanogpt, now = self._nanogpt, self._nanogpt.clock.now()
        who, switches = request.get(KEY) or address_of(request), nanogpt.switches
        nanogpt.limits.ensure_calm(who, now, switches.requests_per_second)
        if KEY in request:
            nanogpt.limits.ensure_within_day(request[KEY], now, switches.daily_requests)
        order = switches.refuse
        if order is not None and fnmatch(request.path, order.path):
            raise ordered(order)
        nanogpt.settle()
        return await handler(request)

    def _is_quote(self, request: web.Request) -> bool:
        is_asked = request.headers.get("x-x402", "").lower() == "true"
        return is_asked and request.path == SUBMIT and self._nanogpt.switches.quotes


def address_of(request: web.Request) -> str:
    """Whom a limit per address counts."""
    return request.remote or "nowhere"
