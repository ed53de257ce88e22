"""A proxy that spoils the conversation between the bot and one outside, on order or by a seed.

It reads HTTP/1.1 requests one by one, so that a fault can strike before the server hears of a
request or after it has acted; a websocket becomes a pipe that can be cut or hushed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.clock import Clock, SystemClock
from tests.faults import wire
from tests.faults.troubles import Plan, Strike, Trouble
from tests.faults.wire import Request

PIECE_BYTES = 64 * 1024
_DISTURBED = (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass(frozen=True, eq=False)
class _Side:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def reset(self) -> None:
        """As a cable that is pulled: what was not read yet is lost."""
        self.writer.transport.abort()


@dataclass
class FaultProxy:
    """Stands before one server; `plan` says which requests are struck.

    `requests` is what came, by method and path, and `heard` the same with heads and bodies.
    """

    upstream: str
    plan: Plan = field(default_factory=Plan)
    clock: Clock = field(default_factory=SystemClock)
    requests: list[str] = field(default_factory=list)
    heard: list[Request] = field(default_factory=list)
    origin: str = ""
    _pipes: set[_Side] = field(default_factory=set)
    _talks: "set[asyncio.Task[None]]" = field(default_factory=set)
    _speaking: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._speaking.set()

    def cut_sockets(self) -> int:
        """Reset every open websocket; how many there were."""
        for side in self._pipes:
            side.reset()
        return len(self._pipes)

    def hush_sockets(self) -> None:
        """Pass nothing on any more, and close nothing, until `speak_again`."""
        self._speaking.clear()

    def speak_again(self) -> None:
        self._speaking.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._talk(_Side(reader, writer))
        except (*_DISTURBED, asyncio.CancelledError):
            writer.transport.abort()  # one side went away, which is what proxies are there for
        finally:
            self._talks.discard(task)
            writer.close()

    async def end(self) -> None:
        """Hang up on everyone."""
        for task in list(self._talks):
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, client: _Side) -> None:
        if self.plan.on_connection() is not None:
            client.reset()
            return
        for number in range(1_000_000):
            request = await wire.read_request(client.reader)
            if request is None:
                return
            self.requests.append(f"{request.method} {request.path}")
            self.heard.append(request)
            strike = self.plan.on_request(request, is_reused=number > 0)
            if not await self._handle(client, request, strike):
                return

    async def _handle(self, client: _Side, request: Request, strike: Strike | None) -> bool:
        """False when the connection is over."""
        trouble = strike.trouble if strike else None
        if strike and trouble in {Trouble.RESET_BEFORE, Trouble.RESET_REUSED}:
            client.reset()
            return False
        if trouble is Trouble.BLACK_HOLE:
            await client.reader.read()  # until the client gives up
            return False
        if strike and trouble is Trouble.ANSWER:
            await _send(client, wire.answer(strike.status, strike.headers, strike.body))
            return True
        if strike and trouble is Trouble.LATENCY:
            await self.clock.sleep(strike.seconds)
        if request.is_upgrade:
            await self._join(client, request)
            return False
        return await self._spoil(client, await self._ask(request), strike)

    async def _spoil(self, client: _Side, answer: bytes, strike: Strike | None) -> bool:
        """Bring the server's answer to the client, or what the trouble leaves of it."""
        if strike is None or strike.trouble is Trouble.LATENCY:
            await _send(client, answer)
            return True
        match strike.trouble:
            case Trouble.RESET_AFTER:
                client.reset()
            case Trouble.TRUNCATE:
                await _send(client, wire.head_of(answer)[: strike.place(len(wire.head_of(answer)))])
            case Trouble.CUT:
                await _cut(client, answer, strike)
            case Trouble.DRIP:
                await self._drip(client, answer, strike)
                return True
            case Trouble.CLOSE_IDLE:
                await _send(client, answer)
            case _:
                await _send(client, wire.answer(strike.status, strike.headers, strike.body))
                return True
        return False

    async def _drip(self, client: _Side, answer: bytes, strike: Strike) -> None:
        size = max(1, -(-len(answer) // strike.pieces))
        starts = range(0, len(answer), size)
        for start in starts:
            if start > 0:
                await self.clock.sleep(strike.seconds / (len(starts) - 1))
            await _send(client, answer[start : start + size])

    async def _ask(self, request: Request) -> bytes:
        """The server's whole answer, on a connection of its own."""
        server = await self._connect()
        try:
            server.writer.write(request.as_last())
            await server.writer.drain()
            return wire.kept_alive(await server.reader.read())
        finally:
            server.writer.close()

    async def _connect(self) -> _Side:
        parts = urlsplit(self.upstream)
        return _Side(*await asyncio.open_connection(parts.hostname, parts.port))

    async def _join(self, client: _Side, request: Request) -> None:
        server = await self._connect()
        server.writer.write(request.raw)
        self._pipes |= {client, server}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(server.reader, client.writer))
                group.create_task(self._pass(client.reader, server.writer))
        except* _DISTURBED:
            client.reset()  # as the other side is gone
        finally:
            self._pipes -= {client, server}
            server.writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE_BYTES):
            await self._speaking.wait()
            writer.write(piece)
            await writer.drain()
        msg = "one side hung up"
        raise EOFError(msg)


async def _cut(client: _Side, answer: bytes, strike: Strike) -> None:
    """The head and a part of the body, and then nothing but a closed door."""
    head = len(wire.head_of(answer))
    await _send(client, answer[: head + strike.place(len(answer) - head)])


async def _send(client: _Side, content: bytes) -> None:
    client.writer.write(content)
    await client.writer.drain()


@contextlib.asynccontextmanager
async def proxying(
    upstream: str, plan: Plan | None = None, clock: Clock | None = None
) -> AsyncIterator[FaultProxy]:
    """A proxy before this origin, on a port of its own."""
    proxy = FaultProxy(upstream, plan or Plan(), clock or SystemClock())
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=wire.MAX_HEAD_BYTES)
    proxy.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
