"""Streaming a film from a service to our disk, whole or not at all.

The key goes to the service's own origin alone; redirects are followed by hand, so that it never
reaches the store that the service points to.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from bot.errors import ArtifactUnavailableError, ArtifactUnusableError

MAX_BYTES = 512 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
MOST_REDIRECTS = 4
TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=30)


async def fetch(
    session: aiohttp.ClientSession,
    address: str,
    target: Path,
    *,
    origin: URL,
    key_headers: Mapping[str, str],
) -> None:
    """Raises ArtifactUnavailableError when asking again may help, ArtifactUnusableError."""
    part = target.with_suffix(".part")
    try:
        url = origin.join(URL(address))
        for _ in range(MOST_REDIRECTS):
            headers = key_headers if url.origin() == origin.origin() else {}
            async with session.get(
                url, headers=headers, allow_redirects=False, timeout=TIMEOUT
            ) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = URL(urljoin(str(url), response.headers.get("Location", "")))
                    continue
                await _stream(response, part)
            await asyncio.to_thread(part.replace, target)
            return
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise ArtifactUnavailableError(type(error).__name__) from error
    msg = "redirected too often"
    raise ArtifactUnavailableError(msg)


async def _stream(response: aiohttp.ClientResponse, part: Path) -> None:
    if response.status != 200:
        msg = f"status {response.status}"
        raise ArtifactUnavailableError(msg)
    if (response.content_length or 0) > MAX_BYTES:
        raise _too_large()
    written = 0
    with await asyncio.to_thread(part.open, "wb") as file:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            if written == 0 and chunk[4:8] != b"ftyp":
                msg = "the service sent something that is no MP4"
                raise ArtifactUnusableError(msg)
            written += len(chunk)
            if written > MAX_BYTES:
                raise _too_large()
            await asyncio.to_thread(file.write, chunk)
    if written == 0:
        msg = "the service sent an empty file"
        raise ArtifactUnavailableError(msg)


def _too_large() -> ArtifactUnusableError:
    return ArtifactUnusableError(f"more than {MAX_BYTES // (1024 * 1024)} MB")
