from typing import Any

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.rules import permissions
from tests.integration.sandbox.answering import (
    EPHEMERAL,
    Bot,
    answering,
    button,
    command,
    option,
    row,
    used,
)
from tests.integration.sandbox.rest import Answer, Rest

Session = aiohttp.ClientSession
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE = range(3, 12)


async def ask(bot: Bot, name: str, options: dict[str, Any] | None = None, **more: Any) -> Any:
    """The interaction that the bot gets; it is answered so that the person need not wait."""
    asking = bot.in_the_meantime(bot.crowd.command(name, options, **more))
    interaction = await bot.asked()
    await bot.callback(interaction, 4, {"content": "ok"})
    assert (await asking).status == 200
    return interaction


async def test_the_bot_is_told_everything_about_an_interaction(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        told = await ask(bot, "video")

    assert (told["type"], told["version"]) == (2, 1)
    assert told["application_id"] == str(seed.APPLICATION_ID)
    assert told["data"]["type"] == 1
    assert "guild_id" not in told["data"]
    assert told["guild_id"] == told["guild"]["id"] == str(seed.GUILD_ID)
    assert told["channel"]["id"] == told["channel_id"] == str(seed.VIDEOS)
    assert told["channel"]["name"] == "videos"
    assert told["member"]["user"]["id"] == str(seed.JUNO)
    assert int(told["member"]["permissions"]) & permissions.SEND_MESSAGES
    assert int(told["app_permissions"]) & permissions.ATTACH_FILES
    assert told["attachment_size_limit"] == 20 * 1024 * 1024
    assert told["authorizing_integration_owners"] == {"0": str(seed.GUILD_ID)}
    assert (told["locale"], told["guild_locale"], told["context"]) == ("en-US", "en-US", 0)
    assert told["entitlements"] == []


async def test_only_a_guilds_own_command_names_the_guild_in_its_data(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest) as bot:
        await bot.register(command("here"), guild=seed.GUILD_ID)
        told = await ask(bot, "here")
    assert told["data"]["guild_id"] == str(seed.GUILD_ID)


async def test_the_size_limit_is_the_better_of_boosts_and_nitro(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        of_fern = await ask(bot, "video", who=seed.FERN)
        await bot.crowd.done("PATCH", f"/guilds/{seed.GUILD_ID}", {"premium_tier": 3})
        of_juno = await ask(bot, "video")
    assert of_fern["attachment_size_limit"] == 500 * 1024 * 1024
    assert of_juno["attachment_size_limit"] == 100 * 1024 * 1024


async def test_every_type_of_option_arrives_resolved(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    names = ["text", "whole", "flag", "who", "where", "role", "any", "real", "file"]
    options = [option(STRING + n, name, required=True) for n, name in enumerate(names)]
    given = {
        "text": "hello", "whole": 3, "flag": True, "who": str(seed.ADA),
        "where": str(seed.PICTURES), "role": str(seed.ADMIN), "any": str(seed.MAX),
        "real": 1.5, "file": "attachment://0",
    }  # fmt: skip
    async with answering(sandbox, session, rest, command("all", *options)) as bot:
        told = await ask(bot, "all", given, files={"a.png": b"bytes"})
        resolved = told["data"]["resolved"]
        values = {item["name"]: item["value"] for item in told["data"]["options"]}
        (attachment,) = resolved["attachments"].values()
        async with session.get(attachment["url"]) as download:
            assert await download.read() == b"bytes"

    assert values == given | {"file": attachment["id"]}
    assert resolved["users"][str(seed.ADA)]["username"] == "ada"
    assert "user" not in resolved["members"][str(seed.ADA)]
    assert int(resolved["members"][str(seed.ADA)]["permissions"]) == permissions.ALL
    assert resolved["channels"][str(seed.PICTURES)]["name"] == "pictures"
    assert "permissions" in resolved["channels"][str(seed.PICTURES)]
    assert resolved["roles"][str(seed.ADMIN)]["name"] == "Admin"
    assert str(seed.MAX) in resolved["users"]
    assert attachment["ephemeral"] is True
    assert "/ephemeral-attachments/" in attachment["url"]


async def test_subcommands_nest_as_their_path_says(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    leaf = option(1, "set", options=[option(INTEGER, "amount", required=True)])
    shape = command("quota", option(2, "pool", options=[leaf]))
    async with answering(sandbox, session, rest, shape) as bot:
        told = await ask(bot, "quota pool set", {"amount": 5})
        missing = await bot.crowd.command("quota pool")
        unknown = await bot.crowd.command("quota pool get")

    (group,) = told["data"]["options"]
    (subcommand,) = group["options"]
    assert (group["name"], group["type"], subcommand["name"]) == ("pool", 2, "set")
    assert subcommand["options"] == [{"name": "amount", "type": INTEGER, "value": 5}]
    assert missing.status == unknown.status == 400


@pytest.mark.parametrize(
    ("shape", "given", "words"),
    [
        (option(STRING, "o", required=True), {}, "required"),
        (option(STRING, "o", min_length=3), {"o": "ab"}, "between 3"),
        (option(STRING, "o", max_length=3), {"o": "abcd"}, "and 3"),
        (option(STRING, "o"), {"o": 1}, "text"),
        (option(STRING, "o", choices=[{"name": "A", "value": "a"}]), {"o": "b"}, "one of a"),
        (option(INTEGER, "o", max_value=3), {"o": 4}, "and 3"),
        (option(INTEGER, "o"), {"o": 1.5}, "whole"),
        (option(NUMBER, "o"), {"o": "1"}, "number"),
        (option(BOOLEAN, "o"), {"o": "yes"}, "true or false"),
        (option(USER, "o"), {"o": "ada"}, "id"),
        (option(CHANNEL, "o", channel_types=[2]), {"o": str(seed.VIDEOS)}, "type"),
        (option(FILE, "o"), {"o": "attachment://3"}, "files[3]"),
        (option(STRING, "o"), {"x": "1"}, "no such option"),
    ],
)  # fmt: skip
async def test_what_the_client_would_not_send_is_refused_in_words(
    sandbox: Sandbox,
    session: Session,
    rest: Rest,
    shape: dict[str, Any],
    given: dict[str, Any],
    words: str,
) -> None:
    async with answering(sandbox, session, rest, command("video", shape)) as bot:
        refused = await bot.crowd.command("video", given)
    assert refused.status == 400
    assert words in refused.body["message"]


@pytest.mark.parametrize(
    ("shape", "who", "channel", "offered"),
    [
        ({"default_member_permissions": 32}, seed.JUNO, seed.VIDEOS, False),
        ({"default_member_permissions": 32}, seed.ADA, seed.VIDEOS, True),
        ({"default_member_permissions": 0}, seed.MAX, seed.VIDEOS, False),
        ({"default_member_permissions": 0}, seed.ADA, seed.VIDEOS, True),
        ({"nsfw": True}, seed.JUNO, seed.VIDEOS, False),
        ({"nsfw": True}, seed.JUNO, seed.AFTER_DARK, True),
        ({"contexts": [1]}, seed.JUNO, seed.VIDEOS, False),
        ({"contexts": [0]}, seed.JUNO, seed.VIDEOS, True),
        ({"integration_types": [1]}, seed.JUNO, seed.VIDEOS, False),
    ],
)
async def test_a_command_is_offered_only_where_it_may_be_used(
    sandbox: Sandbox,
    session: Session,
    rest: Rest,
    shape: dict[str, Any],
    who: int,
    channel: int,
    offered: bool,
) -> None:
    async with answering(sandbox, session, rest, command("video", **shape)) as bot:
        listed = await bot.crowd.done("GET", f"/channels/{channel}/commands?as={who}")
        assert bool(listed) is offered
        if offered:
            await ask(bot, "video", who=who, channel=channel)
        else:
            refused: Answer = await bot.crowd.command("video", who=who, channel=channel)
            assert refused.status == 400


async def test_who_may_not_use_commands_is_refused(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        role = f"/guilds/{seed.GUILD_ID}/roles/{seed.GUILD_ID}"
        await bot.crowd.done("PATCH", role, {"permissions": str(permissions.READING)})
        assert (await bot.crowd.command("video")).code == 50013
        assert (await bot.crowd.command("video", channel=seed.STAFF)).code == 50001
        assert (await bot.crowd.command("nothing", who=seed.ADA)).code == 10063


async def test_autocompletion_sends_what_is_typed_and_shows_the_choices(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    shape = command(
        "video",
        option(STRING, "a", required=True, autocomplete=True),
        option(INTEGER, "n", autocomplete=True),
    )
    async with answering(sandbox, session, rest, shape) as bot:
        typing = bot.in_the_meantime(bot.crowd.complete("video", {"n": "1x"}, "n"))
        told = await bot.asked()
        wrong = await bot.callback(told, 8, {"choices": [{"name": "one", "value": "1"}]})
        many = await bot.callback(told, 8, {"choices": [{"name": "x", "value": "y"}] * 26})
        right = await bot.callback(told, 8, {"choices": [{"name": "one", "value": 1}]})
        record = (await typing).body
        refused = await bot.crowd.complete("video", {}, "b")

    assert told["type"] == 4
    assert told["data"]["options"] == [
        {"name": "n", "type": INTEGER, "value": "1x", "focused": True}
    ]
    assert (wrong.code, many.code, right.status) == (50035, 50035, 200)
    assert right.body == {"interaction": right.body["interaction"]}
    assert (record["state"], record["choices"]) == ("choices", [{"name": "one", "value": 1}])
    assert refused.status == 400


async def test_a_message_command_shows_the_bot_what_it_could_not_read(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, {"name": "Make it move", "type": 3}) as bot:
        await bot.crowd.done("PATCH", "/application", {"message_content": False})
        (picture,) = await bot.crowd.read(seed.PICTURES)
        choosing = bot.in_the_meantime(bot.crowd.menu("Make it move", seed.PICTURES, picture["id"]))
        told = await bot.asked()
        await bot.callback(told, 4, {"content": "moving", "flags": EPHEMERAL})
        answer = (await choosing).body["message"]

    target = told["data"]["resolved"]["messages"][picture["id"]]
    assert told["data"]["target_id"] == picture["id"]
    assert target["attachments"][0]["filename"] == "evening_mountains.png"
    assert (answer["type"], answer["flags"]) == (23, EPHEMERAL)
    assert answer["interaction_metadata"]["target_message_id"] == picture["id"]


async def test_a_user_command_names_the_user_and_membership(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, {"name": "Budget", "type": 2}) as bot:
        choosing = bot.in_the_meantime(bot.crowd.menu("Budget", seed.VIDEOS, seed.ADA))
        told = await bot.asked()
        await bot.callback(told, 4, {"content": "much"})
        await choosing
    assert told["data"]["target_id"] == str(seed.ADA)
    assert str(seed.ADA) in told["data"]["resolved"]["members"]


async def test_only_the_enabled_components_of_a_message_can_be_used(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    options = [{"label": value, "value": value} for value in "abc"]
    select = {"type": 3, "custom_id": "s", "max_values": 2, "options": options}
    link = {"type": 2, "style": 5, "label": "Go", "url": "https://example.org"}
    async with answering(sandbox, session, rest) as bot:
        buttons = row(button("on"), button("off", disabled=True), link)
        message = await rest.sent(
            seed.VIDEOS, {"content": "x", "components": [buttons, row(select)]}
        )
        told, _ = await used(bot, message, "on", 6)
        refusals = [
            await bot.crowd.use(message, name, list(values))
            for name, values in [("off", ""), ("nothing", ""), ("s", ""), ("s", "abc"), ("s", "z")]
        ]
        chosen, _ = await used(bot, message, "s", 6, values=["b", "a"])

    assert (told["type"], told["data"]["component_type"], told["data"]["custom_id"]) == (3, 2, "on")
    assert told["message"]["id"] == message["id"]
    assert [refusal.status for refusal in refusals] == [400] * 5
    assert chosen["data"]["values"] == ["b", "a"]


async def test_commands_work_in_direct_messages_where_they_may(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    shapes = [command("video"), command("here", contexts=[0])]
    async with answering(sandbox, session, rest, *shapes) as bot:
        opened = await rest.call("POST", "/users/@me/channels", {"recipient_id": str(seed.JUNO)})
        channel = int(opened.body["id"])
        told = await ask(bot, "video", channel=channel)
        refused = await bot.crowd.command("here", channel=channel)
        intruding = await bot.crowd.command("video", channel=channel, who=seed.ADA)

    assert (told["context"], told["channel"]["type"]) == (1, 1)
    assert told["user"]["id"] == str(seed.JUNO)
    assert not {"member", "guild", "guild_id"} & told.keys()
    assert refused.status == 400
    assert intruding.code == 50001


async def test_without_an_answer_in_three_seconds_the_interaction_has_failed(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command("video")) as bot:
        record = (await bot.crowd.command("video")).body
        told = await bot.asked()
        late = await bot.callback(told, 4, {"content": "late"})

    assert (record["state"], record["failure"]) == ("failed", "The application did not respond")
    assert record["acknowledged_after_seconds"] is None
    assert (late.status, late.code) == (404, 10062)


@pytest.mark.parametrize(
    ("kinds", "user", "owners"),
    [
        ([0], seed.JUNO, {"0": str(seed.GUILD_ID)}),
        ([1], seed.ADA, {"1": str(seed.ADA)}),
        ([0, 1], seed.ADA, {"0": str(seed.GUILD_ID), "1": str(seed.ADA)}),
        ([0, 1], seed.JUNO, {"0": str(seed.GUILD_ID)}),
    ],
)
async def test_a_command_says_through_which_installations_it_is_used(
    sandbox: Sandbox,
    session: aiohttp.ClientSession,
    rest: Rest,
    kinds: list[int],
    user: int,
    owners: dict[str, str],
) -> None:
    async with answering(sandbox, session, rest, command(integration_types=kinds)) as bot:
        waiting = bot.in_the_meantime(bot.crowd.command("video", who=user))
        told = await bot.asked()
        await bot.callback(told, 4, {"content": "hello"})
        message = (await waiting).body["message"]
    assert told["authorizing_integration_owners"] == owners
    assert message["interaction_metadata"]["authorizing_integration_owners"] == owners


async def test_a_users_own_application_answers_others_only_where_it_may_and_five_times_more(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    everyone = sandbox.discord.world.guild(seed.GUILD_ID).roles[seed.GUILD_ID]
    sandbox.discord.world.application.user_installs.add(seed.JUNO)
    async with answering(sandbox, session, rest, command(integration_types=[1])) as bot:
        for allowed in (True, False):
            if not allowed:
                everyone.permissions &= ~permissions.USE_EXTERNAL_APPS
            waiting = bot.in_the_meantime(bot.crowd.command("video"))
            told = await bot.asked()
            await bot.callback(told, 4, {"content": "hello"})
            message = (await waiting).body["message"]
            assert bool(message["flags"] & EPHEMERAL) is not allowed
            for number in range(5):
                more = await bot.webhook("POST", told, "", {"content": str(number)})
                assert more.status == 200
                assert bool(more.body["flags"] & EPHEMERAL) is not allowed
            refused = await bot.webhook("POST", told, "", {"content": "one more"})
            assert (refused.status, refused.code) == (400, 40094)


async def test_anyone_who_adds_the_application_to_their_account_is_offered_its_commands(
    sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest
) -> None:
    async with answering(sandbox, session, rest, command(integration_types=[1])) as bot:
        where = f"/channels/{seed.VIDEOS}/commands?as={seed.JUNO}"
        assert await bot.crowd.done("GET", where) == []
        told = await bot.crowd.done("PATCH", "/application", {"user_installs": [seed.JUNO]})
        assert told["user_installs"] == [str(seed.JUNO)]
        assert [item["name"] for item in await bot.crowd.done("GET", where)] == ["video"]
