"""The facts of an interaction: server, channel, member, permissions and pressed button."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.catalog.request import Origin
from bot.errors import InvalidRequestError, UserFacingError
from bot.ids import ChannelId, GuildId, MessageId, RoleId, UserId
from bot.jobs.removed import Stands
from bot.presentation.widgets import Pressed, parse
from cogs._shared.pictures import Part, of_message

_log = logging.getLogger(__name__)

_NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",  # to find what was posted before a crash
}


def place_of(interaction: discord.Interaction, source: discord.Message | None = None) -> Origin:
    """Return the place of an interaction. Raises InvalidRequestError outside servers."""
    if interaction.guild_id is None or interaction.channel_id is None:
        raise InvalidRequestError(["Videos can only be made in a server's channels. Try there."])
    return Origin(
        guild_id=GuildId(interaction.guild_id),
        channel_id=ChannelId(interaction.channel_id),
        user_id=UserId(interaction.user.id),
        source_message_id=None if source is None else MessageId(source.id),
        parent_id=parent_of(interaction.channel),
        role_ids=roles_of(interaction.user),
    )


def stands_for(client: discord.Client, guild_id: int | None) -> Stands:
    """Look for messages in a server; one that can't be read for now counts as there."""

    async def stands(channel_id: ChannelId, message_id: MessageId, *, with_file: bool) -> bool:
        channel = client.get_partial_messageable(channel_id, guild_id=guild_id)
        try:
            message = await channel.fetch_message(message_id)
        except discord.NotFound:
            return False
        except Exception as error:  # noqa: BLE001 - Discord is down, or closed the channel to us
            _log.warning("source_unreadable", extra={"error": type(error).__name__})
            return True
        return not with_file or has_file(message)

    return stands


def has_file(message: discord.Message) -> bool:
    """Whether it still shows a picture or a file, of its own or forwarded."""
    parts: list[Part] = [message, *message.message_snapshots]
    return bool(of_message(message)) or any(part.attachments for part in parts)


def guild_of(interaction: discord.Interaction) -> GuildId:
    """Return the server of an interaction. Raises InvalidRequestError outside servers."""
    if interaction.guild_id is None:
        raise InvalidRequestError(["This only works in a server. Try there."])
    return GuildId(interaction.guild_id)


class CheckRefusedError(app_commands.CheckFailure):
    """A command's check refuses, and says `why`.

    discord.py hands only its own errors to the error handler; any other error of a check ends as
    a traceback, and the member reads "The application did not respond".
    """

    def __init__(self, why: UserFacingError) -> None:
        super().__init__(str(why))
        self.why = why


def check_manager(interaction: discord.Interaction) -> bool:
    """Check, for a cog's `interaction_check`, that the member may manage the server.

    Raises CheckRefusedError.
    """
    try:
        ensure_manager(interaction)
    except UserFacingError as error:
        raise CheckRefusedError(error) from error
    return True


def ensure_manager(interaction: discord.Interaction, what: str = "This command") -> None:
    """Refuse members without Manage Server. Raises InvalidRequestError."""
    if not interaction.permissions.manage_guild:
        raise InvalidRequestError([f"{what} needs the Manage Server permission."])


def may_moderate(interaction: discord.Interaction, channel_id: ChannelId) -> bool:
    """Whether the member may delete others' messages in that channel, perhaps not this one.

    An interaction tells only of its own channel, and many members moderate one of theirs.
    """
    if interaction.channel_id == channel_id:
        return interaction.permissions.manage_messages
    guild, member = interaction.guild, interaction.user
    if guild is None or not isinstance(member, discord.Member):
        return False
    channel = guild.get_channel_or_thread(channel_id)
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    rights = member.guild_permissions if channel is None else channel.permissions_for(member)
    return rights.manage_messages


def check_moderator(interaction: discord.Interaction) -> bool:
    """As `check_manager`, for members who may manage messages. Raises CheckRefusedError."""
    try:
        ensure_moderator(interaction)
    except UserFacingError as error:
        raise CheckRefusedError(error) from error
    return True


def ensure_moderator(interaction: discord.Interaction) -> None:
    """Raises InvalidRequestError for members without Manage Messages in the whole server.

    A member who moderates one channel has it in the interactions there.
    """
    if not is_moderator(interaction.user):
        raise InvalidRequestError(["This command needs the Manage Messages permission."])


def is_moderator(user: discord.User | discord.Member) -> bool:
    """Whether a role gives this member Manage Messages, whatever a channel adds or takes away."""
    return isinstance(user, discord.Member) and user.guild_permissions.manage_messages


def parent_of(channel: object) -> ChannelId | None:
    """Return the channel that a thread belongs to."""
    return ChannelId(channel.parent_id) if isinstance(channel, discord.Thread) else None


def roles_of(user: object) -> frozenset[RoleId]:
    """Return the ids of a member's roles as Discord sent them; none outside servers.

    `Member.roles` leaves out what is not in the cache, which has no role of a server between READY
    and its GUILD_CREATE, nor one made a moment ago: a role's limits would then not hold.
    """
    ids = user._roles if isinstance(user, discord.Member) else ()  # noqa: SLF001 - nothing public has the ids
    return frozenset(RoleId(role_id) for role_id in ids)


def missing_permissions(permissions: discord.Permissions, *, thread: bool) -> list[str]:
    """List permissions missing to post a video, by their names in Discord's settings."""
    needed = dict(_NEEDED)
    if thread:
        del needed["send_messages"]
        needed["send_messages_in_threads"] = "Send Messages in Threads"
    return [name for flag, name in needed.items() if not getattr(permissions, flag)]


def ensure_may_post(permissions: discord.Permissions, *, thread: bool) -> None:
    """Refuse a request whose video couldn't be posted. Raises InvalidRequestError."""
    missing = missing_permissions(permissions, thread=thread)
    if missing:
        raise cannot_post(missing)


def cannot_post(missing: Sequence[str]) -> InvalidRequestError:
    """Return an error that names the missing permissions, and who can grant them."""
    lacking = f"I couldn't post the video here: {permissions_missing(missing)}."
    return InvalidRequestError([f"{lacking} Ask a moderator, or use another channel."])


def permissions_missing(missing: Sequence[str]) -> str:
    """Name the permissions as Discord's settings do."""
    kind = "permission" if len(missing) == 1 else "permissions"
    return f"I'm missing the {', '.join(missing)} {kind}"


def is_thread(channel: object) -> bool:
    """Whether a channel is a thread."""
    return isinstance(channel, discord.Thread)


def custom_id_in(interaction: discord.Interaction) -> str:
    """Return the custom id of a pressed button; empty for other interactions."""
    if interaction.type is not discord.InteractionType.component:
        return ""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", ""))


def pressed_in(interaction: discord.Interaction) -> Pressed | None:
    """Return the button pressed; None for other interactions and other bots' buttons."""
    return parse(custom_id_in(interaction))
