"""Find alternative models for a video when one model cannot make it."""

import contextlib
from collections.abc import Iterator, Sequence

from bot.catalog.capability import Capability
from bot.catalog.choice import carried_over, rank_among, usable
from bot.catalog.models import Catalog
from bot.catalog.request import Origin, VideoRequest
from bot.clock import Clock
from bot.errors import InvalidRequestError
from bot.ids import ProviderName
from bot.jobs.job import FailureKind, Job
from bot.money.limits import facts_of, suits
from bot.money.store import MoneyStore
from bot.ordering.derive import Priced, better
from bot.ordering.quotes import Quote, Quotes
from bot.providers.circuit_breaker import CircuitBreakers


class Alternatives:
    """A read-only search of the catalog; it asks no service."""

    def __init__(
        self,
        catalog: Catalog,
        quotes: Quotes,
        breakers: CircuitBreakers,
        money: MoneyStore,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._quotes = quotes
        self._breakers = breakers
        self._money = money
        self._clock = clock

    async def find(
        self, request: VideoRequest, place: Origin, *, most: int, not_at: ProviderName | None = None
    ) -> list[Quote]:
        """Quote alternatives: well-known models first, then the cheapest.

        Skips models at `not_at`, made for adults, or beyond the limits of the member at `place`.
        """
        ranked = sorted(await self._suited(request, place, not_at), key=self._rank)
        return [await self._quotes.quote(request) for request, _, _ in ranked[:most]]

    async def find_for(self, job: Job, place: Origin, *, most: int) -> list[Quote]:
        """Quote alternatives for a failed job, none of a service that rejects this account."""
        is_service = job.failure is not None and job.failure.kind is FailureKind.OPERATOR
        not_at = job.provider if is_service else None
        return await self.find(job.request, place, most=most, not_at=not_at)

    async def find_better(
        self, request: VideoRequest, place: Origin, *, cost_micros: int, most: int
    ) -> list[Quote]:
        """Quote models that make the same video better than one that costs `cost_micros`.

        Skips what `find` skips.
        """
        known, suited = self._catalog.find(request.model_id), await self._suited(request, place)
        ranked = better(request, known, cost_micros, suited, self._catalog.preferred)
        return [await self._quotes.quote(request) for request, _, _ in ranked[:most]]

    async def _suited(
        self, request: VideoRequest, place: Origin, not_at: ProviderName | None = None
    ) -> list[Priced]:
        """Price what other models can make, within the limits of the member at `place`."""
        paused = await self._breakers.paused({one.provider for one in self._catalog})
        if not_at is not None:
            paused.add(not_at)
        budget = await self._money.budget(place, self._clock.now())
        others = [
            capability
            for capability in usable(self._catalog, budget.allowed_models)
            if capability.provider not in paused
            and capability.model_id != request.model_id
            and not capability.is_explicit
        ]
        return [
            (one, capability, price)
            for one, capability, price in self._priced(request, others)
            if suits(budget, facts_of(one, price.cost_micros, place))
        ]

    def _priced(self, request: VideoRequest, others: Sequence[Capability]) -> Iterator[Priced]:
        """Price the request for each model that can make it.

        A full quote would read the database once per model.
        """
        for capability in others:
            with contextlib.suppress(InvalidRequestError):
                yield self._quotes.priced(carried_over(request, capability))

    def _rank(self, priced: Priced) -> tuple[int, int]:
        _, capability, price = priced
        return rank_among(capability.model_id, self._catalog.preferred), price.cost_micros
