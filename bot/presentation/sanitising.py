"""Making members' words safe to show: no pings, no formatting, no invisible tricks."""

import re
import unicodedata

import discord

_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}  # control, format (bidi, zero width), private, surrogates
_KEPT = {"\n", "\N{ZERO WIDTH JOINER}"}  # line ends, and what family emoji are joined with
_SPACES = re.compile(r"\s+")


def visible(text: str) -> str:
    """Without what cannot be seen: bidi marks, zero-width and control characters."""
    return "".join(
        character
        for character in text
        if character in _KEPT or unicodedata.category(character) not in _INVISIBLE
    )


def plain(text: str, *, most: int) -> str:
    """One line of at most `most` characters that Discord shows as it is."""
    line = _SPACES.sub(" ", visible(text)).strip()
    escaped = _escape(line)
    while len(escaped) > most:
        line = line[: len(line) - max(1, (len(escaped) - most) // 2)].rstrip()
        escaped = f"{_escape(line)}…"
    return escaped


def slug(text: str, *, most: int = 40) -> str:
    """The words of a text as a file name in ASCII, or `film` where none are left."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_text.lower())
    return "-".join(words)[:most].strip("-") or "film"


def _escape(text: str) -> str:
    escaped = discord.utils.escape_markdown(discord.utils.escape_mentions(text))
    return escaped.replace("](", "]\\(").replace("<", "\\<")
