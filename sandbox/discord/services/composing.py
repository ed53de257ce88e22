"""From a form to a message: content, files, mentions, references, checked before anything is stored.

`Composer` neither knows who may post nor publishes; `messages` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.discord import errors
from sandbox.discord.rules import mentions
from sandbox.discord.rules.uploads import (
    MOST_FILES,
    Attachments,
    Upload,
    described_files,
    sanitised,
)
from sandbox.discord.services import references
from sandbox.discord.services.drafts import (
    EPHEMERAL,
    HAS_SNAPSHOT,
    LOADING,
    MOST_CONTENT,
    MOST_CONTENT_WITH_NITRO,
    WRITABLE_FLAGS,
    Draft,
    read_draft,
)
from sandbox.discord.state.models import (
    Attachment,
    Channel,
    Json,
    Message,
    User,
)
from sandbox.discord.state.world import World

REPLY = 19
_WHOLE_NITRO = 2


@dataclass(frozen=True, slots=True)
class ResponseMetadata:
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


class Composer:
    """Makes and changes messages; a refused form leaves nothing behind."""

    def __init__(self, world: World, attachments: Attachments) -> None:
        self._world = world
        self._attachments = attachments

    def compose(
        self,
        channel: Channel,
        author: User,
        body: Json,
        files: Mapping[int, Upload],
        metadata: ResponseMetadata | None,
    ) -> Message:
        """A new message, not yet in its channel."""
        allowed = _allowed(body)
        draft = self._draft(body, author, _names(body, files), before=Draft())
        wanted = None if metadata else body.get("message_reference")
        reference = references.resolve(self._world, channel, author.id, wanted)
        if draft.is_empty and not (
            files or reference.snapshots or (metadata and metadata.thinking)
        ):
            raise errors.empty_message()
        self._check_stickers(channel, draft)
        limit = (metadata.upload_limit if metadata else None) or self._limit(
            channel.guild_id, author
        )
        message = self.blank(channel, author)
        message.attachments = self._accept(
            body, files, limit=limit, ephemeral=bool(metadata and metadata.ephemeral_to)
        )
        if metadata is not None:
            _stamp(message, metadata)
        _refer(message, reference)
        self._fill(message, draft, allowed, reference.replied_to)
        return message

    def change(
        self,
        message: Message,
        body: Json,
        files: Mapping[int, Upload],
        upload_limit: int | None,
    ) -> None:
        """Put into the message what the form names; the rest stays. Ends its LOADING flag."""
        allowed = _allowed(body)
        kept = _kept_attachments(message, body)
        names = {item.filename for item in kept} | _names(body, files)
        draft = self._draft(body, message.author, names, before=_as_draft(message))
        if draft.is_empty and not (kept or files or message.snapshots):
            raise errors.empty_message()
        limit = upload_limit or self._limit(message.guild_id, message.author)
        message.attachments = kept + self._accept(
            body,
            files,
            limit=limit,
            kept=len(kept),
            ephemeral=message.ephemeral_to is not None,
        )
        self._fill(message, draft, allowed, self._replied_to(message))
        message.flags &= ~LOADING
        message.edited_at = self._world.clock.now()

    def blank(self, channel: Channel, author: User) -> Message:
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

    def _fill(
        self,
        message: Message,
        draft: Draft,
        allowed: mentions.Allowed,
        replied_to: Message | None,
    ) -> None:
        found = mentions.resolve(
            self._world,
            self._world.channel(message.channel_id),
            author_id=message.author.id,
            text=draft.text,
            allowed=allowed,
            replied_to=replied_to,
        )
        message.content, message.embeds = draft.content, draft.embeds
        message.components, message.sticker_ids = draft.components, draft.sticker_ids
        message.flags = (message.flags & ~WRITABLE_FLAGS) | draft.flags
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
            files, limit=limit, described=described_files(body), ephemeral=ephemeral
        )
        return list(made.values())

    def _replied_to(self, message: Message) -> Message | None:
        if message.type != REPLY or message.reference is None:
            return None
        return self._world.find_message(message.channel_id, int(message.reference["message_id"]))

    def _check_stickers(self, channel: Channel, draft: Draft) -> None:
        guild = self._world.guilds.get(channel.guild_id)
        if any(guild is None or item not in guild.stickers for item in draft.sticker_ids):
            raise errors.unknown_sticker()

    def _limit(self, guild_id: int, author: User) -> int:
        return self._attachments.limit_for(guild_id, author.nitro)


def _stamp(message: Message, metadata: ResponseMetadata) -> None:
    """Mark the message as the answer to an interaction."""
    message.type = metadata.type
    message.webhook_id = message.application_id = metadata.application_id
    message.interaction = metadata.interaction
    message.ephemeral_to = metadata.ephemeral_to
    message.flags |= EPHEMERAL if metadata.ephemeral_to is not None else 0
    message.flags |= LOADING if metadata.thinking else 0
    if metadata.reply_to is not None:
        message.type = REPLY
        message.reference = references.pointer(metadata.reply_to, references.REPLY)


def _names(body: Json, files: Mapping[int, Upload]) -> set[str]:
    """The file names that `attachment://` may use, as they will be kept."""
    described = described_files(body)
    return {
        sanitised(str(described.get(n, {}).get("filename") or upload.filename))
        for n, upload in files.items()
    }


def _as_draft(message: Message) -> Draft:
    return Draft(
        content=message.content,
        embeds=message.embeds,
        components=message.components,
        sticker_ids=message.sticker_ids,
        flags=message.flags & ~LOADING,
    )


def _refer(message: Message, reference: references.Reference) -> None:
    """Make the message the reply or the forward that it is."""
    if reference.raw is None:
        return
    message.reference = reference.raw
    message.snapshots = reference.snapshots
    message.type = REPLY if reference.replied_to else message.type
    message.flags |= HAS_SNAPSHOT if reference.snapshots else 0


def _allowed(body: Json) -> mentions.Allowed:
    faults = errors.FormErrors()
    allowed = mentions.checked_allowed(faults, body.get("allowed_mentions"))
    faults.raise_if_any()
    return allowed


def _kept_attachments(message: Message, body: Json) -> list[Attachment]:
    """Those that an edit leaves in place: all, or those that its `attachments` name."""
    if "attachments" not in body:
        return list(message.attachments)
    described = described_files(body)
    kept = [item for item in message.attachments if item.id in described]
    for item in kept:
        item.description = described[item.id].get("description", item.description)
    return kept
