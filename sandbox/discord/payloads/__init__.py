"""Records as Discord's JSON, strict enough for Discord's own OpenAPI document.

Nothing here decides anything: who may see a thing is settled before it is rendered.
"""

from sandbox.discord.payloads.applications import application_json, partial_application_json
from sandbox.discord.payloads.channels import (
    channel_json,
    overwrite_json,
    thread_json,
    thread_member_json,
)
from sandbox.discord.payloads.guilds import (
    emoji_json,
    guild_create_json,
    guild_event_json,
    guild_json,
    role_json,
    sticker_json,
)
from sandbox.discord.payloads.messages import (
    attachment_json,
    message_event_json,
    message_json,
)
from sandbox.discord.payloads.users import (
    iso,
    member_json,
    own_user_json,
    partial_member_json,
    user_json,
)

__all__ = [
    "application_json",
    "attachment_json",
    "channel_json",
    "emoji_json",
    "guild_create_json",
    "guild_event_json",
    "guild_json",
    "iso",
    "member_json",
    "message_event_json",
    "message_json",
    "overwrite_json",
    "own_user_json",
    "partial_application_json",
    "partial_member_json",
    "role_json",
    "sticker_json",
    "thread_json",
    "thread_member_json",
    "user_json",
]
