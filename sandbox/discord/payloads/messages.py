"""Messages as JSON, emptied for an application that may not read their content.

Without Message Content an application gets no text, attachments, embeds, components, poll or
snapshots, in REST as in events, except in its own messages, in direct messages, where it is mentioned,
and in the target of its message command (`revealed`).
"""

from typing import Any

from sandbox.discord.payloads.channels import channel_json
from sandbox.discord.payloads.users import iso, partial_member_json, user_json
from sandbox.discord.state.events import Viewer
from sandbox.discord.state.models import (
    Attachment,
    Json,
    Message,
    Reaction,
)
from sandbox.discord.state.world import World

_SPOILER_FLAG = 1 << 3
_REPLY = 19
_SUPPRESS_EMBEDS = 1 << 2
_FILE_COMPONENT = 13
_ATTACHMENT = "attachment://"
_MEDIA_FIELDS = ("url", "proxy_url", "width", "height", "content_type")


def attachment_json(world: World, attachment: Attachment, channel_id: int) -> Json:
    """An attachment with a fresh address; ephemeral uploads lie under the application's id."""
    owner_id = world.application.id if attachment.ephemeral else channel_id
    url = world.addresses.attachment(owner_id, attachment)
    data: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": attachment.size,
        "url": url,
        "proxy_url": url,
    }
    optional: Json = {
        "content_type": attachment.content_type,
        "width": attachment.width,
        "height": attachment.height,
        "description": attachment.description,
        "ephemeral": attachment.ephemeral or None,
        "flags": _SPOILER_FLAG if attachment.spoiler else None,
    }
    return data | {key: value for key, value in optional.items() if value is not None}


def message_json(world: World, message: Message, viewer: Viewer, *, revealed: bool = False) -> Json:
    """The message as REST answers it to this viewer."""
    data = _basic(world, message, viewer, revealed=revealed)
    if message.reference is not None and message.type == _REPLY:
        original = world.find_message(
            int(message.reference["channel_id"]), int(message.reference["message_id"])
        )
        data["referenced_message"] = _basic(world, original, viewer) if original else None
    return data


def message_event_json(
    world: World, message: Message, viewer: Viewer, *, revealed: bool = False
) -> Json:
    """The message as MESSAGE_CREATE and MESSAGE_UPDATE carry it: with guild and membership."""
    data = message_json(world, message, viewer, revealed=revealed)
    data["channel_type"] = world.channel(message.channel_id).type
    if message.guild_id:
        data["guild_id"] = str(message.guild_id)
    member = world.find_member(message.guild_id, message.author.id)
    if member is not None:
        data["member"] = partial_member_json(member)
    data["mentions"] = [_with_membership(world, message, user) for user in data["mentions"]]
    return data


def reads(message: Message, viewer: Viewer) -> bool:
    """Whether the viewer gets the message's content."""
    return (
        viewer.reads_content
        or message.author.id == viewer.user_id
        or message.guild_id == 0
        or viewer.user_id in message.mention_ids
    )


def _basic(world: World, message: Message, viewer: Viewer, *, revealed: bool = False) -> Json:
    shown = revealed or reads(message, viewer)
    data: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "author": user_json(message.author),
        "type": message.type,
        "timestamp": iso(message.created_at),
        "edited_timestamp": iso(message.edited_at),
        "flags": message.flags,
        "tts": message.tts,
        "pinned": message.pinned,
        "mention_everyone": message.mention_everyone,
        "mentions": [user_json(world.users[i]) for i in message.mention_ids if i in world.users],
        "mention_roles": [str(role_id) for role_id in message.mention_role_ids],
        **_content(world, message, shown=shown),
    }
    return data | _extras(world, message, viewer, shown=shown)


def _content(world: World, message: Message, *, shown: bool) -> Json:
    """Text, files, embeds and components; a file that one of these shows is no attachment any more."""
    if not shown:
        return {"content": "", "attachments": [], "embeds": [], "components": []}
    filling = _Filling(world, message)
    embeds = [filling.fill(embed) for embed in message.embeds]
    components = [filling.fill(component) for component in message.components]
    return {
        "content": message.content,
        "attachments": [
            attachment_json(world, item, message.channel_id)
            for item in message.attachments
            if item.filename not in filling.used
        ],
        "embeds": [] if message.flags & _SUPPRESS_EMBEDS else embeds,
        "components": components,
    }


def _extras(world: World, message: Message, viewer: Viewer, *, shown: bool) -> Json:
    channel = world.find_channel(message.thread_id) if message.thread_id else None
    optional: Json = {
        "message_reference": message.reference,
        "webhook_id": str(message.webhook_id) if message.webhook_id else None,
        "application_id": str(message.application_id) if message.application_id else None,
        "interaction_metadata": message.interaction,
        "thread": channel_json(world, channel) if channel else None,
    }
    data = {key: value for key, value in optional.items() if value is not None}
    if message.reactions:
        data["reactions"] = [_reaction_json(item, viewer) for item in message.reactions]
    if message.sticker_ids:
        data["sticker_items"] = _sticker_items(world, message)
    if message.snapshots and shown:
        data["message_snapshots"] = [_snapshot_json(world, item) for item in message.snapshots]
    return data


def _reaction_json(reaction: Reaction, viewer: Viewer) -> Json:
    count = len(reaction.user_ids)
    return {
        "emoji": reaction.emoji,
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "burst_colors": [],
        "me_burst": False,
        "me": viewer.user_id in reaction.user_ids,
        "burst_count": 0,
    }


def _sticker_items(world: World, message: Message) -> list[Json]:
    known = {
        sticker.id: sticker
        for guild in world.guilds.values()
        for sticker in guild.stickers.values()
    }
    return [
        {"id": str(item), "name": known[item].name, "format_type": known[item].format_type}
        for item in message.sticker_ids
        if item in known
    ]


def _with_membership(world: World, message: Message, user: Json) -> Json:
    member = world.find_member(message.guild_id, int(user["id"]))
    return user | {"member": partial_member_json(member)} if member else user


def _snapshot_json(world: World, snapshot: Json) -> Json:
    """A forwarded message; its attachments' addresses get a fresh signature."""
    return {"message": _resigned(world, snapshot["message"])}


def _resigned(world: World, node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: world.addresses.resigned(value)
            if key in {"url", "proxy_url"} and isinstance(value, str)
            else _resigned(world, value)
            for key, value in node.items()
        }
    return [_resigned(world, item) for item in node] if isinstance(node, list) else node


class _Filling:
    """Turns `attachment://` in embeds and components into fresh addresses; notes the names used."""

    def __init__(self, world: World, message: Message) -> None:
        self._world = world
        self._message = message
        self._files = {item.filename: item for item in message.attachments}
        self.used: set[str] = set()

    def fill(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.fill(item) for item in node]
        if not isinstance(node, dict):
            return node
        filled = {key: self.fill(value) for key, value in node.items()}
        for key, proxy_key in (("url", "proxy_url"), ("icon_url", "proxy_icon_url")):
            if proxy_key in node:
                filled |= self._address(node, key, proxy_key)
        if node.get("type") == _FILE_COMPONENT:
            filled |= self._name_and_size(node)
        return filled

    def _address(self, node: Json, key: str, proxy_key: str) -> Json:
        url = str(node.get(key))
        if not url.startswith(_ATTACHMENT):
            fresh = self._world.addresses.resigned(url)
            return {key: fresh, proxy_key: fresh}
        if (attachment := self._file(url)) is None:
            return {}
        found = attachment_json(self._world, attachment, self._message.channel_id)
        if key == "icon_url":
            return {key: found["url"], proxy_key: found["url"]}
        kept = {name: found[name] for name in _MEDIA_FIELDS if name in found}
        return kept | ({"attachment_id": found["id"]} if "id" in node else {})

    def _name_and_size(self, node: Json) -> Json:
        attachment = self._file(str(node["file"].get("url")))
        return {"name": attachment.filename, "size": attachment.size} if attachment else {}

    def _file(self, url: str) -> Attachment | None:
        name = url.removeprefix(_ATTACHMENT)
        self.used.add(name)
        return self._files.get(name)
