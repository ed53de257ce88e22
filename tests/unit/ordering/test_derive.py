"""Requests derived from earlier ones: what is kept, what is changed, what a model leaves out."""

from dataclasses import replace

import pytest

from bot.catalog.capability import Kind, check
from bot.catalog.pricing import Price
from bot.catalog.request import Derivation, Parent, Shot
from bot.errors import InvalidRequestError
from bot.ids import JobId, ModelId
from bot.ordering import derive
from tests.factories import make_capability, make_image, make_request

JOB = JobId("abcdefghijklm234")
A, B, C = (make_image(key=f"{name}.png") for name in "abc")
TEXT_ONLY = make_capability(kinds=frozenset({Kind.TEXT}), end_image=False)
FOLLOWS = make_capability(kinds=frozenset({Kind.TEXT}), end_image=False, reference_images_max=3)


@pytest.mark.parametrize(("takes_seed", "seed"), [(True, 7), (False, None)])
def test_again_is_the_same_but_for_the_seed(takes_seed, seed):
    request = make_request(seed=3, image=A)

    made = derive.again(request, make_capability(seed=takes_seed), 7, JOB)

    assert made == replace(request, seed=seed, parent=Parent(Derivation.AGAIN, JOB))


@pytest.mark.parametrize(
    ("continuous", "next_image", "number", "leads_on"),
    [
        (True, None, 1, True),
        (True, None, 2, True),
        (True, None, 3, False),  # the last one
        (False, None, 1, False),
        (True, A, 1, False),  # the next one starts from a picture of its own
    ],
)
def test_a_shot_leads_on_where_the_next_one_started_from_its_last_frame(
    continuous, next_image, number, leads_on
):
    shots = (Shot("one"), Shot("two", image=next_image), Shot("three"))
    request = make_request(shots=shots, continuous=continuous)

    assert derive.leads_on(request, number) is leads_on


@pytest.mark.parametrize("derivation", Derivation)
def test_what_is_made_from_an_extension_counts_its_extensions(derivation):
    earlier = make_request(parent=Parent(Derivation.EXTEND, JOB, 2))

    assert derive.parent_of(derivation, earlier, None) == Parent(derivation, None, 2)
    assert derive.parent_of(derivation, make_request(), JOB) == Parent(derivation, JOB, 0)


def test_a_remix_is_what_the_form_made_of_it():
    request = make_request(parent=Parent(Derivation.EXTEND, None, 1), image=A)
    changed = replace(request, prompt=" a bear ", duration_seconds=10)

    made = derive.remixed(request, changed, JOB)

    parent = Parent(Derivation.REMIX, JOB, 1)
    assert made == replace(changed, prompt="a bear", parent=parent)


@pytest.mark.parametrize(
    ("before", "capability", "after"),
    [
        ({"image": A, "end_image": B}, make_capability(), (A, B, ())),
        ({"image": A, "end_image": B}, make_capability(end_image=False), (A, None, ())),
        ({"image": A, "end_image": B}, TEXT_ONLY, (None, None, ())),
        ({"reference_images": (A, B)}, TEXT_ONLY, (None, None, ())),
        ({"reference_images": (A, B)}, FOLLOWS, (None, None, (A, B))),
    ],
)
def test_a_model_keeps_the_pictures_that_it_can_take(before, capability, after):
    made = derive.with_usable_pictures(make_request(**before), capability)

    assert (made.image, made.end_image, made.reference_images) == after
    assert check(made, capability) == ()
    assert derive.without_pictures(made).pictures == ()


STORY = make_request(
    prompt="one / two",
    reference_images=(A,),
    shots=tuple(Shot(one, reference_images=(A,)) for one in ("one", "two")),
)


def test_a_storyboard_is_written_one_shot_per_line_and_read_back():
    assert derive.text_of(STORY) == "one\ntwo"
    made = derive.remixed(STORY, replace(STORY, prompt="one\n\n three\nfour"), JOB)

    assert [shot.prompt for shot in made.shots] == ["one", "three", "four"]
    assert {shot.reference_images for shot in made.shots} == {(A,)}
    assert made.prompt == "one / three / four"


def test_new_pictures_of_a_storyboard_are_those_of_every_shot():
    given = replace(STORY, prompt="one\ntwo", image=B, end_image=C, reference_images=())

    made = derive.remixed(STORY, given, JOB)

    assert {shot.reference_images for shot in made.shots} == {(B, C)}
    assert (made.image, made.end_image, made.reference_images) == (None, None, (B, C))


@pytest.mark.parametrize(("chosen", "seconds"), [(5, 24), (3, 9), (None, None)])
def test_a_length_that_was_chosen_is_that_of_every_shot(chosen, seconds):
    """Otherwise the video would cost more than the form says."""
    shots = tuple(Shot(one, duration_seconds=8) for one in ("one", "two", "three"))
    original = make_request(duration_seconds=5, shots=shots)
    changed = replace(original, prompt="one\ntwo\nthree", duration_seconds=chosen)

    assert derive.remixed(original, changed, JOB).total_seconds == seconds


@pytest.mark.parametrize("text", ["", " \n \n"])
def test_an_emptied_storyboard_is_refused(text):
    with pytest.raises(InvalidRequestError, match="no shots"):
        derive.remixed(STORY, replace(STORY, prompt=text), JOB)


def priced(name, micros, seconds=5):
    model = make_capability(model_id=ModelId(name), name=name)
    return make_request(duration_seconds=seconds), model, Price(micros)


def test_better_costs_more_and_is_of_the_family_first():
    others = [
        priced("Sora", 300),
        priced("Kling Standard", 90),
        priced("Kling Master", 900),
        priced("Kling Pro", 400),
        priced("Veo", 200),
        priced("Veo Long", 150, seconds=10),
    ]

    found = derive.better(make_request(), make_capability(name="Kling Lite"), 100, others, ["Sora"])

    names = [model.name for _, model, _ in found]
    assert names == ["Kling Pro", "Kling Master", "Sora", "Veo", "Veo Long"]


MADE = (JobId("shot-1"), JobId("shot-2"))
BOARD = make_request(
    prompt="a fox / a hare", shots=(Shot("a fox", A, duration_seconds=8), Shot("a hare"))
)


@pytest.mark.parametrize(
    ("number", "words", "prompts", "reuses"),
    [
        (1, "an owl\n at night ", "an owl at night / a hare", (None, MADE[1])),
        (2, "an owl", "a fox / an owl", (MADE[0], None)),
        (2, " ", "a fox / a hare", (MADE[0], None)),
    ],
)
def test_one_shot_is_remade_and_the_others_are_used_as_they_are(number, words, prompts, reuses):
    made = derive.remade(BOARD, MADE, number, words, seed=7, job_id=JOB)

    assert made.prompt == prompts
    assert tuple(shot.reuses for shot in made.shots) == reuses
    assert (made.shots[0].image, made.shots[0].duration_seconds) == (A, 8)
    assert (made.seed, made.parent) == (7, Parent(Derivation.REMAKE, JOB))
    assert derive.whole(made) == replace(
        made, shots=tuple(replace(shot, reuses=None) for shot in made.shots)
    )
    assert derive.whole(BOARD) == BOARD
