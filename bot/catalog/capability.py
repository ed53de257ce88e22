"""What one model of one provider can do, and whether a wish fits it.

`complete` makes every billable switch explicit, because a switch that is left out is billed at
the provider's default, which is often the dear one. `check` returns every reason at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.pricing import PriceList
from bot.domain.requests import Shot, VideoRequest
from bot.ids import ModelId, ProviderName

PROMPT_MAX_CHARACTERS = 4000  # where a model names no limit of its own: what a modal can hold
NAMED_MOST = 80  # characters of a member's own word in a reason; an option may have thousands


class Kind(StrEnum):
    """What a film can be made from."""

    TEXT = "text"
    IMAGE = "image"


class Audio(StrEnum):
    """Whether a model makes sound."""

    NEVER = "never"
    ALWAYS = "always"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Capability:
    """One (provider, model): its limits and its prices. Empty tuples mean: no such choice."""

    provider: ProviderName
    model_id: ModelId
    name: str
    kinds: frozenset[Kind]
    prices: PriceList
    durations_seconds: tuple[int, ...] = ()
    default_duration_seconds: int | None = None
    resolutions: tuple[str, ...] = ()
    default_resolution: str | None = None
    aspect_ratios: tuple[str, ...] = ()
    default_aspect_ratio: str | None = None
    audio: Audio = Audio.NEVER
    end_image: bool = False
    reference_images_max: int = 0
    shots_max: int = 1
    one_shot_resolutions: frozenset[str] = frozenset()  # not for a storyboard
    negative_prompt: bool = False
    seed: bool = False
    prompt_max_characters: int = PROMPT_MAX_CHARACTERS
    expected_seconds: int = 120  # for a shot, until this bot has a history of its own


def complete(request: VideoRequest, capability: Capability) -> VideoRequest:
    """The same wish with the model's defaults written out; sound is off unless asked for."""
    audio = request.audio
    if audio is None:
        audio = capability.audio is Audio.ALWAYS
    return replace(
        request,
        duration_seconds=request.duration_seconds or capability.default_duration_seconds,
        resolution=request.resolution or _resolution(request, capability),
        aspect_ratio=request.aspect_ratio or _aspect_ratio(request, capability),
        audio=audio,
    )


def _resolution(request: VideoRequest, capability: Capability) -> str | None:
    """The default; for a storyboard another one where the default is for single shots."""
    default, single = capability.default_resolution, capability.one_shot_resolutions
    if len(request.parts) == 1 or default not in single:
        return default
    return next((value for value in capability.resolutions if value not in single), default)


def _aspect_ratio(request: VideoRequest, capability: Capability) -> str | None:
    """A picture's own shape where the model offers it, else the default."""
    image = request.parts[0].image
    if image is None or not capability.aspect_ratios:
        return capability.default_aspect_ratio
    wanted = image.width / image.height
    numeric = [ratio for ratio in capability.aspect_ratios if _value(ratio) is not None]
    if not numeric:
        return capability.default_aspect_ratio
    return min(numeric, key=lambda ratio: abs((_value(ratio) or 1.0) - wanted))


def _value(ratio: str) -> float | None:
    width, _, height = ratio.partition(":")
    if all(re.fullmatch("[0-9]{1,5}", side) for side in (width, height)) and int(height) > 0:
        return int(width) / int(height)
    return None


def check(request: VideoRequest, capability: Capability) -> tuple[str, ...]:
    """Every reason why this wish does not fit, each saying what to change; empty if it fits."""
    numbered = enumerate(request.parts, start=1)
    of_shots = [
        f"Shot {number}: {reason}" if request.shots else reason
        for number, shot in numbered
        for reason in (*_check_prompt(shot, capability), *_check_images(shot, capability))
    ]
    return (
        *_check_shots(request, capability),
        *dict.fromkeys(of_shots),
        *_check_choices(request, capability),
        *_check_extras(request, capability),
    )


def _check_shots(request: VideoRequest, capability: Capability) -> Iterator[str]:
    count, most = len(request.parts), capability.shots_max
    if count > most:
        makes = "one shot" if most == 1 else f"at most {most} shots"
        yield (
            f"{capability.name} makes {makes}, and these are {count}:"
            f" leave {count - most} out, or choose a model that makes more."
        )
    single = capability.one_shot_resolutions
    if count > 1 and request.resolution in single:
        others = tuple(value for value in capability.resolutions if value not in single)
        yield (
            f"{capability.name} makes {request.resolution} for a single shot only:"
            f" choose {_either(others)}, or leave a single shot."
        )


def _check_prompt(shot: Shot, capability: Capability) -> list[str]:
    length, most = len(shot.prompt), capability.prompt_max_characters
    if not shot.prompt.strip():
        return ["The prompt is empty: say in a few words what should happen in the film."]
    if length > most:
        reads = f"{capability.name} reads at most {most}"
        return [f"The prompt has {length} characters and {reads}: shorten it by {length - most}."]
    return []


def _check_images(shot: Shot, capability: Capability) -> Iterator[str]:
    if not shot.pictures and Kind.TEXT not in capability.kinds:
        yield (
            f"{capability.name} only animates pictures: add a picture with `image`,"
            " or choose a model that works from words."
        )
    if shot.image is not None and Kind.IMAGE not in capability.kinds:
        yield (
            f"{capability.name} works from words only: leave `image` out,"
            " or choose a model that animates pictures."
        )
    if shot.end_image is not None and not capability.end_image:
        yield f"{capability.name} takes no last picture: leave `end_image` out."
    if shot.end_image is not None and shot.image is None:
        yield "A last picture needs a first one: add `image` as well."
    yield from _check_references(shot, capability)


def _check_references(shot: Shot, capability: Capability) -> Iterator[str]:
    count, most = len(shot.reference_images), capability.reference_images_max
    if count and not most:
        yield (
            f"{capability.name} takes no reference pictures: leave them out,"
            " or choose a model that does."
        )
    elif count > most:
        yield f"{capability.name} takes at most {most} reference pictures: leave {count - most} out."
    if count and most and shot.image is not None:
        yield (
            "A film begins with a picture or follows reference pictures, not both:"
            " leave `image` or the references out."
        )


def _check_choices(request: VideoRequest, capability: Capability) -> list[str]:
    reasons = []
    duration, durations = request.duration_seconds, capability.durations_seconds
    if duration is not None and durations and duration not in durations:
        nearest = min(durations, key=lambda seconds: (abs(seconds - duration), seconds))
        reasons.append(
            f"{capability.name} makes films of {_seconds(durations)}, not of {duration} s:"
            f" the nearest is {nearest} s."
        )
    for option, value, allowed in (
        ("resolution", request.resolution, capability.resolutions),
        ("aspect_ratio", request.aspect_ratio, capability.aspect_ratios),
    ):
        if value is not None and allowed and value not in allowed:
            reasons.append(
                f"{capability.name} has no `{option}` {_short(value)}: choose {_either(allowed)}."
            )
        if value is not None and not allowed:
            reasons.append(f"{capability.name} chooses `{option}` itself: leave it out.")
    return reasons


def _check_extras(request: VideoRequest, capability: Capability) -> list[str]:
    reasons = []
    if request.audio and capability.audio is Audio.NEVER:
        reasons.append(f"{capability.name} makes silent films: leave `audio` out.")
    if request.negative_prompt and not capability.negative_prompt:
        reasons.append(f"{capability.name} reads no `negative_prompt`: leave it out.")
    if request.seed is not None and not capability.seed:
        reasons.append(f"{capability.name} takes no `seed`: leave it out.")
    return reasons


def _seconds(durations: tuple[int, ...]) -> str:
    ordered = tuple(sorted(durations))
    if len(ordered) > 2 and ordered == tuple(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]} to {ordered[-1]} s"
    return f"{_either(tuple(str(seconds) for seconds in ordered))} s"


def _short(value: str) -> str:
    return value if len(value) <= NAMED_MOST else f"{value[: NAMED_MOST - 1]}…"


def _either(values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return values[0]
    return f"{', '.join(values[:-1])} or {values[-1]}"
