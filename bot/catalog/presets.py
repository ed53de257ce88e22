"""Presets: a request with a place for the member's words, kept under a name. Pure.

A template is never formatted: only the placeholder is replaced, once, so that nothing that members
write can reach into the program or be expanded a second time.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.catalog.request import VideoRequest
from bot.ids import GuildId, ModelId, UserId

PLACEHOLDER = "{prompt}"
MAX_NAME = 40
MAX_TEMPLATE = 3000
MAX_PRESETS = 25  # of a member, and of a server: as many as an autocomplete shows
MARK_LENGTH = 16
MAX_SHOWN = 40  # characters of a member's own text in a reason

NO_MODEL = ModelId("")  # chosen for each video
_SIGNS = frozenset(" -'\N{RIGHT SINGLE QUOTATION MARK}&+.,!?()")
# fillers, a braille pattern without dots, a note without a head, and what stands for an object
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffc\U0001d159")
# marks that show nothing: a joiner of graphemes, vowels never written, and selectors
_BLANK_MARKS = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# possessive, or a brace with thousands of spaces behind it would take seconds
_OTHER_BRACES = re.compile(r"\{\s*+[\w.\[\]\x00]*+\s*+(?:[!:][^{}\"\n]*+)?\}")
# Letters of other scripts that look like Latin ones, in lower case
_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһвкмнтαορνικτυχγ01",  # noqa: RUF001 - that is what it is for
    "aeopcyxijsdhbkmhtaopviktuxyol",
)


@dataclass(frozen=True, slots=True)
class PresetOwner:
    """A member, in all servers, or a server: the other id is None."""

    guild_id: GuildId | None = None
    user_id: UserId | None = None

    @property
    def is_server(self) -> bool:
        return self.guild_id is not None


@dataclass(frozen=True, slots=True)
class Preset:
    """A named request; its prompt is the template, its model may be `NO_MODEL`."""

    owner: PresetOwner
    name: str
    request: VideoRequest

    @property
    def key(self) -> str:
        """Return what two names that look alike have in common."""
        return name_key(self.name)

    @property
    def mark(self) -> str:
        """Return what stands for it in a custom id, which holds no name."""
        whose = f"{self.owner.guild_id}:{self.owner.user_id}:{self.key}"
        return hashlib.sha256(whose.encode()).hexdigest()[:MARK_LENGTH]


def name_key(name: str) -> str:
    """Fold case, compatibility forms, accents, spaces and what looks like others or like nothing."""
    folded = _BLANK_MARKS.sub("", unicodedata.normalize("NFKD", name).casefold())
    bare = "".join(one for one in folded if not unicodedata.combining(one))
    return "".join(bare.translate(_LOOK_ALIKES).split())


def preset_of(
    owner: PresetOwner, name: str, request: VideoRequest
) -> tuple[Preset, tuple[str, ...]]:
    """Return the preset and every reason against it, each with what to change.

    Pictures, shots and what the request was derived from are left out.
    """
    clean = " ".join(name.split(" ")).strip()
    kept = replace(
        request,
        prompt=request.prompt.strip(),
        image=None,
        end_image=None,
        reference_images=(),
        shots=(),
        continuous=False,
        is_spoiler=False,
        source_video=None,
        parent=None,
    )
    reasons = (*_check_name(clean), *_check_template(kept.prompt))
    return Preset(owner, clean, kept), reasons


def _check_name(name: str) -> Sequence[str]:
    if not name:
        return [f"A preset needs a name. Write one of 1 to {MAX_NAME} characters."]
    reasons = []
    if len(name) > MAX_NAME:
        reasons.append(
            f"The name has {len(name)} characters; the limit is {MAX_NAME}."
            f" Shorten it by {len(name) - MAX_NAME}."
        )
    odd = dict.fromkeys(one for one in name if not _is_allowed(one))
    seen = "".join(one for one in odd if one.isprintable() and not one.isspace())
    if odd:
        change = f"Leave out {' '.join(seen[:10])}" if seen else "Leave out the hidden characters"
        reasons.append(f"A name has letters, digits, spaces and simple signs. {change}.")
    elif not name_key(name):
        reasons.append("A preset's name needs a letter or a digit. Add one.")
    return reasons


def _is_allowed(character: str) -> bool:
    kind = unicodedata.category(character)
    is_written = kind[0] in "LMN" or kind == "So" or character in _SIGNS
    return is_written and character not in _BLANK_LETTERS


def _check_template(template: str) -> Sequence[str]:
    reasons = []
    if PLACEHOLDER not in template:
        reasons.append(
            f"The template has no `{PLACEHOLDER}`. Write it where the words of each video go."
        )
    if len(template) > MAX_TEMPLATE:
        reasons.append(
            f"The template has {len(template)} characters; the limit is {MAX_TEMPLATE}."
            f" Shorten it by {len(template) - MAX_TEMPLATE}."
        )
    other = _OTHER_BRACES.search(template.replace(PLACEHOLDER, "\0"))
    if other is not None:
        shown = other[0].replace("\0", PLACEHOLDER)[:MAX_SHOWN]
        reasons.append(f"I can't fill in `{shown}`. The only placeholder is `{PLACEHOLDER}`.")
    return reasons


def expanded(preset: Preset, words: str) -> VideoRequest:
    """Return the preset's request for a member's words; what they write is not expanded again."""
    prompt = preset.request.prompt.replace(PLACEHOLDER, words.strip())
    return replace(preset.request, prompt=prompt)
