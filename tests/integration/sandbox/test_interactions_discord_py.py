import json

import aiohttp

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.clients import running_bot
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Rest

Session = aiohttp.ClientSession


async def test_a_real_bot_syncs_its_commands_and_keeps_their_ids(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with running_bot(sandbox) as bot:
        listed = await crowd.done("GET", f"/channels/{seed.VIDEOS}/commands?as={seed.JUNO}")
        known = {command.id for command in await bot.tree.fetch_commands()}
    assert [(command["name"], command["type"]) for command in listed] == [
        ("video", 1),
        ("Animate", 3),
    ]
    assert {int(command["id"]) for command in listed} == known


async def test_a_real_bot_answers_a_command_a_button_a_modal_and_a_select(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with running_bot(sandbox), crowd.watching() as juno:
        record = (
            await crowd.command(
                "video", {"words": "a cat", "picture": "attachment://0"}, files={"c.png": b"12345"}
            )
        ).body
        video = await juno.until("MESSAGE_UPDATE")
        chosen = (await crowd.use(video, "channel", [str(seed.PICTURES)])).body
        updated = await juno.until("MESSAGE_UPDATE")
        asked = (await crowd.use(video, "ask")).body
        fields = {"words": "hi", "style": "Video", "pictures": ["attachment://0", "attachment://1"]}
        files = {"a.txt": b"one", "b.txt": b"two"}
        submitted = (await crowd.submit(asked, fields, files)).body
        changed = (await crowd.use(video, "change")).body

    assert record["state"] == "deferred"
    assert (video["content"], video["attachments"][0]["filename"]) == ("a cat 5", "video.mp4")
    assert chosen["state"] == "deferred"
    assert updated["content"] == "chose pictures"
    assert asked["modal"]["title"] == "Options"
    found = json.loads(submitted["message"]["content"])
    assert found == {"words": "hi", "style": ["Video"], "pictures": ["one", "two"]}
    assert submitted["message"]["flags"] == 64
    assert (changed["message"]["content"], changed["message"]["components"]) == ("changed", [])


async def test_a_real_bot_completes_and_has_a_context_menu(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with running_bot(sandbox):
        completed = (await crowd.complete("video", {"words": "ca"}, "words")).body
        (picture,) = await crowd.read(seed.PICTURES)
        animated = (await crowd.menu("Animate", seed.PICTURES, picture["id"])).body
    assert completed["choices"] == [{"name": "ca!", "value": "ca!"}]
    assert animated["message"]["content"] == "evening_mountains.png"


async def test_a_real_bot_resumes_and_hears_what_it_missed(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with running_bot(sandbox) as bot:
        await crowd.done("POST", "/gateway/disconnect", {"code": 4000})
        message = await crowd.say("while you were away")
        where = f"/channels/{seed.VIDEOS}/messages/{message['id']}"
        await crowd.done("PUT", f"{where}/reactions/🎬?as={seed.FERN}")
        heard = [await bot.heard.get() for _ in range(3)]
        sessions = await crowd.done("GET", "/gateway/sessions")
    assert heard == [("juno", "while you were away"), ("fern", "🎬"), ("resumed", "")]
    assert len(sessions) == 1


async def test_a_real_bot_reconnects_when_it_is_asked_to(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with running_bot(sandbox) as bot:
        await crowd.done("POST", "/gateway/disconnect", {"op": 7})
        assert await bot.heard.get() == ("resumed", "")


async def test_a_real_bot_sends_what_discord_would_accept(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with running_bot(sandbox) as bot:
        channel = bot.get_partial_messageable(seed.VIDEOS)
        sent = await channel.send("hello")
        await sent.add_reaction("🎬")
        await sent.edit(content="hello again")
        assert await bot.heard.get() == ("showreel", "hello")
    read = await rest.get(f"/channels/{seed.VIDEOS}/messages/{sent.id}")
    assert read.body["content"] == "hello again"
    assert read.body["reactions"][0]["me"] is True
