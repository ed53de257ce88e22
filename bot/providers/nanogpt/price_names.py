"""The names under which NanoGPT lists a price, and in which circumstances each one holds.

Source: the model list of 2026, whose names are put together from the same few words:
`text_to_video_with_audio_per_second`, `full_per_second_by_mode_and_resolution`, and below `raw`
`standardImageToVideoPricesPerSecond`. The keys of their tables are read alike.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace

from bot.domain.pricing import PriceLine

PRO = "pro"  # a variant that is asked for only where a resolution has no other

_SHAPE = re.compile(
    r"(?:(?P<variant>standard|full|turbo|fast|draft|speed|quality|pro)(?:_|$))?"
    r"(?:(?P<kind>text_to_video|image_to_video|text_image|reference_to_video)(?:_image)?(?:_|$))?"
    r"(?:(?P<sound>with|without)_audio(?:_|$))?"
    r"(?:(?:output|generated)_)?"
    r"(?P<unit>per_second|prices?_per_second|per_video|per_duration|per_resolution|prices)?"
    r"(?:_by_(?:mode|resolution|mode_and_resolution|duration|duration_and_resolution))?"
)
_OF_FILMS = re.compile(
    r"\w*(?:reference_video|source_video|video_reference|video_edit|video_extend|extension)\w*"
    r"|extend\w*|edit\w*|reference_to_video_video"
)  # prices of what is made from another film, which this bot never sends
_BESIDE = re.compile(
    r"(?:default|min|max|supported|supports|fixed)_\w+|maximum_billable_duration"
    r"|note|type|currency|variant|\w+_billing|megapixels\w*"
)
_SECONDS = re.compile(r"([0-9]{1,4})(?:\.0)?s?")
_RESOLUTION = re.compile(r"[0-9]{3,4}p|[0-9]{1,2}k|[0-9]{3,5}[x*][0-9]{3,5}", re.IGNORECASE)


def snake(name: str) -> str:
    """`textToVideoPricesPerSecond` as the other names are written."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")


def is_known(name: str) -> bool:
    """Whether it is certain what a figure of this name is for."""
    return bool(_match(name) or _OF_FILMS.fullmatch(snake(name)) or _BESIDE.fullmatch(snake(name)))


def narrowed(line: PriceLine, name: str, ours: AbstractSet[str]) -> PriceLine | None:
    """The circumstances of what stands under a name; None where they are never ours.

    `ours` are the variants that this bot asks for.
    """
    if seconds := _SECONDS.fullmatch(name):
        return replace(line, duration_seconds=int(seconds[1]))
    if _RESOLUTION.fullmatch(name):
        return replace(line, resolution=name)
    shape = None if _OF_FILMS.fullmatch(snake(name)) else _match(name)
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
