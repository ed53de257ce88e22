"""Pings of a message: its text's mentions, limited by `allowed_mentions` and permissions."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.rules import forms, permissions
from sandbox.discord.state.models import Channel, Message
from sandbox.discord.state.world import World

_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_MOST_IDS = 100


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be pinged; a list of None allows everyone of that kind."""

    users: frozenset[int] | None
    roles: frozenset[int] | None
    everyone: bool
    replied_user: bool


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a message pings."""

    user_ids: list[int]
    role_ids: list[int]
    everyone: bool


def checked_allowed(faults: FormErrors, value: Any) -> Allowed:
    """The form's `allowed_mentions`; without it all mentions ping."""
    if value is None:
        return Allowed(users=None, roles=None, everyone=True, replied_user=True)
    raw = forms.fields(faults, "allowed_mentions", value)
    listed_kinds = forms.items(faults, "allowed_mentions.parse", raw.get("parse"), most=_MOST_IDS)
    parse = {item for item in listed_kinds if isinstance(item, str)}
    for kind in ("users", "roles"):
        listed = forms.items(faults, f"allowed_mentions.{kind}", raw.get(kind), most=_MOST_IDS)
        if listed and kind in parse:
            faults.add(
                "allowed_mentions",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )
    return Allowed(
        users=None if "users" in parse else frozenset(forms.snowflakes(raw.get("users"))),
        roles=None if "roles" in parse else frozenset(forms.snowflakes(raw.get("roles"))),
        everyone="everyone" in parse,
        replied_user=forms.boolean(
            faults,
            "allowed_mentions.replied_user",
            raw.get("replied_user"),
            default=False,
        ),
    )


def resolve(
    world: World,
    channel: Channel,
    *,
    author_id: int,
    text: str,
    allowed: Allowed,
    replied_to: Message | None,
) -> Mentions:
    """Whom the text pings in this channel, and the author of the message replied to."""
    user_ids = [
        user_id
        for user_id in world.mentioned_users(text)
        if allowed.users is None or user_id in allowed.users
    ]
    if replied_to is not None and allowed.replied_user and replied_to.author.id != author_id:
        user_ids.append(replied_to.author.id)
    may_ping_all = bool(
        permissions.granted_in(world, channel, author_id) & permissions.MENTION_EVERYONE
    )
    return Mentions(
        user_ids=list(dict.fromkeys(user_ids)),
        role_ids=_roles(world, channel, text, allowed, may_ping_all=may_ping_all),
        everyone=may_ping_all and allowed.everyone and bool(_EVERYONE.search(text)),
    )


def _roles(
    world: World, channel: Channel, text: str, allowed: Allowed, *, may_ping_all: bool
) -> list[int]:
    guild = world.guilds.get(channel.guild_id)
    found = dict.fromkeys(int(digits) for digits in _ROLE.findall(text))
    return [
        role_id
        for role_id in found
        if guild is not None
        and (role := guild.roles.get(role_id)) is not None
        and (role.mentionable or may_ping_all)
        and (allowed.roles is None or role_id in allowed.roles)
    ]
