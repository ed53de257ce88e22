"""What deliveries are made from and with."""

from dataclasses import dataclass

from bot.domain.catalogue import Catalogue
from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.domain.jobs import Job, JobState
from bot.ports import CardView, Clock, Courier, FilmStore, ImageStore, JobStore
from bot.services.inquiring import Inquiring


@dataclass(frozen=True, slots=True)
class Outbox:
    """The stores to read from, the courier to send with, and the view of a card."""

    store: JobStore
    courier: Courier
    images: ImageStore
    films: FilmStore
    catalogue: Catalogue
    inquiring: Inquiring
    clock: Clock

    async def view(self, job: Job) -> CardView:
        """All that the job's card shows now."""
        return await self.view_at(job, await self.inquiring.position(job))

    async def view_at(self, job: Job, position: int | None) -> CardView:
        """The same, for who knows its position in the queue already."""
        capability = self.catalogue.find(job.request.model_id)
        return CardView(
            job=job,
            model_name=capability.name if capability else job.request.model_id,
            now=self.clock.now(),
            position=position,
            film_url=await self._film_url(job),
        )

    async def _film_url(self, job: Job) -> str | None:
        if job.state is not JobState.SUCCEEDED:
            return None
        film = await self.store.find_delivery(job.id, DeliveryKind.FILM)
        if film is None or film.state is not DeliveryState.POSTED or film.message_id is None:
            return None
        return self.courier.message_url(film.guild_id, film.channel_id, film.message_id)
