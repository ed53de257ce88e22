"""Reading single fields of a request's form; what is wrong goes to a `FormErrors`."""

from collections.abc import Collection
from typing import Any

from sandbox.discord.errors import FormErrors, invalid_form
from sandbox.discord.models import Json


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
    if isinstance(value, bool) or not isinstance(value, int):
        faults.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    elif not least <= value <= most:
        faults.add(
            path, "NUMBER_TYPE_RANGE", f"Value must be between {least} and {most}, inclusive."
        )
    else:
        return value
    return None


def choice(faults: FormErrors, path: str, value: Any, allowed: Collection[int]) -> int | None:
    """The number if it is one of the allowed; null stays null."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value in allowed:
        return value
    told = ", ".join(str(item) for item in sorted(allowed))
    faults.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{told}}}.")
    return None


def snowflake(value: Any) -> int | None:
    """An id, which Discord takes as a string and as a number."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def required_snowflake(path: str, value: Any) -> int:
    if (found := snowflake(value)) is None:
        raise invalid_form(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
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
        told = ", ".join(f"'{scheme}'" for scheme in schemes)
        faults.add(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of ({told}).")
        return ""
    return url
