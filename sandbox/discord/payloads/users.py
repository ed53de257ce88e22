"""Users, members and the application as JSON."""

from datetime import datetime

from sandbox.discord.state.models import Application, Json, Member, User

_PRESENCE, _MEMBERS, _CONTENT = 1 << 13, 1 << 15, 1 << 19  # the "limited" bits of unverified apps


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


def application_flags(application: Application) -> int:
    """The portal's switches as the flags in which a bot can read them."""
    return (
        _PRESENCE * application.presence
        | _MEMBERS * application.guild_members
        | _CONTENT * application.message_content
    )


def partial_application_json(application: Application) -> Json:
    """What READY and events say of it."""
    return {"id": str(application.id), "flags": application_flags(application)}


def application_json(application: Application, guild_count: int) -> Json:
    flags = application_flags(application)
    return {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": "",
        "summary": "",  # deprecated, and still sent: some clients insist on it
        "type": None,
        "bot": user_json(application.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_json(application.owner),
        "approximate_guild_count": guild_count,
        "approximate_user_install_count": len(application.user_installs),
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "integration_types_config": {"0": {}, "1": {}},
    }
