"""From a command's path and a person's inputs to the nested `options` that the bot gets."""

from typing import Any

from sandbox.discord.errors import refused
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.commands.option_values import ValueReader
from sandbox.discord.state.models import Json


def option_tree(command: Json, path: list[str], leaf: list[Json]) -> list[Json]:
    """Wrap the leaf's options in the subcommand and group that the path names."""
    tree = leaf
    for step in reversed(_steps(command, path)):
        tree = [{"name": step["name"], "type": step["type"], "options": tree}]
    return tree


def offered_options(command: Json, path: list[str]) -> list[Json]:
    """The options that can be filled in at the end of the path."""
    steps = _steps(command, path)
    options: list[Json] = steps[-1]["options"] if steps else command["options"]
    if any(option["type"] <= limits.GROUP for option in options):
        names = ", ".join(option["name"] for option in options)
        raise refused(f"{' '.join(path)}: choose one of {names}.")
    return options


def _steps(command: Json, path: list[str]) -> list[Json]:
    """The group and subcommand that the path's words after the first stand for."""
    steps: list[Json] = []
    options: list[Json] = command["options"]
    for word in path[1:]:
        nested = [item for item in options if item["type"] <= limits.GROUP]
        step = next((item for item in nested if item["name"] == word), None)
        if step is None:
            raise refused(f"There is no subcommand {' '.join(path)}.")
        steps.append(step)
        options = step["options"]
    return steps


def read_options(offered: list[Json], given: Json, reader: ValueReader) -> list[Json]:
    """The person's inputs as the bot gets them. Raises a refusal if one is missing or wrong."""
    _refuse_unknown(offered, given)
    missing = [
        option["name"]
        for option in offered
        if option.get("required") and given.get(option["name"]) is None
    ]
    if missing:
        raise refused(f"{', '.join(missing)}: this option is required.")
    return [_entry(o, reader.read(o, given[o["name"]])) for o in offered if _is_given(o, given)]


def read_partial_options(
    offered: list[Json], given: Json, focused: str, reader: ValueReader
) -> list[Json]:
    """The inputs while one is being typed: that one as it stands, the others if they are valid."""
    _refuse_unknown(offered, {**given, focused: ""})
    entries = []
    for option in offered:
        name = option["name"]
        if name == focused:
            if not option.get("autocomplete"):
                raise refused(f"{name}: this option has no autocompletion.")
            entries.append(_entry(option, str(given.get(name) or "")) | {"focused": True})
        elif _is_given(option, given):
            entries.append(_entry(option, reader.read(option, given[name])))
    return entries


def _is_given(option: Json, given: Json) -> bool:
    return given.get(option["name"]) is not None


def _entry(option: Json, value: Any) -> Json:
    return {"name": option["name"], "type": option["type"], "value": value}


def _refuse_unknown(offered: list[Json], given: Json) -> None:
    unknown = given.keys() - {option["name"] for option in offered}
    if unknown:
        raise refused(f"{', '.join(sorted(unknown))}: this command has no such option.")
