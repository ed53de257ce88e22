"""Whose roles count, whatever discord.py has in its cache.

The kind: a role that a member has, and the cache does not. Between READY and GUILD_CREATE a server
has no roles there; an outage of a server leaves it like that for minutes; a role that was made a
moment ago may be given before its event arrives. An interaction and a reaction both name the ids.
"""

from typing import Any, cast

import discord
import pytest

from bot.errors import InvalidRequestError
from bot.ids import ChannelId
from cogs._shared.interactions import (
    ensure_may_post,
    is_moderator,
    may_moderate,
    place_of,
    roles_of,
)

GUILD, MEMBER, OTHER = 1_000, 2_000, 2_001
KNOWN, UNKNOWN = 3_000, 3_001


def member(user_id: int, *roles: int) -> Any:
    user = {"id": str(user_id), "username": "fern", "discriminator": "0", "avatar": None}
    given = [str(role) for role in roles]
    return {"user": user, "roles": given, "joined_at": None, "flags": 0, "permissions": "0"}


@pytest.fixture
def client():
    """A client as READY leaves it: its server is named, and nothing of it is known."""
    client = discord.Client(intents=discord.Intents.none())
    state = client._connection
    user = {"id": "9", "username": "showreel", "discriminator": "0", "avatar": None}
    state.user = discord.ClientUser(state=state, data=cast(Any, user))
    state._add_guild_from_data(cast(Any, {"id": str(GUILD), "unavailable": True}))
    return client


def learn(client, role_id):
    """A role's GUILD_ROLE_CREATE arrives."""
    colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    role = {"id": str(role_id), "name": "a", "permissions": "0", "position": 1, "colors": colors}
    role |= {"color": 0, "hoist": False, "managed": False, "mentionable": False, "flags": 0}
    client._connection.parse_guild_role_create({"guild_id": str(GUILD), "role": role})


def interaction(client, user_id, *roles, resolved=None, permissions=0):
    data: dict[str, Any] = {
        "id": "1",
        "type": 2,
        "token": "t",
        "version": 1,
        "application_id": "9",
        "guild_id": str(GUILD),
        "channel": {"id": "77", "type": 0, "name": "a", "position": 0},
        "attachment_size_limit": 10,
        "member": member(user_id, *roles),
        "data": {"id": "5", "name": "video", "type": 1},
    }
    if resolved is not None:
        users = {str(resolved): member(resolved)["user"]}
        members = {str(resolved): member(resolved, UNKNOWN)}
        data["data"]["resolved"] = {"users": users, "members": members}
    data["member"]["permissions"] = str(permissions)
    return discord.Interaction(data=cast(Any, data), state=client._connection)


async def reaction(client, user_id, *roles):
    """The event that listeners are handed."""
    heard: list[Any] = []
    client._connection.dispatch = lambda _name, *given: heard.append(given[0])
    client._connection.parse_message_reaction_add(
        {
            "user_id": str(user_id),
            "channel_id": "77",
            "message_id": "88",
            "guild_id": str(GUILD),
            "member": member(user_id, *roles),
            "emoji": {"id": None, "name": "🎬"},
            "burst": False,
            "type": 0,
        }
    )
    return heard[0]


@pytest.mark.parametrize("known", [(), (KNOWN,)], ids=["before GUILD_CREATE", "a newer role"])
async def test_roles_count_that_are_not_in_the_cache(client, known):
    for role_id in known:
        learn(client, role_id)
    asked = interaction(client, MEMBER, KNOWN, UNKNOWN)
    assert {role.id for role in asked.user.roles if role} != {KNOWN, UNKNOWN}  # as described above
    assert place_of(asked).role_ids == {KNOWN, UNKNOWN}
    assert roles_of((await reaction(client, MEMBER, KNOWN, UNKNOWN)).member) == {KNOWN, UNKNOWN}


async def test_a_member_without_roles_has_none_of_anothers(client):
    interaction(client, OTHER, KNOWN)
    assert place_of(interaction(client, MEMBER)).role_ids == frozenset()
    assert roles_of(client.user) == frozenset()


async def test_the_roles_of_a_member_that_a_command_names_count_too(client):
    asked = interaction(client, MEMBER, KNOWN, resolved=OTHER)
    resolved: Any = asked.data
    users = discord.app_commands.namespace.Namespace._get_resolved_items(
        asked, resolved["resolved"]
    )
    named = [value for value in users.values() if isinstance(value, discord.Member)]
    assert [roles_of(one) for one in named] == [{UNKNOWN}]


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize(
    "lacking",
    ["view_channel", "send_messages", "embed_links", "attach_files", "read_message_history"],
)
def test_each_permission_that_a_post_needs_is_named_where_it_is_missing(lacking, thread):
    flag = "send_messages_in_threads" if thread and lacking == "send_messages" else lacking
    permissions = discord.Permissions.all()
    permissions.update(**{flag: False})

    with pytest.raises(InvalidRequestError) as refused:
        ensure_may_post(permissions, thread=thread)

    [reason] = refused.value.reasons
    named = " ".join(word.capitalize() for word in flag.split("_")).replace(" In ", " in ")
    assert named in reason


@pytest.mark.parametrize("thread", [False, True])
def test_where_nothing_is_missing_a_video_may_be_requested(thread):
    ensure_may_post(discord.Permissions.all(), thread=thread)


VIEW, MODERATE = 1 << 10, 1 << 13
HERE, OPEN, HIDDEN, THREAD, LOST, GONE = 77, 78, 79, 80, 81, 82


def overwrite(who, *, is_member, allow=0, deny=0):
    return {"id": str(who), "type": int(is_member), "allow": str(allow), "deny": str(deny)}


def text_channel(channel_id, *overwrites):
    return {
        "id": str(channel_id),
        "type": 0,
        "name": "a",
        "position": 0,
        "permission_overwrites": list(overwrites),
    }


def thread(thread_id, parent_id):
    details = {"archived": False, "auto_archive_duration": 60, "locked": False}
    times = {"archive_timestamp": "2026-01-01T00:00:00+00:00"}
    return {
        "id": str(thread_id),
        "type": 11,
        "name": "a",
        "parent_id": str(parent_id),
        "owner_id": str(OTHER),
        "message_count": 1,
        "member_count": 1,
        "thread_metadata": details | times,
    }


def in_server(client, *, moderates_all):
    """An interaction of a member who may delete messages in its channel, or in all of them."""
    rights = VIEW | (MODERATE if moderates_all else 0)
    colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    role = {"id": str(KNOWN), "name": "a", "permissions": str(rights), "position": 1}
    role |= {"color": 0, "hoist": False, "managed": False, "mentionable": False, "flags": 0}
    everyone = role | {"id": str(GUILD), "permissions": str(VIEW), "colors": colors}
    hidden = text_channel(HIDDEN, overwrite(GUILD, is_member=False, deny=VIEW))
    own = text_channel(HERE, overwrite(MEMBER, is_member=True, allow=MODERATE))
    guild: dict[str, Any] = {"id": str(GUILD), "name": "a", "owner_id": str(OTHER), "emojis": []}
    guild |= {"roles": [everyone, role | {"colors": colors}], "stickers": [], "features": []}
    guild |= {"channels": [own, text_channel(OPEN), hidden], "member_count": 2, "members": []}
    guild |= {"threads": [thread(THREAD, OPEN), thread(LOST, GONE)]}
    client._connection._add_guild_from_data(guild)
    return interaction(client, MEMBER, KNOWN, permissions=VIEW | MODERATE)


@pytest.mark.parametrize(
    ("channel_id", "of_all", "of_one"),
    [
        (HERE, True, True),
        (OPEN, True, False),
        (THREAD, True, False),
        (HIDDEN, False, False),  # even a moderator of all others sees nothing of it
        (LOST, True, False),
        (GONE, True, False),
    ],
)
def test_who_moderates_one_channel_moderates_no_other(client, channel_id, of_all, of_one):
    for moderates_all, expected in ((True, of_all), (False, of_one)):
        asked = in_server(client, moderates_all=moderates_all)
        assert may_moderate(asked, ChannelId(channel_id)) is expected


@pytest.mark.parametrize("moderates_all", [True, False])
def test_who_moderates_one_channel_moderates_no_server(client, moderates_all):
    asked = in_server(client, moderates_all=moderates_all)

    assert asked.permissions.manage_messages
    assert is_moderator(asked.user) is moderates_all
