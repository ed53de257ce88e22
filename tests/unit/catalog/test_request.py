"""A request is a video of one shot, or a storyboard of several."""

from bot.catalog.request import Shot
from tests.factories import make_image, make_request

FIRST, LAST, FACE, HAT = (make_image(key=key) for key in ("first", "last", "face", "hat"))


def test_a_video_that_is_no_storyboard_is_one_shot_of_its_own_words_and_pictures():
    request = make_request(image=FIRST, end_image=LAST, reference_images=(FACE,))

    assert request.parts == (Shot(request.prompt, FIRST, LAST, (FACE,)),)


def test_a_storyboard_is_its_shots_and_nothing_else():
    shots = (Shot("a"), Shot("b", FIRST))

    assert make_request(image=LAST, shots=shots).parts == shots


def test_a_shots_pictures_stand_in_the_order_in_which_a_service_is_given_them():
    assert Shot("a", FIRST, LAST, (FACE, HAT)).pictures == (FIRST, LAST, FACE, HAT)
    assert Shot("a", end_image=LAST).pictures == (LAST,)
    assert Shot("a").pictures == ()


def test_a_picture_of_several_shots_is_listed_once_where_it_comes_first():
    shots = (Shot("a", reference_images=(FACE, HAT)), Shot("b", FIRST, reference_images=(FACE,)))

    assert make_request(shots=shots).pictures == (FACE, HAT, FIRST)


def test_pictures_beside_a_storyboard_are_not_its_pictures():
    assert make_request(image=FIRST, shots=(Shot("a"), Shot("b"))).pictures == ()
