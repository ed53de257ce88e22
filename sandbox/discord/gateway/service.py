"""The gateway as the application mounts it: its route, its sessions, who hears which event.

An event reaches a session if the bot may see it, the guild belongs to the shard and the intent was
asked for. Message Content needs both the portal's switch and the intent.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web

from sandbox.discord.base_urls import origin_of
from sandbox.discord.gateway.connections import Connection, Pace
from sandbox.discord.gateway.context import GatewayContext
from sandbox.discord.gateway.frames import FrameWriter, encode
from sandbox.discord.gateway.identifying import StartBudget
from sandbox.discord.gateway.intents import Intent, wants
from sandbox.discord.gateway.operations import Operations
from sandbox.discord.gateway.protocol import VERSIONS, Close, Op
from sandbox.discord.gateway.sessions import Outbox, Session
from sandbox.discord.gateway.welcoming import guild_create
from sandbox.discord.rules import permissions
from sandbox.discord.state.events import Event, Viewer
from sandbox.discord.state.models import Json
from sandbox.discord.state.world import World

_CLOSING_SECONDS = 2.0  # how long a bot may take to answer a close frame
FOR_PEOPLE_ONLY = frozenset({"BOT_PRESENCE", "INTERACTION_RECORD", "COMMANDS_CHANGED"})


class Gateway:
    """All sessions of the bot. Lives from construction to `close`."""

    def __init__(
        self,
        world: World,
        *,
        pace: Pace | None = None,
        starts_paced: Callable[[], bool] = lambda: True,
    ) -> None:
        """`starts_paced` says whether sessions must begin five seconds apart."""
        budget = StartBudget(world.clock.now, starts_paced)
        self._context = GatewayContext(world, self.address, budget)
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
        """Hang up on everyone, resumably, and hear no further events."""
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
            session.detach(outbox, self._context.world.clock.now())
            self._context.publish_presence()
        else:
            outbox.put_nowait(code or Close.UNKNOWN_ERROR)
        if not resumable:
            self._context.sessions.end(session)
            session.outbox = None
            self._context.publish_presence()

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
            operations = Operations(self._context, outbox, origin_of(request))
            await Connection(socket, writer, operations, self._pace).run()
        finally:
            self._connected.discard(outbox)
        return socket


class Dispatcher:
    """The bus's subscriber that feeds every session, connected or waiting to be resumed."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context

    def __call__(self, event: Event) -> None:
        world = self._context.world
        bot_id = world.application.bot.id
        if event.name in FOR_PEOPLE_ONLY or not permissions.sees(world, bot_id, event):
            return
        for session in self._context.sessions.all():
            if session.hears(event.guild_id) and self._wants(session, event):
                with world.addresses.reached_at(session.origin):
                    self._dispatch(session, event)

    def _wants(self, session: Session, event: Event) -> bool:
        if wants(session.intents, event.name, direct=event.guild_id is None):
            return True
        own_id = str(self._context.world.application.bot.id)
        if event.name == "GUILD_MEMBER_UPDATE":  # a bot always hears of changes to itself
            return bool(event.render(Viewer(int(own_id)))["user"]["id"] == own_id)
        return False

    def _dispatch(self, session: Session, event: Event) -> None:
        world = self._context.world
        bot_id = world.application.bot.id
        if event.name == "GUILD_CREATE" and event.guild_id is not None:
            guild = world.guild(event.guild_id)
            session.dispatch("GUILD_CREATE", guild_create(world, guild, session.intents))
            return
        asked = bool(session.intents & Intent.MESSAGE_CONTENT)
        viewer = Viewer(bot_id, reads_content=asked and world.application.message_content)
        session.dispatch(event.name, event.render(viewer))
