"""Bare HTTP to a local NanoGPT: what the tests of its promises share."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.app import Sandbox, running_sandbox
from sandbox.films.rendering import FilmRequest, Renderer
from sandbox.providers.nanogpt.runs import Run
from sandbox.providers.nanogpt.service import NanoGpt
from sandbox.settings import SandboxSettings

Json = dict[str, Any]
Answer = tuple[int, Any, Any]  # status, JSON or text, headers

KEY_NAME = "sk-nano-sandbox"
KEY = {"x-api-key": KEY_NAME}
WISH = {
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
    """Its films are files with a few bytes."""

    async def render(self, request: FilmRequest, target: Path) -> None:
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

    async def submit(self, **fields: Any) -> Answer:
        return await self.call("POST", SUBMIT, json=WISH | fields)

    async def quote(self, **fields: Any) -> Answer:
        headers = {"x-x402": "true"}
        return await self.call("POST", SUBMIT, json=WISH | fields, headers=headers)

    async def made(self, **fields: Any) -> Run:
        """A film that has come to its end."""
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


@asynccontextmanager
async def local_nanogpt(folder: Path, *, blank: bool = True) -> AsyncIterator[Wire]:
    """A sandbox whose NanoGPT makes films at once; `blank` ones unless the film itself matters."""
    settings = SandboxSettings(port=0, generation_seconds=0, data_dir=folder, traffic_log=None)
    async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        if blank:
            sandbox.nanogpt.service._renderer = BlankRenderer()
        yield Wire(sandbox, session)
