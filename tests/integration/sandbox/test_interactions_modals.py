from typing import Any

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.answering import (
    Bot,
    answered,
    answering,
    asked,
    button,
    command,
    row,
    used,
)
from tests.integration.sandbox.rest import Rest

Session = aiohttp.ClientSession
Json = dict[str, Any]


def label(component: Json, text: str = "Words") -> Json:
    return {"type": 18, "label": text, "component": component}


def text_input(custom_id: str = "words", **more: Any) -> Json:
    return {"type": 4, "custom_id": custom_id, "style": 1, **more}


def modal(*components: Json, title: str = "Options") -> Json:
    return {"custom_id": "m", "title": title, "components": list(components)}


def choices(*values: str) -> list[Json]:
    return [{"label": value, "value": value} for value in values]


def string_select(*values: str, **more: Any) -> Json:
    """With `default` and `description` in each option."""
    for_options = {name: more.pop(name) for name in ("default", "description") if name in more}
    options = [option | for_options for option in choices(*values)]
    return {"type": 3, "custom_id": "s", "options": options, **more}


async def submitted(bot: Bot, shape: Json, fields: Json, **files: bytes) -> Json:
    """What the bot gets when the modal is filled in like that."""
    _, record = await answered(bot, 9, shape)
    assert record["state"] == "modal"
    named = {name.replace("_", "."): data for name, data in files.items()}
    submitting = bot.in_the_meantime(bot.crowd.submit(record, fields, named or None))
    told = await bot.asked()
    await bot.callback(told, 4, {"content": "thanks"})
    assert (await submitting).status == 200
    return told


async def test_every_kind_of_field_arrives(sandbox: Sandbox, session: Session, rest: Rest) -> None:
    shape = modal(
        label(text_input(style=2)),
        label({"type": 3, "custom_id": "pick", "max_values": 2, "options": choices("a", "b", "c")}),
        label({"type": 19, "custom_id": "files", "max_values": 3}),
        label({"type": 21, "custom_id": "radio", "options": choices("x", "y")}),
        label({"type": 5, "custom_id": "who"}),
    )
    fields = {"words": "hi", "pick": ["c", "a"], "files": ["attachment://0", "attachment://1"]}
    fields |= {"radio": "y", "who": [str(seed.ADA)]}
    async with answering(sandbox, session, rest, command("video")) as bot:
        told = await submitted(bot, shape, fields, a_png=b"aa", b_png=b"bbb")

    data = told["data"]
    parts = {item["component"]["custom_id"]: item["component"] for item in data["components"]}
    uploads = [data["resolved"]["attachments"][item] for item in parts["files"]["values"]]
    assert (told["type"], data["custom_id"]) == (5, "m")
    assert {item["type"] for item in data["components"]} == {18}
    assert parts["words"] == {"type": 4, "id": 2, "custom_id": "words", "value": "hi"}
    assert parts["pick"]["values"] == ["c", "a"]
    assert [(item["filename"], item["size"]) for item in uploads] == [("a.png", 2), ("b.png", 3)]
    assert parts["radio"]["value"] == "y"
    assert parts["who"]["values"] == [str(seed.ADA)]
    assert data["resolved"]["members"][str(seed.ADA)]["roles"] == [str(seed.ADMIN)]


async def test_checkboxes_and_old_rows_arrive(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    shape = modal(
        row(text_input(label="Words")),
        {"type": 10, "content": "Read this"},
        label({"type": 22, "custom_id": "group", "required": False, "options": choices("a", "b")}),
        label({"type": 23, "custom_id": "box", "default": True}),
        label(text_input("kept", value="as it was")),
    )
    async with answering(sandbox, session, rest, command("video")) as bot:
        told = await submitted(bot, shape, {"words": "hi"})

    old, text, group, box, kept = told["data"]["components"]
    assert old == {"type": 1, "id": 1, "components": [old["components"][0]]}
    assert old["components"][0]["value"] == "hi"
    assert text == {"type": 10, "id": 3}
    assert group["component"]["values"] == []
    assert box["component"]["value"] is True
    assert kept["component"]["value"] == "as it was"


@pytest.mark.parametrize(
    ("component", "fields"),
    [
        (text_input(), {}),
        (text_input(min_length=5), {"words": "four"}),
        (text_input(max_length=3), {"words": "four"}),
        (text_input(), {"words": 1}),
        (text_input(), {"words": "x", "other": "y"}),
        ({"type": 3, "custom_id": "words", "options": choices("a")}, {"words": ["b"]}),
        ({"type": 21, "custom_id": "words", "options": choices("a", "b")}, {}),
        ({"type": 22, "custom_id": "words", "min_values": 2, "options": choices("a", "b")}, {"words": ["a"]}),
        ({"type": 19, "custom_id": "words"}, {}),
        ({"type": 19, "custom_id": "words"}, {"words": "attachment://0"}),
        ({"type": 23, "custom_id": "words"}, {"words": "yes"}),
    ],
)  # fmt: skip
async def test_what_cannot_be_submitted_is_refused(
    sandbox: Sandbox, session: Session, rest: Rest, component: Json, fields: Json
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        _, record = await answered(bot, 9, modal(label(component)))
        refused = await bot.crowd.submit(record, fields)
    assert (refused.status, refused.code) == (400, 50035)


@pytest.mark.parametrize(
    ("shape", "fault"),
    [
        (modal(label(text_input()), title="x" * 46), ("title",)),
        (modal(), ("components",)),
        (modal(*[label(text_input(str(n))) for n in range(6)]), ("components",)),
        (modal(label(text_input()), label(text_input())), ("components",)),
        (modal(row(button("b"))), ("components", "0", "components", "0", "type")),
        (modal(label(text_input(), "x" * 46)), ("components", "0", "label")),
        (modal(label(text_input(style=3))), ("components", "0", "component", "style")),
        (modal(label(text_input(max_length=4001))), ("components", "0", "component", "max_length")),
        (modal(label({"type": 19, "custom_id": "f", "max_values": 11})), ("components", "0", "component", "max_values")),
        (modal(label({"type": 21, "custom_id": "r", "options": choices("a")})), ("components", "0", "component", "options")),
        (modal(label(string_select("a", "a"))), ("components", "0", "component", "options", "1", "value")),
        (modal(label(string_select("a", max_values=2))), ("components", "0", "component", "max_values")),
        (modal(label(string_select("a", placeholder="x" * 151))), ("components", "0", "component", "placeholder")),
        (modal(label(string_select("a", "b", default=True))), ("components", "0", "component", "options")),
        (modal(label(string_select("a", description="x" * 101))), ("components", "0", "component", "options", "0", "description")),
        (modal(label(string_select("a", "b", type=21, default=True))), ("components", "0", "component", "options")),
    ],
)  # fmt: skip
async def test_what_discord_refuses_in_a_modal_is_refused(
    sandbox: Sandbox, session: Session, rest: Rest, shape: Json, fault: tuple[str, ...]
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        interaction, waiting = await asked(bot)
        refused = await bot.callback(interaction, 9, shape)
        await bot.callback(interaction, 5)
        await waiting
    assert refused.code == 50035
    assert refused.fault("data", *fault)


async def test_a_modal_is_only_a_first_answer_and_never_one_to_a_modal(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    shape = modal(label(text_input()))
    async with answering(sandbox, session, rest, command("video")) as bot:
        deferred, _ = await answered(bot, 5)
        after_deferring = await bot.callback(deferred, 9, shape)
        _, record = await answered(bot, 9, shape)
        submitting = bot.in_the_meantime(bot.crowd.submit(record, {"words": "x"}))
        told = await bot.asked()
        to_a_modal = await bot.callback(told, 9, shape)
        updating_nothing = await bot.callback(told, 7, {"content": "x"})
        await bot.callback(told, 4, {"content": "x"})
        answer = (await submitting).body
    assert after_deferring.code == 40060
    assert to_a_modal.code == updating_nothing.code == 50035
    opener = answer["message"]["interaction_metadata"]["triggering_interaction_metadata"]
    assert opener["id"] == record["id"]


async def test_a_modal_from_a_button_can_change_the_buttons_message(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest) as bot:
        message = await rest.sent(seed.VIDEOS, {"content": "a", "components": [row(button("b"))]})
        _, record = await used(bot, message, "b", 9, modal(label(text_input())))
        submitting = bot.in_the_meantime(bot.crowd.submit(record, {"words": "x"}))
        told = await bot.asked()
        await bot.callback(told, 7, {"content": "changed"})
        answer = (await submitting).body
    assert told["message"]["id"] == message["id"]
    assert answer["message"]["id"] == message["id"]
    assert answer["message"]["content"] == "changed"


async def test_no_one_else_can_submit_ones_modal(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        _, record = await answered(bot, 9, modal(label(text_input())))
        payload = {"as": str(seed.ADA), "interaction_id": record["id"], "fields": {"words": "x"}}
        refused = await bot.crowd.call("POST", "/interactions/modal", payload)
    assert refused.code == 10062
