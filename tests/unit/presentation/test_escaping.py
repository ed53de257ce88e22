"""No prompt pings, links, formats or deceives."""

import string

import pytest
from hypothesis import given, strategies as st

from bot.presentation.escaping import plain, slug, visible
from tests.unit.presentation.corpus import CORPUS


@pytest.mark.parametrize("text", CORPUS)
def test_no_prompt_pings_links_or_formats(text):
    safe = plain(text, most=900)

    assert "@everyone" not in safe
    assert "](" not in safe
    assert "\n" not in safe
    for at, sign in enumerate(safe):
        if sign in "<`*|~":
            assert safe[at - 1] in "\\`*|~", safe


@pytest.mark.parametrize("sign", "\u202e\u2066\u200b\u200e\u2060\ufeff\x00\x1b\u00ad")
def test_what_cannot_be_seen_is_taken_out(sign):
    assert visible(f"a{sign}b") == "ab"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian "I want"
        "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc",
        "\u0915\u094d\u200d\u0937",  # Hindi, a half letter
        "\u0d28\u0d4d\u200d",  # Malayalam, at the end of a word
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala "Sri"
        "\u1820\u180e\u1820",  # Mongolian
        "\u0661\u06dd",  # an Arabic sign around a number
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f\u200d\U0001f525",  # a heart on fire
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
        "a\nb",
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pay\u200cpal", "paypal"),
        ("pay\u200dpal", "paypal"),
        ("\u0645\u06cc\u200c\u200c\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\u200c\u0645", "\u0645"),
        ("\u3042\u200d\u3044", "\u3042\u3044"),
        ("a\U000e0061\U000e0062\U000e007fb", "ab"),  # words in tags, which only models read
        ("\U0001f3f4\U000e0061", "\U0001f3f4"),
        ("x\ufe00\ufe01\ufe02\U000e0100\U000e0101y", "x\ufe00y"),  # bytes in selectors
        ("a\u3164b\u115fc\uffa0d", "abcd"),
        ("a\u202eb\u2066c\u061cd\u200ee", "abcde"),
        ("a\u00adb\u2060c\ufeffd\u200be", "abcde"),
    ],
)
def test_what_is_there_to_deceive_goes(text, seen):
    assert visible(text) == seen


@given(st.text(max_size=60))
def test_what_is_visible_stays_as_it_is(text):
    assert visible(visible(text)) == visible(text)


@given(st.text(max_size=200) | st.sampled_from(CORPUS), st.integers(1, 200))
def test_what_is_shown_is_never_longer_than_its_room(text, most):
    assert len(plain(text, most=most)) <= most


@given(st.text(max_size=100))
def test_a_file_name_is_plain_letters_and_never_empty(text):
    assert set(slug(text)) <= set(string.ascii_lowercase + string.digits + "-")
    assert 0 < len(slug(text)) <= 40
