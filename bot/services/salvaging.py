"""Taking films that come after all, though their jobs have ended.

A submission that nobody could find again, a film that took too long or could not be fetched, and
one that its member called off may all be made in the end, and were paid for. So their services are
asked now and then for a day. What was given up is posted; what was called off is kept for `/show`.
The jobs stay as they ended. When to ask next is remembered by the process alone: after a restart
everything is asked for once more, which costs a look.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.deliveries import DeliveryKind, owed
from bot.domain.jobs import Job, JobState
from bot.errors import ArtifactError, FilmComingError, FilmNotThereError, ProviderError
from bot.ids import JobId
from bot.ports import Clock, FilmStore, JobStore
from bot.services.showing import find_film
from bot.services.steps import Providers

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 30.0
SALVAGED_FOR = timedelta(days=1)  # services keep films about as long
SOONEST = timedelta(minutes=1)  # after the end of a job that was expected to be quick
MOST_LISTED = 200  # of a day


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
        self._ask_at: dict[JobId, datetime] = {}
        self._kept: set[JobId] = set()

    async def run(self) -> None:
        while True:
            await self.run_once()
            await self._clock.sleep(SECONDS_BETWEEN)

    async def run_once(self) -> None:
        """Ask for every film whose turn has come."""
        since = self._clock.now() - SALVAGED_FOR
        given_up = await self._store.list_given_up(since, MOST_LISTED)
        self._forget_all_but({job.id for job in given_up})
        for job in given_up:
            if job.id not in self._kept and self._is_due(job):
                await self._ask_for(job)

    def _forget_all_but(self, known: set[JobId]) -> None:
        self._ask_at = {key: at for key, at in self._ask_at.items() if key in known}
        self._kept &= known

    def _is_due(self, job: Job) -> bool:
        first = job.state_changed_at + _soonest(job)
        return self._ask_at.setdefault(job.id, first) <= self._clock.now()

    async def _ask_for(self, job: Job) -> None:
        """Twice as long after its job's end each time."""
        now = self._clock.now()
        self._ask_at[job.id] = now + max(now - job.state_changed_at, _soonest(job))
        try:
            await find_film(job, self._store, self._films, self._providers)
        except (FilmComingError, FilmNotThereError, ProviderError, ArtifactError) as error:
            told = {"job_id": job.id, "error": type(error).__name__}
            _log.info("film_not_there_yet", extra=told)
            return
        _log.info("film_salvaged", extra={"job_id": job.id, "state": job.state})
        self._kept.add(job.id)
        if job.state is not JobState.CANCELLED and not job.cancel_requested:
            film = owed(job.id, DeliveryKind.FILM, job.guild_id, job.channel_id, now)
            await self._store.owe([film])
            self._on_owed()


def _soonest(job: Job) -> timedelta:
    return max(timedelta(seconds=job.expected_seconds), SOONEST)
