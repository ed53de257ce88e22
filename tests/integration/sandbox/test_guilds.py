from datetime import timedelta

from aiohttp import ClientSession as Session

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.rules import permissions
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Rest

GUILD = f"/guilds/{seed.GUILD_ID}"


def allow(sandbox: Sandbox, bits: int) -> None:
    """Let the bot do more, and stand above everyone but the owner."""
    role = sandbox.discord.world.guild(seed.GUILD_ID).roles[seed.BOT_ROLE]
    role.permissions |= bits
    role.position = 9


async def test_the_bot_finds_itself_its_application_and_its_guild(rest: Rest) -> None:
    me = await rest.get("/users/@me")
    application = await rest.get("/oauth2/applications/@me")
    guilds = await rest.get("/users/@me/guilds")

    assert me.body["id"] == application.body["id"] == str(seed.APPLICATION_ID)
    assert application.body["owner"]["username"] == "ada"
    assert [guild["name"] for guild in guilds.body] == ["Showreel Studio"]
    assert (await rest.get("/applications/@me")).body == application.body
    assert (await rest.get(f"/users/{seed.FERN}")).body["global_name"] == "Fern"


async def test_the_application_says_which_privileged_intents_are_on(
    sandbox: Sandbox, rest: Rest
) -> None:
    before = (await rest.get("/oauth2/applications/@me")).body["flags"]
    sandbox.discord.world.application.message_content = False
    after = (await rest.get("/oauth2/applications/@me")).body["flags"]

    assert before ^ after == 1 << 19


async def test_every_version_of_the_interface_is_there(rest: Rest) -> None:
    root = rest.base.removesuffix("/v10")
    for base in (root, f"{root}/v9", f"{root}/v10"):
        rest.base = base
        assert (await rest.get("/users/@me")).status == 200


async def test_a_guild_is_read_in_all_its_parts(rest: Rest) -> None:
    assert (await rest.get(f"{GUILD}?with_counts=true")).body["approximate_member_count"] == 5
    names = [item["name"] for item in (await rest.get(f"{GUILD}/channels")).body]
    assert names[:3] == ["welcome", "videos", "pictures"]
    assert len((await rest.get(f"{GUILD}/roles")).body) == 5
    assert (await rest.get(f"{GUILD}/roles/{seed.BOOSTER}")).body["name"] == "Booster"
    assert (await rest.get(f"{GUILD}/emojis")).body[0]["name"] == "clapper"
    assert (await rest.get(f"{GUILD}/emojis/{seed.EMOJI}")).body["name"] == "clapper"
    assert (await rest.get(f"{GUILD}/stickers")).body[0]["name"] == "star"
    assert (await rest.get(f"{GUILD}/stickers/{seed.STICKER}")).body["name"] == "star"
    assert (await rest.get("/sticker-packs")).body == {"sticker_packs": []}
    assert "us-east" in [item["id"] for item in (await rest.get("/voice/regions")).body]


async def test_members_are_listed_searched_and_read(sandbox: Sandbox, rest: Rest) -> None:
    everyone = await rest.get(f"{GUILD}/members?limit=1000")
    found = await rest.get(f"{GUILD}/members/search?query=FE")

    assert len(everyone.body) == 5
    assert [member["user"]["id"] for member in found.body] == [str(seed.FERN)]
    assert (await rest.get(f"{GUILD}/members/{seed.MAX}")).body["roles"] == [str(seed.MODERATOR)]
    sandbox.discord.world.application.guild_members = False
    assert (await rest.get(f"{GUILD}/members?limit=1000")).code == 50001


async def test_roles_are_made_given_taken_and_removed(sandbox: Sandbox, rest: Rest) -> None:
    assert (await rest.call("POST", f"{GUILD}/roles", {"name": "Guest"})).code == 50013
    allow(sandbox, permissions.MANAGE_ROLES)

    role = (await rest.call("POST", f"{GUILD}/roles", {"name": "Guest", "color": 255})).body
    path = f"{GUILD}/members/{seed.JUNO}/roles/{role['id']}"
    given = await rest.call("PUT", path)
    renamed = await rest.call("PATCH", f"{GUILD}/roles/{role['id']}", {"name": "Visitor"})
    has = (await rest.get(f"{GUILD}/members/{seed.JUNO}")).body["roles"]
    taken = await rest.call("DELETE", path)
    gone = await rest.call("DELETE", f"{GUILD}/roles/{role['id']}")

    assert (given.status, taken.status, gone.status) == (204, 204, 204)
    assert renamed.body["name"] == "Visitor"
    assert has == [role["id"]]


async def test_a_timeout_silences_a_member_until_it_ends(sandbox: Sandbox, rest: Rest) -> None:
    allow(sandbox, permissions.MODERATE_MEMBERS)
    world = sandbox.discord.world
    until = (sandbox.clock.now() + timedelta(minutes=5)).isoformat()

    answer = await rest.call(
        "PATCH", f"{GUILD}/members/{seed.JUNO}", {"communication_disabled_until": until}
    )
    silenced = permissions.granted_in(world, world.channel(seed.VIDEOS), seed.JUNO)
    sandbox.clock.advance(301)
    free = permissions.granted_in(world, world.channel(seed.VIDEOS), seed.JUNO)

    assert answer.status == 200
    assert silenced == permissions.READING
    assert free & permissions.SEND_MESSAGES


async def test_no_one_touches_who_stands_above(sandbox: Sandbox, rest: Rest) -> None:
    role = sandbox.discord.world.guild(seed.GUILD_ID).roles[seed.BOT_ROLE]
    role.permissions |= permissions.KICK_MEMBERS

    assert (await rest.call("DELETE", f"{GUILD}/members/{seed.MAX}")).code == 50013
    assert (await rest.call("DELETE", f"{GUILD}/members/{seed.JUNO}")).status == 204
    assert (await rest.get(f"{GUILD}/members/{seed.JUNO}")).code == 10007


async def test_the_bot_names_itself(rest: Rest) -> None:
    answer = await rest.call("PATCH", f"{GUILD}/members/@me", {"nick": "Projector"})

    assert answer.body["nick"] == "Projector"


async def test_channels_are_made_changed_and_removed(sandbox: Sandbox, rest: Rest) -> None:
    assert (await rest.call("POST", f"{GUILD}/channels", {"name": "x"})).code == 50013
    allow(sandbox, permissions.MANAGE_CHANNELS | permissions.MANAGE_ROLES)

    made = await rest.call("POST", f"{GUILD}/channels", {"name": "Dailies Room", "topic": "t"})
    path = f"/channels/{made.body['id']}"
    changed = await rest.call("PATCH", path, {"nsfw": True, "rate_limit_per_user": 5})
    overwrite = f"{path}/permissions/{seed.GUILD_ID}"
    set_ = await rest.call("PUT", overwrite, {"type": 0, "deny": 2048})
    unset = await rest.call("DELETE", overwrite)
    gone = await rest.call("DELETE", path)

    assert (made.status, made.body["name"]) == (201, "dailies-room")
    assert (changed.body["nsfw"], changed.body["rate_limit_per_user"]) == (True, 5)
    assert (set_.status, unset.status, gone.status) == (204, 204, 200)
    assert (await rest.get(path)).code == 10003


async def test_who_takes_no_direct_messages_or_shares_no_guild_is_sent_none(
    rest: Rest, sandbox: Sandbox, session: Session
) -> None:
    opened = await rest.call("POST", "/users/@me/channels", {"recipient_id": str(seed.JUNO)})
    folder, member = f"/channels/{opened.body['id']}/messages", f"{GUILD}/members/{seed.JUNO}"
    crowd = crowd_of(sandbox, session)

    await crowd.done("PATCH", member, {"direct_messages": False})
    closed = await rest.call("POST", folder, {"content": "hello"})
    await crowd.done("PATCH", member, {"direct_messages": True})
    taken = await rest.call("POST", folder, {"content": "hello"})
    await crowd.done("DELETE", member)
    gone = await rest.call("POST", folder, {"content": "hello"})

    assert (opened.status, closed.status, closed.code) == (200, 403, 50007)
    assert taken.status == 200
    assert (gone.status, gone.code) == (403, 50278)


async def test_a_direct_channel_is_opened_once_and_takes_messages(rest: Rest) -> None:
    first = await rest.call("POST", "/users/@me/channels", {"recipient_id": str(seed.FERN)})
    second = await rest.call("POST", "/users/@me/channels", {"recipient_id": str(seed.FERN)})

    assert first.body == second.body
    sent = await rest.sent(first.body["id"], {"content": "Your video is ready"})
    assert "guild_id" not in sent
    assert (await rest.get(f"/channels/{first.body['id']}")).body["recipients"][0]["id"] == str(
        seed.FERN
    )


async def test_pins_are_listed_by_both_addresses(sandbox: Sandbox, rest: Rest) -> None:
    allow(sandbox, permissions.MANAGE_MESSAGES)
    sent = await rest.sent(seed.VIDEOS, {"content": "keep"})
    folder = f"/channels/{seed.VIDEOS}"

    await rest.call("PUT", f"{folder}/messages/pins/{sent['id']}")
    new = await rest.get(f"{folder}/messages/pins")
    old = await rest.get(f"{folder}/pins")
    await rest.call("DELETE", f"{folder}/pins/{sent['id']}")

    assert [item["message"]["id"] for item in new.body["items"]] == [sent["id"]]
    assert [item["id"] for item in old.body] == [sent["id"]]
    assert (await rest.get(f"{folder}/pins")).body == []


async def test_typing_and_the_gateways_address_are_answered(rest: Rest) -> None:
    assert (await rest.call("POST", f"/channels/{seed.VIDEOS}/typing")).status == 204
    gateway = (await rest.get("/gateway/bot")).body
    assert gateway["url"].startswith("ws://127.0.0.1:")
    assert gateway["session_start_limit"]["max_concurrency"] >= 1
    assert (await rest.get("/gateway")).body == {"url": gateway["url"]}


async def test_a_guild_is_renamed_by_anyone_who_may(sandbox: Sandbox, rest: Rest) -> None:
    assert (await rest.call("PATCH", GUILD, {"name": "Mine"})).code == 50013
    allow(sandbox, permissions.MANAGE_GUILD)

    assert (await rest.call("PATCH", GUILD, {"name": "Ours"})).body["name"] == "Ours"


async def test_a_bot_that_leaves_knows_the_guild_no_more(rest: Rest) -> None:
    assert (await rest.call("DELETE", f"/users/@me/guilds/{seed.GUILD_ID}")).status == 204
    assert (await rest.get(GUILD)).code == 10004
