"""The kind: addresses. Versions that are gone, routes that the sandbox lacks, routes that need no token,
and where the addresses in an answer lead, whatever name the sandbox was reached by."""

import logging
from pathlib import Path

import aiohttp
import pytest

from sandbox.app import Sandbox, running_sandbox
from sandbox.discord import seed
from sandbox.settings import SandboxSettings
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Rest
from tests.integration.sandbox.wire import connected

VIDEOS = seed.VIDEOS


@pytest.mark.undocumented
@pytest.mark.parametrize("version", ["v1", "v5", "v11", "v99"])
async def test_a_version_that_is_gone_or_not_there_yet_is_refused(
    sandbox: Sandbox, session: aiohttp.ClientSession, version: str
) -> None:
    async with session.get(f"{sandbox.origin}/api/{version}/gateway") as answer:
        told = await answer.json()
    assert (answer.status, told) == (400, {"message": "Invalid API version", "code": 50041})


@pytest.mark.undocumented
async def test_an_old_version_that_discord_still_has_is_missing_here(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    headers = {"Authorization": f"Bot {rest.token}"}
    async with session.get(f"{sandbox.origin}/api/v8/users/@me", headers=headers) as answer:
        assert answer.status == 404
        assert answer.headers["X-Sandbox-Missing-Route"] == "GET /v8/users/@me"


@pytest.mark.undocumented
async def test_a_route_that_the_sandbox_lacks_says_so(
    sandbox: Sandbox,
    session: aiohttp.ClientSession,
    rest: Rest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, logger="sandbox")
    secret = "a" * 60
    for channel in (VIDEOS, VIDEOS, seed.WELCOME):
        missing = await rest.get(f"/channels/{channel}/fireworks")
        assert (missing.status, missing.code) == (404, 0)
        assert missing.headers["X-Sandbox-Missing-Route"] == "GET /channels/{id}/fireworks"
    await rest.call("PUT", f"/webhooks/{seed.APPLICATION_ID}/{secret}/fireworks")
    wrong_method = await rest.call("PUT", f"/channels/{VIDEOS}/typing")
    assert wrong_method.status == 405

    found = await crowd_of(sandbox, session).done("GET", "/missing-routes")

    assert found == [
        {"method": "GET", "path": "/channels/{id}/fireworks", "count": 3},
        {"method": "PUT", "path": "/webhooks/{id}/{token}/fireworks", "count": 1},
        {"method": "PUT", "path": "/channels/{id}/typing", "count": 1},
    ]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(found)
    assert secret not in "".join(lines)


async def test_an_unknown_thing_of_a_known_route_is_no_missing_route(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    unknown = await rest.get("/channels/5")
    assert unknown.code == 10003
    assert "X-Sandbox-Missing-Route" not in unknown.headers
    assert await crowd_of(sandbox, session).done("GET", "/missing-routes") == []


@pytest.mark.parametrize("path", ["/gateway", "/sticker-packs"])
async def test_some_routes_are_open_to_everyone(rest: Rest, path: str) -> None:
    async with rest.session.get(rest.base + path) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/gateway/bot", "/users/@me", "/soundboard-default-sounds"])
async def test_all_others_need_the_token(rest: Rest, path: str) -> None:
    async with rest.session.get(rest.base + path) as answer:
        assert answer.status == 401


async def test_guilds_are_listed_with_counts_where_they_are_asked_for(rest: Rest) -> None:
    (plain,) = (await rest.get("/users/@me/guilds")).body
    (counted,) = (await rest.get("/users/@me/guilds?with_counts=true")).body
    assert "approximate_member_count" not in plain
    assert (counted["approximate_member_count"], counted["approximate_presence_count"]) == (5, 5)
    assert (await rest.get(f"/users/@me/guilds?after={seed.GUILD_ID}")).body == []
    assert (await rest.get(f"/users/@me/guilds?before={seed.GUILD_ID}")).body == []


@pytest.mark.parametrize("path", ["/applications/@me", "/oauth2/applications/@me"])
async def test_an_application_has_an_empty_summary(rest: Rest, path: str) -> None:
    assert (await rest.get(path)).body["summary"] == ""


async def test_the_sounds_that_everyone_has_are_listed(rest: Rest) -> None:
    found = (await rest.get("/soundboard-default-sounds")).body
    assert [item["sound_id"] for item in found] == ["1", "2", "3", "4", "5", "6"]
    assert {"name", "volume", "emoji_id", "emoji_name", "available"} <= set(found[0])
    guilds = f"/guilds/{seed.GUILD_ID}/soundboard-sounds"
    assert (await rest.get(guilds)).body == {"items": []}
    assert (await rest.get(f"{guilds}/5")).code == 10097


async def reached(rest: Rest, path: str, host: str) -> str:
    headers = {"Authorization": f"Bot {rest.token}", "Host": host}
    async with rest.session.get(rest.base + path, headers=headers) as answer:
        return await answer.text()


@pytest.mark.parametrize("host", ["localhost:8420", "sandbox:8420", "box.example", "[::1]:8420"])
async def test_addresses_lead_back_where_the_request_came_from(rest: Rest, host: str) -> None:
    assert f'"ws://{host}/gateway"' in await reached(rest, "/gateway", host)
    messages = await reached(rest, f"/channels/{seed.PICTURES}/messages", host)
    assert f'"http://{host}/cdn/attachments/' in messages


@pytest.mark.parametrize("host", ["a b", 'x"y', "x/y", "x:y"])
async def test_a_host_that_is_none_is_not_repeated(rest: Rest, host: str) -> None:
    assert "ws://127.0.0.1" in await reached(rest, "/gateway", host)


async def test_every_session_is_told_addresses_of_its_own(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    port = sandbox.origin.rpartition(":")[2]
    async with session.ws_connect(f"ws://localhost:{port}/gateway?v=10") as socket:
        await socket.receive_json()
        token = sandbox.discord.world.application.token
        await socket.send_json({"op": 2, "d": {"token": token, "intents": 513, "properties": {}}})
        ready = (await socket.receive_json())["d"]
        assert ready["resume_gateway_url"] == f"ws://localhost:{port}/gateway"
        await socket.receive_json()
        async with connected(sandbox, session) as wire:
            await wire.identify(513)
            await wire.until("GUILD_CREATE")
            await rest.sent(VIDEOS, {"content": "look"}, a_png=b"picture")
            here = (await wire.until("MESSAGE_CREATE"))["attachments"][0]["url"]
        there = (await socket.receive_json())["d"]["attachments"][0]["url"]
    assert here.startswith(f"{sandbox.origin}/cdn/")
    assert there.startswith(f"http://localhost:{port}/cdn/")
    async with session.get(there) as answer:
        assert await answer.read() == b"picture"


@pytest.mark.parametrize(
    ("public", "begins"),
    [
        (None, "http://127.0.0.1:"),
        ("https://sandbox.example", "https://sandbox.example/"),
        ("https://sandbox.example/", "https://sandbox.example/"),
    ],
)
async def test_a_sandbox_that_listens_everywhere_gives_an_address_that_can_be_reached(
    tmp_path: Path, session: aiohttp.ClientSession, public: str | None, begins: str
) -> None:
    settings = SandboxSettings(host="0.0.0.0", port=0, data_dir=tmp_path, public_url=public)  # noqa: S104 - what is tested
    async with running_sandbox(settings) as sandbox:
        told = sandbox.environment()
        assert told["DISCORD_API_URL"].startswith(begins)
        assert "0.0.0.0" not in str(told)  # noqa: S104 - what is looked for
        local = sandbox.discord.world.addresses.local
        async with session.get(f"{local}/api/v10/gateway") as answer:
            url = (await answer.json())["url"]
    assert url == told["DISCORD_GATEWAY_URL"]
    assert url.startswith(begins.replace("http", "ws", 1))
