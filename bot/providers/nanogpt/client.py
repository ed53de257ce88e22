"""The port `Provider` on NanoGPT's API.

Sources: NanoGPT's pages on video generation, unified and legacy status, recovery, models and
balance. There is no idempotency key and no cancel; the charge is made at the submission.

One service has two hosts: `api.nano-gpt.com` is recommended for requests with a key, `nano-gpt.com`
answers the same ones, and a video's address may name either. By its page on rate limits,
submissions and recoveries are counted by IP address, so all accounts behind ours share their
budget; a request may be in transit for a while before it is counted, so each window is kept longer.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import Field
from yarl import URL

from bot.catalog.capability import Capability
from bot.catalog.request import VideoRequest
from bot.clock import Clock
from bot.errors import ProviderError, ProviderRejectedRequestError
from bot.ids import ModelId, ProviderName
from bot.providers import artifacts
from bot.providers.contract import (
    Improved,
    ImproverPrice,
    Order,
    ProviderStatus,
    Receipt,
    RequestBudgets,
    Watched,
)
from bot.providers.http import Answer, Api
from bot.providers.nanogpt.advice import MODEL_GONE
from bot.providers.nanogpt.chat.improver import Improver
from bot.providers.nanogpt.errors import error_of, is_no_such_endpoint, submission_error_of
from bot.providers.nanogpt.families import current_name
from bot.providers.nanogpt.models import NAME, Model, as_estimate, entries_by_name, read_models
from bot.providers.nanogpt.parameters import PICTURES_MAX_BYTES, payload_of
from bot.providers.nanogpt.wire import (
    read_balance,
    read_quote,
    read_receipt,
    read_recovered,
    read_status,
)
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose, RequestRule
from bot.providers.spec import Connections, HttpAddress, ProviderSettings, ProviderSpec

_log = logging.getLogger(__name__)

HOSTS = frozenset({"nano-gpt.com", "api.nano-gpt.com"})

MAX_SUBMISSIONS = 50  # a minute
FOR_VIDEOS = 20  # submissions a minute that no question for a price may use up
MAX_RECOVERIES = 20  # a minute
MAX_REQUESTS = 25  # a second
MINUTE_SECONDS = 75.0  # includes a request's transit time
SECOND_SHARE = 0.8  # of the requests a second, since requests may bunch up in transit
MAX_RECOVER = 50
CHAT_MODEL = "google/gemini-3.1-flash-lite"  # cheap, quick, and does not think aloud
KEYLESS = {"x-x402": "true"}  # "I would pay at once": answered with the price
POLL_PRICE_SECONDS = 0.2  # polls are free of charge there, but no reason to hammer it


def with_api_path(base_url: str) -> str:
    """Add the API path to `https://api.nano-gpt.com`; leave any other address alone."""
    url = URL(base_url)
    is_bare = url.host in HOSTS and url.path in {"", "/"}
    return str(url.with_path("/api")) if is_bare else base_url


def origin_of(address: str, base: URL) -> URL:
    """Return the origin that may receive the key: ours, or its twin's.

    The twin has our scheme and our port; any other host gets no key.
    """
    try:
        url = base.join(URL(address))
        twin = url.origin()
    except ValueError:
        return base
    is_twin = base.host in HOSTS and url.host in HOSTS
    return twin if is_twin and (url.scheme, url.port) == (base.scheme, base.port) else base


def rules_of(api_key: str) -> Mapping[Purpose, Sequence[RequestRule]]:
    """Return the rules by purpose; a digest of its key names the account."""
    account = hashlib.sha256(api_key.encode()).hexdigest()[:8]
    second = RequestRule(f"nanogpt:{account}:second", int(MAX_REQUESTS * SECOND_SHARE), 1.0)
    submissions = RequestRule(
        "nanogpt:submissions", MAX_SUBMISSIONS, MINUTE_SECONDS, reserved=FOR_VIDEOS
    )
    recoveries = RequestRule("nanogpt:recoveries", MAX_RECOVERIES, MINUTE_SECONDS)
    return {
        Purpose.SUBMISSION: (submissions, second),
        Purpose.QUOTE: (submissions, second),
        Purpose.POLL: (second,),
        Purpose.RECOVERY: (recoveries, second),
        Purpose.CHAT: (second,),
        Purpose.OTHER: (second,),
    }


class NanoGpt:
    """One account at NanoGPT; `downloads` is the guarded session for videos."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        api: aiohttp.ClientSession,
        downloads: aiohttp.ClientSession,
        budgets: RequestBudgets,
        clock: Clock,
        chat_model: str = CHAT_MODEL,
    ) -> None:
        # the status page names only the second, the others recommend the first
        self._key = {"Authorization": f"Bearer {api_key}", "x-api-key": api_key}
        self._pace = Pace(budgets, rules_of(api_key), clock)
        self._api = Api(api, with_api_path(base_url), self._key, self._pace)
        self._improver = Improver(self._api, chat_model, clock)
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
    def polls_in_batches(self) -> bool:
        return False

    @property
    def can_recover(self) -> bool:
        return True

    async def submit(self, order: Order) -> Receipt:
        """Submit an order once, with its tag as `conversationUUID` for `recover`.

        Raises ProviderRejectedRequestError without a request when the model is not listed any more:
        the names of its switches, and so its price, are unknown then.
        """
        model = self._model(order.request)
        request = replace(order.request, model_id=model.capability.model_id)
        payload = payload_of(replace(order, request=request), model.parameters)
        answer = await self._api.submit("/generate-video", payload, stale_at=order.stale_at)
        receipt = read_receipt(answer.body) if 200 <= answer.status < 300 else None
        if receipt is None:
            raise submission_error_of(answer, self._clock.now())
        return receipt

    async def quote_micros(self, order: Order) -> int | None:
        """Return the request's price in micros; None if not quoted.

        The same body without a key is answered with a demand for payment, which names the price:
        nothing is started. With a key it would be a submission, so none is sent. It is counted as
        one, since the service counts by address and path.
        """
        model = self._model(order.request)
        request = replace(order.request, model_id=model.capability.model_id)
        payload = payload_of(replace(order, request=request), model.parameters)
        del payload["conversationUUID"]
        answer = await self._api.read(
            "POST", "/generate-video", Purpose.QUOTE, payload=payload, headers=KEYLESS
        )
        return read_quote(answer.status, answer.body)

    async def improver_price(self, prompt: str) -> ImproverPrice | None:
        return await self._improver.price(prompt)

    async def improve(self, prompt: str, *, stale_at: datetime) -> Improved:
        return await self._improver.improve(prompt, stale_at)

    async def poll(self, handle: str, request: VideoRequest) -> ProviderStatus:
        """Poll the unified status, or the legacy one if there is no unified one.

        Done without an address is reported as running, so that the caller's deadline limits it.
        """
        answer = await self._api.read(
            "GET", "/video/status", Purpose.POLL, query={"requestId": handle}
        )
        if is_no_such_endpoint(answer):
            query = {"runId": handle, "model": request.model_id, "modelSlug": request.model_id}
            answer = await self._api.read(
                "GET", "/generate-video/status", Purpose.POLL, query=query
            )
        return read_status(self._body_of(answer, about_job=True))

    async def poll_batch(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        """Poll one by one: a status names a single video."""
        return [await self.poll(one.handle, one.request) for one in watched]

    async def poll_price_seconds(self) -> float:
        return POLL_PRICE_SECONDS

    async def may_submit_at(self) -> datetime | None:
        return await self._pace.free_at(Purpose.SUBMISSION)

    async def recover(self, tag: str, request: VideoRequest) -> Receipt | None:
        """Find a submission by its tag among the latest 50, under any model name.

        The model is sent to a service that requires it. The charge is not reported and stays None.
        """
        query = {"conversationUUID": tag, "limit": str(MAX_RECOVER)}
        answer = await self._recovered(query)
        if answer.status == 400:
            answer = await self._recovered({**query, "model": request.model_id})
        return read_recovered(self._body_of(answer), tag)

    async def _recovered(self, query: Mapping[str, str]) -> Answer:
        return await self._api.read("GET", "/generate-video/recover", Purpose.RECOVERY, query=query)

    async def list_capabilities(self) -> tuple[Capability, ...]:
        """Fetch the live list, or return the last one read; it overrides the bundled one."""
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
        """Return the last list read, or the bundled one, without a request."""
        return tuple(model.capability for model in self._models.values())

    async def check_key(self) -> None:
        """Request the balance, which requires the key."""
        await self.balance_micros()

    async def balance_micros(self) -> int | None:
        """Return the account's balance in micros. Raises ProviderError."""
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
        """Find the request's model by its old or new name."""
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


class NanoGptSettings(ProviderSettings):
    """The key, the address with or without `/api`, and the model that improves prompts."""

    base_url: HttpAddress = "https://nano-gpt.com/api"
    chat_model: str = Field(
        default=CHAT_MODEL,
        description="The text model that improves prompts, where a server switches that on.",
    )


def make(settings: NanoGptSettings, connections: Connections) -> NanoGpt:
    return NanoGpt(
        settings.key,
        settings.base_url,
        api=connections.api,
        downloads=connections.downloads,
        budgets=connections.budgets,
        clock=connections.clock,
        chat_model=settings.chat_model,
    )


NANOGPT = ProviderSpec(
    name=NAME,
    label="NanoGPT",
    summary="about 175 models, billed in dollars.",
    settings=NanoGptSettings,
    make=make,
    preferred_models=(
        "bytedance-seedance-v1-pro-fast",
        "seedance-lite-video",
        "veo3-1-lite-video",
        "wan-25",
    ),
)
