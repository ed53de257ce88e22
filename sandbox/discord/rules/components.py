"""The component tree of a message: which types are allowed where, how many, and their normal form.

Without the Components V2 flag a message has at most five action rows; with it, forty components in
all and 4000 characters of text.
"""

from collections.abc import Callable
from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.rules import forms
from sandbox.discord.rules.component_items import (
    BUTTON,
    MOST_TEXT,
    SELECTS,
    TEXT_DISPLAY,
    THUMBNAIL,
    Reading,
    button,
    pictured,
    select,
    text_display,
    thumbnail,
    walk,
)
from sandbox.discord.state.models import Json

ROW, SECTION, GALLERY, FILE, SEPARATOR, CONTAINER = 1, 9, 12, 13, 14, 17
MOST_COMPONENTS = 40
MOST_ROWS = 5
_TOP_LEVEL = {ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER}
_IN_CONTAINER = _TOP_LEVEL - {CONTAINER}
_IN_ROW = {BUTTON, *SELECTS}


def checked_components(
    faults: FormErrors,
    value: Any,
    *,
    v2: bool,
    filenames: set[str],
    new_snowflake: Callable[[], int],
) -> list[Json]:
    """The components with defaults and ids filled in; `filenames` are the message's files."""
    reading = Reading(faults, filenames, new_snowflake)
    most = MOST_COMPONENTS if v2 else MOST_ROWS
    raw = forms.items(faults, "components", value, most=most)
    allowed = _TOP_LEVEL if v2 else {ROW}
    found = [_read(reading, f"components.{n}", item, allowed) for n, item in enumerate(raw)]
    if reading.count > MOST_COMPONENTS and v2:
        faults.add(
            "components",
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"The maximum number of components is {MOST_COMPONENTS}",
        )
    if reading.characters > MOST_TEXT:
        faults.add(
            "components",
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            f"The total text size of displayable text is limited to {MOST_TEXT} characters",
        )
    if not faults.tree:
        reading.number(found)
    return found


def shown_text(components: list[Json]) -> str:
    """All text that the components show; mentions in it count."""
    return "\n".join(item["content"] for item in walk(components) if "content" in item)


def custom_ids(components: list[Json]) -> set[str]:
    """The custom ids that stand anywhere in the tree."""
    return {str(item["custom_id"]) for item in walk(components) if "custom_id" in item}


def _read(reading: Reading, path: str, value: Any, allowed: set[int]) -> Json:
    raw = forms.fields(reading.faults, path, value)
    kind = forms.whole_number(raw.get("type"))
    if kind is None or kind not in allowed:
        kinds = ", ".join(str(item) for item in sorted(allowed))
        reading.faults.add(
            f"{path}.type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({kinds}).'
        )
        return {}
    return _READERS[kind](reading, path, raw | {"type": kind})


def _row(reading: Reading, path: str, raw: Json) -> Json:
    row = reading.begin(path, raw)
    items = forms.items(
        reading.faults, f"{path}.components", raw.get("components"), least=1, most=5
    )
    found = [
        _read(reading, f"{path}.components.{n}", item, _IN_ROW) for n, item in enumerate(items)
    ]
    if len(found) > 1 and any(item.get("type") in SELECTS for item in found):
        reading.faults.add(
            f"{path}.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "A select takes a whole row",
        )
    return row | {"components": found}


def _section(reading: Reading, path: str, raw: Json) -> Json:
    section = reading.begin(path, raw)
    items = forms.items(
        reading.faults, f"{path}.components", raw.get("components"), least=1, most=3
    )
    texts = [
        _read(reading, f"{path}.components.{n}", item, {TEXT_DISPLAY})
        for n, item in enumerate(items)
    ]
    if raw.get("accessory") is None:
        reading.faults.required(f"{path}.accessory")
        return section
    accessory = _read(reading, f"{path}.accessory", raw["accessory"], {BUTTON, THUMBNAIL})
    return section | {"components": texts, "accessory": accessory}


def _gallery(reading: Reading, path: str, raw: Json) -> Json:
    gallery = reading.begin(path, raw)
    items = forms.items(reading.faults, f"{path}.items", raw.get("items"), least=1, most=10)
    found = [
        pictured(
            reading, f"{path}.items.{n}", forms.fields(reading.faults, f"{path}.items.{n}", item)
        )
        for n, item in enumerate(items)
    ]
    return gallery | {"items": found}


def _file(reading: Reading, path: str, raw: Json) -> Json:
    component = reading.begin(path, raw)
    media = reading.media(f"{path}.file", raw.get("file"))
    if not media.get("url", "attachment://").startswith("attachment://"):
        reading.faults.add(
            f"{path}.file.url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('attachment')."
        )
    spoiler = forms.boolean(reading.faults, f"{path}.spoiler", raw.get("spoiler"), default=False)
    return component | {"file": media, "name": None, "size": None, "spoiler": spoiler}


def _separator(reading: Reading, path: str, raw: Json) -> Json:
    spacing = forms.integer(reading.faults, f"{path}.spacing", raw.get("spacing"), least=1, most=2)
    divider = forms.boolean(reading.faults, f"{path}.divider", raw.get("divider"), default=True)
    return reading.begin(path, raw) | {"spacing": spacing or 1, "divider": divider}


def _container(reading: Reading, path: str, raw: Json) -> Json:
    container = reading.begin(path, raw)
    items = forms.items(
        reading.faults, f"{path}.components", raw.get("components"), least=1, most=MOST_COMPONENTS
    )
    return container | {
        "accent_color": forms.integer(
            reading.faults, f"{path}.accent_color", raw.get("accent_color"), least=0, most=0xFFFFFF
        ),
        "spoiler": forms.boolean(
            reading.faults, f"{path}.spoiler", raw.get("spoiler"), default=False
        ),
        "components": [
            _read(reading, f"{path}.components.{n}", item, _IN_CONTAINER)
            for n, item in enumerate(items)
        ],
    }


_READERS: dict[int, Callable[[Reading, str, Json], Json]] = {
    ROW: _row,
    BUTTON: button,
    SECTION: _section,
    TEXT_DISPLAY: text_display,
    THUMBNAIL: thumbnail,
    GALLERY: _gallery,
    FILE: _file,
    SEPARATOR: _separator,
    CONTAINER: _container,
    **dict.fromkeys(SELECTS, select),
}
