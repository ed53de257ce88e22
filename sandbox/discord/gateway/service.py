"""The gateway as the application mounts it: its route, and what its operator can do to sessions."""

import asyncio

from aiohttp import web

from sandbox.discord.gateway.connections import Connection, Pace
from sandbox.discord.gateway.context import GatewayContext
from sandbox.discord.gateway.dispatching import Dispatcher
from sandbox.discord.gateway.frames import FrameWriter, encode
from sandbox.discord.gateway.identifying import StartBudget
from sandbox.discord.gateway.operations import Operations
from sandbox.discord.gateway.protocol import VERSIONS, Close, Op
from sandbox.discord.gateway.sessions import Outbox, Session
from sandbox.discord.models import Json
from sandbox.discord.world import World

_CLOSING_SECONDS = 2.0  # how long a bot may take to answer a close frame


class Gateway:
    """All sessions of the bot. Lives from construction to `close`."""

    def __init__(self, world: World, *, pace: Pace | None = None) -> None:
        self._context = GatewayContext(world, self.address, StartBudget(world.clock.now))
        self._pace = pace or Pace()
        self._connected: set[Outbox] = set()
        self._unsubscribe = world.bus.subscribe(Dispatcher(self._context))

    @property
    def online(self) -> bool:
        return self._context.sessions.online

    def address(self) -> str:
        """Where bots connect and resume."""
        origin = self._context.world.addresses.origin
        return origin.replace("http", "ws", 1) + "/gateway"

    def start_limit(self) -> Json:
        """GET /gateway/bot's `session_start_limit`."""
        return self._context.budget.describe()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/gateway", self._serve)
        app.router.add_get("/gateway/", self._serve)

    def close(self) -> None:
        """Hang up on everybody, resumably, and hear no further events."""
        self._unsubscribe()
        for outbox in self._connected:
            outbox.put_nowait(Close.GOING_AWAY)

    def describe_sessions(self) -> list[Json]:
        return [self._describe(session) for session in self._context.sessions.all()]

    def disconnect(self, op: int | None, code: int | None, *, resumable: bool) -> int:
        """Send opcode 1, 7 or 9 to every connection, or close it with a code; how many there were."""
        connected = [item for item in self._context.sessions.all() if item.outbox is not None]
        for session in connected:
            self._disturb(session, op, code, resumable=resumable)
        return len(connected)

    def _disturb(
        self, session: Session, op: int | None, code: int | None, *, resumable: bool
    ) -> None:
        outbox = session.outbox
        if outbox is None:
            return
        if op in {Op.HEARTBEAT, Op.RECONNECT}:
            outbox.put_nowait(encode(op, None))
        elif op == Op.INVALID_SESSION:
            outbox.put_nowait(encode(Op.INVALID_SESSION, resumable))
        else:
            outbox.put_nowait(code or Close.UNKNOWN_ERROR)
        if not resumable:
            self._context.sessions.end(session)
            session.outbox = None
            self._context.tell_presence()

    def _describe(self, session: Session) -> Json:
        return {
            "session_id": session.id,
            "user_id": str(self._context.world.application.bot.id),
            "shard": [session.shard_id, session.shard_count],
            "intents": session.intents,
            "connected": session.connected,
            "sequence": session.sequence,
        }

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False, timeout=_CLOSING_SECONDS)
        await socket.prepare(request)
        if request.query.get("v", "10") not in VERSIONS:
            await socket.close(code=Close.INVALID_API_VERSION, message=b"Invalid API version.")
            return socket
        outbox: Outbox = asyncio.Queue()
        self._connected.add(outbox)
        try:
            writer = FrameWriter(socket, request.query.get("compress"))
            operations = Operations(self._context, outbox)
            await Connection(socket, writer, operations, self._pace).run()
        finally:
            self._connected.discard(outbox)
        return socket
