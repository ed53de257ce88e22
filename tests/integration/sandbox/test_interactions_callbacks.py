import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.rules import permissions
from sandbox.discord.rules.uploads import MIB
from tests.integration.sandbox.answering import (
    EPHEMERAL,
    LOADING,
    answered,
    answering,
    asked,
    button,
    command,
    option,
    row,
    used,
)
from tests.integration.sandbox.rest import Rest

Session = aiohttp.ClientSession
Json = dict[str, Any]


async def test_an_answer_is_told_to_everyone_and_returned(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        files = {"video.mp4": b"frames"}
        answer = await bot.callback(interaction, 4, {"content": "done"}, files=files)
        record = (await waiting).body
        heard = await bot.wire.until("MESSAGE_CREATE")

    told = answer.body["interaction"]
    message = answer.body["resource"]["message"]
    assert answer.headers["Content-Type"] == "application/json"
    assert "X-RateLimit-Limit" not in answer.headers
    assert (told["id"], told["type"]) == (interaction["id"], 2)
    assert told["response_message_id"] == message["id"] == heard["id"]
    assert (told["response_message_loading"], told["response_message_ephemeral"]) == (False, False)
    assert message["attachments"][0]["filename"] == "video.mp4"
    assert (message["type"], message["content"]) == (20, "done")
    assert message["interaction_metadata"]["id"] == interaction["id"]
    assert message["interaction_metadata"]["user"]["id"] == str(seed.JUNO)
    assert (record["state"], record["message"]["id"]) == ("answered", message["id"])
    assert 0 < record["acknowledged_after_seconds"] < 3


async def test_without_being_asked_discord_answers_nothing(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await asked(bot)
        answer = await bot.callback(interaction, 4, {"content": "done"}, query="")
    assert answer.status == 204


async def test_only_one_answer_is_taken(sandbox: Sandbox, session: Session, rest: Rest) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await answered(bot, 5)
        again = await bot.callback(interaction, 4, {"content": "again"})
    assert (again.status, again.code) == (400, 40060)


async def test_a_refused_answer_leaves_the_interaction_open(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        empty = await bot.callback(interaction, 4, {"content": ""})
        unknown = await bot.callback(interaction, 77)
        right = await bot.callback(interaction, 4, {"content": "x"})
        await waiting
    assert (empty.code, unknown.code, right.status) == (50006, 50035, 200)


async def test_who_does_not_know_the_token_cannot_answer(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await asked(bot)
        stranger = await bot.callback(interaction | {"token": "x"}, 5)
        nothing = await bot.callback(interaction | {"id": "1"}, 5)
        await bot.callback(interaction, 5)
    assert (stranger.code, nothing.code) == (10062, 10062)


async def test_an_ephemeral_answer_is_seen_by_one_person_only(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        async with bot.crowd.watching(seed.JUNO) as juno:
            _, record = await answered(bot, 4, {"content": "psst", "flags": EPHEMERAL})
            shown = await juno.until("MESSAGE_CREATE")
        mine = await bot.crowd.read()
        others = await bot.crowd.read(who=seed.ADA)
        of_bot = await rest.get(f"/channels/{seed.VIDEOS}/messages")
        one = await rest.get(f"/channels/{seed.VIDEOS}/messages/{shown['id']}")

    assert record["message"]["flags"] == EPHEMERAL
    assert [message["content"] for message in mine] == ["psst"]
    assert (others, of_bot.body, one.code) == ([], [], 10008)
    assert "MESSAGE_CREATE" not in [frame["t"] for frame in bot.wire.seen]


async def test_an_answer_needs_no_permissions_in_the_channel(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        overwrite = {
            "id": str(seed.BOT_ROLE),
            "type": 0,
            "allow": "0",
            "deny": str(permissions.WRITING),
        }
        form = {"permission_overwrites": [overwrite]}
        await bot.crowd.done("PATCH", f"/channels/{seed.VIDEOS}", form)
        interaction, record = await answered(bot, 4, {"content": "through"})
        refused = await rest.send(seed.VIDEOS, {"content": "as myself"})

    assert not int(interaction["app_permissions"]) & permissions.SEND_MESSAGES
    assert record["message"]["content"] == "through"
    assert refused.code == 50013


async def test_a_deferred_answer_thinks_until_it_is_edited(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        answer = await bot.callback(interaction, 5, {"flags": EPHEMERAL | 1 << 2})
        deferred = (await waiting).body
        edited = await bot.webhook(
            "PATCH", interaction, "/messages/%40original", {"content": "done"}
        )
        record = await bot.crowd.record(deferred)

    assert answer.body["interaction"]["response_message_loading"] is True
    assert answer.body["interaction"]["response_message_ephemeral"] is True
    assert "resource" not in answer.body
    assert (deferred["state"], deferred["message"]["flags"]) == ("deferred", LOADING | EPHEMERAL)
    assert (edited.status, edited.body["flags"]) == (200, EPHEMERAL)
    assert (record["state"], record["message"]["content"]) == ("answered", "done")


async def test_a_thinking_message_is_public_unless_deferred_otherwise(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await answered(bot, 5)
        created = await bot.wire.until("MESSAGE_CREATE")
        await bot.webhook("PATCH", interaction, "/messages/@original", {"content": "done"})
        updated = await bot.wire.until("MESSAGE_UPDATE")
    assert (created["flags"], created["content"]) == (LOADING, "")
    assert (updated["id"], updated["flags"], updated["content"]) == (created["id"], 0, "done")


async def test_a_thinking_message_that_is_never_filled_has_failed(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        _, deferred = await answered(bot, 5)
        sandbox.clock.advance(15 * 60 + 1)
        record = await bot.crowd.record(deferred)
    assert (record["state"], record["failure"]) == ("failed", "The application did not respond")


async def test_a_component_can_change_its_message_at_once_or_later(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest) as bot:
        message = await rest.sent(seed.VIDEOS, {"content": "a", "components": [row(button("b"))]})
        pressing = bot.in_the_meantime(bot.crowd.use(message, "b"))
        at_once = await bot.callback(await bot.asked(), 7, {"content": "now"})
        first = (await pressing).body
        pressing = bot.in_the_meantime(bot.crowd.use(message, "b"))
        interaction = await bot.asked()
        later = await bot.callback(interaction, 6)
        waiting = (await pressing).body
        await bot.webhook("PATCH", interaction, "/messages/@original", {"content": "then"})
        second = await bot.crowd.record(waiting)
        edited = await rest.get(f"/channels/{seed.VIDEOS}/messages/{message['id']}")

    assert at_once.body["resource"]["type"] == 7
    assert (first["state"], first["message"]["content"]) == ("answered", "now")
    assert "resource" not in later.body
    assert (waiting["state"], waiting["message"]) == ("deferred", None)
    assert (second["state"], second["message"]["id"]) == ("answered", message["id"])
    assert edited.body["content"] == "then"


async def test_a_component_can_be_answered_with_a_reply(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest) as bot:
        message = await rest.sent(seed.VIDEOS, {"content": "a", "components": [row(button("b"))]})
        _, record = await used(bot, message, "b", 4, {"content": "reply"})
    answer = record["message"]
    assert answer["type"] == 19
    assert answer["message_reference"]["message_id"] == message["id"]
    assert answer["interaction_metadata"]["interacted_message_id"] == message["id"]


@pytest.mark.parametrize(
    ("kind", "data"), [(6, None), (7, {"content": "x"}), (8, {"choices": []}), (1, None)]
)
async def test_a_command_cannot_be_answered_like_something_else(
    sandbox: Sandbox, session: Session, rest: Rest, kind: int, data: Any
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        refused = await bot.callback(interaction, kind, data)
        await bot.callback(interaction, 5)
        await waiting
    assert refused.code == 50035


async def test_files_are_limited_by_boosts_and_the_persons_nitro(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    video = {"video.mp4": b"0" * (21 * MIB)}
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        refused = await bot.callback(interaction, 4, {"content": "x"}, files=video)
        await bot.callback(interaction, 5)
        await waiting
        waiting = bot.in_the_meantime(bot.crowd.command("video", who=seed.FERN))
        taken = await bot.callback(await bot.asked(), 4, {"content": "x"}, files=video)
        await waiting
    assert (refused.status, refused.code) == (413, 40005)
    assert taken.status == 200


async def test_callbacks_are_never_rate_limited(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    sandbox.rate_limits.enabled = True
    async with answering(sandbox, session, rest, command("video")) as bot:
        for _ in range(60):
            await answered(bot, 4, {"content": "x"})


async def test_the_traffic_log_has_both_sides_of_a_callback(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await answered(bot, 4, {"content": "logged"})
    log = sandbox.settings.traffic_log or Path(os.devnull)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (line,) = [item for item in lines if f"/{interaction['id']}/" in item["path"]]
    assert line["request"] == {"type": 4, "data": {"content": "logged"}}
    assert line["query"] == {"with_response": "1"}
    assert line["response"]["resource"]["message"]["content"] == "logged"


async def test_an_answer_names_the_whole_command_that_was_used(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    show = option(1, "show")
    quota = command("quota", show, option(2, "month", options=[option(1, "chart")]))
    async with answering(sandbox, session, rest, quota) as bot:
        for spelt in ("quota show", "quota month chart"):
            using = bot.in_the_meantime(bot.crowd.command(spelt))
            answer = await bot.callback(await bot.asked(), 4, {"content": "so much"})
            await using

            message = answer.body["resource"]["message"]
            assert message["interaction_metadata"]["name"] == spelt
