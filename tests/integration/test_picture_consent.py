"""Whose picture it is decides who may make videos from it, at every door.

The kind: a reaction, the Animate form, a file that is saved and sent again to a command, a form or a
storyboard, a forwarded message, every button under a video that was made with it, a frame that was
taken from that video; by members whom its owner allows, has not answered, declined, or never lets.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integration.test_extending import red_for
from tests.integration.test_video_buttons import PEOPLE, Desk
from tests.office import Office
from tests.people import Upload
from tests.pictures import picture
from tests.studio import SHORT, Json, Studio, buttons_of, settled_answer

CAT = Upload("cat.png", picture(colour=(12, 34, 56)), "image/png")
NOT_ALLOWED = "doesn't let others make videos"
ASKED = "I asked"


@contextlib.asynccontextmanager
async def at_desk(studio: Studio) -> AsyncIterator[Desk]:
    channel = studio.people.channel("videos")
    async with studio.bot() as parts, contextlib.AsyncExitStack() as stack:
        offices = {}
        for name in PEOPLE:
            person = studio.people.person(name)
            watch = await stack.enter_async_context(person.watching())
            offices[name] = Office(person, channel, watch)
        yield Desk(studio, parts, offices)
        assert await parts.stores.money.audit() == []


async def choose(desk: Desk, name: str, who: str, command: str = "privacy pictures") -> str:
    return str((await desk.offices[name].ask(command, who=who))["content"])


async def post(desk: Desk, name: str) -> Json:
    office = desk.offices[name]
    message: Json = await office.person.say(office.channel, "", CAT)
    return message


async def react(desk: Desk, name: str, message: Json) -> None:
    await desk.offices[name].person.react(message, "🎬")


async def said_to(desk: Desk, name: str, words: str) -> Json:
    """What the bot says in the channel with these words and this member's mention."""
    office = desk.offices[name]
    message: Json = await office.watch.until(
        lambda kind, data: (
            kind == "MESSAGE_CREATE"
            and f"<@{office.person.id}>" in data["content"]
            and words in data["content"]
        )
    )
    return message


async def changed(desk: Desk, name: str, message: Json) -> Json:
    found: Json = await desk.offices[name].watch.until(
        lambda kind, data: kind == "MESSAGE_UPDATE" and data["id"] == message["id"]
    )
    return found


async def with_file(desk: Desk, name: str, command: str, option: str, **more: Any) -> str:
    """The answer to a command with the picture as a file of this member's own."""
    office = desk.offices[name]
    options = {"prompt": "it moves", **SHORT, **more, option: "attachment://0"}
    record = await office.person.command(office.channel, command, options, CAT)
    return await settled_answer(office.person, office.watch, record)


async def animated(desk: Desk, name: str, message: Json) -> str:
    office = desk.offices[name]
    record = await office.person.animate(office.watch, office.channel, message["id"])
    return await settled_answer(office.person, office.watch, record)


async def test_the_owner_alone_answers_and_the_answer_holds_for_one_requester(studio):
    async with at_desk(studio) as desk:
        assert "I ask you before" in await choose(desk, "Max", "ask")
        message = await post(desk, "Max")
        await react(desk, "Fern", message)
        question = await said_to(desk, "Max", "would like to make a video")
        assert [one["label"] for one in buttons_of(question)] == ["Allow", "Don't allow"]
        assert [one["id"] for one in question["mentions"]] == [desk.offices["Max"].person.id]
        for name in ("Fern", "Juno", "Ada"):
            answer = await desk.press(name, question, "allow")
            assert "Only the member whose picture it is" in answer["content"]
        assert "hasn't answered yet" in await animated(desk, "Fern", message)
        assert await desk.jobs() == []

    async with at_desk(studio) as desk:  # another process, with nothing in its memory
        answer = await desk.press("Max", question, "allow")
        assert "You allowed it" in answer["content"]
        after = await changed(desk, "Max", question)
        assert "allowed" in after["content"]
        assert after["components"] == []
        told = await said_to(desk, "Fern", "allowed you")
        assert [one["id"] for one in told["mentions"]] == [desk.offices["Fern"].person.id]
        assert "Accepted" in await animated(desk, "Fern", message)
        video = await desk.next_video(desk.offices["Fern"])
        assert "Accepted" in (await desk.press("Fern", video, "again"))["content"]
        assert ASKED in (await desk.press("Juno", video, "again"))["content"]
        assert "hasn't answered" in (await desk.press("Juno", video, "extend"))["content"]
        assert await desk.jobs("Juno") == []


async def test_no_door_leads_past_an_owner_who_lets_no_one(studio):
    async with at_desk(studio) as desk:
        message = await post(desk, "Max")
        await react(desk, "Fern", message)
        video = await desk.next_video(desk.offices["Fern"])
        frame = await desk.more("Juno", video, "lastframe")
        assert "for everyone" in frame["content"]
        still = await said_to(desk, "Juno", "The last frame of")
        assert "No one but you" in await choose(desk, "Max", "no one")

        await react(desk, "Juno", message)
        assert NOT_ALLOWED in (await said_to(desk, "Juno", NOT_ALLOWED))["content"]
        refused = [
            await animated(desk, "Juno", message),
            await animated(desk, "Juno", still),
            await with_file(desk, "Juno", "video", "image"),
            *[(await desk.press("Juno", video, one))["content"] for one in ("again", "extend")],
            *[
                (await desk.more("Juno", video, one))["content"]
                for one in ("loop", "better", "firstframe", "lastframe")
            ],
            (await desk.press("Fern", video, "again"))["content"],  # the video's own maker
        ]
        form = await desk.form("Juno", video)
        refused.append((await desk.send("Juno", form, {"prompt": "it dances"}))["content"])
        assert {at: one for at, one in enumerate(refused) if NOT_ALLOWED not in one} == {}
        assert await desk.jobs("Juno") == []
        assert len(await desk.jobs("Fern")) == 1

        assert "Accepted" in await animated(desk, "Max", message), "of one's own picture"


async def test_a_servers_default_holds_for_who_never_chose(studio):
    async with at_desk(studio) as desk:
        assert "I ask them first" in await choose(desk, "Ada", "ask", "settings pictures")
        said = await desk.offices["Max"].ask("privacy pictures")
        assert "You haven't chosen" in said["content"]
        assert "I ask you before" in said["content"]
        first = await post(desk, "Max")
        assert ASKED in await animated(desk, "Fern", first)
        await choose(desk, "Max", "anyone")
        assert "Accepted" in await animated(desk, "Fern", first)


async def test_who_declined_one_requester_is_asked_for_another(studio):
    async with at_desk(studio) as desk:
        await choose(desk, "Max", "ask")
        first = await post(desk, "Max")
        assert ASKED in await animated(desk, "Fern", first)
        question = await said_to(desk, "Max", "would like to make a video")
        await desk.press("Max", question, "decline")
        assert "doesn't want" in await animated(desk, "Fern", first)
        assert ASKED in await animated(desk, "Juno", first)


async def test_the_owner_of_the_picture_removes_the_video_though_the_picture_is_gone(studio):
    async with at_desk(studio) as desk:
        message = await post(desk, "Max")
        await react(desk, "Fern", message)
        video = await desk.next_video(desk.offices["Fern"])
        await desk.offices["Max"].person.delete(message)
        refused = await desk.more("Juno", video, "delete")
        assert "Only the member who requested" in refused["content"]
        assert "removed" in (await desk.more("Max", video, "delete"))["content"]


async def forwarded(desk: Desk, name: str, message: Json) -> Json:
    pointer = {"channel_id": message["channel_id"], "message_id": message["id"]}
    found: Json = await desk.offices[name].person.say(message["channel_id"], forward=pointer)
    return found


async def extended(desk: Desk, name: str, message: Json) -> str:
    office = desk.offices[name]
    record = await office.person.menu(office.channel, "Extend video", message["id"])
    return await settled_answer(office.person, office.watch, record)


@pytest.mark.undocumented  # Discord's document knows no forwards
async def test_a_forward_of_a_forward_or_of_a_video_stays_its_owners(studio):
    async with at_desk(studio) as desk:
        message = await post(desk, "Max")
        once = await forwarded(desk, "Juno", message)
        twice = await forwarded(desk, "Juno", once)
        await choose(desk, "Max", "no one")
        assert NOT_ALLOWED in await animated(desk, "Juno", once)
        assert NOT_ALLOWED in await animated(desk, "Juno", twice)

        await choose(desk, "Max", "anyone")
        await react(desk, "Fern", message)
        video = await desk.next_video(desk.offices["Fern"])
        await choose(desk, "Max", "no one")
        assert NOT_ALLOWED in await extended(desk, "Juno", video)
        shown = await forwarded(desk, "Juno", video)
        assert NOT_ALLOWED in await extended(desk, "Juno", shown)
        assert NOT_ALLOWED in await extended(desk, "Juno", await forwarded(desk, "Juno", shown))
        assert await desk.jobs("Juno") == []


async def test_a_video_that_is_saved_and_posted_again_stays_its_owners(studio, tmp_path):
    clip = Upload("clip.mp4", await red_for(2, tmp_path), "video/mp4")
    async with at_desk(studio) as desk:
        max_, juno = desk.offices["Max"], desk.offices["Juno"]
        message = await max_.person.say(max_.channel, "", clip)
        assert "Accepted" in await extended(desk, "Fern", message)
        await choose(desk, "Max", "no one")
        assert NOT_ALLOWED in await extended(desk, "Juno", message)
        again = await juno.person.say(juno.channel, "", clip)
        assert NOT_ALLOWED in await extended(desk, "Juno", again)
        assert await desk.jobs("Juno") == []
