"""As much of HTTP/1.1 as a proxy must read: where a request ends, and how an answer is made."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_HEAD_BYTES = 256 * 1024
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came, head and body."""

    method: str
    path: str  # without its query
    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def is_upgrade(self) -> bool:
        return b"\r\nupgrade: websocket" in self.head.lower()

    def as_last(self) -> bytes:
        """The same, asking the server to hang up after its answer, which shows where it ends."""
        return _without(self.head, b"Connection")[:-2] + b"Connection: close\r\n\r\n" + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """None where the client has hung up between two requests."""
    try:
        head = await reader.readuntil(_END)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    method, target = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")[:2]
    return Request(method, target.partition("?")[0], head, await _read_body(reader, head))


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if _header(head, b"Transfer-Encoding") == b"chunked":
        return await _read_chunks(reader)
    return await reader.readexactly(int(_header(head, b"Content-Length") or 0))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """With their sizes, as they came."""
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        body += line + await reader.readexactly(size + 2)
        if size == 0:
            return body


def head_of(answer: bytes) -> bytes:
    return answer[: answer.index(_END) + len(_END)]


def kept_alive(answer: bytes) -> bytes:
    """An answer that came with `Connection: close`, as one that is followed by others."""
    if not answer:
        msg = "the server hung up"
        raise EOFError(msg)
    head, body = head_of(answer), answer[answer.index(_END) + len(_END) :]
    kept = _without(head, b"Connection")
    has_end = _header(head, b"Content-Length") or _header(head, b"Transfer-Encoding")
    if has_end or re.match(rb"HTTP/1.1 (204|304|1\d\d)", head):
        return kept + body
    return kept[:-2] + b"Content-Length: %d\r\n\r\n" % len(body) + body


def answer(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """An answer of the proxy's own; JSON unless the headers say otherwise."""
    told = {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}
    lines = [f"HTTP/1.1 {status} As ordered", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + _END + body


def _header(head: bytes, name: bytes) -> bytes:
    found = re.search(rb"\r\n" + name + rb":[ \t]*([^\r]*)", head, re.IGNORECASE)
    return found[1].strip().lower() if found else b""


def _without(head: bytes, name: bytes) -> bytes:
    return re.sub(rb"\r\n" + name + rb":[^\r]*", b"", head, flags=re.IGNORECASE)
