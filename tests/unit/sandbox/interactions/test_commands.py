import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sandbox.discord.errors import FormErrors
from sandbox.discord.interactions.commands import limits
from sandbox.discord.interactions.commands.option_values import ValueReader
from sandbox.discord.interactions.commands.options import offered_options, option_tree
from sandbox.discord.interactions.commands.validation import check_command
from sandbox.discord.interactions.forms.modals import check_modal, fields_of, number_components
from sandbox.discord.state.models import Json

COMMAND: Json = {
    "name": "a", "description": "d", "type": 1, "name_localizations": {"de": "x"},
    "contexts": [0], "integration_types": [0], "default_member_permissions": "3", "nsfw": False,
    "options": [{"name": "g", "type": 2, "description": "d", "options": [
        {"name": "s", "type": 1, "description": "d", "options": [
            {"name": "o", "type": 3, "description": "d", "required": True, "max_length": 5,
             "choices": [{"name": "a", "value": "a"}]},
            {"name": "i", "type": 4, "description": "d", "min_value": 1, "max_value": 3},
            {"name": "c", "type": 7, "description": "d", "channel_types": [0]},
        ]},
    ]}],
}  # fmt: skip
MODAL: Json = {
    "custom_id": "m", "title": "t", "components": [
        {"type": 18, "label": "l", "component": {"type": 3, "custom_id": "a", "min_values": 1,
         "options": [{"label": "a", "value": "a"}]}},
        {"type": 1, "components": [{"type": 4, "custom_id": "b", "style": 1, "label": "x",
         "min_length": 1, "max_length": 5, "value": "x", "placeholder": "y"}]},
        {"type": 10, "content": "x"},
        {"type": 18, "label": "x", "component": {"type": 19, "custom_id": "f", "max_values": 2}},
    ],
}  # fmt: skip
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    3,
    18,
    1.5,
    10**40,
    "",
    "x" * 5000,
    [],
    [None],
    [[]],
    [{}],
    {},
    {"a": 1},
]


def parts(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a form."""
    yield path
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield from parts(node[key], (*path, key))


def replaced(node: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed = copy.copy(node)
    changed[path[0]] = replaced(node[path[0]], path[1:], odd)
    return changed


names = st.from_regex(r"\A[a-z]{1,8}\Z")
options = st.builds(
    lambda name, kind, required: {
        "name": name, "description": "d", "type": kind, "required": required,
    },
    names, st.integers(3, 11), st.booleans(),
)  # fmt: skip
commands = st.builds(
    lambda name, own: {
        "name": name, "description": "d", "options": sorted(own, key=lambda o: not o["required"]),
    },
    names, st.lists(options, max_size=5, unique_by=lambda option: str(option["name"])),
)  # fmt: skip


@given(commands)
def test_a_stored_command_is_valid_and_stays_as_it_is(command: Json) -> None:
    faults = FormErrors()
    stored = check_command(command, "", faults)
    again = check_command(stored, "", faults)
    assert faults.tree == {}
    assert again == stored


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:8])
def test_no_form_however_odd_breaks_the_judges(odd: Any) -> None:
    for path in parts(COMMAND):
        check_command(replaced(COMMAND, path, odd), "0", FormErrors())
    for path in parts(MODAL):
        faults = FormErrors()
        modal = check_modal(replaced(MODAL, path, odd), faults)
        if not faults.tree:
            number_components(modal)


def test_components_are_numbered_around_the_ids_that_they_have() -> None:
    text = {"type": 4, "custom_id": "a", "style": 1}
    modal = {
        "components": [
            {"type": 18, "label": "A", "id": 2, "component": dict(text)},
            {"type": 1, "components": [dict(text)]},
        ]
    }
    number_components(modal)
    assert [part["id"] for part in modal["components"]] == [2, 3]
    assert [field["id"] for field in fields_of(modal)] == [1, 4]


def test_options_are_wrapped_in_the_path_to_them() -> None:
    leaf = {"name": "set", "type": 1, "options": [{"name": "n", "type": limits.INTEGER}]}
    command = {"options": [{"name": "pool", "type": 2, "options": [leaf]}]}
    path = ["quota", "pool", "set"]

    assert offered_options(command, path) == leaf["options"]
    (group,) = option_tree(command, path, [{"name": "n", "value": 1}])
    assert (group["name"], group["options"][0]["name"]) == ("pool", "set")
    assert group["options"][0]["options"] == [{"name": "n", "value": 1}]


@pytest.mark.parametrize(("kind", "given", "read"), [(4, 3.0, 3), (10, 3, 3), (3, "x", "x")])
def test_plain_values_arrive_as_they_are(kind: int, given: Any, read: Any) -> None:
    reader = ValueReader(resolved=None, files={})  # type: ignore[arg-type]  # plain values resolve nothing
    value = reader.read({"name": "o", "type": kind}, given)
    assert (value, type(value)) == (read, type(read))
