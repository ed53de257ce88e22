"""What is read from a form, whatever a client sends with it, and the custom ids of forms."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from cogs._shared.forms.filled import Filled, FormId, form_sent, parse_form, parse_reopen, read


def sent(*fields, custom_id="v1:form:create:1", **data):
    """A form with these fields, each in a label."""
    labels = [{"type": 18, "component": field} for field in fields]
    return interaction(data={"custom_id": custom_id, "components": labels, **data})


def interaction(*, data, kind=discord.InteractionType.modal_submit) -> Any:
    return SimpleNamespace(type=kind, data=data)


def field(name, **values):
    return {"custom_id": name, **values}


def test_everything_that_was_filled_in_is_read():
    file = {"url": "https://cdn.example/a.png", "filename": "a.png", "size": 9, "width": 3}
    form = sent(
        field("prompt", value="a fox"),
        field("pictures", values=["7"]),
        field("model", values=["veo"]),
        field("length", values=["8"]),
        field("shape", values=["sound", "9:16"]),
        resolved={"attachments": {"7": file}},
    )

    filled = read(form)

    assert (filled.prompt, filled.model, filled.length) == ("a fox", "veo", 8)
    assert (filled.shapes, filled.sound, filled.pictures) == (("9:16",), True, ())
    assert [(one.filename, one.size, one.width) for one in filled.files] == [("a.png", 9, 3)]


@pytest.mark.parametrize("checked", [True, False])
def test_a_radio_group_and_a_checkbox_are_read_too(checked):
    filled = read(sent(field("shape", value="1:1"), field("sound", value=checked)))

    assert (filled.shapes, filled.sound) == (("1:1",), checked)


@pytest.mark.parametrize(
    "form",
    [
        sent(),
        sent(field("prompt", value=None), field("model", values=[]), field("length", values=None)),
        sent(field("length", values=["any"]), field("shape", values=["any"])),
        sent(field("length", values=["-5"]), field("sound", value="true")),
        sent(field("length", values=["٣"]), field("shape", value=None)),
        sent(field("length", values=["1e3"])),
        sent(field("other", value="x")),
        interaction(data=None),
    ],
)
def test_what_is_missing_or_odd_counts_as_not_filled_in(form):
    assert read(form) == Filled()


def test_half_a_character_is_replaced_for_nothing_can_write_it():
    filled = read(sent(field("prompt", value="a fox \ud83e")))

    assert filled.prompt.encode() == b"a fox ?"


@pytest.mark.parametrize(
    "form",
    [
        FormId("create", "123"),
        FormId("animate", "123a456"),
        FormId("remix", "abcdefghij234567", "99"),
    ],
)
def test_a_custom_id_is_read_as_it_was_written_and_fits(form):
    assert parse_form(str(form)) == form
    assert len(str(form)) <= 100


@pytest.mark.parametrize(
    "custom_id",
    ["", "v1:form:", "v1:form:create", "v1:form:create:1:x", "v1:form:create:" + "1" * 65, "v2:form:create:1",
     "v1:form:create:1\n", "v1:shots:1"],
)  # fmt: skip
def test_any_other_custom_id_is_none_of_ours(custom_id):
    assert parse_form(custom_id) is None
    assert form_sent(sent(custom_id=custom_id), "create") is None
    assert parse_reopen(custom_id) is None


def test_a_form_of_another_kind_or_a_button_is_left_to_others():
    data = {"custom_id": "v1:form:create:1"}
    button = interaction(data=data, kind=discord.InteractionType.component)

    assert form_sent(sent(), "create") == FormId("create", "1")
    assert form_sent(sent(), "animate") is None
    assert form_sent(button, "create") is None
