"""Videos show what their words name, each thing as itself, and the same words the same video."""

import itertools

import pytest
from PIL import Image, ImageChops, ImageDraw

from sandbox.videos.drawing import Pen
from sandbox.videos.scenes import PALETTES, Scene
from sandbox.videos.subjects import COLOURS, SUBJECTS, coat_of, subject_of

SIZE = (160, 90)
PAINTS = sorted({subject.paint for subject in SUBJECTS.values()}, key=lambda paint: paint.__name__)
FEWEST_SUBJECTS = 20


def frame(prompt: str, share: float = 0.4) -> Image.Image:
    return Scene(prompt, SIZE, 5).frame(share)


def painted(paint, seconds: float = 0.4) -> Image.Image:
    """The thing alone, in one colour, on white."""
    canvas = Image.new("RGB", (240, 240), (255, 255, 255))
    paint(Pen(ImageDraw.Draw(canvas), 120, 130, 12, seconds, (200, 60, 60)))
    return canvas


def differing(one: Image.Image, other: Image.Image) -> int:
    """How many pixels are not the same."""
    found = ImageChops.difference(one, other).convert("L").histogram()
    return one.width * one.height - found[0]


def test_the_same_words_give_the_same_video_and_others_another():
    assert frame("a fox in the snow").tobytes() == frame("a fox in the snow").tobytes()
    assert frame("a fox in the snow").tobytes() != frame("a fox in the rain").tobytes()


def test_there_are_many_subjects_and_each_has_a_poll_of_its_own():
    pictures = [painted(paint) for paint in PAINTS]

    assert len(PAINTS) >= FEWEST_SUBJECTS
    for one, other in itertools.combinations(pictures, 2):
        assert differing(one, other) > 50  # a fox is a dog with a white tip, and a coat of its own


@pytest.mark.parametrize("paint", PAINTS, ids=lambda paint: paint.__name__)
def test_what_is_drawn_is_seen_and_all_of_it_is_in_the_picture(paint):
    canvas = painted(paint)
    box = ImageChops.difference(canvas, Image.new("RGB", canvas.size, (255, 255, 255))).getbbox()

    assert box is not None
    assert box[0] > 0
    assert box[1] > 0
    assert box[2] < canvas.width
    assert box[3] < canvas.height


@pytest.mark.parametrize("word", SUBJECTS)
def test_every_named_thing_is_in_its_video(word):
    words = f"a {word} by the sea"
    without = Scene(words, SIZE, 5)
    without._subject = None

    assert differing(frame(words), without.frame(0.4)) > 25


def test_a_thing_is_known_in_one_and_in_many_and_in_its_colour():
    fox = SUBJECTS["fox"]

    assert subject_of(["two", "cats"]) is SUBJECTS["cat"]
    assert subject_of(["nothing", "at", "all"]) is None
    assert coat_of(["a", "blue", "fox"], fox) == COLOURS["blue"]
    assert coat_of(["a", "fox"], fox) == fox.coat


def test_every_landscape_is_drawn_and_looks_like_no_other():
    pictures = [frame(f"{theme} x") for theme in PALETTES]

    for one, other in itertools.combinations(pictures, 2):
        assert differing(one, other) > SIZE[0] * SIZE[1] // 2


def test_rain_falls_where_it_is_asked_for():
    dry = Scene("a forest in the rain", SIZE, 5)
    dry._weather = "motes"

    assert differing(frame("a forest in the rain"), dry.frame(0.4)) > 100


def test_where_something_moves_two_moments_differ():
    assert differing(frame("a train", 0.2), frame("a train", 0.6)) > 100
