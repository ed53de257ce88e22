"""Remove a video's message: record the removal, then delete.

The record owes the deletion, so that a crash or an absent Discord only delays it. Once recorded, the
removal holds: the video is never posted again.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from bot.clock import Clock
from bot.errors import (
    InvalidRequestError,
    JobNotFoundError,
    LeaseLostError,
    NotYourJobError,
    StorageError,
)
from bot.guilds.audit import Actor, AuditNote
from bot.guilds.notices import (
    TO_MEMBER,
    Notice,
    TemporaryMessage,
    TemporaryMessages,
    only_id,
)
from bot.guilds.settings import GuildSettings, GuildStore, LogLevel
from bot.ids import ChannelId, GuildId, JobId, MessageId, UserId
from bot.jobs.job import Job
from bot.jobs.messages import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Outbox,
    deleted,
)
from bot.jobs.stores import JobStore, MessageStore
from bot.money.changes import RefundJob
from bot.money.settlements import REFUNDED_ALREADY
from bot.money.store import PolicyStore

_log = logging.getLogger(__name__)

Delete = Callable[[ChannelId, MessageId], Awaitable[None]]

TRIES = 5  # against a process that records the post at the same time
READS, SECONDS_BETWEEN_READS = 8, 0.25  # of a post that Discord shows and no row holds yet
MAX_REASON = 300
NO_REASON = "the video was removed"  # of a refund


@dataclass(frozen=True, slots=True)
class Target:
    """A video that someone wants to remove, and where its message is."""

    job: Job
    channel_id: ChannelId
    is_removed: bool

    def is_of(self, user_id: UserId) -> bool:
        """Whether the member made it, or a picture of theirs is in it."""
        return user_id in {
            self.job.user_id,
            *(owner.user_id for owner in self.job.request.owners),
        }


class Refund(StrEnum):
    """What became of the price of a removed video."""

    NOT_ASKED = "not asked for"
    DONE = "done"
    EARLIER = "done earlier"
    NOTHING_PAID = "nothing paid"


@dataclass(frozen=True, slots=True)
class Decision:
    """A moderator's decision about a video; `key` refunds it once."""

    by: UserId
    reason: str
    refunds: bool
    tells: bool  # the member who made it
    key: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A video that a moderator removed."""

    job: Job
    channel_id: ChannelId
    decision: Decision
    refund: Refund


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision.

    `is_new`: no one had removed the video before. `is_deleted`: its message is gone; otherwise its
    deletion is owed.
    """

    removed: Removed
    is_new: bool
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class RemovalWords:
    """What the log channel and the member are told."""

    log: Callable[[Removed], str]
    member: Callable[[Removed], str]


OutboxOf = Callable[[Delivery], Outbox]


class Removal:
    """Remove a posted video, checked against its row.

    The pressed message is compared too: a custom id does not prove which message carries it.
    """

    def __init__(
        self,
        *,
        jobs: JobStore,
        messages: MessageStore,
        guilds: GuildStore,
        temporary: TemporaryMessages,
        policies: PolicyStore,
        clock: Clock,
        words: RemovalWords,
    ) -> None:
        self._jobs = jobs
        self._messages = messages
        self._guilds = guilds
        self._temporary = temporary
        self._policies = policies
        self._clock = clock
        self._words = words

    async def find(self, job_id: JobId, guild_id: GuildId, message_id: MessageId | None) -> Target:
        """Find the video that a press or a form is about.

        Without `message_id`, by its recorded message: the press was on another one. Raises
        JobNotFoundError, also for another server's job or another job's message.
        """
        job = await self._jobs.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        video = await self._message(job_id, message_id)
        return Target(job, video.channel_id, video.state is DeliveryState.DELETED)

    async def remove(
        self,
        job_id: JobId,
        guild_id: GuildId,
        message_id: MessageId | None,
        user_id: UserId,
        *,
        is_moderator: bool,
        delete: Delete,
    ) -> bool:
        """Record that this message of the job is deleted, then `delete` it.

        For its maker, for those whose pictures it was made with, and for moderators. Returns
        whether it is gone; otherwise its deletion is owed. Raises what `find` does, and
        NotYourJobError.
        """
        target = await self.find(job_id, guild_id, message_id)
        if not target.is_of(user_id) and not is_moderator:
            raise NotYourJobError
        keeps_cards = (await self._guilds.get(guild_id)).keeps_cards
        replaces_at = None if keeps_cards else self._clock.now()
        video, _ = await self._record(job_id, message_id, replaces_at, self._with_deletion)
        return await self._delete_now(video, delete)

    async def remove_as_moderator(
        self,
        job_id: JobId,
        guild_id: GuildId,
        message_id: MessageId | None,
        decision: Decision,
        delete: Delete,
    ) -> Outcome:
        """Refund a video if that was decided, record its removal, tell of it and `delete` it.

        The caller has checked the permission. The card goes too, even where cards stay: it quotes
        the prompt. Raises what `find` does.
        """
        target = await self.find(job_id, guild_id, message_id)
        refund = await self._refund(target.job, decision)
        removed = Removed(target.job, target.channel_id, decision, refund)
        settings = await self._guilds.get(guild_id)
        video, is_new = await self._record(
            job_id,
            message_id,
            self._clock.now(),
            lambda video: self._outbox(video, removed, settings),
        )
        return Outcome(removed, is_new, await self._delete_now(video, delete))

    async def _refund(self, job: Job, decision: Decision) -> Refund:
        if not decision.refunds:
            return Refund.NOT_ASKED
        by = Actor(job.guild_id, decision.by, decision.key, self._clock.now())
        try:
            await self._policies.apply(by, RefundJob(job.id, decision.reason or NO_REASON))
        except InvalidRequestError as error:
            known = REFUNDED_ALREADY in error.reasons
            return Refund.EARLIER if known else Refund.NOTHING_PAID
        return Refund.DONE

    def _outbox(self, video: Delivery, removed: Removed, settings: GuildSettings) -> Outbox:
        """Owe the deletion and the notices, and note it in the audit log."""
        now, job, decision = self._clock.now(), removed.job, removed.decision
        notices = []
        log_channel_id = settings.log_channel_for(LogLevel.MODERATION)
        if log_channel_id is not None:
            text = self._words.log(removed)
            notice_id = only_id(f"removed:{job.id}")
            notices.append(Notice(notice_id, job.guild_id, log_channel_id, text, now, now))
        if decision.tells:
            notices.append(
                Notice(
                    only_id(f"removal told:{job.id}"),
                    job.guild_id,
                    TO_MEMBER,
                    self._words.member(removed),
                    now,
                    now,
                    mentions=job.user_id,
                )
            )
        by = Actor(job.guild_id, decision.by, f"removal-{job.id}", now)
        what = f"removed video {job.id} of <@{job.user_id}>"
        return replace(
            self._with_deletion(video),
            notices=tuple(notices),
            noted=AuditNote(by, what, after=decision.reason),
        )

    def _with_deletion(self, video: Delivery) -> Outbox:
        return Outbox(deletions=(_temporary(video, self._clock.now()),))

    async def _record(
        self,
        job_id: JobId,
        message_id: MessageId | None,
        replaces_at: datetime | None,
        outbox_of: OutboxOf,
    ) -> tuple[Delivery, bool]:
        """Record the deletion with all that it owes; return the message, and whether this did it.

        Another process may be recording the post at the same time.
        """
        is_new = False
        for tries_left in reversed(range(TRIES)):
            video = await self._message(job_id, message_id)
            if video.state is DeliveryState.DELETED:
                break
            gone = replace(deleted(video), message_id=video.message_id or message_id)
            try:
                await self._messages.save_delivery(
                    gone, replaces_at=replaces_at, outbox=outbox_of(gone)
                )
            except LeaseLostError:
                if tries_left == 0:
                    raise
            else:
                is_new = True
        video = await self._message(job_id, message_id)
        return replace(video, message_id=video.message_id or message_id), is_new

    async def _delete_now(self, video: Delivery, delete: Delete) -> bool:
        """Delete the message at once, which is quicker than owing it; return whether it is gone."""
        owed = _temporary(video, self._clock.now())
        try:
            await delete(owed.channel_id, owed.message_id)
        except Exception as error:  # noqa: BLE001 - whatever broke: another try is owed
            _log.warning("video_not_deleted", extra={"error": type(error).__name__})
            await self._temporary.put(owed)
            return False
        with contextlib.suppress(StorageError):  # it is found gone, then
            await self._temporary.remove(owed)
        return True

    async def _message(self, job_id: JobId, message_id: MessageId | None) -> Delivery:
        """Return the message, whose number a quick press can be ahead of: wait for it then."""
        find = partial(self._messages.find_delivery, job_id, DeliveryKind.VIDEO)
        found = await find()
        for _ in range(READS):
            if found is None or found.message_id is not None or message_id is not None:
                break
            await self._clock.sleep(SECONDS_BETWEEN_READS)
            found = await find()
        return _ensured(found, message_id)


def _ensured(video: Delivery | None, message_id: MessageId | None) -> Delivery:
    """Check the message id; an unrecorded post has none to compare with."""
    if video is None or (video.message_id is None and message_id is None):
        raise JobNotFoundError
    if message_id is not None and video.message_id not in {None, message_id}:
        raise JobNotFoundError
    return video


def _temporary(video: Delivery, at: datetime) -> TemporaryMessage:
    """The message of a video, to be deleted by the sweeper from an instant on."""
    return TemporaryMessage(video.guild_id, video.channel_id, video.message_id or MessageId(0), at)
