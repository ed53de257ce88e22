import aiohttp

from sandbox.app import Sandbox
from sandbox.discord import seed
from sandbox.discord.state.models import Guild, Member, Role
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Rest
from tests.integration.sandbox.wire import (
    CONTENT,
    EVERYTHING,
    GUILDS,
    MEMBERS,
    MESSAGES,
    REACTIONS,
    Wire,
    connected,
    listening,
)

Session = aiohttp.ClientSession


async def heard(wire: Wire) -> list[str]:
    """Everything told so far."""
    before = len(wire.seen)
    await wire.send(1, None)
    await wire.until_op(11)
    return [frame["t"] for frame in wire.seen[before:]]


async def test_a_bot_hears_its_own_messages_with_guild_and_membership(
    sandbox: Sandbox, session: Session, rest: Rest
) -> None:
    async with listening(sandbox, session) as wire:
        sent = await rest.sent(seed.VIDEOS, {"content": "hello"})
        created = await wire.until("MESSAGE_CREATE")
        path = f"/channels/{seed.VIDEOS}/messages/{sent['id']}"
        await rest.call("PATCH", path, {"content": "better"})
        updated = await wire.until("MESSAGE_UPDATE")
        await rest.call("DELETE", path)
        deleted = await wire.until("MESSAGE_DELETE")

    assert created["id"] == sent["id"]
    assert created["guild_id"] == str(seed.GUILD_ID)
    assert created["member"]["roles"] == [str(seed.BOT_ROLE)]
    assert updated["content"] == "better"
    assert deleted == {
        "id": sent["id"],
        "channel_id": str(seed.VIDEOS),
        "guild_id": str(seed.GUILD_ID),
    }


async def test_a_session_hears_only_what_its_intents_name(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with (
        listening(sandbox, session, 0) as nothing,
        listening(sandbox, session, GUILDS) as guilds,
        listening(sandbox, session, GUILDS | REACTIONS) as reactions,
        listening(sandbox, session, GUILDS | MESSAGES) as messages,
        listening(sandbox, session, GUILDS | MEMBERS) as members,
    ):
        message = await crowd.say("hello")
        where = f"/channels/{seed.VIDEOS}/messages/{message['id']}"
        await crowd.done("PUT", f"{where}/reactions/🎬?as={seed.JUNO}")
        guild = f"/guilds/{seed.GUILD_ID}"
        await crowd.done("PATCH", f"{guild}/members/{seed.JUNO}", {"nick": "J"})
        await crowd.done("POST", f"{guild}/roles", {"name": "new"})

        assert await heard(nothing) == []
        assert await heard(guilds) == ["GUILD_ROLE_CREATE"]
        assert await heard(reactions) == ["MESSAGE_REACTION_ADD", "GUILD_ROLE_CREATE"]
        assert await heard(messages) == ["MESSAGE_CREATE", "GUILD_ROLE_CREATE"]
        assert await heard(members) == ["GUILD_MEMBER_UPDATE", "GUILD_ROLE_CREATE"]


async def test_a_bot_hears_of_changes_to_itself_without_the_members_intent(
    sandbox: Sandbox, session: Session
) -> None:
    async with listening(sandbox, session, GUILDS) as wire:
        path = f"/guilds/{seed.GUILD_ID}/members/{seed.APPLICATION_ID}"
        await crowd_of(sandbox, session).done("PATCH", path, {"nick": "Reel"})
        assert (await wire.until("GUILD_MEMBER_UPDATE"))["nick"] == "Reel"


async def test_interactions_need_no_intent(sandbox: Sandbox, session: Session, rest: Rest) -> None:
    await rest.call(
        "POST",
        f"/applications/{seed.APPLICATION_ID}/commands",
        {"name": "ping", "description": "Says pong"},
    )
    async with listening(sandbox, session, 0) as wire:
        payload = {"as": str(seed.JUNO), "channel_id": str(seed.VIDEOS), "command": "ping"}
        address = f"{sandbox.origin}/sandbox/api/interactions/command"
        async with session.post(address, json=payload) as answer:
            assert answer.status == 200
        assert (await wire.until("INTERACTION_CREATE"))["data"]["name"] == "ping"


async def test_message_content_needs_switch_and_intent(sandbox: Sandbox, session: Session) -> None:
    crowd = crowd_of(sandbox, session)
    async with (
        listening(sandbox, session, MESSAGES | CONTENT) as reader,
        listening(sandbox, session, MESSAGES) as listener,
    ):
        await crowd.say("secret")
        assert (await reader.until("MESSAGE_CREATE"))["content"] == "secret"
        assert (await listener.until("MESSAGE_CREATE"))["content"] == ""

        await crowd.say(f"<@{seed.APPLICATION_ID}> look")
        assert "look" in (await listener.until("MESSAGE_CREATE"))["content"]

        await crowd.done("PATCH", "/application", {"message_content": False})
        await crowd.say("more")
        await reader.until("MESSAGE_CREATE")
        assert (await reader.until("MESSAGE_CREATE"))["content"] == ""


async def test_a_bot_hears_nothing_from_where_it_may_not_look(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with listening(sandbox, session) as wire:
        await crowd.say("among us", seed.ADA, seed.STAFF)
        assert await heard(wire) == []


async def test_each_shard_hears_of_its_own_guilds(sandbox: Sandbox, session: Session) -> None:
    world = sandbox.discord.world
    other = Guild(seed.GUILD_ID + (1 << 22), "Other Studio", owner_id=seed.ADA)
    other.roles[other.id] = Role(other.id, "@everyone", 1 << 10)
    bot = world.application.bot
    other.members[bot.id] = Member(bot, world.clock.now())
    world.guilds[other.id] = other
    ids = {(guild_id >> 22) % 2: str(guild_id) for guild_id in (seed.GUILD_ID, other.id)}

    for shard in (0, 1):
        async with connected(sandbox, session) as wire:
            ready = await wire.identify(shard=[shard, 2])
            assert ready["guilds"] == [{"id": ids[shard], "unavailable": True}]
            assert (await wire.until("GUILD_CREATE"))["id"] == ids[shard]
            await crowd_of(sandbox, session).say("hello")
            is_home = ids[shard] == str(seed.GUILD_ID)
            assert await heard(wire) == (["MESSAGE_CREATE"] if is_home else [])


async def test_two_processes_of_one_bot_hear_the_same(sandbox: Sandbox, session: Session) -> None:
    async with listening(sandbox, session) as one, listening(sandbox, session) as two:
        await crowd_of(sandbox, session).say("hello")
        first, second = await one.until("MESSAGE_CREATE"), await two.until("MESSAGE_CREATE")
    assert first == second


async def test_changes_to_the_guild_are_told(sandbox: Sandbox, session: Session) -> None:
    crowd = crowd_of(sandbox, session)
    guild = f"/guilds/{seed.GUILD_ID}"
    async with listening(sandbox, session, EVERYTHING | MEMBERS) as wire:
        await crowd.done("PATCH", guild, {"premium_tier": 2})
        assert (await wire.until("GUILD_UPDATE"))["premium_tier"] == 2
        channel = await crowd.done("POST", f"{guild}/channels", {"name": "new"})
        assert (await wire.until("CHANNEL_CREATE"))["id"] == channel["id"]
        await crowd.done("PATCH", f"/channels/{channel['id']}", {"topic": "things"})
        assert (await wire.until("CHANNEL_UPDATE"))["topic"] == "things"
        thread = {"as": str(seed.ADA), "name": "aside"}
        made = await crowd.done("POST", f"/channels/{channel['id']}/threads", thread)
        assert (await wire.until("THREAD_CREATE"))["id"] == made["id"]
        await crowd.done("DELETE", f"/channels/{channel['id']}")
        assert (await wire.until("CHANNEL_DELETE"))["id"] == channel["id"]
        member = await crowd.done("POST", f"{guild}/members", {"username": "nova"})
        assert (await wire.until("GUILD_MEMBER_ADD"))["user"]["username"] == "nova"
        await crowd.done("DELETE", f"{guild}/members/{member['user']['id']}")
        assert (await wire.until("GUILD_MEMBER_REMOVE"))["user"] == {
            key: value for key, value in member["user"].items() if key != "premium_type"
        }


async def test_a_bot_that_is_removed_is_told_that_the_guild_is_gone(
    sandbox: Sandbox, session: Session
) -> None:
    crowd = crowd_of(sandbox, session)
    async with listening(sandbox, session) as wire:
        await crowd.done("DELETE", f"/guilds/{seed.GUILD_ID}/members/{seed.APPLICATION_ID}")
        assert await wire.until("GUILD_DELETE") == {"id": str(seed.GUILD_ID)}
        await crowd.say("alone")
        assert await heard(wire) == []
