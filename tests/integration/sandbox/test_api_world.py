import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import faults, seed
from sandbox.discord.rules import permissions
from tests.integration.sandbox.crowd import Crowd
from tests.integration.sandbox.rest import Rest

Session = aiohttp.ClientSession
GUILD = f"/guilds/{seed.GUILD_ID}"


async def test_the_world_shows_everything_there_is(crowd: Crowd) -> None:
    world = await crowd.done("GET", "/world")

    (guild,) = world["guilds"]
    assert world["application"]["bot"]["id"] == str(seed.APPLICATION_ID)
    assert world["application"]["online"] is False
    assert world["application"]["intents"] == {
        "message_content": True,
        "guild_members": True,
        "presence": True,
    }
    assert {channel["name"] for channel in guild["channels"]} >= {"videos", "staff"}
    nitro = {item["user"]["username"]: item["user"]["premium_type"] for item in guild["members"]}
    assert nitro == {"ada": 0, "max": 0, "fern": 2, "juno": 0, "showreel": 0}
    assert guild["threads"] == []
    assert guild["premium_tier"] == 0


async def test_people_join_change_and_leave(crowd: Crowd) -> None:
    form = {"username": "nova", "global_name": "Nova", "roles": [str(seed.BOOSTER)], "nitro": 1}
    member = await crowd.done("POST", f"{GUILD}/members", form)
    one = f"{GUILD}/members/{member['user']['id']}"
    changed = await crowd.done("PATCH", one, {"nick": "N", "roles": [], "timeout_seconds": 60})
    who = int(member["user"]["id"])
    silenced = await crowd.call(
        "POST", f"/channels/{seed.VIDEOS}/messages", {"as": str(who), "content": "hm"}
    )
    await crowd.done("PATCH", one, {"timeout_seconds": 0})
    await crowd.say("hello", who)
    await crowd.done("DELETE", one)
    gone = await crowd.call("GET", f"/channels?as={who}&guild={seed.GUILD_ID}")

    assert (member["user"]["global_name"], member["roles"]) == ("Nova", [str(seed.BOOSTER)])
    assert (changed["nick"], changed["roles"]) == ("N", [])
    assert silenced.code == 50013
    assert gone.code == 50001


async def test_roles_give_and_take_permissions(crowd: Crowd) -> None:
    bits = str(permissions.MANAGE_MESSAGES)
    role = await crowd.done("POST", f"{GUILD}/roles", {"name": "Cleaner", "permissions": bits})
    await crowd.done("PATCH", f"{GUILD}/members/{seed.JUNO}", {"roles": [role["id"]]})
    message = await crowd.say("oops", seed.FERN)
    where = f"/channels/{seed.VIDEOS}/messages/{message['id']}?as={seed.JUNO}"
    changed = await crowd.done("PATCH", f"{GUILD}/roles/{role['id']}", {"permissions": "0"})
    refused = await crowd.call("DELETE", where)
    await crowd.done("PATCH", f"{GUILD}/roles/{role['id']}", {"permissions": bits})
    await crowd.done("DELETE", where)
    await crowd.done("DELETE", f"{GUILD}/roles/{role['id']}")

    assert changed["permissions"] == "0"
    assert refused.code == 50013


async def test_channels_are_made_hidden_and_removed(crowd: Crowd) -> None:
    overwrite = {"id": str(seed.GUILD_ID), "type": 0, "allow": "0", "deny": "1024"}
    form = {"name": "secret", "permission_overwrites": [overwrite]}
    channel = await crowd.done("POST", f"{GUILD}/channels", form)
    seen = await crowd.done("GET", f"/channels?as={seed.JUNO}&guild={seed.GUILD_ID}")
    changes = {"permission_overwrites": [], "nsfw": True}
    opened = await crowd.done("PATCH", f"/channels/{channel['id']}", changes)
    now = await crowd.done("GET", f"/channels?as={seed.JUNO}&guild={seed.GUILD_ID}")
    await crowd.done("DELETE", f"/channels/{channel['id']}")

    assert channel["id"] not in {item["channel"]["id"] for item in seen}
    assert opened["nsfw"] is True
    granted = {item["channel"]["id"]: item["permissions"] for item in now}
    assert int(granted[channel["id"]]) & permissions.SEND_MESSAGES


async def test_the_clock_turns_forward_only(crowd: Crowd) -> None:
    assert (await crowd.done("POST", "/clock", {"advance_seconds": 60}))["offset_seconds"] == 60
    assert (await crowd.done("POST", "/clock", {"advance_seconds": 30}))["offset_seconds"] == 90
    assert (await crowd.call("POST", "/clock", {"advance_seconds": -1})).status == 400


async def test_the_clock_is_turned_between_two_requests_of_the_bot(
    sandbox: Sandbox, crowd: Crowd, rest: Rest
) -> None:
    sandbox.faults.add({"kind": "latency", "path": "/channels/*/messages", "seconds": 0.2})
    before = sandbox.clock.now()
    async with asyncio.TaskGroup() as group:
        sent = group.create_task(rest.send(seed.VIDEOS, {"content": "slow"}))
        while sandbox.faults.list()[0].struck == 0:
            await crowd.done("GET", "/world")  # until it has arrived
        await crowd.done("POST", "/clock", {"advance_seconds": 3600})

    at = datetime.fromisoformat(sent.result().body["timestamp"])
    assert at - before < timedelta(minutes=1)
    assert sandbox.clock.now() - before > timedelta(hours=1)


async def test_a_request_whose_sender_is_suspended_within_its_body_holds_no_clock_up(
    sandbox: Sandbox, crowd: Crowd, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "STALLED_AFTER_SECONDS", 0.05)
    sandbox.faults.add({"kind": "latency", "path": "/channels/*/messages"})
    coming = asyncio.Event()

    async def half_a_body() -> AsyncIterator[bytes]:
        yield b'{"content": '
        await coming.wait()
        yield b'"whole"}'

    async def send() -> int:
        address = f"{rest.base}/channels/{seed.VIDEOS}/messages"
        headers = {"Authorization": f"Bot {rest.token}", "Content-Type": "application/json"}
        async with rest.session.post(address, data=half_a_body(), headers=headers) as answer:
            return answer.status

    async with asyncio.TaskGroup() as group:
        sent = group.create_task(send())
        while sandbox.faults.list()[0].struck == 0:
            await crowd.done("GET", "/world")  # until it has arrived
        turned = await crowd.done("POST", "/clock", {"advance_seconds": 3600})
        coming.set()

    assert turned["offset_seconds"] == 3600
    assert sent.result() == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PATCH", GUILD, {"premium_tier": 4}, "premium_tier"),
        ("PATCH", GUILD, {"level": 4}, "level"),
        ("POST", f"{GUILD}/members", {}, "username"),
        ("POST", f"{GUILD}/roles", {"name": "x", "permissions": "many"}, "permissions"),
        ("GET", "/channels?as=no one&guild=1", None, "as"),
        ("GET", f"/channels/{seed.VIDEOS}/messages?as={seed.JUNO}&limit=101", None, "limit"),
        ("POST", "/interactions/command", {"as": "1"}, "channel_id"),
    ],
)
async def test_a_wrong_field_is_named_in_the_refusal(
    crowd: Crowd, method: str, path: str, body: dict[str, object] | None, words: str
) -> None:
    refused = await crowd.call(method, path, body)
    assert (refused.status, refused.code) == (400, 50035)
    assert words in refused.body["message"]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", f"/channels?as={seed.JUNO}&guild=1", 10004),
        ("GET", f"/channels/1/messages?as={seed.JUNO}", 10003),
        ("GET", f"/channels/{seed.VIDEOS}/messages/1?as={seed.JUNO}", 10008),
        ("GET", f"/channels/{seed.STAFF}/messages?as={seed.JUNO}", 50001),
        ("GET", f"/interactions/1?as={seed.JUNO}", 10062),
        ("GET", "/events?as=1", 10013),
        ("DELETE", f"{GUILD}/members/1", 10007),
        ("DELETE", f"{GUILD}/roles/1", 10011),
        ("DELETE", "/faults/1", 0),
        ("GET", "/nowhere", 0),
    ],
)
async def test_what_is_not_there_is_said_in_discords_codes(
    crowd: Crowd, method: str, path: str, code: int
) -> None:
    refused = await crowd.call(method, path)
    assert refused.status in {403, 404}
    assert refused.code == code
    assert refused.body["message"]


async def test_broken_json_is_a_clear_400(sandbox: Sandbox, session: Session) -> None:
    address = f"{sandbox.origin}/sandbox/api/clock"
    headers = {"Content-Type": "application/json"}
    async with session.post(address, data=b"{", headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == 50109
