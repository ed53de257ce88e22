"""Components in use: finding one in a message, and choosing values in it."""

from collections.abc import Iterator
from typing import Any

from sandbox.discord.errors import refused
from sandbox.discord.interactions.resolved import Resolved
from sandbox.discord.state.models import Json

BUTTON, STRING_SELECT = 2, 3
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = frozenset({3, 5, 6, 7, 8})
_PRESSABLE_STYLES = frozenset({1, 2, 3, 4})


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, nested ones and accessories included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        if component.get("accessory"):
            yield from walk([component["accessory"]])


def find_component(components: list[Json], custom_id: str) -> Json:
    """The enabled component of that id. Raises a refusal if a person could not use it."""
    found = (item for item in walk(components) if item.get("custom_id") == custom_id)
    component = next(found, None)
    if component is None:
        raise refused(f"The message has no component {custom_id}.")
    if component.get("disabled"):
        raise refused(f"The component {custom_id} is disabled.")
    if component["type"] == BUTTON and component.get("style") not in _PRESSABLE_STYLES:
        raise refused(f"The button {custom_id} does not reach the application.")
    return component


def check_values(component: Json, values: list[Any], resolved: Resolved) -> list[str]:
    """The values as the bot gets them, their ids resolved. Raises a refusal for what cannot be chosen."""
    name = component["custom_id"]
    chosen = [str(value) for value in values]
    low, high = _bounds(component)
    if len(set(chosen)) < len(chosen) or not low <= len(chosen) <= high:
        raise refused(f"{name}: choose {low} to {high} different values.")
    if component.get("options") is not None:
        offered = {option["value"] for option in component["options"]}
        if not set(chosen) <= offered:
            raise refused(f"{name}: choose among {', '.join(sorted(offered))}.")
        return chosen
    for value in chosen:
        _resolve(component, value, resolved)
    return chosen


def _bounds(component: Json) -> tuple[int, int]:
    """How many must and may be chosen; nothing is a choice where an answer is not required."""
    low = component.get("min_values")
    low = 1 if low is None else low
    high = component.get("max_values") or max(low, 1)
    return (0 if component.get("required") is False else low), high


def _resolve(component: Json, value: str, resolved: Resolved) -> None:
    if not value.isdecimal():
        raise refused(f"{component['custom_id']}: must be ids.")
    match component["type"]:
        case 5:
            resolved.add_user(int(value))
        case 6:
            resolved.add_role(int(value))
        case 7:
            resolved.add_mentionable(int(value))
        case _:
            resolved.add_channel(int(value), component.get("channel_types"))
