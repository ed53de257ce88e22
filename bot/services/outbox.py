"""What deliveries are made from and with."""

import asyncio
from dataclasses import dataclass, field

from bot.domain.catalogue import Catalogue
from bot.domain.deliveries import DELETED_ADDRESS, Delivery, DeliveryKind, DeliveryState
from bot.domain.jobs import TERMINAL_STATES, FailureKind, Job, JobState
from bot.ports import CardView, Clock, Courier, FilmStore, ImageStore, Instead, JobStore
from bot.services.inquiring import Inquiring
from bot.services.substituting import Substituting

HAS_A_FILM = TERMINAL_STATES - {JobState.CANCELLED}  # of those that failed, one that came late
INSTEAD_AFTER = frozenset({FailureKind.OPERATOR, FailureKind.PROVIDER, FailureKind.REJECTED})
UPLOADS_AT_ONCE = 4  # more would only make each of them slower


@dataclass(frozen=True, slots=True)
class Outbox:
    """The stores to read from, the courier to send with, and the view of a card."""

    store: JobStore
    courier: Courier
    images: ImageStore
    films: FilmStore
    catalogue: Catalogue
    inquiring: Inquiring
    substituting: Substituting
    clock: Clock
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_AT_ONCE))

    async def view(self, job: Job) -> CardView:
        """All that the job's card shows now."""
        return await self.view_at(job, await self.inquiring.position(job))

    async def view_at(self, job: Job, position: int | None) -> CardView:
        """The same, for who knows its position in the queue already."""
        capability = self.catalogue.find(job.request.model_id)
        film = await self._film(job)
        return CardView(
            job=job,
            model_name=capability.name if capability else job.request.model_id,
            now=self.clock.now(),
            position=position,
            film_url=self._film_url(film),
            film_is_stranded=film is not None and film.state is DeliveryState.UNDELIVERABLE,
            instead=await self._instead(job),
        )

    async def _instead(self, job: Job) -> Instead | None:
        """Where the service failed, or will not have this account; not where it refused the film."""
        if job.failure is None or job.failure.kind not in INSTEAD_AFTER:
            return None
        is_service = job.failure.kind is FailureKind.OPERATOR
        not_at = job.provider if is_service else None
        found = await self.substituting.find(job.request, most=1, not_at=not_at)
        return Instead(found[0].capability.name, found[0].price) if found else None

    async def _film(self, job: Job) -> Delivery | None:
        if job.state not in HAS_A_FILM:
            return None
        return await self.store.find_delivery(job.id, DeliveryKind.FILM)

    def _film_url(self, film: Delivery | None) -> str | None:
        if film is not None and film.state is DeliveryState.DELETED:
            return DELETED_ADDRESS
        if film is None or film.state is not DeliveryState.POSTED or film.message_id is None:
            return None
        return self.courier.message_url(film.guild_id, film.channel_id, film.message_id)
