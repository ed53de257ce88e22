"""Making members' words safe to show: no pings, no formatting, no invisible tricks."""

import re
import unicodedata

import discord

_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}  # control, format (bidi, zero width), private, surrogates
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_SPACES = re.compile(r"\s+")
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters that show nothing
_SHOWN_MARKS = frozenset(  # of the format category, and yet they are seen: signs above numbers
    map(chr, (*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD))
)
_BLACK_FLAG, _TAG_END = "\U0001f3f4", "\U000e007f"
# a flag of a part of a country: letters and digits as tags after a black flag, and an end
_FLAG = re.compile(f"{_BLACK_FLAG}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{{2,6}}{_TAG_END}")
_SELECTORS = re.compile(
    "([\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]+"
)
# Scripts whose letters join, or stack, otherwise than they should without a joiner between them
_JOINING = re.compile(
    "[\u0620-\u08ff\u0900-\u0dff\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u18af\u1900-\u1cff"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010aff\U00010d00-\U00010eff\U00011000-\U00011fff"
    "\U0001e900-\U0001e95f]"
)
_EMOJI = re.compile(
    "[\u00a9\u00ae\u203c-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff]"
)  # with the colours of skin and hair, and the selector that makes an emoji of a sign


def visible(text: str) -> str:
    """Remove what cannot be seen: bidi marks, zero-width and control characters, fillers.

    Kept is what a script or an emoji needs to look right, once and between its letters: joiners in
    Persian, Hindi and others, in families and in flags of parts of countries.
    """
    flags = [found.span() for found in _FLAG.finditer(text)]
    text = "".join(
        character
        for at, character in enumerate(text)
        if _is_kept(text, at) or any(begin <= at < end for begin, end in flags)
    )
    return _SELECTORS.sub(r"\1", text)


def _is_kept(text: str, at: int) -> bool:
    character = text[at]
    if character == "\n" or character in _SHOWN_MARKS:
        return True
    if character in _JOINERS:
        after = text[at + 1 : at + 9].lstrip(_JOINERS)[:1]
        return _needs_joiner(text[at - 1 : at], character, after)
    if character == "\u180e":  # Mongolian's own, before a last vowel
        return _JOINING.match(text[at - 1 : at]) is not None
    return character not in _BLANK_LETTERS and unicodedata.category(character) not in _INVISIBLE


def _needs_joiner(before: str, joiner: str, after: str) -> bool:
    """Whether a joiner is needed here; the second of two in a row is not."""
    if _JOINING.match(before) and (_JOINING.match(after) or not after.strip()):
        return True
    is_emoji = _EMOJI.match(before) is not None and _EMOJI.match(after) is not None
    return is_emoji and joiner == "\N{ZERO WIDTH JOINER}"


def plain(text: str, *, most: int) -> str:
    """Escape a text as one line of at most `most` characters."""
    line = _SPACES.sub(" ", visible(text)).strip()
    escaped = _escape(line)
    while len(escaped) > most:
        line = line[: len(line) - max(1, (len(escaped) - most) // 2)].rstrip()
        escaped = f"{_escape(line)}…"
    return escaped


def quoted(text: str, *, most: int) -> str:
    """Escape a service's text as `plain` does, without links in the bot's name."""
    return unlinked(plain(text, most=max(most - text.count("://"), 1)))


def unlinked(text: str) -> str:
    """Turn addresses into words, in text that keeps our own formatting.

    Discord links `https://` wherever it stands, also in what an escape has kept from being one.
    """
    return text.replace("](", "]\\(").replace("://", ":\\//")


def slug(text: str, *, most: int = 40) -> str:
    """File name in ASCII made of a text's words, or `video`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_text.lower())
    return "-".join(words)[:most].strip("-") or "video"


def _escape(text: str) -> str:
    escaped = discord.utils.escape_markdown(discord.utils.escape_mentions(text))
    return escaped.replace("](", "]\\(").replace("<", "\\<")
