"""Holds a command against Discord's rules and returns it as Discord would store it.

Names and descriptions are judged in `command_wording`, options in `option_validation`.
How many commands there are, and how often they may be made, is the registry's business.
"""

from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.commands.option_validation import check_options
from sandbox.discord.interactions.commands.wording import (
    check_description,
    check_name,
    check_plain_name,
    count_characters,
)
from sandbox.discord.interactions.form_checks import at, checked_object
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Json

_DEFAULTS: Json = {
    "type": limits.CHAT_INPUT,
    "name": None,
    "name_localizations": None,
    "description": "",
    "description_localizations": None,
    "options": None,
    "default_member_permissions": None,
    "dm_permission": True,
    "contexts": None,
    "integration_types": None,
    "nsfw": False,
}


def without_variation_selectors(value: Any) -> Any:
    """Drop U+FE0F from every string, as Discord does when it stores a command."""
    if isinstance(value, str):
        return value.replace("\ufe0f", "")
    if isinstance(value, list):
        return [without_variation_selectors(item) for item in value]
    if isinstance(value, dict):
        return {key: without_variation_selectors(item) for key, item in value.items()}
    return value


def check_command(body: object, path: str, faults: FormErrors) -> Json:
    """The command with defaults filled in; what is wrong with it goes to `faults`."""
    given = checked_object(faults, path, without_variation_selectors(body))
    if given is None:
        return dict(_DEFAULTS)
    command = {
        key: default if given.get(key) is None else given[key] for key, default in _DEFAULTS.items()
    }
    command["nsfw"] = forms.boolean(faults, at(path, "nsfw"), command["nsfw"], default=False)
    _check_by_type(command, path, faults)
    _check_permissions(command, path, faults)
    _check_places(command, path, faults)
    if count_characters(command) > limits.CHARACTERS:
        message = f"Command exceeds maximum size ({limits.CHARACTERS})"
        faults.add(path, "APPLICATION_COMMAND_TOO_LARGE", message)
    return command


def _check_by_type(command: Json, path: str, faults: FormErrors) -> None:
    command["type"] = forms.whole_number(command["type"])
    if command["type"] == limits.CHAT_INPUT:
        check_name(command, path, faults)
        check_description(command, path, faults)
        command["options"] = check_options(command["options"], at(path, "options"), faults)
    elif command["type"] in (limits.USER, limits.MESSAGE):
        _check_context_menu(command, path, faults)
    else:
        faults.add(at(path, "type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
        command["type"], command["options"] = limits.CHAT_INPUT, []


def _check_context_menu(command: Json, path: str, faults: FormErrors) -> None:
    check_plain_name(command, path, faults)
    if command["description"]:
        message = "Context menu commands cannot have description"
        code = "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID"
        faults.add(at(path, "description"), code, message)
    if command["options"]:
        message = "Context menu commands cannot have options"
        code = "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID"
        faults.add(at(path, "options"), code, message)
    command["options"] = []


def _check_permissions(command: Json, path: str, faults: FormErrors) -> None:
    given = command["default_member_permissions"]
    if given is None:
        return
    try:
        bits = int(given)
    except (TypeError, ValueError):
        bits = -1
    if not 0 <= bits <= limits.BIGGEST_PERMISSIONS:
        where = at(path, "default_member_permissions")
        faults.add(where, "NUMBER_TYPE_RANGE", "Value is not a set of permissions.")
    command["default_member_permissions"] = str(bits)


def _check_places(command: Json, path: str, faults: FormErrors) -> None:
    """Where the command is offered: contexts and kinds of installation."""
    for field, choices in (("contexts", [0, 1, 2]), ("integration_types", [0, 1])):
        value = command[field]
        if value is not None and (
            not isinstance(value, list) or not value or any(item not in choices for item in value)
        ):
            message = f"Value must be a list of {choices}."
            faults.add(at(path, field), "BASE_TYPE_CHOICES", message)
            command[field] = None
    command["integration_types"] = command["integration_types"] or [0]
    if command["contexts"] is not None:
        command["dm_permission"] = 1 in command["contexts"]
