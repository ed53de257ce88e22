"""A bot's view of Discord's REST interface, for tests: as plain as the wire."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end."""

    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> int:
        """Discord's error code."""
        return int(self.body["code"])

    def fault(self, *path: str) -> str:
        """The code of the first fault at a field of a refused form."""
        node = self.body["errors"]
        for step in path:
            node = node[step]
        return str(node["_errors"][0]["code"])


@dataclass
class Rest:
    """Calls with the bot's token."""

    session: aiohttp.ClientSession
    base: str
    token: str

    async def call(
        self,
        method: str,
        path: str,
        payload: Any = None,
        *,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Answer:
        body: Json = {"json": payload} if payload is not None else {}
        if files is not None:
            body = {"data": _form(payload or {}, files)}
        headers = {"Authorization": f"Bot {token or self.token}"}
        async with self.session.request(
            method, self.base + path, headers=headers, **body
        ) as answer:
            raw = await answer.read()
            is_json = answer.headers.get("Content-Type") == "application/json"
            return Answer(answer.status, answer.headers, json.loads(raw) if is_json else raw)

    async def get(self, path: str) -> Answer:
        return await self.call("GET", path)

    async def send(
        self, channel: int | str, payload: Json, files: dict[str, bytes] | None = None
    ) -> Answer:
        return await self.call("POST", f"/channels/{channel}/messages", payload, files=files)

    async def sent(self, channel: int | str, payload: Json, **files: bytes) -> Any:
        """A message that must be accepted; its JSON. `files` are by name, `_` for the dot."""
        named = {name.replace("_", "."): data for name, data in files.items()}
        answer = await self.send(channel, payload, named or None)
        assert answer.status == 200, answer.body
        return answer.body


def _form(payload: Json, files: dict[str, bytes]) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(payload), content_type="application/json")
    for number, (name, data) in enumerate(files.items()):
        form.add_field(
            f"files[{number}]",
            BytesIO(data),
            filename=name,
            content_type="application/octet-stream",
        )
    return form
