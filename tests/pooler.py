"""A pooler in transaction mode, as PgBouncer is: each transaction may be served by another session.

It answers a client's start by itself, with a process id that it made up, refuses the settings that
PgBouncer refuses there, and hands every transaction to the next of its sessions in turn.
"""

import asyncio
import contextlib
import itertools
import struct
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

SESSIONS = 3
KNOWN = {"user", "database", "application_name", "client_encoding", "datestyle", "timezone"}
SSL_REQUEST = 80877103


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def told(*words: str) -> bytes:
    return b"".join(word.encode() + b"\0" for word in words)


class Session:
    """One connection to the server, with what it said of itself at the start."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.parameters = b""

    @classmethod
    async def open(cls, address: str) -> "Session":
        place = urlsplit(address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        session = cls(reader, writer)
        start = told("user", place.username or "", "database", place.path[1:]) + b"\0"
        writer.write(struct.pack("!II", len(start) + 8, 196608) + start)
        while True:
            kind, body = await read(reader)
            if kind == b"S":
                session.parameters += message(kind, body)
            if kind == b"Z":
                return session


async def read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind = await reader.readexactly(1)
    [length] = struct.unpack("!I", await reader.readexactly(4))
    return kind, await reader.readexactly(length - 4)


class Pooler:
    """`transactions` counts what each session served."""

    def __init__(self, sessions: list[Session]) -> None:
        self._free: asyncio.Queue[int] = asyncio.Queue()
        self._sessions = sessions
        self.transactions = [0] * len(sessions)
        for number in range(len(sessions)):
            self._free.put_nowait(number)
        self._numbers = itertools.count(900_000)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            if await self._greet(reader, writer):
                while True:
                    await self._transaction(reader, writer)
        writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            length, code = struct.unpack("!II", await reader.readexactly(8))
            if code != SSL_REQUEST:
                break
            writer.write(b"N")
        words = (await reader.readexactly(length - 8)).decode().rstrip("\0").split("\0")
        unknown = set(words[::2]) - KNOWN
        if unknown:
            text = f"Munsupported startup parameter: {min(unknown)}"
            writer.write(message(b"E", told("SFATAL", "C08P01", text) + b"\0"))
            return False
        key = struct.pack("!II", next(self._numbers), 1)
        writer.write(
            message(b"R", struct.pack("!I", 0))
            + self._sessions[0].parameters
            + message(b"K", key)
            + message(b"Z", b"I")
        )
        return True

    async def _transaction(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """From a first message until the session says that it is in no transaction."""
        kind, body = await read(reader)
        if kind == b"X":
            raise ConnectionResetError
        number = await self._free.get()
        session = self._sessions[number]
        self.transactions[number] += 1
        session.writer.write(message(kind, body))
        answers = asyncio.create_task(self._answers(session, writer))  # noqa: TID251 - ended below
        try:
            while not answers.done():
                asking = asyncio.create_task(read(reader))  # noqa: TID251 - ended below
                await asyncio.wait({asking, answers}, return_when=asyncio.FIRST_COMPLETED)
                if asking.done() and not asking.cancelled():
                    kind, body = asking.result()
                    session.writer.write(message(kind, body))
                    if answers.done():  # it came for the next transaction: this session serves it
                        answers = asyncio.create_task(self._answers(session, writer))  # noqa: TID251 - ended here
                else:
                    asking.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await asking
        finally:
            answers.cancel()
            self._free.put_nowait(number)

    async def _answers(self, session: Session, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, body = await read(session.reader)
            writer.write(message(kind, body))
            if (kind, body) == (b"Z", b"I"):
                return


@contextlib.asynccontextmanager
async def running_pooler(address: str) -> AsyncIterator[tuple[str, Pooler]]:
    """In front of this database; answers with the address to use instead."""
    sessions = [await Session.open(address) for _ in range(SESSIONS)]
    pooler = Pooler(sessions)
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    place = urlsplit(address)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"postgresql://{place.username}@127.0.0.1:{port}{place.path}", pooler
    finally:
        server.close()
        for session in sessions:
            session.writer.close()
            with contextlib.suppress(ConnectionError):
                await session.writer.wait_closed()
