"""The models that can be chosen now, from every provider together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.domain.capabilities import Capability, Kind
from bot.domain.pricing import Price
from bot.ids import ModelId


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """A model as a list shows it: what a film of its usual kind costs and takes."""

    capability: Capability
    price: Price | None
    expected_seconds: int


@dataclass(slots=True)
class Catalogue:
    """Every capability by its model's id. Replaced as a whole when a provider's list changes."""

    _by_id: dict[ModelId, Capability] = field(default_factory=dict)

    def replace(self, capabilities: Iterable[Capability]) -> None:
        self._by_id = {capability.model_id: capability for capability in capabilities}

    def find(self, model_id: ModelId) -> Capability | None:
        return self._by_id.get(model_id)

    def names(self) -> dict[str, str]:
        """What the models are called, by id."""
        return {capability.model_id: capability.name for capability in self}

    def __iter__(self) -> Iterator[Capability]:
        return iter(self._by_id.values())

    def search(self, words: str, *, kind: Kind | None = None) -> list[Capability]:
        """Those whose name or id holds every word, best known first."""
        wanted = words.casefold().split()
        return [
            capability
            for capability in self
            if (kind is None or kind in capability.kinds)
            and all(
                word in f"{capability.name} {capability.model_id}".casefold() for word in wanted
            )
        ]
