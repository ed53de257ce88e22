"""What NanoGPT bills for a video, from the price shapes of its own list.

Rates under `raw` are the real ones divided by 1.7. A resolution that is not listed is billed as the
most expensive, a shape that only has a `minimum` at that. What a client cannot know from the list is
marked in docs/sandbox.md.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.providers.nanogpt import catalog
from sandbox.providers.nanogpt.runs import MICROS

Json = dict[str, Any]

RAW_FACTOR = Decimal("1.7")
TOKENS_OF_A_REFERENCE = 1500  # not documented; enough that three cost extra
REFERENCE_NAMES = ("reference_images", "referenceImages", "reference_image_urls", "reference_image")
PRO_FACTOR = 2  # "2x cost"


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything of a submission that its price may depend on, defaults filled in."""

    seconds: Decimal
    resolution: str
    sound: bool
    pro: bool
    image: bool
    references: int
    reference_video: bool
    draft: bool
    variant: str
    frames: float

    @property
    def length(self) -> str:
        """The seconds as tables spell them."""
        return f"{self.seconds.normalize():f}"


def cost_micros(model: Json, body: Json, source_seconds: float = 0.0) -> int:
    """What the submission charges, in micros of a dollar; a begun second of a source is billed."""
    asked, pricing = _asked(model, body), catalog.billed(model)
    raw = pricing.get("raw")
    if raw is None:
        dollars = _by_shape(pricing, asked) + _fees(pricing, asked)
    else:
        billed = max(math.ceil(source_seconds), raw.get("minInputDuration", 0))
        source = billed * _number(raw.get("inputPricePerSecond", 0))
        dollars = (_raw(raw, asked) + source) * (1 if raw.get("includesProfit") else RAW_FACTOR)
    if asked.sound and "audio_multiplier" in pricing:
        dollars *= _number(pricing["audio_multiplier"])
    if asked.pro and "pro_per_second_by_resolution" not in pricing:
        dollars *= PRO_FACTOR
    return int((dollars * MICROS).to_integral_value())


def _asked(model: Json, body: Json) -> Asked:
    return Asked(
        seconds=Decimal(str(catalog.seconds_of(model, body))),
        resolution=str(catalog.setting(model, body, "resolution", "size", "target_resolution")),
        sound=catalog.has_sound(model, body),
        pro=catalog.is_on(model, body, *catalog.PRO_NAMES),
        image=any(
            body.get(name) for name in ("imageDataUrl", "image_data_url", "image", "imageUrl")
        ),
        references=_count(body),
        reference_video=bool(body.get("referenceVideos") or body.get("reference_videos")),
        draft=catalog.setting(model, body, "quality") == "draft",
        variant=str(catalog.setting(model, body, "variant") or "standard"),
        frames=catalog.frames_of(model, body) or 0,
    )


def _count(body: Json) -> int:
    """How many reference pictures, as a list, as a text that holds one, or as one address."""
    given: Any = next((body[name] for name in REFERENCE_NAMES if body.get(name)), [])
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [given]
    return len(given) if isinstance(given, list) else 1


def _mode(asked: Asked) -> str:
    if asked.references:
        return "reference_mode"
    return "image_mode" if asked.image else "text_mode"


def _fees(pricing: Json, asked: Asked) -> Decimal:
    """What pictures add: nothing beside a table of rates for just such requests."""
    if _mode(asked) in pricing:
        return Decimal(0)
    fee = _number(pricing.get("image_input_fee", 0)) if asked.image or asked.references else 0
    extra = max(0, asked.references - int(pricing.get("included_reference_images", 0)))
    return fee + extra * _number(pricing.get("extra_reference_image", 0))


def _of_mode(table: Json, asked: Asked) -> Decimal:
    tokens = asked.references * TOKENS_OF_A_REFERENCE
    extra = max(0, tokens - int(table.get("included_reference_tokens", 0)))
    return (
        _rate(table["per_second"], asked) * asked.seconds
        + asked.references * _number(table.get("per_reference_image", 0))
        + extra * _number(table.get("per_1000_extra_reference_tokens", 0)) / 1000
    )


def _by_shape(pricing: Json, asked: Asked) -> Decimal:
    """The first shape that the entry has decides."""
    if _mode(asked) in pricing:
        return _of_mode(pricing[_mode(asked)], asked)
    for name in _rates_per_second(asked):
        if name in pricing:
            return _rate(pricing[name], asked) * asked.seconds
    sounding = "with_audio" if asked.sound else "without_audio"
    if sounding in pricing:
        return _number(pricing[sounding])
    if "per_duration" in pricing:
        return _at(pricing["per_duration"], asked.length)
    if "per_extra_second" in pricing:
        extra = max(Decimal(0), asked.seconds - _number(pricing.get("base_duration", 0)))
        return _number(pricing["base_price"]) + extra * _number(pricing["per_extra_second"])
    return _per_video(pricing, asked)


def _per_video(pricing: Json, asked: Asked) -> Decimal:
    base = pricing.get("base_prices_by_resolution", pricing.get("base_price"))
    if base is not None:
        override = pricing.get("duration_overrides", {}).get(asked.length)
        factors = pricing.get("duration_multipliers", {asked.length: 1})
        return _rate(override or base, asked) * (1 if override else _at(factors, asked.length))
    if "per_resolution" in pricing:
        is_long = asked.frames > pricing.get("frame_threshold", asked.frames)
        factor = _number(pricing["frame_multiplier"]) if is_long else Decimal(1)
        return _rate(pricing["per_resolution"], asked) * factor
    return _number(pricing.get("per_video", pricing.get("minimum", 0)))


def _rates_per_second(asked: Asked) -> Iterator[str]:
    """The names under which a rate per second may stand, the most particular first."""
    kind = "image_to_video" if asked.image else "text_to_video"
    sound = "with_audio" if asked.sound else "without_audio"
    if asked.pro:
        yield "pro_per_second_by_resolution"
    if asked.resolution != "480p":
        yield "high_resolution_per_second"
    if asked.reference_video:
        yield "text_to_video_with_reference_video_per_second"
        yield "video_reference_per_second_by_resolution"
    if asked.draft:
        yield "draft_per_second_by_mode"
    yield f"{kind}_{sound}_per_second"
    yield f"text_image_{sound}_per_second"
    yield f"{kind}_per_second"
    yield from ("per_second_by_mode", "per_second_by_mode_and_resolution")
    yield "full_per_second_by_mode_and_resolution"
    yield "per_second_by_resolution"
    yield from ("generated_per_second", "output_per_second", "per_second")


def _raw(raw: Json, asked: Asked) -> Decimal:
    kind = "ImageToVideo" if asked.image else "TextToVideo"
    reference = "WithReferenceVideo" if asked.reference_video else ""
    sound = "withAudio" if asked.sound else "withoutAudio"
    names = (
        f"{asked.variant}TextToVideo{reference}PricesPerSecond" if reference else "",
        f"textToVideo{reference}PricesPerSecond" if reference else "",
        f"{asked.variant}{kind}PricesPerSecond",
        f"{kind[0].lower()}{kind[1:]}PricesPerSecond",
        f"{sound}PricesPerSecond",
        f"{asked.variant}PricesPerSecond",
        "pricesPerSecond",
        "outputPricesPerSecond",
    )
    name = next(name for name in names if name in raw)
    return _rate(raw[name], asked) * asked.seconds


def _rate(value: Any, asked: Asked) -> Decimal:
    """One figure, or one by resolution, or by kind of work and perhaps resolution."""
    if not isinstance(value, dict):
        return _number(value)
    kind = "image_to_video" if asked.image else "text_to_video"
    refers = asked.reference_video or asked.references
    for name in ("reference_to_video", kind) if refers else (kind, "standard"):
        if name in value:
            return _rate(value[name], asked)
    return _at(value, asked.resolution)


def _at(rates: Json, name: str) -> Decimal:
    """The figure for a choice; for one that is not listed, the most expensive."""
    return _number(rates.get(name, rates.get(f"{name}s", max(rates.values()))))


def _number(value: Any) -> Decimal:
    return Decimal(str(value))
