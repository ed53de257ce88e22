"""The leaves of a component tree: buttons, selects, text and media, checked and normalised.

`Reading` carries what holds over the whole message: unique custom ids and component ids, the number of
components, the text they show, and the files that `attachment://` may name.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.errors import FormErrors
from sandbox.discord.rules import forms
from sandbox.discord.state.models import Json

BUTTON, STRING_SELECT, TEXT_DISPLAY, THUMBNAIL = 2, 3, 10, 11
SELECTS = {3: "string", 5: "user", 6: "role", 7: "mentionable", 8: "channel"}
LINK_STYLE, PREMIUM_STYLE = 5, 6
MOST_TEXT = 4000
_MEDIA_SCHEMES = ("http", "https", "attachment")


@dataclass(slots=True)
class Reading:
    """One pass over a message's components."""

    faults: FormErrors
    filenames: set[str]
    new_snowflake: Callable[[], int]
    custom_ids: set[str] = field(default_factory=set)
    ids: set[int] = field(default_factory=set)
    count: int = 0
    characters: int = 0

    def begin(self, path: str, raw: Json) -> Json:
        """Count a component; begin it with its type and its id, 0 if it has none yet."""
        self.count += 1
        component: Json = {"type": raw.get("type"), "id": 0}
        number = forms.integer(self.faults, f"{path}.id", raw.get("id"), least=0, most=2**31 - 1)
        if number in self.ids:
            self.faults.add(
                f"{path}.id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated"
            )
        elif number:
            component["id"] = number
            self.ids.add(number)
        return component

    def number(self, components: list[Json]) -> None:
        """Give the components without an id the free numbers, in the order of the tree."""
        free = (number for number in itertools.count(1) if number not in self.ids)
        for component in walk(components):
            component["id"] = component["id"] or next(free)

    def custom_id(self, path: str, value: Any) -> str:
        found = forms.required_text(self.faults, f"{path}.custom_id", value, most=100)
        if found and found in self.custom_ids:
            self.faults.add(
                f"{path}.custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        self.custom_ids.add(found)
        return found

    def media(self, path: str, value: Any) -> Json:
        """A picture or video by address; an `attachment://` must name a file of this message."""
        raw = forms.fields(self.faults, path, value)
        if not raw.get("url"):
            self.faults.required(f"{path}.url")
            return {}
        url = forms.link(self.faults, f"{path}.url", raw["url"], schemes=_MEDIA_SCHEMES, most=2048)
        name = url.removeprefix("attachment://")
        if name != url and name not in self.filenames:
            self.faults.add(
                f"{path}.url",
                "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                f"The referenced attachment '{name}' was not found",
            )
        return {"id": str(self.new_snowflake()), "url": url, "proxy_url": url}


def walk(components: list[Json]) -> Iterator[Json]:
    """All components of the tree, parents first."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        yield from walk([component["accessory"]] if "accessory" in component else [])


def button(reading: Reading, path: str, raw: Json) -> Json:
    faults = reading.faults
    component = reading.begin(path, raw)
    style = forms.integer(faults, f"{path}.style", raw.get("style"), least=1, most=6)
    if raw.get("style") is None:
        faults.required(f"{path}.style")
    component["style"] = style
    component["disabled"] = forms.boolean(
        faults, f"{path}.disabled", raw.get("disabled"), default=False
    )
    if raw.get("label") is not None:
        component["label"] = forms.text(faults, f"{path}.label", raw["label"], most=80)
    if raw.get("emoji") is not None:
        component["emoji"] = emoji(faults, f"{path}.emoji", raw["emoji"])
    if style != PREMIUM_STYLE and not (raw.get("label") or raw.get("emoji")):
        faults.add(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or emoji")
    return component | _button_target(reading, path, raw, style)


def _button_target(reading: Reading, path: str, raw: Json, style: int | None) -> Json:
    """Where a button leads: an address, a purchase or the bot; never two of them."""
    faults = reading.faults
    if style == LINK_STYLE:
        if raw.get("custom_id") is not None:
            faults.add(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
        if not raw.get("url"):
            faults.required(f"{path}.url")
        schemes = ("http", "https", "discord")
        return {"url": forms.link(faults, f"{path}.url", raw.get("url"), schemes=schemes, most=512)}
    if style == PREMIUM_STYLE:
        return {"sku_id": str(raw.get("sku_id"))}
    if raw.get("url") is not None:
        faults.add(
            f"{path}.url", "BUTTON_COMPONENT_URL_NOT_ALLOWED", "Only link buttons have a url"
        )
    return {"custom_id": reading.custom_id(path, raw.get("custom_id"))}


def select(reading: Reading, path: str, raw: Json) -> Json:
    faults = reading.faults
    component = reading.begin(path, raw)
    component["custom_id"] = reading.custom_id(path, raw.get("custom_id"))
    component["disabled"] = forms.boolean(
        faults, f"{path}.disabled", raw.get("disabled"), default=False
    )
    least = forms.integer(faults, f"{path}.min_values", raw.get("min_values"), least=0, most=25)
    most = forms.integer(faults, f"{path}.max_values", raw.get("max_values"), least=1, most=25)
    component["min_values"] = 1 if least is None else least
    component["max_values"] = 1 if most is None else most
    if raw.get("placeholder") is not None:
        component["placeholder"] = forms.text(
            faults, f"{path}.placeholder", raw["placeholder"], most=150
        )
    if raw["type"] == STRING_SELECT:
        component["options"] = _options(reading, path, raw, component["max_values"])
    elif raw.get("default_values"):
        where = f"{path}.default_values"
        found = forms.items(faults, where, raw["default_values"], most=25)
        chosen = [forms.fields(faults, where, item) for item in found]
        component["default_values"] = [
            {"id": str(item.get("id")), "type": item.get("type")} for item in chosen
        ]
    if raw.get("channel_types"):
        where = f"{path}.channel_types"
        component["channel_types"] = forms.items(faults, where, raw["channel_types"], most=25)
    return component


def _options(reading: Reading, path: str, raw: Json, most_values: int) -> list[Json]:
    faults = reading.faults
    found = forms.items(faults, f"{path}.options", raw.get("options"), least=1, most=25)
    options = [_option(faults, f"{path}.options.{n}", item) for n, item in enumerate(found)]
    values = [option["value"] for option in options]
    for n, value in enumerate(values):
        if value in values[:n]:
            faults.add(
                f"{path}.options.{n}.value",
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
    if options and most_values > len(options):
        faults.add(
            f"{path}.max_values",
            "SELECT_COMPONENT_MAX_VALUES_EXCEEDED",
            "max_values cannot be larger than the number of options",
        )
    return options


def _option(faults: FormErrors, path: str, value: Any) -> Json:
    raw = forms.fields(faults, path, value)
    option: Json = {
        "label": forms.required_text(faults, f"{path}.label", raw.get("label"), most=100),
        "value": forms.required_text(faults, f"{path}.value", raw.get("value"), most=100),
        "default": forms.boolean(faults, f"{path}.default", raw.get("default"), default=False),
    }
    if raw.get("description") is not None:
        option["description"] = forms.text(
            faults, f"{path}.description", raw["description"], most=100
        )
    if raw.get("emoji") is not None:
        option["emoji"] = emoji(faults, f"{path}.emoji", raw["emoji"])
    return option


def emoji(faults: FormErrors, path: str, value: Any) -> Json:
    """A button's or an option's emoji, by name or by id."""
    raw = forms.fields(faults, path, value)
    if not raw.get("name") and not raw.get("id"):
        faults.add(path, "COMPONENT_INVALID_EMOJI", "Invalid emoji")
    found: Json = {"name": str(raw.get("name") or "_")}
    if raw.get("id") is not None:
        found |= {"id": str(raw["id"]), "animated": bool(raw.get("animated"))}
    return found


def text_display(reading: Reading, path: str, raw: Json) -> Json:
    component = reading.begin(path, raw)
    content = forms.required_text(
        reading.faults, f"{path}.content", raw.get("content"), most=MOST_TEXT
    )
    reading.characters += len(content)
    return component | {"content": content}


def thumbnail(reading: Reading, path: str, raw: Json) -> Json:
    return reading.begin(path, raw) | pictured(reading, path, raw)


def pictured(reading: Reading, path: str, raw: Json) -> Json:
    """What a thumbnail and a gallery's item have in common."""
    return {
        "media": reading.media(f"{path}.media", raw.get("media")),
        "description": forms.text(
            reading.faults, f"{path}.description", raw.get("description"), most=1024
        ),
        "spoiler": forms.boolean(
            reading.faults, f"{path}.spoiler", raw.get("spoiler"), default=False
        ),
    }
