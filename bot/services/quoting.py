"""What a wish would cost and how long it would take, before anything is spent."""

import difflib
import statistics
from collections.abc import Sequence

from bot.domain.capabilities import Capability, Kind, check, complete
from bot.domain.catalogue import Catalogue
from bot.domain.pricing import Price, price
from bot.domain.quotes import Quote
from bot.domain.requests import VideoRequest
from bot.errors import InvalidRequestError
from bot.ids import ModelId
from bot.ports import JobStore

HISTORY_MOST = 50
FEWEST_FOR_SPREAD = 5
PREFERRED_MODELS = (
    "bytedance-seedance-v1-pro-fast",
    "seedance-lite-video",
    "veo3-1-lite-video",
    "wan-25",
)


class Quoting:
    """Finds the model, checks the wish against it and prices it."""

    def __init__(self, catalogue: Catalogue, store: JobStore) -> None:
        self._catalogue = catalogue
        self._store = store

    async def quote(self, request: VideoRequest) -> Quote:
        """Raises InvalidRequestError with every reason at once."""
        completed, capability, found = self.priced(request)
        seen = await self._store.list_durations(capability.provider, completed, HISTORY_MOST)
        expected = _expected(seen, capability, completed)
        return Quote(completed, capability, found, expected, _spread(seen))

    def priced(self, request: VideoRequest) -> tuple[VideoRequest, Capability, Price]:
        """The completed wish, its model and its price. Raises what `quote` raises; asks nobody."""
        capability = self._find(request.model_id)
        reasons = check(request, capability)
        if reasons:
            raise InvalidRequestError(reasons)
        completed = complete(request, capability)
        found = price(completed, capability.prices)
        if found is None:
            unknown = f"The price of {capability.name} for this wish is not known"
            raise InvalidRequestError(
                [f"{unknown}: choose another model; `/models list` shows them."]
            )
        return completed, capability, found

    async def expected_seconds(self, capability: Capability, request: VideoRequest) -> int:
        """How long such films took here (median), or the model's own prior, in seconds."""
        seen = await self._store.list_durations(capability.provider, request, HISTORY_MOST)
        return _expected(seen, capability, request)

    def default_model(self, *, from_image: bool) -> ModelId:
        """The model of a wish that names none. Raises InvalidRequestError if there is none."""
        kind = Kind.IMAGE if from_image else Kind.TEXT
        for model_id in PREFERRED_MODELS:
            capability = self._catalogue.find(ModelId(model_id))
            if capability is not None and kind in capability.kinds:
                return capability.model_id
        for capability in self._catalogue:
            if kind in capability.kinds and capability.prices.lines:
                return capability.model_id
        raise InvalidRequestError(["No video service is set up: ask the bot's operator."])

    def find(self, model_id: ModelId) -> Capability | None:
        return self._catalogue.find(model_id)

    def default_reference_model(self) -> ModelId:
        """The model of a wish with reference pictures. Raises InvalidRequestError."""
        return self._first("reference_images_max", 1, "takes reference pictures")

    def default_storyboard_model(self) -> ModelId:
        """The model of a film of several shots. Raises InvalidRequestError."""
        return self._first("shots_max", 2, "makes films of several shots")

    def _first(self, ability: str, least: int, words: str) -> ModelId:
        for capability in self._catalogue:
            if getattr(capability, ability) >= least and capability.prices.lines:
                return capability.model_id
        raise InvalidRequestError([f"No model here {words}: ask the bot's operator."])

    def _find(self, model_id: ModelId) -> Capability:
        capability = self._catalogue.find(model_id)
        if capability is None:
            raise InvalidRequestError([_unknown(model_id, list(self._catalogue))])
        return capability


def _expected(seen: Sequence[float], capability: Capability, request: VideoRequest) -> int:
    """Shots are made one after the other."""
    if seen:
        return round(statistics.median(seen))
    return capability.expected_seconds * len(request.parts)


def _spread(seen: Sequence[float]) -> tuple[int, int] | None:
    if len(seen) < FEWEST_FOR_SPREAD:
        return None
    tenths = statistics.quantiles(seen, n=10, method="inclusive")
    return round(tenths[0]), round(tenths[-1])


def _unknown(model_id: str, known: Sequence[Capability]) -> str:
    names: dict[str, Capability] = {capability.model_id: capability for capability in known}
    names |= {capability.name: capability for capability in known}
    near = difflib.get_close_matches(model_id, names, n=3, cutoff=0.4)
    meant = ", ".join(dict.fromkeys(f"`{names[name].model_id}`" for name in near))
    hint = f"did you mean {meant}?" if meant else "choose one from the list that `model` offers."
    return f"There is no model `{model_id[:80]}`: {hint}"
