"""Reading the emoji of a reaction: a Unicode one, or a guild's own as `name:id`."""

import re
import unicodedata

from sandbox.discord import errors
from sandbox.discord.state.models import Json
from sandbox.discord.state.world import World

_CUSTOM = re.compile(r"^(?:a:)?(\w{2,32}):(\d+)$")
_VARIATION_SELECTOR = "\ufe0f"
_KEYCAP = "\u20e3"
_REGIONAL = range(0x1F1E6, 0x1F200)
_JOINERS = {"\u200d", _VARIATION_SELECTOR}


def bare(name: str) -> str:
    """The emoji without its presentation selectors, by which two spellings are compared."""
    return name.replace(_VARIATION_SELECTOR, "")


def read(world: World, text: str) -> Json:
    """The emoji as messages carry it; 10014 for anything that is none."""
    if (custom := _CUSTOM.match(text)) is not None:
        return _custom(world, int(custom.group(2)))
    if not _is_unicode_emoji(text):
        raise errors.unknown_emoji()
    return {"id": None, "name": text}


def is_same(one: Json, other: Json) -> bool:
    if one["id"] is not None or other["id"] is not None:
        return bool(one["id"] == other["id"])
    return bare(str(one["name"])) == bare(str(other["name"]))


def _custom(world: World, emoji_id: int) -> Json:
    for guild in world.guilds.values():
        if (emoji := guild.emojis.get(emoji_id)) is not None:
            found: Json = {"id": str(emoji.id), "name": emoji.name}
            return found | ({"animated": True} if emoji.animated else {})
    raise errors.unknown_emoji()


def _is_unicode_emoji(text: str) -> bool:
    """A good guess without a table: symbols, their modifiers, flags and keycaps, nothing else."""
    if not text or len(text) > 16:
        return False
    if text.endswith(_KEYCAP):
        return bare(text)[:-1] in set("0123456789#*")
    return all(_may_stand_in_emoji(character) for character in text) and any(
        unicodedata.category(character) in {"So", "Sm", "Po", "Pd"} or ord(character) in _REGIONAL
        for character in text
    )


def _may_stand_in_emoji(character: str) -> bool:
    is_tag = 0xE0020 <= ord(character) <= 0xE007F  # the letters in the flags of England and others
    is_symbol = unicodedata.category(character) in {"So", "Sk", "Sm"} and ord(character) > 0xFF
    return is_tag or is_symbol or character in _JOINERS or character in "‼⁉〰©®"
