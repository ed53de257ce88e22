"""Replies and forwards: what a new message points at."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import errors, payloads
from sandbox.discord.rules import forms, permissions
from sandbox.discord.state.events import Viewer
from sandbox.discord.state.models import Channel, Json, Message
from sandbox.discord.state.world import World

REPLY, FORWARD = 0, 1
_REPLIABLE_TYPES = {0, 19, 20, 23}
_SNAPSHOT_FIELDS = (
    "type",
    "content",
    "mentions",
    "mention_roles",
    "attachments",
    "embeds",
    "timestamp",
    "edited_timestamp",
    "flags",
    "components",
    "sticker_items",
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A resolved `message_reference`, and the snapshots that a forward carries."""

    raw: Json | None = None
    replied_to: Message | None = None
    snapshots: list[Json] = field(default_factory=list)


def resolve(world: World, channel: Channel, author_id: int, value: Any) -> Reference:
    """Find what the form refers to.

    Raises:
        DiscordError: 160002 without READ_MESSAGE_HISTORY, 50035 for an unknown message.
    """
    if value is None:
        return Reference()
    if not isinstance(value, dict):
        raise errors.invalid_form(
            "message_reference", "MODEL_TYPE_CONVERT", "Only dictionaries may be used"
        )
    if value.get("type") == FORWARD:
        return _forward(world, author_id, value)
    return _reply(world, channel, author_id, value)


def _reply(world: World, channel: Channel, author_id: int, value: Json) -> Reference:
    if not permissions.granted_in(world, channel, author_id) & permissions.READ_MESSAGE_HISTORY:
        raise errors.no_history_to_reply()
    if forms.snowflake(value.get("channel_id")) not in {None, channel.id}:
        raise _refused("REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", "Cannot reply across channels")
    message_id = forms.required_snowflake("message_reference.message_id", value.get("message_id"))
    original = world.find_message(channel.id, message_id)
    if original is None or original.ephemeral_to is not None:
        if value.get("fail_if_not_exists", True) is False:
            return Reference()
        raise _refused("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    if original.type not in _REPLIABLE_TYPES:
        raise _refused("REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
    return Reference(pointer(original, REPLY), replied_to=original)


def _forward(world: World, author_id: int, value: Json) -> Reference:
    channel_id = forms.required_snowflake("message_reference.channel_id", value.get("channel_id"))
    message_id = forms.required_snowflake("message_reference.message_id", value.get("message_id"))
    source = world.channel(channel_id)
    permissions.require(world, source, author_id, permissions.READ_MESSAGE_HISTORY)
    original = world.find_message(channel_id, message_id)
    if original is None or original.ephemeral_to is not None:
        raise _refused("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    snapshots = original.snapshots or [_snapshot(world, original)]
    return Reference(pointer(original, FORWARD), snapshots=snapshots)


def pointer(message: Message, kind: int) -> Json:
    """The `message_reference` that points at a message."""
    raw: Json = {
        "type": kind,
        "channel_id": str(message.channel_id),
        "message_id": str(message.id),
    }
    return raw | ({"guild_id": str(message.guild_id)} if message.guild_id else {})


def _snapshot(world: World, message: Message) -> Json:
    data = payloads.message_json(world, message, Viewer(user_id=0))
    return {"message": {key: data[key] for key in _SNAPSHOT_FIELDS if key in data}}


def _refused(code: str, message: str) -> errors.DiscordError:
    return errors.invalid_form("message_reference", code, message)
