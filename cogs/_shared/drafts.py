"""The options of a `/storyboard`, kept while its member writes the shots.

It is kept in the database, because the form may be sent after a restart, to another process, or
long after it was opened. Each member has one: opening a form closes the one before.
"""

import re
from dataclasses import dataclass

import discord
from pydantic import TypeAdapter, ValidationError

from bot.catalog.request import SourceImage
from bot.clock import Clock
from bot.ids import ModelId, UserId
from bot.jobs.stores import KeyValueStore
from bot.presentation.widgets import VERSION
from cogs._shared.forms.filled import form_id_sent

TRIES = 30  # for pictures that are still on their way to us
SECONDS_BETWEEN = 1.0
_FORM = re.compile(rf"{VERSION}shots:[0-9]{{1,20}}")


@dataclass(frozen=True, slots=True)
class Draft:
    """Options of all shots; `trouble` says why the pictures cannot be used.

    `note` says why its model isn't the one that was expected. A model that was not `named` is
    chosen again once the shots are known.
    """

    form: str  # the custom id
    model_id: ModelId
    aspect_ratio: str | None = None
    resolution: str | None = None
    duration_seconds: int | None = None
    continuous: bool = False
    references: tuple[SourceImage, ...] = ()
    trouble: str | None = None
    note: str = ""
    is_spoiler: bool = False  # a reference was hidden
    is_named: bool = True


_DRAFTS = TypeAdapter(Draft)


class Drafts:
    """Each member's latest draft."""

    def __init__(self, notes: KeyValueStore, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock

    async def keep(self, draft: Draft, user_id: UserId) -> None:
        await self._notes.set_note(_note(user_id), _DRAFTS.dump_json(draft).decode())

    async def find(self, form: str, user_id: UserId) -> Draft | None:
        """Return the form's draft, waiting while its pictures are fetched; None if there is none."""
        for tries_left in reversed(range(TRIES)):
            draft = _draft_of(await self._notes.get_note(_note(user_id)))
            if draft is not None and _number(draft.form) >= _number(form):
                return draft if draft.form == form else None
            if tries_left:
                await self._clock.sleep(SECONDS_BETWEEN)
        return None


def _note(user_id: UserId) -> str:
    return f"storyboard:{user_id}"


def _draft_of(note: str | None) -> Draft | None:
    if note is None:
        return None
    try:
        return _DRAFTS.validate_json(note)
    except ValidationError:  # another version of the program wrote it
        return None


def spell_form(interaction_id: int) -> str:
    """Return the custom id of the form that answers this command."""
    return f"{VERSION}shots:{interaction_id}"


def _number(form: str) -> int:
    """Return the form's number; later forms have larger ones."""
    return int(form.rpartition(":")[2])


def form_in(interaction: discord.Interaction) -> str | None:
    """Return the custom id of a storyboard that was sent; None for other interactions."""
    form = form_id_sent(interaction)
    return form if _FORM.fullmatch(form) else None
