"""A word to a server's log channel: owed, posted once, or undeliverable."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.deliveries import POSTING_LEASE
from bot.ids import ChannelId, GuildId, NoticeId


class NoticeState(StrEnum):
    """What became of it."""

    OWED = "owed"
    POSTED = "posted"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True, slots=True)
class Notice:
    """Its nonce makes Discord answer a post that is repeated soon with the same message."""

    id: NoticeId
    guild_id: GuildId
    channel_id: ChannelId
    text: str
    owed_at: datetime
    next_attempt_at: datetime
    state: NoticeState = NoticeState.OWED
    attempts: int = 0
    posting_at: datetime | None = None  # when it was first about to be posted

    @property
    def nonce(self) -> str:
        return f"notice-{self.id}"


def posting(notice: Notice, now: datetime) -> Notice:
    """The intent to post, to be written down before posting; nobody else tries for a while."""
    return replace(
        notice,
        next_attempt_at=now + POSTING_LEASE,
        posting_at=notice.posting_at or now,
        attempts=notice.attempts + 1,
    )


@dataclass(frozen=True, slots=True)
class PoolAlert:
    """So many percent of a month's pool are used or reserved; it is filled again at `ends_at`."""

    share: int
    pool_micros: int
    ends_at: datetime | None
