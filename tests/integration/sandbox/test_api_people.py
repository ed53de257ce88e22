import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.answering import answering, command
from tests.integration.sandbox.crowd import Crowd
from tests.integration.sandbox.rest import Rest
from tests.integration.sandbox.wire import connected

Session = aiohttp.ClientSession
MESSAGES = f"/channels/{seed.VIDEOS}/messages"


async def test_a_person_posts_replies_forwards_and_edits(crowd: Crowd) -> None:
    juno = {"as": str(seed.JUNO)}
    first = await crowd.done("POST", MESSAGES, {**juno, "content": "look"}, a_png=b"bytes")
    reply = await crowd.done("POST", MESSAGES, {**juno, "content": "!", "reply_to": first["id"]})
    pointer = {"channel_id": str(seed.VIDEOS), "message_id": first["id"]}
    elsewhere = f"/channels/{seed.PICTURES}/messages"
    forwarded = await crowd.done("POST", elsewhere, {**juno, "forward": pointer})
    sticker = await crowd.done("POST", MESSAGES, {**juno, "sticker_ids": [str(seed.STICKER)]})
    edited = await crowd.done("PATCH", f"{MESSAGES}/{first['id']}", {**juno, "content": "see"})
    others = {"as": str(seed.ADA), "content": "no"}
    refused = await crowd.call("PATCH", f"{MESSAGES}/{first['id']}", others)

    assert first["attachments"][0]["filename"] == "a.png"
    assert reply["referenced_message"]["id"] == first["id"]
    snapshot = forwarded["message_snapshots"][0]["message"]
    assert (snapshot["content"], len(snapshot["attachments"])) == ("look", 1)
    assert sticker["sticker_items"][0]["name"] == "star"
    assert (edited["content"], len(edited["attachments"])) == ("see", 1)
    assert refused.code == 50005


async def test_a_person_reacts_types_and_starts_a_thread(crowd: Crowd) -> None:
    message = await crowd.say("hello", seed.ADA)
    one = f"{MESSAGES}/{message['id']}"
    async with crowd.watching(seed.FERN) as fern:
        await crowd.done("PUT", f"{one}/reactions/%F0%9F%8E%AC?as={seed.JUNO}")
        added = await fern.until("MESSAGE_REACTION_ADD")
        await crowd.done("DELETE", f"{one}/reactions/%F0%9F%8E%AC?as={seed.JUNO}")
        await fern.until("MESSAGE_REACTION_REMOVE")
        await crowd.done("POST", f"/channels/{seed.VIDEOS}/typing?as={seed.JUNO}")
        typing = await fern.until("TYPING_START")
        form = {"as": str(seed.JUNO), "name": "aside", "message_id": message["id"]}
        thread = await crowd.done("POST", f"/channels/{seed.VIDEOS}/threads", form)
        created = await fern.until("THREAD_CREATE")
        await crowd.say("inside", channel=int(thread["id"]))
        inside = await fern.until("MESSAGE_CREATE")
        while inside["channel_id"] != thread["id"]:
            inside = await fern.until("MESSAGE_CREATE")

    assert (added["user_id"], added["emoji"]["name"]) == (str(seed.JUNO), "\N{CLAPPER BOARD}")
    assert typing["user_id"] == str(seed.JUNO)
    assert created["id"] == thread["id"] == message["id"]
    assert inside["content"] == "inside"


async def test_no_one_acts_as_the_bot(crowd: Crowd) -> None:
    bot = str(seed.APPLICATION_ID)
    refused = [
        await crowd.call("POST", MESSAGES, {"as": bot, "content": "x"}),
        await crowd.call("POST", f"/channels/{seed.VIDEOS}/typing?as={bot}"),
        await crowd.command("video", who=seed.APPLICATION_ID),
    ]
    assert [answer.code for answer in refused] == [10013] * 3


async def test_everyone_sees_only_their_own_part(crowd: Crowd) -> None:
    async with crowd.watching(seed.JUNO) as juno, crowd.watching(seed.ADA) as ada:
        await crowd.say("among us", seed.ADA, seed.STAFF)
        await crowd.say("hello all", seed.ADA)
        assert (await juno.until("MESSAGE_CREATE"))["content"] == "hello all"
        assert (await ada.until("MESSAGE_CREATE"))["content"] == "among us"


async def test_the_bots_coming_and_going_is_told(
    sandbox: Sandbox, session: Session, crowd: Crowd
) -> None:
    async with crowd.watching() as juno:
        async with connected(sandbox, session) as wire:
            await wire.identify()
            assert await juno.until("BOT_PRESENCE") == {"online": True}
            assert (await crowd.done("GET", "/world"))["application"]["online"] is True
            await wire.socket.close(code=1000)
        assert await juno.until("BOT_PRESENCE") == {"online": False}


async def test_a_record_is_told_whenever_it_changes(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with (
        answering(sandbox, session, rest) as bot,
        bot.crowd.watching() as juno,
        bot.crowd.watching(seed.ADA) as ada,
    ):
        await bot.register(command("video"))
        assert await juno.until("COMMANDS_CHANGED") == {}
        waiting = bot.in_the_meantime(bot.crowd.command("video"))
        interaction = await bot.asked()
        await bot.callback(interaction, 5, {"flags": 64})
        await waiting
        await bot.webhook("PATCH", interaction, "/messages/@original", {"content": "done"})
        states = [(await juno.until("INTERACTION_RECORD"))["state"] for _ in range(3)]
        await bot.crowd.say("after")
        assert (await ada.until("MESSAGE_CREATE", "INTERACTION_RECORD"))["content"] == "after"

    assert states == ["pending", "deferred", "answered"]


async def test_an_ephemeral_message_comes_changes_and_is_dismissed(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with (
        answering(sandbox, session, rest, command("video")) as bot,
        bot.crowd.watching() as juno,
    ):
        waiting = bot.in_the_meantime(bot.crowd.command("video"))
        interaction = await bot.asked()
        await bot.callback(interaction, 4, {"content": "one", "flags": 64})
        await waiting
        created = await juno.until("MESSAGE_CREATE")
        await bot.webhook("PATCH", interaction, "/messages/@original", {"content": "two"})
        updated = await juno.until("MESSAGE_UPDATE")
        of_others = f"{MESSAGES}/{created['id']}?as={seed.ADA}"
        refused = await bot.crowd.call("DELETE", of_others)
        await bot.crowd.done("DELETE", f"{MESSAGES}/{created['id']}?as={seed.JUNO}")
        deleted = await juno.until("MESSAGE_DELETE")
    assert (created["content"], updated["content"]) == ("one", "two")
    assert refused.code == 10008
    assert deleted["id"] == created["id"]


async def test_a_fault_strikes_as_ordered(crowd: Crowd, rest: Rest) -> None:
    form = {"kind": "status", "status": 503, "method": "GET", "path": "/users/@me", "after": 1}
    fault = await crowd.done("POST", "/faults", form)
    statuses = [(await rest.get("/users/@me")).status for _ in range(3)]
    (listed,) = await crowd.done("GET", "/faults")
    await crowd.done("DELETE", f"/faults/{fault['id']}")

    assert statuses == [200, 503, 200]
    assert (listed["id"], listed["struck"]) == (fault["id"], 1)
    assert await crowd.done("GET", "/faults") == []


async def test_a_fault_can_cut_a_callback_after_its_effect(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        form = {"kind": "drop_after", "path": "/interactions/*"}
        await bot.crowd.done("POST", "/faults", form)
        waiting = bot.in_the_meantime(bot.crowd.command("video"))
        interaction = await bot.asked()
        with pytest.raises(aiohttp.ClientError):
            await bot.callback(interaction, 4, {"content": "arrived"})
        assert (await waiting).body["message"]["content"] == "arrived"
        assert (await bot.callback(interaction, 4, {"content": "again"})).code == 40060
