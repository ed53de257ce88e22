"""Stream a video from a service to our disk, completely or not at all.

The video is paid for, so every safe way is tried: an http address is fetched over https, one that
was escaped for a page is unescaped, a data URL is decoded, and long redirect chains are followed.
The first bytes decide whether it is a video; any format will do.

The key goes only to the service's own origin, and only until the first redirect away from it:
redirects are followed by hand, so that the key never reaches the store that the service points to,
nor an address of the service that an attacker chose.
"""

import asyncio
import base64
import contextlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from html import unescape
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import unquote_to_bytes

import aiohttp
from yarl import URL

from bot.containers import HEAD_BYTES, container_of
from bot.errors import ArtifactUnavailableError, ArtifactUnusableError
from bot.providers.http import MAX_HEADER_BYTES

_Made = TypeVar("_Made")

MAX_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
MAX_REDIRECTS = 4
TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=30)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGES = ("text/", "application/json", "application/xml", "application/xhtml")


async def fetch(
    session: aiohttp.ClientSession,
    address: str,
    target: Path,
    *,
    origin: URL,
    key_headers: Mapping[str, str],
) -> None:
    """Download `address`, which may be relative to `origin`, to `target`.

    At most 512 MiB and ten minutes. Raises ArtifactUnavailableError when a retry may help, and
    ArtifactUnusableError for a download that is no video or too large, which leaves `target`
    untouched.
    """
    part = target.with_suffix(".part")
    spellings = dict.fromkeys((address.strip(), unescape(address.strip())))
    try:
        for last, spelling in enumerate(spellings, start=1 - len(spellings)):
            try:
                await _fetch_part(session, spelling, part, origin, key_headers)
                await _on_disk(part.replace, target)
            except _NotKeptError:
                raise
            except ArtifactUnavailableError:
                if last == 0:
                    raise
            else:
                return
    finally:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(part.unlink, missing_ok=True)


class _NotKeptError(ArtifactUnavailableError):
    """The disk is full or not writable; no other spelling of the address helps."""


async def _on_disk(act: Callable[..., _Made], *given: object) -> _Made:
    """Run a disk operation. Raises _NotKeptError, since the address is not at fault.

    Some file systems report it only when a file is closed or renamed.
    """
    try:
        return await asyncio.to_thread(act, *given)
    except OSError as error:
        msg = f"the video could not be kept: {error.strerror or type(error).__name__}"
        raise _NotKeptError(msg) from error


async def _fetch_part(
    session: aiohttp.ClientSession,
    address: str,
    part: Path,
    origin: URL,
    key_headers: Mapping[str, str],
) -> None:
    try:
        if address.startswith("data:"):
            content = await asyncio.to_thread(_unpacked, address)
            await _written(part, lambda file: _on_disk(file.write, content))
            return
        async with _opened(session, _url(address, origin), origin, key_headers) as response:
            await _stream(response, part)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise ArtifactUnavailableError(type(error).__name__) from error


def _unpacked(address: str) -> bytes:
    """Decode a video in a data URL (RFC 2397), base64 or percent-encoded."""
    kind, comma, data = address.partition(",")
    if not comma:
        msg = "a data URL without data"
        raise ValueError(msg)
    content = unquote_to_bytes(data)
    if kind.rstrip().endswith(";base64"):
        content = base64.b64decode(content + b"=" * (-len(content) % 4), altchars=None)
    _ensure_video(content[:HEAD_BYTES], kind.removeprefix("data:"))
    return content


@asynccontextmanager
async def _opened(
    session: aiohttp.ClientSession, url: URL, origin: URL, key_headers: Mapping[str, str]
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Follow redirects and yield the final response."""
    ours = True
    for _ in range(MAX_REDIRECTS + 1):
        url = _without_downgrade(url, origin)
        ours = ours and url.origin() == origin.origin()
        headers = {"Accept-Encoding": "identity", **(key_headers if ours else {})}
        async with session.get(
            url,
            headers=headers,
            allow_redirects=False,
            timeout=TIMEOUT,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        ) as response:
            if response.status not in _REDIRECTS:
                yield response
                return
            url = _url(response.headers.get("Location", ""), url)
    msg = "redirected too often"
    raise ArtifactUnavailableError(msg)


def _url(address: str, base: URL) -> URL:
    """Parse an address without re-encoding, which would break its signature.

    Raises ValueError for an invalid address.
    """
    if not address:
        msg = "an empty address"
        raise ValueError(msg)
    return base.join(URL(address, encoded=re.fullmatch(r"[!-~]+", address) is not None))


def _without_downgrade(url: URL, origin: URL) -> URL:
    """Upgrade the address to https if the service's origin uses TLS.

    Raises ValueError for any other scheme.
    """
    if origin.scheme != "https" or url.scheme == "https":
        return url
    if url.scheme != "http" or not url.host:
        msg = f"an address on {url.scheme}"
        raise ValueError(msg)
    port = f":{url.explicit_port}" if url.explicit_port not in {None, 80} else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return URL(f"https://{host}{port}{url.raw_path_qs}", encoded=True)


async def _stream(response: aiohttp.ClientResponse, part: Path) -> None:
    if response.status != 200:
        msg = f"status {response.status}"
        raise ArtifactUnavailableError(msg)
    if (response.content_length or 0) > MAX_BYTES:
        raise _too_large()
    await _written(part, partial(_write_all, response))


async def _written(part: Path, write: Callable[[BinaryIO], Awaitable[object]]) -> None:
    """Write and sync the file; the first error is the one raised."""
    file: BinaryIO = await _on_disk(part.open, "wb")
    try:
        await write(file)
        await _on_disk(file.flush)
        await _on_disk(os.fsync, file.fileno())
    except BaseException:  # also on cancellation
        with contextlib.suppress(OSError):
            await asyncio.to_thread(file.close)
        raise
    await _on_disk(file.close)


async def _write_all(response: aiohttp.ClientResponse, file: BinaryIO) -> None:
    head = await _read_head(response)
    _ensure_video(head, response.content_type)
    written = len(head)
    await _on_disk(file.write, head)
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        written += len(chunk)
        if written > MAX_BYTES:
            raise _too_large()
        await _on_disk(file.write, chunk)


async def _read_head(response: aiohttp.ClientResponse) -> bytes:
    """Return the first bytes, however small the chunks are."""
    try:
        return await response.content.readexactly(HEAD_BYTES)
    except asyncio.IncompleteReadError as error:
        return error.partial


def _ensure_video(head: bytes, content_type: str) -> None:
    """Check the first bytes.

    Raises ArtifactUnavailableError for a web page or an empty body, which may be a passing fault.
    """
    if container_of(head) is not None:
        return
    if not head or content_type.startswith(_PAGES):
        msg = f"instead of a video {len(head)} bytes of {content_type}"
        raise ArtifactUnavailableError(msg)
    msg = "the service sent something that is no video"
    raise ArtifactUnusableError(msg)


def _too_large() -> ArtifactUnusableError:
    return ArtifactUnusableError(f"more than {MAX_BYTES // (1024 * 1024)} MB")
