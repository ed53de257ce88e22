"""What a bot may ask of the gateway, one method per opcode.

Each method queues its answers in the connection's outbox and raises HangUpError where Discord hangs up.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.discord.gateway import identifying, members, welcoming
from sandbox.discord.gateway.context import GatewayContext
from sandbox.discord.gateway.frames import encode
from sandbox.discord.gateway.protocol import Close, HangUpError, Op
from sandbox.discord.gateway.sessions import Outbox, Session
from sandbox.discord.services import voice

Operation = Callable[[Any], None]

ACK_SECONDS = 0.02


class Operations:
    """One connection's conversation; it has a session once IDENTIFY or RESUME has succeeded."""

    def __init__(self, context: GatewayContext, outbox: Outbox, origin: str | None) -> None:
        """`origin` is where the connection has reached the sandbox."""
        self.outbox = outbox
        self._origin = origin
        self._context = context
        self._session: Session | None = None
        self.table: dict[int, Operation] = {
            Op.HEARTBEAT: self._heartbeat,
            Op.IDENTIFY: self._identify,
            Op.PRESENCE_UPDATE: self._ignore,
            Op.VOICE_STATE_UPDATE: self._update_voice_state,
            Op.RESUME: self._resume,
            Op.REQUEST_GUILD_MEMBERS: self._request_members,
            Op.REQUEST_SOUNDBOARD_SOUNDS: self._request_sounds,
        }

    def now(self) -> datetime:
        return self._context.world.clock.now()

    def leave(self, close_code: int | None) -> None:
        """Let go of the session; it ends if the bot said goodbye (1000, 1001), else it may resume."""
        if (session := self._current()) is None:
            return
        session.detach(self.outbox, self.now())
        if close_code in {Close.NORMAL, Close.GOING_AWAY}:
            self._context.sessions.end(session)
            world = self._context.world
            voice.leave_all(world, world.application.bot.id, session.id)
        self._context.publish_presence()

    def _send(self, op: Op, data: Any = None) -> None:
        self.outbox.put_nowait(encode(op, data))

    def _refuse_session(self) -> None:
        self._send(Op.INVALID_SESSION, data=False)

    def _current(self) -> Session | None:
        """The connection's session; None once it was invalidated (opcode 9)."""
        session = self._session
        return session if session is not None and session.outbox is self.outbox else None

    def _required_session(self) -> Session:
        if (session := self._current()) is None:
            raise HangUpError(Close.NOT_AUTHENTICATED)
        return session

    def _check_fresh(self) -> None:
        if self._current() is not None:
            raise HangUpError(Close.ALREADY_AUTHENTICATED)

    def _heartbeat(self, _data: Any) -> None:
        """Acknowledge as late as a real network would.

        Clients measure from the moment their own send has returned, and an answer that is there
        before it makes them think that they are a whole interval behind.
        """
        asyncio.get_running_loop().call_later(ACK_SECONDS, self._send, Op.HEARTBEAT_ACK)

    def _ignore(self, _data: Any) -> None:
        self._required_session()

    def _identify(self, data: Any) -> None:
        self._check_fresh()
        world = self._context.world
        identity = identifying.read_identity(data, world.application)
        if not self._context.budget.spend():
            self._refuse_session()
            return
        session = self._context.sessions.begin(
            self.now(), shard=identity.shard, intents=identity.intents
        )
        self._take(session)
        session.dispatch("READY", welcoming.ready(world, session, self._context.resume_url()))
        welcoming.introduce_guilds(world, session)

    def _take(self, session: Session) -> None:
        self._session = session
        session.origin = self._origin
        session.attach(self.outbox)
        self._context.publish_presence()

    def _resume(self, data: Any) -> None:
        self._check_fresh()
        if not isinstance(data, dict):
            raise HangUpError(Close.DECODE_ERROR)
        identifying.check_token(data.get("token"), self._context.world.application)
        session = self._context.sessions.find_resumable(data.get("session_id"), self.now())
        missed = session.frames_after(data.get("seq")) if session else None
        if session is None or missed is None:
            self._refuse_session()
            return
        for frame in missed:
            self.outbox.put_nowait(frame)
        self._take(session)
        session.dispatch("RESUMED", {"_trace": []})

    def _request_members(self, data: Any) -> None:
        session = self._required_session()
        if not isinstance(data, dict):
            raise HangUpError(Close.DECODE_ERROR)
        for chunk in members.find(self._context.world, data, session.intents):
            session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _update_voice_state(self, data: Any) -> None:
        """Voice servers there are none, which Discord says with an `endpoint` of null."""
        session, world = self._required_session(), self._context.world
        if not isinstance(data, dict):
            raise HangUpError(Close.DECODE_ERROR)
        guild = members.find_guild(world, data.get("guild_id"))
        bot_id = world.application.bot.id
        if guild is None or not voice.move(world, guild, bot_id, session.id, data):
            return
        if bot_id in guild.voice_states:
            event = {"token": session.id[:16], "guild_id": str(guild.id), "endpoint": None}
            session.dispatch("VOICE_SERVER_UPDATE", event)

    def _request_sounds(self, data: Any) -> None:
        session = self._required_session()
        if not isinstance(data, dict) or not isinstance(data.get("guild_ids"), list):
            raise HangUpError(Close.DECODE_ERROR)
        for guild_id in data["guild_ids"]:
            guild = members.find_guild(self._context.world, guild_id)
            if guild is not None:
                event = {"guild_id": str(guild.id), "soundboard_sounds": []}
                session.dispatch("SOUNDBOARD_SOUNDS", event)
