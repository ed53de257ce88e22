"""Fetches addresses from members or services, but nothing inside our own network.

An address is checked at the only point where it cannot lie: when its socket is made. A filtering
resolver is not enough, because numeric addresses never reach it. Redirects are followed by hand,
and each is checked again.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urljoin

import aiohttp
import aiohttp.abc
import aiohttp.resolver
from yarl import URL

from bot.errors import StorageError

_Made = TypeVar("_Made")

MAX_REDIRECTS = 3
CHUNK_BYTES = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10, sock_read=20)

_AS_IT_IS = {
    "Accept-Encoding": "identity"
}  # pictures are compressed already, and a decompression bomb stays closed

_PUBLIC = ipaddress.ip_network("2000::/3")  # all that IANA allots to the public internet
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16")
)  # protocols such as Teredo, two for documentation, and SRv6
_WRAPPING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))  # NAT64, IPv4


class DownloadRefusedError(Exception):
    """The address may not be fetched, or its content is too large."""


class DownloadTooLargeError(DownloadRefusedError):
    """The content is too large; its text reads "more than 25 MB"."""


class DownloadFailedError(Exception):
    """The address may be fetched, but the download failed."""


class _ForbiddenAddressError(OSError):
    """A forbidden address; an OSError, so that the connector treats it as unreachable."""


def guarded_session(allow_hosts: frozenset[str]) -> aiohttp.ClientSession:
    """Open a session that connects only to public addresses and these `host:port` pairs."""
    allowed = frozenset(_pair(pair) for pair in allow_hosts)
    granted: set[tuple[str, int]] = set()  # addresses and ports of the allowed names

    def make_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        pair = (address[0].partition("%")[0], address[1])
        if pair not in allowed and pair not in granted and not is_public(address[0]):
            raise _ForbiddenAddressError(f"{address[0]} is not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)

    connector = aiohttp.TCPConnector(
        socket_factory=make_socket, resolver=_GrantingResolver(allowed, granted)
    )
    return aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, trust_env=False)


class _GrantingResolver(aiohttp.abc.AbstractResolver):
    """Records the addresses of allowed names; a socket's check sees no name."""

    def __init__(self, allowed: frozenset[tuple[str, int]], granted: set[tuple[str, int]]) -> None:
        self._inner = aiohttp.resolver.DefaultResolver()
        self._allowed = allowed
        self._granted = granted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if (_name(host), port) in self._allowed:
            self._granted.update((one["host"].partition("%")[0], port) for one in found)
        return found

    async def close(self) -> None:
        await self._inner.close()


def _pair(spelt: str) -> tuple[str, int]:
    """Parse `host:port`, or `[address]:port` for IPv6."""
    host, _, port = spelt.rpartition(":")
    return _name(host), int(port) if port.isdigit() else 0


def _name(host: str) -> str:
    """A name in comparable form: lower case, without the root's dot."""
    return host.strip("[]").rstrip(".").lower()


def is_public(address: str) -> bool:
    """Whether a numeric address is on the public internet, unwrapping IPv4 in IPv6.

    Of IPv6 only 2000::/3 is: not what IANA leaves unallotted or gives to sites or translators.
    """
    number = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour
        if inner is None and any(number in network for network in _WRAPPING):
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if number not in _PUBLIC or any(number in network for network in _NOT_PUBLIC):
            return False
    return number.is_global and not number.is_multicast


def ensure_fetchable(address: str, allow_hosts: frozenset[str]) -> URL:
    """Check an address by its spelling. Raises DownloadRefusedError."""
    try:
        url = URL(address)
        pair = (_name(url.host or ""), url.port)
    except ValueError:
        msg = "that is not an address"
        raise DownloadRefusedError(msg) from None
    if url.scheme in {"http", "https"} and pair in {_pair(allowed) for allowed in allow_hosts}:
        return url
    if url.scheme != "https" or url.port != 443 or url.user is not None or not url.host:
        msg = "only https addresses on the usual port are fetched"
        raise DownloadRefusedError(msg)
    return url


async def download(
    session: aiohttp.ClientSession,
    address: str,
    target: Path,
    *,
    max_bytes: int,
    allow_hosts: frozenset[str],
) -> None:
    """Write the bytes at an address to a file, at most `max_bytes`, chunk by chunk.

    Raises DownloadRefusedError for a forbidden address or too much content, DownloadFailedError.
    """
    try:
        for _ in range(MAX_REDIRECTS + 1):
            url = ensure_fetchable(address, allow_hosts)
            async with session.get(url, allow_redirects=False, headers=_AS_IT_IS) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    address = urljoin(str(url), response.headers.get("Location", ""))
                    continue
                await _write(response, target, max_bytes)
                return
    except _network_errors() as error:
        raise DownloadFailedError(type(error).__name__) from error
    msg = "redirected too often"
    raise DownloadFailedError(msg)


def _network_errors() -> tuple[type[Exception], ...]:
    # ValueError: an invalid host name, or an unreadable redirect
    return (aiohttp.ClientError, OSError, TimeoutError, ValueError)


async def _write(response: aiohttp.ClientResponse, target: Path, max_bytes: int) -> None:
    if response.status != 200:
        msg = f"status {response.status}"
        raise DownloadFailedError(msg)
    if (response.content_length or 0) > max_bytes:
        raise too_large(max_bytes)
    file = await asyncio.to_thread(_on_disk, lambda: target.open("wb"))
    try:
        await _write_all(response, file, max_bytes)
    except BaseException:  # cancellation too; the first error is the one to report
        with contextlib.suppress(StorageError):
            await asyncio.to_thread(_on_disk, file.close)
        raise
    await asyncio.to_thread(_on_disk, file.close)


async def _write_all(response: aiohttp.ClientResponse, file: BinaryIO, max_bytes: int) -> None:
    written = 0
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        written += len(chunk)
        if written > max_bytes:
            raise too_large(max_bytes)
        await asyncio.to_thread(_on_disk, partial(file.write, chunk))


def _on_disk(act: Callable[[], _Made]) -> _Made:
    """Raise StorageError for disk errors: a full disk is not the address's fault.

    A small file is written when it is closed.
    """
    try:
        return act()
    except OSError as error:
        msg = f"what was fetched could not be kept: {error}"
        raise StorageError(msg) from error


def too_large(max_bytes: int) -> DownloadTooLargeError:
    return DownloadTooLargeError(f"more than {max_bytes // (1024 * 1024)} MB")
