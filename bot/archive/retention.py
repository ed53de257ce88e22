"""Delete stored videos, pictures and videos to continue after the retention time.

A video is kept until it is posted, however long that takes, and then for the retention time; so are
pictures until their card is posted. A picture or a video to continue that no job and no offer
references is deleted after a day: a refused request leaves nothing behind.
"""

import contextlib
import logging
from datetime import UTC, datetime, timedelta

from bot.catalog.images import ImageStore
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import JobNotFoundError, UnreadableRowError
from bot.ids import JobId
from bot.instants import cutoff
from bot.jobs.files import VideoStore
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.jobs.stores import JobStore, KeyValueStore, MessageStore
from bot.tasks import repeat

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 3600.0
CUTOFF_NOTE = "kept_since"
UNNAMED_FOR = timedelta(days=1)  # as long as an offer is stored and a form stays open
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
FAR_AHEAD = timedelta(days=365)  # longer than any message waits for its next attempt
MAX_OWED = 10_000
_WAITING = frozenset({DeliveryState.OWED, DeliveryState.POSTING})


class Retention:
    """The retention task; `keep_for` of zero keeps all videos and all pictures of jobs."""

    def __init__(
        self,
        jobs: JobStore,
        messages: MessageStore,
        notes: KeyValueStore,
        *,
        videos: VideoStore,
        images: ImageStore,
        sources: SourceVideoStore,
        clock: Clock,
        keep_for: timedelta,
    ) -> None:
        self._jobs = jobs
        self._messages = messages
        self._notes = notes
        self._videos = videos
        self._images = images
        self._sources = sources
        self._clock = clock
        self._keep_for = keep_for

    async def run(self) -> None:
        await repeat(self.run_once, SECONDS_BETWEEN, self._clock.sleep)

    async def run_once(self) -> None:
        """Delete what is old and no longer needed."""
        before = None
        if self._keep_for:
            before = cutoff(self._clock.now(), self._keep_for, await self._last_cutoff())
            await self._notes.set_note(CUTOFF_NOTE, before.isoformat())
        videos = 0 if before is None else await self._forget_videos(before)
        pictures, sources = await self._forget_given(before or BEGINNING)
        if videos or pictures or sources:
            extra = {"videos": videos, "pictures": pictures, "source_videos": sources}
            _log.info("files_deleted", extra=extra)

    async def _forget_videos(self, before: datetime) -> int:
        videos = [
            job_id for job_id in await self._videos.list_older(before) if await self._may_go(job_id)
        ]
        for job_id in videos:
            await self._videos.forget(job_id)
        return len(videos)

    async def _forget_given(self, before: datetime) -> tuple[int, int]:
        """Delete what members gave to no job accepted since then and to no pending message.

        Return how many pictures and how many videos.
        """
        keep = await self._list_needed() | await self._jobs.list_picture_keys(before)
        unnamed_since = self._clock.now() - UNNAMED_FOR
        pictures = await self._images.forget_older(unnamed_since, keep=keep)
        return pictures, await self._sources.forget_older(unnamed_since, keep=keep)

    async def _last_cutoff(self) -> datetime | None:
        """Return the last round's cutoff, by any process, or None before the first."""
        noted = await self._notes.get_note(CUTOFF_NOTE)
        return None if noted is None else datetime.fromisoformat(noted)

    async def _list_needed(self) -> set[str]:
        """List keys of pictures and videos that a service or a card still needs."""
        jobs = await self._jobs.list_active()
        for delivery in await self._messages.list_owed(self._clock.now() + FAR_AHEAD, MAX_OWED):
            if delivery.kind is DeliveryKind.CARD:
                with contextlib.suppress(UnreadableRowError):  # its pictures can never be sent
                    jobs.append(await self._jobs.get(delivery.job_id))
        pictures = {image.key for job in jobs for image in job.request.pictures}
        sources = (job.request.source_video for job in jobs)
        return pictures | {video.key for video in sources if video is not None}

    async def _may_go(self, job_id: JobId) -> bool:
        try:
            job = await self._jobs.get(job_id)
        except JobNotFoundError:
            return True
        except UnreadableRowError:  # a backup may restore it
            return False
        if job.is_shot and job.storyboard_id is not None:  # kept as long as the joined video
            return await self._may_go(job.storyboard_id)
        video = await self._messages.find_delivery(job_id, DeliveryKind.VIDEO)
        return job.is_terminal and (video is None or video.state not in _WAITING)
