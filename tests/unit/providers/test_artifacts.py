"""Fetching a video: whole or not at all, and the key to no one else."""

import base64
import errno
import io
import os
from pathlib import Path
from urllib.parse import quote_from_bytes

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.errors import ArtifactUnavailableError, ArtifactUnusableError
from bot.providers import artifacts
from tests.serving import listening, serving

VIDEO = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8
KEY = {"x-api-key": "sk-nano-secret"}


@pytest.fixture
def fetch(session, tmp_path):
    async def fetch_to_disk(address, origin):
        target = tmp_path / "video.mp4"
        await artifacts.fetch(session, address, target, origin=URL(origin), key_headers=KEY)
        return target.read_bytes()

    return fetch_to_disk


def answering(content=VIDEO, status=200, content_type="video/mp4", **headers):
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, body=content, content_type=content_type, headers=headers)

    return answer


def in_pieces(*pieces, head=b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n"):
    async def converse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for piece in (head, *pieces):
            writer.write(piece)
            await writer.drain()

    return converse


async def test_a_video_is_brought_whole(fetch):
    async with serving(answering()) as origin:
        assert await fetch(f"{origin}/video.mp4", origin) == VIDEO


async def test_a_video_that_comes_byte_by_byte_is_a_video_too(fetch):
    dripping = (VIDEO[index : index + 1] for index in range(len(VIDEO)))
    async with listening(in_pieces(*dripping)) as origin:
        assert await fetch(f"{origin}/video.mp4", origin) == VIDEO


async def test_an_address_is_asked_for_exactly_as_it_is_signed(fetch):
    asked = []

    async def converse(reader, writer):
        asked.append(await reader.readline())
        await in_pieces(VIDEO)(reader, writer)

    async with listening(converse) as origin:
        await fetch(f"{origin}/a%2fb%7Ec.mp4?sig=%2B%2f%3D", origin)

    assert asked == [b"GET /a%2fb%7Ec.mp4?sig=%2B%2f%3D HTTP/1.1\r\n"]


async def test_the_key_goes_to_the_service_and_stays_there(fetch):
    keys = []

    async def note(request: web.Request) -> web.Response:
        keys.append(("store", request.headers.get("x-api-key")))
        return web.Response(body=VIDEO)

    async with serving(note) as store:

        async def redirect(request: web.Request) -> web.Response:
            keys.append(("service", request.headers.get("x-api-key")))
            return web.Response(status=302, headers={"Location": f"{store}/video.mp4"})

        async with serving(redirect) as origin:
            assert await fetch("/api/content?runId=vid_1", origin) == VIDEO

    assert keys == [("service", "sk-nano-secret"), ("store", None)]


async def test_an_address_of_the_service_that_a_store_points_to_does_not_get_the_key(fetch):
    keys = []

    async def note(request: web.Request) -> web.Response:
        keys.append(request.headers.get("x-api-key"))
        return web.Response(body=VIDEO)

    async with serving(note) as origin:

        async def back(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{origin}/api/anything"})

        async with serving(back) as store:
            await fetch(f"{store}/video.mp4", origin)

    assert keys == [None]


async def test_an_address_without_a_scheme_that_leads_elsewhere_does_not_get_the_key(fetch):
    keys = []

    async def note(request: web.Request) -> web.Response:
        keys.append(request.headers.get("x-api-key"))
        return web.Response(body=VIDEO)

    async with serving(note) as store:
        await fetch(store.removeprefix("http:"), "http://localhost:1")

    assert keys == [None]


async def test_a_service_on_tls_has_no_video_fetched_without_it(fetch, tmp_path):
    async with serving(answering()) as store:
        with pytest.raises(ArtifactUnavailableError):
            await fetch(f"{store}/video.mp4", "https://localhost:1")


async def test_redirects_without_end_are_given_up(fetch):
    async def again(_request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/again"})

    async with serving(again) as origin:
        with pytest.raises(ArtifactUnavailableError, match="too often"):
            await fetch("/first", origin)


UNAVAILABLE = {
    "expired": answering(b"Request has expired", 403, "text/plain"),
    "away": answering(b"", 503),
    "nowhere": answering(b"", 302),
    "empty": answering(b""),
    "page": answering(b"<html>Please wait</html>", 200, "text/html"),
    "error in JSON": answering(b'{"error": "later"}', 200, "application/json"),
    "part": answering(VIDEO, 206),
}


@pytest.mark.parametrize("answer", UNAVAILABLE.values(), ids=UNAVAILABLE.keys())
async def test_what_may_be_better_the_next_time_is_unavailable(fetch, tmp_path, answer):
    async with serving(answer) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await fetch("/video.mp4", origin)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(20), b"GIF89a", b"x"])
async def test_what_is_no_video_is_unusable(fetch, tmp_path, content):
    async with serving(answering(content)) as origin:
        with pytest.raises(ArtifactUnusableError):
            await fetch("/video.mp4", origin)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
async def test_what_is_too_large_is_unusable_announced_or_not(
    fetch, tmp_path, monkeypatch, announced
):
    monkeypatch.setattr(artifacts, "MAX_BYTES", len(VIDEO) - 1)
    length = f"Content-Length: {len(VIDEO)}\r\n" if announced else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n{length}\r\n".encode()
    async with listening(in_pieces(VIDEO, head=head)) as origin:
        with pytest.raises(ArtifactUnusableError):
            await fetch("/video.mp4", origin)

    assert list(tmp_path.iterdir()) == []


async def test_a_video_that_breaks_off_leaves_the_one_that_is_there(fetch, tmp_path):
    (tmp_path / "video.mp4").write_bytes(b"of yesterday")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 9999\r\n\r\n"
    async with listening(in_pieces(VIDEO, head=head)) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await fetch("/video.mp4", origin)

    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]
    assert (tmp_path / "video.mp4").read_bytes() == b"of yesterday"


async def test_a_video_that_stops_coming_is_given_up(fetch, tmp_path, monkeypatch):
    monkeypatch.setattr(artifacts, "TIMEOUT", aiohttp.ClientTimeout(sock_read=0.1))

    async def stop(reader, writer):
        await in_pieces(VIDEO[:100])(reader, writer)
        await reader.read()

    async with listening(stop) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await fetch("/video.mp4", origin)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["", "file:///etc/passwd", "ftp://a/b", "http://", "/\r\nX: y"])
async def test_what_is_no_address_is_unavailable(fetch, address):
    with pytest.raises(ArtifactUnavailableError):
        await fetch(address, "http://localhost:1")


# --- every safe way ---

# The kind: http from a service on TLS, an address escaped for a page, white space around it, a video
# in the address, a redirect or a header longer than aiohttp takes by itself; other containers.

WEBM = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 4


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://cdn.example/a.mp4?x=%2f", "https://cdn.example/a.mp4?x=%2f"),
        ("http://cdn.example:80/a", "https://cdn.example/a"),
        ("http://cdn.example:8080/a", "https://cdn.example:8080/a"),
        ("http://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("https://cdn.example/a", "https://cdn.example/a"),
    ],
)
def test_a_service_on_tls_is_asked_on_tls_however_it_spells_its_addresses(given, asked):
    url = artifacts._without_downgrade(URL(given, encoded=True), URL("https://api.example"))

    assert str(url) == asked


@pytest.mark.parametrize("given", ["file:///etc/passwd", "ftp://a/b", "http:///a"])
def test_what_is_no_address_on_the_web_is_not_asked(given):
    with pytest.raises(ValueError, match="an address on"):
        artifacts._without_downgrade(URL(given), URL("https://api.example"))


async def test_an_address_that_was_escaped_for_a_page_is_read(fetch):
    async def answer(request: web.Request) -> web.Response:
        signed = request.query.get("b") == "2"
        return web.Response(body=VIDEO, status=200 if signed else 403, content_type="video/mp4")

    async with serving(answer) as origin:
        assert await fetch(f" {origin}/video.mp4?a=1&amp;b=2\n", origin) == VIDEO


@pytest.mark.parametrize("length", [9_000, 30_000])
async def test_a_long_redirect_is_followed(fetch, length):
    async def converse(reader, writer):
        first = await reader.readuntil(b"\r\n\r\n")
        if b"sig=" in first:
            await writer_of(writer, b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n" + VIDEO)
        else:
            to = b"/video.mp4?sig=" + b"x" * length
            head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n"
            await writer_of(writer, head + b"Location: " + to + b"\r\n\r\n")

    async def writer_of(writer, content):
        writer.write(content)
        await writer.drain()

    async with listening(converse) as origin:
        assert await fetch("/content", origin) == VIDEO


async def test_a_long_header_beside_a_video_does_no_harm(fetch):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nX-Policy: " + b"x" * 20_000 + b"\r\n\r\n"
    async with listening(in_pieces(VIDEO, head=head)) as origin:
        assert await fetch("/video.mp4", origin) == VIDEO


@pytest.mark.parametrize(
    "address",
    [
        "data:video/mp4;base64," + base64.b64encode(VIDEO).decode(),
        "data:video/mp4;base64," + base64.b64encode(VIDEO).decode().rstrip("="),
        "data:video/mp4," + quote_from_bytes(VIDEO),
    ],
    ids=["base64", "without padding", "percent"],
)
async def test_a_video_in_its_own_address_is_unpacked(fetch, address):
    assert await fetch(address, "https://api.example") == VIDEO


@pytest.mark.parametrize(
    "address", ["data:video/mp4", "data:video/mp4;base64,", "data:text/html,hi"]
)
async def test_an_address_that_holds_no_video_is_unavailable(fetch, tmp_path, address):
    with pytest.raises(ArtifactUnavailableError):
        await fetch(address, "https://api.example")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["video/webm", "application/octet-stream", "text/plain"])
async def test_a_video_in_another_container_is_kept_whatever_it_is_called(fetch, kind):
    async with serving(answering(WEBM, content_type=kind)) as origin:
        assert await fetch("/video", origin) == WEBM


# --- a disk that takes no more ---

# The kind: it says so when the file is opened, written, flushed, synchronised, closed or given its
# name; for a small video, which stands in a buffer until then, and for one in its own address.


def refuse(*_given, **_more):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullAtClose(io.FileIO):
    """Some file systems, such as NFS, tell only then."""

    def close(self):
        was_open = not self.closed
        super().close()
        if was_open:
            refuse()


def full_at(monkeypatch, tmp_path, moment):
    match moment:
        case "open":
            monkeypatch.setattr(Path, "open", refuse)
        case "flush":
            (tmp_path / "video.part").symlink_to("/dev/full")
        case "synchronise":
            monkeypatch.setattr(os, "fsync", refuse)
        case "close":
            monkeypatch.setattr(Path, "open", lambda path, _mode: FullAtClose(path, "wb"))
        case _:
            monkeypatch.setattr(Path, "replace", refuse)


@pytest.mark.parametrize("moment", ["open", "flush", "synchronise", "close", "name"])
@pytest.mark.parametrize("in_itself", [False, True])
async def test_a_full_disk_is_said_whenever_it_says_so_and_leaves_nothing(
    fetch, tmp_path, monkeypatch, moment, in_itself
):
    address = (
        f"data:video/mp4;base64,{base64.b64encode(VIDEO).decode()}" if in_itself else "/a&amp;b"
    )
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.raw_path)
        return web.Response(body=VIDEO, content_type="video/mp4")

    async with serving(answer) as origin:
        full_at(monkeypatch, tmp_path, moment)
        with pytest.raises(ArtifactUnavailableError, match=r"could not be kept.*No space left"):
            await fetch(address, origin)
    monkeypatch.undo()

    assert list(tmp_path.iterdir()) == []
    assert len(asked) == (0 if in_itself else 1)  # another spelling has no more room


@pytest.mark.parametrize("content", [b"<html>" * 20_000, b"no video at all" * 20_000])
async def test_what_is_no_video_is_said_though_its_file_cannot_be_closed(
    fetch, tmp_path, monkeypatch, content
):
    full_at(monkeypatch, tmp_path, "close")
    async with serving(answering(content)) as origin:
        with pytest.raises(ArtifactUnusableError):
            await fetch(f"{origin}/a", origin)
    monkeypatch.undo()

    assert list(tmp_path.iterdir()) == []
