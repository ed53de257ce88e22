"""Fetching a film: whole or not at all, and the key to nobody else."""

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.errors import ArtifactUnavailableError, ArtifactUnusableError
from bot.providers import artifacts
from tests.serving import listening, serving

FILM = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 8
KEY = {"x-api-key": "sk-nano-secret"}


@pytest.fixture
def fetch(session, tmp_path):
    async def fetch_to_disk(address, origin):
        target = tmp_path / "film.mp4"
        await artifacts.fetch(session, address, target, origin=URL(origin), key_headers=KEY)
        return target.read_bytes()

    return fetch_to_disk


def answering(content=FILM, status=200, content_type="video/mp4", **headers):
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


async def test_a_film_is_brought_whole(fetch):
    async with serving(answering()) as origin:
        assert await fetch(f"{origin}/film.mp4", origin) == FILM


async def test_a_film_that_comes_byte_by_byte_is_a_film_too(fetch):
    dripping = (FILM[index : index + 1] for index in range(len(FILM)))
    async with listening(in_pieces(*dripping)) as origin:
        assert await fetch(f"{origin}/film.mp4", origin) == FILM


async def test_an_address_is_asked_for_exactly_as_it_is_signed(fetch):
    asked = []

    async def converse(reader, writer):
        asked.append(await reader.readline())
        await in_pieces(FILM)(reader, writer)

    async with listening(converse) as origin:
        await fetch(f"{origin}/a%2fb%7Ec.mp4?sig=%2B%2f%3D", origin)

    assert asked == [b"GET /a%2fb%7Ec.mp4?sig=%2B%2f%3D HTTP/1.1\r\n"]


async def test_the_key_goes_to_the_service_and_stays_there(fetch):
    keys = []

    async def note(request: web.Request) -> web.Response:
        keys.append(("store", request.headers.get("x-api-key")))
        return web.Response(body=FILM)

    async with serving(note) as store:

        async def redirect(request: web.Request) -> web.Response:
            keys.append(("service", request.headers.get("x-api-key")))
            return web.Response(status=302, headers={"Location": f"{store}/film.mp4"})

        async with serving(redirect) as origin:
            assert await fetch("/api/content?runId=vid_1", origin) == FILM

    assert keys == [("service", "sk-nano-secret"), ("store", None)]


async def test_an_address_of_the_service_that_a_store_points_to_does_not_get_the_key(fetch):
    keys = []

    async def note(request: web.Request) -> web.Response:
        keys.append(request.headers.get("x-api-key"))
        return web.Response(body=FILM)

    async with serving(note) as origin:

        async def back(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{origin}/api/anything"})

        async with serving(back) as store:
            await fetch(f"{store}/film.mp4", origin)

    assert keys == [None]


async def test_an_address_without_a_scheme_that_leads_elsewhere_does_not_get_the_key(fetch):
    keys = []

    async def note(request: web.Request) -> web.Response:
        keys.append(request.headers.get("x-api-key"))
        return web.Response(body=FILM)

    async with serving(note) as store:
        await fetch(store.removeprefix("http:"), "http://localhost:1")

    assert keys == [None]


async def test_a_service_on_tls_has_no_film_fetched_without_it(fetch, tmp_path):
    async with serving(answering()) as store:
        with pytest.raises(ArtifactUnavailableError):
            await fetch(f"{store}/film.mp4", "https://localhost:1")


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
    "part": answering(FILM, 206),
}


@pytest.mark.parametrize("answer", UNAVAILABLE.values(), ids=UNAVAILABLE.keys())
async def test_what_may_be_better_the_next_time_is_unavailable(fetch, tmp_path, answer):
    async with serving(answer) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await fetch("/film.mp4", origin)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(20), b"GIF89a", b"x"])
async def test_what_is_no_film_is_unusable(fetch, tmp_path, content):
    async with serving(answering(content)) as origin:
        with pytest.raises(ArtifactUnusableError):
            await fetch("/film.mp4", origin)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("announced", [True, False])
async def test_what_is_too_large_is_unusable_announced_or_not(
    fetch, tmp_path, monkeypatch, announced
):
    monkeypatch.setattr(artifacts, "MAX_BYTES", len(FILM) - 1)
    length = f"Content-Length: {len(FILM)}\r\n" if announced else ""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n{length}\r\n".encode()
    async with listening(in_pieces(FILM, head=head)) as origin:
        with pytest.raises(ArtifactUnusableError):
            await fetch("/film.mp4", origin)

    assert list(tmp_path.iterdir()) == []


async def test_a_film_that_breaks_off_leaves_the_one_that_is_there(fetch, tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"of yesterday")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 9999\r\n\r\n"
    async with listening(in_pieces(FILM, head=head)) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await fetch("/film.mp4", origin)

    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"of yesterday"


async def test_a_film_that_stops_coming_is_given_up(fetch, tmp_path, monkeypatch):
    monkeypatch.setattr(artifacts, "TIMEOUT", aiohttp.ClientTimeout(sock_read=0.1))

    async def stop(reader, writer):
        await in_pieces(FILM[:100])(reader, writer)
        await reader.read()

    async with listening(stop) as origin:
        with pytest.raises(ArtifactUnavailableError):
            await fetch("/film.mp4", origin)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["", "file:///etc/passwd", "ftp://a/b", "http://", "/\r\nX: y"])
async def test_what_is_no_address_is_unavailable(fetch, address):
    with pytest.raises(ArtifactUnavailableError):
        await fetch(address, "http://localhost:1")
