from urllib.parse import quote

import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.rules import permissions
from sandbox.discord.state.events import Event
from tests.integration.sandbox.rest import Rest

CLAPPER = f"clapper:{seed.EMOJI}"


async def message(rest: Rest) -> str:
    sent = await rest.sent(seed.VIDEOS, {"content": "react to me"})
    return f"/channels/{seed.VIDEOS}/messages/{sent['id']}"


def at(path: str, emoji: str, who: object = "@me") -> str:
    return f"{path}/reactions/{quote(emoji)}/{who}"


async def test_a_reaction_is_counted_and_listed(rest: Rest) -> None:
    path = await message(rest)

    assert (await rest.call("PUT", at(path, "🎬"))).status == 204
    assert (await rest.call("PUT", at(path, CLAPPER))).status == 204

    found = (await rest.get(path)).body["reactions"]
    assert [item["emoji"]["name"] for item in found] == ["🎬", "clapper"]
    assert [(item["count"], item["me"]) for item in found] == [(1, True), (1, True)]
    users = await rest.get(f"{path}/reactions/{quote('🎬')}")
    assert [user["id"] for user in users.body] == [str(seed.APPLICATION_ID)]


async def test_two_spellings_of_an_emoji_are_one_reaction(sandbox: Sandbox, rest: Rest) -> None:
    path = await message(rest)
    await rest.call("PUT", at(path, "❤️"))

    channel = sandbox.discord.world.channel(seed.VIDEOS)
    record = next(iter(sandbox.discord.world.history(seed.VIDEOS).values()))
    sandbox.discord.reactions.add(channel, record, seed.FERN, "❤")

    assert [item["count"] for item in (await rest.get(path)).body["reactions"]] == [2]


@pytest.mark.parametrize("emoji", ["video", "x:1", "", " ", "a", "🎬x"])
async def test_what_is_no_emoji_is_unknown(rest: Rest, emoji: str) -> None:
    path = await message(rest)

    answer = await rest.call("PUT", at(path, emoji or "%20"))

    assert answer.code == 10014


@pytest.mark.parametrize("emoji", ["🎬", "👍🏽", "👩‍🎨", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪", "1️⃣", "☕", "❤️", "▶️", "➿"])
async def test_every_kind_of_emoji_is_one(rest: Rest, emoji: str) -> None:
    path = await message(rest)

    assert (await rest.call("PUT", at(path, emoji))).status == 204


async def test_a_message_holds_twenty_different_reactions(rest: Rest) -> None:
    path = await message(rest)
    emojis = [chr(0x1F600 + n) for n in range(21)]

    answers = [await rest.call("PUT", at(path, emoji)) for emoji in emojis]

    assert {answer.status for answer in answers[:20]} == {204}
    assert answers[20].code == 30010


async def test_joining_a_reaction_takes_less_than_starting_one(
    sandbox: Sandbox, rest: Rest
) -> None:
    path = await message(rest)
    channel = sandbox.discord.world.channel(seed.VIDEOS)
    record = next(iter(sandbox.discord.world.history(seed.VIDEOS).values()))
    sandbox.discord.reactions.add(channel, record, seed.FERN, "🎬")
    deny = {"type": 1, "allow": "0", "deny": str(permissions.ADD_REACTIONS)}
    sandbox.discord.channels.set_overwrite(channel, seed.APPLICATION_ID, deny)

    assert (await rest.call("PUT", at(path, "🎬"))).status == 204
    assert (await rest.call("PUT", at(path, "🎥"))).code == 50013


async def test_others_reactions_are_for_moderators(sandbox: Sandbox, rest: Rest) -> None:
    path = await message(rest)
    channel = sandbox.discord.world.channel(seed.VIDEOS)
    record = next(iter(sandbox.discord.world.history(seed.VIDEOS).values()))
    sandbox.discord.reactions.add(channel, record, seed.FERN, "🎬")

    refused = await rest.call("DELETE", at(path, "🎬", seed.FERN))
    role = sandbox.discord.world.guild(seed.GUILD_ID).roles[seed.BOT_ROLE]
    role.permissions |= permissions.MANAGE_MESSAGES
    accepted = await rest.call("DELETE", at(path, "🎬", seed.FERN))

    assert (refused.code, accepted.status) == (50013, 204)
    assert "reactions" not in (await rest.get(path)).body
    assert (await rest.call("DELETE", f"{path}/reactions")).status == 204


async def test_a_reaction_says_who_where_and_to_whose_message(sandbox: Sandbox, rest: Rest) -> None:
    world = sandbox.discord.world
    seen: list[Event] = []
    picture = next(iter(world.history(seed.PICTURES).values()))
    world.bus.subscribe(seen.append)

    sandbox.discord.reactions.add(world.channel(seed.PICTURES), picture, seed.JUNO, "🎬")

    data = seen[0].render(world.viewer(seed.APPLICATION_ID))
    assert seen[0].name == "MESSAGE_REACTION_ADD"
    assert data["emoji"] == {"id": None, "name": "🎬"}
    assert data["message_author_id"] == str(seed.FERN)
    assert data["member"]["user"]["id"] == data["user_id"] == str(seed.JUNO)
