"""Fetch pictures after checking every limit, a few at a time per member.

A request that would be refused costs nothing: no download, no decoding, no file. The gate stays
closed until the request is accepted or refused, so that the next one meets limits that count this
one.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.catalog.images import ImageStore
from bot.catalog.request import (
    Origin,
    Shot,
    SourceImage,
    VideoRequest,
)
from bot.guilds.consent import Consent
from bot.ordering.ordering import Ordering

Part = TypeVar("Part", Shot, VideoRequest)

AT_ONCE = 2  # requests with pictures per member


@dataclass(frozen=True, slots=True)
class Source:
    """Where to fetch a picture; `promised` is its placeholder until then."""

    promised: SourceImage
    address: str
    name: str


class Gates:
    """Limit concurrency per member or other key; the rest wait in order."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._gates: dict[Hashable, asyncio.Semaphore] = {}
        self._visitors: Counter[Hashable] = Counter()

    @contextlib.asynccontextmanager
    async def one_of(self, who: Hashable) -> AsyncIterator[None]:
        gate = self._gates.setdefault(who, asyncio.Semaphore(self._at_once))
        self._visitors[who] += 1
        try:
            async with gate:
                yield
        finally:
            self._visitors[who] -= 1
            if not self._visitors[who]:
                del self._visitors[who], self._gates[who]

    def __len__(self) -> int:
        return len(self._gates)


class Intake:
    """The only way for pictures of a request to reach us."""

    def __init__(self, images: ImageStore, ordering: Ordering, consent: Consent) -> None:
        self._images = images
        self._ordering = ordering
        self._consent = consent
        self._gates = Gates(AT_ONCE)

    @contextlib.asynccontextmanager
    async def taking(
        self, request: VideoRequest, sources: list[Source], place: Origin
    ) -> AsyncIterator[VideoRequest]:
        """Yield the request with fetched pictures in place of the placeholders.

        Raises InvalidRequestError, LimitReachedError, ConsentError, ImageRejectedError and
        StorageError.
        """
        if not sources:
            yield request
            return
        async with self._gates.one_of(place.user_id):
            await self._ordering.ensure_possible(request, place)
            kept = {source.promised.key: await self._fetched(source) for source in sources}
            yield with_pictures(request, kept)

    async def _fetched(self, source: Source) -> SourceImage:
        image = await self._images.fetch(source.address, name=source.name)
        owners = await self._consent.known(image.key, source.promised.owners)
        return replace(image, owners=owners)


def with_pictures(request: VideoRequest, kept: Mapping[str, SourceImage]) -> VideoRequest:
    """Replace the pictures with these keys in every shot."""
    shots = tuple(_exchanged(shot, kept) for shot in request.shots)
    return replace(_exchanged(request, kept), shots=shots)


def _exchanged(part: Part, kept: Mapping[str, SourceImage]) -> Part:
    def real(image: SourceImage | None) -> SourceImage | None:
        return None if image is None else kept.get(image.key, image)

    references = tuple(kept.get(image.key, image) for image in part.reference_images)
    return replace(
        part,
        image=real(part.image),
        end_image=real(part.end_image),
        reference_images=references,
    )
