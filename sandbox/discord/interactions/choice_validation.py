"""Holds the choices of an autocompletion against Discord's rules."""

from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions import command_limits as limits
from sandbox.discord.interactions.form_checks import at, checked_list
from sandbox.discord.interactions.option_validation import check_choice
from sandbox.discord.models import Json


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
