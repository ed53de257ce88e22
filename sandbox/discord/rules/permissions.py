"""Permission bits, and what a member may do in a channel.

Pure functions over the records, in Discord's order: owner and administrators may do everything; then
roles, the channel's overwrites for everyone, for roles, for the member; threads take their parent's
result; whoever cannot see a channel can do nothing in it; a timed-out member can only read.
"""

from datetime import datetime

from sandbox.discord.models import Channel, Guild, Member, Overwrite

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
