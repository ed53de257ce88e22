"""Which models a member wants to see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.capabilities import Capability, Kind
from bot.domain.catalogue import ModelDescription


class Use(StrEnum):
    """What a film should be made from."""

    WORDS = "words"
    PICTURE = "picture"
    TWO_PICTURES = "two-pictures"
    REFERENCES = "references"
    SHOTS = "shots"


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """All that is set must hold; `most_micros` is what a film of the usual kind may cost."""

    use: Use | None = None
    most_micros: int | None = None
    words: str = ""


def fits(capability: Capability, wanted: ModelFilter) -> bool:
    """By its abilities and its name."""
    able = {
        None: True,
        Use.WORDS: Kind.TEXT in capability.kinds,
        Use.PICTURE: Kind.IMAGE in capability.kinds,
        Use.TWO_PICTURES: capability.end_image,
        Use.REFERENCES: capability.reference_images_max > 0,
        Use.SHOTS: capability.shots_max > 1,
    }[wanted.use]
    named = f"{capability.name} {capability.model_id}".casefold()
    return able and all(word in named for word in wanted.words.casefold().split())


def by_price(
    described: Iterable[ModelDescription], wanted: ModelFilter
) -> Sequence[ModelDescription]:
    """Those within the price, the cheapest first; last those whose price is not known."""
    within = [
        one
        for one in described
        if wanted.most_micros is None
        or (one.price is not None and one.price.cost_micros <= wanted.most_micros)
    ]
    return sorted(within, key=_rank)


def _rank(described: ModelDescription) -> tuple[bool, int, str]:
    price = described.price
    return price is None, price.cost_micros if price else 0, described.capability.name
