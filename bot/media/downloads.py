"""Fetching what a member or a service gives as an address, and nothing inside our own network.

The address is judged where it cannot lie any more: when the socket to it is made. A filtering
resolver is not enough, because addresses that are numbers already never ask it. Redirects are
followed by hand, each judged anew.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urljoin

import aiohttp
from yarl import URL

MOST_REDIRECTS = 3
CHUNK_BYTES = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=60, connect=10, sock_read=20)

_WRAPPING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))  # NAT64, IPv4


class DownloadRefusedError(Exception):
    """The address may not be fetched, or what is there is too large."""


class DownloadTooLargeError(DownloadRefusedError):
    """What is there is too large; says "more than 25 MB"."""


class DownloadFailedError(Exception):
    """The address may be fetched, and it did not work."""


class _ForbiddenAddressError(OSError):
    """An OSError, so that the connector treats it as an address that cannot be reached."""


def guarded_session(allow_hosts: frozenset[str]) -> aiohttp.ClientSession:
    """A session that connects to public addresses, and to these `host:port` pairs, alone."""

    def make_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if f"{address[0]}:{address[1]}" not in allow_hosts and not is_public(address[0]):
            raise _ForbiddenAddressError(f"{address[0]} is not a public address")
        return socket.socket(family=family, type=kind, proto=protocol)

    connector = aiohttp.TCPConnector(socket_factory=make_socket)
    return aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, trust_env=False)


def is_public(address: str) -> bool:
    """Whether a numeric address is on the public internet, whatever it is wrapped in."""
    number = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour
        if inner is None and any(number in network for network in _WRAPPING):
            inner = ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return number.is_global and not number.is_multicast


def ensure_fetchable(address: str, allow_hosts: frozenset[str]) -> URL:
    """Judge an address by its spelling. Raises DownloadRefusedError."""
    try:
        url = URL(address)
        pair = f"{url.host}:{url.port}"
    except ValueError:
        msg = "that is not an address"
        raise DownloadRefusedError(msg) from None
    if pair in allow_hosts:
        return url
    if url.scheme != "https" or url.port != 443 or url.user is not None or not url.host:
        msg = "only https addresses on the usual port are fetched"
        raise DownloadRefusedError(msg)
    return url


async def download(
    session: aiohttp.ClientSession, address: str, *, max_bytes: int, allow_hosts: frozenset[str]
) -> bytes:
    """The bytes at an address, at most `max_bytes`.

    Raises DownloadRefusedError for what may not be fetched or is too large, DownloadFailedError.
    """
    try:
        for _ in range(MOST_REDIRECTS + 1):
            url = ensure_fetchable(address, allow_hosts)
            async with session.get(url, allow_redirects=False) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    address = urljoin(str(url), response.headers.get("Location", ""))
                    continue
                return await _read(response, max_bytes)
    except _network_errors() as error:
        raise DownloadFailedError(type(error).__name__) from error
    msg = "redirected too often"
    raise DownloadFailedError(msg)


def _network_errors() -> tuple[type[Exception], ...]:
    # ValueError: a name that cannot be looked up, a redirect that cannot be read
    return (aiohttp.ClientError, OSError, TimeoutError, ValueError)


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if response.status != 200:
        msg = f"status {response.status}"
        raise DownloadFailedError(msg)
    if (response.content_length or 0) > max_bytes:
        raise too_large(max_bytes)
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            raise too_large(max_bytes)
    return bytes(content)


def too_large(max_bytes: int) -> DownloadTooLargeError:
    return DownloadTooLargeError(f"more than {max_bytes // (1024 * 1024)} MB")
