"""Decide how a video is continued, or made to end as it starts.

A video is continued by its own model's extension if there is one, else from its last frame: with the
same model, else with the cheapest that keeps its shape. The worker joins the source and the new
part.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.catalog.capability import Capability, Kind, check, complete
from bot.catalog.choice import AllowedModels, carried_over, usable
from bot.catalog.pricing import Price, price
from bot.catalog.request import (
    Derivation,
    Parent,
    SourceImage,
    SourceVideo,
    VideoRequest,
)
from bot.errors import InvalidRequestError
from bot.ids import JobId

MAX_EXTENSIONS = 4
FRAME_TO_COME = "last frame"  # the key of a frame that is not extracted yet
SHAPE_TOLERANCE = 0.03  # of a ratio; sides are rounded to even pixels
_SIDES = {"2k": 1440, "4k": 2160}


class Way(StrEnum):
    """How a video is continued."""

    OWN = "own"  # by a model that takes the video itself
    LAST_FRAME = "last_frame"


@dataclass(frozen=True, slots=True)
class Continuation:
    """A request to continue a video; `made_by` is its request, None for a video that is not ours.

    `extended` counts the extensions so far; `is_spoiler` is of the file, which hides its pictures.
    `duration_seconds` is of the new part.
    """

    prompt: str
    source: SourceVideo
    made_by: VideoRequest | None = None
    job_id: JobId | None = None
    extended: int = 0
    is_spoiler: bool = False
    duration_seconds: int | None = None

    @property
    def parent(self) -> Parent:
        return Parent(Derivation.EXTEND, self.job_id, self.extended)


@dataclass(frozen=True, slots=True)
class ExtensionPlan:
    """One way to continue a video; the price is None if it is not listed."""

    request: VideoRequest
    capability: Capability
    way: Way
    price: Price | None

    @property
    def total_seconds(self) -> float | None:
        """Return the length with the new part; None if the model chooses it."""
        return total_seconds(self.request)


def total_seconds(request: VideoRequest) -> float | None:
    """Return the length of the finished video; None if the model chooses it."""
    new = request.total_seconds
    if new is None:
        return None
    source = request.source_video
    before = 0.0 if source is None else source.duration_seconds
    return before + new


def times_extended(request: VideoRequest) -> int:
    """Return how many extensions a request's video holds, its own included."""
    before = 0 if request.parent is None else request.parent.extended
    return before + (request.source_video is not None)


def holds_source(seconds: float, request: VideoRequest) -> bool:
    """Return whether a video of this length is the source and the new part, not the part alone.

    Services don't say which of them they hand out, so the length decides. A service that got a
    picture has never seen the source.
    """
    source = request.source_video
    if source is None or not request.sends_video:
        return False
    return seconds > (request.duration_seconds or 0) + source.duration_seconds / 2


def plans(
    asked: Continuation,
    models: Sequence[Capability],
    allowed: AllowedModels,
    *,
    most: int = MAX_EXTENSIONS,
) -> list[ExtensionPlan]:
    """Return every way to continue the video, best first.

    A request that needs the last frame holds `FRAME_TO_COME` in its place. Raises
    InvalidRequestError if there is no way, or the video was extended `most` times.
    """
    if asked.extended >= most:
        times = "once" if most == 1 else f"{most} times"
        raise InvalidRequestError(
            [f"This video has been extended {times}, which is the limit. Start a new one instead."]
        )
    able = usable(models, allowed)
    found = [*_own(asked, able), *_with_same_model(asked, able), *_with_others(asked, able)]
    fitting = [one for one in found if not check(one.request, one.capability)]
    if fitting:
        return fitting
    if found:
        raise InvalidRequestError(check(found[0].request, found[0].capability))
    raise InvalidRequestError(["None of the models that you can use here continues this video."])


def _own(asked: Continuation, models: Iterable[Capability]) -> list[ExtensionPlan]:
    made_by = None if asked.made_by is None else asked.made_by.model_id
    found = [
        _plan(asked, one, Way.OWN)
        for one in models
        if one.source is not None and made_by in one.source.own_models
    ]
    return sorted(found, key=_cost)


def _with_same_model(asked: Continuation, models: Iterable[Capability]) -> Iterator[ExtensionPlan]:
    for one in models:
        is_same = asked.made_by is not None and one.model_id == asked.made_by.model_id
        if is_same and Kind.IMAGE in one.kinds:
            yield _plan(asked, one, Way.LAST_FRAME)


def _with_others(asked: Continuation, models: Iterable[Capability]) -> list[ExtensionPlan]:
    made_by = None if asked.made_by is None else asked.made_by.model_id
    found = [
        _plan(asked, one, Way.LAST_FRAME)
        for one in models
        if Kind.IMAGE in one.kinds
        and not one.is_explicit
        and one.model_id != made_by
        and keeps_shape(one, asked.source)
    ]
    return sorted(found, key=_cost)


def _cost(plan: ExtensionPlan) -> float:
    return float("inf") if plan.price is None else plan.price.cost_micros


def _plan(asked: Continuation, capability: Capability, way: Way) -> ExtensionPlan:
    before = asked.made_by or VideoRequest(asked.prompt, capability.model_id)
    frame = None
    if way is Way.LAST_FRAME:
        source = asked.source
        frame = SourceImage(
            FRAME_TO_COME, "image/png", source.width, source.height, 0, source.owners
        )
    request = VideoRequest(
        prompt=asked.prompt,
        model_id=capability.model_id,
        image=frame,
        duration_seconds=asked.duration_seconds or before.duration_seconds,
        resolution=nearest_resolution(capability, asked.source),
        negative_prompt=before.negative_prompt,
        audio=before.audio,
        is_spoiler=before.is_spoiler or asked.is_spoiler,
        source_video=asked.source,
        parent=asked.parent,
    )
    completed = complete(carried_over(request, capability), capability)
    return ExtensionPlan(completed, capability, way, price(completed, capability.prices))


def keeps_shape(capability: Capability, source: SourceVideo) -> bool:
    """Return whether a video that starts with the source's last frame has the source's shape."""
    if capability.picture_decides_shape or not capability.aspect_ratios:
        return True
    wanted = source.width / max(source.height, 1)
    sides = (re.fullmatch(r"(\d{1,5}):([1-9]\d{0,4})", one) for one in capability.aspect_ratios)
    ratios = (int(one[1]) / int(one[2]) for one in sides if one is not None)
    return any(abs(ratio / wanted - 1) <= SHAPE_TOLERANCE for ratio in ratios)


def nearest_resolution(capability: Capability, source: SourceVideo) -> str | None:
    """Return the offered resolution nearest to the source's, so that nothing is scaled.

    None if there is no choice.
    """
    short = min(source.width, source.height)
    sides = {one: side for one in capability.resolutions if (side := _side(one)) is not None}
    return min(sides, key=lambda one: abs(sides[one] - short), default=None)


def _side(resolution: str) -> int | None:
    """Return the shorter side in pixels: 720 for `720p`."""
    found = re.fullmatch(r"(\d{3,4})p", resolution)
    return int(found[1]) if found else _SIDES.get(resolution.lower())


def loop(
    made_by: VideoRequest,
    first_frame: SourceImage,
    job_id: JobId | None,
    models: Sequence[Capability],
    allowed: AllowedModels,
) -> VideoRequest:
    """Return a request for the same video that ends as it starts.

    With the same model, else with the cheapest that takes a first and a last picture. Raises
    InvalidRequestError if none does.
    """
    wanted = replace(
        made_by,
        prompt=made_by.parts[0].prompt,
        image=first_frame,
        end_image=first_frame,
        reference_images=(),
        shots=(),
        continuous=False,
        source_video=None,
        parent=Parent(Derivation.LOOP, job_id),
    )
    able = usable(models, allowed)
    for one in able:
        if one.model_id == made_by.model_id and not check(wanted, one):
            return wanted
    others = [(carried_over(wanted, one), one) for one in able if not one.is_explicit]
    fitting = [(request, one) for request, one in others if not check(request, one)]
    if not fitting:
        raise InvalidRequestError(["None of the models that you can use here can make a loop."])
    return min(fitting, key=lambda pair: _listed_cost(*pair))[0]


def _listed_cost(request: VideoRequest, capability: Capability) -> float:
    found = price(complete(request, capability), capability.prices)
    return float("inf") if found is None else found.cost_micros
