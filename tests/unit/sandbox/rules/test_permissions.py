from datetime import UTC, datetime, timedelta

import pytest

from sandbox.discord.rules import permissions
from sandbox.discord.state.models import (
    Channel,
    Guild,
    Member,
    Overwrite,
    Role,
    Thread,
    User,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EVERYONE, STAFF, OWNER, ANYONE = 1, 2, 10, 11
SEND, VIEW = permissions.SEND_MESSAGES, permissions.VIEW_CHANNEL


def guild_with(member: Member) -> Guild:
    guild = Guild(EVERYONE, "Guild", owner_id=OWNER)
    guild.roles = {
        EVERYONE: Role(EVERYONE, "@everyone", permissions.EVERYONE),
        STAFF: Role(STAFF, "Staff", permissions.MANAGE_MESSAGES, position=3),
    }
    guild.members[member.user.id] = member
    return guild


def member(user_id: int = ANYONE, *roles: int) -> Member:
    return Member(User(user_id, "someone"), NOW, set(roles))


def channel(*overwrites: Overwrite, **fields: object) -> Channel:
    found = Channel(5, EVERYONE, 0, "videos", overwrites={item.id: item for item in overwrites})
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def granted(someone: Member, where: Channel) -> int:
    guild = guild_with(someone)
    return permissions.channel_permissions(guild, where, someone, NOW)


def test_roles_add_up() -> None:
    assert granted(member(ANYONE, STAFF), channel()) & permissions.MANAGE_MESSAGES
    assert not granted(member(), channel()) & permissions.MANAGE_MESSAGES


def test_the_owner_may_everything_everywhere() -> None:
    assert granted(member(OWNER), channel(Overwrite(EVERYONE, 0, deny=VIEW))) == permissions.ALL


def test_an_administrator_is_stopped_by_no_overwrite() -> None:
    someone = member(ANYONE, STAFF)
    guild = guild_with(someone)
    guild.roles[STAFF].permissions = permissions.ADMINISTRATOR
    hidden = channel(Overwrite(EVERYONE, 0, deny=VIEW), Overwrite(ANYONE, 1, deny=VIEW))

    found = permissions.channel_permissions(guild, hidden, someone, NOW)

    assert found == permissions.ALL


@pytest.mark.parametrize(
    ("overwrites", "may_send"),
    [
        ([Overwrite(EVERYONE, 0, deny=SEND)], False),
        ([Overwrite(EVERYONE, 0, deny=SEND), Overwrite(STAFF, 0, allow=SEND)], True),
        ([Overwrite(STAFF, 0, allow=SEND), Overwrite(ANYONE, 1, deny=SEND)], False),
        ([Overwrite(STAFF, 0, deny=SEND), Overwrite(ANYONE, 1, allow=SEND)], True),
    ],
    ids=["everyone", "a role over everyone", "the member over a role", "and back"],
)
def test_the_narrower_overwrite_wins(overwrites: list[Overwrite], may_send: bool) -> None:
    assert bool(granted(member(ANYONE, STAFF), channel(*overwrites)) & SEND) is may_send


def test_who_cannot_see_a_channel_can_do_nothing_in_it() -> None:
    assert granted(member(), channel(Overwrite(EVERYONE, 0, deny=VIEW))) == 0


def test_who_cannot_send_cannot_attach_either() -> None:
    found = granted(member(), channel(Overwrite(EVERYONE, 0, deny=SEND)))

    assert not found & permissions.ATTACH_FILES
    assert found & VIEW


def test_a_timeout_leaves_reading() -> None:
    someone = member()
    someone.timed_out_until = NOW + timedelta(seconds=1)

    assert granted(someone, channel()) == permissions.READING


def test_a_thread_takes_the_permissions_of_its_channel() -> None:
    someone = member()
    guild = guild_with(someone)
    guild.channels[5] = channel(Overwrite(EVERYONE, 0, deny=SEND))
    thread = Channel(6, EVERYONE, 11, "thread", parent_id=5, thread=Thread(OWNER, 60, NOW))

    found = permissions.channel_permissions(guild, thread, someone, NOW)

    assert not found & SEND
    assert found & permissions.SEND_MESSAGES_IN_THREADS
    assert found & permissions.ATTACH_FILES
