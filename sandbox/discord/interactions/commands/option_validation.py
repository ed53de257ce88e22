"""Validation of a command's options, with subcommands and groups, and of autocomplete choices."""

from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.commands.wording import check_description, check_name
from sandbox.discord.interactions.form_checks import (
    at,
    check_length,
    check_range,
    checked_list,
    checked_object,
)
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Json

_SPECIAL_FIELDS = {
    limits.STRING: ("choices", "autocomplete", "min_length", "max_length"),
    limits.INTEGER: ("choices", "autocomplete", "min_value", "max_value"),
    limits.NUMBER: ("choices", "autocomplete", "min_value", "max_value"),
    limits.CHANNEL: ("channel_types",),
    limits.ATTACHMENT: ("file_types",),
    limits.SUBCOMMAND: ("options",),
    limits.GROUP: ("options",),
}
_TYPES_INSIDE = {
    None: range(limits.SUBCOMMAND, limits.ATTACHMENT + 1),
    limits.GROUP: range(limits.SUBCOMMAND, limits.SUBCOMMAND + 1),
    limits.SUBCOMMAND: range(limits.STRING, limits.ATTACHMENT + 1),
}
_BOUNDS = {
    "min_length": (0, limits.STRING_LENGTH),
    "max_length": (1, limits.STRING_LENGTH),
    "min_value": (-limits.BIGGEST_NUMBER, limits.BIGGEST_NUMBER),
    "max_value": (-limits.BIGGEST_NUMBER, limits.BIGGEST_NUMBER),
}


def check_options(
    options: object, path: str, faults: FormErrors, *, inside: int | None = None
) -> list[Json]:
    """The options with defaults filled in; `inside` is the type of the option that holds them."""
    given = checked_list(faults, path, options or [], 0, limits.OPTIONS)
    checked = [
        _check_option(option, at(path, index), faults, inside) for index, option in enumerate(given)
    ]
    _check_order(checked, path, faults)
    _check_unique(checked, path, faults)
    kinds = {option["type"] > limits.GROUP for option in checked}
    if len(kinds) > 1:
        message = (
            "Sub-command and sub-command group option types"
            " are mutually exclusive to all other types"
        )
        faults.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
    return checked


def _check_order(options: list[Json], path: str, faults: FormErrors) -> None:
    optional_seen = False
    for index, option in enumerate(options):
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            faults.add(at(path, index), code, message)
        optional_seen = optional_seen or not option.get("required")


def _check_unique(named: list[Any], path: str, faults: FormErrors) -> None:
    names = [item.get("name") for item in named if isinstance(item, dict)]
    if len(set(map(str, names))) < len(names):
        code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"
        faults.add(path, code, "Option name already exists in this command")


def _check_option(option: object, path: str, faults: FormErrors, inside: int | None) -> Json:
    given = checked_object(faults, path, option)
    if given is None:
        return {"type": limits.STRING, "name": path}
    kind = forms.whole_number(given.get("type"))
    if kind is None or kind not in _TYPES_INSIDE[inside]:
        message = f"Value must be one of {set(_TYPES_INSIDE[inside])}."
        faults.add(at(path, "type"), "BASE_TYPE_CHOICES", message)
        kind = limits.STRING
    checked = _stored(given, kind)
    check_name(checked, path, faults)
    check_description(checked, path, faults)
    if kind <= limits.GROUP:
        nested = checked.get("options")
        checked["options"] = check_options(nested, at(path, "options"), faults, inside=kind)
    _check_choices(checked, path, faults)
    _check_bounds(checked, path, faults)
    return checked


def _stored(given: Json, kind: int) -> Json:
    """The option as Discord keeps it: fields that its type knows and that were given."""
    checked: Json = {key: given.get(key) for key in ("name", "description")}
    checked["type"] = kind
    optional = ("name_localizations", "description_localizations", *_SPECIAL_FIELDS.get(kind, ()))
    checked |= {field: given[field] for field in optional if given.get(field) is not None}
    if kind > limits.GROUP and given.get("required") is not None:
        checked["required"] = bool(given["required"])
    return checked


def _check_choices(option: Json, path: str, faults: FormErrors) -> None:
    if option.get("choices") is None:
        return
    where = at(path, "choices")
    choices = checked_list(faults, where, option["choices"], 0, limits.CHOICES)
    option["choices"] = choices
    if choices and option.get("autocomplete"):
        message = "autocomplete may not be set to true if choices are present"
        faults.add(path, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", message)
    for index, choice in enumerate(choices):
        check_choice(choice, option["type"], at(where, index), faults)
    _check_unique(choices, where, faults)


def check_choice(choice: object, kind: int, path: str, faults: FormErrors) -> None:
    """One choice, of a command's option or of an autocompletion."""
    given = checked_object(faults, path, choice)
    if given is None:
        return
    value, where = given.get("value"), at(path, "value")
    check_length(faults, at(path, "name"), given.get("name"), 1, limits.CHOICE_LENGTH)
    if kind == limits.STRING:
        check_length(faults, where, value, 0, limits.CHOICE_LENGTH)
    elif value is None:
        faults.required(where)
    elif check_range(faults, where, value, -limits.BIGGEST_NUMBER, limits.BIGGEST_NUMBER):
        _check_whole(value, kind, where, faults)


def _check_whole(value: float, kind: int, path: str, faults: FormErrors) -> None:
    if kind == limits.INTEGER and value != int(value):
        faults.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')


def _check_bounds(option: Json, path: str, faults: FormErrors) -> None:
    for field, (low, high) in _BOUNDS.items():
        value = option.get(field)
        if value is not None and check_range(faults, at(path, field), value, low, high):
            _check_whole(value, option["type"], at(path, field), faults)
    for unit in ("length", "value"):
        bounds = [option.get(f"min_{unit}"), option.get(f"max_{unit}")]
        numbers = [bound for bound in bounds if isinstance(bound, int | float)]
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            message = f"min_{unit} must not be greater than max_{unit}"
            faults.add(at(path, f"min_{unit}"), "NUMBER_TYPE_RANGE", message)


def check_choices(raw_data: Json, choices: object) -> list[Json]:
    """At most 25 choices of the focused option's type. Raises 50035 for anything else."""
    faults = FormErrors()
    path = "data.choices"
    listed: list[Json] = checked_list(faults, path, choices or [], 0, limits.CHOICES)
    kind = _focused_type(raw_data.get("options") or [])
    for index, choice in enumerate(listed):
        check_choice(choice, kind, at(path, index), faults)
    faults.raise_if_any()
    return listed


def _focused_type(options: list[Json]) -> int:
    for option in options:
        if option.get("focused"):
            return int(option["type"])
        if option.get("options"):
            return _focused_type(option["options"])
    return limits.STRING
