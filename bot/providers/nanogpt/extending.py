"""NanoGPT's models that continue a video: which they are, whose videos, and their prices.

Source: the model list and NanoGPT's guide: an ordinary submission with the source as `videoUrl` or
`videoDataUrl`, at most 120 s long. The list says `video_to_video` of edits, upscalers and motion
control too, so only the name tells an extension. Models that extend in a mode of their own are left
out: the list has no price for that mode.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bot.catalog.capability import SourceRules
from bot.catalog.pricing import Fee, Input, PriceList
from bot.ids import ModelId
from bot.providers.nanogpt.families import Entry, current_name
from bot.providers.nanogpt.price_names import is_of_videos, snake
from bot.providers.nanogpt.prices import RAW_FACTOR, Terms, price_list
from bot.providers.tolerance import exact_micros

MAX_SOURCE_SECONDS = 120
_EXTEND = re.compile(r"(?P<base>.+?)[-/](?:video-)?extend(?P<variant>-fast)?")
_OPERATIONS = (
    "", "-video", "-edit", "-video-edit", "-video-edit-turbo", "-reference-to-video",
    "-image-to-video", "-text-to-video",
)  # fmt: skip
# Families that the names do not show.
_RELATIVES = {
    "veo3-1-fast": ("veo3-1-lite-video",),
    "grok-imagine": (
        "grok-imagine-video-reference-to-video",
        "xai/grok-imagine-video/v1.5/image-to-video",
    ),
    "bytedance-seedance-2-0": ("doubao-seedance-2-0",),
    "bytedance-seedance-2-0-fast": ("doubao-seedance-2-0-fast",),
    "bytedance-seedance-v1.5-pro": ("bytedance-seedance-v1.5-pro-fast",),
}
_ONLY_OWN = ("veo",)  # "Veo 3.1 sources only"
_INPUT_SECONDS = {"input_price_per_second", "source_video_per_second", "input_per_second"}
_LEAST_SECONDS = "min_input_duration"


def is_explicit(model_id: str) -> bool:
    """Return whether the model is made for adults.

    The list also sets `nsfw` for ordinary models, whose ids lack this word.
    """
    return "spicy" in model_id.lower()


def is_extension(entry: Entry) -> bool:
    """Return whether the entry continues a video and does nothing else."""
    able = entry.capabilities
    makes = able.video_generation and able.video_to_video and not able.image_to_video
    return makes and _EXTEND.fullmatch(entry.id.lower()) is not None


def source_rules(entry: Entry, listed: Collection[str]) -> SourceRules:
    """Return which videos the extension takes; `listed` are all ids of the list."""
    found = _EXTEND.fullmatch(entry.id.lower())
    base = entry.id if found is None else current_name(found["base"]) + (found["variant"] or "")
    names = {f"{base}{operation}" for operation in _OPERATIONS} | set(_RELATIVES.get(base, ()))
    own = {one for one in listed if current_name(one) in names or one.startswith(f"{base}/")}
    if not is_explicit(entry.id):
        own = {one for one in own if not is_explicit(one)}  # it would refuse such a video
    return SourceRules(
        own_models=frozenset(map(ModelId, own | {entry.id})),
        only_own=entry.id.startswith(_ONLY_OWN),
        least_seconds=_least_seconds(entry.pricing),
        most_seconds=MAX_SOURCE_SECONDS,
    )


def extension_prices(pricing: Mapping[str, Any], terms: Terms) -> PriceList:
    """Read an extension's prices; empty if a figure about the source is unknown.

    A resolution that cannot be chosen is the source's, or the service's choice, so that the highest
    rate is quoted.
    """
    listed, shapes = price_list(pricing, terms), _shapes(pricing)
    input_seconds = {name for name in shapes if name in _INPUT_SECONDS}
    unknown = [
        name
        for name, value in shapes.items()
        if is_of_videos(name) and name not in input_seconds and not isinstance(value, str)
    ]
    if unknown or len(input_seconds) > 1:
        return PriceList()
    found = [_input_fee(shapes[name], shapes, pricing) for name in input_seconds]
    if None in found:
        return PriceList()
    lines, is_estimate = listed.lines, listed.is_estimate
    if not terms.resolutions and lines and all(one.resolution for one in lines):
        highest = max(lines, key=lambda one: one.micros)
        lines, is_estimate = (replace(highest, resolution=None),), True
    fees = [*listed.fees, *(fee for fee in found if fee is not None)]
    return replace(listed, lines=lines, fees=tuple(fees), is_estimate=is_estimate)


def _shapes(pricing: Mapping[str, Any]) -> dict[str, Any]:
    raw = pricing.get("raw")
    return {
        snake(name): value for name, value in (raw if isinstance(raw, dict) else pricing).items()
    }


def _input_fee(value: Any, shapes: Mapping[str, Any], pricing: Mapping[str, Any]) -> Fee | None:
    """Return the fee per second of the source; None if it is unreadable."""
    micros = exact_micros(value)
    if micros is None:
        return None
    is_cost = "raw" in pricing and str(shapes.get("includes_profit", False)).lower() != "true"
    return Fee(
        micros * RAW_FACTOR if is_cost else micros,
        Input.VIDEO,
        per_source_second=True,
        least_seconds=_whole(shapes.get(_LEAST_SECONDS)),
    )


def _least_seconds(pricing: Mapping[str, Any]) -> int:
    return _whole(_shapes(pricing).get(_LEAST_SECONDS))


def _whole(value: Any) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MAX_SOURCE_SECONDS else 0
