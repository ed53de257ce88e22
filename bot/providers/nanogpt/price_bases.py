"""Prices that begin with a base: so much for the usual length, and what a longer film adds.

Source: the model list's `base_price`, `base_prices_by_resolution` and `base_price_per_second`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.domain.pricing import PriceLine
from bot.providers.tolerance import micros

MOST_FACTOR = 100
BASE_NAMES = {
    "base_price", "base_prices_by_resolution", "base_duration", "per_extra_second",
    "duration_multiplier", "duration_multipliers", "duration_overrides",
    "base_price_per_second", "resolution_multipliers",
}  # fmt: skip


class NoPriceError(Exception):
    """A price that cannot be read with certainty."""


def factor_of(value: Any) -> Decimal | None:
    """None for what is no factor: nothing has a price then, rather than a guessed one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value)) if 0 < value <= MOST_FACTOR else None


def base_lines(pricing: Mapping[str, Any], durations: tuple[int, ...]) -> Iterator[PriceLine]:
    """The lines of every offered duration, in seconds. Raises NoPriceError."""
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
        yield replace(one, micros=int((one.micros * factor).to_integral_value()) + extra)


def _factor_at(
    seconds: int, pricing: Mapping[str, Any], durations: tuple[int, ...]
) -> Decimal | None:
    """What a film of this length costs, in base prices; None where nothing says so.

    A single `duration_multiplier` is that of the longer one of two durations.
    """
    named = _table(pricing.get("duration_multipliers"))
    if str(seconds) in named:
        return factor_of(named[str(seconds)])
    if "per_extra_second" in pricing or seconds <= _usual_length(pricing, durations):
        return Decimal(1)
    single = "duration_multiplier" in pricing and len(durations) == 2
    return factor_of(pricing["duration_multiplier"]) if single else None


def _extra_at(seconds: int, pricing: Mapping[str, Any]) -> int | None:
    """What the seconds beyond the base length add, in micros; None where it is not said."""
    if "per_extra_second" not in pricing:
        return 0
    base, each = _whole(pricing.get("base_duration")), micros(pricing["per_extra_second"])
    return None if base is None or each is None else max(0, seconds - base) * each


def _usual_length(pricing: Mapping[str, Any], durations: tuple[int, ...]) -> int:
    return _whole(pricing.get("base_duration")) or min(durations)


def _per_second(pricing: Mapping[str, Any]) -> Iterator[PriceLine]:
    amount = micros(pricing["base_price_per_second"])
    if amount is None:
        raise NoPriceError(pricing["base_price_per_second"])
    line = PriceLine(amount, per_second=True)
    if "resolution_multipliers" not in pricing:
        yield line
    for resolution, value in _table(pricing.get("resolution_multipliers")).items():
        factor = factor_of(value)
        if factor is not None:
            cost = int((amount * factor).to_integral_value())
            yield replace(line, micros=cost, resolution=resolution)


def _figures(value: Any, line: PriceLine) -> Iterator[PriceLine]:
    """One figure, or one for each resolution. Raises NoPriceError."""
    for resolution, cost in value.items() if isinstance(value, dict) else [(None, value)]:
        amount = micros(cost)
        if amount is None:
            raise NoPriceError(cost)
        yield replace(line, micros=amount, resolution=resolution)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    """Seconds, of which no film has ten thousand."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 10_000 else None
