"""A button says what it does and to what, and nothing else is taken for one of ours."""

import pytest

from bot.presentation.widgets import Action, Pressed, job_in, parse, spell
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


@pytest.mark.parametrize("action", [Action.MORE, Action.DELETE])
def test_the_job_of_a_video_is_known_by_its_buttons_of_any_version(action):
    job_id = new_job_id()

    assert job_in(["other", spell(Action.AGAIN, job_id), spell(action, job_id)]) == job_id


def test_no_job_is_known_by_buttons_of_other_messages():
    cards = [spell(action, new_job_id()) for action in (Action.CANCEL, Action.INSTEAD)]

    assert job_in([*cards, "v1:models:0:::", ""]) is None
    assert job_in([]) is None
