"""Price lists and prices, exact or estimated, in millionths of a US dollar (`micros`).

A price list is a table; each line names the conditions under which it applies. The most specific
line that fits a request is the price of a shot, plus fees. If no line fits, or the list says
something unknown about an input that the request uses, there is no price; nothing is guessed.

A rate may be a fraction of a micro: it is multiplied exactly, and the cost is rounded once.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from bot.catalog.request import Shot, VideoRequest

MICROS_PER_DOLLAR = 1_000_000
Rate = int | Decimal  # micros, or fractions of one


class Input(StrEnum):
    """The inputs of a request that a price may depend on."""

    WORDS = "words"  # alone, without any picture
    IMAGE = "image"
    END_IMAGE = "end image"
    REFERENCES = "references"
    VIDEO = "video"  # the source that is continued
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price list; None matches anything.

    `micros` is per video or per second. `from_image` means any picture, `from_references` those
    that the video only follows.
    """

    micros: Rate
    per_second: bool = False
    duration_seconds: int | None = None
    resolution: str | None = None
    audio: bool | None = None
    from_image: bool | None = None
    from_references: bool | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """An input's addition to a shot's price: once, or per reference beyond `included`.

    `per_source_second`: for each begun second of the source video, at least `least_seconds`.
    """

    micros: Rate
    input: Input
    per_reference: bool = False
    included: int = 0
    per_source_second: bool = False
    least_seconds: int = 0


@dataclass(frozen=True, slots=True)
class PriceList:
    """All price lines of one model; an estimate if the provider may charge otherwise.

    No video costs less than `minimum_micros`. If the provider `charges`, a price of zero is a
    figure left blank, and so unknown. Requests with an `unpriced` input have no price here: the
    list names a figure for it whose meaning is unknown.
    """

    lines: tuple[PriceLine, ...] = ()
    is_estimate: bool = False
    minimum_micros: int = 0
    fees: tuple[Fee, ...] = ()
    unpriced: frozenset[Input] = frozenset()
    charges: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one video."""

    cost_micros: int
    is_estimate: bool = False


def price(request: VideoRequest, prices: PriceList) -> Price | None:
    """Return the price of a completed request (`capability.complete`), or None if unlisted."""
    used = [frozenset(_inputs(part, request)) for part in request.parts]
    fitting = [line for line in prices.lines if _fits(line, request)]
    if not fitting or any(prices.unpriced & inputs for inputs in used):
        return None
    line = max(fitting, key=_specificity)
    shot = line.micros
    if line.per_second:
        if request.duration_seconds is None:
            return None
        shot *= request.duration_seconds
    fees = sum(
        _fee(fee, part, request)
        for part, inputs in zip(request.parts, used, strict=True)
        for fee in prices.fees
        if fee.input in inputs
    )
    cost = Decimal(shot * len(request.parts) + fees).to_integral_value(ROUND_HALF_UP)
    known = max(int(cost), prices.minimum_micros)
    return Price(known, prices.is_estimate) if known > 0 or not prices.charges else None


def _inputs(part: Shot, request: VideoRequest) -> Iterator[Input]:
    if request.sends_video:
        yield Input.VIDEO
    elif not part.pictures:
        yield Input.WORDS
    if part.image is not None:
        yield Input.IMAGE
    if part.end_image is not None:
        yield Input.END_IMAGE
    if part.reference_images:
        yield Input.REFERENCES
    if request.audio:
        yield Input.AUDIO


def _fee(fee: Fee, part: Shot, request: VideoRequest) -> Rate:
    if fee.per_source_second and request.source_video is not None:
        seconds = math.ceil(request.source_video.duration_seconds)
        return fee.micros * max(seconds, fee.least_seconds)
    if not fee.per_reference:
        return fee.micros
    return fee.micros * max(0, len(part.reference_images) - fee.included)


def sum_of(prices: list[Price]) -> Price:
    """Add prices; the sum is an estimate if one of them is."""
    cost = sum(one.cost_micros for one in prices)
    return Price(cost, is_estimate=any(one.is_estimate for one in prices))


def dollars(micros: Rate) -> str:
    """Format an amount with two decimals, rounded up so as never to look cheaper."""
    cents = math.ceil(micros / 10_000)
    sign = "-" if cents < 0 else ""  # a refund
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
