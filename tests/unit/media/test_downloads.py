"""What a member names as an address is fetched, and nothing inside our own network ever is."""

import socket
import tempfile
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import StorageError
from bot.media import downloads
from bot.media.downloads import (
    DownloadFailedError,
    DownloadRefusedError,
    ensure_fetchable,
    guarded_session,
    is_public,
)
from tests.serving import pair_of, serving

NO_ONE = frozenset[str]()


class Rebinding(AbstractResolver):
    """A name server in an attacker's hand: every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None: ...


async def download(session, address, *, max_bytes, allow_hosts) -> bytes:
    """What is written to the file."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "picture"
        await downloads.download(
            session, address, target, max_bytes=max_bytes, allow_hosts=allow_hosts
        )
        return target.read_bytes()


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(body=b"hello")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "::127.0.0.1",
        "64:ff9b:1::1",
        "64:ff9b:1::7f00:1",
        "64:ff9b:1::101:101",
        "::ffff:0:127.0.0.1",
        "::ffff:0:1.1.1.1",
        "fec0::1",
        "5f00::1",
        "3fff::1",
        "100::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo, which hides 127.0.0.1
        "2001:20::1",
        "4000::1",
        "::ffff:0:0",
    ],
)
def test_an_address_that_is_not_on_the_public_internet_is_known(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "162.159.130.233",
        "2606:4700::1111",
        "2a00:1450:4001:80b::200e",
        "2002:101:101::1",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
    ],
)
def test_a_public_address_is_known(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "2130706433",
        "127.1",
        "017700000001",
    ],
)
async def test_no_spelling_of_this_machine_is_reached(host):
    reached = []

    async def handler(request: web.Request) -> web.Response:
        reached.append(request.url)
        return web.Response()

    async with serving(handler) as origin, guarded_session(NO_ONE) as session:
        port = origin.rpartition(":")[2]
        with pytest.raises((aiohttp.ClientError, ValueError)):
            await session.get(f"http://{host}:{port}/")

    assert reached == []


async def test_a_name_that_turns_out_to_be_this_machine_is_not_reached():
    async with serving(_hello) as origin, guarded_session(NO_ONE) as session:
        assert isinstance(session.connector, aiohttp.TCPConnector)
        session.connector._resolver = Rebinding()

        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://evil.example:{origin.rpartition(':')[2]}/")


async def test_a_host_and_port_that_is_allowed_is_reached_and_its_neighbour_is_not():
    async with serving(_hello) as allowed, serving(_hello) as neighbour:
        hosts = frozenset({pair_of(allowed)})
        async with guarded_session(hosts) as session:
            content = await download(session, f"{allowed}/a", max_bytes=10, allow_hosts=hosts)
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(neighbour)

    assert content == b"hello"


@pytest.mark.parametrize("spelt", ["localhost:{port}", "LocalHost.:{port}"])
async def test_a_name_that_is_allowed_is_reached_by_that_name_and_port_alone(spelt):
    async with serving(_hello) as origin, serving(_hello) as neighbour:
        port, other = origin.rpartition(":")[2], neighbour.rpartition(":")[2]
        hosts = frozenset({spelt.format(port=port)})
        async with guarded_session(hosts) as session:
            named = await download(
                session, f"http://localhost:{port}/a", max_bytes=10, allow_hosts=hosts
            )
            with pytest.raises(DownloadRefusedError):
                await download(
                    session, f"http://localhost:{other}/a", max_bytes=10, allow_hosts=hosts
                )
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://localhost:{other}/a")

    assert named == b"hello"


async def test_what_is_allowed_is_still_fetched_by_http_alone():
    with pytest.raises(DownloadRefusedError):
        ensure_fetchable("ftp://localhost:8420/a", frozenset({"localhost:8420"}))


async def test_an_allowed_address_of_ipv6_is_spelt_as_in_an_address():
    hosts = frozenset({"[::1]:8420"})

    assert ensure_fetchable("http://[::1]:8420/a", hosts).host == "::1"


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(
            "/dev/full",  # as a full disk, which tells of a small file only when it is closed
            marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it"),
        ),
        "/dev/null/no/such/folder",
    ],
)
async def test_a_disk_that_takes_nothing_is_no_fault_of_the_address(target):
    async with serving(_hello) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            with pytest.raises(StorageError, match="could not be kept"):
                await downloads.download(
                    session, origin, Path(target), max_bytes=10, allow_hosts=hosts
                )


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/a.png",
        "https://example.com:8443/a.png",
        "https://user:word@example.com/a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//example.com/a.png",
        "a.png",
        "",
        "https://",
        "https://[::1",
        "https://example.com:99999999/",
    ],
)
def test_only_https_on_its_usual_port_and_without_a_name_is_fetched(address):
    with pytest.raises(DownloadRefusedError):
        ensure_fetchable(address, NO_ONE)


def test_an_https_address_is_fetchable():
    address = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3"

    assert str(ensure_fetchable(address, NO_ONE)) == address


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "http://example.com/", "file:///etc/passwd"]
)
async def test_a_redirect_to_where_we_do_not_fetch_is_refused(target):
    async with serving(_hello) as inside:
        location = target.format(port=inside.rpartition(":")[2])

        async def redirect(_request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": location})

        async with serving(redirect) as outside:
            hosts = frozenset({pair_of(outside)})
            async with guarded_session(hosts) as session:
                with pytest.raises(DownloadRefusedError):
                    await download(session, outside, max_bytes=10, allow_hosts=hosts)


@pytest.mark.parametrize("location", ["https://127.0.0.1/", "https://[::1]/", "http://[", "/again"])
async def test_a_redirect_into_our_network_nowhere_or_in_circles_fails(location):
    async def redirect(_request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": location})

    async with serving(redirect) as outside:
        hosts = frozenset({pair_of(outside)})
        async with guarded_session(hosts) as session:
            with pytest.raises(DownloadFailedError):
                await download(session, outside, max_bytes=10, allow_hosts=hosts)


async def test_a_redirect_on_the_same_host_is_followed():
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/old":
            return web.Response(status=301, headers={"Location": "/new"})
        return web.Response(body=request.path.encode())

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            content = await download(session, f"{origin}/old", max_bytes=10, allow_hosts=hosts)

    assert content == b"/new"


async def test_a_name_that_cannot_be_one_fails_as_a_download():
    async with guarded_session(NO_ONE) as session:
        with pytest.raises((DownloadFailedError, DownloadRefusedError)):
            await download(
                session, f"https://{'a' * 70}.example/", max_bytes=10, allow_hosts=NO_ONE
            )


async def test_what_declares_too_many_bytes_is_refused_before_it_is_read():
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "11000000"})
        await response.prepare(request)
        return response  # not one byte follows

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            with pytest.raises(DownloadRefusedError, match="more than 10 MB"):
                await download(session, origin, max_bytes=10 * 1024**2, allow_hosts=hosts)


async def test_what_streams_on_without_a_length_is_cut_off_at_the_limit():
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 65536)
            sent += 65536
        return response

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            with pytest.raises(DownloadRefusedError, match="more than 1 MB"):
                await download(session, origin, max_bytes=1024**2, allow_hosts=hosts)

    assert sent < 100 * 1024**2


async def test_a_page_that_is_not_there_is_a_failure():
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=404)

    async with serving(handler) as origin:
        hosts = frozenset({pair_of(origin)})
        async with guarded_session(hosts) as session:
            with pytest.raises(DownloadFailedError, match="status 404"):
                await download(session, origin, max_bytes=10, allow_hosts=hosts)
