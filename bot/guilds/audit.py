"""Entries of a server's audit log."""

from dataclasses import dataclass
from datetime import datetime

from bot.ids import GuildId, UserId


@dataclass(frozen=True, slots=True)
class Actor:
    """Author of a change, its server and instant; `key` makes it happen once."""

    guild_id: GuildId
    user_id: UserId
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditNote:
    """An audit-log entry about a setting, as text."""

    by: Actor
    what: str
    before: str = ""
    after: str = ""
