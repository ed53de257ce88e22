"""A member sees the models that make such videos, the cheapest first."""

from typing import Any

import pytest

from bot.catalog.capability import Kind
from bot.catalog.models import (
    ModelDescription,
    ModelFilter,
    Use,
    by_price,
    fits,
)
from bot.catalog.pricing import Price
from bot.ids import ModelId
from tests.factories import make_capability

PLAIN = make_capability(kinds=frozenset(), end_image=False)
ABLE: dict[Use, dict[str, Any]] = {
    Use.WORDS: {"kinds": frozenset({Kind.TEXT})},
    Use.PICTURE: {"kinds": frozenset({Kind.IMAGE})},
    Use.TWO_PICTURES: {"end_image": True},
    Use.REFERENCES: {"reference_images_max": 1},
    Use.SHOTS: {"shots_max": 2},
}


def plain(**fields):
    return make_capability(**({"kinds": frozenset(), "end_image": False} | fields))


def described(name, micros):
    price = None if micros is None else Price(micros)
    return ModelDescription(make_capability(name=name), price, 60)


def names(found):
    return [one.capability.name for one in found]


@pytest.mark.parametrize("use", Use)
def test_a_use_finds_the_models_that_can_do_it_and_no_others(use):
    able = {other: fits(plain(**fields), ModelFilter(use)) for other, fields in ABLE.items()}

    assert able == {other: other is use for other in Use}


def test_without_a_filter_every_model_fits():
    assert fits(PLAIN, ModelFilter())


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("", True),
        ("  ", True),
        ("VEO", True),
        ("lite veo", True),
        ("3-1", True),
        ("veo kling", False),
        ("fast", False),
    ],
)
def test_every_word_must_stand_in_the_name_or_the_id(words, is_found):
    model = plain(name="Veo 3.1 Lite", model_id=ModelId("veo3-1-lite-video"))

    assert fits(model, ModelFilter(words=words)) is is_found


def test_use_and_words_must_both_hold():
    model = plain(name="Veo", shots_max=20)

    assert fits(model, ModelFilter(Use.SHOTS, words="veo"))
    assert not fits(model, ModelFilter(Use.WORDS, words="veo"))
    assert not fits(model, ModelFilter(Use.SHOTS, words="kling"))


def test_the_cheapest_come_first_and_last_those_whose_price_is_not_known():
    found = by_price(
        [described("c", None), described("b", 2), described("a", 2), described("d", 1)],
        ModelFilter(),
    )

    assert names(found) == ["d", "a", "b", "c"]


@pytest.mark.parametrize(("most", "found"), [(2, ["a", "b"]), (1, ["a"]), (0, [])])
def test_a_price_is_a_limit_that_may_be_reached_and_an_unknown_one_is_beyond_any(most, found):
    models = [described("b", 2), described("a", 1), described("expensive", 3), described("?", None)]

    assert names(by_price(models, ModelFilter(most_micros=most))) == found
