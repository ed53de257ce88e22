"""A button says what it does and to what, and nothing else is taken for one of ours."""

import pytest

from bot.presentation.custom_ids import Action, Pressed, parse, spell
from tests.factories import new_job_id, new_offer_id

SUBJECT = "abcdefghijklm234"


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("new_id", [new_job_id, new_offer_id])
def test_a_button_is_read_as_it_was_written(action, new_id):
    subject = new_id()

    assert parse(spell(action, subject)) == Pressed(action, subject)


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        f"v2:confirm:{SUBJECT}",
        f"v1:buy:{SUBJECT}",
        "v1:confirm:",
        f"v1:confirm:{SUBJECT[:-1]}",
        f"v1:confirm:{SUBJECT}a",
        f"v1:confirm:{SUBJECT.upper()}",
        f"v1:confirm:{SUBJECT[:-1]}1",
        f" v1:confirm:{SUBJECT}",
        f"v1:confirm:{SUBJECT}\n",
        f"v1:confirm:{SUBJECT}:0",
        "v1:models:0:::",
    ],
)
def test_anything_else_is_not_ours(custom_id):
    assert parse(custom_id) is None
