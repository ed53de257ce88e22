"""Where a wish was made, and whether a film could be posted there."""

import discord

from bot.domain.offers import Place
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, GuildId, MessageId, RoleId, UserId

_NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",  # to find what was posted before a crash
}


def place_of(interaction: discord.Interaction, source: discord.Message | None = None) -> Place:
    """The place of an interaction. Raises InvalidRequestError outside servers."""
    if interaction.guild_id is None or interaction.channel_id is None:
        raise InvalidRequestError(["Films are made in a server's channels: ask there."])
    return Place(
        guild_id=GuildId(interaction.guild_id),
        channel_id=ChannelId(interaction.channel_id),
        user_id=UserId(interaction.user.id),
        source_message_id=None if source is None else MessageId(source.id),
        parent_id=parent_of(interaction.channel),
        role_ids=roles_of(interaction.user),
    )


def guild_of(interaction: discord.Interaction) -> GuildId:
    """Raises InvalidRequestError outside servers."""
    if interaction.guild_id is None:
        raise InvalidRequestError(["This belongs to a server: ask there."])
    return GuildId(interaction.guild_id)


def ensure_manager(interaction: discord.Interaction) -> None:
    """Raises InvalidRequestError for members without Manage Server."""
    if not interaction.permissions.manage_guild:
        raise InvalidRequestError(["Only members who may manage this server can change that."])


def parent_of(channel: object) -> ChannelId | None:
    """The channel that a thread hangs on."""
    return ChannelId(channel.parent_id) if isinstance(channel, discord.Thread) else None


def roles_of(user: object) -> frozenset[RoleId]:
    """A member's roles; a user outside a server has none."""
    roles = user.roles if isinstance(user, discord.Member) else ()
    return frozenset(RoleId(role.id) for role in roles)


def missing_permissions(permissions: discord.Permissions, *, thread: bool) -> list[str]:
    """What I lack to post a film here, by the names in Discord's settings."""
    needed = dict(_NEEDED)
    if thread:
        del needed["send_messages"]
        needed["send_messages_in_threads"] = "Send Messages in Threads"
    return [name for flag, name in needed.items() if not getattr(permissions, flag)]


def ensure_may_post(permissions: discord.Permissions, *, thread: bool) -> None:
    """Refuse now rather than after the film is paid for. Raises InvalidRequestError."""
    missing = missing_permissions(permissions, thread=thread)
    if missing:
        lacking = f"I could not post the film here: I lack {', '.join(missing)}."
        raise InvalidRequestError([f"{lacking} Ask a moderator, or use another channel."])


def is_thread(channel: object) -> bool:
    return isinstance(channel, discord.Thread)
