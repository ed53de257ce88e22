"""Reading single fields of a request's form; what is wrong goes to a `FormErrors`.

Discord reads numbers and switches in every spelling that means the same: `5`, `5.0` and `"5"` are one
number, `true`, `1` and `"true"` one switch. Form-encoded bodies and query strings depend on it.
"""

import re
from collections.abc import Collection
from typing import Any

from sandbox.discord.errors import FormErrors, invalid_form
from sandbox.discord.state.models import Json

_INTEGER = re.compile(r"\s*[+-]?\d{1,30}\s*", re.ASCII)
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_BIGGEST_ID = 2**63 - 1


def text(faults: FormErrors, path: str, value: Any, *, most: int, least: int = 0) -> str | None:
    """The text if it is one of allowed length; null stays null."""
    if value is None:
        return None
    if not isinstance(value, str):
        faults.wrong_type(path, "string")
    elif not least <= len(value) <= most:
        if least:
            faults.bad_length(path, least, most)
        else:
            faults.too_long(path, most)
    else:
        return value
    return None


def required_text(faults: FormErrors, path: str, value: Any, *, most: int, least: int = 1) -> str:
    if value is None or value == "":
        faults.required(path)
        return ""
    return text(faults, path, value, most=most, least=least) or ""


def items(faults: FormErrors, path: str, value: Any, *, most: int, least: int = 0) -> list[Any]:
    """The list if it is one of allowed length; null is an empty one."""
    if value is None:
        value = []
    if not isinstance(value, list):
        faults.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    if not least <= len(value) <= most:
        faults.bad_length(path, least, most)
        return []
    return value


def fields(faults: FormErrors, path: str, value: Any) -> Json:
    """The object; anything else is a fault and an empty one."""
    if isinstance(value, dict):
        return value
    faults.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    return {}


def integer(faults: FormErrors, path: str, value: Any, *, least: int, most: int) -> int | None:
    """The number if it is in range; null stays null."""
    if value is None:
        return None
    if (number := whole_number(value)) is None:
        faults.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    elif in_range(faults, path, number, least=least, most=most):
        return number
    return None


def whole_number(value: Any) -> int | None:
    """The number that the value spells, or None: `5.5`, `true` and `"five"` spell none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value) else None
    return value if isinstance(value, int) else None


def in_range(
    faults: FormErrors, path: str, number: float, *, least: float, most: float, kind: str = "int"
) -> bool:
    """Whether the number is in the range; each end has a code of its own on Discord."""
    if number < least:
        message = f"{kind} value should be greater than or equal to {least}."
        faults.add(path, "NUMBER_TYPE_MIN", message)
    elif number > most:
        message = f"{kind} value should be less than or equal to {most}."
        faults.add(path, "NUMBER_TYPE_MAX", message)
    else:
        return True
    return False


def boolean(faults: FormErrors, path: str, value: Any, default: bool) -> bool:  # noqa: FBT001 - the field's own default
    """The switch; null is the default."""
    if value is None:
        return default
    if isinstance(value, bool | int | str) and str(value).lower() in _SWITCHES:
        return _SWITCHES[str(value).lower()]
    faults.add(path, "BOOLEAN_TYPE_CHOICES", "Must be either true or false.")
    return default


def choice(faults: FormErrors, path: str, value: Any, allowed: Collection[int]) -> int | None:
    """The number if it is one of the allowed; null stays null."""
    if value is None:
        return None
    if (number := whole_number(value)) in allowed:
        return number
    choices = ", ".join(str(item) for item in sorted(allowed))
    faults.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")
    return None


def snowflake(value: Any) -> int | None:
    """An id, which Discord takes as a string and as a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def required_snowflake(path: str, value: Any) -> int:
    """The id. Raises 50035 for anything else, and for what no id of 63 bits can be."""
    if (found := snowflake(value)) is None:
        raise invalid_form(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    faults = FormErrors()
    in_range(faults, path, found, least=0, most=_BIGGEST_ID, kind="snowflake")
    faults.raise_if_any()
    return found


def snowflakes(value: Any) -> set[int]:
    """The ids in a list; whatever is none is left out."""
    found = (snowflake(item) for item in value) if isinstance(value, list) else ()
    return {item for item in found if item is not None}


def link(faults: FormErrors, path: str, value: Any, *, schemes: tuple[str, ...], most: int) -> str:
    """An address with one of the schemes; empty when it is refused."""
    url = text(faults, path, value, most=most)
    if url is None:
        return ""
    if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        named = ", ".join(f"'{scheme}'" for scheme in schemes)
        faults.add(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of ({named}).")
        return ""
    return url
