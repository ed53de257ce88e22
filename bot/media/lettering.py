"""Names as a chart can write them: whatever Unicode holds, in the fonts that are here.

Matplotlib brings DejaVu Sans, which has the letters of Europe, Arabic and Hebrew; a font of the
system steps in for what that lacks. What no font here can draw becomes a box.
"""

import unicodedata
from functools import cache

from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.text import Text

BOX = "□"
LONGEST = 80  # signs of a name that are looked at; Discord's own names have at most 100
_MARKS_MOST = 2  # accents on one letter; the rest of a tower would fall over its neighbours
_LEFT_OUT = {"Cc", "Cf", "Me"}  # controls, directions and joiners; circles around a letter
_OVERLAY = 1  # the class of strokes through a letter
_FIRST = "DejaVu Sans"
_STEP_IN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
    "WenQuanYi Zen Hei",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Emoji",
    "Symbola",
)


@cache
def families() -> list[str]:
    """The fonts that text is written in, the first that has a letter draws it."""
    here = set(fontManager.get_font_names())
    return [_FIRST, *(name for name in _STEP_IN if name in here)]


@cache
def _drawable() -> frozenset[int]:
    files = [fontManager.findfont(FontProperties(family=[name])) for name in families()]
    return frozenset().union(*(get_font(file).get_charmap() for file in files))


def drawable(name: str) -> str:
    """The name on one line, without what steers text and with a box for what cannot be drawn."""
    told = ""
    marks = 0
    for sign in unicodedata.normalize("NFC", " ".join(name.split()))[:LONGEST]:
        kind = unicodedata.category(sign)
        marks = marks + 1 if kind == "Mn" else 0
        if kind in _LEFT_OUT or marks > _MARKS_MOST or unicodedata.combining(sign) == _OVERLAY:
            continue
        if ord(sign) in _drawable():
            told += sign
        elif not marks and not told.endswith(BOX):
            told += BOX
    return told.strip() or BOX


def fit(text: Text, width: float) -> None:
    """Shorten a text on a figure until it is at most so many pixels wide."""
    told = text.get_text()
    while len(told) > 1 and text.get_window_extent().width > width:
        told = told[:-1].rstrip()
        text.set_text(f"{told}…")
