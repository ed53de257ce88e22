"""A model's capability, and the check of a request against it.

`complete` sets every billable switch explicitly, because an omitted switch is billed at the
provider's default, often the expensive one. `check` returns every reason at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.catalog.pricing import Price, PriceList, price, sum_of
from bot.catalog.request import Shot, VideoRequest, priced_requests
from bot.ids import ModelId, ProviderName

PROMPT_MAX_CHARACTERS = 4000  # for models without their own limit: the most a modal can hold
MAX_SHOTS = 20  # of a storyboard whose shots are made one by one
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
    shots_max: int = 1  # in one submission; more are made one by one
    takes_files: bool = True  # False: pictures by address, so none that only we have
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
    """Return the default, or for a storyboard one in which a submission makes several shots."""
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
        *_check_lengths(request, capability),
        *_check_choices(request, capability),
        *_check_extras(request, capability),
    )


def makes_at_once(request: VideoRequest, capability: Capability) -> bool:
    """Return whether one submission makes all shots; otherwise each shot has its own."""
    count = len(request.parts)
    if count == 1:
        return True
    return (
        count <= capability.shots_max
        and not request.continuous
        and request.resolution not in capability.one_shot_resolutions
        and all(shot.duration_seconds is None and shot.reuses is None for shot in request.shots)
    )


def total_price(request: VideoRequest, capability: Capability) -> Price | None:
    """Return the listed price of a completed request with all its new shots; None if unlisted."""
    if makes_at_once(request, capability):
        return price(request, capability.prices)
    found = [
        price(single, capability.prices)
        for shot, single in zip(request.shots, priced_requests(request), strict=True)
        if shot.reuses is None
    ]
    return sum_of([one for one in found if one is not None]) if None not in found else None


def _check_shots(request: VideoRequest, capability: Capability) -> Iterator[str]:
    count, most = len(request.parts), max(MAX_SHOTS, capability.shots_max)
    if count > most or (count > MAX_SHOTS and not makes_at_once(request, capability)):
        most = MAX_SHOTS if count <= most else most
        yield (
            f"A storyboard has up to {most} shots here, and you wrote {count}."
            f" Leave {count - most} out, or split it into several storyboards."
        )
    if request.continuous:
        yield from _check_continuity(request, capability)


def _check_continuity(request: VideoRequest, capability: Capability) -> Iterator[str]:
    if Kind.IMAGE not in capability.kinds:
        yield (
            f"{capability.name} only works from text, so a shot can't start from the last frame"
            " of the one before. Leave out `continuous`, or choose a model that animates pictures."
        )
    elif not capability.takes_files:
        yield (
            f"{capability.name} can't start a shot from the last frame of the one before."
            " Leave out `continuous`, or choose another model."
        )
    if any(shot.reference_images for shot in request.shots):
        yield (
            "A shot can start from the last frame of the one before or follow reference pictures,"
            " but not both. Leave out `continuous` or the references."
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


def _check_lengths(request: VideoRequest, capability: Capability) -> Iterator[str]:
    for number, shot in enumerate(request.shots, start=1):
        if shot.duration_seconds is not None:
            reason = _check_duration(shot.duration_seconds, capability)
            if reason is not None:
                yield f"Shot {number}: {reason}"


def _check_duration(duration: int, capability: Capability) -> str | None:
    durations = capability.durations_seconds
    if not durations:
        return f"{capability.name} chooses `duration` itself. Leave it out."
    if duration in durations:
        return None
    nearest = min(durations, key=lambda seconds: (abs(seconds - duration), seconds))
    return (
        f"{capability.name} makes videos of {_seconds(durations)}, not {duration} s."
        f" The nearest is {nearest} s."
    )


def _check_choices(request: VideoRequest, capability: Capability) -> list[str]:
    reasons = []
    duration = request.duration_seconds
    wrong_length = None if duration is None else _check_duration(duration, capability)
    if wrong_length is not None:
        reasons.append(wrong_length)
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
