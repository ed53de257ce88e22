from typing import Any

import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.answering import command, option
from tests.integration.sandbox.rest import Answer, Rest

GLOBAL = f"/applications/{seed.APPLICATION_ID}/commands"
GUILD = f"/applications/{seed.APPLICATION_ID}/guilds/{seed.GUILD_ID}/commands"


async def put(rest: Rest, *commands: Any, where: str = GLOBAL) -> Answer:
    return await rest.call("PUT", where, list(commands))


@pytest.mark.parametrize("where", [GLOBAL, GUILD])
async def test_a_command_is_made_read_changed_and_removed(rest: Rest, where: str) -> None:
    made = await rest.call("POST", where, command("video", option(3, "prompt", required=True)))
    one = f"{where}/{made.body['id']}"

    assert made.status == 201
    assert (await rest.get(one)).body == made.body
    changed = await rest.call("PATCH", one, {"description": "Better"})
    assert changed.body["description"] == "Better"
    assert changed.body["options"] == made.body["options"]
    assert int(changed.body["version"]) > int(made.body["version"])
    assert [item["name"] for item in (await rest.get(where)).body] == ["video"]
    assert (await rest.call("DELETE", one)).status == 204
    assert (await rest.get(one)).code == 10063


async def test_making_the_same_command_again_changes_it(rest: Rest) -> None:
    first = await rest.call("POST", GLOBAL, command("video"))
    second = await rest.call("POST", GLOBAL, command("video", description="Other"))

    assert (second.status, second.body["id"]) == (200, first.body["id"])
    assert second.body["description"] == "Other"


async def test_an_overwrite_keeps_the_ids_of_the_same_names(rest: Rest) -> None:
    before = (await put(rest, command("a"), command("b"))).body
    after = (await put(rest, command("b", description="New"), command("c"))).body
    same = (await put(rest, command("b", description="New"), command("c"))).body

    assert after[0]["id"] == before[1]["id"]
    assert after[1]["id"] not in {item["id"] for item in before}
    assert same == after
    assert [item["name"] for item in (await rest.get(GLOBAL)).body] == ["b", "c"]


async def test_global_and_guild_commands_are_kept_apart(rest: Rest) -> None:
    await put(rest, command("everywhere"))
    await put(rest, command("here"), where=GUILD)

    (everywhere,) = (await rest.get(GLOBAL)).body
    (here,) = (await rest.get(GUILD)).body
    assert (everywhere["name"], here["name"]) == ("everywhere", "here")
    assert here["guild_id"] == str(seed.GUILD_ID)
    assert "guild_id" not in everywhere


async def test_variation_selectors_are_dropped(rest: Rest) -> None:
    (made,) = (await put(rest, command("video", description="\u2764\ufe0f it"))).body
    assert made["description"] == "\u2764 it"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (command("Video"), ("name",)),
        (command("vi deo"), ("name",)),
        (command(""), ("name",)),
        (command("x" * 33), ("name",)),
        (command("a", description=""), ("description",)),
        (command("a", description="x" * 101), ("description",)),
        (command("a", *[option(3, f"o{n}") for n in range(26)]), ("options",)),
        (command("a", option(12, "x")), ("options", "0", "type")),
        (command("a", option(3, "X")), ("options", "0", "name")),
        (command("a", option(3, "x"), option(3, "x")), ("options",)),
        (command("a", option(3, "x"), option(3, "y", required=True)), ("options", "1")),
        (command("a", option(1, "x"), option(3, "y")), ("options",)),
        (command("a", option(2, "g", options=[option(3, "x")])), ("options", "0", "options", "0", "type")),
        (command("a", option(3, "x", choices=[{"name": "a", "value": True}])), ("options", "0", "choices", "0", "value")),
        (command("a", option(3, "x", choices=[{"name": str(n), "value": str(n)} for n in range(26)])), ("options", "0", "choices")),
        (command("a", option(3, "x", autocomplete=True, choices=[{"name": "a", "value": "a"}])), ("options", "0")),
        (command("a", option(3, "x", max_length=6001)), ("options", "0", "max_length")),
        (command("a", option(4, "x", min_value=5, max_value=4)), ("options", "0", "min_value")),
        (command("a", contexts=[7]), ("contexts",)),
        (command("a", name_localizations={"xx": "a"}), ("name_localizations", "xx")),
        (command("a", name_localizations={"de": "Groß"}), ("name_localizations", "de")),
        ({"name": "Make it move", "type": 3, "description": "no"}, ("description",)),
        (command("a", type=9), ("type",)),
    ],
)  # fmt: skip
async def test_what_discord_refuses_in_a_command_is_refused(
    rest: Rest, body: dict[str, Any], fault: tuple[str, ...]
) -> None:
    answer = await rest.call("POST", GLOBAL, body)

    assert (answer.status, answer.code) == (400, 50035)
    assert answer.fault(*fault)
    assert (await put(rest, body)).fault("0", *fault)


async def test_a_command_has_8000_characters_at_most(rest: Rest) -> None:
    choices = [{"name": f"{n:0100}", "value": f"{n:0100}"} for n in range(20)]
    two, three = ([option(3, f"o{n}", choices=choices) for n in range(count)] for count in (1, 2))

    assert (await put(rest, command("a", *two))).status == 200
    refused = await put(rest, command("a", *three))
    assert refused.fault("0") == "APPLICATION_COMMAND_TOO_LARGE"


async def test_other_scripts_than_latin_name_commands(rest: Rest) -> None:
    names = ["видео", "動画", "วิดีโอ", "वीडियो"]
    answer = await put(rest, *map(command, names))
    assert [item["name"] for item in answer.body] == names


@pytest.mark.parametrize(
    ("kind", "most", "code"), [(1, 100, 30032), (2, 15, 30033), (3, 15, 30033)]
)
async def test_there_is_room_for_so_many_commands_of_a_type(
    rest: Rest, kind: int, most: int, code: int
) -> None:
    shape = {"description": "Does it"} if kind == 1 else {}
    commands = [{"name": f"c{n}", "type": kind, **shape} for n in range(most)]

    assert (await put(rest, *commands)).status == 200
    assert (await rest.call("POST", GLOBAL, {"name": "more", "type": kind, **shape})).code == code


async def test_two_hundred_commands_may_be_made_a_day(sandbox: Sandbox, rest: Rest) -> None:
    first, second = ([command(f"{letter}{n}") for n in range(100)] for letter in "ab")
    assert (await put(rest, *first)).status == 200
    assert (await put(rest, *second)).status == 200

    refused = await rest.call("PUT", GLOBAL, [*second[1:], command("one-more")])
    assert (refused.status, refused.code) == (429, 30034)
    assert (await put(rest, *second)).status == 200
    assert (await put(rest, command("here"), where=GUILD)).status == 200

    sandbox.clock.advance(24 * 3600 + 1)
    assert (await put(rest, *second[1:], command("one-more"))).status == 200


async def test_a_name_may_stand_once_in_an_overwrite(rest: Rest) -> None:
    refused = await put(rest, command("a"), command("a"))
    assert refused.fault("1") == "APPLICATION_COMMANDS_DUPLICATE_NAME"
    assert (await put(rest, command("a"), {"name": "a", "type": 3})).status == 200


async def test_lists_carry_translations_only_if_asked(rest: Rest) -> None:
    await put(rest, command("video", name_localizations={"de": "video"}))

    assert "name_localizations" not in (await rest.get(GLOBAL)).body[0]
    full = (await rest.get(GLOBAL + "?with_localizations=true")).body[0]
    assert full["name_localizations"] == {"de": "video"}


async def test_other_applications_and_guilds_are_out_of_reach(rest: Rest) -> None:
    assert (await rest.get("/applications/1/commands")).code == 10002
    elsewhere = f"/applications/{seed.APPLICATION_ID}/guilds/1/commands"
    assert (await rest.get(elsewhere)).code == 50001
    assert (await rest.call("GET", GLOBAL, token="wrong")).status == 401


async def test_no_one_has_changed_permissions_by_hand(rest: Rest) -> None:
    (made,) = (await put(rest, command("here"), where=GUILD)).body
    assert (await rest.get(GUILD + "/permissions")).body == []
    assert (await rest.get(f"{GUILD}/{made['id']}/permissions")).code == 10066
