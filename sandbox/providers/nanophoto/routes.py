"""NanoPhoto's routes: generate and check-status, both of which are POSTs that need a key."""

import logging
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.providers.faults import page, trouble
from sandbox.providers.nanophoto.answers import (
    Refusal,
    accepted,
    dressed,
    failed_at_once,
    not_found,
    overall,
    status_of,
)
from sandbox.providers.nanophoto.orders import resolution_of
from sandbox.providers.nanophoto.overrides import Overrides
from sandbox.providers.nanophoto.service import FAILED, NanoPhoto
from sandbox.providers.nanophoto.shots import Shot
from sandbox.providers.stores import store_of

Json = dict[str, Any]

KEY = web.RequestKey("key", str)
MOST_BODY_BYTES = 32 * 1024 * 1024  # a picture in place of its address is to be refused in words
STATUS_PATH = "/api/veo-3/check-status"
_log = logging.getLogger(__name__)


def api_of(nanophoto: NanoPhoto) -> web.Application:
    """The API as an application of its own."""
    api = NanoPhotoApi(nanophoto)
    faults = trouble(nanophoto.faults, nanophoto.clock)
    app = web.Application(
        client_max_size=MOST_BODY_BYTES, middlewares=[faults, api.wall, api.refusals, api.keys]
    )
    app.add_routes(
        [web.post("/api/veo-3/generate", api.generate), web.post(STATUS_PATH, api.status)]
    )
    return app


def storage_of(nanophoto: NanoPhoto) -> web.Application:
    """The store, on an origin of its own, as the real one is."""

    def expired() -> int | None:
        overrides = nanophoto.overrides
        return overrides.storage_expired_status if overrides.storage_expired else None

    return store_of(nanophoto.studio.folder, "task_", nanophoto.keys_seen_by_storage, expired)


class NanoPhotoApi:
    """The handlers of one service."""

    def __init__(self, nanophoto: NanoPhoto) -> None:
        self._nanophoto = nanophoto

    @web.middleware
    async def wall(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn away agents that are no browser, with a page, if so switched."""
        agent = request.headers.get("User-Agent", "")
        if self._nanophoto.overrides.bot_wall and not agent.startswith("Mozilla/"):
            return page(403)
        return await handler(request)

    @web.middleware
    async def refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return self._answer(refusal.body, refusal.status)
        except web.HTTPException:
            raise  # a path or a method that is not there
        except Exception:  # noqa: BLE001 - what the documents call INTERNAL_ERROR; logged whole
            _log.exception("the request could not be answered")
            internal = Refusal("INTERNAL_ERROR", "Internal server error")
            return self._answer(internal.body, internal.status)

    @web.middleware
    async def keys(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A key that is there and known, and that has not asked too often, whatever the path."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key.strip() not in self._nanophoto.books.balances:
            raise Refusal("LOGIN_REQUIRED", "Authentication required")
        request[KEY], overrides = key.strip(), self._overrides
        if overrides.counts_status or request.path != STATUS_PATH:
            self._nanophoto.requests.take(request[KEY], overrides.requests_per_hour)
        return await handler(request)

    async def generate(self, request: web.Request) -> web.Response:
        shots = self._nanophoto.accept(request[KEY], await _body(request))
        if all(shot.state == "failed" for shot in shots):
            return self._answer(failed_at_once(shots[0].error or FAILED))
        return self._answer(accepted(shots))

    async def status(self, request: web.Request) -> web.Response:
        body = await _body(request)
        asked = _asked(body)
        resolution = resolution_of(body)
        found = [self._shot(one["taskId"], request[KEY]) for one in asked]
        self._ensure_allowed([shot for shot in found if shot is not None], resolution)
        if any(shot is not None and shot.is_told_by_500 for shot in found):
            raise Refusal("GENERATION_FAILED", FAILED)
        answers = [
            not_found(one)
            if shot is None
            else status_of(shot, one["shotId"], self._nanophoto.storage_origin, self._overrides)
            for one, shot in zip(asked, found, strict=True)
        ]
        return self._answer(overall(answers, self._overrides))

    @property
    def _overrides(self) -> Overrides:
        return self._nanophoto.overrides

    def _shot(self, task_id: str, key: str) -> Shot | None:
        """The shot, if it is this key's; None only where that does not spoil the whole call."""
        shot = self._nanophoto.books.shots.get(task_id)
        if shot is not None and shot.key == key:
            return shot
        if self._overrides.not_found == "whole":
            raise Refusal("TASK_NOT_FOUND", "Task not found")
        return None

    def _ensure_allowed(self, shots: list[Shot], resolution: str) -> None:
        if self._overrides.mixed_resolution_or_requests == "allowed":
            return
        if len({shot.request for shot in shots}) > 1:
            raise Refusal("INVALID_INPUT", "Task IDs must come from one generate response")
        if any(shot.resolution != resolution for shot in shots):
            raise Refusal("INVALID_INPUT", "Resolution does not match the tasks")

    def _answer(self, body: Json, status: int = 200) -> web.Response:
        return web.json_response(dressed(body, self._overrides), status=status)


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refusal("INVALID_INPUT", "The request body must be a JSON object")
    return body


def _asked(body: Json) -> list[Json]:
    """The pairs of ids that are asked for. Raises Refusal."""
    asked = body.get("taskIds")
    if not isinstance(asked, list) or not asked:
        raise Refusal("TASK_IDS_REQUIRED", "Task IDs are required")
    if not all(isinstance(one, dict) and isinstance(one.get("taskId"), str) for one in asked):
        raise Refusal("TASK_IDS_REQUIRED", "Every entry needs a taskId")
    if not all(isinstance(one.get("shotId"), str) for one in asked):
        raise Refusal("INVALID_INPUT", "Every entry needs a shotId")
    return [{"shotId": one["shotId"], "taskId": one["taskId"]} for one in asked]
