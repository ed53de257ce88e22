"""Checks of every request to NanoGPT: errors, the key, the limits, injected refusals."""

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
        overrides = self._nanogpt.overrides
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer(overrides.envelope, with_retry_after=overrides.retry_after)
        except web.HTTPNotFound:
            return Refusal(404, "Not found").answer(overrides.envelope)
        except web.HTTPMethodNotAllowed:
            return Refusal(405, "Method not allowed").answer(overrides.envelope)

    @web.middleware
    async def edge(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The proxy in front: a body that is too large never reaches the service."""
        try:
            size = len(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return page(413)
        is_large = size > self._nanogpt.overrides.most_body_bytes
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
        who, overrides = request.get(KEY) or address_of(request), nanogpt.overrides
        nanogpt.limits.ensure_calm(who, now, overrides.requests_per_second)
        if KEY in request:
            nanogpt.limits.ensure_within_day(request[KEY], now, overrides.daily_requests)
        order = overrides.refuse
        if order is not None and fnmatch(request.path, order.path):
            raise ordered(order)
        nanogpt.settle()
        return await handler(request)

    def _is_quote(self, request: web.Request) -> bool:
        is_asked = request.headers.get("x-x402", "").lower() == "true"
        return is_asked and request.path == SUBMIT and self._nanogpt.overrides.quotes


def address_of(request: web.Request) -> str:
    """Whom a limit per address counts."""
    return request.remote or "nowhere"
