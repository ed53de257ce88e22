"""Making room: films and pictures that were kept for long enough are deleted.

A film is kept until it is posted, however long that takes, and then for the retention time.
"""

import logging
from datetime import timedelta

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.errors import JobNotFoundError
from bot.ids import JobId
from bot.ports import Clock, FilmStore, ImageStore, JobStore

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 3600.0
_WAITING = frozenset({DeliveryState.OWED, DeliveryState.POSTING})


class Tidying:
    """`keep_for` of zero keeps everything for ever."""

    def __init__(
        self,
        store: JobStore,
        films: FilmStore,
        images: ImageStore,
        clock: Clock,
        keep_for: timedelta,
    ) -> None:
        self._store = store
        self._films = films
        self._images = images
        self._clock = clock
        self._keep_for = keep_for

    async def run(self) -> None:
        while True:
            await self.run_once()
            await self._clock.sleep(SECONDS_BETWEEN)

    async def run_once(self) -> None:
        """Delete what is old and needed by nobody."""
        if not self._keep_for:
            return
        before = self._clock.now() - self._keep_for
        films = [
            job_id for job_id in await self._films.list_older(before) if await self._may_go(job_id)
        ]
        for job_id in films:
            await self._films.forget(job_id)
        needed = {
            image.key for job in await self._store.list_active() for image in job.request.pictures
        }
        pictures = await self._images.forget_older(before, keep=needed)
        if films or pictures:
            _log.info("tidied", extra={"films": len(films), "pictures": pictures})

    async def _may_go(self, job_id: JobId) -> bool:
        try:
            job = await self._store.get(job_id)
        except JobNotFoundError:
            return True
        film = await self._store.find_delivery(job_id, DeliveryKind.FILM)
        return job.is_terminal and (film is None or film.state not in _WAITING)
