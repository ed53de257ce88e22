"""Remove a video's message: record the deletion, then delete.

A crash in between leaves a message whose button still works; the other order would leave a card
that links to a deleted message. Once recorded, the removal holds: the video is never posted again.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.errors import JobNotFoundError, LeaseLostError, NotYourJobError
from bot.guilds.settings import GuildStore
from bot.ids import ChannelId, GuildId, JobId, MessageId, UserId
from bot.jobs.messages import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    deleted,
)
from bot.jobs.stores import JobStore, MessageStore

Delete = Callable[[ChannelId, MessageId], Awaitable[None]]

TRIES = 5  # against a process that records the post at the same time
READS, SECONDS_BETWEEN_READS = 8, 0.25  # of a post that Discord shows and no row holds yet


class Removal:
    """Remove a posted video, checked against its row.

    The pressed message is compared too: a custom id does not prove which message carries it.
    """

    def __init__(
        self, jobs: JobStore, messages: MessageStore, guilds: GuildStore, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._messages = messages
        self._guilds = guilds
        self._clock = clock

    async def remove(
        self,
        job_id: JobId,
        guild_id: GuildId,
        message_id: MessageId | None,
        user_id: UserId,
        *,
        is_moderator: bool,
        delete: Delete,
    ) -> None:
        """Record that this message of the job is deleted, then `delete` it.

        For its maker, for those whose pictures it was made with, and for moderators.

        Without `message_id`, the recorded one: the press was on another message. Raises
        JobNotFoundError, also for another server's job or another job's message; NotYourJobError;
        and what `delete` raises, after which it may be tried again.
        """
        job = await self._jobs.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        may = {job.user_id, *(owner.user_id for owner in job.request.owners)}
        if user_id not in may and not is_moderator:
            raise NotYourJobError
        keeps_cards = (await self._guilds.get(guild_id)).keeps_cards
        replaces_at = None if keeps_cards else self._clock.now()
        video = await self._note(job_id, message_id, replaces_at)
        await delete(video.channel_id, video.message_id or message_id or MessageId(0))

    async def _note(
        self, job_id: JobId, message_id: MessageId | None, replaces_at: datetime | None
    ) -> Delivery:
        """Record the deletion, owe that of the card if it is still there; return the message.

        Another process may be recording the post at the same time.
        """
        for tries_left in reversed(range(TRIES)):
            video = await self._message(job_id, message_id)
            if video.state is DeliveryState.DELETED:
                break
            try:
                await self._messages.save_delivery(deleted(video), replaces_at=replaces_at)
            except LeaseLostError:
                if tries_left == 0:
                    raise
        return await self._message(job_id, message_id)

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
