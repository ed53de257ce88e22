"""NanoGPT's two hosts and two headers: the key reaches both of them, and no one else."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.clock import SystemClock
from bot.ids import ModelId
from bot.providers.contract import Order
from bot.providers.nanogpt.client import NanoGpt, origin_of, with_api_path
from tests.factories import make_request
from tests.local_nanogpt import FreeBudgets
from tests.serving import serving

KEY = "sk-nano-of-ours"
VIDEO = b"\0\0\0\x18ftypisom video"
Seen = tuple[str, str, str | None, str | None]  # host, path, both headers


class Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        here = ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
        )
        return [here]

    async def close(self) -> None: ...


class Service:
    """Answers every request as NanoGPT would, whatever it is called; writes down who asked."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.video = ""  # where the status says that it is
        self.moved = ""  # where its content is redirected to

    async def answer(self, request: web.Request) -> web.Response:
        name, key = str(request.url.host), request.headers.get("x-api-key")
        self.seen.append((name, request.path, key, request.headers.get("Authorization")))
        if request.path.endswith("/generate-video"):
            return web.json_response({"runId": "vid_1", "cost": 0.1}, status=202)
        if request.path.endswith("/status"):
            output = {"video": {"url": self.video}}
            return web.json_response({"data": {"status": "COMPLETED", "output": output}})
        if request.path.endswith("/content"):
            return web.Response(status=302, headers={"Location": self.moved})
        return web.Response(body=VIDEO, content_type="video/mp4")


@asynccontextmanager
async def asked(
    service: Service, host: str, path: str = "/api"
) -> AsyncIterator[tuple[NanoGpt, int]]:
    """The client of a service of that name, and the port of everything."""
    async with (
        serving(service.answer) as origin,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Here())) as session,
    ):
        port = URL(origin).port or 0
        client = NanoGpt(
            KEY,
            f"http://{host}:{port}{path}",
            api=session,
            downloads=session,
            budgets=FreeBudgets(),
            clock=SystemClock(),
        )
        yield client, port


REQUEST = make_request(model_id=ModelId("seedance-lite-video"))


@pytest.mark.parametrize("host", ["nano-gpt.com", "api.nano-gpt.com"])
@pytest.mark.parametrize("path", ["/api", "/api/", "", "/"])
async def test_either_host_is_asked_below_api_with_both_headers(host, path):
    service = Service()
    async with asked(service, host, path) as (client, _):
        await client.submit(Order(REQUEST, "tag"))

    assert service.seen == [(host, "/api/generate-video", KEY, f"Bearer {KEY}")]


async def test_another_domain_of_the_service_is_a_setting_like_any_other():
    service = Service()
    async with asked(service, "ai.bitcoin.com") as (client, _):
        await client.submit(Order(REQUEST, "tag"))

    assert service.seen[0][:2] == ("ai.bitcoin.com", "/api/generate-video")


CONTENT = "/api/generate-video/content?runId=vid_1"


@pytest.mark.parametrize("ours", ["nano-gpt.com", "api.nano-gpt.com"])
@pytest.mark.parametrize("named", ["", "nano-gpt.com", "api.nano-gpt.com"])
async def test_a_video_behind_the_key_is_fetched_at_either_host_and_its_store_sees_no_key(
    ours, named, tmp_path
):
    service = Service()
    async with asked(service, ours) as (client, port):
        service.video = f"http://{named}:{port}{CONTENT}" if named else CONTENT
        service.moved = f"http://store.example:{port}/video.mp4"
        await fetched(client, tmp_path)

    status, content, store = service.seen
    assert status[0] == ours
    assert content == (named or ours, "/api/generate-video/content", KEY, f"Bearer {KEY}")
    assert store == ("store.example", "/video.mp4", None, None)


FOREIGN = [
    "http://cdn.example:{port}/video.mp4",
    "http://nano-gpt.com.example:{port}/video.mp4",
    "http://evil-nano-gpt.com:{port}/video.mp4",
    "http://nano-gpt.com@cdn.example:{port}/video.mp4",
    "//cdn.example:{port}/video.mp4",
    "http://cake.nano-gpt.com:{port}/video.mp4",
]


@pytest.mark.parametrize("address", FOREIGN)
async def test_no_other_host_ever_sees_the_key(address, tmp_path):
    service = Service()
    async with asked(service, "nano-gpt.com") as (client, port):
        service.video = address.format(port=port)
        await fetched(client, tmp_path)

    assert service.seen[-1][0] != "nano-gpt.com"
    assert service.seen[-1][2] is None
    assert service.seen[-1][3] in {None, "Basic bmFuby1ncHQuY29tOg=="}  # the address's own


async def test_a_redirect_that_comes_back_to_the_service_has_lost_the_key(tmp_path):
    service = Service()
    async with asked(service, "nano-gpt.com") as (client, port):
        service.video = CONTENT
        service.moved = f"http://store.example:{port}/back"
        await fetched(client, tmp_path)

    assert [host for host, _, key, _ in service.seen if key] == ["nano-gpt.com"] * 2


async def fetched(client: NanoGpt, folder: Path) -> None:
    (address,) = (await client.poll("vid_1", REQUEST)).artifact_addresses
    await client.fetch(address, folder / "video.mp4")
    assert (folder / "video.mp4").read_bytes() == VIDEO


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://nano-gpt.com", "https://nano-gpt.com/api"),
        ("https://api.nano-gpt.com/", "https://api.nano-gpt.com/api"),
        ("https://api.nano-gpt.com/api", "https://api.nano-gpt.com/api"),
        ("https://nano-gpt.com/api/v2", "https://nano-gpt.com/api/v2"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_a_base_address_without_a_path_is_completed_for_the_services_own_hosts(given, base):
    assert with_api_path(given) == base


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("/api/x", "https://nano-gpt.com"),
        ("https://api.nano-gpt.com/api/x", "https://api.nano-gpt.com"),
        ("http://api.nano-gpt.com/api/x", "https://nano-gpt.com"),
        ("https://api.nano-gpt.com:8443/api/x", "https://nano-gpt.com"),
        ("https://cdn.example/x", "https://nano-gpt.com"),
        ("http://[", "https://nano-gpt.com"),
        ("", "https://nano-gpt.com"),
    ],
)
def test_the_twin_has_our_scheme_and_our_port(address, origin):
    assert str(origin_of(address, URL("https://nano-gpt.com/api")).origin()) == origin
