"""The kind: the same request in another spelling. Numbers (5, 5.0, "5"), switches (true, 1, "true"),
bodies (JSON, urlencoded, multipart), parts that say nothing, ids that are none, limits at either end.
What Discord takes is taken, and what it refuses is refused with its own code."""

import json
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.answering import answering, command
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Rest

VIDEOS = seed.VIDEOS
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def raw(rest: Rest, method: str, path: str, body: str, kind: str | None) -> tuple[int, Any]:
    """Send a body as it stands, under a content type or none."""
    headers = {"Authorization": f"Bot {rest.token}"} | ({"Content-Type": kind} if kind else {})
    skipped = [] if kind else ["Content-Type"]
    url = rest.base + path
    async with rest.session.request(
        method, url, data=body.encode(), headers=headers, skip_auto_headers=skipped
    ) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text else None


async def allow_managing(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """The bot may manage channels and roles."""
    path = f"/guilds/{seed.GUILD_ID}/roles/{seed.BOT_ROLE}"
    await crowd_of(sandbox, session).done("PATCH", path, {"permissions": "8"})


@pytest.mark.parametrize("number", [5, 5.0, "5", "+5", " 5"], ids=repr)
async def test_a_number_is_read_in_every_spelling(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest, number: object
) -> None:
    await allow_managing(sandbox, session)
    changed = await rest.call("PATCH", f"/channels/{VIDEOS}", {"rate_limit_per_user": number})
    assert (changed.status, changed.body["rate_limit_per_user"]) == (200, 5)


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        (5.5, "NUMBER_TYPE_COERCE", 'Value "5.5" is not int.'),
        ("five", "NUMBER_TYPE_COERCE", 'Value "five" is not int.'),
        (1e400, "NUMBER_TYPE_COERCE", 'Value "inf" is not int.'),
        (-1, "NUMBER_TYPE_MIN", "int value should be greater than or equal to 0."),
        (21601, "NUMBER_TYPE_MAX", "int value should be less than or equal to 21600."),
    ],
)
async def test_what_is_no_number_or_too_much_is_refused_and_changes_nothing(
    sandbox: Sandbox,
    session: aiohttp.ClientSession,
    rest: Rest,
    number: float | str,
    code: str,
    told: str,
) -> None:
    await allow_managing(sandbox, session)
    body = {"rate_limit_per_user": number, "topic": "changed", "nsfw": True}
    refused = await rest.call("PATCH", f"/channels/{VIDEOS}", body)
    fault = refused.body["errors"]["rate_limit_per_user"]["_errors"][0]
    assert (refused.status, refused.code, fault) == (400, 50035, {"code": code, "message": told})
    kept = (await rest.get(f"/channels/{VIDEOS}")).body
    assert (kept["topic"], kept["nsfw"]) == ("Make videos with /video", False)


@pytest.mark.parametrize(("value", "found"), [(1, True), ("true", True), ("0", False)])
async def test_a_switch_is_read_in_every_spelling(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest, value: object, found: bool
) -> None:
    await allow_managing(sandbox, session)
    changed = await rest.call("PATCH", f"/channels/{VIDEOS}", {"nsfw": value})
    assert changed.body["nsfw"] is found


@pytest.mark.undocumented
async def test_types_of_commands_options_components_and_threads_are_numbers_too(
    rest: Rest,
) -> None:
    option = {"type": "3", "name": "words", "description": "Words"}
    body = {"type": 1.0, "name": "video", "description": "Make it", "options": [option]}
    made = await rest.call("POST", f"/applications/{seed.APPLICATION_ID}/commands", body)
    assert (made.status, made.body["type"], made.body["options"][0]["type"]) == (201, 1, 3)
    button = {"type": "2", "style": "1", "label": "Go", "custom_id": "go"}
    row = {"type": 1.0, "components": [button]}
    sent = await rest.sent(VIDEOS, {"content": "x", "flags": "4096", "components": [row]})
    assert sent["flags"] == 4096
    assert sent["components"][0]["components"][0]["style"] == 1
    started = {"name": "thread", "type": "11", "auto_archive_duration": "60"}
    thread = await rest.call("POST", f"/channels/{VIDEOS}/threads", started)
    assert (thread.status, thread.body["type"]) == (201, 11)


async def test_a_switch_that_is_none_is_refused(rest: Rest) -> None:
    refused = await rest.send(
        VIDEOS, {"embeds": [{"fields": [{"name": "a", "value": "b", "inline": "perhaps"}]}]}
    )
    assert refused.fault("embeds", "0", "fields", "0", "inline") == "BOOLEAN_TYPE_CHOICES"


@pytest.mark.parametrize(
    ("path", "field", "code"),
    [
        ("/channels/{videos}/messages?limit=101", "limit", "NUMBER_TYPE_MAX"),
        ("/channels/{videos}/messages?limit=0", "limit", "NUMBER_TYPE_MIN"),
        ("/channels/{videos}/messages?limit=many", "limit", "NUMBER_TYPE_COERCE"),
        ("/channels/{videos}/messages?before=abc", "before", "NUMBER_TYPE_COERCE"),
        ("/guilds/{guild}/members/search?query=a&limit=1001", "limit", "NUMBER_TYPE_MAX"),
        ("/users/@me/guilds?limit=201", "limit", "NUMBER_TYPE_MAX"),
        ("/users/@me/guilds?with_counts=perhaps", "with_counts", "BOOLEAN_TYPE_CHOICES"),
        ("/channels/abc/messages", "channel_id", "NUMBER_TYPE_COERCE"),
        ("/channels/{videos}/messages/abc", "message_id", "NUMBER_TYPE_COERCE"),
        ("/channels/-5", "channel_id", "NUMBER_TYPE_COERCE"),
        ("/channels/9223372036854775808", "channel_id", "NUMBER_TYPE_MAX"),
        ("/guilds/{guild}/members/@me", "user_id", "NUMBER_TYPE_COERCE"),
        ("/guilds/showreel", "guild_id", "NUMBER_TYPE_COERCE"),
        ("/applications/abc/commands", "application_id", "NUMBER_TYPE_COERCE"),
    ],
)
async def test_what_stands_in_an_address_is_judged_field_by_field(
    rest: Rest, path: str, field: str, code: str
) -> None:
    refused = await rest.get(path.format(videos=VIDEOS, guild=seed.GUILD_ID))
    assert (refused.status, refused.code) == (400, 50035)
    assert refused.fault(field) == code


@pytest.mark.parametrize(
    "body",
    [
        "payload_json=" + quote(json.dumps({"content": "a & b = ü"})),
        "content=" + quote("a & b = ü"),
    ],
)
async def test_a_form_encoded_body_is_read(rest: Rest, body: str) -> None:
    status, message = await raw(
        rest, "POST", f"/channels/{VIDEOS}/messages", body, FORM["Content-Type"]
    )
    assert (status, message["content"]) == (200, "a & b = ü")


async def test_an_interaction_is_answered_with_a_form_encoded_body(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        waiting = bot.in_the_meantime(bot.crowd.command("video"))
        asked = await bot.asked()
        answer = {"type": 4, "data": {"content": "hello", "flags": 64}}
        path = f"/interactions/{asked['id']}/{asked['token']}/callback"
        body = "payload_json=" + quote(json.dumps(answer))
        status, _ = await raw(rest, "POST", path, body, FORM["Content-Type"])
        record = (await waiting).body
    assert status == 204
    assert (record["state"], record["message"]["content"]) == ("answered", "hello")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("payload_json=%7B", FORM["Content-Type"], 50109),
        ("{", "application/json", 50109),
        ('{"content": "x"}', "text/plain", 50035),
        ('{"content": "x"}', None, 50035),
        ("[1]", "application/json", 50035),
    ],
)
async def test_a_body_that_is_none_is_refused(
    rest: Rest, body: str, kind: str | None, code: int
) -> None:
    status, refused = await raw(rest, "POST", f"/channels/{VIDEOS}/messages", body, kind)
    assert (status, refused["code"]) == (400, code)


@pytest.mark.parametrize("part", ["image", "thumbnail", "footer", "author"])
@pytest.mark.parametrize("nothing", [{}, None])
async def test_a_part_of_an_embed_that_says_nothing_is_left_out(
    rest: Rest, part: str, nothing: object
) -> None:
    sent = await rest.sent(VIDEOS, {"embeds": [{"title": "A video", part: nothing}]})
    assert sent["embeds"] == [{"type": "rich", "title": "A video"}]


@pytest.mark.parametrize(
    ("embed", "path"),
    [
        ({"title": "x", "footer": {"icon_url": "https://example.com/a.png"}}, ("footer", "text")),
        ({"title": "x", "author": {"url": "https://example.com"}}, ("author", "name")),
        ({"title": "x", "image": {"url": "ftp://example.com/a.png"}}, ("image", "url")),
        ({"title": "x", "image": {"width": 3}}, ("image", "url")),
        ({}, ("description",)),
        ({"color": 3, "image": {}}, ("description",)),
    ],
)
async def test_an_embed_that_lacks_what_it_needs_is_refused(
    rest: Rest, embed: dict[str, object], path: tuple[str, ...]
) -> None:
    refused = await rest.send(VIDEOS, {"content": "x", "embeds": [embed]})
    assert (refused.status, refused.code) == (400, 50035)
    assert refused.fault("embeds", "0", *path)
