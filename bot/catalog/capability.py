"""A model's capability, and the check of a request against it.

`complete` sets every billable switch explicitly, because an omitted switch is billed at the
provider's default, often the expensive one. `check` returns every reason at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.catalog.pricing import PriceList
from bot.catalog.request import Shot, VideoRequest
from bot.ids import ModelId, ProviderName

PROMPT_MAX_CHARACTERS = 4000  # for models without their own limit: the most a modal can hold
MAX_NAMED = 80  # characters of a member's own value in a reason; an option may have thousands


class Kind(StrEnum):
    """The kinds of input a model makes videos from."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"  # which it continues


class Audio(StrEnum):
    """A model's sound: never, always or optional."""

    NEVER = "never"
    ALWAYS = "always"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class SourceRules:
    """The videos that a model continues.

    `own_models` are those whose videos it was made for; with `only_own` it takes no others.
    """

    own_models: frozenset[ModelId]
    only_own: bool = False
    least_seconds: int = 0
    most_seconds: int = 120


@dataclass(frozen=True, slots=True)
class Capability:
    """The limits and prices of one (provider, model); an empty tuple means no choice."""

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
    picture_decides_shape: bool = False  # of a video that starts with one, unless another is chosen
    audio: Audio = Audio.NEVER
    end_image: bool = False
    reference_images_max: int = 0
    shots_max: int = 1
    one_shot_resolutions: frozenset[str] = frozenset()  # not for a storyboard
    negative_prompt: bool = False
    seed: bool = False
    is_explicit: bool = False  # made for adults: never chosen automatically
    other_ids: frozenset[ModelId] = frozenset()  # under which the service once listed it
    prompt_max_characters: int = PROMPT_MAX_CHARACTERS
    expected_seconds: int = 120  # per shot, until this bot has a history of its own
    source: SourceRules | None = None  # set if it continues videos

    @property
    def only_continues(self) -> bool:
        """Return whether it makes nothing without a source video."""
        return self.kinds == frozenset({Kind.VIDEO})


def complete(request: VideoRequest, capability: Capability) -> VideoRequest:
    """Fill in the model's defaults; sound is off unless requested."""
    audio = bool(request.audio) or capability.audio is Audio.ALWAYS
    return replace(
        request,
        duration_seconds=request.duration_seconds or capability.default_duration_seconds,
        resolution=request.resolution or _resolution(request, capability),
        aspect_ratio=request.aspect_ratio or _aspect_ratio(request, capability),
        audio=audio,
    )


def _resolution(request: VideoRequest, capability: Capability) -> str | None:
    """Return the default, or for a storyboard one that supports storyboards."""
    default, single = capability.default_resolution, capability.one_shot_resolutions
    if len(request.parts) == 1 or default not in single:
        return default
    return next((value for value in capability.resolutions if value not in single), default)


def _aspect_ratio(request: VideoRequest, capability: Capability) -> str | None:
    """Return the picture's or source video's own ratio if the model offers it, else the default.

    None if the picture or the service decides: a ratio sent along would crop or stretch the
    picture.
    """
    image = request.parts[0].image or request.source_video
    if image is not None and capability.picture_decides_shape:
        return None
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
    """Return every reason why the request does not fit, each with what to change.

    Empty if it fits.
    """
    numbered = enumerate(request.parts, start=1)
    of_shots = [
        f"Shot {number}: {reason}" if request.shots else reason
        for number, shot in numbered
        for reason in (
            *_check_prompt(shot, capability),
            *(() if request.sends_video else _check_images(shot, capability)),
        )
    ]
    return (
        *_check_source(request, capability),
        *_check_shots(request, capability),
        *dict.fromkeys(of_shots),
        *_check_choices(request, capability),
        *_check_extras(request, capability),
    )


def _check_shots(request: VideoRequest, capability: Capability) -> Iterator[str]:
    count, most = len(request.parts), capability.shots_max
    if count > most:
        makes = "one shot" if most == 1 else f"up to {most} shots"
        yield (
            f"{capability.name} makes {makes}, and you wrote {count}."
            f" Leave {count - most} out, or choose a model that makes more."
        )
    single = capability.one_shot_resolutions
    if count > 1 and request.resolution in single:
        others = tuple(value for value in capability.resolutions if value not in single)
        yield (
            f"{capability.name} makes {request.resolution} for a single shot only."
            f" Choose {_either(others)}, or keep a single shot."
        )


def _check_prompt(shot: Shot, capability: Capability) -> list[str]:
    length, most = len(shot.prompt), capability.prompt_max_characters
    if not shot.prompt.strip():
        return ["The prompt is empty. Describe what happens in the video."]
    if length > most:
        limit = f"the limit of {capability.name} is {most}"
        return [f"The prompt has {length} characters; {limit}. Shorten it by {length - most}."]
    return []


def _check_source(request: VideoRequest, capability: Capability) -> Iterator[str]:
    source, rules = request.source_video, capability.source
    if source is None or not request.sends_video:
        if capability.only_continues:
            yield (
                f"{capability.name} only continues videos. Press **Extend** below a video,"
                " or choose another model."
            )
        return
    if rules is None or request.shots or request.pictures:
        yield f"{capability.name} can't continue a video. Choose a model that can."
        return
    if source.duration_seconds > rules.most_seconds:
        limit = f"continues videos of up to {rules.most_seconds} s"
    elif source.duration_seconds < rules.least_seconds:
        limit = f"continues videos of at least {rules.least_seconds} s"
    else:
        return
    yield f"{capability.name} {limit}, and this one has {source.duration_seconds:.0f} s."


def _check_images(shot: Shot, capability: Capability) -> Iterator[str]:
    if capability.only_continues:
        return  # its one reason says more
    if not shot.pictures and Kind.TEXT not in capability.kinds:
        yield (
            f"{capability.name} only animates pictures. Add a picture with `image`,"
            " or choose a model that works from text."
        )
    if shot.image is not None and Kind.IMAGE not in capability.kinds:
        yield (
            f"{capability.name} only works from text. Leave out `image`,"
            " or choose a model that animates pictures."
        )
    if shot.end_image is not None and not capability.end_image:
        yield f"{capability.name} doesn't support a last picture. Leave out `end_image`."
    if shot.end_image is not None and shot.image is None:
        yield "A last picture needs a first one. Add `image`, too."
    yield from _check_references(shot, capability)


def _check_references(shot: Shot, capability: Capability) -> Iterator[str]:
    count, most = len(shot.reference_images), capability.reference_images_max
    if count and not most:
        yield (
            f"{capability.name} doesn't support reference pictures. Leave them out,"
            " or choose a model that does."
        )
    elif count > most:
        some = "only one reference picture" if most == 1 else f"up to {most} reference pictures"
        yield f"{capability.name} takes {some}. Leave out {count - most}."
    if count and most and shot.image is not None:
        yield (
            "A video can start with a picture or follow reference pictures, but not both."
            " Leave out `image` or the references."
        )


def _check_choices(request: VideoRequest, capability: Capability) -> list[str]:
    reasons = []
    duration, durations = request.duration_seconds, capability.durations_seconds
    if duration is not None and durations and duration not in durations:
        nearest = min(durations, key=lambda seconds: (abs(seconds - duration), seconds))
        reasons.append(
            f"{capability.name} makes videos of {_seconds(durations)}, not {duration} s."
            f" The nearest is {nearest} s."
        )
    if duration is not None and not durations:
        reasons.append(f"{capability.name} chooses `duration` itself. Leave it out.")
    for option, value, allowed in (
        ("resolution", request.resolution, capability.resolutions),
        ("aspect_ratio", request.aspect_ratio, capability.aspect_ratios),
    ):
        if value is not None and allowed and value not in allowed:
            reasons.append(
                f"{capability.name} doesn't support `{option}` {_short(value)}. Choose {_either(allowed)}."
            )
        if value is not None and not allowed:
            reasons.append(f"{capability.name} chooses `{option}` itself. Leave it out.")
    return reasons


def _check_extras(request: VideoRequest, capability: Capability) -> list[str]:
    reasons = []
    if request.audio and capability.audio is Audio.NEVER:
        reasons.append(f"{capability.name} makes silent videos. Leave out `audio`.")
    if request.negative_prompt and not capability.negative_prompt:
        reasons.append(f"{capability.name} doesn't support `negative_prompt`. Leave it out.")
    if request.seed is not None and not capability.seed:
        reasons.append(f"{capability.name} doesn't support `seed`. Leave it out.")
    return reasons


def _seconds(durations: tuple[int, ...]) -> str:
    ordered = tuple(sorted(durations))
    if len(ordered) > 2 and ordered == tuple(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]} to {ordered[-1]} s"
    return f"{_either(tuple(str(seconds) for seconds in ordered))} s"


def _short(value: str) -> str:
    return value if len(value) <= MAX_NAMED else f"{value[: MAX_NAMED - 1]}…"


def _either(values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return values[0]
    return f"{', '.join(values[:-1])} or {values[-1]}"
