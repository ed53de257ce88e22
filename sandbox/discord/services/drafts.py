"""The content of a message, read from a Create or Edit form and checked as a whole.

A draft knows nothing of permissions, channels or ids; `messages` turns it into a message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import errors
from sandbox.discord.rules import forms
from sandbox.discord.rules.components import checked_components, shown_text
from sandbox.discord.rules.embeds import checked_embeds
from sandbox.discord.state.models import Json

SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
HAS_SNAPSHOT = 1 << 14
COMPONENTS_V2 = 1 << 15
WRITABLE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
MOST_CONTENT = 2000
MOST_CONTENT_WITH_NITRO = 4000
_MOST_STICKERS = 3
_BESIDE_V2 = ("content", "embeds", "sticker_ids", "poll")


@dataclass(slots=True)
class Draft:
    """The content of a message, valid by itself."""

    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    sticker_ids: list[int] = field(default_factory=list)
    flags: int = 0

    @property
    def text(self) -> str:
        """Everything in which a mention counts."""
        return f"{self.content}\n{shown_text(self.components)}"

    @property
    def is_empty(self) -> bool:
        return not (self.content or self.embeds or self.components or self.sticker_ids)


def read_draft(
    form: Json,
    *,
    before: Draft,
    filenames: set[str],
    most_content: int,
    new_snowflake: Callable[[], int],
) -> Draft:
    """The draft that the form makes of what was there before; all faults in one 50035."""
    faults = errors.FormErrors()
    flags = _flags(form, before, faults)
    draft = Draft(before.content, before.embeds, before.components, before.sticker_ids, flags)
    if "content" in form:
        content = forms.text(faults, "content", form["content"], most=most_content)
        draft.content = (content or "").strip()
    if "embeds" in form:
        draft.embeds = checked_embeds(faults, form["embeds"])
    if "components" in form:
        draft.components = checked_components(
            faults,
            form["components"],
            v2=bool(flags & COMPONENTS_V2),
            filenames=filenames,
            new_snowflake=new_snowflake,
        )
    if "sticker_ids" in form:
        raw = forms.items(faults, "sticker_ids", form["sticker_ids"], most=_MOST_STICKERS)
        draft.sticker_ids = list(dict.fromkeys(sorted(forms.snowflakes(raw))))
    _check_as_a_whole(faults, draft, form)
    faults.raise_if_any()
    return draft


def _flags(form: Json, before: Draft, faults: errors.FormErrors) -> int:
    """The flags a writer may set; Components V2 stays once it is there."""
    value: Any = form.get("flags")
    if value is None:
        return before.flags
    number = forms.integer(faults, "flags", value, least=0, most=2**31 - 1) or 0
    kept = before.flags & (~WRITABLE_FLAGS | COMPONENTS_V2)
    return kept | (number & WRITABLE_FLAGS)


def _check_as_a_whole(faults: errors.FormErrors, draft: Draft, form: Json) -> None:
    if form.get("poll") is not None:
        faults.add("poll", "POLL_NOT_SUPPORTED", "The sandbox has no polls")
    if not draft.flags & COMPONENTS_V2:
        return
    present = {"content": draft.content, "embeds": draft.embeds, "sticker_ids": draft.sticker_ids}
    for name in _BESIDE_V2:
        if present.get(name):
            faults.add(
                name,
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )
