"""Whether a message may be posted or edited where it is, what a post does to its channel, and typing."""

from datetime import datetime, timedelta

from sandbox.discord import errors
from sandbox.discord.payloads import channel_json, iso, member_json, partial_member_json, user_json
from sandbox.discord.rules import permissions
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import Channel, Json, Message
from sandbox.discord.state.world import World

TEXT, DIRECT, VOICE, CATEGORY, NEWS, FORUM, MEDIA = 0, 1, 2, 4, 5, 15, 16
_WRITABLE = {TEXT, DIRECT, VOICE, NEWS, 10, 11, 12, 13}
_NOT_SLOWED = (
    permissions.MANAGE_MESSAGES | permissions.MANAGE_CHANNELS | permissions.BYPASS_SLOWMODE
)
_OLD = timedelta(hours=1)
_OLD_EDITS_WINDOW = timedelta(hours=1)
_OLD_EDITS = 10  # Discord does not publish its number; a bot must not live off old edits


def check_may_post(
    world: World, channel: Channel, author_id: int, *, has_files: bool, has_embeds: bool
) -> None:
    """Raise what keeps this user from posting here."""
    needed = permissions.SEND_MESSAGES_IN_THREADS if channel.thread else permissions.SEND_MESSAGES
    needed |= permissions.ATTACH_FILES if has_files else 0
    needed |= permissions.EMBED_LINKS if has_embeds else 0
    permissions.require(world, channel, author_id, permissions.VIEW_CHANNEL)
    if channel.type in {FORUM, MEDIA}:
        raise errors.forum_needs_thread()
    if channel.type not in _WRITABLE:
        raise errors.wrong_channel_type()
    permissions.require(world, channel, author_id, needed)
    if channel.type == DIRECT:
        _check_takes_direct(world, channel, author_id)
    _check_not_locked(world, channel, author_id)
    _check_slowmode(world, channel, author_id)


def _check_takes_direct(world: World, channel: Channel, author_id: int) -> None:
    """A person takes the bot's messages by a common guild, or having installed the application."""
    recipient_id, bot_id = world.direct_channels[channel.id][1], world.application.bot.id
    if author_id != bot_id or recipient_id in world.application.user_installs:
        return
    guilds = [one for one in world.guilds.values() if bot_id in one.members]
    members = [one.members[recipient_id] for one in guilds if recipient_id in one.members]
    if not members:
        raise errors.no_mutual_guild()
    if not any(member.takes_direct_messages for member in members):
        raise errors.cannot_message_user()


def _check_slowmode(world: World, channel: Channel, author_id: int) -> None:
    """Slowmode exempts bots and managers of the channel or its messages."""
    exempt = bool(permissions.granted_in(world, channel, author_id) & _NOT_SLOWED)
    if not channel.slowmode_seconds or exempt or world.user(author_id).bot:
        return
    posted = (item for item in world.history(channel.id).values() if item.author.id == author_id)
    last = max((item.created_at for item in posted), default=None)
    if last is None:
        return
    wait = channel.slowmode_seconds - (world.clock.now() - last).total_seconds()
    if wait > 0:
        raise errors.slowed_down(round(wait, 3))


def _check_not_locked(world: World, channel: Channel, author_id: int) -> None:
    if channel.thread is None or not channel.thread.locked:
        return
    if permissions.granted_in(world, channel, author_id) & permissions.MANAGE_THREADS:
        return
    raise errors.thread_is_archived() if channel.thread.archived else errors.thread_is_locked()


def check_may_edit(world: World, message: Message, editor_id: int, form: Json) -> None:
    """Only the author edits; a moderator may suppress embeds; archived threads stand still."""
    channel = world.channel(message.channel_id)
    permissions.require(world, channel, editor_id, permissions.VIEW_CHANNEL)
    if message.author.id != editor_id:
        if set(form) - {"flags"}:
            raise errors.not_the_author()
        permissions.require(world, channel, editor_id, permissions.MANAGE_MESSAGES)
    if channel.thread is not None and channel.thread.archived:
        raise errors.thread_is_archived()


def note_post(world: World, channel: Channel, message: Message) -> None:
    """Move the channel on: last message; in a thread also its count, its members, its awakening."""
    channel.last_message_id = message.id
    thread = channel.thread
    if thread is None:
        return
    if message.id != channel.id:  # the message that opens a forum's post is not counted
        thread.message_count += 1
    if message.author.id not in thread.member_ids:
        add_to_thread(world, channel, message.author.id)
    if thread.archived:
        thread.archived = False
        thread.archived_at = message.created_at
        publish_thread(world, "THREAD_UPDATE", channel)


def add_to_thread(world: World, channel: Channel, user_id: int) -> None:
    """Make the user a member of the thread and tell its watchers."""
    if channel.thread is None:
        raise errors.wrong_kind_of_channel()
    channel.thread.member_ids.add(user_id)
    publish_thread_members(world, channel, added=[user_id], removed=[])


def publish_thread_members(
    world: World, channel: Channel, *, added: list[int], removed: list[int]
) -> None:
    thread = channel.thread
    if thread is None:
        raise errors.wrong_kind_of_channel()
    world.bus.publish_data(
        "THREAD_MEMBERS_UPDATE",
        {
            "id": str(channel.id),
            "guild_id": str(channel.guild_id),
            "member_count": len(thread.member_ids),
            "added_members": [_thread_member(world, channel, user_id) for user_id in added],
            "removed_member_ids": [str(user_id) for user_id in removed],
        },
        guild_id=channel.guild_id,
        channel_id=channel.id,
    )


def _thread_member(world: World, channel: Channel, user_id: int) -> Json:
    data: Json = {
        "id": str(channel.id),
        "user_id": str(user_id),
        "join_timestamp": iso(world.clock.now()),
        "flags": 1,
        "presence": None,
    }
    if (member := world.find_member(channel.guild_id, user_id)) is not None:
        data["member"] = partial_member_json(member) | {"user": user_json(member.user)}
    return data


def publish_thread(world: World, name: str, channel: Channel) -> None:
    """Publish THREAD_CREATE, of a thread that was just made, or THREAD_UPDATE."""
    extra: Json = {"newly_created": True} if name == "THREAD_CREATE" else {}
    world.bus.publish(
        Event(
            name,
            lambda viewer: channel_json(world, channel, viewer.user_id) | extra,
            guild_id=channel.guild_id,
            channel_id=channel.id,
        )
    )


class OldEdits:
    """Counts, per channel, edits of messages that are older than an hour."""

    def __init__(self) -> None:
        self._edits: dict[int, list[datetime]] = {}

    def check(self, message: Message, now: datetime) -> None:
        """Note an edit; raises 30046 after too many of old messages."""
        if now - message.created_at <= _OLD:
            return
        recent = [
            at for at in self._edits.get(message.channel_id, []) if now - at < _OLD_EDITS_WINDOW
        ]
        if len(recent) >= _OLD_EDITS:
            raise errors.too_many_old_edits((recent[0] + _OLD_EDITS_WINDOW - now).total_seconds())
        self._edits[message.channel_id] = [*recent, now]


def publish_typing(world: World, channel: Channel, user_id: int) -> None:
    """Publish TYPING_START; requires the permission to write here."""
    needed = permissions.SEND_MESSAGES_IN_THREADS if channel.thread else permissions.SEND_MESSAGES
    permissions.require(world, channel, user_id, needed)
    data: Json = {
        "channel_id": str(channel.id),
        "user_id": str(user_id),
        "timestamp": int(world.clock.now().timestamp()),
    }
    if (member := world.find_member(channel.guild_id, user_id)) is not None:
        data |= {"guild_id": str(channel.guild_id), "member": member_json(member)}
    world.bus.publish_data(
        "TYPING_START", data, guild_id=channel.guild_id or None, channel_id=channel.id
    )
