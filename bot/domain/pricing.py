"""What a film costs, in millionths of a US dollar (`micros`), and whether that is certain.

A price list is a table: each line names the circumstances in which it holds. The most specific
line that fits a wish is the price of a shot. Where no line fits, there is no price, and nothing is
guessed.
"""

import math
from dataclasses import dataclass

from bot.domain.requests import VideoRequest

MICROS_PER_DOLLAR = 1_000_000


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price list. A None matches anything; `micros` is a film's or a second's.

    `from_image` means any picture, `from_references` those that a film only follows.
    """

    micros: int
    per_second: bool = False
    duration_seconds: int | None = None
    resolution: str | None = None
    audio: bool | None = None
    from_image: bool | None = None
    from_references: bool | None = None


@dataclass(frozen=True, slots=True)
class PriceList:
    """All lines of one model; `is_estimate` where the provider may charge something else.

    No film of it costs less than `minimum_micros`.
    """

    lines: tuple[PriceLine, ...] = ()
    is_estimate: bool = False
    minimum_micros: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """What one film costs."""

    cost_micros: int
    is_estimate: bool = False


def price(request: VideoRequest, prices: PriceList) -> Price | None:
    """The price of a completed wish (`capabilities.complete`), or None if the list has none."""
    fitting = [line for line in prices.lines if _fits(line, request)]
    if not fitting:
        return None
    line = max(fitting, key=_specificity)
    shot = line.micros
    if line.per_second:
        if request.duration_seconds is None:
            return None
        shot *= request.duration_seconds
    cost = max(shot * len(request.parts), prices.minimum_micros)
    return Price(cost, prices.is_estimate)


def dollars(micros: int) -> str:
    """Money for people: two decimals, rounded up, so that nothing looks cheaper than it is."""
    cents = math.ceil(micros / 10_000)
    sign = "-" if cents < 0 else ""  # given back
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def _fits(line: PriceLine, request: VideoRequest) -> bool:
    return (
        line.duration_seconds in {None, request.duration_seconds}
        and line.resolution in {None, request.resolution}
        and line.audio in {None, bool(request.audio)}
        and line.from_image in {None, bool(request.pictures)}
        and line.from_references in {None, any(part.reference_images for part in request.parts)}
    )


def _specificity(line: PriceLine) -> int:
    named = (
        line.duration_seconds,
        line.resolution,
        line.audio,
        line.from_image,
        line.from_references,
    )
    return sum(value is not None for value in named)
