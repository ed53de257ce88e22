"""One websocket from HELLO to its end: reads the bot's frames and answers them.

Everything that is sent passes through one outbox, so that order and compression context hold.
Waiting for a heartbeat is real time; the limit of 120 frames a minute goes by the sandbox's clock.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.discord.gateway import protocol
from sandbox.discord.gateway.frames import FrameWriter, decode, encode
from sandbox.discord.gateway.operations import Operations
from sandbox.discord.gateway.protocol import Close, HangUpError, Op
from sandbox.discord.gateway.sessions import Outbox
from sandbox.tasks import TaskOwner

_ENDINGS = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a bot must be heard; 1.5 intervals of silence end the session."""

    heartbeat_interval_milliseconds: int = protocol.HEARTBEAT_INTERVAL_MILLISECONDS

    @property
    def patience_seconds(self) -> float:
        return self.heartbeat_interval_milliseconds * 1.5 / 1_000


class Connection:
    """A bot's socket; it has a session once IDENTIFY or RESUME has succeeded."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        writer: FrameWriter,
        operations: Operations,
        pace: Pace,
    ) -> None:
        self._socket = socket
        self._writer = writer
        self._operations = operations
        self._pace = pace
        self._outbox: Outbox = operations.outbox
        self._received: deque[datetime] = deque()
        self._hung_up = False

    async def run(self) -> None:
        """Serve the socket until either side closes it."""
        interval = self._pace.heartbeat_interval_milliseconds
        self._outbox.put_nowait(encode(Op.HELLO, {"heartbeat_interval": interval, "_trace": []}))
        async with TaskOwner() as tasks:
            _writer = tasks.start(self._send(), name="gateway-writer")
            try:
                await self._receive()
            except HangUpError as error:
                await self._close(error.code)
            finally:
                # A client answers our close frame with 1000, which is then no goodbye of its own.
                self._operations.leave(None if self._hung_up else self._socket.close_code)

    async def _send(self) -> None:
        while True:
            frame = await self._outbox.get()
            if isinstance(frame, int):
                await self._close(frame)
                return
            try:
                await self._writer.send(frame)
            except ConnectionError:
                return  # the reader sees the end too, and the session keeps what was not sent

    async def _close(self, code: int) -> None:
        self._hung_up = True
        reason = protocol.REASONS.get(code, "")
        await self._socket.close(code=code, message=reason.encode())

    async def _receive(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._pace.patience_seconds
        while True:
            try:
                message = await self._socket.receive(timeout=max(deadline - loop.time(), 0))
            except TimeoutError as error:
                raise HangUpError(Close.SESSION_TIMED_OUT) from error
            if message.type in _ENDINGS:
                return
            self._check_rate()
            frame = decode(message)
            if frame.get("op") == Op.HEARTBEAT:
                deadline = loop.time() + self._pace.patience_seconds
            self._answer(frame.get("op"), frame.get("d"))

    def _check_rate(self) -> None:
        now = self._operations.now()
        window = timedelta(seconds=protocol.FRAME_WINDOW_SECONDS)
        while self._received and self._received[0] <= now - window:
            self._received.popleft()
        self._received.append(now)
        if len(self._received) > protocol.FRAMES_PER_WINDOW:
            raise HangUpError(Close.RATE_LIMITED)

    def _answer(self, op: Any, data: Any) -> None:
        operation = self._operations.table.get(op) if isinstance(op, int) else None
        if operation is None:
            raise HangUpError(Close.UNKNOWN_OPCODE)
        operation(data)
