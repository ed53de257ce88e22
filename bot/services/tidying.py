"""Making room: films and pictures that were kept for long enough are deleted.

A film is kept until it is posted, however long that takes, and then for the retention time; so
are pictures until their card is.
"""

import logging
from datetime import timedelta

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.errors import JobNotFoundError
from bot.ids import JobId
from bot.ports import Clock, FilmStore, ImageStore, JobStore

_log = logging.getLogger(__name__)

SECONDS_BETWEEN = 3600.0
FOR_EVER = timedelta(days=365)  # longer than any message waits for its next try
MOST_OWED = 10_000
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
        pictures = await self._images.forget_older(before, keep=await self._list_needed())
        if films or pictures:
            _log.info("tidied", extra={"films": len(films), "pictures": pictures})

    async def _list_needed(self) -> set[str]:
        """Pictures that a service or a card is still to be given."""
        jobs = await self._store.list_active()
        for delivery in await self._store.list_owed(self._clock.now() + FOR_EVER, MOST_OWED):
            if delivery.kind is DeliveryKind.CARD:
                jobs.append(await self._store.get(delivery.job_id))
        return {image.key for job in jobs for image in job.request.pictures}

    async def _may_go(self, job_id: JobId) -> bool:
        try:
            job = await self._store.get(job_id)
        except JobNotFoundError:
            return True
        film = await self._store.find_delivery(job_id, DeliveryKind.FILM)
        return job.is_terminal and (film is None or film.state not in _WAITING)
