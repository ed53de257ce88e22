"""Read NanoGPT's price shapes as price lines; a figure of unknown meaning gives none.

Source: the model list's `pricing`, of which some thirty shapes have been seen, and quotes that
clients have met: rates under `raw` are the real ones divided by 1.7, unless it says that they
include the service's profit.

Unknown figures do not always remove every price: one that concerns a single input removes the price
from requests that use this input, and one that concerns what this bot never requests removes none.
"""

from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bot.catalog.pricing import (
    MICROS_PER_DOLLAR,
    Fee,
    Input,
    PriceLine,
    PriceList,
    Rate,
)
from bot.providers.nanogpt.price_bases import (
    BASE_NAMES,
    FEE_NAMES,
    NoPriceError,
    base_lines,
    factor_of,
    fees_of,
)
from bot.providers.nanogpt.price_names import (
    EVERYTHING,
    MODES,
    PRO,
    concerned,
    is_addition,
    is_known,
    narrowed,
    snake,
)
from bot.providers.tolerance import MAX_DOLLARS, exact_micros

RAW_FACTOR = Decimal("1.7")
MAX_MICROS = MAX_DOLLARS * MICROS_PER_DOLLAR
_FINEST = Decimal("0.000001")  # of a micro: the rest is noise from a rate's binary fraction
_HIGH = "high_resolution_per_second"
_OWN_NAMES = {*BASE_NAMES, *FEE_NAMES, *MODES, _HIGH, "raw", "audio_multiplier", "pro_multiplier",
              "frame_multiplier", "frame_threshold", "minimum", "minimum_price",
              "minimum_billable_duration", "includes_profit"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """The fixed properties of a model's submissions.

    `has_audio` if sound can be switched, `always_audio` if no video comes without it, `durations`
    (seconds) and `resolutions` as offered, `frames` by duration (None: no duration can be chosen),
    `variants` that are always requested, `pro_resolutions` that have no other variant, `settled`
    for parameters whose default cannot be changed.
    """

    has_audio: bool = False
    always_audio: bool = False
    durations: tuple[int, ...] = ()
    resolutions: tuple[str, ...] = ()
    frames: Mapping[int | None, int] = field(default_factory=dict)
    variants: AbstractSet[str] = frozenset({"standard"})
    pro_resolutions: AbstractSet[str] = frozenset()
    settled: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Read:
    """Lines and fees as listed, before any factor."""

    lines: tuple[PriceLine, ...]
    fees: tuple[Fee, ...]
    unpriced: frozenset[Input]


def price_list(pricing: Mapping[str, Any], terms: Terms | None = None) -> PriceList:
    """Return a model's price list; empty if a figure is unknown or ambiguous."""
    terms, raw = terms or Terms(), pricing.get("raw")
    is_raw = isinstance(raw, dict)
    try:
        shapes = _unwrapped(raw if isinstance(raw, dict) else pricing)
        beside = _unwrapped(pricing) if is_raw else {}
        factor = _factor_of_raw(shapes) if is_raw else Decimal(1)
        if any(str(one.get("currency", "USD")).upper() != "USD" for one in (shapes, pricing)):
            return PriceList()
        unknown = _unknown(beside, terms, but=_OWN_NAMES)
        if unknown == EVERYTHING:
            return PriceList()
        found = _read_all(shapes, terms)
        least = max(_minimum(pricing), _minimum(shapes) * factor)
    except (NoPriceError, RecursionError):
        return PriceList()
    listed = PriceList(
        lines=tuple(replace(one, micros=_exact(one.micros * factor)) for one in found.lines),
        is_estimate=factor != 1,
        minimum_micros=int(least.to_integral_value(ROUND_HALF_UP)),
        fees=tuple(replace(fee, micros=_exact(fee.micros * factor)) for fee in found.fees),
        unpriced=found.unpriced | unknown,
        charges=True,
    )
    amounts = [one.micros for one in listed.lines] + [fee.micros for fee in listed.fees]
    is_absurd = any(one > MAX_MICROS for one in (*amounts, listed.minimum_micros))
    return PriceList() if is_absurd else listed


def _unwrapped(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shapes themselves, also from `{"type": shape, "rates": figures}`.

    Raises NoPriceError if two spellings of one name have different figures.
    """
    found: dict[str, Any] = {}
    for name, value in raw.items():
        spelt = snake(str(raw.get("type")) if name == "rates" else str(name))
        if value is None:
            continue
        if spelt in found and found[spelt] != value:
            raise NoPriceError(spelt)
        found[spelt] = value
    return found


def _factor_of_raw(shapes: Mapping[str, Any]) -> Decimal:
    """Return the factor of `raw` rates. Raises NoPriceError if it is unknown."""
    includes_profit = str(shapes.get("includes_profit", False)).lower()
    if includes_profit not in {"true", "false"}:
        raise NoPriceError(includes_profit)
    return Decimal(1) if includes_profit == "true" else RAW_FACTOR


def _read_all(shapes: Mapping[str, Any], terms: Terms) -> _Read:
    """Read lines and fees. Raises NoPriceError."""
    unpriced = _ensure_known(shapes, terms)
    rates = {
        name: value for name, value in shapes.items() if name not in _OWN_NAMES and is_known(name)
    }
    lines: Iterable[PriceLine] = (
        *_read(rates, PriceLine(0), terms),
        *_pro_lines(rates, shapes, terms),
        *_high_lines(shapes, terms),
        *base_lines(shapes, terms.durations),
    )
    lines = _kept_from_modes(lines, shapes)
    modes = {name: shapes[name] for name in MODES if name in shapes}
    for name, table in modes.items():
        read = _of_mode(table, MODES[name], terms)
        lines, unpriced = [*lines, *read.lines], unpriced | read.unpriced
    fees, without_meaning = fees_of(shapes)
    lines = tuple(_for_references(_distinct(lines)))
    lines = tuple(_for_frames(lines, shapes, terms.frames))
    if terms.has_audio and "audio_multiplier" in shapes:
        lines = tuple(_with_and_without(lines, factor_of(shapes["audio_multiplier"])))
    return _Read(lines, tuple(fees), unpriced | without_meaning)


def _ensure_known(shapes: Mapping[str, Any], terms: Terms) -> frozenset[Input]:
    """Return the inputs that a figure of unknown meaning concerns.

    Raises NoPriceError for a figure that may concern every request.
    """
    billed = shapes.get("minimum_billable_duration")
    if billed is not None and (factor_of(billed) or 0) > min(terms.durations, default=0):
        raise NoPriceError(billed)
    if terms.always_audio and not terms.has_audio and "audio_multiplier" in shapes:
        raise NoPriceError(shapes["audio_multiplier"])
    unknown = _unknown(shapes, terms, but=_OWN_NAMES)
    if unknown == EVERYTHING:
        raise NoPriceError(str(sorted(shapes)))
    return unknown


def _unknown(
    shapes: Mapping[str, Any], terms: Terms, but: AbstractSet[str] = frozenset()
) -> frozenset[Input]:
    found: frozenset[Input] = frozenset()
    for name, value in shapes.items():
        if name not in but and not is_known(name) and _holds_figures(value):
            found |= concerned(name, terms.settled)
    return found


def _holds_figures(value: Any) -> bool:
    """Return whether it holds figures: "+50%" does, "by arrangement" does not."""
    if isinstance(value, dict):
        return any(_holds_figures(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_holds_figures(inner) for inner in value)
    if isinstance(value, str):
        return any(sign.isdecimal() for sign in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read(value: Any, line: PriceLine, terms: Terms) -> Iterator[PriceLine]:
    """Yield lines from a figure or a table of conditions. Raises NoPriceError."""
    if isinstance(value, dict):
        for name, inner in value.items():
            narrower = narrowed(line, name, terms.variants)
            if narrower is not None:
                yield from _read(inner, narrower, terms)
            elif _matters(name, inner, terms):
                raise NoPriceError(name)
        return
    if value is None:
        return
    amount = exact_micros(value)
    if not amount:  # no video is free: a 0 is a figure left blank
        raise NoPriceError(value)
    yield replace(line, micros=amount)


def _matters(name: str, value: Any, terms: Terms) -> bool:
    """Return whether an unknown name may concern every request: an addition, or our mode."""
    if not _holds_figures(value):
        return False
    is_ours = snake(name) in terms.variants and not is_known(name)
    return is_ours or (is_addition(name) and bool(concerned(name, terms.settled)))


def _pro_lines(
    rates: Mapping[str, Any], shapes: Mapping[str, Any], terms: Terms
) -> Iterator[PriceLine]:
    """Yield lines of resolutions that only the expensive variant has.

    Raises NoPriceError if such a resolution has no line.
    """
    own = {name: value for name, value in rates.items() if name.startswith(PRO)}
    expensive = list(_read(own, PriceLine(0), replace(terms, variants={PRO})))
    usual = list(_read(rates, PriceLine(0), terms))
    for resolution in sorted(terms.pro_resolutions):
        found = [line for line in expensive if line.resolution == resolution]
        factor = factor_of(shapes.get("pro_multiplier"))
        if not found and factor is not None:
            found = [replace(one, resolution=resolution, micros=one.micros * factor)
                     for one in usual if one.resolution is None]  # fmt: skip
        if not found and all(one.resolution != resolution for one in usual):
            raise NoPriceError(resolution)
        yield from found


def _high_lines(shapes: Mapping[str, Any], terms: Terms) -> Iterator[PriceLine]:
    """Yield the rate of the larger of two resolutions.

    Raises NoPriceError if there are not exactly two. Source: models with 480p and 720p whose quotes
    are those of `per_second` and of this.
    """
    if _HIGH not in shapes:
        return
    sizes = {int(one[:-1]): one for one in terms.resolutions if one[:-1].isdecimal()}
    if len(terms.resolutions) != 2 or len(sizes) != 2 or "per_second" not in shapes:
        raise NoPriceError(_HIGH)
    high = PriceLine(0, per_second=True, resolution=sizes[max(sizes)])
    yield from _read(shapes[_HIGH], high, terms)


def _kept_from_modes(lines: Iterable[PriceLine], shapes: Mapping[str, Any]) -> list[PriceLine]:
    """Exclude from general lines the inputs that have their own table."""
    kept = list(lines)
    if "text_mode" in shapes:
        kept = [
            replace(one, from_image=True, from_references=False) if one.from_image is None else one
            for one in kept
        ]
    if "image_mode" in shapes:
        kept = [replace(one, from_image=False) if one.from_image is None else one for one in kept]
    if "reference_mode" in shapes:
        kept = [replace(one, from_references=False) if one.from_references is None else one
                for one in kept]  # fmt: skip
    return kept


def _of_mode(table: Any, mode: Input, terms: Terms) -> _Read:
    """Read a mode's own rates; no price if their shape is unknown."""
    nothing = _Read((), (), frozenset({mode}))
    if not isinstance(table, dict):
        return nothing
    line = {
        Input.WORDS: PriceLine(0, from_image=False),
        Input.IMAGE: PriceLine(0, from_image=True, from_references=False),
        Input.REFERENCES: PriceLine(0, from_image=True, from_references=True),
    }[mode]
    shapes = _unwrapped(table)
    rates = {name: value for name, value in shapes.items() if name not in FEE_NAMES}
    if _unknown(rates, terms) or not set(rates).isdisjoint(_OWN_NAMES):
        return nothing
    try:
        return _Read(tuple(_read(rates, line, terms)), (), frozenset())
    except NoPriceError:
        return nothing


def _distinct(lines: Iterable[PriceLine]) -> list[PriceLine]:
    """Remove duplicate lines. Raises NoPriceError for two figures under the same conditions."""
    found: dict[PriceLine, PriceLine] = {}
    for line in lines:
        same = found.setdefault(replace(line, micros=0, per_second=False), line)
        if same != line:
            raise NoPriceError(line)
    return list(found.values())


def _for_references(lines: list[PriceLine]) -> Iterator[PriceLine]:
    """Price unlisted reference pictures if prompt and picture lines agree."""
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
    """Scale lines above the frame threshold; without frame counts there is no price."""
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
    expensive = () if factor is None else _scaled(lines, factor)
    yield from (replace(line, audio=True) for line in expensive)


def _minimum(pricing: Mapping[str, Any]) -> Decimal:
    """Return the minimum price. Raises NoPriceError if it is unreadable."""
    given = pricing.get("minimum", pricing.get("minimum_price"))
    least = Decimal(0) if given is None else exact_micros(given)
    if least is None:
        raise NoPriceError(given)
    return least


def _scaled(lines: Iterable[PriceLine], factor: Decimal) -> Iterator[PriceLine]:
    for line in lines:
        yield replace(line, micros=line.micros * factor)


def _exact(rate: Rate) -> Rate:
    """Return whole micros as an integer."""
    fine = Decimal(rate).quantize(_FINEST)
    return int(fine) if fine == fine.to_integral_value() else fine
