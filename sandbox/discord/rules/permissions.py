"""Permission bits, who has them in a channel, and who sees an event.

Pure functions over the records, in Discord's order: owner and administrators may do everything; then
roles, the channel's overwrites for everyone, for roles, for the member; threads take their parent's
result; who cannot see a channel can do nothing in it; a timed-out member can only read.
"""

from datetime import datetime

from sandbox.discord import errors
from sandbox.discord.state.events import Event
from sandbox.discord.state.models import (
    Channel,
    Guild,
    Member,
    Overwrite,
)
from sandbox.discord.state.world import World

CREATE_INSTANT_INVITE = 1 << 0
KICK_MEMBERS = 1 << 1
BAN_MEMBERS = 1 << 2
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
SEND_TTS_MESSAGES = 1 << 12
MANAGE_MESSAGES = 1 << 13
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
MENTION_EVERYONE = 1 << 17
USE_EXTERNAL_EMOJIS = 1 << 18
CHANGE_NICKNAME = 1 << 26
MANAGE_NICKNAMES = 1 << 27
MANAGE_ROLES = 1 << 28
CONNECT = 1 << 20
SPEAK = 1 << 21
MOVE_MEMBERS = 1 << 24
USE_APPLICATION_COMMANDS = 1 << 31
MANAGE_THREADS = 1 << 34
CREATE_PUBLIC_THREADS = 1 << 35
CREATE_PRIVATE_THREADS = 1 << 36
USE_EXTERNAL_STICKERS = 1 << 37
SEND_MESSAGES_IN_THREADS = 1 << 38
MODERATE_MEMBERS = 1 << 40
USE_EXTERNAL_APPS = 1 << 50
PIN_MESSAGES = 1 << 51
BYPASS_SLOWMODE = 1 << 52

ALL = (1 << 53) - 1
READING = VIEW_CHANNEL | READ_MESSAGE_HISTORY
WRITING = SEND_MESSAGES | SEND_MESSAGES_IN_THREADS | EMBED_LINKS | ATTACH_FILES | ADD_REACTIONS
EVERYONE = (
    READING
    | WRITING
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | USE_APPLICATION_COMMANDS
    | USE_EXTERNAL_EMOJIS
    | USE_EXTERNAL_STICKERS
    | CHANGE_NICKNAME
    | CREATE_INSTANT_INVITE
    | CONNECT
    | SPEAK
    | USE_EXTERNAL_APPS
)
DIRECT = READING | WRITING | USE_APPLICATION_COMMANDS | USE_EXTERNAL_EMOJIS | PIN_MESSAGES
_LOST_WITHOUT_SENDING = MENTION_EVERYONE | SEND_TTS_MESSAGES | ATTACH_FILES | EMBED_LINKS


def guild_permissions(guild: Guild, member: Member) -> int:
    """What the member may do in the guild before any channel has its say; timeouts left out."""
    if member.user.id == guild.owner_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        if (role := guild.roles.get(role_id)) is not None:
            granted |= role.permissions
    return ALL if granted & ADMINISTRATOR else granted


def channel_permissions(guild: Guild, channel: Channel, member: Member, now: datetime) -> int:
    """What the member may do in the channel at this moment."""
    granted = guild_permissions(guild, member)
    if granted & ADMINISTRATOR:
        return ALL
    is_thread = channel.thread is not None
    parent = guild.channels.get(channel.parent_id or 0, channel) if is_thread else channel
    granted = _overwritten(granted, guild, parent, member)
    if not granted & VIEW_CHANNEL or not _is_let_into(channel, member, granted):
        return 0
    if not granted & (SEND_MESSAGES_IN_THREADS if is_thread else SEND_MESSAGES):
        granted &= ~_LOST_WITHOUT_SENDING
    return granted & READING if is_timed_out(member, now) else granted


def granted_in(world: World, channel: Channel, user_id: int) -> int:
    """The user's permissions in the channel now; 0 for anyone outside the guild."""
    if channel.guild_id == 0:
        recipient_id = world.direct_channels[channel.id][1]
        return DIRECT if user_id in {recipient_id, world.application.bot.id} else 0
    guild = world.guilds.get(channel.guild_id)
    member = guild.members.get(user_id) if guild else None
    if guild is None or member is None:
        return 0
    return channel_permissions(guild, channel, member, world.clock.now())


def require(world: World, channel: Channel, user_id: int, needed: int) -> None:
    """Raise 50001 for a channel that the user cannot see, 50013 for a missing permission."""
    granted = granted_in(world, channel, user_id)
    if not granted & VIEW_CHANNEL:
        raise errors.missing_access()
    if granted & needed != needed:
        raise errors.missing_permissions()


def require_in_guild(guild: Guild, user_id: int, needed: int) -> Member:
    """The user's membership; raises 50001 for an outsider, 50013 for a missing permission."""
    if (member := guild.members.get(user_id)) is None:
        raise errors.missing_access()
    if guild_permissions(guild, member) & needed != needed:
        raise errors.missing_permissions()
    return member


def sees(world: World, user_id: int, event: Event) -> bool:
    """Whether the event is for this user; the gateway filters by intents."""
    if event.only_user is not None:
        return event.only_user == user_id
    if event.channel_id is not None and (channel := world.find_channel(event.channel_id)):
        return bool(granted_in(world, channel, user_id) & VIEW_CHANNEL)
    if event.guild_id is not None:
        return world.find_member(event.guild_id, user_id) is not None
    return True


def is_timed_out(member: Member, now: datetime) -> bool:
    return member.timed_out_until is not None and member.timed_out_until > now


def highest_position(guild: Guild, member: Member) -> int:
    """The position of the member's highest role; the owner stands above all."""
    if member.user.id == guild.owner_id:
        return 1 << 30
    positions = [guild.roles[role].position for role in member.role_ids if role in guild.roles]
    return max(positions, default=0)


def _overwritten(granted: int, guild: Guild, channel: Channel, member: Member) -> int:
    everyone = channel.overwrites.get(guild.id)
    granted = _apply(granted, [everyone] if everyone else [])
    roles = [channel.overwrites[role] for role in member.role_ids if role in channel.overwrites]
    granted = _apply(granted, roles)
    own = channel.overwrites.get(member.user.id)
    return _apply(granted, [own] if own else [])


def _apply(granted: int, overwrites: list[Overwrite]) -> int:
    denied = allowed = 0
    for overwrite in overwrites:
        denied |= overwrite.deny
        allowed |= overwrite.allow
    return (granted & ~denied) | allowed


def _is_let_into(channel: Channel, member: Member, granted: int) -> bool:
    """Whether a private thread lets the member in; everything else does."""
    if channel.thread is None or channel.type != 12:
        return True
    return bool(granted & MANAGE_THREADS) or member.user.id in channel.thread.member_ids
