"""Taking films that come after all, though their jobs have ended.

A submission that nobody could find again, a film that took too long or could not be fetched, and
one that its member called off may all be made in the end, and were paid for. So their services are
asked now and then for a day, while looks are cheap. What was given up is posted; what was called
off is kept for `/show`. The jobs stay as they ended. When to ask next is remembered by the process
alone: after a restart each is asked for once more.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.deliveries import DeliveryKind, owed
from bot.domain.jobs import Job, JobState
from bot.domain.polling import CHEAP_LOOK_SECONDS
from bot.errors import (
    ArtifactError,
    ArtifactUnusableError,
    FilmNotThereError,
    FilmWillNotComeError,
    ProviderError,
    ProviderRateLimitedError,
    UserFacingError,
)
from bot.ids import JobId
from bot.ports import Clock, FilmStore, JobStore
from bot.services.finding import FoundFilm, find_film
from bot.services.steps import Providers

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 30.0
MOST_AT_ONCE = 3
SALVAGED_FOR = timedelta(days=1)  # services keep films about as long
SOONEST = timedelta(minutes=1)  # after the end of a job that was expected to be quick
MOST_LISTED = 1_000  # of a day; those that would be posted first
MOST_UNUSABLE = 3  # fetches of what is no film


@dataclass(slots=True)
class Asking:
    """When a film was asked for last, and when it should be next; never where `is_over`."""

    at: datetime
    again_at: datetime
    unusable: int = 0
    is_over: bool = False

    def is_due(self, now: datetime) -> bool:
        """A clock that was put back must not make it wait for hours."""
        return not self.is_over and not self.at <= now < self.again_at


class Salvaging:
    """One per process; two of them owe a film once. `on_owed` hears that there is one to post."""

    def __init__(
        self,
        store: JobStore,
        films: FilmStore,
        providers: Providers,
        clock: Clock,
        on_owed: Callable[[], None],
    ) -> None:
        self._store = store
        self._films = films
        self._providers = providers
        self._clock = clock
        self._on_owed = on_owed
        self._askings: dict[JobId, Asking] = {}

    async def run(self) -> None:
        while True:
            await self.run_once()
            await self._clock.sleep(SECONDS_BETWEEN)

    async def run_once(self) -> None:
        """Ask for some films whose turn has come."""
        now = self._clock.now()
        given_up = await self._store.list_given_up(now - SALVAGED_FOR, MOST_LISTED)
        known = {job.id for job in given_up}
        self._askings = {key: one for key, one in self._askings.items() if key in known}
        due = [job for job in given_up if self._asking(job, now).is_due(now)]
        await asyncio.gather(*(self._try(job) for job in due[:MOST_AT_ONCE]))

    def _asking(self, job: Job, now: datetime) -> Asking:
        ended = min(job.state_changed_at, now)
        first = Asking(ended, ended + _soonest(job))
        return self._askings.setdefault(job.id, first)

    async def _try(self, job: Job) -> None:
        """Twice as long after its job's end each time, unless it was not asked for at all."""
        now, asking = self._clock.now(), self._askings[job.id]
        asking.at, asking.again_at = now, now + max(now - job.state_changed_at, _soonest(job))
        try:
            if await self._is_cheap(job):
                found = await find_film(job, self._store, self._films, self._providers)
                await self._take(job, found)
                asking.is_over = True
            else:
                asking.again_at = now + SOONEST
        except ProviderRateLimitedError as error:
            asking.again_at = max(error.retry_at or now, now + SOONEST)
        except (UserFacingError, ProviderError, ArtifactError) as error:
            asking.unusable += isinstance(error, ArtifactUnusableError)
            hopeless = isinstance(error, FilmWillNotComeError) or asking.unusable >= MOST_UNUSABLE
            asking.is_over = hopeless
            told = {"job_id": job.id, "error": type(error).__name__, "over": hopeless}
            _log.info("film_not_there_yet", extra=told)
        except Exception:  # noqa: BLE001 - one film must not keep the others; logged, tried again
            asking.again_at = now + SOONEST
            _log.exception("salvaging_failed", extra={"job_id": job.id})

    async def _is_cheap(self, job: Job) -> bool:
        """Films that somebody waits for go first where looks are counted."""
        provider = self._providers.get(job.provider)
        if provider is None:
            raise FilmNotThereError
        return await provider.look_price_seconds() <= CHEAP_LOOK_SECONDS

    async def _take(self, job: Job, found: FoundFilm) -> None:
        _log.info("film_salvaged", extra={"job_id": job.id, "state": job.state})
        if job.state is JobState.CANCELLED or job.cancel_requested:
            return
        film = owed(job.id, DeliveryKind.FILM, job.guild_id, job.channel_id, self._clock.now())
        await self._store.owe([film], found.submission)
        self._on_owed()


def _soonest(job: Job) -> timedelta:
    return max(timedelta(seconds=job.expected_seconds), SOONEST)
