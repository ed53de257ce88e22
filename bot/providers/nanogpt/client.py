"""The port `Provider` on NanoGPT's API.

Sources: NanoGPT's pages on video generation, unified and legacy status, recovery, models and
balance. There is no idempotency key and no cancel; what is charged is charged at the submission.
"""

import json
import logging
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from bot.domain.capabilities import Capability
from bot.domain.requests import VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt
from bot.errors import ProviderError, ProviderProtocolError, SubmissionUncertainError
from bot.ids import ModelId, ProviderName
from bot.ports import Clock, Order
from bot.providers import artifacts
from bot.providers.http import Answer, Api, redacted
from bot.providers.nanogpt.errors import error_of, submission_error_of
from bot.providers.nanogpt.models import NAME, Model, Parameter, read_models
from bot.providers.nanogpt.parameters import payload_of
from bot.providers.nanogpt.wire import micros, read_receipt, read_status

_log = logging.getLogger(__name__)

IMAGE_MAX_BYTES = 3 * 1024 * 1024  # 4 MB is the rule, and base64 adds a third
RECOVER_MOST = 50


class NanoGpt:
    """One account at NanoGPT; `downloads` is the guarded session that films are fetched with."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        api: aiohttp.ClientSession,
        downloads: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        # the status page names only the second, the others recommend the first
        self._key = {"Authorization": f"Bearer {api_key}", "x-api-key": api_key}
        self._api = Api(api, base_url, self._key)
        self._downloads = downloads
        self._clock = clock
        self._bundled = {m.capability.model_id: m for m in read_models(_bundled_list())}
        self._models: Mapping[ModelId, Model] = self._bundled

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def image_max_bytes(self) -> int:
        return IMAGE_MAX_BYTES

    @property
    def can_recover(self) -> bool:
        return True

    async def submit(self, order: Order) -> Receipt:
        payload = payload_of(order, self._parameters(order.request))
        answer = await self._api.submit("/generate-video", payload)
        _note(answer)
        if answer.status not in {200, 201, 202}:
            raise submission_error_of(answer, self._clock.now())
        receipt = read_receipt(answer.body)
        if receipt is None:
            raise SubmissionUncertainError(redacted(answer.text), status=answer.status)
        return receipt

    async def look(self, handle: str, request: VideoRequest) -> ProviderStatus:
        answer = await self._api.read("GET", "/video/status", query={"requestId": handle})
        if _is_no_such_endpoint(answer):
            query = {"runId": handle, "model": request.model_id, "modelSlug": request.model_id}
            answer = await self._api.read("GET", "/generate-video/status", query=query)
        return read_status(self._body_of(answer))

    async def recover(self, tag: str, request: VideoRequest) -> Receipt | None:
        query = {
            "conversationUUID": tag,
            "model": request.model_id,
            "limit": str(RECOVER_MOST),
        }
        body = self._body_of(await self._api.read("GET", "/generate-video/recover", query=query))
        listed = body.get("data") if isinstance(body, dict) else None
        if not isinstance(listed, list):
            msg = "a recovery that is no list"
            raise ProviderProtocolError(msg)
        for run in listed:
            if isinstance(run, dict) and run.get("conversationUUID") == tag:
                return read_receipt(run)
        return None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        try:
            answer = await self._api.read("GET", "/v1/video-models", query={"detailed": "true"})
            live = {m.capability.model_id: m for m in read_models(self._body_of(answer))}
        except ProviderError as error:
            _log.warning("model_list_unavailable", extra={"detail": error.detail})
            live = {}
        self._models = live or self._models
        return tuple(model.capability for model in self._models.values())

    async def balance_micros(self) -> int:
        """What the account holds, in micros of a dollar. Raises ProviderError."""
        body = self._body_of(await self._api.read("POST", "/check-balance"))
        balance = micros(body.get("usd_balance")) if isinstance(body, dict) else None
        if balance is None:
            msg = "a balance that is no number"
            raise ProviderProtocolError(msg)
        return balance

    async def fetch(self, address: str, target: Path) -> None:
        await artifacts.fetch(
            self._downloads,
            address,
            target,
            origin=URL(self._api.base_url),
            key_headers=self._key,
        )

    def _parameters(self, request: VideoRequest) -> Mapping[str, Parameter]:
        model = self._models.get(request.model_id) or self._bundled.get(request.model_id)
        return {} if model is None else model.parameters

    def _body_of(self, answer: Answer) -> Any:
        _note(answer)
        if answer.status != 200:
            raise error_of(answer, self._clock.now())
        return answer.body


def _is_no_such_endpoint(answer: Answer) -> bool:
    """A 404 that is no answer of the API's, or a method that is not known there."""
    return answer.status == 405 or (answer.status == 404 and answer.body is None)


def _note(answer: Answer) -> None:
    request_id = answer.headers.get("X-Request-ID")
    if request_id is not None:
        _log.debug("nanogpt_answered", extra={"status": answer.status, "request": request_id})


def _bundled_list() -> Any:
    return json.loads((resources.files(__package__) / "fallback.json").read_text("utf-8"))
