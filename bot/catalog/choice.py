"""Choose a model for a request that names none.

What the member, then the server, prefers is chosen if it can do what is requested, else the
cheapest model that can. A model without a listed price comes last, and one made for adults is never
chosen.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set as AbstractSet
from dataclasses import dataclass, replace

from bot.catalog.capability import (
    Audio,
    Capability,
    check,
    complete,
    total_price,
)
from bot.catalog.pricing import Price
from bot.catalog.request import VideoRequest
from bot.ids import ModelId, ProviderName

AllowedModels = AbstractSet[ModelId] | None  # None: all


def usable(models: Iterable[Capability], allowed: AllowedModels) -> list[Capability]:
    """Return the models that a member may use, renamed ones included."""
    return [one for one in models if allowed_id(one, allowed) is not None]


def allowed_id(capability: Capability, allowed: AllowedModels) -> ModelId | None:
    """Return the id under which a member may use the model, None if they may not.

    A list of allowed models may have the id that the model had before it was renamed.
    """
    if allowed is None or capability.model_id in allowed:
        return capability.model_id
    return min(capability.other_ids & allowed, default=None)


@dataclass(frozen=True, slots=True)
class Preference:
    """A model to choose if possible; `whose` begins a sentence, such as "Your favorite"."""

    model_id: ModelId
    whose: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides besides the request.

    `preferences` come in order, `known` are the well-known models, best known first. `quotes` says
    whether a provider quotes a price that it doesn't list.
    """

    allowed: AllowedModels = None
    preferences: Sequence[Preference] = ()
    paused: Collection[ProviderName] = ()
    known: Sequence[str] = ()
    quotes: Callable[[ProviderName], bool] = lambda _provider: True


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen model; `note` says in a sentence why it isn't the preferred one."""

    capability: Capability
    note: str = ""


def choose(
    request: VideoRequest, models: Iterable[Capability], terms: Terms = Terms()
) -> Choice | None:
    """Choose the model for a request that names none, None if none is allowed.

    Returns the first preference that can do what is requested, else the cheapest model that can, one at a
    provider that isn't paused first. If none can, returns the one with the fewest reasons against
    it, which say what to change.
    """
    listed = list(models)
    passed_over: list[tuple[Preference, str, str]] = []
    for preference in terms.preferences:
        found = _find(preference.model_id, listed)
        reason = next(_against(request, found, terms), None)
        if found is not None and reason is None:
            return Choice(found, _note(passed_over, found) or _renamed(preference, found))
        passed_over.append((preference, found.name if found else preference.model_id, reason or ""))
    candidates = (one for one in usable(listed, terms.allowed) if not one.is_explicit)
    best = min(candidates, key=lambda one: _rank(request, one, terms), default=None)
    return None if best is None else Choice(best, _note(passed_over, best))


def rank_among(model_id: str, known: Sequence[str]) -> int:
    """Return how well known a model is; 0 is best known."""
    return known.index(model_id) if model_id in known else len(known)


def _find(model_id: ModelId, models: Sequence[Capability]) -> Capability | None:
    current = (one for one in models if one.model_id == model_id)
    renamed = (one for one in models if model_id in one.other_ids)
    return next(current, None) or next(renamed, None)


def _against(request: VideoRequest, capability: Capability | None, terms: Terms) -> Iterator[str]:
    """Yield why a preferred model can't be chosen, each as the rest of a sentence."""
    if capability is None:
        yield "isn't offered any more"
        return
    if allowed_id(capability, terms.allowed) is None:
        yield "isn't allowed here"
    if capability.is_explicit:
        yield "makes videos for adults"
    yield from (_said_of(capability, reason) for reason in _lacks(request, capability))
    if capability.provider in terms.paused:
        yield "isn't available right now"
    if _price(request, capability) is None and not terms.quotes(capability.provider):
        yield "has no known price for this"


def _said_of(capability: Capability, reason: str) -> str:
    """Return what the reason says of the model, without what to change."""
    said = reason.removeprefix(f"{capability.name} ").partition(". ")[0].rstrip(".")
    return said if reason.startswith(f"{capability.name} ") else "can't make this video"


def _note(passed_over: Sequence[tuple[Preference, str, str]], chosen: Capability) -> str:
    """Say why the first preference wasn't chosen: the others were only to stand in for it."""
    if not passed_over:
        return ""
    preference, name, reason = passed_over[0]
    return f"{preference.whose}, {name}, {reason}, so I chose {chosen.name}."


def _renamed(preference: Preference, found: Capability) -> str:
    if preference.model_id == found.model_id:
        return ""
    return f"{preference.whose}, {preference.model_id}, is now called {found.name}."


def _rank(
    request: VideoRequest, capability: Capability, terms: Terms
) -> tuple[int, bool, bool, float, int, bool]:
    found = _price(request, capability)
    return (
        sum(1 for _ in _lacks(request, capability)),
        capability.provider in terms.paused,
        found is None,
        float("inf") if found is None else found.cost_micros,
        rank_among(capability.model_id, terms.known),
        found is None or found.is_estimate,
    )


def _lacks(request: VideoRequest, capability: Capability) -> Iterator[str]:
    yield from check(replace(request, model_id=capability.model_id), capability)
    if request.audio is False and capability.audio is Audio.ALWAYS:
        yield f"{capability.name} always makes sound."


def _price(request: VideoRequest, capability: Capability) -> Price | None:
    return total_price(complete(request, capability), capability)


def carried_over(request: VideoRequest, capability: Capability) -> VideoRequest:
    """Move the prompts and pictures to another model; unsupported choices become its defaults."""
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
    """Return the resolutions in which it makes this many shots."""
    single = capability.one_shot_resolutions if len(request.parts) > 1 else frozenset()
    return set(capability.resolutions) - single
