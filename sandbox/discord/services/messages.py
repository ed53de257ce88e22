"""Messages: create, edit, delete and read, with Discord's rules for bots and people.

One service for all three writers: a bot over REST, a person over the API for people, and the
answer to an interaction (`ResponseMetadata`), which needs no permissions and may be for one user only.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sandbox.discord import errors
from sandbox.discord.payloads import iso, message_event_json
from sandbox.discord.rules import nonces, permissions
from sandbox.discord.rules.uploads import Attachments, Upload
from sandbox.discord.services import posting
from sandbox.discord.services.composing import Composer, ResponseMetadata
from sandbox.discord.services.posting import OldEdits
from sandbox.discord.state.events import Event, Viewer
from sandbox.discord.state.models import (
    Channel,
    Json,
    Message,
    User,
)
from sandbox.discord.state.snowflakes import created_at
from sandbox.discord.state.world import World

__all__ = ["NO_FILES", "Messages", "ResponseMetadata"]

NO_FILES: Mapping[int, Upload] = {}
_LEAST_BULK, _MOST_BULK = 2, 100
_BULK_AGE = timedelta(days=14)
_MOST_PINS = 250
_PINNED_A_MESSAGE = 6
_PINNABLE = {0, 19, 20, 23}  # what people and applications wrote


class Messages:
    """The only maker of messages, for every kind of author."""

    def __init__(self, world: World, attachments: Attachments) -> None:
        self._world = world
        self._composer = Composer(world, attachments)
        self._nonces = nonces.Nonces(world.clock)
        self._old_edits = OldEdits()

    # -- writing

    def create(
        self,
        channel: Channel,
        author: User,
        body: Json,
        files: Mapping[int, Upload] = NO_FILES,
        *,
        metadata: ResponseMetadata | None = None,
    ) -> Message:
        """Post `body` (Discord's Create Message form) and publish MESSAGE_CREATE.

        With an enforced nonce that already made a message, that message is returned instead.
        """
        if metadata is None:
            posting.check_may_post(
                self._world,
                channel,
                author.id,
                has_files=bool(files),
                has_embeds=bool(body.get("embeds")),
            )
        nonce = None if metadata else nonces.checked_nonce(body)
        if nonce is not None and body.get("enforce_nonce"):
            made = self._nonces.find(author.id, channel.id, nonce)
            if made is not None:
                return self._existing(channel, made)
        message = self._composer.compose(channel, author, body, files, metadata)
        message.nonce = nonce
        if nonce is not None:
            self._nonces.note(author.id, channel.id, nonce, message.id)
        self._post(channel, message)
        return message

    def edit(
        self,
        message: Message,
        editor_id: int,
        body: Json,
        files: Mapping[int, Upload] = NO_FILES,
        *,
        through_interaction: bool = False,
        upload_limit: int | None = None,
    ) -> Message:
        """Change the message and publish MESSAGE_UPDATE. Ends its LOADING flag.

        `through_interaction` edits with a token: no permissions, archived threads or old-edit limit.
        """
        if not through_interaction:
            posting.check_may_edit(self._world, message, editor_id, body)
            self._old_edits.check(message, self._world.clock.now())
        self._composer.change(message, body, files, upload_limit)
        self._publish("MESSAGE_UPDATE", message)
        return message

    def delete(self, message: Message, actor_id: int, *, through_interaction: bool = False) -> None:
        """Remove it and publish MESSAGE_DELETE; others' messages need MANAGE_MESSAGES."""
        channel = self._world.channel(message.channel_id)
        if not through_interaction:
            needed = permissions.VIEW_CHANNEL
            if message.author.id != actor_id:
                needed |= permissions.MANAGE_MESSAGES
            permissions.require(self._world, channel, actor_id, needed)
        self._remove(message)
        self._world.bus.publish_data(
            "MESSAGE_DELETE",
            _place(message) | {"id": str(message.id)},
            guild_id=message.guild_id or None,
            channel_id=message.channel_id,
            only_user=message.ephemeral_to,
        )

    def delete_many(self, channel: Channel, message_ids: list[int], actor_id: int) -> None:
        """Bulk delete: 2 to 100 messages, known or not, none older than two weeks."""
        permissions.require(self._world, channel, actor_id, permissions.MANAGE_MESSAGES)
        self._check_bulk(message_ids)
        found = [self._world.find_message(channel.id, item) for item in dict.fromkeys(message_ids)]
        deleted = [item for item in found if item is not None and item.ephemeral_to is None]
        for message in deleted:
            self._remove(message)
        ids = [str(message.id) for message in deleted]
        data = {"ids": ids, "channel_id": str(channel.id), "guild_id": str(channel.guild_id)}
        self._world.bus.publish_data(
            "MESSAGE_DELETE_BULK", data, guild_id=channel.guild_id, channel_id=channel.id
        )

    def _check_bulk(self, message_ids: list[int]) -> None:
        if not _LEAST_BULK <= len(message_ids) <= _MOST_BULK:
            raise errors.too_few_or_many_to_delete()
        oldest = self._world.clock.now() - _BULK_AGE
        if any(created_at(message_id) < oldest for message_id in message_ids):
            raise errors.message_too_old_to_bulk_delete()

    def open_post(
        self,
        thread: Channel,
        author: User,
        body: Json,
        files: Mapping[int, Upload],
        *,
        announce: Callable[[], None],
    ) -> Message:
        """Post the message that opens a forum's post and has its id; `announce` tells of the thread.

        The thread is announced once the message is known to be in order, and before it.
        """
        message = self._composer.compose(thread, author, body, files, None)
        message.id = thread.id
        announce()
        self._post(thread, message)
        return message

    def set_pinned(self, message: Message, actor_id: int, *, pinned: bool) -> None:
        """Pin or unpin; a pin is announced in the channel. What is so already stays as it is.

        Raises:
            DiscordError: 50013 without permission, 50021 for one of Discord's own lines, 50083 in
                an archived thread, 30003 for one pin too many.
        """
        channel = self._world.channel(message.channel_id)
        granted = permissions.granted_in(self._world, channel, actor_id)
        if not granted & (permissions.MANAGE_MESSAGES | permissions.PIN_MESSAGES):
            raise errors.missing_permissions()
        if message.type not in _PINNABLE:
            raise errors.system_message()
        if channel.thread is not None and channel.thread.archived:
            raise errors.thread_is_archived()
        if message.pinned == pinned:
            return
        if pinned and len(self.pinned_in(channel)) >= _MOST_PINS:
            raise errors.too_many_pins()
        message.pinned_at = self._world.clock.now() if pinned else None
        channel.last_pin_at = max(
            (item.pinned_at for item in self.pinned_in(channel) if item.pinned_at), default=None
        )
        self._publish_pins(channel)
        self._publish("MESSAGE_UPDATE", message)
        if pinned:
            pointer = {"type": 0, **_place(message), "message_id": str(message.id)}
            author = self._world.user(actor_id)
            self.post_system(channel, author, _PINNED_A_MESSAGE, reference=pointer)

    def pinned_in(self, channel: Channel) -> list[Message]:
        """The pinned messages, the one that was pinned last first."""
        found = [item for item in self._world.history(channel.id).values() if item.pinned_at]
        return sorted(found, key=lambda item: (item.pinned_at, item.id), reverse=True)

    def _publish_pins(self, channel: Channel) -> None:
        data: Json = {
            "channel_id": str(channel.id),
            "last_pin_timestamp": iso(channel.last_pin_at),
        }
        data |= {"guild_id": str(channel.guild_id)} if channel.guild_id else {}
        self._world.bus.publish_data(
            "CHANNEL_PINS_UPDATE",
            data,
            guild_id=channel.guild_id or None,
            channel_id=channel.id,
        )

    def publish_update(self, message: Message) -> None:
        """Tell that something about the message changed other than by an edit."""
        self._publish("MESSAGE_UPDATE", message)

    def post_system(self, channel: Channel, author: User, kind: int, **fields: object) -> Message:
        """Post one of Discord's own lines, such as "started a thread"; `fields` are the record's."""
        message = self._composer.blank(channel, author)
        message.type = kind
        for name, value in fields.items():
            setattr(message, name, value)
        self._post(channel, message)
        return message

    # -- reading

    def get(self, channel: Channel, message_id: int, reader_id: int) -> Message:
        """The message if this user may read it; 10008 otherwise."""
        permissions.require(self._world, channel, reader_id, permissions.VIEW_CHANNEL)
        message = self._world.find_message(channel.id, message_id)
        if message is None or message.ephemeral_to not in {None, reader_id}:
            raise errors.unknown_message()
        if message.ephemeral_to is None:
            permissions.require(self._world, channel, reader_id, permissions.READ_MESSAGE_HISTORY)
        return message

    def history(
        self,
        channel: Channel,
        reader_id: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """What this user can read of the channel, newest first."""
        permissions.require(self._world, channel, reader_id, permissions.VIEW_CHANNEL)
        granted = permissions.granted_in(self._world, channel, reader_id)
        visible = [
            message
            for message in self._world.history(channel.id).values()
            if message.ephemeral_to in {None, reader_id}
            and (granted & permissions.READ_MESSAGE_HISTORY or message.ephemeral_to == reader_id)
        ]
        return _page(visible, before=before, after=after, around=around, limit=limit)

    # -- its place in the world

    def _existing(self, channel: Channel, message_id: int) -> Message:
        if (message := self._world.find_message(channel.id, message_id)) is None:
            raise errors.unknown_message()
        return message

    def _post(self, channel: Channel, message: Message) -> None:
        self._world.history(channel.id)[message.id] = message
        if message.ephemeral_to is None:
            posting.note_post(self._world, channel, message)
        self._publish("MESSAGE_CREATE", message)

    def _remove(self, message: Message) -> None:
        del self._world.history(message.channel_id)[message.id]
        for attachment in message.attachments:
            self._world.blobs.delete(attachment.id)

    def _publish(self, name: str, message: Message) -> None:
        def render(viewer: Viewer) -> Json:
            data = message_event_json(self._world, message, viewer)
            if name == "MESSAGE_CREATE" and message.nonce is not None:
                data["nonce"] = message.nonce
            return data

        guild_id = message.guild_id or None
        self._world.bus.publish(
            Event(name, render, guild_id, message.channel_id, message.ephemeral_to)
        )


def _place(message: Message) -> Json:
    place = {"channel_id": str(message.channel_id)}
    return place | ({"guild_id": str(message.guild_id)} if message.guild_id else {})


def _page(
    messages: list[Message],
    *,
    before: int | None,
    after: int | None,
    around: int | None,
    limit: int,
) -> list[Message]:
    """Newest first; `after` takes the oldest ones beyond it, `around` half on either side."""
    if around is not None:
        older = [item for item in messages if item.id <= around][-(limit // 2 + 1) :]
        newer = [item for item in messages if item.id > around][: limit - len(older)]
        return (older + newer)[::-1]
    if after is not None:
        return [item for item in messages if item.id > after][:limit][::-1]
    if before is not None:
        messages = [item for item in messages if item.id < before]
    return messages[-limit:][::-1] if limit else []
