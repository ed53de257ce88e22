"""Frames on the wire: decoding what a bot sends, encoding and compressing what it gets.

zlib-stream is one compression context for the whole connection, flushed after every payload, so
that each binary frame ends with 00 00 FF FF.
Compression that is asked for but unknown here (zstd-stream) is left out: text frames are legal then.
"""

import json
import zlib
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from sandbox.discord.gateway.protocol import MAX_FRAME_BYTES, Close, HangUpError
from sandbox.discord.state.models import Json


def encode(op: int, data: Any, sequence: int | None = None, name: str | None = None) -> str:
    frame = {"t": name, "s": sequence, "op": op, "d": data}
    return json.dumps(frame, separators=(",", ":"))


def decode(message: WSMessage) -> Json:
    """Read a client's frame, text or binary. Raises HangUpError for anything but a JSON object."""
    raw = message.data.encode() if message.type is WSMsgType.TEXT else message.data
    if len(raw) > MAX_FRAME_BYTES:
        raise HangUpError(Close.DECODE_ERROR)
    try:
        frame = json.loads(raw)
    except ValueError as error:
        raise HangUpError(Close.DECODE_ERROR) from error
    if not isinstance(frame, dict):
        raise HangUpError(Close.DECODE_ERROR)
    return frame


class FrameWriter:
    """Sends encoded frames over one socket, compressed if that was asked for."""

    def __init__(self, socket: web.WebSocketResponse, compression: str | None) -> None:
        self._socket = socket
        self._zlib = zlib.compressobj() if compression == "zlib-stream" else None

    async def send(self, frame: str) -> None:
        if self._zlib is None:
            await self._socket.send_str(frame)
            return
        squeezed = self._zlib.compress(frame.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self._socket.send_bytes(squeezed)
