"""The names of NanoGPT's prices, and the conditions under which each applies.

Source: the model list of 2026, whose names are composed of the same few words:
`text_to_video_with_audio_per_second`, `full_per_second_by_mode_and_resolution`, and below `raw`
`standardImageToVideoPricesPerSecond`. The keys of their tables are read alike.

An unknown name may still show which input it concerns. A figure of unknown meaning then removes the
price only from requests that use this input.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace

from bot.catalog.pricing import Input, PriceLine

PRO = "pro"  # a variant requested only for resolutions that have no other
EVERYTHING = frozenset(Input)
MODES = {
    "text_mode": Input.WORDS,
    "image_mode": Input.IMAGE,
    "reference_mode": Input.REFERENCES,
}
"""Separate rate tables for requests with that input."""

_SHAPE = re.compile(
    r"(?:(?P<variant>standard|full|turbo|fast|draft|speed|quality|pro)(?:_|$))?"
    r"(?:(?P<kind>text_to_video|image_to_video|text_image|reference_to_video)(?:_image)?(?:_|$))?"
    r"(?:(?P<sound>with|without)_audio(?:_|$))?"
    r"(?:(?:output|generated)_)?"
    r"(?P<unit>per_second|prices?_per_second|per_video|per_duration|per_resolution|prices)?"
    r"(?:_by_(?:mode|resolution|mode_and_resolution|duration|duration_and_resolution))?"
)
_OF_VIDEOS = re.compile(
    r"\w*(?:reference_video|source_video|video_reference|video_edit|video_extend|extension)\w*"
    r"|(?:extend|edit)(?:_\w+)?|reference_to_video_video"
)  # prices for videos made from another video; only `extending` sends one
_MONEY = r"price|charge|cost|fee|bill|surcharge|multiplier|factor|rate|dollar|usd"
_BESIDE = re.compile(
    rf"(?!\w*(?:{_MONEY}))(?:\w+_)?(?:default|min|max|minimum|maximum|fixed)_\w+"
    rf"|(?!\w*(?:{_MONEY}))(?:supported|supports|included)_\w+|maximum_billable_duration"
    r"|note|type|unit|currency|variant|\w+_billing|megapixels\w*|description"
)  # durations, counts, choices and prose: no money
_NEVER_OURS = re.compile(
    r"(?:\w+_)?(?:loras?|edit|editing|extend|motion_control|lip_?sync|avatar|video_input|input_videos?"
    r"|reference_audios?|audio_input|input_audio|input_seconds?|input_price_per_second|voice_clone)"
    r"(?:_\w+)?|video_to_video(?:_\w+)?"
)  # inputs and operations never requested, or by `extending` alone
_OPERATIONS = re.compile(
    r"(?:\w+_)?(?:enhance|enhancement|upscale|upscaling|interpolation)(?:_\w+)?"
)
_INPUTS = (
    (re.compile(r"(?:\w+_)?references?(?:_\w+)?"), frozenset({Input.REFERENCES})),
    (
        re.compile(r"(?:\w+_)?(?:last|end|tail)_(?:image|frame)(?:_\w+)?"),
        frozenset({Input.END_IMAGE}),
    ),
    (
        re.compile(r"(?:\w+_)?(?:image|images|picture|pictures|frame)(?:_\w+)?"),
        frozenset({Input.IMAGE, Input.END_IMAGE, Input.REFERENCES}),
    ),
    (re.compile(r"(?:\w+_)?(?:audio|sound|music|speech|voice)(?:_\w+)?"), frozenset({Input.AUDIO})),
    (re.compile(r"(?:text|words)(?:_\w+)?"), frozenset({Input.WORDS})),
)
_ADDITION = re.compile(rf"\w*(?:{_MONEY}|extra|additional|per_)\w*")
_SECONDS = re.compile(r"([0-9]{1,4})(?:\.0)?s?")
_RESOLUTION = re.compile(r"[0-9]{3,4}p|[0-9]{1,2}k|[0-9]{3,5}[x*][0-9]{3,5}", re.IGNORECASE)


def snake(name: str) -> str:
    """Convert `textToVideoPricesPerSecond` to the spelling of the other names."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")


def is_known(name: str) -> bool:
    """Return whether the meaning of a figure with this name is certain."""
    return bool(_match(name) or _OF_VIDEOS.fullmatch(snake(name)) or _BESIDE.fullmatch(snake(name)))


def is_of_videos(name: str) -> bool:
    """Return whether a name is of videos made from another video."""
    return bool(_OF_VIDEOS.fullmatch(snake(name)) or _NEVER_OURS.fullmatch(snake(name)))


def is_addition(name: str) -> bool:
    """Return whether a name within a table adds a figure rather than an option."""
    return bool(_ADDITION.fullmatch(snake(name))) and not is_known(name)


def concerned(name: str, settled_by_default: AbstractSet[str]) -> frozenset[Input]:
    """Return the inputs that an unknown figure may concern; empty if none of ours.

    `settled_by_default` are parameters whose default applies because they cannot be chosen: an
    operation that one of them names may be billed without being requested.
    """
    word = re.sub(r"(?:text|image|reference)s?_to_video|per_video", _first_word, snake(name))
    if found := _OPERATIONS.fullmatch(word):
        root = re.sub(r"(?:ment|ing|ation)$", "", _operation(found[0]))
        return EVERYTHING if any(root in one for one in settled_by_default) else frozenset()
    if _NEVER_OURS.fullmatch(word):
        return frozenset()
    for pattern, inputs in _INPUTS:
        if pattern.fullmatch(word):
            return inputs
    return EVERYTHING


def _first_word(match: re.Match[str]) -> str:
    return match[0].partition("_")[0]


def _operation(word: str) -> str:
    found = re.search(r"enhancement|enhance|upscale|upscaling|interpolation", word)
    return found[0] if found else word


def narrowed(line: PriceLine, name: str, ours: AbstractSet[str]) -> PriceLine | None:
    """Narrow a line's conditions by a name; None if they never apply to us.

    `ours` are the variants that this bot requests.
    """
    if seconds := _SECONDS.fullmatch(name):
        return replace(line, duration_seconds=int(seconds[1]))
    if _RESOLUTION.fullmatch(name):
        return replace(line, resolution=name)
    shape = None if _OF_VIDEOS.fullmatch(snake(name)) else _match(name)
    if shape is None or (shape["variant"] or next(iter(ours), "")) not in ours:
        return None
    line = replace(line, per_second=line.per_second or "per_second" in (shape["unit"] or ""))
    if shape["sound"]:
        line = replace(line, audio=shape["sound"] == "with")
    return _of_kind(line, shape["kind"])


def _of_kind(line: PriceLine, kind: str | None) -> PriceLine:
    if kind == "text_to_video":
        return replace(line, from_image=False)
    if kind == "image_to_video":
        return replace(line, from_image=True, from_references=False)
    if kind == "reference_to_video":
        return replace(line, from_image=True, from_references=True)
    return line


def _match(name: str) -> re.Match[str] | None:
    found = _SHAPE.fullmatch(snake(name))
    return found if found and name else None
