"""Block members: refuse all that they ask for, and cancel what they have open if a moderator wants.

The block is written first. From then on none of the member's jobs is accepted, so that the open ones
are all there are; cancelling them is owed, and goes on after a crash.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import (
    BotError,
    InvalidRequestError,
    JobNotFoundError,
    MemberBlockedError,
    TooLateToCancelError,
)
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.moderation import BlockedMember, BlockStore
from bot.ids import EditId, GuildId, UserId
from bot.jobs.cancel import Cancelling
from bot.jobs.job import Cancellation
from bot.jobs.stores import JobStore
from bot.tasks import repeat

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 60.0
PAGE = 10  # blocked members, so that none of their lines is left out


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What became of a blocked member's open jobs.

    `spent` were handed to a service, which charges for them; `left` are cancelled later.
    """

    cancelled: int = 0
    spent: int = 0
    left: int = 0


class Blocking:
    """The blocked members of servers; callers check the moderator's permission."""

    def __init__(
        self,
        blocks: BlockStore,
        jobs: JobStore,
        cancelling: Cancelling,
        clock: Clock,
        new_edit_id: Callable[[], EditId],
    ) -> None:
        self._blocks = blocks
        self._jobs = jobs
        self._cancelling = cancelling
        self._clock = clock
        self._new_edit_id = new_edit_id

    async def ensure_not_blocked(self, guild_id: GuildId, user_id: UserId) -> None:
        """Refuse a blocked member early; the transaction that accepts a job decides.

        Raises MemberBlockedError.
        """
        if await self._blocks.is_blocked(guild_id, user_id):
            raise MemberBlockedError

    async def block(
        self, guild_id: GuildId, user_id: UserId, by: UserId, reason: str, *, cancels: bool
    ) -> BlockResult:
        """Block a member, or replace an earlier block.

        Raises InvalidRequestError for a moderator who would block themselves.
        """
        if user_id == by:
            raise InvalidRequestError(["You can't block yourself."])
        now, reason = self._clock.now(), " ".join(reason.split())
        block = BlockedMember(guild_id, user_id, reason, by, now, is_cancelling=cancels)
        jobs = ", their open videos cancelled" if cancels else ""
        await self._blocks.block(block, self._noted(block, f"blocked <@{user_id}>{jobs}", reason))
        return await self._cancel_jobs(block) if cancels else BlockResult()

    async def unblock(self, guild_id: GuildId, user_id: UserId, by: UserId) -> None:
        """End a block. Raises InvalidRequestError if there is none."""
        block = BlockedMember(guild_id, user_id, "", by, self._clock.now())
        noted = self._noted(block, f"unblocked <@{user_id}>")
        if not await self._blocks.unblock(guild_id, user_id, noted):
            raise InvalidRequestError([f"<@{user_id}> isn't blocked."])

    async def list_page(
        self, guild_id: GuildId, page: int = 0
    ) -> tuple[Sequence[BlockedMember], bool]:
        """Return a page of the blocked members, and whether an older page follows."""
        found = await self._blocks.list_blocked(guild_id, PAGE + 1, page * PAGE)
        return found[:PAGE], len(found) > PAGE

    async def run(self) -> None:
        """Cancel what is owed, from a start to the end of the program."""
        await repeat(self.run_once, SECONDS_BETWEEN, self._clock.sleep)

    async def run_once(self) -> int:
        """Cancel the open jobs of blocks that a crash or a database cut short; return how many."""
        owed = await self._blocks.list_cancelling()
        results = [await self._cancel_jobs(block) for block in owed]
        return sum(one.cancelled + one.spent for one in results)

    async def _cancel_jobs(self, block: BlockedMember) -> BlockResult:
        cancelled = spent = left = 0
        try:
            jobs = await self._jobs.list_active(user_id=block.user_id)
            for job in jobs:
                if job.guild_id != block.guild_id or job.is_shot or job.cancel_requested:
                    continue
                try:
                    outcome = await self._cancelling.cancel(
                        job.id,
                        block.guild_id,
                        block.blocked_by,
                        is_moderator=True,
                        though_spent=True,
                    )
                except (TooLateToCancelError, JobNotFoundError):
                    continue  # it has ended in the meantime
                cancelled += outcome is Cancellation.CANCELLED
                spent += outcome is not Cancellation.CANCELLED
            await self._blocks.end_cancelling(block)
        except BotError as error:  # the block holds; the rest is tried again in a minute
            _log.warning("not_cancelled_yet", extra={"error": str(error), "user": block.user_id})
            left = 1
        return BlockResult(cancelled, spent, left)

    def _noted(self, block: BlockedMember, what: str, reason: str = "") -> AuditNote:
        by = Actor(block.guild_id, block.blocked_by, self._new_edit_id(), block.blocked_at)
        return AuditNote(by, what, after=reason)
