"""The event stream: a websocket with the events that a member can see."""

import asyncio
import json

from aiohttp import WSMsgType, web

from sandbox.api.routing import As, Call, Nothing, Route
from sandbox.discord.base_urls import origin_of
from sandbox.discord.rules import permissions
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import Json
from sandbox.discord.state.world import World
from sandbox.tasks import TaskOwner

STREAMED = frozenset({
    "MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_ALL",
    "MESSAGE_REACTION_REMOVE_EMOJI",
    "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE",
    "THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE",
    "GUILD_UPDATE", "GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE",
    "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE",
    "TYPING_START", "INTERACTION_RECORD", "BOT_PRESENCE", "COMMANDS_CHANGED",
})  # fmt: skip

_CLOSING_SECONDS = 2.0


class WatchingRoutes:
    """The event stream."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets: set[web.WebSocketResponse] = set()

    def table(self) -> list[Route]:
        return [
            Route(
                "GET", "/events", self._stream, "Upgrade to a websocket that sends what happens",
                query=As, upgrades=True,
            ),
        ]  # fmt: skip

    async def close(self) -> None:
        """Close every stream, so that the server can stop."""
        for socket in tuple(self._sockets):
            await socket.close(code=1001)

    async def _stream(self, call: Call[Nothing, As]) -> web.StreamResponse:
        """Listen before the upgrade is answered, so that nothing after it is missed."""
        user_id = self._world.user(call.query.user_id).id
        waiting: asyncio.Queue[Json] = asyncio.Queue()
        origin = origin_of(call.request)

        def hear(event: Event) -> None:
            if event.name in STREAMED and permissions.sees(self._world, user_id, event):
                with self._world.addresses.reached_at(origin):
                    data = event.render(self._world.viewer(user_id))
                waiting.put_nowait({"type": event.name, "data": data})

        unsubscribe = self._world.bus.subscribe(hear)
        socket = web.WebSocketResponse(heartbeat=30, timeout=_CLOSING_SECONDS)
        self._sockets.add(socket)
        try:
            await socket.prepare(call.request)
            await _serve(socket, waiting)
        finally:
            unsubscribe()
            self._sockets.discard(socket)
        return socket


async def _serve(socket: web.WebSocketResponse, waiting: asyncio.Queue[Json]) -> None:
    """Send what comes until the other side closes; what it sends is not listened to."""
    async with TaskOwner() as tasks:
        _sender = tasks.start(_send(socket, waiting), name="people-events")
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                return


async def _send(socket: web.WebSocketResponse, waiting: asyncio.Queue[Json]) -> None:
    while not socket.closed:
        event = await waiting.get()
        try:
            await socket.send_str(json.dumps(event))
        except ConnectionError:
            return  # the reader sees the end too
