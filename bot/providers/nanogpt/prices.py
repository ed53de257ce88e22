"""NanoGPT's price shapes as price lines. A figure of unknown meaning leaves a model without one.

Source: the model list's `pricing`, of which some thirty shapes have been seen, and quotes that
clients have met: rates under `raw` are the real ones divided by 1.7.
"""

from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bot.domain.pricing import MICROS_PER_DOLLAR, PriceLine, PriceList
from bot.providers.nanogpt.price_bases import BASE_NAMES, NoPriceError, base_lines, factor_of
from bot.providers.nanogpt.price_names import PRO, is_known, narrowed, snake
from bot.providers.tolerance import MOST_DOLLARS, micros

RAW_FACTOR = Decimal("1.7")
MOST_MICROS = MOST_DOLLARS * MICROS_PER_DOLLAR
_OWN_NAMES = {*BASE_NAMES, "raw", "audio_multiplier", "pro_multiplier", "frame_multiplier",
              "frame_threshold", "minimum", "minimum_price", "minimum_billable_duration"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a submission is settled before anybody wishes for anything.

    `has_audio` says whether sound can be switched, `durations` (seconds) what is offered, `frames`
    how many are asked for by duration (None: where no duration can be chosen), `variants` which of
    a model's variants are always asked for, `pro_resolutions` which have no other.
    """

    has_audio: bool = False
    durations: tuple[int, ...] = ()
    frames: Mapping[int | None, int] = field(default_factory=dict)
    variants: AbstractSet[str] = frozenset({"standard"})
    pro_resolutions: AbstractSet[str] = frozenset()


def price_list(pricing: Mapping[str, Any], terms: Terms | None = None) -> PriceList:
    """All lines of one model; empty where a figure of it is unknown, or says two things."""
    terms, raw = terms or Terms(), pricing.get("raw")
    if str(pricing.get("currency", "USD")).upper() != "USD":
        return PriceList()
    is_raw = isinstance(raw, dict)
    shapes = _unwrapped(raw if isinstance(raw, dict) else pricing)
    try:
        lines = tuple(_all_lines(shapes, terms))
        least = max(_minimum(pricing), int(_minimum(shapes) * (RAW_FACTOR if is_raw else 1)))
    except (NoPriceError, RecursionError):
        return PriceList()
    lines = tuple(_scaled(lines, RAW_FACTOR)) if is_raw else lines
    if any(line.micros > MOST_MICROS for line in (*lines, PriceLine(least))):
        return PriceList()
    return PriceList(lines, is_estimate=is_raw, minimum_micros=least)


def _unwrapped(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The shapes themselves, also from `{"type": shape, "rates": figures}`."""
    found = {str(raw.get("type")): raw["rates"]} if "rates" in raw else raw
    return {snake(str(name)): value for name, value in found.items() if value is not None}


def _all_lines(shapes: Mapping[str, Any], terms: Terms) -> Iterable[PriceLine]:
    """Raises NoPriceError."""
    _ensure_known(shapes, terms)
    rates = {name: value for name, value in shapes.items() if name not in _OWN_NAMES}
    lines = (
        *_read(rates, PriceLine(0), terms.variants),
        *_pro_lines(rates, terms),
        *base_lines(shapes, terms.durations),
    )
    lines = tuple(_for_references(_distinct(lines)))
    lines = tuple(_for_frames(lines, shapes, terms.frames))
    if terms.has_audio and "audio_multiplier" in shapes:
        lines = tuple(_with_and_without(lines, factor_of(shapes["audio_multiplier"])))
    return lines


def _ensure_known(shapes: Mapping[str, Any], terms: Terms) -> None:
    """Raises NoPriceError for a figure of which nobody can say what it adds."""
    for name, value in shapes.items():
        if name not in _OWN_NAMES and not is_known(name) and _holds_figures(value):
            raise NoPriceError(name)
    billed = shapes.get("minimum_billable_duration")
    if billed is not None and (factor_of(billed) or 0) > min(terms.durations, default=0):
        raise NoPriceError(billed)


def _holds_figures(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_figures(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_holds_figures(inner) for inner in value)
    return micros(value) is not None


def _read(value: Any, line: PriceLine, ours: AbstractSet[str]) -> Iterator[PriceLine]:
    """One figure, or a table of what narrows its circumstances. Raises NoPriceError."""
    if isinstance(value, dict):
        for name, inner in value.items():
            narrower = narrowed(line, name, ours)
            if narrower is not None:
                yield from _read(inner, narrower, ours)
        return
    if value is None:
        return
    amount = micros(value)
    if amount is None:
        raise NoPriceError(value)
    yield replace(line, micros=amount)


def _pro_lines(rates: Mapping[str, Any], terms: Terms) -> Iterator[PriceLine]:
    if not terms.pro_resolutions:
        return
    for line in _read({n: v for n, v in rates.items() if n.startswith(PRO)}, PriceLine(0), {PRO}):
        if line.resolution in terms.pro_resolutions:
            yield line


def _distinct(lines: Iterable[PriceLine]) -> list[PriceLine]:
    """Raises NoPriceError where two figures hold in the same circumstances."""
    found: dict[PriceLine, PriceLine] = {}
    for line in lines:
        same = found.setdefault(replace(line, micros=0, per_second=False), line)
        if same != line:
            raise NoPriceError(line)
    return list(found.values())


def _for_references(lines: list[PriceLine]) -> Iterator[PriceLine]:
    """Without a price of their own, reference pictures have one where words and a picture agree."""
    yield from lines
    if any(line.from_references for line in lines):
        return
    for line in lines:
        if line.from_image is False:
            picture = replace(line, from_image=True, from_references=False)
            if picture in lines:
                yield replace(picture, from_references=True)


def _for_frames(
    lines: tuple[PriceLine, ...], shapes: Mapping[str, Any], frames: Mapping[int | None, int]
) -> Iterable[PriceLine]:
    """More frames than the threshold cost more; without knowing them there is no price."""
    if "frame_multiplier" not in shapes:
        return lines
    most, factor = shapes.get("frame_threshold"), factor_of(shapes["frame_multiplier"])
    if factor is None or not isinstance(most, int) or isinstance(most, bool):
        raise NoPriceError(most)
    return (
        replace(one, duration_seconds=seconds)
        for seconds, count in frames.items()
        for one in (lines if count <= most else _scaled(lines, factor))
    )


def _with_and_without(lines: tuple[PriceLine, ...], factor: Decimal | None) -> Iterator[PriceLine]:
    yield from (replace(line, audio=False) for line in lines)
    dear = () if factor is None else _scaled(lines, factor)
    yield from (replace(line, audio=True) for line in dear)


def _minimum(pricing: Mapping[str, Any]) -> int:
    """Raises NoPriceError where it is none."""
    given = pricing.get("minimum", pricing.get("minimum_price", 0))
    least = micros(given)
    if least is None:
        raise NoPriceError(given)
    return least


def _scaled(lines: Iterable[PriceLine], factor: Decimal) -> Iterator[PriceLine]:
    for line in lines:
        yield replace(line, micros=int((line.micros * factor).to_integral_value()))
