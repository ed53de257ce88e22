import json
from pathlib import Path

import aiohttp
import pytest

from sandbox.app import Sandbox, running_sandbox
from sandbox.discord import seed
from sandbox.settings import SandboxSettings
from tests.integration.sandbox.rest import Rest

MESSAGES = f"/channels/{seed.VIDEOS}/messages"


async def test_a_wrong_token_is_unauthorized(rest: Rest) -> None:
    answer = await rest.call("GET", "/users/@me", token="wrong")

    assert answer.status == 401
    assert answer.body == {"message": "401: Unauthorized", "code": 0}


async def test_an_unknown_route_says_so_in_discords_words(rest: Rest) -> None:
    answer = await rest.get("/nowhere")

    assert answer.body == {"message": "404: Not Found", "code": 0}
    assert answer.headers["Content-Type"] == "application/json"


async def test_broken_json_is_refused(rest: Rest, session: aiohttp.ClientSession) -> None:
    headers = {"Authorization": f"Bot {rest.token}", "Content-Type": "application/json"}
    async with session.post(rest.base + MESSAGES, data=b"{", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)


async def test_an_ordered_status_comes_as_often_as_ordered(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.faults.add(
        {"kind": "status", "status": 503, "path": "/channels/*/messages", "times": 2, "after": 1}
    )

    statuses = [(await rest.send(seed.VIDEOS, {"content": "x"})).status for _ in range(4)]

    assert statuses == [200, 503, 503, 200]


async def test_an_ordered_answer_has_the_ordered_headers_and_body(
    sandbox: Sandbox, rest: Rest
) -> None:
    headers = {"Via": "1.1 google", "Retry-After": "2"}
    body = {"retry_after": 2.0, "global": False}
    sandbox.faults.add(
        {"kind": "status", "status": 429, "method": "post", "headers": headers, "body": body}
    )

    assert (await rest.get("/users/@me")).status == 200
    answer = await rest.send(seed.VIDEOS, {"content": "x"})

    assert (answer.status, answer.body) == (429, body)
    assert answer.headers["Via"] == "1.1 google"


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_cut_connection_leaves_the_effect_or_not(
    sandbox: Sandbox, rest: Rest, kind: str, made: int
) -> None:
    sandbox.faults.add({"kind": kind, "method": "POST"})

    with pytest.raises(aiohttp.ClientConnectionError):
        await rest.send(seed.VIDEOS, {"content": "x"})

    assert len((await rest.get(MESSAGES)).body) == made


async def test_faults_are_listed_and_cancelled(sandbox: Sandbox, rest: Rest) -> None:
    fault = sandbox.faults.add({"kind": "latency", "seconds": 0.01})
    sandbox.faults.add({"kind": "status", "path": "/nowhere"})

    await rest.get("/users/@me")
    sandbox.faults.remove(str(fault.id))

    assert fault.struck == 1
    assert [item.kind for item in sandbox.faults.list()] == ["status"]
    sandbox.faults.clear()
    assert sandbox.faults.list() == []


async def test_too_many_messages_are_held_back_and_told_for_how_long(
    sandbox: Sandbox, rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sandbox.clock.now()
    # the clock stands unless it is turned, so that no window ends in the meantime
    monkeypatch.setattr(sandbox.clock, "now", lambda: begun + sandbox.clock.offset)
    sandbox.rate_limits.enabled = True

    answers = [await rest.send(seed.VIDEOS, {"content": str(n)}) for n in range(6)]

    remaining = [answer.headers["X-RateLimit-Remaining"] for answer in answers]
    assert remaining == ["4", "3", "2", "1", "0", "0"]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    refused = answers[5]
    assert refused.headers["Via"] == "1.1 google"
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert 0 < refused.body["retry_after"] <= 5
    assert refused.body["global"] is False
    sandbox.clock.advance(5)
    assert (await rest.send(seed.VIDEOS, {"content": "again"})).status == 200


async def test_each_channel_has_its_own_bucket(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.rate_limits.enabled = True

    for _ in range(5):
        await rest.send(seed.VIDEOS, {"content": "x"})

    assert (await rest.send(seed.PICTURES, {"content": "x"})).status == 200


async def test_the_whole_bot_has_a_limit_too(sandbox: Sandbox, rest: Rest) -> None:
    sandbox.rate_limits.enabled = True
    paths = [f"/channels/{seed.VIDEOS}", f"/channels/{seed.PICTURES}", "/users/@me"]

    answers = [await rest.get(path) for _ in range(20) for path in paths]

    scopes = {answer.headers.get("X-RateLimit-Scope") for answer in answers}
    assert "global" in scopes


async def test_the_log_holds_every_exchange_with_discord(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    settings = SandboxSettings(port=0, data_dir=tmp_path, traffic_log=log)

    async with running_sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        found = sandbox.environment()
        rest = Rest(session, found["DISCORD_API_URL"], found["DISCORD_TOKEN"])
        await rest.sent(seed.VIDEOS, {"content": "video"}, video_mp4=b"bytes")
        await rest.get("/users/@me?x=1")

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["status"] for line in lines] == [200, 200]
    assert lines[0]["request"] == {"content": "video"}
    assert lines[0]["response"]["attachments"][0]["filename"] == "video.mp4"
    assert (lines[1]["path"], lines[1]["query"]) == ("/api/v10/users/@me", {"x": "1"})


async def test_pictures_of_people_emoji_and_stickers_are_served(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    fern = sandbox.discord.world.user(seed.FERN)
    paths = [
        f"avatars/{fern.id}/{fern.avatar}.png?size=64",
        "embed/avatars/3.png",
        f"emojis/{seed.EMOJI}.png",
        f"stickers/{seed.STICKER}.png",
    ]
    for path in paths:
        async with session.get(f"{sandbox.origin}/cdn/{path}") as answer:
            assert (answer.status, answer.content_type) == (200, "image/png")
            assert (await answer.read()).startswith(b"\x89PNG")
