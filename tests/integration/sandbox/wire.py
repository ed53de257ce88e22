"""A bot's gateway connection for tests, frame by frame, with no library in between."""

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.app import Sandbox

Json = dict[str, Any]

GUILDS, MEMBERS, PRESENCES, MESSAGES = 1 << 0, 1 << 1, 1 << 8, 1 << 9
REACTIONS, CONTENT = 1 << 10, 1 << 15
EVERYTHING = GUILDS | MESSAGES | REACTIONS | CONTENT


@dataclass
class Wire:
    """One socket; `seen` keeps every dispatch in order."""

    socket: aiohttp.ClientWebSocketResponse
    token: str
    inflater: Any = None
    seen: list[Json] = field(default_factory=list)

    async def frame(self) -> Json:
        message = await self.socket.receive(timeout=30)
        assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}, message
        raw = message.data
        if message.type is aiohttp.WSMsgType.BINARY:
            assert raw.endswith(b"\x00\x00\xff\xff")
            raw = self.inflater.decompress(raw)
        frame: Json = json.loads(raw)
        if frame["op"] == 0:
            self.seen.append(frame)
        return frame

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def until(self, name: str) -> Any:
        """The data of the next dispatch of that name."""
        while (frame := await self.frame())["t"] != name:
            pass
        return frame["d"]

    async def until_op(self, op: int) -> Json:
        while (frame := await self.frame())["op"] != op:
            pass
        return frame

    async def names_until(self, name: str) -> list[str]:
        """The names of the dispatches up to and with the next one of that name."""
        names: list[str] = []
        while not names or names[-1] != name:
            frame = await self.frame()
            if frame["op"] == 0:
                names.append(frame["t"])
        return names

    async def identify(self, intents: int = EVERYTHING, **more: Any) -> Json:
        """Say who one is; answers with READY's data."""
        properties = {"os": "linux", "browser": "test", "device": "test"}
        data = {"token": self.token, "intents": intents, "properties": properties, **more}
        await self.send(2, data)
        ready: Json = await self.until("READY")
        return ready

    async def resume(self, session_id: str, sequence: int | None) -> None:
        await self.send(6, {"token": self.token, "session_id": session_id, "seq": sequence})

    async def close_code(self) -> int | None:
        """Read until the other side hangs up."""
        while True:
            message = await self.socket.receive(timeout=30)
            if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                return self.socket.close_code

    @property
    def sequence(self) -> int:
        return int(self.seen[-1]["s"])


@asynccontextmanager
async def connected(
    sandbox: Sandbox, session: aiohttp.ClientSession, query: str = "v=10&encoding=json"
) -> AsyncIterator[Wire]:
    """A socket that has been said HELLO to."""
    address = f"{sandbox.gateway.address()}?{query}"
    async with session.ws_connect(address, autoclose=False) as socket:
        token = sandbox.discord.world.application.token
        wire = Wire(socket, token, zlib.decompressobj() if "zlib" in query else None)
        assert (await wire.frame())["op"] == 10
        yield wire


@asynccontextmanager
async def listening(
    sandbox: Sandbox, session: aiohttp.ClientSession, intents: int = EVERYTHING, **more: Any
) -> AsyncIterator[Wire]:
    """A bot that has identified and, if it asked for guilds, was told of its guild."""
    async with connected(sandbox, session) as wire:
        await wire.identify(intents, **more)
        if intents & GUILDS:
            await wire.until("GUILD_CREATE")
        yield wire
