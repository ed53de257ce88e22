"""Users and members as JSON."""

from datetime import datetime

from sandbox.discord.models import Json, Member, User


def iso(moment: datetime | None) -> str | None:
    """An instant as Discord writes it; null stays null."""
    return moment.isoformat(timespec="microseconds") if moment is not None else None


def user_json(user: User) -> Json:
    data: Json = {
        "id": str(user.id),
        "username": user.username,
        "discriminator": "0",
        "global_name": user.global_name,
        "avatar": user.avatar,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "banner": None,
        "accent_color": None,
        "public_flags": 0,
        "flags": 0,
    }
    if user.bot:
        data["bot"] = True
    return data


def own_user_json(user: User) -> Json:
    """The account that asks about itself."""
    return user_json(user) | {
        "mfa_enabled": False,
        "locale": "en-US",
        "premium_type": user.nitro,
        "email": None,
        "verified": True,
    }


def partial_member_json(member: Member) -> Json:
    """A membership without its user, as events carry it beside one."""
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": iso(member.timed_out_until),
        "flags": 0,
        "joined_at": iso(member.joined_at),
        "nick": member.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in sorted(member.role_ids)],
        "mute": False,
        "deaf": False,
    }


def member_json(member: Member) -> Json:
    return partial_member_json(member) | {"user": user_json(member.user)}
