"""Read a service's data without trusting it: a field of a wrong type is absent.

A video's address may be anywhere in an answer: a string, a list, nested tables, JSON inside a
string, a data URL, under a dozen field names. Sources: the answers of fal, Replicate, Veo, Kling,
Runway, Luma, Seedance and Wan, whose shapes gateways pass on. Ignored are inputs (pictures,
prompts), thumbnails, sound, and addresses of the API itself.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, DecimalException
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

MAX_DEPTH = 7
MAX_ITEMS = 50
_NOT_OURS = re.compile(
    r"image|img|picture|photo|thumb|cover|poster|preview|sprite|frame|audio|sound|music|subtitle|caption"
    r"|input|request|param|payload|argument|prompt|refer|source|webhook|callback|status|cancel|log"
    r"|poll|self|docs|website|avatar|icon|last_|first_|tail|metric|error|message|detail|support|terms"
)
_LINKS = frozenset({"get", "cancel", "stream", "web", "self"})  # API links, next to each other
_FIRST = re.compile(r"video|mp4|movie|media|video")
_NO_VIDEO = re.compile(
    r"\.(?:png|jpe?g|webp|avif|svg|wav|mp3|aac|flac|json|html?|txt|vtt|srt)(?:[?#]|$)"
)

MICROS = 1_000_000
MAX_DOLLARS = 1_000_000  # more than any video or account is worth: a misreading
WORD_CHARACTERS = 500
ADDRESS_CHARACTERS = 60_000  # room for signatures of several stores
DATA_VIDEO = "data:video/"
DATA_CHARACTERS = 12 * 1024 * 1024  # of a video in a data URL


def addresses_in(body: Any) -> Iterator[str]:
    """Yield every possible address of the video, likeliest first."""
    found = list(_walk(body, MAX_DEPTH, likely=False))
    yield from (address for address, is_likely in found if is_likely)
    yield from (address for address, is_likely in found if not is_likely)


def _walk(value: Any, depth: int, *, likely: bool) -> Iterator[tuple[str, bool]]:
    if depth == 0:
        return
    if isinstance(value, str):
        yield from _in_string(value, depth, likely=likely)
    elif isinstance(value, list):
        for one in value[:MAX_ITEMS]:
            yield from _walk(one, depth - 1, likely=likely)
    elif isinstance(value, dict):
        for name, one in list(value.items())[:MAX_ITEMS]:
            key = str(name).lower()
            is_video = _FIRST.search(key) is not None
            if key not in _LINKS and (is_video or not _NOT_OURS.search(key)):
                yield from _walk(one, depth - 1, likely=likely or is_video)


def _in_string(value: str, depth: int, *, likely: bool) -> Iterator[tuple[str, bool]]:
    if value.lstrip()[:1] in {"{", "["}:
        try:
            yield from _walk(json.loads(value), depth - 1, likely=likely)
        except (ValueError, RecursionError):
            return
    elif _is_absolute(value) and not _NO_VIDEO.search(value.lower()):
        yield (
            value,
            likely or re.search(r"\.(?:mp4|webm|mov|m4v|gif)(?:[?#]|$)", value.lower()) is not None,
        )


def _is_absolute(value: str) -> bool:
    """Return whether it is an absolute URL.

    A bare path is an address only in an answer known to hold one.
    """
    return is_address(value) and value.startswith(("https://", "http://", "//", DATA_VIDEO))


def micros(value: Any) -> int | None:
    """Convert dollars, as a number or string, to micros; None if invalid or negative."""
    amount = exact_micros(value)
    return None if amount is None else int(amount.to_integral_value())


def exact_micros(value: Any) -> Decimal | None:
    """Convert dollars to micros with fractions, for rates multiplied before rounding."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
        return amount * MICROS if 0 <= amount <= MAX_DOLLARS else None
    except (DecimalException, ValueError):
        return None


def _word(value: Any) -> str | None:
    """Return a printable line, such as an id or a status."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > WORD_CHARACTERS:
        return None
    return value.strip() or None


def _prose(value: Any) -> str | None:
    """Return a text for people, without characters that messages or the database reject."""
    if not isinstance(value, str):
        return None
    clean = "".join(sign if sign.isprintable() else " " for sign in value)
    return " ".join(clean.split())[:WORD_CHARACTERS] or None


def _percent(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= 100 else None


def table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


Word = Annotated[str | None, BeforeValidator(_word)]
Prose = Annotated[str | None, BeforeValidator(_prose)]
Dollars = Annotated[int | None, BeforeValidator(micros)]
Percent = Annotated[int | None, BeforeValidator(_percent)]
Flag = Annotated[bool, BeforeValidator(lambda value: value is True or value == "true")]
Table = Annotated[dict[str, Any], BeforeValidator(table)]


class Wire(BaseModel):
    """An answer of which only the fields named here are read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def is_address(value: Any) -> bool:
    """Return whether it is absolute, relative to the service, or a data URL."""
    if not isinstance(value, str) or not value.isprintable():
        return False
    if value.startswith(DATA_VIDEO):
        return len(value) <= DATA_CHARACTERS
    return value.startswith(("https://", "http://", "/")) and len(value) <= ADDRESS_CHARACTERS
