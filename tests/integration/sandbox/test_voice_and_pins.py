"""The kind: what the gateway tells after an act that is no message. Voice (op 4), sounds (op 31), pins."""

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Json, Rest
from tests.integration.sandbox.wire import EVERYTHING, Wire, connected, listening

GUILD_ID = str(seed.GUILD_ID)
VOICE_STATES = 1 << 7
VIDEOS = seed.VIDEOS


async def voice_channel(sandbox: Sandbox, session: aiohttp.ClientSession, **more: object) -> str:
    body = {"name": "talk", "type": 2, **more}
    made = await crowd_of(sandbox, session).done("POST", f"/guilds/{GUILD_ID}/channels", body)
    return str(made["id"])


async def nothing_more(wire: Wire) -> None:
    """Nothing was dispatched before the answer to a heartbeat."""
    await wire.send(1, None)
    assert (await wire.frame())["op"] == 11


def request(channel: str | None, **more: object) -> Json:
    return {"guild_id": GUILD_ID, "channel_id": channel, "self_mute": False, **more}


async def test_a_bot_joins_mutes_itself_and_leaves(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    channel = await voice_channel(sandbox, session)
    async with listening(sandbox, session, EVERYTHING | VOICE_STATES) as wire:
        await wire.send(4, request(channel))
        joined = await wire.until("VOICE_STATE_UPDATE")
        server = await wire.until("VOICE_SERVER_UPDATE")
        state = (await rest.get(f"/guilds/{GUILD_ID}/voice-states/@me")).body
        await wire.send(4, request(channel, self_mute=True))
        muted = await wire.until("VOICE_STATE_UPDATE")
        await wire.send(4, request(None))
        left = await wire.until("VOICE_STATE_UPDATE")
        await nothing_more(wire)
    assert (joined["channel_id"], joined["user_id"]) == (channel, str(seed.APPLICATION_ID))
    assert joined["session_id"] == wire.seen[0]["d"]["session_id"]
    assert (server["guild_id"], server["endpoint"]) == (GUILD_ID, None)
    assert state["channel_id"] == channel
    assert (muted["self_mute"], left["channel_id"]) == (True, None)
    assert (await rest.get(f"/guilds/{GUILD_ID}/voice-states/@me")).code == 10065


async def test_a_new_session_hears_who_is_where_and_a_goodbye_ends_it(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    channel = await voice_channel(sandbox, session)
    async with listening(sandbox, session, EVERYTHING | VOICE_STATES) as first:
        await first.send(4, request(channel))
        await first.until("VOICE_SERVER_UPDATE")
        async with connected(sandbox, session) as second:
            await second.identify(EVERYTHING | VOICE_STATES)
            guild = await second.until("GUILD_CREATE")
            (state,) = guild["voice_states"]
            assert (state["channel_id"], "guild_id" in state) == (channel, False)
            await first.socket.close(code=1000)
            assert (await second.until("VOICE_STATE_UPDATE"))["channel_id"] is None


async def test_without_the_intent_only_the_server_is_told(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    channel = await voice_channel(sandbox, session)
    async with listening(sandbox, session) as wire:
        await wire.send(4, request(channel))
        assert (await wire.frame())["t"] == "VOICE_SERVER_UPDATE"


@pytest.mark.parametrize("where", [str(VIDEOS), "5", "abc"])
async def test_what_may_not_be_joined_is_not_joined_and_nothing_is_said(
    sandbox: Sandbox, session: aiohttp.ClientSession, where: str
) -> None:
    async with listening(sandbox, session, EVERYTHING | VOICE_STATES) as wire:
        await wire.send(4, request(where))
        await nothing_more(wire)


async def test_joining_takes_the_permission_to_connect(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    denied = [{"id": GUILD_ID, "type": 0, "allow": "0", "deny": str(1 << 20)}]
    channel = await voice_channel(sandbox, session, permission_overwrites=denied)
    async with listening(sandbox, session, EVERYTHING | VOICE_STATES) as wire:
        await wire.send(4, request(channel))
        await nothing_more(wire)


async def test_who_is_in_a_channel_that_goes_is_told(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    channel = await voice_channel(sandbox, session)
    async with listening(sandbox, session, EVERYTHING | VOICE_STATES) as wire:
        await wire.send(4, request(channel))
        await wire.until("VOICE_SERVER_UPDATE")
        await crowd_of(sandbox, session).done("DELETE", f"/channels/{channel}")
        assert (await wire.until("VOICE_STATE_UPDATE"))["channel_id"] is None


async def test_a_guilds_sounds_are_told_on_request(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    async with listening(sandbox, session) as wire:
        await wire.send(31, {"guild_ids": [GUILD_ID, "5"]})
        told = await wire.until("SOUNDBOARD_SOUNDS")
        await nothing_more(wire)
        assert told == {"guild_id": GUILD_ID, "soundboard_sounds": []}
        await wire.send(31, {"guild_ids": GUILD_ID})
        assert await wire.close_code() == 4002


@pytest.fixture
async def pinner(sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest) -> Rest:
    path = f"/guilds/{GUILD_ID}/roles/{seed.BOT_ROLE}"
    await crowd_of(sandbox, session).done("PATCH", path, {"permissions": "8"})
    return rest


async def test_a_pin_is_told_in_the_channel_and_to_bots(
    sandbox: Sandbox, session: aiohttp.ClientSession, pinner: Rest
) -> None:
    first = await pinner.sent(VIDEOS, {"content": "first"})
    second = await pinner.sent(VIDEOS, {"content": "second"})
    path = f"/channels/{VIDEOS}/messages/pins"
    async with listening(sandbox, session) as wire:
        for message in (second, first):
            assert (await pinner.call("PUT", f"{path}/{message['id']}")).status == 204
        pins = await wire.until("CHANNEL_PINS_UPDATE")
        assert (await wire.until("MESSAGE_UPDATE"))["pinned"] is True
        line = await wire.until("MESSAGE_CREATE")
        await wire.until("MESSAGE_CREATE")
        await pinner.call("PUT", f"{path}/{first['id']}")
        await nothing_more(wire)
    assert (pins["channel_id"], pins["guild_id"]) == (str(VIDEOS), GUILD_ID)
    assert (line["type"], line["message_reference"]["message_id"]) == (6, second["id"])
    items = (await pinner.get(path)).body["items"]
    assert [item["message"]["content"] for item in items] == ["first", "second"]
    channel = (await pinner.get(f"/channels/{VIDEOS}")).body
    assert channel["last_pin_timestamp"] == items[0]["pinned_at"]
    before = items[0]["pinned_at"].replace("+", "%2B")
    older = (await pinner.get(f"{path}?before={before}")).body["items"]
    assert [item["message"]["content"] for item in older] == ["second"]


async def test_unpinning_is_told_and_the_time_of_the_last_pin_goes_back(
    sandbox: Sandbox, session: aiohttp.ClientSession, pinner: Rest
) -> None:
    message = await pinner.sent(VIDEOS, {"content": "x"})
    path = f"/channels/{VIDEOS}/pins/{message['id']}"
    await pinner.call("PUT", path)
    async with listening(sandbox, session) as wire:
        await pinner.call("DELETE", path)
        assert (await wire.until("CHANNEL_PINS_UPDATE"))["last_pin_timestamp"] is None
        assert (await wire.until("MESSAGE_UPDATE"))["pinned"] is False
        await nothing_more(wire)


async def test_what_cannot_be_pinned(
    sandbox: Sandbox, session: aiohttp.ClientSession, pinner: Rest
) -> None:
    message = await pinner.sent(VIDEOS, {"content": "x"})
    await pinner.call("PUT", f"/channels/{VIDEOS}/pins/{message['id']}")
    line = (await pinner.get(f"/channels/{VIDEOS}/messages?limit=1")).body[0]
    assert line["type"] == 6
    refused = await pinner.call("PUT", f"/channels/{VIDEOS}/pins/{line['id']}")
    assert (refused.status, refused.code) == (403, 50021)
    history = sandbox.discord.world.history(VIDEOS)
    many = [await pinner.sent(VIDEOS, {"content": str(n)}) for n in range(2)]
    pinned_at = sandbox.clock.now()
    for number in range(249):
        copy = sandbox.discord.messages.post_system(
            sandbox.discord.world.channel(VIDEOS),
            sandbox.discord.world.application.bot,
            0,
            content=str(number),
            pinned_at=pinned_at,
        )
        assert copy.id in history
    full = await pinner.call("PUT", f"/channels/{VIDEOS}/pins/{many[0]['id']}")
    assert (full.status, full.code) == (400, 30003)
