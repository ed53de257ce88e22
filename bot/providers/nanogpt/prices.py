"""NanoGPT's price shapes as price lines. What is not listed here has no price.

Source: the model list's `pricing`, and quotes that clients have met: rates under `raw` are the
real ones divided by 1.7.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.domain.pricing import PriceLine, PriceList
from bot.providers.tolerance import micros

RAW_FACTOR = Decimal("1.7")
MOST_FACTOR = 100


def price_list(pricing: Mapping[str, Any], *, has_audio: bool) -> PriceList:
    """All lines of one model; empty where the shape is unknown."""
    raw = pricing.get("raw")
    if isinstance(raw, dict):
        lines = tuple(_scaled(_raw_lines(raw), RAW_FACTOR))
        return PriceList(lines, is_estimate=True)
    silent, loud = pricing.get("without_audio"), pricing.get("with_audio")
    if silent is not None and loud is not None:
        lines = (*_with_audio(silent, audio=False), *_with_audio(loud, audio=True))
        return PriceList(lines)
    lines = tuple(_lines(pricing))
    if has_audio and "audio_multiplier" in pricing:
        factor = _factor(pricing["audio_multiplier"])
        dear = () if factor is None else _scaled(lines, factor)
        lines = (
            *(replace(line, audio=False) for line in lines),
            *(replace(line, audio=True) for line in dear),
        )
    return PriceList(lines)


def _with_audio(value: Any, *, audio: bool) -> Iterator[PriceLine]:
    """A flat figure for a film, or a table of its own."""
    if isinstance(value, dict):
        yield from (replace(line, audio=audio) for line in _lines(value))
    elif (cost := micros(value)) is not None:
        yield PriceLine(cost, audio=audio)


def _lines(pricing: Mapping[str, Any]) -> Iterator[PriceLine]:
    if (flat := micros(pricing.get("per_video"))) is not None:
        yield PriceLine(flat)
    if (second := micros(pricing.get("per_second"))) is not None:
        yield PriceLine(second, per_second=True)
    for resolution, cost in _table(pricing.get("per_second_by_resolution")):
        yield PriceLine(cost, per_second=True, resolution=resolution)
    for duration, cost in _table(pricing.get("per_duration")):
        seconds = duration.removesuffix("s")
        if seconds.isdecimal() and len(seconds) < 5:
            yield PriceLine(cost, duration_seconds=int(seconds))
    for resolution, cost in _table(pricing.get("per_resolution")):
        yield PriceLine(cost, resolution=resolution)


def _raw_lines(raw: Mapping[str, Any]) -> Iterator[PriceLine]:
    """`{"type": shape, "rates": figures}`, or the shapes themselves."""
    shape = raw.get("type")
    yield from _lines({str(shape): raw.get("rates")} if "rates" in raw else raw)


def _table(value: Any) -> Iterator[tuple[str, int]]:
    for name, cost in value.items() if isinstance(value, dict) else ():
        amount = micros(cost)
        if amount is not None:
            yield str(name), amount


def _factor(value: Any) -> Decimal | None:
    """None where sound then has no price, rather than a guessed one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value)) if 0 < value <= MOST_FACTOR else None


def _scaled(lines: Any, factor: Decimal) -> Iterator[PriceLine]:
    for line in lines:
        yield replace(line, micros=int((line.micros * factor).to_integral_value()))
