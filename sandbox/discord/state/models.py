"""The records of the local Discord: plain data, no rules, no I/O.

Ids are integers here and strings on the wire. `raw` fields hold JSON in Discord's own shape.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class User:
    """An account: a person or the bot."""

    id: int
    username: str
    global_name: str | None = None
    bot: bool = False
    nitro: int = 0  # premium_type: 0 none, 1 classic, 2 full
    avatar: str | None = None


@dataclass(slots=True)
class Role:
    """A set of permissions with a name."""

    id: int
    name: str
    permissions: int
    position: int = 0
    color: int = 0
    hoist: bool = False
    mentionable: bool = False
    managed_by_bot: int | None = None


@dataclass(slots=True)
class Member:
    """A user in a guild."""

    user: User
    joined_at: datetime
    role_ids: set[int] = field(default_factory=set)
    nick: str | None = None
    timed_out_until: datetime | None = None
    takes_direct_messages: bool = True  # of members of this guild, bots included


@dataclass(slots=True)
class Overwrite:
    """What a channel allows and denies to a role or a member."""

    id: int
    type: int  # 0 role, 1 member
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Thread:
    """What a channel has besides when it is a thread."""

    owner_id: int
    auto_archive_minutes: int
    archived_at: datetime
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    member_ids: set[int] = field(default_factory=set)
    message_count: int = 0  # without the message that began it
    applied_tags: list[int] = field(default_factory=list)  # of a forum's post


@dataclass(slots=True)
class Channel:
    """A place for messages; a thread when it has one."""

    id: int
    guild_id: int
    type: int
    name: str
    topic: str | None = None
    position: int = 0
    nsfw: bool = False
    parent_id: int | None = None
    slowmode_seconds: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    last_message_id: int | None = None
    last_pin_at: datetime | None = None
    flags: int = 0
    options: Json = field(default_factory=dict)  # fields that only its type has, by wire name
    thread: Thread | None = None


@dataclass(slots=True)
class Emoji:
    """A guild's own emoji; its picture lies in the blob store under its id."""

    id: int
    name: str
    animated: bool = False


@dataclass(slots=True)
class Sticker:
    """A guild's own sticker; its picture lies in the blob store under its id."""

    id: int
    name: str
    format_type: int  # 1 PNG, 2 APNG, 3 Lottie, 4 GIF
    description: str | None = None


@dataclass(slots=True)
class VoiceState:
    """Where a member is talking."""

    user_id: int
    channel_id: int
    session_id: str
    self_mute: bool = False
    self_deaf: bool = False
    suppress: bool = False  # in a stage's audience


@dataclass(slots=True)
class Guild:
    """A server with everything in it but messages."""

    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)  # threads included
    emojis: dict[int, Emoji] = field(default_factory=dict)
    stickers: dict[int, Sticker] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)  # by user
    preferred_locale: str = "en-US"


@dataclass(slots=True)
class Attachment:
    """An uploaded file; its bytes lie in the blob store under its id."""

    id: int
    filename: str
    size: int
    content_type: str | None = None
    width: int | None = None
    height: int | None = None
    description: str | None = None
    ephemeral: bool = False
    spoiler: bool = False
    uploaded_at: datetime | None = None


@dataclass(slots=True)
class Reaction:
    """One emoji under a message and who reacted with it."""

    emoji: Json  # {"id": str | null, "name": str}
    user_ids: dict[int, None] = field(default_factory=dict)  # ordered, unique


@dataclass(slots=True)
class Message:
    """A message of any author and any way of posting."""

    id: int
    channel_id: int
    guild_id: int
    author: User
    created_at: datetime
    content: str = ""
    type: int = 0
    flags: int = 0
    edited_at: datetime | None = None
    tts: bool = False
    pinned_at: datetime | None = None
    mention_everyone: bool = False
    mention_ids: list[int] = field(default_factory=list)
    mention_role_ids: list[int] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    sticker_ids: list[int] = field(default_factory=list)
    nonce: str | int | None = None
    reference: Json | None = None  # message_reference
    snapshots: list[Json] = field(default_factory=list)  # of a forwarded message
    thread_id: int | None = None
    webhook_id: int | None = None
    application_id: int | None = None
    interaction: Json | None = None  # interaction_metadata
    ephemeral_to: int | None = None  # the only user who sees it

    @property
    def pinned(self) -> bool:
        return self.pinned_at is not None


@dataclass(slots=True)
class Application:
    """The bot's application, as the developer portal knows it."""

    id: int
    name: str
    bot: User
    owner: User
    token: str
    message_content: bool = True  # the portal's switches for privileged intents
    guild_members: bool = True
    presence: bool = True
    user_installs: set[int] = field(default_factory=set)  # who added it to their own account


@dataclass(slots=True)
class Command:
    """A registered command."""

    id: int
    application_id: int
    guild_id: int | None
    version: int
    raw: Json  # the payload as registered, defaults filled in


@dataclass(slots=True)
class Interaction:
    """One use of a command, component or modal, with the token that answers it."""

    id: int
    token: str
    type: int
    application_id: int
    guild_id: int
    channel_id: int
    user_id: int
    raw_data: Json
    created_at: datetime
    command_name: str | None = None
    message_id: int | None = None  # the component's message
    parent_id: int | None = None  # the interaction that opened the modal
    callback_type: int | None = None  # None until acknowledged
    acknowledged_at: datetime | None = None
    deferred_ephemeral: bool = False
    response_message_id: int | None = None
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    owners: Json = field(default_factory=dict)  # authorizing_integration_owners
    followups: int = 0
    failure: str | None = None
