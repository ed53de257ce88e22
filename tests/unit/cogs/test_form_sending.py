"""What becomes of a form that was sent: nothing that was typed is lost, whatever goes wrong."""

import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.errors import DatabaseBusyError, InvalidRequestError, LeaseLostError
from bot.presentation import answers
from cogs._shared.asking import Said
from cogs._shared.forms.fields import Plan
from cogs._shared.forms.filled import FormId, GivenFile, parse_form
from cogs._shared.forms.sending import answer_form, reopen
from cogs._shared.interactions import place_of
from tests.fakes.job_store import InMemoryJobStore

FORM = FormId("create", "7")
FILE: dict[str, Any] = {"url": "https://cdn.example/a.png", "filename": "a.png", "size": 9}


class Interaction:
    """A form that is sent, or a press of its button; `said` is what its member reads."""

    guild_id, channel_id, channel = 10, 20, None
    type = discord.InteractionType.modal_submit

    def __init__(self, number, prompt="", *, form=FORM, files=None):
        fields = [{"custom_id": "prompt", "value": prompt}]
        fields += [{"custom_id": "pictures", "values": list(files or {})}]
        self.id = number
        self.data = {
            "custom_id": str(form),
            "components": [{"type": 18, "component": one} for one in fields],
            "resolved": {"attachments": files or {}},
        }
        self.user = SimpleNamespace(id=30)
        self.permissions = discord.Permissions.none()
        self.response = self
        self.said: list[str] = []
        self.files: list[str] = []
        self.buttons: list[Any] = []
        self.form: Any = None

    async def defer(self, *, ephemeral, thinking):
        assert ephemeral
        assert thinking

    async def edit_original_response(self, *, content, view=None, attachments=()):
        self.said.append(content)
        self.files += [file.fp.read().decode() for file in attachments]
        self.buttons = [] if view is None else list(view.children)

    async def send_modal(self, form):
        self.form = form


@pytest.fixture
def services():
    async def usable(_place, *, adults=False):
        return []

    async def favorite(_place):
        return None

    class Nothing(list[Any]):
        preferred = ()

    found: Any = SimpleNamespace(
        notes=InMemoryJobStore(),
        catalog=Nothing(),
        choosing=SimpleNamespace(usable=usable, favorite=favorite),
    )
    return found


async def send(services, number, prompt="a fox", *, error=None, form=FORM, files=None):
    """Answers with the interaction and what was asked for."""
    asked = []

    async def ask(sent):
        asked.append(sent.filled)
        if error is not None:
            raise error
        return Said("made")

    interaction: Any = Interaction(number, prompt, form=form, files=files)
    plan = Plan(form, "Create a video")
    await answer_form(services, interaction, plan, place_of(interaction), ask)
    return interaction, asked


async def press(services, interaction):
    """Press its button; answers with the form that opens."""
    [button] = interaction.buttons
    pressed: Any = Interaction(interaction.id + 1)
    await reopen(services, pressed, button.custom_id.rpartition(":")[2])
    return pressed.form.to_dict()


ERRORS = [
    InvalidRequestError(["No."]),
    DatabaseBusyError(),
    LeaseLostError(),
    RuntimeError("x"),
    KeyError("x"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("prompt", ["a fox", "x" * 4000, "```\n@everyone\n", "ünïcödé 🦊", " \n "])
async def test_the_text_comes_back_with_every_error_and_opens_again(services, error, prompt):
    interaction, _ = await send(services, 1, prompt, error=error)

    assert interaction.files == [prompt]
    assert len(interaction.said) == 1
    form = await press(services, interaction)
    assert form["components"][0]["component"]["value"] == prompt


async def test_a_form_that_was_opened_again_needs_no_draft_unless_it_had_pictures(services):
    first, _ = await send(services, 1, error=ERRORS[0])
    form = await press(services, first)
    await send(services, 5, "another", error=ERRORS[0])  # which is kept in the place of the first

    again, [asked] = await send(services, 9, form=parse_form(form["custom_id"]))

    assert again.said == ["made"]
    assert asked.prompt == "a fox"


async def test_pictures_that_are_gone_are_not_left_out_in_silence(services):
    first, _ = await send(services, 1, error=ERRORS[0], files={"8": FILE})
    form = parse_form((await press(services, first))["custom_id"])
    kept, [asked] = await send(services, 3, form=form)
    await send(services, 5, "another", error=ERRORS[0])

    again, asked_again = await send(services, 9, "my words", form=form)

    assert kept.said == ["made"]
    assert asked.files == (GivenFile(**FILE),)
    assert asked_again == []
    assert answers.DRAFT_GONE in again.said[0]
    assert again.files == ["my words"]


@pytest.mark.parametrize("note", [None, "", "{}", "[1", '{"form": 1}'])
async def test_a_draft_that_cannot_be_read_is_one_that_is_gone(services, note):
    first, _ = await send(services, 1, error=ERRORS[0])
    if note is not None:
        await services.notes.set_note("form:30", note)

    pressed: Any = Interaction(2)
    with pytest.raises(InvalidRequestError, match="Use the command again"):
        await reopen(services, pressed, "1" if note is not None else "99")
    assert first.files == ["a fox"]


async def test_where_nothing_can_be_written_the_text_comes_back_without_a_button(services):
    async def set_note(_name, _value):
        raise DatabaseBusyError

    services.notes.set_note = set_note

    interaction, _ = await send(services, 1, error=ERRORS[1])

    assert (interaction.files, interaction.buttons) == (["a fox"], [])


async def test_a_stop_in_the_middle_is_no_error_to_answer(services):
    with pytest.raises(asyncio.CancelledError):
        await send(services, 1, error=asyncio.CancelledError())
