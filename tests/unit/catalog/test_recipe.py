"""A recipe says how a video was made, and never by whom; what strangers wrote is read with care."""

import json
import time

import pytest
from hypothesis import given, strategies as st

from bot.catalog.recipe import MAX_PROMPT, MAX_TEXT, read_recipe, without_people, write_recipe
from bot.catalog.request import Derivation, Parent, Shot
from bot.ids import JobId
from tests.factories import make_image, make_request, make_video

WHOLE = {
    "showreel": 1,
    "prompt": "a fox",
    "model": "fake/model-1.5",
    "seconds": 8,
    "shape": "16:9",
    "resolution": "720p",
    "seed": 0,
    "sound": False,
}


def test_a_request_is_read_as_it_was_written_but_for_pictures_and_ids():
    request = make_request(
        negative_prompt="rain",
        seed=7,
        audio=False,
        image=make_image(key="face.png"),
        source_video=make_video(key="old.mp4"),
        parent=Parent(Derivation.EXTEND, JobId("secret-job"), extended=2),
    )
    text = write_recipe(request)
    found = read_recipe(text)

    assert "\n" not in text
    assert not {"face", "old.mp4", "secret-job"} & set(text.replace('"', " ").split())
    assert found == make_request(
        negative_prompt="rain", seed=7, audio=False, parent=Parent(Derivation.EXTEND, extended=2)
    )


def test_shots_keep_their_prompts():
    shots = (Shot("one", image=make_image()), Shot("two"))
    found = read_recipe(write_recipe(make_request(shots=shots)))

    assert found is not None
    assert found.shots == (Shot("one"), Shot("two"))


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ("hello <@123456789012345678> there", "hello there"),
        ("<@!123> and <@&456> in <#789>", "and in"),
        ("a <:fox:123456789012345678> runs", "a :fox: runs"),
        ("an <a:fox_2:1> runs", "an :fox_2: runs"),
        ("</video:123456789012345678> a cat", "a cat"),
        ("see https://discord.com/channels/123456789012345678/2/3 now", "see now"),
        ("join discord.gg/abcdef now", "join now"),
        ("from https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", "from"),
        ("user 123456789012345678", "user"),
        ("@Image1 dances at 60 fps in 2026", "@Image1 dances at 60 fps in 2026"),
        ("a <b>bold</b> move & <3", "a <b>bold</b> move & <3"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_people_and_places_are_left_out(prompt, left):
    assert without_people(prompt) == left
    found = read_recipe(write_recipe(make_request(prompt=prompt)))
    assert found is not None
    assert found.prompt == left


def test_a_prompt_of_a_mention_alone_leaves_no_recipe():
    assert read_recipe(write_recipe(make_request(prompt="<@123456789012345678>"))) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "a comment", "Lavf59.27.100", "vid:v12044gd0000", "<html>showreel</html>", "null"),
        *(
            "[]",
            '"showreel"',
            "[" * 10_000,
            '{"showreel": 1',
            '{"showreel": NaN}',
            '{"a": "showreel"}',
        ),
        *(
            '{"prompt": {"3": {"class_type": "KSampler"}}, "showreel": 1}',
            '{"showreel": 2, "prompt": "a", "model": "b"}',
        ),
        json.dumps(WHOLE | {"prompt": "x" * (MAX_PROMPT + 1)}),
        json.dumps(WHOLE | {"more": "x" * MAX_TEXT}),
        json.dumps(WHOLE | {"prompt": ""}),
        json.dumps(WHOLE | {"prompt": ["a"]}),
        json.dumps(WHOLE | {"prompt": "\u0000\ud800"}),
        json.dumps(WHOLE | {"model": "<script>"}),
        json.dumps(WHOLE | {"model": "a\nb"}),
        json.dumps(WHOLE | {"model": 7}),
        '{"showreel": 1, "prompt": "a", "model": "b", "seed": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_recipe_is_none(text):
    assert read_recipe(text) is None


WRONG: dict[str, list[object]] = {
    "seconds": [0, -1, 10**9, 1.5, True, "8", None, [], {}],
    "seed": [-1, 2**63, True, "7", 1e300],
    "sound": [0, 1, "yes", None],
    "shape": [16, "", "x" * 101, "a\nb", "<b>"],
    "shots": ["one", [1], [""], ["x"] * 51, {"0": "x"}],
    "derivation": ["", "stolen", 3, None, ["extend"]],
    "extended": [-1, 10**9, "2"],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_field_out_of_bounds_is_left_out_alone(name):
    whole = {key: one for key, one in WHOLE.items() if key != name}

    for wrong in WRONG[name]:
        assert read_recipe(json.dumps(WHOLE | {name: wrong})) == read_recipe(json.dumps(whole))


@given(
    st.text(max_size=300), st.none() | st.text(max_size=50), st.none() | st.integers(0, 2**63 - 1)
)
def test_any_prompt_comes_through_or_leaves_no_recipe(prompt, negative, seed):
    text = write_recipe(make_request(prompt=prompt, negative_prompt=negative, seed=seed))
    found = read_recipe(text)

    assert found is None or read_recipe(write_recipe(found)) == found


def test_a_long_storyboard_still_fits():
    shots = tuple(Shot("é" * MAX_PROMPT) for _ in range(20))

    assert len(write_recipe(make_request(shots=shots))) <= MAX_TEXT


@pytest.mark.parametrize("letter", ["a", "1", "<@", "</a", "http://", "a.", "discord."])
def test_the_longest_text_of_a_strangers_file_is_read_at_once(letter):
    words = (letter * MAX_PROMPT)[: MAX_PROMPT - 100]
    told = {"showreel": 1, "prompt": words, "model": "a", "negative": words, "shots": [words] * 5}
    text = json.dumps(told)
    assert len(text) <= MAX_TEXT
    begun = time.process_time()

    read_recipe(text)

    assert time.process_time() - begun < 0.1
