"""Streaming a film from a service to our disk, whole or not at all.

The key goes to the service's own origin alone, and only until the first redirect away from it:
redirects are followed by hand, so that it never reaches the store that the service points to, nor
an address of the service that somebody else chose.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import aiohttp
from yarl import URL

from bot.errors import ArtifactUnavailableError, ArtifactUnusableError

MAX_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
MOST_REDIRECTS = 4
TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=30)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEAD_BYTES = 12  # where an MP4 has said that it is one
_PAGES = ("text/", "application/json", "application/xml", "application/xhtml")


async def fetch(
    session: aiohttp.ClientSession,
    address: str,
    target: Path,
    *,
    origin: URL,
    key_headers: Mapping[str, str],
) -> None:
    """Bring what is at `address`, which may be relative to `origin`, to `target`.

    At most 512 MiB and ten minutes. Raises ArtifactUnavailableError when asking again may help,
    ArtifactUnusableError for what is no MP4 or too large; `target` is not touched then.
    """
    part = target.with_suffix(".part")
    try:
        async with _opened(session, _url(address, origin), origin, key_headers) as response:
            await _stream(response, part)
        await asyncio.to_thread(part.replace, target)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise ArtifactUnavailableError(type(error).__name__) from error
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


@asynccontextmanager
async def _opened(
    session: aiohttp.ClientSession, url: URL, origin: URL, key_headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer at the end of the redirects."""
    ours = True
    for _ in range(MOST_REDIRECTS + 1):
        _ensure_no_downgrade(url, origin)
        ours = ours and url.origin() == origin.origin()
        headers = {"Accept-Encoding": "identity", **(key_headers if ours else {})}
        async with session.get(
            url, headers=headers, allow_redirects=False, timeout=TIMEOUT
        ) as response:
            if response.status not in _REDIRECTS:
                yield response
                return
            url = _url(response.headers.get("Location", ""), url)
    msg = "redirected too often"
    raise ArtifactUnavailableError(msg)


def _url(address: str, base: URL) -> URL:
    """Exactly as it was given: a signature in it does not survive being spelt anew.

    Raises ValueError for what is no address.
    """
    if not address:
        msg = "an empty address"
        raise ValueError(msg)
    return base.join(URL(address, encoded=re.fullmatch(r"[!-~]+", address) is not None))


def _ensure_no_downgrade(url: URL, origin: URL) -> None:
    """A service that speaks TLS has its films fetched over TLS."""
    if origin.scheme == "https" and url.scheme != "https":
        msg = f"an address on {url.scheme}"
        raise ValueError(msg)


async def _stream(response: aiohttp.ClientResponse, part: Path) -> None:
    if response.status != 200:
        msg = f"status {response.status}"
        raise ArtifactUnavailableError(msg)
    if (response.content_length or 0) > MAX_BYTES:
        raise _too_large()
    file = await asyncio.to_thread(part.open, "wb")
    try:
        await _write_all(response, file)
        await asyncio.to_thread(file.flush)
        await asyncio.to_thread(os.fsync, file.fileno())
    finally:
        await asyncio.to_thread(file.close)


async def _write_all(response: aiohttp.ClientResponse, file: BinaryIO) -> None:
    head = await _read_head(response)
    _ensure_film(head, response.content_type)
    written = len(head)
    await asyncio.to_thread(file.write, head)
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        written += len(chunk)
        if written > MAX_BYTES:
            raise _too_large()
        await asyncio.to_thread(file.write, chunk)


async def _read_head(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes, however small the pieces are in which they come."""
    try:
        return await response.content.readexactly(_HEAD_BYTES)
    except asyncio.IncompleteReadError as error:
        return error.partial


def _ensure_film(head: bytes, content_type: str) -> None:
    """Raises ArtifactUnavailableError for a page or nothing, which says that something is amiss."""
    if head[4:8] == b"ftyp":
        return
    if not head or content_type.startswith(_PAGES):
        msg = f"instead of a film {len(head)} bytes of {content_type}"
        raise ArtifactUnavailableError(msg)
    msg = "the service sent something that is no MP4"
    raise ArtifactUnusableError(msg)


def _too_large() -> ArtifactUnusableError:
    return ArtifactUnusableError(f"more than {MAX_BYTES // (1024 * 1024)} MB")
