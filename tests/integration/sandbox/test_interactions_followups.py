import aiohttp

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.answering import (
    EPHEMERAL,
    Bot,
    Json,
    answered,
    answering,
    asked,
    command,
)
from tests.integration.sandbox.rest import Rest

Session = aiohttp.ClientSession


async def follow(bot: Bot, interaction: Json, content: str, flags: int = 0) -> Json:
    payload = {"content": content, "flags": flags}
    answer = await bot.webhook("POST", interaction, "?wait=true", payload)
    assert answer.status == 200, answer.body
    body: Json = answer.body
    return body


async def test_a_followup_replies_to_the_first_answer(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, record = await answered(bot, 4, {"content": "first"})
        second = await follow(bot, interaction, "second")
        hidden = await follow(bot, interaction, "third", EPHEMERAL)
        seen = [message["content"] for message in await bot.crowd.read()]
        of_others = [message["content"] for message in await bot.crowd.read(who=seed.ADA)]

    assert second["message_reference"]["message_id"] == record["message"]["id"]
    metadata = second["interaction_metadata"]
    assert metadata["original_response_message_id"] == record["message"]["id"]
    assert second["webhook_id"] == second["application_id"] == str(seed.APPLICATION_ID)
    assert hidden["flags"] == EPHEMERAL
    assert seen == ["third", "second", "first"]
    assert of_others == ["second", "first"]


async def test_the_first_followup_takes_the_thinking_messages_place(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, deferred = await answered(bot, 5, {"flags": EPHEMERAL})
        first = await follow(bot, interaction, "first")
        second = await follow(bot, interaction, "second")

    assert (first["id"], first["flags"]) == (deferred["message"]["id"], EPHEMERAL)
    assert second["id"] != first["id"]
    assert second["flags"] == 0


async def test_messages_of_the_interaction_are_read_edited_and_deleted_by_token(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, record = await answered(bot, 4, {"content": "first", "flags": EPHEMERAL})
        original = await bot.webhook("GET", interaction, "/messages/@original")
        followup = await follow(bot, interaction, "second", EPHEMERAL)
        one = f"/messages/{followup['id']}"
        files = {"a.png": b"bytes"}
        edited = await bot.webhook("PATCH", interaction, one, {"content": "2"}, files=files)
        read = await bot.webhook("GET", interaction, one)
        deleted = await bot.webhook("DELETE", interaction, one)
        gone = await bot.webhook("GET", interaction, one)
        await bot.webhook("DELETE", interaction, "/messages/%40original")
        after = await bot.crowd.record(record)

    assert original.body["id"] == record["message"]["id"]
    assert read.body["content"] == "2"
    assert edited.body["attachments"][0]["filename"] == "a.png"
    assert (deleted.status, gone.code) == (204, 10008)
    assert (after["state"], after["message"]) == ("answered", None)


async def test_other_messages_are_out_of_the_tokens_reach(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        other = await rest.sent(seed.VIDEOS, {"content": "mine"})
        interaction, _ = await answered(bot, 4, {"content": "first"})
        refused = await bot.webhook(
            "PATCH", interaction, f"/messages/{other['id']}", {"content": "x"}
        )
    assert refused.code == 10008


async def test_a_token_lives_fifteen_minutes_by_the_sandboxs_clock(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await answered(bot, 5)
        sandbox.clock.advance(14 * 60)
        await follow(bot, interaction, "in time")
        sandbox.clock.advance(61)
        late = [
            await bot.webhook("POST", interaction, "", {"content": "x"}),
            await bot.webhook("PATCH", interaction, "/messages/@original", {"content": "x"}),
        ]
    assert [(answer.status, answer.code) for answer in late] == [(401, 50027)] * 2


async def test_there_is_no_webhook_before_the_first_answer(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        early = await bot.webhook("POST", interaction, "", {"content": "x"})
        wrong = await bot.webhook("POST", interaction | {"token": "x"}, "", {"content": "x"})
        await bot.callback(interaction, 5)
        await waiting
    assert (early.status, early.code) == (404, 10015)
    assert (wrong.status, wrong.code) == (401, 50027)


async def test_webhooks_tell_their_rate_limit(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    sandbox.rate_limits.enabled = True
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, _ = await answered(bot, 4, {"content": "x"})
        answers = [await bot.webhook("POST", interaction, "", {"content": "x"}) for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[0].headers["X-RateLimit-Limit"] == "5"
    assert answers[-1].headers["Via"]
