"""What a form offers of a catalog that is longer than a list, and what pictures are for."""

from dataclasses import replace

import pytest

from bot.catalog.menu import arranged, offered_lengths, offered_models, offered_shapes
from bot.catalog.pricing import PriceLine, PriceList
from bot.ids import ModelId
from tests.factories import make_capability, make_image, make_request


def model(name, micros=500_000, **fields):
    prices = PriceList((PriceLine(micros),)) if micros is not None else PriceList(())
    return make_capability(model_id=ModelId(name), name=name, prices=prices, **fields)


def names(found):
    return [one.model_id for one in found]


def test_first_come_those_named_then_known_ones_then_the_cheapest():
    models = [model("costly", 9), model("cheap", 1), model("known", 5), model("mine", 7)]

    found = offered_models(models, [ModelId("mine")], ["known"], 3)

    assert names(found) == ["mine", "known", "cheap"]


def test_a_model_without_a_listed_price_comes_after_those_that_have_one():
    models = [model("secret", None), model("costly", 9)]

    assert names(offered_models(models, [], [], 25)) == ["costly", "secret"]


@pytest.mark.parametrize("count", [0, 1, 23, 24, 200])
def test_there_are_never_more_than_a_list_holds(count):
    models = [model(f"m{number}", number) for number in range(count)]

    assert len(offered_models(models, [], [], 23)) == min(count, 23)


def test_lengths_are_those_that_most_models_make_in_order():
    models = [
        model("a", durations_seconds=(10, 5, 5)),
        model("b", durations_seconds=(5, 8)),
        model("c", durations_seconds=(8, 5)),
    ]

    assert offered_lengths(models, None, 2) == [5, 8]
    assert offered_lengths(models, 7, 3) == [5, 7, 8]
    assert offered_lengths([], None, 24) == []


def test_the_shape_that_was_chosen_is_offered_also_where_no_model_makes_it():
    models = [model("a", aspect_ratios=("16:9", "1:1")), model("b", aspect_ratios=("16:9",))]

    assert offered_shapes(models, None, 5) == ["16:9", "1:1"]
    assert offered_shapes(models, "3:2", 2) == ["3:2", "16:9"]
    assert offered_shapes(models, "1:1", 2) == ["16:9", "1:1"]


@pytest.mark.parametrize(("count", "used"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)])
def test_pictures_start_a_video_end_it_or_appear_in_it(count, used):
    before = make_request(image=make_image(key="old"), reference_images=(make_image(key="o"),))
    given = [make_image(key=str(number)) for number in range(count)]

    request = arranged(before, given)

    expected = replace(
        before,
        image=given[0] if count in {1, 2} else None,
        end_image=given[1] if count == 2 else None,
        reference_images=tuple(given) if count > 2 else (),
    )
    assert request == expected
    assert len(request.pictures) == used
