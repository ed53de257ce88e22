"""A form as it is shown: five fields, filled in with what is known already."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import discord

from bot.catalog.capability import Capability, Kind
from bot.catalog.menu import offered_lengths, offered_models, offered_shapes
from bot.catalog.request import Origin
from bot.ids import ModelId
from bot.presentation import answers
from bot.presentation.escaping import visible
from bot.services import Services
from cogs._shared import options
from cogs._shared.forms.filled import (
    LENGTH,
    MODEL,
    NO_CHOICE,
    OTHER_MODEL,
    PICTURES,
    PROMPT,
    SHAPE,
    SOUND,
    WITH_SOUND,
    Filled,
    FormId,
)

LONGEST_TEXT = 4000  # Discord's, for a text input
LONGEST_ENTRY = 100  # of a list: its label, its value and its description
LONGEST_TITLE = 45
MAX_ENTRIES = 25
MAX_RADIOS = 6  # Discord takes ten, which fill a screen
MAX_FILES = 4

NAME_IT = (
    "If yours isn't listed, choose “Another model” and end the prompt with a line: model: Kling 3.0"
)
PICTURES_USE = "One starts the video, two start and end it, three or four show what should appear."
PICTURES_KEPT = "Leave this empty to keep the pictures you gave, or upload others instead."
ONE_EACH = "Each picture becomes a video of its own, at its own price."
ADDS_SOUND = "With sound, if the model can make it. It may cost more."
SHAPE_NAMES = {"16:9": "16:9 (wide)", "9:16": "9:16 (tall)", "1:1": "1:1 (square)"}


class PictureField(StrEnum):
    """How a form asks for pictures."""

    NONE = "none"
    UPLOAD = "upload"
    CHOOSE = "choose"  # among those of a message


@dataclass(frozen=True, slots=True)
class Plan:
    """A form to be shown, filled in with what is known.

    `choices` are the keys and names of pictures to choose from. `has_pictures`: it has some
    already, which stay unless others are given. `animates`: it makes videos of a picture only.
    """

    form: FormId
    title: str
    filled: Filled = field(default_factory=Filled)
    ask_pictures: PictureField = PictureField.UPLOAD
    choices: tuple[tuple[str, str], ...] = ()
    has_pictures: bool = False
    animates: bool = False


class RequestForm(discord.ui.Modal):
    """The form as shown; a cog's listener handles it when it is sent, even after a restart."""

    def __init__(self, plan: Plan, models: Sequence[Capability]) -> None:
        title = plan.title[:LONGEST_TITLE]
        super().__init__(title=title, custom_id=str(plan.form), timeout=60)
        filled = plan.filled
        self._add("Prompt", _prompt(filled))
        if plan.ask_pictures is PictureField.UPLOAD:
            description = PICTURES_KEPT if plan.has_pictures else PICTURES_USE
            self._add("Pictures", _uploads(), description)
        elif plan.ask_pictures is PictureField.CHOOSE:
            self._add("Pictures", _choices(plan), ONE_EACH)
        self._add("Model", _models(models, filled.model), NAME_IT)
        self._add("Length", _lengths(models, filled.length))
        if plan.ask_pictures is PictureField.NONE:
            self._add("Shape", _shapes(models, filled))
            sound = discord.ui.Checkbox[Any](custom_id=SOUND, default=filled.sound)
            self._add("Sound", sound, ADDS_SOUND)
        else:
            self._add("Shape and sound", _shape_and_sound(models, filled))

    def _add(self, text: str, item: discord.ui.Item[Any], description: str | None = None) -> None:
        self.add_item(discord.ui.Label(text=text, component=item, description=description))


async def form_of(
    services: Services, interaction: discord.Interaction, plan: Plan, place: Origin
) -> RequestForm:
    """Make the form for this member: with the models that they may use here. Asks no service."""
    is_adult = options.is_age_restricted(interaction.channel)
    usable = await services.choosing.usable(place, adults=is_adult)
    models = [one for one in usable if not plan.animates or Kind.IMAGE in one.kinds]
    favorite = await services.choosing.favorite(place)
    known = None if favorite is None else favorite.capability
    first = [ModelId(plan.filled.model), *([] if known is None else [known.model_id])]
    preferred = services.catalog.preferred
    # two entries are for no choice and for any other model; lengths are those of the models shown
    return RequestForm(plan, offered_models(models, first, preferred, MAX_ENTRIES - 2))


def _prompt(filled: Filled) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=PROMPT,
        style=discord.TextStyle.paragraph,
        placeholder="A fox running through fresh snow at dawn",
        default=filled.prompt[:LONGEST_TEXT] or None,
        max_length=LONGEST_TEXT,
    )


def _uploads() -> discord.ui.FileUpload[Any]:
    return discord.ui.FileUpload(
        custom_id=PICTURES, required=False, min_values=0, max_values=MAX_FILES
    )


def _choices(plan: Plan) -> discord.ui.Select[Any]:
    """Return the list of pictures; the first is chosen unless the form was filled in before."""
    keys = [key for key, _ in plan.choices]
    chosen = [key for key in keys if key in plan.filled.pictures] or keys[:1]
    entries = [_entry(name, key, is_chosen=key in chosen) for key, name in plan.choices]
    return _select(PICTURES, entries, most=len(entries), required=True)


def _models(models: Sequence[Capability], chosen: str) -> discord.ui.Select[Any]:
    entries = [
        _entry("Choose for me", NO_CHOICE, is_chosen=chosen == NO_CHOICE),
        *(
            _entry(
                one.name, one.model_id, answers.model_note(one), is_chosen=one.model_id == chosen
            )
            for one in models
            if len(one.model_id) <= LONGEST_ENTRY
        ),
        _entry(
            "Another model",
            OTHER_MODEL,
            "Named in the last line of the prompt",
            is_chosen=chosen == OTHER_MODEL,
        ),
    ]
    return _select(MODEL, entries)


def _lengths(models: Sequence[Capability], chosen: int | None) -> discord.ui.Select[Any]:
    entries = [_entry("Any", NO_CHOICE, "As long as the model usually makes them")]
    for seconds in offered_lengths(models, chosen, MAX_ENTRIES - 1):
        name = "1 second" if seconds == 1 else f"{seconds} seconds"
        entries.append(_entry(name, str(seconds), is_chosen=seconds == chosen))
    return _select(LENGTH, entries, placeholder="Any")


def _shapes(models: Sequence[Capability], filled: Filled) -> discord.ui.Item[Any]:
    """Return the choice of shapes: a radio group needs two options, so one becomes a list."""
    chosen = next(iter(filled.shapes), None)
    offered = _ratios(offered_shapes(models, chosen, MAX_RADIOS - 1))
    if not offered:
        return _select(SHAPE, [_entry("As the picture", NO_CHOICE)], placeholder="As the picture")
    group = discord.ui.RadioGroup[Any](custom_id=SHAPE, required=False)
    group.add_option(label="As the picture", value=NO_CHOICE, default=chosen is None)
    for shape in offered:
        group.add_option(label=_shape_name(shape), value=shape, default=shape == chosen)
    return group


def _shape_and_sound(models: Sequence[Capability], filled: Filled) -> discord.ui.Select[Any]:
    """Return one list for shape and sound, since a form has five fields."""
    chosen = next(iter(filled.shapes), None)
    entries = [_entry("With sound", WITH_SOUND, "It may cost more", is_chosen=filled.sound)]
    entries += [
        _entry(_shape_name(shape), shape, is_chosen=shape in filled.shapes)
        for shape in _ratios(offered_shapes(models, chosen, MAX_ENTRIES - 1))
    ]
    return _select(SHAPE, entries, most=2, placeholder="Any shape, without sound")


def _shape_name(shape: str) -> str:
    return SHAPE_NAMES.get(shape, shape)


def _ratios(shapes: Iterable[str]) -> list[str]:
    """Leave out words such as "auto", which mean as much as no choice."""
    return [one for one in shapes if re.fullmatch("[0-9]{1,5}:[0-9]{1,5}", one)]


def _select(
    custom_id: str,
    entries: Sequence[discord.SelectOption],
    *,
    most: int = 1,
    required: bool = False,
    placeholder: str | None = None,
) -> discord.ui.Select[Any]:
    """Return a list; what is not required may be left empty, which counts as no choice."""
    for entry in [one for one in entries if one.default][most:]:
        entry.default = False
    return discord.ui.Select(
        custom_id=custom_id,
        placeholder=placeholder,
        options=list(entries),
        min_values=1 if required else 0,
        max_values=min(most, len(entries)),
        required=required,
    )


def _entry(
    name: str, value: str, description: str | None = None, *, is_chosen: bool = False
) -> discord.SelectOption:
    return discord.SelectOption(
        label=_cut(name) or value,
        value=value,
        description=None if description is None else _cut(description),
        default=is_chosen,
    )


def _cut(text: str) -> str:
    clean = " ".join(visible(text).split())
    return clean if len(clean) <= LONGEST_ENTRY else f"{clean[: LONGEST_ENTRY - 1]}…"
