"""The local NanoPhoto over bare HTTP: what its tests share. Blank files stand for the videos."""

import io
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.app import Sandbox
from sandbox.providers.nanophoto.service import NanoPhoto
from tests.local_nanophoto import GENERATE, KEY, PICTURE, STATUS, Json

CONTROL = "/sandbox/api/providers/nanophoto"
EMBEDDED = "data:image/png;base64,AA=="
FRAMES = "FIRST_AND_LAST_FRAMES_2_VIDEO"
REFERENCE = "REFERENCE_2_VIDEO"


@dataclass
class Wire:
    """Bare HTTP to the service and to its control routes."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def service(self) -> NanoPhoto:
        return self.sandbox.nanophoto.service

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = KEY, **more: Any
    ) -> tuple[int, Any]:
        """A status with JSON, or with text where the answer is no JSON."""
        own = path.startswith("/sandbox")
        origin = self.sandbox.origin if own else self.sandbox.nanophoto.origin
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        if key is not None and not own:
            headers["Authorization"] = f"Bearer {key}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = None if body is None else io.BytesIO(content)  # as a large body must be sent
        async with self.session.request(
            method, f"{origin}{path}", data=data, headers=headers, **more
        ) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.text()

    async def generate(self, *shots: Json, key: str = KEY, **more: Any) -> tuple[int, Any]:
        body = {"shots": list(shots) or [a_shot()], **more}
        return await self.call("POST", GENERATE, body, key=key)

    async def check(self, *tasks: Json, key: str = KEY, **more: Any) -> tuple[int, Any]:
        asked = [{"shotId": task["shotId"], "taskId": task["taskId"]} for task in tasks]
        return await self.call("POST", STATUS, {"taskIds": asked, **more}, key=key)

    async def made(self, *shots: Json, **more: Any) -> list[Json]:
        """The tasks of an accepted request, when they are over."""
        status, body = await self.generate(*shots, **more)
        assert status == 200, body
        await self.service.making[body["shots"][0]["taskId"]]
        return list(body["shots"])

    async def switch(self, **switches: Any) -> Json:
        status, body = await self.call("PATCH", CONTROL, switches)
        assert status == 200, body
        return dict(body)

    async def fault(self, **fault: Any) -> None:
        assert (await self.call("POST", f"{CONTROL}/faults", fault))[0] == 201


def a_shot(name: str = "shot-1", **fields: Any) -> Json:
    request = {
        "id": name,
        "prompt": "A golden retriever running on a beach at sunset, cinematic lighting",
        "generationType": "TEXT_2_VIDEO",
        "aspectRatio": "16:9",
    }
    return request | fields


def shots(count: int, **fields: Any) -> list[Json]:
    return [a_shot(f"shot-{number}", **fields) for number in range(1, count + 1)]


def pictured(kind: str, count: int, instead: Any = None) -> Json:
    addresses = [PICTURE] * count if instead is None else instead
    return a_shot(generationType=kind, imageUrls=addresses)
