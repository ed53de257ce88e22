"""The port `Provider` on NanoGPT's API.

Sources: NanoGPT's pages on video generation, unified and legacy status, recovery, models and
balance. There is no idempotency key and no cancel; what is charged is charged at the submission.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from bot.domain.budgets import Purpose
from bot.domain.capabilities import Capability
from bot.domain.requests import VideoRequest
from bot.domain.submissions import ProviderStatus, Receipt
from bot.errors import ProviderError, ProviderRejectedRequestError
from bot.ids import ModelId, ProviderName
from bot.ports import Clock, Order, RequestBudgets, Watched
from bot.providers import artifacts
from bot.providers.http import Answer, Api
from bot.providers.nanogpt.advice import MODEL_GONE
from bot.providers.nanogpt.errors import error_of, is_no_such_endpoint, submission_error_of
from bot.providers.nanogpt.families import current_name
from bot.providers.nanogpt.hosts import origin_of, with_api_path
from bot.providers.nanogpt.models import NAME, Model, as_estimate, entries_by_name, read_models
from bot.providers.nanogpt.parameters import PICTURES_MAX_BYTES, payload_of
from bot.providers.nanogpt.rules import rules_of
from bot.providers.nanogpt.wire import read_balance, read_receipt, read_recovered, read_status
from bot.providers.pacing import Pace

_log = logging.getLogger(__name__)

RECOVER_MOST = 50
LOOK_PRICE_SECONDS = 0.2  # looks are free of charge there, and no reason to hammer


class NanoGpt:
    """One account at NanoGPT; `downloads` is the guarded session that films are fetched with."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        api: aiohttp.ClientSession,
        downloads: aiohttp.ClientSession,
        budgets: RequestBudgets,
        clock: Clock,
    ) -> None:
        # the status page names only the second, the others recommend the first
        self._key = {"Authorization": f"Bearer {api_key}", "x-api-key": api_key}
        self._pace = Pace(budgets, rules_of(api_key), clock)
        self._api = Api(api, with_api_path(base_url), self._key, self._pace)
        self._downloads = downloads
        self._clock = clock
        self._bundled = entries_by_name(bundled := _bundled_list())
        self._models: Mapping[ModelId, Model] = by_id(map(as_estimate, read_models(bundled)))

    @property
    def name(self) -> ProviderName:
        return NAME

    @property
    def pictures_max_bytes(self) -> int | None:
        return PICTURES_MAX_BYTES

    @property
    def looks_together(self) -> bool:
        return False

    @property
    def can_recover(self) -> bool:
        return True

    async def submit(self, order: Order) -> Receipt:
        """Hand over a wish, once. Its tag goes along as `conversationUUID`, for `recover`.

        Raises ProviderRejectedRequestError without asking when the model is not listed any more:
        what its switches are called, and so what it would cost, is not known then.
        """
        model = self._model(order.request)
        request = replace(order.request, model_id=model.capability.model_id)
        payload = payload_of(replace(order, request=request), model.parameters)
        answer = await self._api.submit("/generate-video", payload)
        receipt = read_receipt(answer.body) if 200 <= answer.status < 300 else None
        if receipt is None:
            raise submission_error_of(answer, self._clock.now())
        return receipt

    async def look(self, handle: str, request: VideoRequest) -> ProviderStatus:
        """Ask the unified status, and the legacy one where there is no unified one.

        Done without an address is answered as running, so that the caller's deadline bounds it.
        """
        answer = await self._api.read(
            "GET", "/video/status", Purpose.LOOK, query={"requestId": handle}
        )
        if is_no_such_endpoint(answer):
            query = {"runId": handle, "model": request.model_id, "modelSlug": request.model_id}
            answer = await self._api.read(
                "GET", "/generate-video/status", Purpose.LOOK, query=query
            )
        return read_status(self._body_of(answer, about_job=True))

    async def look_together(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """One by one: a status names a single film."""
        return [await self.look(one.handle, one.request) for one in watched]

    async def look_price_seconds(self) -> float:
        return LOOK_PRICE_SECONDS

    async def may_submit_at(self) -> datetime | None:
        return await self._pace.free_at(Purpose.SUBMISSION)

    async def recover(self, tag: str, request: VideoRequest) -> Receipt | None:
        """Find a submission by its tag among the latest 50, whatever its model is called now.

        A service that wants to know the model is told. What was charged is not answered and stays
        None.
        """
        query = {"conversationUUID": tag, "limit": str(RECOVER_MOST)}
        answer = await self._recovered(query)
        if answer.status == 400:
            answer = await self._recovered({**query, "model": request.model_id})
        return read_recovered(self._body_of(answer), tag)

    async def _recovered(self, query: Mapping[str, str]) -> Answer:
        return await self._api.read("GET", "/generate-video/recover", Purpose.RECOVERY, query=query)

    async def list_capabilities(self) -> tuple[Capability, ...]:
        """The live list, which wins over the bundled one; the last one read while it is away."""
        try:
            answer = await self._api.read(
                "GET", "/v1/video-models", Purpose.OTHER, query={"detailed": "true"}
            )
            live = by_id(read_models(self._body_of(answer), self._bundled))
        except ProviderError as error:
            _log.warning("model_list_unavailable", extra={"detail": error.detail})
            live = {}
        self._models = live or self._models
        return self.capabilities()

    def capabilities(self) -> tuple[Capability, ...]:
        """Those of the list that was read last, or of the bundled one; nobody is asked."""
        return tuple(model.capability for model in self._models.values())

    async def balance_micros(self) -> int | None:
        """What the account holds, in micros of a dollar. Raises ProviderError."""
        answer = await self._api.read("POST", "/check-balance", Purpose.OTHER)
        return read_balance(self._body_of(answer))

    async def fetch(self, address: str, target: Path) -> None:
        await artifacts.fetch(
            self._downloads,
            address,
            target,
            origin=origin_of(address, URL(self._api.base_url)),
            key_headers=self._key,
        )

    def _model(self, request: VideoRequest) -> Model:
        """Also under the name that it has been given since, or had before."""
        wanted = current_name(request.model_id)
        for model_id, model in self._models.items():
            if request.model_id == model_id or current_name(model_id) == wanted:
                return model
        msg = f"{request.model_id} is not listed"
        raise ProviderRejectedRequestError(msg, friendly=MODEL_GONE)

    def _body_of(self, answer: Answer, *, about_job: bool = False) -> Any:
        if answer.status != 200:
            raise error_of(answer, self._clock.now(), about_job=about_job)
        return answer.body


def by_id(models: Iterable[Model]) -> dict[ModelId, Model]:
    return {model.capability.model_id: model for model in models}


def _bundled_list() -> Any:
    return json.loads((resources.files(__package__) / "fallback.json").read_text("utf-8"))
