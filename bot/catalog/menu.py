"""What a form offers: models, lengths and shapes, the likeliest first; how its pictures are used.

A list on Discord has at most 25 entries, and a catalog has hundreds of models.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.catalog.capability import Capability, Kind, complete
from bot.catalog.choice import rank_among
from bot.catalog.pricing import Price, price
from bot.catalog.request import SourceImage, VideoRequest
from bot.ids import ModelId

Value = TypeVar("Value", bound=Hashable)

ANY_IMAGE = SourceImage(key="", media_type="image/png", width=16, height=9, size_bytes=0)


def usual(capability: Capability) -> VideoRequest:
    """Return the request that shows what a model usually costs."""
    image = None if Kind.TEXT in capability.kinds else ANY_IMAGE
    return complete(VideoRequest("", capability.model_id, image=image), capability)


def usual_price(capability: Capability) -> Price | None:
    """Return the listed price of a model's usual video; None if none is listed."""
    return price(usual(capability), capability.prices)


def offered_models(
    models: Iterable[Capability],
    first: Sequence[ModelId],
    preferred: Sequence[str],
    most: int,
) -> list[Capability]:
    """Return at most `most` models: `first`, then well-known ones, then the cheapest."""

    def rank(one: Capability) -> tuple[int, int, bool, int, str]:
        cost = usual_price(one)
        micros = 0 if cost is None else cost.cost_micros
        known = rank_among(one.model_id, preferred)
        return rank_among(one.model_id, first), known, cost is None, micros, one.name

    return sorted(models, key=rank)[:most]


def offered_lengths(models: Iterable[Capability], wanted: int | None, most: int) -> list[int]:
    """Return the lengths in seconds that most models make, shortest first; `wanted` among them."""
    found = _commonest((one.durations_seconds for one in models), wanted, most)
    return sorted(found)


def offered_shapes(models: Iterable[Capability], wanted: str | None, most: int) -> list[str]:
    """Return the shapes that most models make, commonest first; `wanted` among them."""
    return _commonest((one.aspect_ratios for one in models), wanted, most)


def _commonest(values: Iterable[Sequence[Value]], wanted: Value | None, most: int) -> list[Value]:
    counted = Counter(value for some in values for value in dict.fromkeys(some))
    found = [value for value, _ in counted.most_common(most)]
    if wanted is not None and wanted not in found:
        found = [wanted, *found[: most - 1]]
    return found


def arranged(request: VideoRequest, pictures: Sequence[SourceImage]) -> VideoRequest:
    """Use pictures by their number: one starts the video, two start and end it.

    Three or more show what should appear in it.
    """
    if len(pictures) > 2:
        return replace(request, image=None, end_image=None, reference_images=tuple(pictures))
    first, end = (*pictures, None, None)[:2]
    return replace(request, image=first, end_image=end, reference_images=())
