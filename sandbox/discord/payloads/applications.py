"""The application as JSON."""

from sandbox.discord.models import Application, Json
from sandbox.discord.payloads.users import user_json

_PRESENCE, _MEMBERS, _CONTENT = 1 << 13, 1 << 15, 1 << 19  # the "limited" bits of unverified apps


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
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "integration_types_config": {"0": {}},
    }
