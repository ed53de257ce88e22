"""Words that a server's moderators do not allow in prompts, found however they are spelt.

Text is folded first: case, accents, zero-width characters, compatibility forms and letters of other
scripts that look like Latin ones. Whole words and phrases match, with any spaces and signs between;
in scripts without spaces, any part of the text does.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import pairwise

MAX_WORDS = 1000  # of a server
MAX_LENGTH = 100  # of a word or phrase
FEWEST_SPELT = 3  # letters with something between them that count as one word
MAX_KEPT = 20_000  # folded characters

_TOKEN = re.compile(r"[^\W_]+")
_SIGNS = "@$!|€"  # that stand for letters
_IN_WORD = rf"[\w{re.escape(_SIGNS)}]*"
_HIDES = re.compile(rf"[0134578I{re.escape(_SIGNS)}]")
_EITHER = re.compile("[1I!|]")  # an l or an i
_MIXED = re.compile(_IN_WORD + _HIDES.pattern + _IN_WORD)
_LETTER = re.compile(r"[^\W\d_]")
_FOR_LETTERS = "0134578@$€"
_AS_L = str.maketrans(f"{_FOR_LETTERS}I!|", "oleastbaselil")
_AS_I = str.maketrans(f"{_FOR_LETTERS}I!|", "oieastbaseiii")
_SMALL_CAPITAL = re.compile("LATIN LETTER SMALL CAPITAL ([A-Z])")
_KRA = "\N{LATIN SMALL LETTER KRA}"  # to which a Cyrillic K is likened
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_HANGUL = range(0xAC00, 0xD7A4)  # as syllables: their parts are no letters of their own
# Scripts that put no space between words, or little words on to others
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
    "\U00020000-\U0003ffff]"
)


@cache
def _look_alikes() -> Mapping[str, str]:
    """Latin letters by the characters that look like them.

    Only the data file is read: the library's module keeps ten megabytes in memory.
    """
    data = resources.files("confusable_homoglyphs") / "confusables.json"
    found: dict[str, str] = {}
    for character, others in json.loads(data.read_text("utf-8")).items():
        if len(character) == 1 and not character.isascii():
            alike = next(filter(None, (_latin(one["c"]) for one in others)), None)
            if alike is not None:
                found[character] = alike
    return found


def _latin(character: str) -> str | None:
    if len(character) != 1:
        return None
    if character.isascii():
        return character.lower() if character.isalnum() else None
    if character == _KRA:
        return "k"
    match = _SMALL_CAPITAL.fullmatch(unicodedata.name(character, ""))
    return None if match is None else match[1].lower()


class _Folding(dict[int, str]):
    """A table for `str.translate`, filled in as characters are met."""

    def __init__(self, *, as_seen: bool) -> None:
        super().__init__()
        self._as_seen = as_seen

    def __missing__(self, code: int) -> str:
        character = chr(code)
        alike = _look_alikes().get(character) if self._as_seen else None
        folded = alike if alike is not None else _folded(character)
        if len(self) < MAX_KEPT:
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    if character.isspace():
        return " "
    if ord(character) in _HANGUL:
        return character
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_look_alikes().get(one, one) for one in parts if not _is_unseen(one))


def _is_unseen(character: str) -> bool:
    """Marks on letters, and what shows nothing at all."""
    return character in _BLANK_LETTERS or unicodedata.category(character)[0] in "MC"


_BY_CASE = _Folding(as_seen=False)  # the same for capitals and small letters
_AS_SEEN = _Folding(as_seen=True)  # a capital that looks like another letter than a small one


def key_of(word: str) -> str:
    """What words have in common that count as the same; empty if nothing of them is seen."""
    folded = word.translate(_BY_CASE)
    return " ".join(_TOKEN.findall(folded)) or "".join(folded.split())


def _fold(text: str, table: _Folding) -> str:
    """Fold a text; of ASCII, only the case differs."""
    if text.isascii() and text.replace("\n", " ").isprintable():
        return text.replace("\n", " ").lower()
    return text.translate(table)


def _spelt_out(text: str) -> Iterator[str]:
    """The text with digits and signs inside words as the letters that they stand for."""
    if _HIDES.search(text):
        yield _fold(_MIXED.sub(_letters_as_l, text), _AS_SEEN)
    if _EITHER.search(text):
        yield _fold(_MIXED.sub(_letters_as_i, text), _AS_SEEN)


def _letters_as_l(match: re.Match[str]) -> str:
    return _with_letters(match[0], _AS_L)


def _letters_as_i(match: re.Match[str]) -> str:
    return _with_letters(match[0], _AS_I)


def _with_letters(word: str, signs: dict[int, int]) -> str:
    """Numbers, and signs at an end, are no letters."""
    core = word.strip("!|")
    return word.replace(core, core.translate(signs), 1) if _LETTER.search(core) else word


@dataclass(slots=True)
class _Parts:
    """Texts to look for anywhere, by how they begin."""

    by_start: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    has_ascii: bool = False

    def add(self, part: str, word: str) -> None:
        self.has_ascii |= part.isascii()
        self.by_start.setdefault(part[:2], []).append((part, word))

    def find(self, text: str) -> str | None:
        if not self.by_start or not text or (text.isascii() and not self.has_ascii):
            return None
        starts = {*text, *map("".join, pairwise(text))}
        for start in starts & self.by_start.keys():
            for part, word in self.by_start[start]:
                if part in text:
                    return word
        return None


class WordList:
    """A server's words, prepared so that a thousand are as quick to look for as one."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._anywhere, self._spelt = _Parts(), _Parts()
        for word in words:
            for folded in dict.fromkeys((_fold(word, _BY_CASE), _fold(word, _AS_SEEN))):
                self._add(folded, word)

    def _add(self, folded: str, word: str) -> None:
        tokens, whole = tuple(_TOKEN.findall(folded)), "".join(folded.split())
        if not tokens or _UNSPACED.search(whole):
            if whole:
                self._anywhere.add(whole, word)
            return
        joined = "".join(tokens)
        self._words.setdefault(joined, word)
        if len(tokens) > 1:
            self._phrases.setdefault(tokens[0], []).append((tokens, word))
        if len(joined) >= FEWEST_SPELT:
            self._spelt.add(joined, word)

    def find(self, text: str) -> str | None:
        """Return a word of the list that stands in the text, as the list spells it."""
        if not (self._words or self._anywhere.by_start):
            return None
        for folded in dict.fromkeys((_fold(text, _BY_CASE), _fold(text, _AS_SEEN))):
            found = self._find_words(folded) or self._anywhere.find("".join(folded.split()))
            if found is not None:
                return found
        return next(filter(None, map(self._find_words, _spelt_out(text))), None)

    def _find_words(self, folded: str) -> str | None:
        tokens = _TOKEN.findall(folded)
        known = self._words.keys() & tokens
        if known:
            return self._words[next(one for one in tokens if one in known)]
        return self._find_phrase(tokens) or next(
            filter(None, map(self._spelt.find, _spelt_runs(tokens))), None
        )

    def _find_phrase(self, tokens: Sequence[str]) -> str | None:
        if not self._phrases:
            return None
        starts = self._phrases.keys() & tokens
        for at, token in enumerate(tokens) if starts else ():
            for phrase, word in self._phrases[token] if token in starts else ():
                if tuple(tokens[at : at + len(phrase)]) == phrase:
                    return word
        return None


def _spelt_runs(tokens: Sequence[str]) -> Iterator[str]:
    """Letters that stand alone side by side, as in "b a d" or "b.a.d"."""
    run: list[str] = []
    for token in [*tokens, ""]:
        if len(token) == 1:
            run.append(token)
            continue
        if len(run) >= FEWEST_SPELT:
            yield "".join(run)
        run.clear()
