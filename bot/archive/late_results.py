"""Collect late results: videos that finish after their jobs have ended.

A submission that could not be found, a video that took too long or failed to download, and one that
its member cancelled may all finish later, and were paid for. So their services are polled now and
then for a day, while polls are cheap. Late results of expired or failed jobs are posted; those of
cancelled jobs are kept for `/show`, and shots are never posted alone. The jobs' states stay. Only
the process remembers when to poll next: after a restart each video is polled once more.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.archive.find import FoundVideo, find_video
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.errors import (
    ArtifactError,
    ArtifactUnusableError,
    ProviderError,
    ProviderRateLimitedError,
    UserFacingError,
    VideoNotThereError,
    VideoWillNotComeError,
)
from bot.guilds.settings import Recipes
from bot.ids import JobId
from bot.jobs.files import VideoStore
from bot.jobs.job import Job, JobState
from bot.jobs.messages import DeliveryKind, owed
from bot.jobs.stores import JobStore
from bot.polling.schedule import CHEAP_POLL_SECONDS
from bot.tasks import repeat
from bot.worker.step import Providers

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 30.0
MAX_AT_ONCE = 3
SEARCHED_FOR = timedelta(days=1)  # services keep videos about as long
SOONEST = timedelta(minutes=1)  # after the end of a job that was expected to be quick
MAX_LISTED = 1_000  # of a day; first those that would be posted
MAX_UNUSABLE = 3  # downloads that are not a video


@dataclass(slots=True)
class Asking:
    """The last and next poll for a late result; `is_over` ends them."""

    at: datetime
    again_at: datetime
    unusable: int = 0
    is_over: bool = False

    def is_due(self, now: datetime) -> bool:
        """Return whether a poll is due, also after the clock was set back."""
        return not self.is_over and not self.at <= now < self.again_at


class LateResults:
    """Collect late results in one process; two processes still owe a video once.

    `on_owed` is called when there is a message to post.
    """

    def __init__(
        self,
        store: JobStore,
        videos: VideoStore,
        providers: Providers,
        clock: Clock,
        on_owed: Callable[[], None],
        *,
        sources: SourceVideoStore,
        recipes: Recipes,
    ) -> None:
        self._store = store
        self._videos = videos
        self._sources = sources
        self._recipes = recipes
        self._providers = providers
        self._clock = clock
        self._on_owed = on_owed
        self._askings: dict[JobId, Asking] = {}

    async def run(self) -> None:
        await repeat(self.run_once, SECONDS_BETWEEN, self._clock.sleep)

    async def run_once(self) -> None:
        """Poll for some late results that are due."""
        now = self._clock.now()
        given_up = await self._store.list_given_up(now - SEARCHED_FOR, MAX_LISTED)
        known = {job.id for job in given_up}
        self._askings = {key: one for key, one in self._askings.items() if key in known}
        due = [job for job in given_up if self._asking(job, now).is_due(now)]
        await asyncio.gather(*(self._try(job) for job in due[:MAX_AT_ONCE]))

    def _asking(self, job: Job, now: datetime) -> Asking:
        ended = min(job.state_changed_at, now)
        first = Asking(ended, ended + _soonest(job))
        return self._askings.setdefault(job.id, first)

    async def _try(self, job: Job) -> None:
        """Poll; the next poll is due at twice the time since the job ended.

        Sooner if no poll was made.
        """
        now, asking = self._clock.now(), self._askings[job.id]
        asking.at, asking.again_at = now, now + max(now - job.state_changed_at, _soonest(job))
        try:
            if await self._is_cheap(job):
                found = await find_video(
                    job,
                    self._store,
                    self._videos,
                    self._providers,
                    self._clock,
                    sources=self._sources,
                    recipes=self._recipes,
                )
                await self._take(job, found)
                asking.is_over = True
            else:
                asking.again_at = now + SOONEST
        except ProviderRateLimitedError as error:
            asking.again_at = max(error.retry_at or now, now + SOONEST)
        except (UserFacingError, ProviderError, ArtifactError) as error:
            asking.unusable += isinstance(error, ArtifactUnusableError)
            hopeless = isinstance(error, VideoWillNotComeError) or asking.unusable >= MAX_UNUSABLE
            asking.is_over = hopeless
            details = {"job_id": job.id, "error": type(error).__name__, "over": hopeless}
            _log.info("late_result_pending", extra=details)
        except Exception:  # noqa: BLE001 - one video must not keep the others; logged, tried again
            asking.again_at = now + SOONEST
            _log.exception("late_result_check_failed", extra={"job_id": job.id})

    async def _is_cheap(self, job: Job) -> bool:
        """Return whether a poll is cheap; where requests are limited, open jobs come first."""
        provider = self._providers.get(job.provider)
        if provider is None:
            raise VideoNotThereError
        return await provider.poll_price_seconds() <= CHEAP_POLL_SECONDS

    async def _take(self, job: Job, found: FoundVideo) -> None:
        _log.info("late_result_found", extra={"job_id": job.id, "state": job.state})
        if job.state is JobState.CANCELLED or job.cancel_requested or job.is_shot:
            return
        video = owed(job, DeliveryKind.VIDEO, self._clock.now())
        await self._store.owe([video], found.submission)
        self._on_owed()


def _soonest(job: Job) -> timedelta:
    return max(timedelta(seconds=job.expected_seconds), SOONEST)
