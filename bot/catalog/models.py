"""The models available now, and which of them a member wants to see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bot.catalog.capability import Capability, Kind
from bot.catalog.choice import AllowedModels, usable
from bot.catalog.names import named
from bot.catalog.pricing import Price
from bot.ids import ModelId


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How many of a model's latest videos succeeded here.

    Counts videos that the service made or failed to make, not those that it refused for their
    content or that were cancelled.
    """

    succeeded: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A model in a list, with its usual video's price, length and render time.

    `is_quoted` if the price is not listed and the service is asked for a quote with each request.
    `outcomes` are unknown (None) where only prices are shown.
    """

    capability: Capability
    price: Price | None
    expected_seconds: int
    is_quoted: bool = False
    usual_seconds: int | None = None
    outcomes: Outcomes | None = None

    @property
    def per_second_micros(self) -> Decimal | None:
        """Return the price of a second of the usual video; None if it or the length is unknown."""
        if self.price is None or not self.usual_seconds:
            return None
        return Decimal(self.price.cost_micros) / self.usual_seconds


@dataclass(slots=True)
class Catalog:
    """Every capability by model id; replaced as a whole when a provider's list changes.

    `preferred` are the well-known models, best known first. Iterating and searching skip the models
    that only continue videos: none can be chosen for a prompt or a picture.
    """

    preferred: Sequence[str] = ()
    _by_id: dict[ModelId, Capability] = field(default_factory=dict)
    _by_other_id: dict[ModelId, Capability] = field(default_factory=dict)

    def replace(self, capabilities: Iterable[Capability]) -> None:
        self._by_id = {capability.model_id: capability for capability in capabilities}
        self._by_other_id = {other: one for one in self._by_id.values() for other in one.other_ids}

    def find(self, model_id: ModelId) -> Capability | None:
        """Find a model by its id, or by one that it had before it was renamed."""
        return self._by_id.get(model_id) or self._by_other_id.get(model_id)

    def named(self, text: str) -> Capability | None:
        """Find a model by its id, or name in lists and autocomplete."""
        return self._by_id.get(ModelId(text.strip())) or named(text, self._by_id.values())

    def names(self) -> dict[str, str]:
        """Map model ids to names."""
        return {one.model_id: one.name for one in self._by_id.values()}

    def everything(self) -> list[Capability]:
        """Return all models, also those that only continue videos."""
        return list(self._by_id.values())

    def __iter__(self) -> Iterator[Capability]:
        return (one for one in self._by_id.values() if not one.only_continues)

    def search(
        self, words: str, *, kind: Kind | None = None, allowed: AllowedModels = None
    ) -> list[Capability]:
        """Return models whose name or id contains every word, in the list's order.

        `allowed` limits them; None allows all.
        """
        return matching(usable(self, allowed), words, kind=kind)


def matching(
    models: Iterable[Capability], words: str, *, kind: Kind | None = None
) -> list[Capability]:
    """Return models of this kind whose name or id contains every word, in the list's order."""
    wanted = words.casefold().split()
    return [
        one
        for one in models
        if (kind is None or kind in one.kinds)
        and all(word in f"{one.name} {one.model_id}".casefold() for word in wanted)
    ]


class Use(StrEnum):
    """The intended input of a video."""

    WORDS = "words"
    PICTURE = "picture"
    TWO_PICTURES = "two-pictures"
    REFERENCES = "references"
    SHOTS = "shots"


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """A filter whose set fields must all match.

    `most_micros` is the highest price of a model's usual video.
    """

    use: Use | None = None
    most_micros: int | None = None
    words: str = ""


def fits(capability: Capability, wanted: ModelFilter) -> bool:
    """Return whether the model's abilities and name match."""
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
    """Return models within the price, cheapest first, unknown prices last."""
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
