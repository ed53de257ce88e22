import json

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.gateway.connections import Pace
from sandbox.discord.gateway.service import Gateway
from tests.integration.sandbox.rest import Rest
from tests.integration.sandbox.wire import (
    CONTENT,
    EVERYTHING,
    GUILDS,
    MEMBERS,
    PRESENCES,
    connected,
    listening,
)

Session = aiohttp.ClientSession


async def test_a_bot_is_told_who_it_is_and_then_of_its_guild(
    sandbox: Sandbox, session: Session
) -> None:
    async with connected(sandbox, session) as wire:
        ready = await wire.identify()
        guild = await wire.until("GUILD_CREATE")

    assert ready["v"] == 10
    assert ready["user"]["id"] == str(seed.APPLICATION_ID)
    assert ready["guilds"] == [{"id": str(seed.GUILD_ID), "unavailable": True}]
    assert ready["application"]["id"] == str(seed.APPLICATION_ID)
    assert ready["application"]["flags"] & 1 << 19
    assert ready["resume_gateway_url"] == sandbox.gateway.address()
    assert ready["shard"] == [0, 1]
    assert guild["id"] == str(seed.GUILD_ID)
    assert guild["premium_tier"] == 0
    assert [member["user"]["id"] for member in guild["members"]] == [str(seed.APPLICATION_ID)]
    assert guild["member_count"] == 5


@pytest.mark.parametrize("query", ["v=10&encoding=json&compress=zlib-stream", "v=9"])
async def test_compression_is_one_stream_over_all_frames(
    sandbox: Sandbox, session: Session, query: str
) -> None:
    async with connected(sandbox, session, query) as wire:
        await wire.identify()
        assert (await wire.until("GUILD_CREATE"))["name"] == "Showreel Studio"
        await wire.send(1, wire.sequence)
        await wire.until_op(11)


async def test_an_unknown_compression_is_left_out(sandbox: Sandbox, session: Session) -> None:
    async with connected(sandbox, session, "v=10&compress=zstd-stream") as wire:
        await wire.identify()


async def test_binary_frames_are_read_like_text(sandbox: Sandbox, session: Session) -> None:
    async with connected(sandbox, session) as wire:
        await wire.socket.send_bytes(json.dumps({"op": 1, "d": None}).encode())
        await wire.until_op(11)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"shard": [1, 1]}, 4010),
        ({"shard": [0, 0]}, 4010),
        ({"shard": "0"}, 4010),
        ({"intents": 1 << 30}, 4013),
        ({"intents": None}, 4013),
    ],
)
async def test_who_identifies_wrongly_is_hung_up_on(
    sandbox: Sandbox, session: Session, fields: dict[str, object], code: int
) -> None:
    async with connected(sandbox, session) as wire:
        await wire.send(2, {"token": wire.token, "intents": 1, "properties": {}, **fields})
        assert await wire.close_code() == code


@pytest.mark.parametrize(
    ("intent", "switch"),
    [(CONTENT, "message_content"), (MEMBERS, "guild_members"), (PRESENCES, "presence")],
)
async def test_privileged_intents_need_the_portals_switch(
    sandbox: Sandbox, session: Session, intent: int, switch: str
) -> None:
    setattr(sandbox.discord.world.application, switch, False)
    async with connected(sandbox, session) as wire:
        await wire.send(2, {"token": wire.token, "intents": GUILDS | intent, "properties": {}})
        assert await wire.close_code() == 4014


async def test_nothing_can_be_asked_before_identifying(sandbox: Sandbox, session: Session) -> None:
    async with connected(sandbox, session) as wire:
        await wire.send(8, {"guild_id": str(seed.GUILD_ID), "query": "", "limit": 0})
        assert await wire.close_code() == 4003


async def test_identifying_twice_ends_the_connection(sandbox: Sandbox, session: Session) -> None:
    async with listening(sandbox, session) as wire:
        await wire.send(2, {"token": wire.token, "intents": 1, "properties": {}})
        assert await wire.close_code() == 4005


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"op": 77}', 4001),
        ('{"d": 1}', 4001),
        ("{", 4002),
        ("[1]", 4002),
        (json.dumps({"op": 1, "d": "x" * 4097}), 4002),
    ],
)
async def test_frames_that_make_no_sense_end_the_connection(
    sandbox: Sandbox, session: Session, frame: str, code: int
) -> None:
    async with listening(sandbox, session) as wire:
        await wire.socket.send_str(frame)
        assert await wire.close_code() == code


async def test_more_than_120_frames_a_minute_end_the_connection(
    sandbox: Sandbox, session: Session
) -> None:
    async with connected(sandbox, session) as wire:
        for _ in range(121):
            await wire.send(1, None)
        assert await wire.close_code() == 4008


async def test_the_minute_of_frames_goes_by_the_sandboxs_clock(
    sandbox: Sandbox, session: Session
) -> None:
    async with connected(sandbox, session) as wire:
        for _ in range(120):
            await wire.send(1, None)
            await wire.until_op(11)
        sandbox.clock.advance(61)
        await wire.send(1, None)
        await wire.until_op(11)


async def test_a_bot_that_forgets_its_heartbeat_is_hung_up_on(
    sandbox: Sandbox, session: Session
) -> None:
    app = web.Application()
    Gateway(sandbox.discord.world, pace=Pace(heartbeat_interval_milliseconds=40)).add_routes(app)
    async with TestServer(app) as server, session.ws_connect(server.make_url("/gateway")) as socket:
        hello = await socket.receive_json()
        assert hello["d"]["heartbeat_interval"] == 40
        assert (await socket.receive(timeout=30)).data == 4009


async def test_the_server_can_ask_for_a_heartbeat(sandbox: Sandbox, session: Session) -> None:
    async with listening(sandbox, session) as wire:
        sandbox.gateway.disconnect(1, None, resumable=True)
        await wire.until_op(1)


async def test_an_unknown_version_is_refused(sandbox: Sandbox, session: Session) -> None:
    async with session.ws_connect(sandbox.gateway.address() + "?v=6") as socket:
        assert (await socket.receive(timeout=30)).data == 4012


async def test_presence_and_voice_are_accepted_in_silence(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as wire:
        await wire.send(3, {"since": None, "activities": [], "status": "online", "afk": False})
        await wire.send(4, {"guild_id": str(seed.GUILD_ID), "channel_id": None})
        await wire.send(1, None)
        assert (await wire.frame())["op"] == 11


async def test_starting_too_often_at_once_invalidates_the_session(
    sandbox: Sandbox, session: Session
) -> None:
    sandbox.rate_limits.enabled = True
    async with connected(sandbox, session) as wire:
        await wire.identify(0)
    async with connected(sandbox, session) as wire:
        await wire.send(2, {"token": wire.token, "intents": 0, "properties": {}})
        refused = await wire.frame()
        assert (refused["op"], refused["d"]) == (9, False)
        sandbox.clock.advance(6)
        await wire.identify(0)


async def test_resuming_costs_no_start(sandbox: Sandbox, session: Session) -> None:
    sandbox.rate_limits.enabled = True
    async with connected(sandbox, session) as wire:
        ready = await wire.identify(0)
        await wire.socket.close(code=4000)
    async with connected(sandbox, session) as again:
        await again.resume(ready["session_id"], wire.sequence)
        await again.until("RESUMED")


@pytest.mark.parametrize("resumable", [True, False])
async def test_after_an_invalid_session_a_new_one_may_begin_on_the_same_socket(
    sandbox: Sandbox, session: Session, resumable: bool
) -> None:
    async with connected(sandbox, session) as wire:
        ready = await wire.identify(GUILDS)
        await wire.until("GUILD_CREATE")
        sandbox.gateway.disconnect(9, None, resumable=resumable)
        assert (await wire.until_op(9))["d"] is resumable
        assert not sandbox.gateway.online
        fresh = await wire.identify(GUILDS)
        await wire.until("GUILD_CREATE")
        assert fresh["session_id"] != ready["session_id"]
        assert sandbox.gateway.online


async def test_an_invalid_but_resumable_session_is_resumed_on_the_same_socket(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with listening(sandbox, session) as wire:
        ready = wire.seen[0]["d"]
        sandbox.gateway.disconnect(9, None, resumable=True)
        await wire.until_op(9)
        sequence = wire.sequence
        await rest.sent(seed.VIDEOS, {"content": "in the meantime"})
        await wire.resume(ready["session_id"], sequence)
        assert (await wire.until("MESSAGE_CREATE"))["content"] == "in the meantime"
        await wire.until("RESUMED")


async def test_an_invalidated_connection_can_ask_for_nothing(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as wire:
        sandbox.gateway.disconnect(9, None, resumable=False)
        await wire.until_op(9)
        await wire.send(8, {"guild_id": str(seed.GUILD_ID), "query": "a", "limit": 1})
        assert await wire.close_code() == 4003


async def test_the_starts_left_today_are_told(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with connected(sandbox, session) as wire:
        await wire.identify(EVERYTHING)

    limit = (await rest.get("/gateway/bot")).body["session_start_limit"]

    assert limit["total"] == 1000
    assert limit["remaining"] == 999
    assert 0 < limit["reset_after"] <= 86_400_000
    assert limit["max_concurrency"] == 1


async def test_members_can_be_asked_for(sandbox: Sandbox, session: Session) -> None:
    async with listening(sandbox, session, EVERYTHING | MEMBERS) as wire:
        asked = {"guild_id": str(seed.GUILD_ID), "query": "", "limit": 0, "nonce": "n"}
        await wire.send(8, asked)
        everyone = await wire.until("GUILD_MEMBERS_CHUNK")
        await wire.send(8, {"guild_id": str(seed.GUILD_ID), "query": "JU", "limit": 5})
        by_name = await wire.until("GUILD_MEMBERS_CHUNK")
        ids = [str(seed.ADA), "1"]
        await wire.send(8, {"guild_id": str(seed.GUILD_ID), "user_ids": ids})
        by_id = await wire.until("GUILD_MEMBERS_CHUNK")

    assert len(everyone["members"]) == 5
    assert (everyone["nonce"], everyone["chunk_index"], everyone["chunk_count"]) == ("n", 0, 1)
    assert [member["user"]["username"] for member in by_name["members"]] == ["juno"]
    assert [member["user"]["username"] for member in by_id["members"]] == ["ada"]
    assert by_id["not_found"] == ["1"]


async def test_the_whole_list_of_members_needs_its_intent(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session) as wire:
        await wire.send(8, {"guild_id": str(seed.GUILD_ID), "query": "", "limit": 0})
        assert await wire.close_code() == 4014
