"""Channels and threads as JSON."""

from sandbox.discord.payloads.users import iso, user_json
from sandbox.discord.rules.channel_kinds import fields_of
from sandbox.discord.state.models import (
    Channel,
    Json,
    Overwrite,
    Thread,
)
from sandbox.discord.state.snowflakes import created_at
from sandbox.discord.state.world import World


def _id(value: int | None) -> str | None:
    return str(value) if value is not None else None


def overwrite_json(overwrite: Overwrite) -> Json:
    return {
        "id": str(overwrite.id),
        "type": overwrite.type,
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }


def channel_json(world: World, channel: Channel, viewer_id: int | None = None) -> Json:
    """A guild channel, a thread or a direct channel; a thread carries the viewer's membership."""
    if channel.guild_id == 0:
        return _direct_json(world, channel)
    if channel.thread is not None:
        return thread_json(channel, channel.thread, viewer_id)
    return _common(channel) | {
        **fields_of(channel),
        "position": channel.position,
        "permission_overwrites": [overwrite_json(item) for item in channel.overwrites.values()],
        "nsfw": channel.nsfw,
        "topic": channel.topic,
    }


def _common(channel: Channel) -> Json:
    return {
        "id": str(channel.id),
        "type": channel.type,
        "flags": channel.flags,
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "parent_id": _id(channel.parent_id),
        "last_message_id": _id(channel.last_message_id),
        "last_pin_timestamp": iso(channel.last_pin_at),
        "rate_limit_per_user": channel.slowmode_seconds,
    }


def _direct_json(world: World, channel: Channel) -> Json:
    recipient = world.user(world.direct_channels[channel.id][1])
    return {
        "id": str(channel.id),
        "type": 1,
        "flags": 0,
        "last_message_id": _id(channel.last_message_id),
        "last_pin_timestamp": iso(channel.last_pin_at),
        "recipients": [user_json(recipient)],
    }


def thread_json(channel: Channel, thread: Thread, viewer_id: int | None = None) -> Json:
    data = _common(channel) | {
        "owner_id": str(thread.owner_id),
        "message_count": thread.message_count,
        "member_count": min(len(thread.member_ids), 50),
        "total_message_sent": thread.message_count,
        "thread_metadata": {
            "archived": thread.archived,
            "archive_timestamp": iso(thread.archived_at),
            "auto_archive_duration": thread.auto_archive_minutes,
            "locked": thread.locked,
            "create_timestamp": iso(created_at(channel.id)),
        },
    }
    if thread.applied_tags:
        data["applied_tags"] = [str(tag) for tag in thread.applied_tags]
    if channel.type == 12:
        data["thread_metadata"]["invitable"] = thread.invitable
    if viewer_id in thread.member_ids:
        data["member"] = thread_member_json(channel, viewer_id or 0)
    return data


def thread_member_json(channel: Channel, user_id: int) -> Json:
    return {
        "id": str(channel.id),
        "user_id": str(user_id),
        "join_timestamp": iso(created_at(channel.id)),
        "flags": 1,
    }
