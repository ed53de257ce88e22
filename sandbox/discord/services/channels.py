"""Channels: create, change, delete, their overwrites; direct channels."""

from dataclasses import replace
from typing import Any

from sandbox.discord import errors
from sandbox.discord.payloads import channel_json
from sandbox.discord.rules import forms, permissions, tags
from sandbox.discord.rules.channel_kinds import (
    ARCHIVE_MINUTES,
    POSTED_IN,
    REQUIRE_TAG,
    Change,
)
from sandbox.discord.services import posting, voice
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import (
    Channel,
    Guild,
    Json,
    Overwrite,
    Thread,
)
from sandbox.discord.state.world import World

_KINDS = {0, 2, 4, 5, 13, 15, 16}
_TEXT = 0
_MOST_SLOWMODE = 21600
_MOST_OVERWRITES = 100
_MOST_TOPIC, _MOST_GUIDELINES = 1024, 4096
_PINNED_POST = 1 << 1
_CHANGEABLE = (
    "topic", "nsfw", "parent_id", "position", "overwrites", "slowmode_seconds", "options", "flags",
)  # fmt: skip


class Channels:
    """Changes to channels; `update` and `delete` are for threads too."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, guild: Guild, form: Json, actor_id: int | None = None) -> Channel:
        if actor_id is not None:
            permissions.require_in_guild(guild, actor_id, permissions.MANAGE_CHANNELS)
        faults = errors.FormErrors()
        name = forms.required_text(faults, "name", form.get("name"), most=100)
        kind = forms.choice(faults, "type", form.get("type"), _KINDS) or _TEXT
        faults.raise_if_any()
        channel = Channel(
            id=self._world.ids.new(),
            guild_id=guild.id,
            type=kind,
            name=_channel_name(name, kind),
            position=sum(1 for item in guild.channels.values() if item.thread is None),
        )
        self._change(channel, form, faults)
        faults.raise_if_any()
        guild.channels[channel.id] = channel
        self._publish("CHANNEL_CREATE", channel)
        return channel

    def update(self, channel: Channel, form: Json, actor_id: int | None = None) -> Channel:
        """Change a channel, or a thread (`archived`, `locked`, `auto_archive_duration`, …)."""
        if channel.thread is not None:
            return self._update_thread(channel, channel.thread, form, actor_id)
        if actor_id is not None:
            permissions.require(self._world, channel, actor_id, permissions.MANAGE_CHANNELS)
        faults = errors.FormErrors()
        name = forms.text(faults, "name", form.get("name"), least=1, most=100)
        draft = replace(channel, options=dict(channel.options))
        self._change(draft, form, faults)
        faults.raise_if_any()
        for field in _CHANGEABLE:
            setattr(channel, field, getattr(draft, field))
        channel.name = _channel_name(name, channel.type) if name else channel.name
        self._publish("CHANNEL_UPDATE", channel)
        return channel

    def delete(self, channel: Channel, actor_id: int | None = None) -> None:
        """Remove the channel with its messages and threads. Published while it can still be seen."""
        is_thread = channel.thread is not None
        if actor_id is not None:
            needed = permissions.MANAGE_THREADS if is_thread else permissions.MANAGE_CHANNELS
            permissions.require(self._world, channel, actor_id, needed)
        guild = self._world.guild(channel.guild_id)
        voice.empty(self._world, guild, channel)
        for thread in [item for item in guild.channels.values() if item.parent_id == channel.id]:
            if thread.thread is None:
                thread.parent_id = None
            else:
                self._forget(guild, thread)
        if is_thread:
            self._publish_thread_deleted(channel)
        else:
            self._publish("CHANNEL_DELETE", channel)
        self._forget(guild, channel)

    def set_overwrite(
        self, channel: Channel, overwrite_id: int, form: Json, actor_id: int | None = None
    ) -> None:
        if actor_id is not None:
            permissions.require(self._world, channel, actor_id, permissions.MANAGE_ROLES)
        overwrite = _overwrite(form | {"id": str(overwrite_id)})
        channel.overwrites[overwrite_id] = overwrite
        self._publish("CHANNEL_UPDATE", channel)

    def delete_overwrite(
        self, channel: Channel, overwrite_id: int, actor_id: int | None = None
    ) -> None:
        if actor_id is not None:
            permissions.require(self._world, channel, actor_id, permissions.MANAGE_ROLES)
        if channel.overwrites.pop(overwrite_id, None) is None:
            raise errors.unknown_overwrite()
        self._publish("CHANNEL_UPDATE", channel)

    def open_direct(self, user_id: int) -> Channel:
        """The direct channel between the bot and a user; made when there is none yet."""
        if self._world.user(user_id).bot:
            raise errors.cannot_message_user()
        for channel, recipient_id in self._world.direct_channels.values():
            if recipient_id == user_id:
                return channel
        channel = Channel(id=self._world.ids.new(), guild_id=0, type=posting.DIRECT, name="")
        self._world.direct_channels[channel.id] = (channel, user_id)
        self._publish("CHANNEL_CREATE", channel)
        return channel

    def _change(self, channel: Channel, form: Json, faults: errors.FormErrors) -> None:
        if "topic" in form:
            most = _MOST_GUIDELINES if channel.type in POSTED_IN else _MOST_TOPIC
            channel.topic = forms.text(faults, "topic", form["topic"], most=most)
        channel.nsfw = forms.boolean(faults, "nsfw", form.get("nsfw"), default=channel.nsfw)
        if "parent_id" in form:
            channel.parent_id = self._parent(channel, form["parent_id"])
        where = forms.integer(faults, "position", form.get("position"), least=0, most=1000)
        channel.position = channel.position if where is None else where
        guild = self._world.guild(channel.guild_id)
        change = Change(faults, channel, form, guild.premium_tier, self._world.ids.new)
        channel.options |= change.read()
        if channel.type in POSTED_IN:
            channel.flags = _flags(channel, form, faults, settable=REQUIRE_TAG)
        if form.get("permission_overwrites") is not None:
            path = "permission_overwrites"
            found = forms.items(faults, path, form[path], most=_MOST_OVERWRITES)
            overwrites = [_overwrite(forms.fields(faults, path, item)) for item in found]
            channel.overwrites = {item.id: item for item in overwrites}
        channel.slowmode_seconds = _slowmode(channel, form, faults)

    def _parent(self, channel: Channel, value: Any) -> int | None:
        parent_id = forms.snowflake(value)
        if parent_id is None:
            return None
        parent = self._world.guild(channel.guild_id).channels.get(parent_id)
        if parent is None or parent.type != posting.CATEGORY:
            raise errors.invalid_form(
                "parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist"
            )
        return parent_id

    def _update_thread(
        self, channel: Channel, thread: Thread, form: Json, actor_id: int | None
    ) -> Channel:
        if actor_id is not None:
            self._check_may_update_thread(channel, thread, form, actor_id)
        faults = errors.FormErrors()
        name = forms.text(faults, "name", form.get("name"), least=1, most=100)
        minutes = forms.choice(
            faults, "auto_archive_duration", form.get("auto_archive_duration"), ARCHIVE_MINUTES
        )
        slowmode = _slowmode(channel, form, faults)
        switches = {
            name: forms.boolean(faults, name, form.get(name), default=getattr(thread, name))
            for name in ("archived", "locked", "invitable")
        }
        flags = _flags(channel, form, faults, settable=_PINNED_POST)
        faults.raise_if_any()
        self._tag_again(channel, thread, form, actor_id)
        channel.name, channel.slowmode_seconds = name or channel.name, slowmode
        channel.flags = flags
        thread.auto_archive_minutes = minutes or thread.auto_archive_minutes
        thread.locked, thread.invitable = switches["locked"], switches["invitable"]
        if switches["archived"] != thread.archived:
            thread.archived = switches["archived"]
            thread.archived_at = self._world.clock.now()
        posting.publish_thread(self._world, "THREAD_UPDATE", channel)
        return channel

    def _tag_again(
        self, channel: Channel, thread: Thread, form: Json, actor_id: int | None
    ) -> None:
        parent = self._world.find_channel(channel.parent_id or 0)
        if "applied_tags" in form and parent is not None and parent.type in POSTED_IN:
            thread.applied_tags = tags.applied(self._world, parent, form, actor_id)

    def _check_may_update_thread(
        self, channel: Channel, thread: Thread, form: Json, actor_id: int
    ) -> None:
        """Members who can write may unarchive it, its owner may change it, the rest is for moderators."""
        permissions.require(self._world, channel, actor_id, permissions.VIEW_CHANNEL)
        if permissions.granted_in(self._world, channel, actor_id) & permissions.MANAGE_THREADS:
            return
        wakes = set(form) <= {"archived"} and form.get("archived") is False
        if thread.locked or "locked" in form or not (wakes or thread.owner_id == actor_id):
            raise errors.missing_permissions()
        permissions.require(self._world, channel, actor_id, permissions.SEND_MESSAGES_IN_THREADS)
        if thread.archived and form.get("archived") is not False:
            raise errors.thread_is_archived()

    def _forget(self, guild: Guild, channel: Channel) -> None:
        guild.channels.pop(channel.id, None)
        for message in self._world.histories.pop(channel.id, {}).values():
            for attachment in message.attachments:
                self._world.blobs.delete(attachment.id)

    def _publish(self, name: str, channel: Channel) -> None:
        self._world.bus.publish(
            Event(
                name,
                lambda viewer: channel_json(self._world, channel, viewer.user_id),
                guild_id=channel.guild_id or None,
                channel_id=channel.id,
            )
        )

    def _publish_thread_deleted(self, channel: Channel) -> None:
        data = {
            "id": str(channel.id),
            "guild_id": str(channel.guild_id),
            "parent_id": str(channel.parent_id),
            "type": channel.type,
        }
        self._world.bus.publish_data(
            "THREAD_DELETE", data, guild_id=channel.guild_id, channel_id=channel.id
        )


def _channel_name(name: str, kind: int) -> str:
    """Text channels are lower case with dashes, whatever was typed."""
    return "-".join(name.lower().split()) if kind in {0, 5, 15} else name


def _slowmode(channel: Channel, form: Json, faults: errors.FormErrors) -> int:
    wanted = forms.integer(
        faults, "rate_limit_per_user", form.get("rate_limit_per_user"), least=0, most=_MOST_SLOWMODE
    )
    return channel.slowmode_seconds if wanted is None else wanted


def _flags(channel: Channel, form: Json, faults: errors.FormErrors, *, settable: int) -> int:
    """The flags with those changed that may be; others are ignored."""
    wanted = forms.integer(faults, "flags", form.get("flags"), least=0, most=2**31 - 1)
    if wanted is None:
        return channel.flags
    return (channel.flags & ~settable) | (wanted & settable)


def _overwrite(form: Json) -> Overwrite:
    return Overwrite(
        id=forms.required_snowflake("id", form.get("id")),
        type=1 if form.get("type") in (1, "1", "member") else 0,
        allow=forms.snowflake(form.get("allow")) or 0,
        deny=forms.snowflake(form.get("deny")) or 0,
    )
