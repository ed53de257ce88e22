"""Words are found however they are spelt, and nothing else is.

The kinds: case, accents, zero-width and other unseen characters, look-alikes of other scripts in
capitals and small letters, compatibility forms, digits and signs for letters, letters with spaces or
signs between; phrases with any spacing; scripts without spaces; signs. And words that only hold the
letters of one.
"""

import pytest

from bot.guilds.words import WordList, key_of

WORDS = ["gore", "Bad Word", "kill", "нож", "ass", "résumé", "殺す", "칼", "🍆", "HELL", "don't"]
LIST = WordList(WORDS)

FOUND = {
    "some gore here": "gore",
    "GoRe": "gore",
    "gore, and more": "gore",
    "no_gore_here": "gore",
    "g\u200bo\u200dr\u00ade": "gore",
    "g\u0336o\u0336r\u0336e\u0336": "gore",
    "gór\u0435": "gore",  # a Cyrillic e
    "\u0261o\u0433e gоrе": "gore",  # noqa: RUF001 - that is what it is for
    "GОRЕ": "gore",  # noqa: RUF001
    "𝓰𝓸𝓻𝓮": "gore",  # noqa: RUF001
    "ｇｏｒｅ": "gore",  # noqa: RUF001
    "g0re": "gore",
    "g o r e": "gore",
    "a g.o.r.e": "gore",
    "g-o-r-e!": "gore",
    "gore!!!": "gore",
    "a bad word": "Bad Word",
    "bad   \n\t word": "Bad Word",
    "BAD-WORD": "Bad Word",
    "badword": "Bad Word",
    "b a d w o r d": "Bad Word",
    "kiII": "kill",
    "k1ll": "kill",
    "k!ll": "kill",
    "kіⅼǀ": "kill",  # noqa: RUF001
    "НОЖ": "нож",
    "a$$": "ass",
    "@ss": "ass",
    "a55": "ass",
    "resume": "résumé",
    "RE\u0301SUME\u0301": "résumé",
    "彼は殺すだろう": "殺す",
    "칼을 든 남자": "칼",
    "an 🍆 here": "🍆",
    "hell": "HELL",
    "ΗELL": "HELL",  # noqa: RUF001 - a capital Eta
    "неll": "HELL",  # noqa: RUF001 - small letters that look like capitals
    "don’t": "don't",  # noqa: RUF001
}
FREE = [
    "",
    "gory, category, Gorem, forego rest",
    "skill, killer whale, Achilles",
    "a bad sword, a word that is bad",
    "class of grass assassins pass",
    "455 people and 5 horses at 4:55",
    "the pen is mightier, as soon as",
    "shell, hello, 1e11",
    "ножницы",
    "각, 갈",
    "a b c d e",
    "a fox running through snow, 8 s, 16:9, v2!",
]


@pytest.mark.parametrize(("text", "word"), FOUND.items())
def test_a_word_is_found_however_it_is_spelt(text, word):
    assert LIST.find(text) == word


@pytest.mark.parametrize("text", FREE)
def test_a_text_without_a_word_of_the_list_is_free(text):
    assert LIST.find(text) is None


@pytest.mark.parametrize("text", [*FOUND, *FREE])
def test_an_empty_list_finds_nothing(text):
    assert WordList([]).find(text) is None


@pytest.mark.parametrize("alike", ["GORE", " gore ", "g\u200bore", "gоrе", "ｇore"])  # noqa: RUF001
def test_words_that_look_alike_are_one(alike):
    assert key_of(alike) == key_of("gore") == "gore"


def test_what_shows_nothing_has_no_key_and_a_sign_has_one():
    assert key_of(" \u200b\u2800\u0301") == ""
    assert key_of("🍆") == "🍆"
    assert key_of("Bad-  word") == "bad word"
