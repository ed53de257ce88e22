"""Reading what a service sends without trusting it: a field of another type counts as absent."""

from decimal import Decimal, DecimalException
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

MICROS = 1_000_000
MOST_DOLLARS = 1_000_000  # no film, and no account of ours, is worth more; it is a misreading
WORD_CHARACTERS = 500
ADDRESS_CHARACTERS = 8192


def micros(value: Any) -> int | None:
    """Dollars as a number or a string, in micros; None for anything else, or less than nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
        if not 0 <= amount <= MOST_DOLLARS:
            return None
        return int((amount * MICROS).to_integral_value())
    except (DecimalException, ValueError):
        return None


def _word(value: Any) -> str | None:
    """One printable line, as an id or a status is."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > WORD_CHARACTERS:
        return None
    return value.strip() or None


def _prose(value: Any) -> str | None:
    """Text for people, without what no message and no database takes."""
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
    """An answer of which only what is named here is read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def is_address(value: Any) -> bool:
    """Absolute, or below the service."""
    return (
        isinstance(value, str)
        and value.startswith(("https://", "http://", "/"))
        and value.isprintable()
        and len(value) <= ADDRESS_CHARACTERS
    )
