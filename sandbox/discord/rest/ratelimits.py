"""Rate limits in Discord's shape: a bucket per route and channel or guild, and a global one.

The numbers are not published and bots must not know them; what counts is that they exist, that
headers carry them, and that a 429's shape (`Via`) distinguishes a limit from a ban.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.clock import SandboxClock
from sandbox.discord.rest.answers import json_answer
from sandbox.discord.rest.routing import is_authorised_by_path, is_discord_rest, route_of

GLOBAL_PER_SECOND = 50
_MAJOR = ("channel_id", "guild_id", "token")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


_DEFAULT = Limit(20, 2)
_BY_ROUTE = {
    ("POST", "/channels/{channel_id}/messages"): Limit(5, 5),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): Limit(5, 5),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): Limit(5, 1),
    ("POST", "/channels/{channel_id}/messages/bulk-delete"): Limit(1, 1),
    ("POST", "/channels/{channel_id}/typing"): Limit(5, 5),
    ("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"): Limit(4, 1),
    ("PATCH", "/channels/{channel_id}"): Limit(5, 15),
    ("POST", "/users/@me/channels"): Limit(5, 5),
}
_WEBHOOK = Limit(5, 2)


@dataclass(slots=True)
class _Bucket:
    limit: Limit
    name: str
    resets_at: datetime
    remaining: int


class RateLimits:
    """Counts requests; `enabled` turns all of it off and on."""

    def __init__(self, clock: SandboxClock, *, enabled: bool = True) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._everything = _Bucket(Limit(GLOBAL_PER_SECOND, 1), "global", clock.now(), 0)
        self.enabled = enabled

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests beyond the limit; send the bucket's state with every answer."""
        if not self.enabled or not self._counts(request):
            return await handler(request)
        now = self._clock.now()
        if not is_authorised_by_path(request) and not self._take(self._everything, now):
            return self._refusal(self._everything, now, scope="global")
        bucket = self._bucket(request, now)
        if not self._take(bucket, now):
            return self._refusal(bucket, now, scope="user")
        headers = self._headers(bucket, now)
        response = await handler(request)
        response.headers.update(headers)
        return response

    def _counts(self, request: web.Request) -> bool:
        """Callbacks of interactions have no limits, and unknown routes no bucket."""
        is_callback = route_of(request).startswith("/interactions/")
        return is_discord_rest(request) and not is_callback and route_of(request) != ""

    def _bucket(self, request: web.Request, now: datetime) -> _Bucket:
        route = route_of(request)
        major = next((request.match_info[key] for key in _MAJOR if key in request.match_info), "")
        name = hashlib.sha256(f"{request.method} {route}".encode()).hexdigest()[:32]
        limit = _BY_ROUTE.get((request.method, route), _DEFAULT)
        limit = _WEBHOOK if route.startswith("/webhooks/") else limit
        fresh = _Bucket(limit, name, now, 0)
        return self._buckets.setdefault((name, major), fresh)

    def _take(self, bucket: _Bucket, now: datetime) -> bool:
        if now >= bucket.resets_at:
            bucket.resets_at = now + timedelta(seconds=bucket.limit.seconds)
            bucket.remaining = bucket.limit.requests
        if bucket.remaining == 0:
            return False
        bucket.remaining -= 1
        return True

    def _headers(self, bucket: _Bucket, now: datetime) -> dict[str, str]:
        after = max((bucket.resets_at - now).total_seconds(), 0)
        return {
            "X-RateLimit-Bucket": bucket.name,
            "X-RateLimit-Limit": str(bucket.limit.requests),
            "X-RateLimit-Remaining": str(bucket.remaining),
            "X-RateLimit-Reset": f"{bucket.resets_at.timestamp():.3f}",
            # Rounded up: who comes exactly then is not too early.
            "X-RateLimit-Reset-After": f"{math.ceil(after * 1000) / 1000:.3f}",
            "Via": "1.1 google",
        }

    def _refusal(self, bucket: _Bucket, now: datetime, *, scope: str) -> web.Response:
        wait = max((bucket.resets_at - now).total_seconds(), 0.001)
        after = math.ceil(wait * 1000) / 1000
        is_global = scope == "global"
        body = {
            "message": "You are being rate limited.",
            "retry_after": after,
            "global": is_global,
        }
        response = json_answer(body, 429)
        headers = {"Via": "1.1 google"} if is_global else self._headers(bucket, now)
        response.headers.update(headers)
        response.headers["Retry-After"] = str(math.ceil(after))
        response.headers["X-RateLimit-Scope"] = scope
        if is_global:
            response.headers["X-RateLimit-Global"] = "true"
        return response
