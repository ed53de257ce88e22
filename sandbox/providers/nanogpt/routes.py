"""NanoGPT's addresses: the API that wants a key, and the store that must never see one."""

import asyncio
import json
import secrets
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.providers.nanogpt import catalogue
from sandbox.providers.nanogpt.answers import Refusal, status_of
from sandbox.providers.nanogpt.runs import Run
from sandbox.providers.nanogpt.service import NanoGpt

Json = dict[str, Any]

KEY = web.RequestKey("key", str)
MOST_BODY_BYTES = 8 * 1024 * 1024
PUBLIC = {"/api/v1/video-models"}
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def api_of(nanogpt: NanoGpt) -> web.Application:
    """The API as an application of its own."""
    api = NanoGptApi(nanogpt)
    app = web.Application(
        client_max_size=MOST_BODY_BYTES, middlewares=[api.trouble, api.refusals, api.keys]
    )
    app.add_routes(
        [
            web.post("/api/generate-video", api.submit),
            web.get("/api/video/status", api.status),
            web.get("/api/generate-video/status", api.legacy_status),
            web.get("/api/generate-video/recover", api.recover),
            web.get("/api/generate-video/content", api.content),
            web.get("/api/v1/video-models", api.models),
            web.post("/api/check-balance", api.balance),
        ]
    )
    return app


def storage_of(nanogpt: NanoGpt) -> web.Application:
    """The store, on an origin of its own; it writes down whoever sends it a key."""

    async def film(request: web.Request) -> web.StreamResponse:
        seen = request.headers.get("x-api-key") or request.headers.get("Authorization")
        if seen is not None:
            nanogpt.keys_seen_by_storage.append(seen)
        name = request.match_info["name"]
        path = nanogpt.folder / name
        if nanogpt.switches.storage_expired:
            return web.Response(status=403, text="Request has expired")
        if not name.startswith("vid_") or not await asyncio.to_thread(path.is_file):
            return web.Response(status=404, text="NoSuchKey")
        return web.FileResponse(path, headers={"Content-Type": "video/mp4"})

    app = web.Application()
    app.router.add_get("/storage/{name}", film)
    return app


class NanoGptApi:
    """The handlers of one service."""

    def __init__(self, nanogpt: NanoGpt) -> None:
        self._nanogpt = nanogpt

    @web.middleware
    async def trouble(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Faults on order; every answer carries the id that the service logs it under."""
        fault = next(
            (f for f in self._nanogpt.faults if f.matches(request.method, request.path)), None
        )
        struck = fault if fault is not None and fault.fires() else None
        if struck is not None and struck.kind == "latency":
            await self._nanogpt.clock.sleep(struck.seconds)
        if struck is not None and struck.kind == "drop_before":
            return _cut(request)
        if struck is not None and struck.kind == "status":
            body = HTML if struck.body is None else struck.body
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(status=struck.status, headers=struck.headers, text=text)
        response = await handler(request)
        if struck is not None and struck.kind == "drop_after":
            return _cut(request)
        response.headers["X-Request-ID"] = f"req_{secrets.token_hex(8)}"
        return response

    @web.middleware
    async def refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.answer()
        except web.HTTPRequestEntityTooLarge:
            return Refusal(413, "Payload too large").answer()
        except web.HTTPNotFound:
            return Refusal(404, "Not found").answer()

    @web.middleware
    async def keys(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in PUBLIC:
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
            key = request.headers.get("x-api-key") or bearer
            if not key:
                raise Refusal(401, "Missing API key", "missing_api_key")
            if key not in self._nanogpt.books.balances:
                raise Refusal(401, "Invalid session")
            request[KEY] = key
        return await handler(request)

    async def submit(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
        except json.JSONDecodeError:
            raise Refusal(400, "Invalid JSON", "invalid_json") from None
        if not isinstance(body, dict):
            raise Refusal(400, "Invalid JSON", "invalid_json")
        run = self._nanogpt.accept(request[KEY], body)
        answer = {
            "runId": run.id,
            "id": run.id,
            "status": "pending",
            "model": run.model,
            "cost": run.cost_micros / catalogue.MICROS,
            "paymentSource": self._nanogpt.switches.payment_source,
            "remainingBalance": self._nanogpt.books.balances[run.key] / catalogue.MICROS,
            "prechargeLabel": "Precharged",
        }
        return web.json_response(answer, status=202)

    async def status(self, request: web.Request) -> web.Response:
        run = self._run(request, "requestId", "runId")
        switches = self._nanogpt.switches
        return web.json_response(
            status_of(run, switches.dialect, switches.output, self._address(run))
        )

    async def legacy_status(self, request: web.Request) -> web.Response:
        run = self._run(request, "runId", "requestId")
        output = self._nanogpt.switches.output
        return web.json_response(status_of(run, "legacy", output, self._address(run)))

    async def recover(self, request: web.Request) -> web.Response:
        wanted = {
            name: request.query[name]
            for name in ("model", "conversationUUID")
            if name in request.query
        }
        limit = _count(request.query.get("limit", "10"))
        found = [
            run.describe()
            for run in reversed(self._nanogpt.books.runs.values())
            if run.key == request[KEY]
            and all(run.describe()[name] == value for name, value in wanted.items())
        ]
        data = [
            {
                "runId": run["id"],
                "id": run["id"],
                "model": run["model"],
                "status": run["state"].lower(),
                "createdAt": run["created_at"],
                "conversationUUID": run["conversationUUID"],
            }
            for run in found[:limit]
        ]
        return web.json_response({"data": data})

    async def content(self, request: web.Request) -> web.Response:
        """What a relative address leads to: a redirect to the store, for the key's owner."""
        run = self._run(request, "runId")
        if run.film is None:
            raise Refusal(404, "Content not found")
        return web.Response(status=302, headers={"Location": self._stored(run)})

    async def models(self, request: web.Request) -> web.Response:
        listed = list(catalogue.models().values())
        if request.query.get("detailed", "true") == "false":
            names = ("id", "object", "created", "owned_by")
            listed = [{name: model[name] for name in names} for model in listed]
        meta = {"count": len(listed), "generated_at": self._nanogpt.clock.now().isoformat()}
        return web.json_response({"object": "list", "data": listed, "meta": meta})

    async def balance(self, request: web.Request) -> web.Response:
        micros = self._nanogpt.books.balances[request[KEY]]
        answer = {
            "usd_balance": f"{micros / catalogue.MICROS:.8f}",
            "nano_balance": "0.00000000",
            "nanoDepositAddress": "nano_1sandbox",
        }
        return web.json_response(answer)

    def _run(self, request: web.Request, *names: str) -> Run:
        run_id = next((request.query[name] for name in names if name in request.query), None)
        if not run_id:
            raise Refusal(400, f"Missing required parameter: {names[0]}")
        run = self._nanogpt.books.runs.get(run_id)
        if run is None:
            raise Refusal(404, "Video request not found")
        if run.key != request[KEY]:
            raise Refusal(403, "This video request belongs to another account")
        return run

    def _address(self, run: Run) -> str:
        if self._nanogpt.switches.relative_address:
            return f"/api/generate-video/content?model={run.model}&runId={run.id}&variant=video"
        return self._stored(run)

    def _stored(self, run: Run) -> str:
        return f"{self._nanogpt.storage_origin}/storage/{run.film}"


def _count(value: str) -> int:
    """At most fifty. Raises Refusal."""
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise Refusal(400, "Invalid parameter: limit", "invalid_parameter_value")
    return min(int(value), 50)


def _cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
