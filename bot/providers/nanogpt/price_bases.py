"""Read prices with a base, and the fees of pictures.

Source: the model list. A base price covers the usual duration, and a longer video adds to it:
`base_price`, `base_prices_by_resolution` and `base_price_per_second`. Fees are `image_input_fee`,
per request with a picture, beside rates per second; `extra_reference_image`, for every reference
beyond `included_reference_images`; and `per_reference_image` within `reference_mode`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, DecimalException
from typing import Any

from bot.catalog.pricing import Fee, Input, PriceLine
from bot.providers.tolerance import exact_micros

MAX_FACTOR = 100
_OF_A_VIDEO = ("base_price", "base_prices_by_resolution")
_OF_A_SECOND = ("base_price_per_second",)
# Modifiers and the bases they modify; beside any other price their meaning is unknown.
NEEDED = {
    "base_duration": _OF_A_VIDEO, "per_extra_second": _OF_A_VIDEO, "duration_multiplier": _OF_A_VIDEO,
    "duration_multipliers": _OF_A_VIDEO, "duration_overrides": _OF_A_VIDEO,
    "resolution_multipliers": _OF_A_SECOND,
}  # fmt: skip

FEE_NAMES = {
    "image_input_fee", "extra_reference_image", "included_reference_images", "per_reference_image",
}  # fmt: skip
_PICTURES = frozenset({Input.IMAGE, Input.END_IMAGE, Input.REFERENCES})
_REFERENCES = frozenset({Input.REFERENCES})
BASE_NAMES = {*_OF_A_VIDEO, *_OF_A_SECOND, *NEEDED}


class NoPriceError(Exception):
    """A price that cannot be read with certainty."""


def factor_of(value: Any) -> Decimal | None:
    """Parse a factor; None if invalid, so that no price is guessed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        factor = Decimal(str(value))
        is_factor = 0 < factor <= MAX_FACTOR
    except DecimalException:
        return None
    return factor if is_factor else None


def base_lines(pricing: Mapping[str, Any], durations: tuple[int, ...]) -> Iterator[PriceLine]:
    """Yield lines for every offered duration in seconds. Raises NoPriceError."""
    for name, bases in NEEDED.items():
        if name in pricing and not any(base in pricing for base in bases):
            raise NoPriceError(name)
    if "base_price_per_second" in pricing:
        yield from _per_second(pricing)
    base = pricing.get("base_prices_by_resolution", pricing.get("base_price"))
    if base is None:
        return
    if not durations:
        yield from _figures(base, PriceLine(0))
    for seconds in durations:
        yield from _of_duration(seconds, base, pricing, durations)


def _of_duration(
    seconds: int, base: Any, pricing: Mapping[str, Any], durations: tuple[int, ...]
) -> Iterator[PriceLine]:
    line = PriceLine(0, duration_seconds=seconds)
    own = _table(pricing.get("duration_overrides")).get(str(seconds))
    if own is not None:
        yield from _figures(own, line)
        return
    factor, extra = _factor_at(seconds, pricing, durations), _extra_at(seconds, pricing)
    if factor is None or extra is None:
        return
    for one in _figures(base, line):
        yield replace(one, micros=one.micros * factor + extra)


def _factor_at(
    seconds: int, pricing: Mapping[str, Any], durations: tuple[int, ...]
) -> Decimal | None:
    """Return the price of this duration in base prices; None if not stated.

    A single `duration_multiplier` applies to the longer of two durations.
    """
    named = _table(pricing.get("duration_multipliers"))
    if str(seconds) in named:
        return factor_of(named[str(seconds)])
    if "per_extra_second" in pricing or seconds <= _usual_length(pricing, durations):
        return Decimal(1)
    single = "duration_multiplier" in pricing and len(durations) == 2
    return factor_of(pricing["duration_multiplier"]) if single else None


def _extra_at(seconds: int, pricing: Mapping[str, Any]) -> Decimal | None:
    """Return the extra micros beyond the base duration; None if not stated."""
    if "per_extra_second" not in pricing:
        return Decimal(0)
    base, each = _whole(pricing.get("base_duration")), exact_micros(pricing["per_extra_second"])
    return None if base is None or each is None else max(0, seconds - base) * each


def _usual_length(pricing: Mapping[str, Any], durations: tuple[int, ...]) -> int:
    return _whole(pricing.get("base_duration")) or min(durations)


def _per_second(pricing: Mapping[str, Any]) -> Iterator[PriceLine]:
    amount = exact_micros(pricing["base_price_per_second"])
    if not amount:
        raise NoPriceError(pricing["base_price_per_second"])
    line = PriceLine(amount, per_second=True)
    if "resolution_multipliers" not in pricing:
        yield line
    for resolution, value in _table(pricing.get("resolution_multipliers")).items():
        factor = factor_of(value)
        if factor is not None:
            yield replace(line, micros=amount * factor, resolution=resolution)


def _figures(value: Any, line: PriceLine) -> Iterator[PriceLine]:
    """Yield lines from one figure or one per resolution. Raises NoPriceError."""
    for resolution, cost in value.items() if isinstance(value, dict) else [(None, value)]:
        amount = exact_micros(cost)
        if not amount:  # no video is free: a 0 is a figure left blank
            raise NoPriceError(cost)
        yield replace(line, micros=amount, resolution=resolution)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    """Parse whole seconds; no video has ten thousand."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 10_000 else None


def fees_of(shapes: Mapping[str, Any]) -> tuple[list[Fee], frozenset[Input]]:
    """Return the fees, and the inputs whose fee is unreadable."""
    fees: list[Fee] = []
    unpriced: frozenset[Input] = frozenset()
    own = shapes.get("reference_mode")
    for found, inputs in (
        (_of_pictures(shapes, has_mode=own is not None), _PICTURES),
        (_of_references(shapes, own if isinstance(own, dict) else {}), _REFERENCES),
    ):
        if found is None:
            unpriced |= inputs
        else:
            fees += found
    return fees, unpriced


def _of_pictures(shapes: Mapping[str, Any], *, has_mode: bool) -> list[Fee] | None:
    """Return the picture fee, also for references unless they have their own prices."""
    if "image_input_fee" not in shapes:
        return []
    amount = exact_micros(shapes["image_input_fee"])
    if amount is None:
        return None
    inputs = (Input.IMAGE,) if has_mode else (Input.IMAGE, Input.REFERENCES)
    return [Fee(amount, one) for one in inputs]


def _of_references(shapes: Mapping[str, Any], mode: Mapping[str, Any]) -> list[Fee] | None:
    """Return the fee for each reference, or for each beyond a stated number."""
    fees = []
    if "extra_reference_image" in shapes:
        amount = exact_micros(shapes["extra_reference_image"])
        included = shapes.get("included_reference_images")
        if amount is None or not isinstance(included, int) or isinstance(included, bool):
            return None
        fees.append(Fee(amount, Input.REFERENCES, per_reference=True, included=included))
    for table in (shapes, mode):
        if "per_reference_image" in table:
            each = exact_micros(table["per_reference_image"])
            if each is None:
                return None
            fees.append(Fee(each, Input.REFERENCES, per_reference=True))
    return fees
