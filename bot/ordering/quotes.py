"""Quote a request's price and render time before anything is spent."""

import asyncio
import logging
import statistics
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.catalog.capability import (
    Capability,
    check,
    complete,
    makes_at_once,
    total_price,
)
from bot.catalog.images import ImageStore
from bot.catalog.menu import usual
from bot.catalog.models import Catalog, ModelDescription
from bot.catalog.names import unclear
from bot.catalog.pricing import Price, price, sum_of
from bot.catalog.request import Shot, SourceImage, VideoRequest, priced_requests, single_requests
from bot.clock import Clock
from bot.errors import BotError, InvalidRequestError
from bot.ids import ModelId, ProviderName
from bot.instants import is_within
from bot.jobs.storyboard import seconds_for_all
from bot.ordering.offers import OFFER_HOLDS_FOR
from bot.polling.history import RenderTimes
from bot.providers.contract import Order, QuotesPrices
from bot.worker.inputs import prepared

_log = logging.getLogger(__name__)

MAX_KEPT = 256  # quotes from services
MAX_HISTORY = 50
MAX_OUTCOMES = 100
FEWEST_FOR_SPREAD = 5


@dataclass(frozen=True, slots=True)
class Quote:
    """A request that can be made: completed, priced and with a render time."""

    request: VideoRequest
    capability: Capability
    price: Price
    expected_seconds: int
    spread_seconds: tuple[int, int] | None = None  # eight videos in ten, once there is a history
    shots: tuple["Quote", ...] = ()  # of a storyboard whose shots are made one by one


class FreeQuotes:
    """Ask services for unlisted prices, which costs nothing.

    A quote is kept as long as an offer, so that the confirmed price is the one shown. If asking
    fails, the request has no price; nothing is guessed.
    """

    def __init__(
        self, services: Mapping[ProviderName, QuotesPrices], images: ImageStore, clock: Clock
    ) -> None:
        self._services = services
        self._images = images
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[datetime, Price]] = OrderedDict()
        self._asking: dict[Hashable, _Question] = {}

    def answers_for(self, provider: ProviderName) -> bool:
        """Return whether this service gives quotes."""
        return provider in self._services

    def known(self, request: VideoRequest) -> Price | None:
        """Return a stored quote that is still valid, without asking the service."""
        at, price = self._kept.get(_key(request), (None, None))
        return (
            price if at is not None and is_within(at, OFFER_HOLDS_FOR, self._clock.now()) else None
        )

    async def find(self, request: VideoRequest, capability: Capability) -> Price | None:
        """Ask for the price of a completed request; None if unknown. Never raises.

        Callers that ask for the same at the same time share one answer, so that a hundred members
        cost one request of the account's budget.
        """
        key = _key(request)
        while (others := self._asking.get(key)) is not None:
            await others.is_over.wait()
            if others.is_answered:
                return others.price
        kept = self.known(request)
        if kept is not None or capability.provider not in self._services:
            return kept
        question = self._asking[key] = _Question()
        try:
            question.price = await self._ask(request, capability)
            question.is_answered = True
        finally:
            del self._asking[key]
            question.is_over.set()
        return question.price

    async def _ask(self, request: VideoRequest, capability: Capability) -> Price | None:
        service, now = self._services[capability.provider], self._clock.now()
        try:
            pictures = await prepared(request, service.pictures_max_bytes, self._images)
            micros = await service.quote_micros(Order(request, "", pictures))
        except BotError as error:
            _log.warning("no_quote", extra={"error": type(error).__name__})
            return None
        if not micros:
            return None
        found = Price(max(micros, capability.prices.minimum_micros))
        self._keep(_key(request), now, found)
        return found

    def _keep(self, key: Hashable, at: datetime, found: Price) -> None:
        self._kept[key] = (at, found)
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


@dataclass(slots=True, eq=False)
class _Question:
    """A price that a service is being asked for; unanswered if the asker was stopped."""

    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    is_answered: bool = False
    price: Price | None = None


def _key(request: VideoRequest) -> VideoRequest:
    """Return what a price may depend on: not the words, the seed, or where the request came from.

    Pictures count by their size alone, so that the same video of another picture isn't asked about.
    """
    bare = tuple(
        Shot(
            "",
            image=_sized(shot.image),
            end_image=_sized(shot.end_image),
            reference_images=tuple(map(_by_size, shot.reference_images)),
        )
        for shot in request.parts
    )
    return VideoRequest(
        prompt="",
        model_id=request.model_id,
        duration_seconds=request.duration_seconds,
        aspect_ratio=request.aspect_ratio,
        resolution=request.resolution,
        audio=request.audio,
        shots=bare,
        source_video=request.source_video,
    )


def _sized(image: SourceImage | None) -> SourceImage | None:
    return None if image is None else _by_size(image)


def _by_size(image: SourceImage) -> SourceImage:
    return replace(image, key="", media_type="", size_bytes=0)


class Quotes:
    """Check a request against its model, complete it and price it."""

    def __init__(
        self, catalog: Catalog, render_times: RenderTimes, free_quotes: FreeQuotes | None = None
    ) -> None:
        self._catalog = catalog
        self._render_times = render_times
        self._free_quotes = free_quotes

    async def quote(self, request: VideoRequest) -> Quote:
        """Quote the listed price, or the service's own if none is listed.

        Raises InvalidRequestError with every reason at once.
        """
        completed, capability = self._completed(request)
        if not makes_at_once(completed, capability):
            return await self._quote_shots(completed, capability)
        return await self._quote_one(completed, capability)

    async def _quote_shots(self, completed: VideoRequest, capability: Capability) -> Quote:
        """Quote a storyboard whose shots are made one by one. Raises InvalidRequestError."""
        shots = []
        singles = zip(
            completed.shots, priced_requests(completed), single_requests(completed), strict=True
        )
        for shot, priced, single in singles:
            if shot.reuses is None:
                quote = replace(await self._quote_one(priced, capability), request=single)
            else:
                quote = Quote(single, capability, Price(0), 0)
            shots.append(quote)
        total = sum_of([shot.price for shot in shots])
        seconds = seconds_for_all([shot.expected_seconds for shot in shots], completed)
        return Quote(completed, capability, total, seconds, shots=tuple(shots))

    async def _quote_one(self, completed: VideoRequest, capability: Capability) -> Quote:
        found = price(completed, capability.prices)
        if found is None and self._free_quotes is not None:
            found = await self._free_quotes.find(completed, capability)
        if found is None:
            raise _unpriced(capability)
        seen = await self._render_times.list_render_times(
            capability.provider, completed, MAX_HISTORY
        )
        expected = _expected(seen, capability, completed)
        return Quote(completed, capability, found, expected, _spread(seen))

    def priced(self, request: VideoRequest) -> tuple[VideoRequest, Capability, Price]:
        """Return the completed request, its model and its listed price, without asking the service.

        Raises InvalidRequestError, also if no price is listed.
        """
        completed, capability = self._completed(request)
        found = total_price(completed, capability)
        if found is None:
            raise _unpriced(capability)
        return completed, capability, found

    def ensure_fits(self, request: VideoRequest) -> None:
        """Check that the model can make it. Raises InvalidRequestError with every reason."""
        self._completed(request)

    def _completed(self, request: VideoRequest) -> tuple[VideoRequest, Capability]:
        """Complete the request for its model. Raises InvalidRequestError."""
        capability = self._required(request.model_id)
        reasons = check(request, capability)
        if reasons:
            raise InvalidRequestError(reasons)
        return complete(request, capability), capability

    async def expected_seconds(self, capability: Capability, request: VideoRequest) -> int:
        """Return the median render time seen here, or the model's estimate, in seconds."""
        seen = await self._render_times.list_render_times(capability.provider, request, MAX_HISTORY)
        return _expected(seen, capability, request)

    def listed(self, capability: Capability) -> ModelDescription:
        """Describe a model by its usual video, without its history; asks no one.

        Otherwise a list of models would be as slow, and as often unavailable, as the slowest
        service.
        """
        request, quotes = usual(capability), self._free_quotes
        found = price(request, capability.prices)
        if found is None and quotes is not None:
            found = quotes.known(request)
        return ModelDescription(
            capability,
            found,
            capability.expected_seconds,
            self.answers_for(capability.provider),
            request.duration_seconds,
        )

    async def describe(self, capability: Capability) -> ModelDescription:
        """Describe a model by its usual video, with the render time seen here."""
        expected = await self.expected_seconds(capability, usual(capability))
        return replace(self.listed(capability), expected_seconds=expected)

    async def describe_fully(self, capability: Capability) -> ModelDescription:
        """Describe a model also by how many of the latest videos succeeded here."""
        described = await self.describe(capability)
        seen = await self._render_times.count_outcomes(
            capability.provider, capability.model_id, MAX_OUTCOMES
        )
        return replace(described, outcomes=seen)

    async def usual_price(self, model_id: ModelId) -> tuple[str, Price] | None:
        """Return a model's name and the price of its usual video, if known."""
        capability = self._catalog.find(model_id)
        if capability is None:
            return None
        found = self.listed(capability).price
        return None if found is None else (capability.name, found)

    def answers_for(self, provider: ProviderName) -> bool:
        """Return whether this provider quotes prices that it doesn't list."""
        return self._free_quotes is not None and self._free_quotes.answers_for(provider)

    def capability_of(self, model_id: ModelId) -> Capability | None:
        """Return what a model can do; None if there is no such model."""
        return self._catalog.find(model_id)

    def _required(self, model_id: ModelId) -> Capability:
        capability = self._catalog.find(model_id)
        if capability is None:
            raise InvalidRequestError([unclear(model_id, self._catalog)])
        return capability


def _expected(seen: Sequence[float], capability: Capability, request: VideoRequest) -> int:
    """Return the expected seconds; shots are rendered one after the other."""
    if seen:
        return round(statistics.median(seen))
    return capability.expected_seconds * len(request.parts)


def _spread(seen: Sequence[float]) -> tuple[int, int] | None:
    if len(seen) < FEWEST_FOR_SPREAD:
        return None
    tenths = statistics.quantiles(seen, n=10, method="inclusive")
    return round(tenths[0]), round(tenths[-1])


def _unpriced(capability: Capability) -> InvalidRequestError:
    unknown = f"I don't know the price of {capability.name} for this request"
    return InvalidRequestError([f"{unknown}. Choose another model from `/models list`."])
