"""The people of the sandbox for tests, by its own interface; refusals are answers too."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.rest import Answer

Json = dict[str, Any]


@dataclass
class Crowd:
    """Anyone; `who` is a user's id."""

    session: aiohttp.ClientSession
    base: str

    async def call(
        self, method: str, path: str, payload: Any = None, files: dict[str, bytes] | None = None
    ) -> Answer:
        body: Json = {"json": payload} if payload is not None else {}
        if files is not None:
            body = {"data": _form(payload, files)}
        async with self.session.request(method, self.base + path, **body) as answer:
            raw = await answer.read()
            return Answer(answer.status, answer.headers, json.loads(raw) if raw else None)

    async def done(self, method: str, path: str, payload: Any = None, **files: bytes) -> Any:
        """A call that must be accepted; its JSON. `files` are by name, `_` for the dot."""
        named = {name.replace("_", "."): data for name, data in files.items()}
        answer = await self.call(method, path, payload, named or None)
        assert answer.status < 300, answer.body
        return answer.body

    async def command(
        self, command: str, options: Json | None = None, *, who: int = seed.JUNO,
        channel: int = seed.VIDEOS, files: dict[str, bytes] | None = None,
    ) -> Answer:  # fmt: skip
        place: Json = {"as": str(who), "channel_id": str(channel), "command": command}
        payload = place | {"options": options or {}}
        return await self.call("POST", "/interactions/command", payload, files)

    async def complete(self, command: str, options: Json, focused: str) -> Answer:
        place = {"as": str(seed.JUNO), "channel_id": str(seed.VIDEOS), "command": command}
        payload = {**place, "options": options, "focused": focused}
        return await self.call("POST", "/interactions/autocomplete", payload)

    async def use(self, message: Json, custom_id: str, values: list[str] | None = None) -> Answer:
        payload = {
            "as": str(seed.JUNO),
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "custom_id": custom_id,
            "values": values or [],
        }
        return await self.call("POST", "/interactions/component", payload)

    async def submit(
        self, record: Json, fields: Json, files: dict[str, bytes] | None = None
    ) -> Answer:
        payload = {"as": str(seed.JUNO), "interaction_id": record["id"], "fields": fields}
        return await self.call("POST", "/interactions/modal", payload, files)

    async def menu(self, command: str, channel: int, target: int | str) -> Answer:
        payload = {
            "as": str(seed.JUNO),
            "channel_id": str(channel),
            "command": command,
            "target_id": str(target),
        }
        return await self.call("POST", "/interactions/context-menu", payload)

    async def record(self, record: Json, who: int = seed.JUNO) -> Any:
        return await self.done("GET", f"/interactions/{record['id']}?as={who}")

    async def read(self, channel: int = seed.VIDEOS, who: int = seed.JUNO) -> Any:
        return await self.done("GET", f"/channels/{channel}/messages?as={who}")

    async def say(self, content: str, who: int = seed.JUNO, channel: int = seed.VIDEOS) -> Any:
        payload = {"as": str(who), "content": content}
        return await self.done("POST", f"/channels/{channel}/messages", payload)

    @asynccontextmanager
    async def watching(self, who: int = seed.JUNO) -> AsyncIterator["Watch"]:
        async with self.session.ws_connect(f"{self.base}/events?as={who}") as socket:
            yield Watch(socket)


@dataclass
class Watch:
    """What happens before someone's eyes."""

    socket: aiohttp.ClientWebSocketResponse

    async def until(self, *names: str) -> Any:
        """The data of the next event with one of the names."""
        while (event := await self.socket.receive_json(timeout=120))["type"] not in names:
            pass
        return event["data"]


def crowd_of(sandbox: Sandbox, session: aiohttp.ClientSession) -> Crowd:
    return Crowd(session, f"{sandbox.origin}/sandbox/api")


def _form(payload: Json, files: dict[str, bytes]) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps(payload), content_type="application/json")
    for number, (name, data) in enumerate(files.items()):
        form.add_field(f"files[{number}]", data, filename=name)
    return form
