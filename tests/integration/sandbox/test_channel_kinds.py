"""The kind: what a channel of each type has. Fields that clients insist on, their ranges by type and
by boosts, the tags of forums, and the posts in them."""

import aiohttp
import pytest

from sandbox.app import Sandbox
from sandbox.discord import seed
from tests.integration.sandbox.crowd import crowd_of
from tests.integration.sandbox.rest import Json, Rest
from tests.integration.sandbox.wire import listening

GUILD = f"/guilds/{seed.GUILD_ID}"
TALKING: Json = {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
FORUM: Json = {
    "available_tags": [],
    "default_reaction_emoji": None,
    "default_sort_order": None,
    "default_forum_layout": 0,
}


@pytest.fixture
async def manager(sandbox: Sandbox, session: aiohttp.ClientSession, rest: Rest) -> Rest:
    """The bot, as an administrator."""
    path = f"{GUILD}/roles/{seed.BOT_ROLE}"
    await crowd_of(sandbox, session).done("PATCH", path, {"permissions": "8"})
    return rest


async def made(rest: Rest, kind: int, **more: object) -> Json:
    answer = await rest.call("POST", f"{GUILD}/channels", {"name": "place", "type": kind, **more})
    assert answer.status == 201, answer.body
    channel: Json = answer.body
    return channel


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (0, {"topic": None, "default_thread_rate_limit_per_user": 0}),
        (2, TALKING),
        (4, {"position": 6}),
        (5, {"topic": None}),
        (13, {**TALKING, "topic": None}),
        (15, FORUM),
    ],
)
async def test_a_channel_has_what_its_type_has_wherever_it_is_read(
    sandbox: Sandbox, session: aiohttp.ClientSession, manager: Rest, kind: int, fields: Json
) -> None:
    async with listening(sandbox, session) as wire:
        channel = await made(manager, kind)
        told = await wire.until("CHANNEL_CREATE")
    async with listening(sandbox, session) as wire:
        guild = next(item["d"] for item in wire.seen if item["t"] == "GUILD_CREATE")
    listed = (await manager.get(f"{GUILD}/channels")).body
    read = (await manager.get(f"/channels/{channel['id']}")).body
    in_guild = next(item for item in guild["channels"] if item["id"] == channel["id"])
    for found in (channel, told, listed[-1], read, in_guild):
        assert fields.items() <= found.items()
    if kind not in {2, 13}:
        assert "bitrate" not in channel


async def test_what_is_set_comes_back(manager: Rest) -> None:
    voice = await made(manager, 2, bitrate=96000, user_limit=5, rtc_region="rotterdam")
    path = f"/channels/{voice['id']}"
    changed = await manager.call("PATCH", path, {"video_quality_mode": 2, "user_limit": 99})
    assert changed.body["bitrate"] == 96000
    assert changed.body["rtc_region"] == "rotterdam"
    assert changed.body["video_quality_mode"] == 2
    assert changed.body["user_limit"] == 99
    again = await manager.call("PATCH", path, {"rtc_region": None, "bitrate": None})
    assert (again.body["rtc_region"], again.body["bitrate"]) == (None, 64000)


@pytest.mark.parametrize(
    ("kind", "field", "value", "code"),
    [
        (2, "bitrate", 7999, "NUMBER_TYPE_MIN"),
        (2, "bitrate", 96001, "NUMBER_TYPE_MAX"),
        (13, "bitrate", 64001, "NUMBER_TYPE_MAX"),
        (2, "user_limit", 100, "NUMBER_TYPE_MAX"),
        (13, "user_limit", 10001, "NUMBER_TYPE_MAX"),
        (2, "video_quality_mode", 3, "BASE_TYPE_CHOICES"),
        (15, "default_forum_layout", 3, "BASE_TYPE_CHOICES"),
        (15, "default_sort_order", 2, "BASE_TYPE_CHOICES"),
        (0, "default_auto_archive_duration", 61, "BASE_TYPE_CHOICES"),
        (0, "default_thread_rate_limit_per_user", 21601, "NUMBER_TYPE_MAX"),
        (15, "available_tags", [{"name": "x"}] * 21, "BASE_TYPE_BAD_LENGTH"),
    ],
)
async def test_what_is_out_of_range_is_refused_by_its_field(
    manager: Rest, kind: int, field: str, value: object, code: str
) -> None:
    payload = {"name": "place", "type": kind, field: value}
    refused = await manager.call("POST", f"{GUILD}/channels", payload)
    assert (refused.status, refused.fault(field)) == (400, code)


async def test_boosts_raise_the_bitrate(sandbox: Sandbox, manager: Rest) -> None:
    sandbox.discord.world.guild(seed.GUILD_ID).premium_tier = 3
    assert (await made(manager, 2, bitrate=384000))["bitrate"] == 384000


@pytest.mark.undocumented
async def test_a_field_of_another_type_is_ignored(manager: Rest) -> None:
    channel = await made(manager, 0, bitrate=1, user_limit=-1, available_tags="x")
    assert "bitrate" not in channel


async def forum_with_tags(rest: Rest, **more: object) -> Json:
    tags = [{"name": "fox", "emoji_name": "🦊"}, {"name": "staff", "moderated": True}]
    return await made(rest, 15, available_tags=tags, **more)


async def test_a_post_is_a_thread_with_the_message_that_opens_it(
    sandbox: Sandbox, session: aiohttp.ClientSession, manager: Rest
) -> None:
    forum = await forum_with_tags(manager, default_auto_archive_duration=60)
    fox = forum["available_tags"][0]
    assert (fox["name"], fox["emoji_name"], fox["moderated"]) == ("fox", "🦊", False)
    async with listening(sandbox, session) as wire:
        post = await manager.call(
            "POST",
            f"/channels/{forum['id']}/threads",
            {"name": "My fox", "message": {"content": "Look"}, "applied_tags": [fox["id"]]},
            files={"fox.png": b"picture"},
        )
        told = await wire.until("THREAD_CREATE")
        opening = await wire.until("MESSAGE_CREATE")
    thread = post.body
    assert post.status == 201
    assert (thread["type"], thread["parent_id"]) == (11, forum["id"])
    assert thread["applied_tags"] == [fox["id"]]
    assert thread["thread_metadata"]["auto_archive_duration"] == 60
    assert thread["message"]["id"] == thread["id"] == opening["id"]
    assert thread["message"]["attachments"][0]["filename"] == "fox.png"
    assert (thread["message_count"], thread["total_message_sent"]) == (0, 0)
    assert (told["id"], told["newly_created"]) == (thread["id"], True)
    await manager.sent(thread["id"], {"content": "another"})
    assert (await manager.get(f"/channels/{thread['id']}")).body["message_count"] == 1


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        ({"name": "x"}, 400, 50035),
        ({"name": "x", "message": "hello"}, 400, 50035),
        ({"name": "x", "message": {}}, 400, 50006),
        ({"message": {"content": "x"}}, 400, 50035),
        ({"name": "x", "message": {"content": "x"}, "applied_tags": ["5"]}, 404, 10087),
        ({"name": "x", "message": {"content": "x"}, "applied_tags": list("123456")}, 400, 50035),
        ({"name": "x", "message": {"content": "x" * 2001}}, 400, 50035),
    ],
)
async def test_a_post_that_is_refused_leaves_no_thread(
    manager: Rest, payload: Json, status: int, code: int
) -> None:
    forum = await forum_with_tags(manager)
    refused = await manager.call("POST", f"/channels/{forum['id']}/threads", payload)
    assert (refused.status, refused.code) == (status, code)
    assert (await manager.get(f"{GUILD}/threads/active")).body["threads"] == []


async def test_a_forum_may_ask_for_a_tag_and_keep_one_for_moderators(
    sandbox: Sandbox, session: aiohttp.ClientSession, manager: Rest
) -> None:
    forum = await forum_with_tags(manager, flags=1 << 4)
    path, opening = f"/channels/{forum['id']}/threads", {"content": "x"}
    bare = await manager.call("POST", path, {"name": "x", "message": opening})
    assert (bare.status, bare.code) == (400, 40067)
    crowd = crowd_of(sandbox, session)
    role = f"{GUILD}/roles/{seed.BOT_ROLE}"
    await crowd.done("PATCH", role, {"permissions": str(seed.BOT_PERMISSIONS)})
    staff = forum["available_tags"][1]["id"]
    payload = {"name": "x", "message": opening, "applied_tags": [staff]}
    assert (await manager.call("POST", path, payload)).code == 50013


async def test_tags_are_changed_and_keep_their_ids(manager: Rest) -> None:
    forum = await forum_with_tags(manager)
    fox = forum["available_tags"][0]
    path = f"/channels/{forum['id']}"
    tags = [fox | {"name": "vixen"}, {"name": "hen"}]
    changed = (await manager.call("PATCH", path, {"available_tags": tags})).body
    assert [tag["name"] for tag in changed["available_tags"]] == ["vixen", "hen"]
    assert changed["available_tags"][0]["id"] == fox["id"]
    twice = [{"name": "hen"}, {"name": "hen"}]
    refused = await manager.call("PATCH", path, {"available_tags": twice})
    assert (refused.status, refused.code) == (400, 40061)
    payload = {"name": "x", "message": {"content": "x"}, "applied_tags": [fox["id"]]}
    post = (await manager.call("POST", f"{path}/threads", payload)).body
    bare = await manager.call("PATCH", f"/channels/{post['id']}", {"applied_tags": [], "flags": 2})
    assert "applied_tags" not in bare.body
    assert bare.body["flags"] == 2


async def test_a_person_opens_a_post_too(
    sandbox: Sandbox, session: aiohttp.ClientSession, manager: Rest
) -> None:
    forum = await forum_with_tags(manager)
    crowd = crowd_of(sandbox, session)
    body = {"as": str(seed.FERN), "name": "Hens", "content": "Look at them"}
    post = await crowd.done("POST", f"/channels/{forum['id']}/threads", body)
    (opening,) = (await manager.get(f"/channels/{post['id']}/messages")).body
    assert (opening["content"], opening["author"]["username"]) == ("Look at them", "fern")


async def test_nothing_is_posted_beside_the_posts(manager: Rest) -> None:
    forum = await forum_with_tags(manager)
    assert (await manager.send(forum["id"], {"content": "x"})).code == 40058
