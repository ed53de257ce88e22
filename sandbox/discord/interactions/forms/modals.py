"""Holds a modal against Discord's rules before a person is shown it."""

from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.form_checks import (
    at,
    check_length,
    check_optional_length,
    check_range,
    checked_list,
    checked_object,
)
from sandbox.discord.state.models import Json

ACTION_ROW, STRING_SELECT, TEXT_INPUT = 1, 3, 4
ENTITY_SELECTS = frozenset({5, 6, 7, 8})
TEXT_DISPLAY, LABEL, FILE_UPLOAD = 10, 18, 19
RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 21, 22, 23

TITLE_LENGTH = 45
TOP_LEVEL = 5
_CUSTOM_ID_LENGTH = 100
_LABEL_LENGTH = 45
_TEXT_LENGTH = 4_000
_PLACEHOLDER_LENGTH = 150  # of a select; a text input's is shorter
_TEXT_STYLES = (1, 2)
_HELD_BY_LABEL = (
    frozenset({STRING_SELECT, TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX})
    | ENTITY_SELECTS
)
_OPTION_COUNTS = {STRING_SELECT: (1, 25), RADIO_GROUP: (2, 10), CHECKBOX_GROUP: (1, 10)}
_MOST_VALUES = {FILE_UPLOAD: 10, CHECKBOX_GROUP: 10}


def check_modal(data: object, faults: FormErrors) -> Json:
    """The modal's own fields; what is wrong with it goes to `faults`."""
    modal = checked_object(faults, "data", data) or {}
    check_length(faults, "data.title", modal.get("title"), 1, TITLE_LENGTH)
    check_length(faults, "data.custom_id", modal.get("custom_id"), 1, _CUSTOM_ID_LENGTH)
    path = "data.components"
    components = checked_list(faults, path, modal.get("components"), 1, TOP_LEVEL)
    for index, component in enumerate(components):
        _check_top_level(component, at(path, index), faults)
    _check_unique(components, path, faults)
    return {key: modal.get(key) for key in ("custom_id", "title", "components")}


def fields_of(modal: Json) -> list[Json]:
    """The components that a person fills in, in order."""
    return _fields(modal["components"])


def _fields(components: list[Any]) -> list[Json]:
    found: list[Any] = []
    for component in components:
        if isinstance(component, dict):
            row = component.get("components")
            found += row if isinstance(row, list) else [component.get("component")]
    return [field for field in found if isinstance(field, dict)]


def _check_top_level(component: object, path: str, faults: FormErrors) -> None:
    given = checked_object(faults, path, component)
    if given is None:
        return
    match given.get("type"):
        case 1:
            row = checked_list(faults, at(path, "components"), given.get("components"), 1, 1)
            for index, field in enumerate(row):
                where = at(path, "components", index)
                _check_field(field, where, faults, frozenset({TEXT_INPUT}), labelled=False)
        case 10:
            check_length(faults, at(path, "content"), given.get("content"), 1, _TEXT_LENGTH)
        case 18:
            check_length(faults, at(path, "label"), given.get("label"), 1, _LABEL_LENGTH)
            check_optional_length(faults, at(path, "description"), given.get("description"), 100)
            field = given.get("component")
            _check_field(field, at(path, "component"), faults, _HELD_BY_LABEL, labelled=True)
        case _:
            message = "Value must be one of {1, 10, 18}."
            faults.add(at(path, "type"), "BASE_TYPE_CHOICES", message)


def _check_field(
    field: object, path: str, faults: FormErrors, types: frozenset[int], *, labelled: bool
) -> None:
    given = checked_object(faults, path, field)
    if given is None:
        return
    kind = given.get("type")
    if not isinstance(kind, int) or kind not in types:
        message = f"Value must be one of {set(types)}."
        faults.add(at(path, "type"), "BASE_TYPE_CHOICES", message)
        return
    check_length(faults, at(path, "custom_id"), given.get("custom_id"), 1, _CUSTOM_ID_LENGTH)
    if kind == TEXT_INPUT:
        _check_text_input(given, path, faults, labelled=labelled)
    else:
        placeholder = given.get("placeholder")
        check_optional_length(faults, at(path, "placeholder"), placeholder, _PLACEHOLDER_LENGTH)
    most = _MOST_VALUES.get(kind, 25)
    check_range(faults, at(path, "min_values"), given.get("min_values"), 0, most)
    check_range(faults, at(path, "max_values"), given.get("max_values"), 1, most)
    if kind in _OPTION_COUNTS:
        _check_options(given, path, faults, _OPTION_COUNTS[kind])


def _check_text_input(given: Json, path: str, faults: FormErrors, *, labelled: bool) -> None:
    if given.get("style") not in _TEXT_STYLES:
        faults.add(at(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    if not labelled:
        check_length(faults, at(path, "label"), given.get("label"), 1, _LABEL_LENGTH)
    check_optional_length(faults, at(path, "placeholder"), given.get("placeholder"), 100)
    check_optional_length(faults, at(path, "value"), given.get("value"), _TEXT_LENGTH)
    low = check_range(faults, at(path, "min_length"), given.get("min_length"), 0, _TEXT_LENGTH)
    high = check_range(faults, at(path, "max_length"), given.get("max_length"), 1, _TEXT_LENGTH)
    if low and high and (given.get("min_length") or 0) > (given.get("max_length") or _TEXT_LENGTH):
        message = "min_length must not be greater than max_length"
        faults.add(at(path, "min_length"), "NUMBER_TYPE_RANGE", message)


def _check_options(given: Json, path: str, faults: FormErrors, count: tuple[int, int]) -> None:
    where = at(path, "options")
    options = checked_list(faults, where, given.get("options"), *count)
    for index, option in enumerate(options):
        entry = checked_object(faults, at(where, index), option) or {}
        for field in ("label", "value"):
            check_length(faults, at(where, index, field), entry.get(field), 1, 100)
        described = entry.get("description")
        check_optional_length(faults, at(where, index, "description"), described, 100)
    _check_values(given, path, [one for one in options if isinstance(one, dict)], faults)


def _check_values(given: Json, path: str, options: list[Json], faults: FormErrors) -> None:
    """Each value once, and no more chosen beforehand than a person may choose."""
    values = [str(option.get("value")) for option in options]
    for index, value in enumerate(values):
        if value in values[:index]:
            message = "The specified option value is already used"
            where = at(path, "options", index, "value")
            faults.add(where, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
    named = given.get("max_values")
    usual = len(options) if given.get("type") == CHECKBOX_GROUP else 1
    most = named if isinstance(named, int) and named > 0 else usual
    if most > max(len(options), 1):
        message = "max_values cannot be larger than the number of options"
        faults.add(at(path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_EXCEEDED", message)
    if sum(option.get("default") is True for option in options) > most:
        message = f"At most {most} options can be chosen beforehand"
        faults.add(at(path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", message)


def _check_unique(components: list[Any], path: str, faults: FormErrors) -> None:
    ids = [str(field.get("custom_id")) for field in _fields(components)]
    if len(set(ids)) < len(ids):
        message = "Component custom id cannot be duplicated"
        faults.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", message)


def number_components(modal: Json) -> None:
    """Give each component an `id` that has none, as Discord does: from 1, in order."""
    every = [item for top in modal["components"] for item in (top, *_fields([top]))]
    taken = [item["id"] for item in every if _has_id(item)]
    free = (number for number in range(1, 1_000) if number not in taken)
    for item in every:
        item["id"] = item["id"] if _has_id(item) else next(free)


def _has_id(component: Json) -> bool:
    """Whether the component brought an id of its own; 0 stands for none."""
    return isinstance(component.get("id"), int) and component["id"] > 0
