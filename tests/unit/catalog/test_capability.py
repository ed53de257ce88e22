"""A request that does not fit is told every reason at once, each with what to change."""

from dataclasses import replace

import pytest

from bot.catalog.capability import (
    Audio,
    Kind,
    check,
    complete,
    makes_at_once,
)
from bot.catalog.request import Shot
from tests.factories import make_capability, make_image, make_request

PLAIN = make_capability(
    kinds=frozenset({Kind.TEXT}),
    audio=Audio.NEVER,
    end_image=False,
    negative_prompt=False,
    seed=False,
    prompt_max_characters=20,
)


def bare(**fields):
    """A request that leaves every choice to the model."""
    nothing = {"duration_seconds": None, "resolution": None, "aspect_ratio": None, "audio": None}
    return make_request(**(nothing | fields))


def test_a_request_that_fits_is_given_no_reason():
    assert check(make_request(), make_capability()) == ()


def test_what_is_left_to_the_model_always_fits():
    assert check(bare(prompt="a fox"), PLAIN) == ()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"prompt": " \n"}, "The prompt is empty. Describe what happens"),
        ({"prompt": "x" * 23}, "is 20. Shorten it by 3."),
        ({"image": make_image()}, "only works from text. Leave out `image`"),
        ({"end_image": make_image()}, "doesn't support a last picture. Leave out `end_image`."),
        ({"end_image": make_image()}, "needs a first one. Add `image`, too."),
        ({"duration_seconds": 6}, "makes videos of 5 or 10 s, not 6 s. The nearest is 5 s."),
        ({"resolution": "4k"}, "doesn't support `resolution` 4k. Choose 480p or 720p."),
        ({"aspect_ratio": "4:3"}, "doesn't support `aspect_ratio` 4:3. Choose 16:9, 9:16 or 1:1."),
        ({"audio": True}, "makes silent videos. Leave out `audio`."),
        ({"negative_prompt": "rain"}, "doesn't support `negative_prompt`. Leave it out."),
        ({"seed": 0}, "doesn't support `seed`. Leave it out."),
    ],
)
def test_each_reason_says_what_to_change(asked, says):
    reasons = check(bare(**({"prompt": "a fox"} | asked)), PLAIN)

    assert any(says in reason for reason in reasons), reasons


def test_a_word_of_thousands_of_characters_is_cut_in_its_reason():
    [reason] = check(make_request(resolution="4k" * 3000), make_capability())

    assert "doesn't support `resolution` 4k4k" in reason
    assert reason.endswith("…. Choose 480p or 720p.")
    assert len(reason) < 200


def test_every_reason_is_said_at_once():
    asked = make_request(
        prompt="", duration_seconds=7, resolution="4k", aspect_ratio="4:3", audio=True, seed=1
    )

    assert len(check(asked, PLAIN)) == 6


def test_a_model_that_only_animates_pictures_asks_for_one():
    model = make_capability(kinds=frozenset({Kind.IMAGE}))

    [reason] = check(make_request(), model)

    assert "Add a picture with `image`" in reason
    assert check(make_request(image=make_image()), model) == ()


@pytest.mark.parametrize("option", ["resolution", "aspect_ratio"])
def test_a_choice_that_a_model_does_not_offer_is_to_be_left_out(option):
    model = make_capability(resolutions=(), aspect_ratios=())
    asked = bare(**{option: "720p"})

    assert check(asked, model) == (f"Fake Model chooses `{option}` itself. Leave it out.",)


@pytest.mark.parametrize(
    ("durations", "wanted", "says"),
    [
        ((4, 5, 6, 7), 9, "videos of 4 to 7 s, not 9 s. The nearest is 7 s."),
        ((8,), 5, "videos of 8 s, not 5 s. The nearest is 8 s."),
        ((10, 5), 1, "videos of 5 or 10 s, not 1 s. The nearest is 5 s."),
        ((4, 6, 8), 7, "videos of 4, 6 or 8 s, not 7 s. The nearest is 6 s."),
    ],
)
def test_the_nearest_duration_is_named_and_between_two_the_shorter(durations, wanted, says):
    model = make_capability(durations_seconds=durations)

    [reason] = check(make_request(duration_seconds=wanted), model)

    assert says in reason


def test_every_billable_switch_is_written_out():
    completed = complete(bare(), make_capability())

    assert completed == make_request(audio=False)


def test_what_a_member_chose_is_kept():
    asked = make_request(duration_seconds=10, resolution="480p", aspect_ratio="1:1", audio=True)

    assert complete(asked, make_capability()) == asked


@pytest.mark.parametrize(
    ("audio", "is_on"), [(Audio.NEVER, False), (Audio.OPTIONAL, False), (Audio.ALWAYS, True)]
)
def test_sound_is_off_unless_it_cannot_be(audio, is_on):
    assert complete(bare(), make_capability(audio=audio)).audio is is_on


@pytest.mark.parametrize(
    ("width", "height", "ratio"), [(1920, 1080, "16:9"), (1080, 1920, "9:16"), (500, 480, "1:1")]
)
def test_a_video_takes_the_shape_of_its_picture(width, height, ratio):
    asked = bare(image=make_image(width=width, height=height))

    assert complete(asked, make_capability()).aspect_ratio == ratio


@pytest.mark.parametrize("ratios", [(), ("auto", "1:0", "wide:tall")])
def test_where_no_shape_has_numbers_a_picture_gets_the_default(ratios):
    model = make_capability(aspect_ratios=ratios, default_aspect_ratio="auto")

    assert complete(bare(image=make_image()), model).aspect_ratio == "auto"


BOARD = make_capability(
    shots_max=3,
    reference_images_max=2,
    resolutions=("720p", "1080p", "4k"),
    one_shot_resolutions=frozenset({"4k"}),
    prompt_max_characters=20,
)
FACES = tuple(make_image(key=f"face-{number}.png") for number in range(3))


def board(*shots, **fields):
    """A storyboard of these prompts, or shots."""
    parts = tuple(shot if isinstance(shot, Shot) else Shot(shot) for shot in shots)
    return make_request(prompt="beyond any limit " * 9, shots=parts, **fields)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_storyboard_of_as_many_shots_as_a_model_joins_fits(count):
    assert check(board(*["a fox"] * count), BOARD) == ()


def test_too_many_shots_are_told_how_many_to_leave_out():
    [reason] = check(board(*["a fox"] * 22), replace(BOARD, shots_max=20))

    assert reason == (
        "A storyboard has up to 20 shots here, and you wrote 22."
        " Leave 2 out, or split it into several storyboards."
    )


def test_a_model_of_single_shots_makes_a_storyboard_shot_by_shot():
    asked = board("a fox", "a hare")

    assert check(asked, make_capability()) == ()
    assert not makes_at_once(asked, make_capability())
    assert makes_at_once(asked, make_capability(shots_max=2))


@pytest.mark.parametrize("fields", [{"continuous": True}, {"resolution": "4k"}])
def test_what_one_submission_cannot_do_is_made_shot_by_shot(fields):
    assert not makes_at_once(board("a fox", "a hare", **fields), BOARD)
    assert not makes_at_once(board(Shot("a fox", duration_seconds=5), "a hare"), BOARD)
    assert makes_at_once(board("a fox", "a hare"), BOARD)


def test_twenty_one_shots_are_made_by_who_makes_them_at_once_alone():
    asked = board(*["a fox"] * 21)

    [reason] = check(asked, make_capability())
    assert reason.startswith("A storyboard has up to 20 shots here, and you wrote 21. Leave 1 out")
    assert check(asked, make_capability(shots_max=21)) == ()
    assert check(replace(asked, continuous=True), make_capability(shots_max=21)) == (reason,)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"kinds": frozenset({Kind.TEXT})}, "only works from text"),
        ({"takes_files": False}, "can't start a shot from the last frame"),
    ],
)
def test_not_every_model_continues_a_shot(fields, why):
    asked = board("a fox", "a hare", continuous=True)

    [reason] = check(asked, make_capability(**fields))

    assert why in reason
    assert "Leave out `continuous`" in reason


def test_a_continued_shot_follows_no_references():
    asked = board(Shot("a fox", reference_images=FACES[:1]), "a hare", continuous=True)

    [reason] = check(asked, make_capability(reference_images_max=3))

    assert "Leave out `continuous` or the references." in reason


def test_each_shot_may_have_a_length_that_the_model_makes():
    shots = [Shot("a fox", duration_seconds=10), Shot("a hare", duration_seconds=7)]

    [reason] = check(board(*shots), make_capability())

    assert reason == "Shot 2: Fake Model makes videos of 5 or 10 s, not 7 s. The nearest is 5 s."


def test_each_shot_is_checked_and_named_by_its_number():
    shots = [Shot("a fox"), Shot(" "), Shot("x" * 23), Shot("a hare", end_image=make_image())]
    reasons = check(board(*shots), replace(BOARD, shots_max=4))

    assert [reason.split(":")[0] for reason in reasons] == ["Shot 2", "Shot 3", "Shot 4"]
    assert "is empty" in reasons[0]
    assert "Shorten it by 3" in reasons[1]
    assert "needs a first one" in reasons[2]


def test_every_reason_of_a_storyboard_is_said_at_once():
    shots = [Shot("", reference_images=FACES), *["a fox"] * 3]
    asked = board(*shots, resolution="4k", duration_seconds=7, aspect_ratio="4:3", audio=True)
    reasons = check(asked, replace(BOARD, audio=Audio.NEVER))

    said = "\n".join(reasons)
    for words in (
        "Shot 1: The prompt is empty",
        "Shot 1: Fake Model takes up to 2 reference pictures. Leave out 1.",
        "not 7 s. The nearest is 5 s.",
        "doesn't support `aspect_ratio` 4:3. Choose 16:9, 9:16 or 1:1.",
        "silent videos. Leave out `audio`.",
    ):
        assert words in said
    assert len(reasons) == 5


def test_a_resolution_for_single_shots_is_fine_for_a_single_shot():
    assert check(board("a fox", resolution="4k"), BOARD) == ()
    assert check(make_request(prompt="a fox", resolution="4k"), BOARD) == ()


@pytest.mark.parametrize("count", [1, 2])
def test_reference_pictures_that_a_model_takes_fit(count):
    assert check(make_request(prompt="a fox", reference_images=FACES[:count]), BOARD) == ()


def test_reference_pictures_that_no_model_asked_for_are_to_be_left_out():
    [reason] = check(make_request(reference_images=FACES[:1]), make_capability())

    assert reason.startswith("Fake Model doesn't support reference pictures. Leave them out")


def test_a_video_does_not_both_begin_with_a_picture_and_follow_references():
    asked = make_request(prompt="a fox", image=make_image(), reference_images=FACES[:1])

    [reason] = check(asked, BOARD)

    assert "not both. Leave out `image` or the references." in reason


def test_a_model_that_only_animates_pictures_is_content_with_references():
    model = replace(BOARD, kinds=frozenset({Kind.IMAGE}))

    assert check(make_request(prompt="a fox", reference_images=FACES[:1]), model) == ()
    assert len(check(board("a", Shot("b", make_image())), model)) == 1


def test_what_is_wrong_with_every_shot_is_said_of_each():
    reasons = check(board("", ""), BOARD)

    assert [reason.split(":")[0] for reason in reasons] == ["Shot 1", "Shot 2"]


def test_a_storyboard_takes_the_shape_of_its_first_picture():
    tall = make_image(width=1080, height=1920)
    asked = replace(board(Shot("a", tall), Shot("b", make_image())), aspect_ratio=None)

    assert complete(asked, BOARD).aspect_ratio == "9:16"


def test_completing_leaves_shots_and_pictures_as_they_are():
    asked = replace(board(Shot("a", reference_images=FACES[:2]), "b"), resolution=None, audio=None)
    completed = complete(asked, BOARD)

    assert (completed.shots, completed.resolution, completed.audio) == (asked.shots, "720p", False)


def test_a_default_that_is_for_single_shots_is_not_chosen_for_a_storyboard():
    model = replace(BOARD, default_resolution="4k")

    assert complete(replace(board("a"), resolution=None), model).resolution == "4k"
    completed = complete(replace(board("a", "b"), resolution=None), model)
    assert check(completed, model) == ()
