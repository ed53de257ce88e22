"""What a member entered into a form, as Discord sends it, and the custom ids of forms."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import discord

from bot.presentation.widgets import VERSION

# custom ids of fields
PROMPT, PICTURES, MODEL, LENGTH, SHAPE, SOUND = (
    "prompt", "pictures", "model", "length", "shape", "sound",
)  # fmt: skip
WITH_SOUND = "sound"  # among the shapes, where both share a field
OTHER_MODEL = "other"  # named at the end of the prompt
NO_CHOICE = "any"

_FORM = re.compile(rf"{VERSION}form:([a-z]{{1,10}}):([0-9a-z]{{1,64}})(?::([0-9]{{1,20}}))?")
_REOPEN = re.compile(rf"{VERSION}reopen:([0-9]{{1,20}})")


@dataclass(frozen=True, slots=True)
class FormId:
    """A form's custom id: its kind, its subject, and the draft it continues, if any."""

    kind: str
    subject: str
    draft: str | None = None

    def __str__(self) -> str:
        """The custom id."""
        continued = "" if self.draft is None else f":{self.draft}"
        return f"{VERSION}form:{self.kind}:{self.subject}{continued}"


def parse_form(custom_id: str) -> FormId | None:
    """Read a custom id; None for anything that `FormId` never wrote."""
    match = _FORM.fullmatch(custom_id)
    return None if match is None else FormId(match[1], match[2], match[3])


def form_sent(interaction: discord.Interaction, *kinds: str) -> FormId | None:
    """Return the form of these kinds that was sent; None for any other interaction."""
    form = parse_form(form_id_sent(interaction))
    return form if form is not None and form.kind in kinds else None


def form_id_sent(interaction: discord.Interaction) -> str:
    """Return the custom id of the form that was sent; empty for any other interaction."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return ""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", ""))


def spell_reopen(draft: str) -> str:
    """Return the custom id of a button that opens a draft again."""
    return f"{VERSION}reopen:{draft}"


def parse_reopen(custom_id: str) -> str | None:
    """Return the draft that a button opens again; None for any other button."""
    match = _REOPEN.fullmatch(custom_id)
    return None if match is None else match[1]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file sent with a form, as Discord describes it."""

    url: str
    filename: str
    size: int
    content_type: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A form's values; `pictures` are the keys of those chosen, `files` those uploaded."""

    prompt: str = ""
    model: str = NO_CHOICE
    length: int | None = None
    shapes: tuple[str, ...] = ()
    sound: bool = False
    pictures: tuple[str, ...] = ()
    files: tuple[GivenFile, ...] = ()


def read(interaction: discord.Interaction) -> Filled:
    """Read a form that was sent; what is missing or odd counts as not filled in."""
    data: Mapping[str, Any] = interaction.data or {}
    given = {str(one.get("custom_id")): one for one in _items(data)}
    chosen = _values(given.get(PICTURES))
    files = (data.get("resolved") or {}).get("attachments") or {}
    shapes = _values(given.get(SHAPE))
    sound = (given.get(SOUND) or {}).get("value") is True or WITH_SOUND in shapes
    return Filled(
        prompt=_whole(str((given.get(PROMPT) or {}).get("value") or "")),
        model=next(iter(_values(given.get(MODEL))), NO_CHOICE),
        length=_number(next(iter(_values(given.get(LENGTH))), "")),
        shapes=tuple(one for one in shapes if one not in {WITH_SOUND, NO_CHOICE}),
        sound=sound,
        pictures=tuple(one for one in chosen if one not in files),
        files=tuple(_file(files[one]) for one in chosen if one in files),
    )


def written(interaction: discord.Interaction) -> dict[str, Any]:
    """Map the custom ids of a form's fields to their values."""
    data: Mapping[str, Any] = interaction.data or {}
    fields = [one for one in _items(data) if "custom_id" in one]
    return {str(one["custom_id"]): _whole_value(one.get("value")) for one in fields}


def chosen_in(interaction: discord.Interaction, field: str) -> str:
    """Return the first entry chosen in a list of the form; empty if none was."""
    data: Mapping[str, Any] = interaction.data or {}
    found = next((one for one in _items(data) if one.get("custom_id") == field), None)
    return next(iter(_values(found)), "")


def _whole_value(value: Any) -> Any:
    return _whole(value) if isinstance(value, str) else value


def _whole(text: str) -> str:
    """Replace lone surrogates, which no database or file can hold."""
    return text.encode("utf-8", "replace").decode()


def _items(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a form's fields, in rows or with labels."""
    for item in data.get("components", ()):
        yield item
        yield from _items(item)
        if "component" in item:
            yield item["component"]


def _values(field: Mapping[str, Any] | None) -> list[str]:
    """Return the entries chosen in a list, or the one of a radio group."""
    if field is None:
        return []
    one = field.get("value")
    return [str(value) for value in field.get("values") or ([] if one is None else [one])]


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else None


def _file(found: Mapping[str, Any]) -> GivenFile:
    return GivenFile(
        url=str(found.get("url", "")),
        filename=str(found.get("filename", "picture")),
        size=int(found.get("size") or 0),
        content_type=found.get("content_type"),
        width=found.get("width"),
        height=found.get("height"),
    )
