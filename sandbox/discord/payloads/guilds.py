"""Guilds, roles, emoji and stickers as JSON: REST's guild and the larger one of GUILD_CREATE."""

from sandbox.discord.payloads.channels import channel_json
from sandbox.discord.payloads.users import iso, member_json
from sandbox.discord.rules import permissions
from sandbox.discord.state.models import (
    Emoji,
    Guild,
    Json,
    Role,
    Sticker,
    VoiceState,
)
from sandbox.discord.state.world import World

_BOOSTS_BY_TIER = (0, 2, 7, 14)


def role_json(role: Role) -> Json:
    data: Json = {
        "id": str(role.id),
        "name": role.name,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": role.hoist,
        "managed": role.managed_by_bot is not None,
        "mentionable": role.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if role.managed_by_bot is not None:
        data["tags"] = {"bot_id": str(role.managed_by_bot)}
    return data


def emoji_json(emoji: Emoji) -> Json:
    return {
        "id": str(emoji.id),
        "name": emoji.name,
        "roles": [],
        "require_colons": True,
        "managed": False,
        "animated": emoji.animated,
        "available": True,
    }


def sticker_json(guild: Guild, sticker: Sticker) -> Json:
    return {
        "id": str(sticker.id),
        "name": sticker.name,
        "tags": sticker.name,
        "type": 2,
        "format_type": sticker.format_type,
        "description": sticker.description,
        "available": True,
        "guild_id": str(guild.id),
    }


def voice_state_json(guild: Guild, state: VoiceState) -> Json:
    """Where a member talks, as VOICE_STATE_UPDATE and REST carry it."""
    data: Json = {
        "guild_id": str(guild.id),
        "channel_id": str(state.channel_id),
        "user_id": str(state.user_id),
        "session_id": state.session_id,
        "deaf": False,
        "mute": False,
        "self_deaf": state.self_deaf,
        "self_mute": state.self_mute,
        "self_stream": False,
        "self_video": False,
        "suppress": state.suppress,
        "request_to_speak_timestamp": None,
    }
    if (member := guild.members.get(state.user_id)) is not None:
        data["member"] = member_json(member)
    return data


def _without_guild(state: Json) -> Json:
    """As GUILD_CREATE carries it, which says the guild itself."""
    return {key: value for key, value in state.items() if key != "guild_id"}


def guild_json(guild: Guild) -> Json:
    """The guild as REST answers it."""
    return _FIXED | {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "roles": [role_json(role) for role in guild.roles.values()],
        "emojis": [emoji_json(emoji) for emoji in guild.emojis.values()],
        "stickers": [sticker_json(guild, sticker) for sticker in guild.stickers.values()],
        "premium_tier": guild.premium_tier,
        "premium_subscription_count": _BOOSTS_BY_TIER[guild.premium_tier],
        "preferred_locale": guild.preferred_locale,
    }


def counts_json(guild: Guild) -> Json:
    """What `with_counts` adds; everyone here is always online."""
    return {
        "approximate_member_count": len(guild.members),
        "approximate_presence_count": len(guild.members),
    }


def guild_event_json(guild: Guild) -> Json:
    """The guild as GUILD_UPDATE carries it."""
    return guild_json(guild) | {"guild_id": str(guild.id)}


def guild_create_json(world: World, guild: Guild, viewer_id: int) -> Json:
    """The guild as GUILD_CREATE carries it, with the threads that the viewer can see.

    As on Discord, it lists every channel, also those that the viewer cannot see.
    """
    channels = [item for item in guild.channels.values() if item.thread is None]
    threads = [
        item
        for item in world.threads_of(guild)
        if item.thread is not None
        and not item.thread.archived
        and permissions.granted_in(world, item, viewer_id) & permissions.VIEW_CHANNEL
    ]
    return guild_json(guild) | {
        "joined_at": iso(guild.members[viewer_id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_json(member) for member in guild.members.values()],
        "channels": [channel_json(world, item, viewer_id) for item in channels],
        "threads": [channel_json(world, item, viewer_id) for item in threads],
        "presences": [],
        "voice_states": [
            _without_guild(voice_state_json(guild, item)) for item in guild.voice_states.values()
        ],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


_FIXED: Json = {
    "icon": None,
    "description": None,
    "home_header": None,
    "splash": None,
    "discovery_splash": None,
    "features": [],
    "banner": None,
    "application_id": None,
    "region": "us-east",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "system_channel_id": None,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "widget_channel_id": None,
    "verification_level": 0,
    "default_message_notifications": 1,
    "mfa_level": 0,
    "explicit_content_filter": 0,
    "max_presences": None,
    "max_members": 500000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "vanity_url_code": None,
    "rules_channel_id": None,
    "safety_alerts_channel_id": None,
    "public_updates_channel_id": None,
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
    "incidents_data": None,
}
