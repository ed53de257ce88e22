"""The most specific line is the price; where no line fits, nothing is guessed."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from bot.catalog.pricing import (
    Price,
    PriceLine,
    PriceList,
    dollars,
    price,
)
from bot.catalog.request import Shot
from tests.factories import make_image, make_request

LINES = (
    PriceLine(10),
    PriceLine(20, resolution="720p"),
    PriceLine(30, resolution="720p", audio=False),
    PriceLine(40, resolution="720p", audio=False, duration_seconds=5),
)


@pytest.mark.parametrize("lines", list(permutations(LINES)))
def test_the_most_specific_line_is_the_price_in_whatever_order_they_stand(lines):
    assert price(make_request(), PriceList(lines)) == Price(40)
    assert price(make_request(duration_seconds=10), PriceList(lines)) == Price(30)
    assert price(make_request(audio=True), PriceList(lines)) == Price(20)
    assert price(make_request(resolution="480p"), PriceList(lines)) == Price(10)


def test_a_price_per_second_counts_the_seconds():
    prices = PriceList((PriceLine(100_000, per_second=True),), is_estimate=True)

    assert price(make_request(duration_seconds=8), prices) == Price(800_000, is_estimate=True)


def test_a_video_from_a_picture_may_have_a_price_of_its_own():
    prices = PriceList((PriceLine(10, from_image=False), PriceLine(20, from_image=True)))

    assert price(make_request(), prices) == Price(10)
    assert price(make_request(image=make_image()), prices) == Price(20)


def test_sound_that_no_one_asked_for_is_priced_as_none():
    assert price(make_request(audio=None), PriceList((PriceLine(10, audio=False),))) == Price(10)


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({}, ()),
        ({"resolution": "480p"}, (PriceLine(10, resolution="720p"),)),
        ({"duration_seconds": None}, (PriceLine(10, per_second=True),)),
    ],
)
def test_where_the_list_has_no_answer_there_is_no_price(asked, lines):
    assert price(make_request(**asked), PriceList(lines)) is None


def test_a_storyboard_costs_each_of_its_shots():
    shots = (Shot("a"), Shot("b"), Shot("c"))

    assert price(make_request(shots=shots), PriceList((PriceLine(10),))) == Price(30)
    by_second = PriceList((PriceLine(10, per_second=True),))
    assert price(make_request(shots=shots, duration_seconds=8), by_second) == Price(240)
    assert price(make_request(shots=shots[:1]), by_second) == Price(50)


def test_a_minimum_is_that_of_the_whole_video_and_not_of_each_shot():
    prices = PriceList((PriceLine(10),), minimum_micros=25)

    assert price(make_request(), prices) == Price(25)
    assert price(make_request(shots=(Shot("a"), Shot("b"))), prices) == Price(25)
    assert price(make_request(shots=(Shot("a"), Shot("b"), Shot("c"))), prices) == Price(30)


def test_references_are_pictures_too_in_whatever_shot_they_are():
    prices = PriceList((PriceLine(10, from_image=False), PriceLine(20, from_image=True)))
    face = (make_image(key="face.png"),)

    assert price(make_request(reference_images=face), prices) == Price(20)
    shots = (Shot("a"), Shot("b", reference_images=face))
    assert price(make_request(shots=shots), prices) == Price(40)


@pytest.mark.parametrize(
    ("micros", "shown"),
    [
        (0, "$0.00"),
        (1, "$0.01"),
        (10_000, "$0.01"),
        (10_001, "$0.02"),
        (350_000, "$0.35"),
        (1_990_001, "$2.00"),
        (12_340_000, "$12.34"),
        (1_234_567_890_000, "$1,234,567.89"),
        (-500_000, "-$0.50"),  # given back
        (-1, "$0.00"),
    ],
)
def test_money_is_rounded_up_to_the_cent(micros, shown):
    assert dollars(micros) == shown


@given(st.integers(0, 10**12))
def test_nothing_looks_cheaper_than_it_is_nor_a_cent_more_expensive(micros):
    shown = int(dollars(micros).removeprefix("$").replace(".", "").replace(",", "")) * 10_000

    assert micros <= shown < micros + 10_000


@pytest.mark.parametrize("audio", [True, False])
@pytest.mark.parametrize(
    "lines",
    [
        (PriceLine(0),),
        (PriceLine(0, per_second=True),),
        (PriceLine(Decimal("0.0000001")),),
        (PriceLine(500, audio=True), PriceLine(500, audio=False, duration_seconds=7), PriceLine(0)),
    ],
    ids=["a video", "a second", "less than a millionth", "one of several"],
)
def test_a_price_of_nothing_is_unknown_where_the_provider_charges(lines, audio):
    request = make_request(duration_seconds=5, audio=audio)
    listed = PriceList(lines, charges=True)
    known = price(request, listed)

    if len(lines) == 3 and audio:
        assert known == Price(500)
    else:
        assert known is None
        assert price(request, replace(listed, charges=False)) == Price(0)
        assert price(request, replace(listed, minimum_micros=7)) == Price(7)
