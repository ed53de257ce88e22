"""A word to a server's log channel: owed, posted once, or undeliverable."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.ids import ChannelId, GuildId, NoticeId


class NoticeState(StrEnum):
    """What became of it."""

    OWED = "owed"
    POSTED = "posted"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class Notice:
    """Its nonce makes Discord answer a repeated post with the same message."""

    id: NoticeId
    guild_id: GuildId
    channel_id: ChannelId
    text: str
    owed_at: datetime
    next_attempt_at: datetime
    state: NoticeState = NoticeState.OWED
    attempts: int = 0

    @property
    def nonce(self) -> str:
        return f"notice-{self.id}"


@dataclass(frozen=True, slots=True)
class PoolAlert:
    """So many percent of a month's pool are used or reserved; it is filled again at `ends_at`."""

    share: int
    pool_micros: int
    ends_at: datetime | None
