"""Small checks that commands and modals share; what is wrong goes to a `FormErrors`."""

from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.rules.forms import in_range


def at(path: str, *steps: object) -> str:
    """The dotted path of something below `path`."""
    return ".".join(str(step) for step in (path, *steps) if step != "")


def check_length(faults: FormErrors, path: str, value: object, low: int, high: int) -> bool:
    """Whether the value is a text of that length; a missing one is said to be required."""
    if value is None:
        faults.required(path)
    elif not isinstance(value, str):
        faults.wrong_type(path, "string")
    elif not low <= len(value) <= high:
        faults.bad_length(path, low, high)
    else:
        return True
    return False


def check_optional_length(faults: FormErrors, path: str, value: object, high: int) -> None:
    if value is not None:
        check_length(faults, path, value, 0, high)


def check_range(faults: FormErrors, path: str, value: object, low: int, high: int) -> bool:
    """Whether the value is a number in the range, or is left out."""
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults.wrong_type(path, "number")
        return False
    return in_range(faults, path, value, least=low, most=high)


def checked_list(faults: FormErrors, path: str, value: object, low: int, high: int) -> list[Any]:
    """The value if it is a list of that size or the entries that it has; an empty one if not."""
    if not isinstance(value, list):
        faults.wrong_type(path, "list")
        return []
    if not low <= len(value) <= high:
        faults.bad_length(path, low, high)
    return value


def checked_object(faults: FormErrors, path: str, value: object) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return value
    faults.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    return None
