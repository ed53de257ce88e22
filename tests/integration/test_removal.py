"""Removing a video in a server: who may, with what, and what becomes of everything that hung on it.

The kind: a moderator with a form, the maker and a moderator's own video without one, a member without
the permission, one who is blocked, one who loses the permission over the form; Discord away; a restart
over an open form; direct messages that are closed; each level of the log channel.
"""

import asyncio
from functools import partial
from typing import Any

import pytest

from tests.integration.test_video_buttons import Desk, at_desk, job_id_of, named
from tests.office import card_of
from tests.studio import (
    FOX,
    Json,
    Studio,
    buttons_of,
    engine_of,
    is_card,
    is_deletion,
    opened_form,
    press_remove,
    remove,
    settled_answer,
)

REASON = "It shows [someone](https://evil.example) @everyone"
REFUSED = "Only the member who requested this video, or a moderator, can do that."


async def log_to(desk: Desk, **options: Any) -> str:
    """The id of the log channel, `welcome`."""
    log = desk.studio.people.channel("welcome")
    await desk.offices["Ada"].ask("settings log-channel", channel=log, **options)
    return log


async def form_of(desk: Desk, name: str, video: Json) -> Json:
    office = desk.offices[name]
    return await opened_form(office.watch, await press_remove(office.person, office.watch, video))


async def send(desk: Desk, name: str, form: Json, **fields: Any) -> str:
    office = desk.offices[name]
    record = await office.person.submit(form, fields)
    return await settled_answer(office.person, office.watch, record)


async def removed(desk: Desk, name: str, video: Json) -> str:
    office = desk.offices[name]
    return await remove(office.person, office.watch, video)


async def heard(desk: Desk, name: str, words: str) -> Json:
    """The message with these words that this person sees."""
    found: Json = await desk.offices[name].watch.until(
        lambda kind, data: kind == "MESSAGE_CREATE" and words in data["content"]
    )
    return found


async def gone(desk: Desk, video: Json) -> None:
    await desk.offices["Fern"].watch.until(lambda kind, data: is_deletion(kind, data, of=video))


async def rows(desk: Desk, query: str, *values: Any) -> list[Any]:
    async with engine_of(desk.parts).reading() as tx:
        return [tuple(row) for row in await tx.connection.execute_fetchall(query, values)]


async def take_roles(desk: Desk, name: str) -> None:
    people = desk.studio.people
    path = f"/guilds/{people.guild['id']}/members/{desk.offices[name].person.id}"
    await people.call("PATCH", path, {"roles": []})


async def test_a_moderator_removes_with_a_reason_and_a_refund_and_all_are_told(studio: Studio):
    async with at_desk(studio) as desk:
        fern, max_ = desk.offices["Fern"].person, desk.offices["Max"].person
        log = await log_to(desk)
        await desk.offices["Ada"].ask("settings cards", place="channel", keep=True)
        assert "Accepted" in await desk.offices["Fern"].request()
        card = await desk.offices["Fern"].watch.until(partial(is_card, title=""))
        [video] = await studio.videos(desk.offices["Fern"].watch)
        job_id = job_id_of(video)

        form = await form_of(desk, "Max", video)
        labels = [one["label"] for one in form["modal"]["components"]]
        assert labels == ["Reason", "Refund it", "Tell the member"]
        at_once = await form_of(desk, "Ada", video)
        said = await send(desk, "Max", form, reason=REASON, refund=True)
        again = await send(desk, "Ada", at_once, reason="rude", refund=True)
        await gone(desk, video)
        await gone(desk, card)  # although cards stay here

        entry = await heard(desk, "Ada", "removed a video of")
        told = await heard(desk, "Fern", "a moderator removed your video")
        shown = await desk.offices["Juno"].ask("show", video=job_id, to_all=True)
        history = card_of(await desk.offices["Ada"].ask("quota-admin history"))["text"]
        [(refunds,)] = await rows(
            desk, "SELECT COUNT(*) FROM ledger_transactions WHERE kind = 'refund'"
        )

    assert said.startswith("Video removed. Its price was refunded. I'm telling ")
    assert again == "This video was already removed. It had already been refunded."
    assert "Only the member who requested this video" in shown["content"]
    assert refunds == 1
    assert entry["channel_id"] == log
    assert entry["content"].startswith(f"🗑️ <@{max_.id}> removed a video of <@{fern.id}> in")
    assert "and refunded it" in entry["content"]
    assert told["channel_id"] not in {log, video["channel_id"]}
    assert "**Showreel Studio**" in told["content"]
    assert max_.id not in told["content"]
    for message in (entry, told):
        assert "It shows" in message["content"]
        assert "](" not in message["content"]
        assert FOX["prompt"] in message["content"]
    assert entry["mentions"] == []
    assert not entry["mention_everyone"]
    assert history.count(f"removed video {job_id} of <@{fern.id}>") == 1
    assert history.count(f"refund of video {job_id}") == 1


async def test_who_made_a_video_removes_it_at_once_a_moderator_too_and_others_not_at_all(studio):
    async with at_desk(studio) as desk:
        own, ferns = await desk.video("Max"), await desk.video("Fern")
        at_once = [await removed(desk, "Max", own)]
        refused = await removed(desk, "Juno", ferns)
        await desk.offices["Max"].ask("moderation block", member=desk.offices["Fern"].person.id)
        more = await desk.press("Juno", ferns, "more")
        pressed = await desk.offices["Fern"].person.press(ferns, named(ferns, "more"))
        blocked = await settled_answer(
            desk.offices["Fern"].person, desk.offices["Fern"].watch, pressed
        )
        assert [one["label"] for one in buttons_of(more)][-1] == "Remove"
        await desk.offices["Max"].ask("moderation unblock", member=desk.offices["Fern"].person.id)
        at_once.append(await removed(desk, "Fern", ferns))
        history = card_of(await desk.offices["Ada"].ask("quota-admin history"))["text"]

    assert at_once == ["Video removed."] * 2
    assert refused == REFUSED
    assert "don't let you use me here" in blocked
    assert "removed video" not in history, "it is their own affair"


async def test_who_lost_the_permission_over_an_open_form_removes_nothing(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        form = await form_of(desk, "Max", video)
        await take_roles(desk, "Max")
        said = await send(desk, "Max", form, reason="rude", refund=True)
        there = [one["id"] for one in await desk.offices["Fern"].person.read(video["channel_id"])]
        refunds = await rows(desk, "SELECT id FROM ledger_transactions WHERE kind = 'refund'")

    assert REFUSED in said
    assert "Your text is in the attached file" in said
    assert video["id"] in there
    assert refunds == []


async def test_who_moderates_one_channel_removes_there_and_refunds_nothing(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        juno = desk.offices["Juno"].person
        allowed = {"id": juno.id, "type": 1, "allow": str(1 << 13), "deny": "0"}
        path = f"/channels/{video['channel_id']}"
        await studio.people.call("PATCH", path, {"permission_overwrites": [allowed]})
        form = await form_of(desk, "Juno", video)
        said = await send(desk, "Juno", form, tell=False)
        await gone(desk, video)

    labels = [one["label"] for one in form["modal"]["components"]]
    assert labels == ["Reason", "Tell the member"]
    assert said == "Video removed."


async def test_a_form_that_is_sent_after_a_restart_removes_what_discord_deletes_only_later(studio):
    """Discord refuses the deletion until yet another process is there."""
    async with at_desk(studio) as desk:
        video = await desk.video()
        form = await form_of(desk, "Max", video)
    path = f"*/messages/{video['id']}"
    fault = {"kind": "status", "method": "DELETE", "path": path, "status": 503, "times": 999}
    await studio.people.call("POST", "/faults", fault)
    async with at_desk(studio) as desk:
        said = await send(desk, "Max", form)
        more = await desk.press("Juno", video, "extend")
        there = [one["id"] for one in await desk.offices["Fern"].person.read(video["channel_id"])]
    await studio.people.call("DELETE", "/faults")
    async with at_desk(studio) as desk:
        async with asyncio.timeout(60):
            while await rows(desk, "SELECT message_id FROM temporary_messages"):
                await desk.parts.clock.sleep(0.05)
        left = [one["id"] for one in await desk.offices["Fern"].person.read(video["channel_id"])]

    assert "I couldn't delete its message yet" in said
    assert "This video was removed" in more["content"]
    assert video["id"] in there
    assert video["id"] not in left


async def test_closed_direct_messages_end_the_notice_and_nothing_else(studio):
    async with at_desk(studio) as desk:
        video = await desk.video()
        path = f"/guilds/{studio.people.guild['id']}/members/{desk.offices['Fern'].person.id}"
        await studio.people.call("PATCH", path, {"direct_messages": False})
        said = await send(desk, "Max", await form_of(desk, "Max", video), reason="rude")
        await gone(desk, video)
        query = "SELECT state, attempts FROM notices"
        async with asyncio.timeout(60):
            while (found := await rows(desk, query))[0][0] == "owed":
                await desk.parts.clock.sleep(0.05)

    assert "I'm telling" in said
    assert found == [("undeliverable", 1)]


@pytest.mark.parametrize(
    ("level", "entries"),
    [
        ("trouble", []),
        ("moderation", ["removed a video of"]),
        ("everything", ["made a video", "made a video", "removed a video of"]),
    ],
)
async def test_the_log_channel_has_what_its_level_includes(studio, level, entries):
    """One entry for each posted video, also for one that is removed later."""
    async with at_desk(studio) as desk:
        log = await log_to(desk, level=level)
        removed_one, kept = await desk.video(), await desk.video("Juno")
        await send(desk, "Max", await form_of(desk, "Max", removed_one), tell=False)
        await gone(desk, removed_one)
        async with asyncio.timeout(60):
            while await rows(desk, "SELECT id FROM notices WHERE state = 'owed'"):
                await desk.parts.clock.sleep(0.05)
        there = await desk.offices["Ada"].person.read(log)
        told = [one for one in reversed(there) if one["author"].get("bot")]

    found = [
        word
        for message in told
        for word in ("made a video", "removed a video of")
        if word in message["content"]
    ]
    assert found == entries
    assert all(one["mentions"] == [] for one in told)
    if level == "everything":
        link = f"/{kept['channel_id']}/{kept['id']}"
        [entry] = [one["content"] for one in told if link in one["content"]]
        assert f"<@{desk.offices['Juno'].person.id}>" in entry
        assert FOX["prompt"] in entry
        assert "Seedance" in entry
        assert "$0.09" in entry
