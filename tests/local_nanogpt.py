"""A local NanoGPT, over bare HTTP and through the bot's client: what the tests of both share."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.catalog.request import VideoRequest
from bot.clock import Clock, SystemClock
from bot.ids import ModelId
from bot.media.downloads import guarded_session
from bot.providers.contract import (
    Order,
    OrderPicture,
    ProviderStatus,
    Receipt,
)
from bot.providers.nanogpt.client import NanoGpt as Client
from bot.providers.request_limits import Purpose, RequestRule
from sandbox.app import Sandbox, running_sandbox
from sandbox.providers.nanogpt.limits import Limits
from sandbox.providers.nanogpt.overrides import Overrides
from sandbox.providers.nanogpt.runs import Books, Run
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.settings import SandboxSettings
from sandbox.videos.rendering import Renderer, RenderRequest
from tests.factories import make_request
from tests.serving import pair_of

Json = dict[str, Any]
Answer = tuple[int, Any, Any]  # status, JSON or text, headers

KEY_NAME = "sk-nano-sandbox"
KEY = {"x-api-key": KEY_NAME}
REQUEST = {
    "model": "bytedance-seedance-v1-pro-fast",
    "prompt": "a fox",
    "duration": "2",
    "resolution": "480p",
    "conversationUUID": "tag-1",
}  # 0.024 dollars
CONTROL = "/sandbox/api/providers/nanogpt"
SUBMIT = "/api/generate-video"
STATUS = "/api/video/status"
BALANCE = "/api/check-balance"
RECOVER = "/api/generate-video/recover"


class BlankRenderer(Renderer):
    """Its videos are files with a few bytes."""

    async def render(self, request: RenderRequest, target: Path) -> None:
        content = b"\0\0\0\x18ftypisom" + request.prompt.encode()
        await asyncio.to_thread(target.write_bytes, content)


@dataclass
class Wire:
    """Bare HTTP to the service and to its control routes."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def service(self) -> NanoGpt:
        return self.sandbox.nanogpt.service

    @property
    def balance_micros(self) -> int:
        return self.service.books.balances[KEY_NAME]

    async def call(
        self, method: str, path: str, *, headers: Json | None = None, **more: Any
    ) -> Answer:
        own = path.startswith("/sandbox")
        if "json" in more:  # in pieces, as a large body must be sent
            more["data"] = io.BytesIO(json.dumps(more.pop("json")).encode())
        origin = self.sandbox.origin if own else self.sandbox.nanogpt.origin
        sent = KEY if headers is None and not own else headers
        async with self.session.request(method, f"{origin}{path}", headers=sent, **more) as answer:
            is_json = answer.content_type == "application/json"
            body = await answer.json() if is_json else await answer.read()
            return answer.status, body, answer.headers

    def renew(self) -> None:
        """As if it had just been started: no video, no fault, no switch, fifty dollars."""
        service = self.service
        service.books, service.limits = Books(), Limits()
        service.books.open(KEY_NAME)
        service.overrides = Overrides(generation_seconds=0)
        service.faults.clear()
        service.keys_seen_by_storage.clear()

    async def submit(self, **fields: Any) -> Answer:
        return await self.call("POST", SUBMIT, json=REQUEST | fields)

    async def quote(self, **fields: Any) -> Answer:
        headers = {"x-x402": "true"}
        return await self.call("POST", SUBMIT, json=REQUEST | fields, headers=headers)

    async def made(self, **fields: Any) -> Run:
        """A video that has come to its end."""
        status, body, _ = await self.submit(**fields)
        assert status in {200, 202}
        await self.service.making[body["runId"]]
        return self.service.books.runs[body["runId"]]

    async def status(self, run: Run) -> Any:
        _, body, _ = await self.call("GET", f"{STATUS}?requestId={run.id}")
        return body

    async def turn(self, **switches: Any) -> Any:
        status, body, _ = await self.call("PATCH", CONTROL, json=switches)
        assert status == 200
        return body

    async def fault(self, **fields: Any) -> None:
        assert (await self.call("POST", f"{CONTROL}/faults", json=fields))[0] == 201

    async def ledger(self) -> list[tuple[str, float]]:
        _, entries, _ = await self.call("GET", f"{CONTROL}/ledger")
        return [(entry["kind"], entry["amount"]) for entry in entries]


class FreeBudgets:
    """The port `RequestBudgets` for tests that ask more than an account may."""

    async def take(self, _rules: Sequence[RequestRule], _purpose: Purpose) -> datetime | None:
        return None

    async def free_at(self, _rules: Sequence[RequestRule], _purpose: Purpose) -> datetime | None:
        return None

    async def used(self, _rule: RequestRule) -> int:
        return 0


@dataclass
class Desk:
    """The bot's client with the service behind it; `request` is what it orders unless told else."""

    wire: Wire
    client: Client
    request: VideoRequest

    @property
    def service(self) -> NanoGpt:
        return self.wire.service

    @property
    def money(self) -> list[tuple[str, int]]:
        """Every movement, in micros of a dollar."""
        return [(entry.kind, entry.amount_micros) for entry in self.service.books.entries]

    async def submit(
        self, tag: str = "tag-1", pictures: dict[str, OrderPicture] | None = None, **fields: Any
    ) -> Receipt:
        return await self.client.submit(Order(replace(self.request, **fields), tag, pictures or {}))

    def sent(self, receipt: Receipt) -> Json:
        """The body with which a video was ordered."""
        return self.service.books.runs[receipt.handle].body

    async def ended(self, receipt: Receipt) -> ProviderStatus:
        """How a video stands that has come to its end."""
        await self.service.making[receipt.handle]
        return await self.client.poll(receipt.handle, self.request)


@asynccontextmanager
async def desk_at(
    wire: Wire, *, key: str = KEY_NAME, origin: str | None = None, clock: Clock | None = None
) -> AsyncIterator[Desk]:
    """The bot's client at a local NanoGPT, without a budget of its own."""
    origin = origin or wire.sandbox.nanogpt.origin
    hosts = frozenset({pair_of(origin), pair_of(wire.service.storage_origin)})
    async with aiohttp.ClientSession() as api, guarded_session(hosts) as downloads:
        client = Client(
            key,
            f"{origin}/api",
            api=api,
            downloads=downloads,
            budgets=FreeBudgets(),
            clock=clock or SystemClock(),
        )
        request = make_request(
            model_id=ModelId(REQUEST["model"]), duration_seconds=2, resolution=REQUEST["resolution"]
        )
        yield Desk(wire, client, request)


@asynccontextmanager
async def local_nanogpt(folder: Path, *, blank: bool = True) -> AsyncIterator[Wire]:
    """A sandbox whose NanoGPT makes videos at once; `blank` ones unless the video itself matters."""
    settings = SandboxSettings(port=0, generation_seconds=0, data_dir=folder, traffic_log=None)
    async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        if blank:
            sandbox.nanogpt.service._renderer = BlankRenderer()
        yield Wire(sandbox, session)
