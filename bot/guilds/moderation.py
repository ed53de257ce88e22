"""What a server's moderators decide about its members: the records, and the port that stores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.guilds.audit import AuditNote
from bot.ids import GuildId, UserId

MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class BlockedMember:
    """A member from whom nothing is accepted in a server.

    `is_cancelling` until the jobs that were open at that time are cancelled, if they are to be.
    """

    guild_id: GuildId
    user_id: UserId
    reason: str
    blocked_by: UserId
    blocked_at: datetime
    is_cancelling: bool = False


class BlockStore(Protocol):
    """Blocked members. Each method is one transaction."""

    async def is_blocked(self, guild_id: GuildId, user_id: UserId) -> bool: ...

    async def block(self, block: BlockedMember, noted: AuditNote) -> None:
        """Write a block, or replace an earlier one, with an audit-log entry.

        Once it is written, no job of the member is accepted; what was accepted before can be listed.
        """

    async def unblock(self, guild_id: GuildId, user_id: UserId, noted: AuditNote) -> bool:
        """End a block with an audit-log entry; return whether there was one."""

    async def list_blocked(
        self, guild_id: GuildId, most: int, skip: int = 0
    ) -> Sequence[BlockedMember]:
        """List a server's blocked members, latest first."""

    async def list_cancelling(self) -> Sequence[BlockedMember]:
        """List the blocks of all servers whose open jobs are still to be cancelled."""

    async def end_cancelling(self, block: BlockedMember) -> None:
        """Record that they were cancelled, unless the block was made again since."""
