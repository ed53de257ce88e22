"""Answers to forms: a result, or a reason with everything that was typed.

The text comes back as a file, and a button opens the form again as it was. For that the latest form
of each member that came to nothing lies in the database.
"""

import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import discord
from pydantic import TypeAdapter, ValidationError

from bot.catalog.request import Origin
from bot.errors import BotError, InvalidRequestError, UserFacingError
from bot.ids import UserId
from bot.presentation import answers
from bot.presentation.widgets import raw_row_of
from bot.services import Services
from cogs._shared.answers import edit, note_unexpected, refusal
from cogs._shared.asking import Said, show
from cogs._shared.forms.fields import PictureField, Plan, form_of
from cogs._shared.forms.filled import Filled, read, spell_reopen
from cogs._shared.interactions import place_of

_log = logging.getLogger(__name__)

FILE = "prompt.txt"
AGAIN = "Edit and try again"
_PLANS = TypeAdapter(Plan)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent: what was filled in, with the pictures it had before."""

    interaction: discord.Interaction
    plan: Plan
    place: Origin

    @property
    def filled(self) -> Filled:
        return self.plan.filled


async def answer_form(
    services: Services,
    interaction: discord.Interaction,
    plan: Plan,
    place: Origin,
    ask: Callable[[Sent], Awaitable[Said | None]],
) -> None:
    """Answer a form that was sent, whatever comes of it; nothing that was typed is lost.

    `plan` is the form as it is opened when nothing was typed; `ask` makes a video of it, or returns
    None if it has answered. Defers first: of several processes one is heard, and the others end
    here.
    """
    await interaction.response.defer(ephemeral=True, thinking=True)
    sent = Sent(interaction, replace(plan, filled=read(interaction)), place)
    try:
        sent = await _with_kept(services, sent)
        answer = await ask(sent)
    except UserFacingError as error:
        _log.info("refused", extra={"error": type(error).__name__, "user": place.user_id})
        await give_back(services, sent, refusal(interaction, error))
    except Exception as error:  # noqa: BLE001 - told with a reference, and with the text
        await give_back(services, sent, note_unexpected(error))
    else:
        if answer is not None:
            await show(services, interaction, answer)


async def give_back(services: Services, sent: Sent, trouble: str) -> None:
    """Explain what is wrong, return the text, and offer to open the form as it was sent."""
    view = None
    try:
        draft = await _keep(services, sent)
        view = raw_row_of([(AGAIN, spell_reopen(draft))])
    except BotError as error:  # the database is away; the text comes back all the same
        _log.warning("draft_not_kept", extra={"error": type(error).__name__})
    text = sent.filled.prompt

    def file() -> discord.File:
        return discord.File(io.BytesIO(text.encode()), FILE)

    await edit(sent.interaction, answers.given_back(trouble), view, file if text else None)


async def reopen(services: Services, interaction: discord.Interaction, draft: str) -> None:
    """Open a form again as it was sent. Raises InvalidRequestError where it is not kept."""
    place = place_of(interaction)
    plan = await _find(services, place.user_id, draft)
    if plan is None:
        raise InvalidRequestError([answers.DRAFT_GONE])
    if not plan.filled.files and not plan.filled.pictures:
        # everything comes back with the form itself, whatever becomes of the draft until then
        plan = replace(plan, form=replace(plan.form, draft=None))
    await interaction.response.send_modal(await form_of(services, interaction, plan, place))


async def _keep(services: Services, sent: Sent) -> str:
    """Keep the form as it is to be opened again. Raises StorageError."""
    draft = str(sent.interaction.id)
    plan = sent.plan
    form = replace(plan.form, draft=draft)
    has_pictures = plan.has_pictures or bool(plan.filled.files)
    kept = replace(plan, form=form, has_pictures=has_pictures)
    await services.notes.set_note(_note(sent.place.user_id), _PLANS.dump_json(kept).decode())
    return draft


async def _find(services: Services, user_id: UserId, draft: str) -> Plan | None:
    note = await services.notes.get_note(_note(user_id))
    if note is None:
        return None
    try:
        plan = _PLANS.validate_json(note)
    except ValidationError:  # another version of the program wrote it
        return None
    return plan if plan.form.draft == draft else None


async def _with_kept(services: Services, sent: Sent) -> Sent:
    """Keep the pictures the form had when it was sent before, unless it has others now.

    Raises InvalidRequestError where they are gone: a video without them is another video.
    """
    plan, draft = sent.plan, sent.plan.form.draft
    if draft is None:
        return sent
    before = await _find(services, sent.place.user_id, draft)
    if before is None:
        if plan.ask_pictures is PictureField.UPLOAD and not plan.filled.files:
            raise InvalidRequestError([answers.DRAFT_GONE])
        return sent
    files = plan.filled.files or before.filled.files
    pictures = plan.filled.pictures or before.filled.pictures
    filled = replace(plan.filled, files=files, pictures=pictures)
    return replace(sent, plan=replace(before, filled=filled))


def _note(user_id: UserId) -> str:
    return f"form:{user_id}"
