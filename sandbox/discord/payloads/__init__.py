"""Records as Discord's JSON, strict enough for Discord's own OpenAPI document.

Payloads decide nothing: who may see something is settled before it is rendered. Imports `rules` and
`state`. Read `messages.py` first.
"""

from sandbox.discord.payloads.channels import (
    channel_json,
    overwrite_json,
    thread_json,
    thread_member_json,
)
from sandbox.discord.payloads.guilds import (
    counts_json,
    emoji_json,
    guild_create_json,
    guild_event_json,
    guild_json,
    role_json,
    sticker_json,
    voice_state_json,
)
from sandbox.discord.payloads.messages import (
    attachment_json,
    message_event_json,
    message_json,
)
from sandbox.discord.payloads.users import (
    application_json,
    iso,
    member_json,
    own_user_json,
    partial_application_json,
    partial_member_json,
    user_json,
)

__all__ = [
    "application_json",
    "attachment_json",
    "channel_json",
    "counts_json",
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
    "voice_state_json",
]
