"""What a preset may be called and hold, and what comes of it; members' text is never formatted."""

import time

import pytest

from bot.catalog.presets import (
    MAX_TEMPLATE,
    Preset,
    PresetOwner,
    expanded,
    name_key,
    preset_of,
)
from bot.ids import UserId
from tests.factories import make_image, make_request

OWNER = PresetOwner(user_id=UserId(30))
TEMPLATE = "claymation of {prompt}, soft light"


def reasons_of(name="Clay", template=TEMPLATE):
    return preset_of(OWNER, name, make_request(prompt=template))[1]


def test_a_request_is_kept_without_what_belongs_to_one_video():
    request = make_request(
        prompt=f"  {TEMPLATE}\n", image=make_image(), is_spoiler=True, continuous=True
    )

    preset, reasons = preset_of(OWNER, "  Clay   ", request)

    assert reasons == ()
    assert (preset.name, preset.request.prompt) == ("Clay", TEMPLATE)
    assert (preset.request.image, preset.request.is_spoiler) == (None, False)
    assert not preset.request.continuous
    assert preset.request.aspect_ratio == request.aspect_ratio


@pytest.mark.parametrize(
    "name", ["a", "Clay 2", "Ada's look", "Élan", "日本アニメ", "R&B (slow)", "🎬 noir", "x" * 40]
)
def test_names_that_people_give_are_taken(name):
    assert reasons_of(name) == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "A preset needs a name. Write one of 1 to 40 characters."),
        ("   ", "A preset needs a name. Write one of 1 to 40 characters."),
        ("x" * 200, "The name has 200 characters; the limit is 40. Shorten it by 160."),
        ("<@123>", "A name has letters, digits, spaces and simple signs. Leave out < @ >."),
        ("@everyone", "A name has letters, digits, spaces and simple signs. Leave out @."),
        ("a\x00b", "A name has letters, digits, spaces and simple signs. Leave out the hidden characters."),
        ("a\nb", "A name has letters, digits, spaces and simple signs. Leave out the hidden characters."),
        ("a\u202eb", "A name has letters, digits, spaces and simple signs. Leave out the hidden characters."),
        ("a\u200bb", "A name has letters, digits, spaces and simple signs. Leave out the hidden characters."),
        ("\u3164", "A name has letters, digits, spaces and simple signs. Leave out \u3164."),
        ("Clay\u2800", "A name has letters, digits, spaces and simple signs. Leave out \u2800."),
        ("\U0001d159", "A name has letters, digits, spaces and simple signs. Leave out \U0001d159."),
        ("\ufe0f", "A preset's name needs a letter or a digit. Add one."),
        ("\u034f\U000e0100", "A preset's name needs a letter or a digit. Add one."),
        ("{prompt}", "A name has letters, digits, spaces and simple signs. Leave out { }."),
        ("`x` **y**", "A name has letters, digits, spaces and simple signs. Leave out ` *."),
    ],
)  # fmt: skip
def test_any_other_name_is_refused_in_one_sentence_that_says_what_to_change(name, said):
    assert reasons_of(name) == (said,)


@pytest.mark.parametrize(
    "alike",
    [
        *("clay", "CLAY", "Сlау", "ｃｌａｙ", "C L A Y", "Cláy", "𝓒lay"),  # noqa: RUF001 - look-alikes
        *("Clay\ufe0f", "Cl\u034fay", "Clay\U000e0101", "\u180bClay", "C\u17b4lay"),
    ],
)
def test_names_that_look_alike_are_the_same(alike):
    assert name_key(alike) == name_key("Clay")


def test_names_that_differ_are_different():
    names = ["Clay", "Clay 2", "Play", "日本", "日木", "🎬", "🎥", "กิน", "กัน"]

    assert len({name_key(name) for name in names}) == len(names)


@pytest.mark.parametrize("template", ["", "a fox", "{Prompt", "prompt"])
def test_a_template_without_its_placeholder_is_refused(template):
    [said] = reasons_of(template=template)

    assert said == "The template has no `{prompt}`. Write it where the words of each video go."


@pytest.mark.parametrize(
    "other",
    ["{0}", "{}", "{prompt!r}", "{prompt:>10}", "{ prompt }", "{{prompt}}", "{user}", "{prompt.__class__}", "{PROMPT}"],
)  # fmt: skip
def test_other_braces_are_refused_and_named(other):
    [said] = reasons_of(template=f"{{prompt}} and {other}")

    assert said == f"I can't fill in `{other}`. The only placeholder is `{{prompt}}`."


def test_braces_that_hold_no_name_stay_as_they_are():
    template = '{"scene": "{prompt}", "light": {"kind": "soft"}} {%d} {'

    preset, reasons = preset_of(OWNER, "JSON", make_request(prompt=template))

    assert reasons == ()
    assert '{"scene": "a fox"' in expanded(preset, "a fox").prompt


@pytest.mark.parametrize("words", ["{prompt}", "{0}", "{prompt!r} %s $x", "{" * 50, "\\1", "a\nb"])
def test_what_members_write_is_put_in_as_it_is(words):
    preset = Preset(OWNER, "Clay", make_request(prompt="<{prompt}>"))

    assert expanded(preset, words).prompt == f"<{words}>"


def test_a_long_template_is_refused_with_everything_else():
    said = reasons_of("", "x" * (MAX_TEMPLATE + 7))

    assert len(said) == 3
    assert said[2].endswith("Shorten it by 7.")


@pytest.mark.parametrize("start", ["{", "{ a", "{\n", "{prompt}{", "{ " * 50 + "{"])
@pytest.mark.parametrize("filler", [" ", "\n", "a", ".", "\0", " a", "!", ":"])
def test_no_template_holds_everyone_else_up(start, filler):
    """Whatever follows a brace: as many characters as Discord lets a member send."""
    template = start + filler * (6000 // len(filler)) + "x{prompt}"
    began = time.process_time()

    reasons_of(template=template)

    assert time.process_time() - began < 0.2
