"""Messages: create, edit, delete and read, with the rules that Discord holds bots and people to.

One service for all three writers: a bot over REST, a person over the people's interface, and the
answer to an interaction (`Origin`), which needs no permissions and may be for one user only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sandbox.discord import errors, forms, mentions, nonces, permissions, posting, references
from sandbox.discord.drafts import (
    EPHEMERAL,
    HAS_SNAPSHOT,
    LOADING,
    MOST_CONTENT,
    MOST_CONTENT_WITH_NITRO,
    Draft,
    read_draft,
)
from sandbox.discord.events import Event, Viewer
from sandbox.discord.models import Attachment, Channel, Json, Message, User
from sandbox.discord.payloads import message_event_json
from sandbox.discord.posting import OldEdits
from sandbox.discord.snowflakes import created_at
from sandbox.discord.uploads import MOST_FILES, Attachments, Upload, sanitised
from sandbox.discord.world import World

NO_FILES: Mapping[int, Upload] = {}
_REPLY = 19
_LEAST_BULK, _MOST_BULK = 2, 100
_BULK_AGE = timedelta(days=14)
_WHOLE_NITRO = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from when it is not plainly posted: the answer to an interaction.

    Such a message needs no permissions in the channel, takes no nonce, and may be for one user only.
    """

    interaction: Json  # interaction_metadata
    application_id: int
    type: int = 20  # 20 after a slash command, 23 after a context menu, 0 after a component
    ephemeral_to: int | None = None
    thinking: bool = False  # deferred: empty, with the LOADING flag, until it is edited
    reply_to: Message | None = None  # makes it a reply, as to a component's message
    upload_limit: int | None = None  # the interaction's `attachment_size_limit`


class Messages:
    """The one way in which messages come about, whoever writes them."""

    def __init__(self, world: World, attachments: Attachments) -> None:
        self._world = world
        self._attachments = attachments
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
        origin: Origin | None = None,
    ) -> Message:
        """Post `body` (Discord's Create Message form) and publish MESSAGE_CREATE.

        With an enforced nonce that already made a message, that message is returned instead.
        """
        if origin is None:
            posting.check_may_post(
                self._world,
                channel,
                author.id,
                has_files=bool(files),
                has_embeds=bool(body.get("embeds")),
            )
        nonce = None if origin else nonces.checked_nonce(body)
        if nonce is not None and body.get("enforce_nonce"):
            made = self._nonces.find(author.id, channel.id, nonce)
            if made is not None:
                return self._existing(channel, made)
        message = self._compose(channel, author, body, files, origin)
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
        kept = self._kept_attachments(message, body)
        names = {item.filename for item in kept} | _names(body, files)
        draft = self._draft(body, message.author, names, before=_as_draft(message))
        if draft.is_empty and not (kept or files or message.snapshots):
            raise errors.empty_message()
        limit = upload_limit or self._limit(message.guild_id, message.author)
        message.attachments = kept + self._accept(body, files, limit=limit, kept=len(kept))
        self._apply(message, draft, body)
        message.flags &= ~LOADING
        message.edited_at = self._world.clock.now()
        self._tell("MESSAGE_UPDATE", message)
        return message

    def delete(self, message: Message, actor_id: int, *, through_interaction: bool = False) -> None:
        """Remove it and publish MESSAGE_DELETE; others' messages need MANAGE_MESSAGES."""
        channel = self._world.channel(message.channel_id)
        if not through_interaction:
            needed = permissions.VIEW_CHANNEL
            if message.author.id != actor_id:
                needed |= permissions.MANAGE_MESSAGES
            self._world.require(channel, actor_id, needed)
        self._remove(message)
        self._world.bus.tell(
            "MESSAGE_DELETE",
            _place(message) | {"id": str(message.id)},
            guild_id=message.guild_id or None,
            channel_id=message.channel_id,
            only_user=message.ephemeral_to,
        )

    def delete_many(self, channel: Channel, message_ids: list[int], actor_id: int) -> None:
        """Bulk delete: 2 to 100 messages, known or not, none older than two weeks."""
        self._world.require(channel, actor_id, permissions.MANAGE_MESSAGES)
        self._check_bulk(message_ids)
        found = [self._world.find_message(channel.id, item) for item in dict.fromkeys(message_ids)]
        deleted = [item for item in found if item is not None and item.ephemeral_to is None]
        for message in deleted:
            self._remove(message)
        ids = [str(message.id) for message in deleted]
        data = {"ids": ids, "channel_id": str(channel.id), "guild_id": str(channel.guild_id)}
        self._world.bus.tell(
            "MESSAGE_DELETE_BULK", data, guild_id=channel.guild_id, channel_id=channel.id
        )

    def _check_bulk(self, message_ids: list[int]) -> None:
        if not _LEAST_BULK <= len(message_ids) <= _MOST_BULK:
            raise errors.too_few_or_many_to_delete()
        oldest = self._world.clock.now() - _BULK_AGE
        if any(created_at(message_id) < oldest for message_id in message_ids):
            raise errors.message_too_old_to_bulk_delete()

    def set_pinned(self, message: Message, actor_id: int, *, pinned: bool) -> None:
        channel = self._world.channel(message.channel_id)
        granted = self._world.permissions_in(channel, actor_id)
        if not granted & (permissions.MANAGE_MESSAGES | permissions.PIN_MESSAGES):
            raise errors.missing_permissions()
        message.pinned = pinned
        self._tell("MESSAGE_UPDATE", message)

    def publish_update(self, message: Message) -> None:
        """Tell that something about the message changed other than by an edit."""
        self._tell("MESSAGE_UPDATE", message)

    def post_system(self, channel: Channel, author: User, kind: int, **fields: object) -> Message:
        """Post one of Discord's own lines, such as "started a thread"; `fields` are the record's."""
        message = self._blank(channel, author)
        message.type = kind
        for name, value in fields.items():
            setattr(message, name, value)
        self._post(channel, message)
        return message

    # -- reading

    def get(self, channel: Channel, message_id: int, reader_id: int) -> Message:
        """The message if this user may read it; 10008 otherwise."""
        self._world.require(channel, reader_id, permissions.VIEW_CHANNEL)
        message = self._world.find_message(channel.id, message_id)
        if message is None or message.ephemeral_to not in {None, reader_id}:
            raise errors.unknown_message()
        if message.ephemeral_to is None:
            self._world.require(channel, reader_id, permissions.READ_MESSAGE_HISTORY)
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
        self._world.require(channel, reader_id, permissions.VIEW_CHANNEL)
        granted = self._world.permissions_in(channel, reader_id)
        visible = [
            message
            for message in self._world.history(channel.id).values()
            if message.ephemeral_to in {None, reader_id}
            and (granted & permissions.READ_MESSAGE_HISTORY or message.ephemeral_to == reader_id)
        ]
        return _page(visible, before=before, after=after, around=around, limit=limit)

    # -- the making of a message

    def _compose(
        self,
        channel: Channel,
        author: User,
        body: Json,
        files: Mapping[int, Upload],
        origin: Origin | None,
    ) -> Message:
        """Check everything first, so that a refused message leaves nothing behind."""
        draft = self._draft(body, author, _names(body, files), before=Draft())
        wanted = None if origin else body.get("message_reference")
        reference = references.resolve(self._world, channel, author.id, wanted)
        if draft.is_empty and not (files or reference.snapshots or (origin and origin.thinking)):
            raise errors.empty_message()
        self._check_stickers(channel, draft)
        limit = (origin.upload_limit if origin else None) or self._limit(channel.guild_id, author)
        message = self._blank(channel, author)
        message.attachments = self._accept(
            body, files, limit=limit, ephemeral=bool(origin and origin.ephemeral_to)
        )
        if origin is not None:
            _stamp(message, origin)
        if reference.raw is not None:
            message.reference = reference.raw
            message.snapshots = reference.snapshots
            message.type = _REPLY if reference.replied_to else message.type
            message.flags |= HAS_SNAPSHOT if reference.snapshots else 0
        self._apply(message, draft, body, replied_to=reference.replied_to)
        return message

    def _blank(self, channel: Channel, author: User) -> Message:
        return Message(
            id=self._world.ids.new(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author=author,
            created_at=self._world.clock.now(),
        )

    def _draft(self, body: Json, author: User, names: set[str], *, before: Draft) -> Draft:
        has_nitro = author.nitro == _WHOLE_NITRO and not author.bot
        return read_draft(
            body,
            before=before,
            filenames=names,
            most_content=MOST_CONTENT_WITH_NITRO if has_nitro else MOST_CONTENT,
            new_snowflake=self._world.ids.new,
        )

    def _apply(
        self, message: Message, draft: Draft, body: Json, *, replied_to: Message | None = None
    ) -> None:
        faults = errors.FormErrors()
        allowed = mentions.checked_allowed(faults, body.get("allowed_mentions"))
        faults.raise_if_any()
        channel = self._world.channel(message.channel_id)
        found = mentions.resolve(
            self._world,
            channel,
            author_id=message.author.id,
            text=draft.text,
            allowed=allowed,
            replied_to=replied_to,
        )
        message.content, message.embeds = draft.content, draft.embeds
        message.components, message.sticker_ids = draft.components, draft.sticker_ids
        message.flags |= draft.flags
        message.mention_ids, message.mention_role_ids = found.user_ids, found.role_ids
        message.mention_everyone = found.everyone

    def _accept(
        self,
        body: Json,
        files: Mapping[int, Upload],
        *,
        limit: int,
        kept: int = 0,
        ephemeral: bool = False,
    ) -> list[Attachment]:
        if len(files) + kept > MOST_FILES:
            raise errors.too_many_attachments()
        made = self._attachments.accept(
            files, limit=limit, described=body.get("attachments"), ephemeral=ephemeral
        )
        return list(made.values())

    def _kept_attachments(self, message: Message, body: Json) -> list[Attachment]:
        """Those that an edit leaves in place: all, or those that its `attachments` name."""
        if "attachments" not in body:
            return list(message.attachments)
        named = {forms.snowflake(item.get("id")) for item in body["attachments"] or ()}
        return [item for item in message.attachments if item.id in named]

    def _check_stickers(self, channel: Channel, draft: Draft) -> None:
        guild = self._world.guilds.get(channel.guild_id)
        if any(guild is None or item not in guild.stickers for item in draft.sticker_ids):
            raise errors.unknown_sticker()

    def _limit(self, guild_id: int, author: User) -> int:
        return self._attachments.limit_for(guild_id, author.nitro)

    # -- its place in the world

    def _existing(self, channel: Channel, message_id: int) -> Message:
        if (message := self._world.find_message(channel.id, message_id)) is None:
            raise errors.unknown_message()
        return message

    def _post(self, channel: Channel, message: Message) -> None:
        self._world.history(channel.id)[message.id] = message
        if message.ephemeral_to is None:
            posting.note_post(self._world, channel, message)
        self._tell("MESSAGE_CREATE", message)

    def _remove(self, message: Message) -> None:
        del self._world.history(message.channel_id)[message.id]
        for attachment in message.attachments:
            self._world.blobs.delete(attachment.id)

    def _tell(self, name: str, message: Message) -> None:
        def render(viewer: Viewer) -> Json:
            data = message_event_json(self._world, message, viewer)
            if name == "MESSAGE_CREATE" and message.nonce is not None:
                data["nonce"] = message.nonce
            return data

        guild_id = message.guild_id or None
        self._world.bus.publish(
            Event(name, render, guild_id, message.channel_id, message.ephemeral_to)
        )


def _stamp(message: Message, origin: Origin) -> None:
    """Mark the message as the answer to an interaction."""
    message.type = origin.type
    message.webhook_id = message.application_id = origin.application_id
    message.interaction = origin.interaction
    message.ephemeral_to = origin.ephemeral_to
    message.flags |= EPHEMERAL if origin.ephemeral_to is not None else 0
    message.flags |= LOADING if origin.thinking else 0
    if origin.reply_to is not None:
        message.type = _REPLY
        message.reference = references.pointer(origin.reply_to, references.REPLY)


def _names(body: Json, files: Mapping[int, Upload]) -> set[str]:
    """The file names that `attachment://` may use, as they will be kept."""
    told = {str(item.get("id")): item.get("filename") for item in body.get("attachments") or ()}
    return {sanitised(str(told.get(str(n)) or upload.filename)) for n, upload in files.items()}


def _as_draft(message: Message) -> Draft:
    return Draft(
        content=message.content,
        embeds=message.embeds,
        components=message.components,
        sticker_ids=message.sticker_ids,
        flags=message.flags & ~LOADING,
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
