"""Other models that can make the same film, for when one cannot."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.capabilities import Audio, Capability
from bot.domain.catalogue import Catalogue
from bot.domain.pricing import Price
from bot.domain.quotes import Quote
from bot.domain.requests import VideoRequest
from bot.errors import InvalidRequestError
from bot.ids import ProviderName
from bot.ports import Clock
from bot.services.pausing import Pauses
from bot.services.quoting import PREFERRED_MODELS, Quoting

Priced = tuple[VideoRequest, Capability, Price]


class Substituting:
    """Looks through the catalogue; changes nothing and asks no service."""

    def __init__(
        self, catalogue: Catalogue, quoting: Quoting, pauses: Pauses, clock: Clock
    ) -> None:
        self._catalogue = catalogue
        self._quoting = quoting
        self._pauses = pauses
        self._clock = clock

    async def find(
        self, request: VideoRequest, *, most: int, not_at: ProviderName | None = None
    ) -> list[Quote]:
        """Quotes by other models, well-known ones first, then the cheapest; none at `not_at`."""
        paused = await self._paused(self._clock.now())
        if not_at is not None:
            paused.add(not_at)
        others = [
            capability
            for capability in self._catalogue
            if capability.provider not in paused and capability.model_id != request.model_id
        ]
        ranked = sorted(self._priced(request, others), key=_rank)
        return [await self._quoting.quote(wish) for wish, _, _ in ranked[:most]]

    def _priced(self, request: VideoRequest, others: Sequence[Capability]) -> Iterator[Priced]:
        """By those that can make it; a quote would look into the database for each."""
        for capability in others:
            with contextlib.suppress(InvalidRequestError):
                yield self._quoting.priced(carried_over(request, capability))

    async def _paused(self, now: datetime) -> set[ProviderName]:
        names = {capability.provider for capability in self._catalogue}
        return {name for name in names if (await self._pauses.get(name)).is_paused(now)}


def carried_over(request: VideoRequest, capability: Capability) -> VideoRequest:
    """The same words and pictures for another model; choices that it lacks become its own."""
    resolutions = _resolutions(request, capability)
    return replace(
        request,
        model_id=capability.model_id,
        duration_seconds=_nearest(request.duration_seconds, capability.durations_seconds),
        resolution=request.resolution if request.resolution in resolutions else None,
        aspect_ratio=(
            request.aspect_ratio if request.aspect_ratio in capability.aspect_ratios else None
        ),
        audio=request.audio if capability.audio is Audio.OPTIONAL else None,
        negative_prompt=request.negative_prompt if capability.negative_prompt else None,
        seed=request.seed if capability.seed else None,
    )


def _nearest(wanted: int | None, offered: Sequence[int]) -> int | None:
    if wanted is None or not offered:
        return None
    return min(offered, key=lambda seconds: (abs(seconds - wanted), seconds))


def _resolutions(request: VideoRequest, capability: Capability) -> set[str]:
    """Those in which it makes a film of so many shots."""
    single = capability.one_shot_resolutions if len(request.parts) > 1 else frozenset()
    return set(capability.resolutions) - single


def _rank(priced: Priced) -> tuple[int, int]:
    _, capability, price = priced
    known = capability.model_id
    place = PREFERRED_MODELS.index(known) if known in PREFERRED_MODELS else len(PREFERRED_MODELS)
    return place, price.cost_micros
