"""NanoGPT's prices: every shape that its list has, and none where no one can be sure."""

from typing import Any

import pytest

from bot.catalog.pricing import PriceLine, price
from bot.ids import ModelId
from bot.providers.nanogpt.prices import Terms, price_list
from tests.factories import make_image, make_request

Json = dict[str, Any]

PICTURE = make_image()
SHAPES: list[tuple[Json, list[PriceLine]]] = [
    ({"per_video": 0.4}, [PriceLine(400_000)]),
    ({"per_second": 0.084}, [PriceLine(84_000, per_second=True)]),
    ({"output_per_second": 0.13}, [PriceLine(130_000, per_second=True)]),
    ({"generated_per_second": "0.42"}, [PriceLine(420_000, per_second=True)]),
    (
        {"per_second_by_resolution": {"480p": 0.07, "4k": "0.13", "1792x1024": 1}},
        [
            PriceLine(70_000, per_second=True, resolution="480p"),
            PriceLine(130_000, per_second=True, resolution="4k"),
            PriceLine(1_000_000, per_second=True, resolution="1792x1024"),
        ],
    ),
    (
        {"per_duration": {"5": 0.35, "10s": 0.7, "long": 9}},
        [PriceLine(350_000, duration_seconds=5), PriceLine(700_000, duration_seconds=10)],
    ),
    ({"per_resolution": {"480p": 0.2}}, [PriceLine(200_000, resolution="480p")]),
    (
        {"per_resolution": {"480p": {"5": 0.1, "10": 0.2}}},
        [
            PriceLine(100_000, resolution="480p", duration_seconds=5),
            PriceLine(200_000, resolution="480p", duration_seconds=10),
        ],
    ),
    (
        {"per_duration": {"5": {"480p": 0.1}}},
        [PriceLine(100_000, resolution="480p", duration_seconds=5)],
    ),
    (
        {"with_audio": 4.8, "without_audio": 3.2, "fixed_duration_seconds": 8},
        [PriceLine(4_800_000, audio=True), PriceLine(3_200_000, audio=False)],
    ),
    (
        {"with_audio": {"per_second": 0.15}, "without_audio": {"per_second": 0.1}},
        [
            PriceLine(150_000, per_second=True, audio=True),
            PriceLine(100_000, per_second=True, audio=False),
        ],
    ),
    (
        {"text_image_with_audio_per_second": 0.15, "text_image_without_audio_per_second": 0.1},
        [
            PriceLine(150_000, per_second=True, audio=True),
            PriceLine(100_000, per_second=True, audio=False),
        ],
    ),
    (
        {"text_to_video_per_second": {"720p": 0.4}, "image_to_video_with_audio_per_second": 0.5},
        [
            PriceLine(400_000, per_second=True, resolution="720p", from_image=False),
            PriceLine(
                500_000, per_second=True, audio=True, from_image=True, from_references=False
            ),
        ],
    ),
    (
        {"per_second_by_mode": {"text_to_video": 0.13, "reference_to_video": 0.16, "edit": 9}},
        [
            PriceLine(130_000, per_second=True, from_image=False),
            PriceLine(160_000, per_second=True, from_image=True, from_references=True),
        ],
    ),
    (
        {"per_second_by_mode_and_resolution": {"text_to_video": {"4k": 0.39}, "video_edit": 9}},
        [PriceLine(390_000, per_second=True, resolution="4k", from_image=False)],
    ),
    (
        {"per_duration": {"3": 0.252}, "unit": "per_video", "variant": "turbo"},
        [PriceLine(252_000, duration_seconds=3)],
    ),
    (
        {"full_per_second_by_mode_and_resolution": {"standard": {"720p": 0.17}, "extend": 4}},
        [PriceLine(170_000, per_second=True, resolution="720p")],
    ),
    ({"per_second": 0.1, "draft_per_second": 0.05}, [PriceLine(100_000, per_second=True)]),
    (
        {"per_second": 0.1, "audio_multiplier": 1.5},
        [
            PriceLine(100_000, per_second=True, audio=False),
            PriceLine(150_000, per_second=True, audio=True),
        ],
    ),
    (
        {"base_price_per_second": 0.1, "resolution_multipliers": {"480p": 1, "720p": 2.5}},
        [
            PriceLine(100_000, per_second=True, resolution="480p"),
            PriceLine(250_000, per_second=True, resolution="720p"),
        ],
    ),
    (
        {"per_second": 0.42, "source_video_per_second": 0.5, "default_duration": 5,
         "supported_durations": [3, 4], "video_edit_billing": "input plus output seconds",
         "video_reference_per_second_by_resolution": {"480p": 9}, "min_duration": 3},
        [PriceLine(420_000, per_second=True)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pricing", "lines"), SHAPES, ids=lambda value: str(value)[:60])
def test_every_known_shape_of_price_is_read(pricing, lines):
    terms = Terms(has_audio="audio_multiplier" in pricing, variants={"standard", "full"})
    known = price_list({"currency": "USD", **pricing}, terms)

    assert (set(known.lines), known.is_estimate) == (set(lines), False)


@pytest.mark.parametrize(
    "pricing",
    [
        {},
        {"minimum": 0.1, "note": "depends"},
        {"per_megapixel": 0.1},
        {"per_second": 0.05, "high_resolution_per_second": 0.07},
        {"per_second": 0.1, "surcharge": {"4k": [0.1]}},
        {"per_second": "much"},
        {"per_second": -1},
        {"per_second": True},
        {"per_second": float("nan")},
        {"per_second": {"720p": {"5": "much"}}},
        {"per_second": 0.1, "currency": "XNO"},
        {"per_second": 0.1, "output_per_second": 0.2},
        {"per_second": 0.1, "per_video": 0.2},
        {"per_second": 0.1, "minimum": "some"},
        {"per_second": 0.1, "minimum_billable_duration": 8},
        {"per_duration": {"²": 1}},
        {"draft_per_second": 0.1},
        {"base_price": 1, "per_extra_second": 0.1},
        {"base_price_per_second": "much"},
        {"base_price": "much"},
        {"per_resolution": {"480p": 0.2}, "frame_multiplier": 1.25},
        {"raw": {"type": "per_megapixel", "rates": 1}},
        {"raw": {"type": "ltx", "pricePerMegapixel": 0.001, "megapixelsByResolution": {}}},
        {"raw": {}},
    ],
    ids=str,
)
def test_where_a_figure_is_unknown_or_says_two_things_there_is_no_price(pricing):
    assert price_list(pricing, Terms(durations=(5, 10))).lines == ()


RAW_SHAPES: list[Json] = [
    {"type": "per_second_by_resolution", "rates": {"720p": 0.0765}},
    {"type": "whatever", "per_second_by_resolution": {"720p": 0.0765}},
    {"type": "resolution-per-second", "pricesPerSecond": {"720p": 0.0765}, "defaultDuration": 5},
    {"standardPricesPerSecond": {"720p": 0.0765}, "turboPricesPerSecond": {"720p": 9}},
    {"outputPricesPerSecond": {"720p": 0.0765}, "sourceVideoPricesPerSecond": {"720p": 9}},
]


@pytest.mark.parametrize("raw", RAW_SHAPES, ids=str)
def test_raw_rates_are_a_fraction_of_the_real_price_and_an_estimate(raw):
    known = price_list({"currency": "USD", "raw": raw})

    assert known.lines == (PriceLine(130_050, per_second=True, resolution="720p"),)
    assert known.is_estimate


def test_raw_prices_by_sound_and_by_what_a_video_is_made_from_are_read_too():
    raw = {
        "withoutAudioPrices": {"720p": {"5": 1}},
        "imageToVideoPricesPerSecond": {"720p": 0.1},
        "textToVideoWithReferenceVideoPricesPerSecond": {"720p": 9},
    }

    assert set(price_list({"raw": raw}).lines) == {
        PriceLine(1_700_000, resolution="720p", duration_seconds=5, audio=False),
        PriceLine(
            170_000, per_second=True, resolution="720p", from_image=True, from_references=False
        ),
    }


BASES: list[tuple[Json, tuple[int, ...], dict[int | None, int]]] = [
    ({"base_price": 0.35}, (), {None: 350_000}),
    ({"base_price": 3.4, "base_duration": 5, "per_extra_second": 0.68}, (5, 8),
     {5: 3_400_000, 8: 5_440_000}),
    ({"base_price": 0.66, "duration_multipliers": {"5": 1, "8": 1.6}}, (5, 8, 10),
     {5: 660_000, 8: 1_056_000}),
    ({"base_price": 0.2, "duration_multiplier": 2}, (5, 10), {5: 200_000, 10: 400_000}),
    ({"base_price": 0.2, "duration_multiplier": 2}, (5, 8, 10), {5: 200_000}),
    ({"base_price": 0.2}, (5, 10), {5: 200_000}),
    ({"base_price": 0.2, "duration_overrides": {"10": 0.3}}, (5, 10), {5: 200_000, 10: 300_000}),
    ({"base_price": 0.2, "duration_multipliers": {"5": 1, "10": "expensive"}}, (5, 10), {5: 200_000}),
]  # fmt: skip


@pytest.mark.parametrize(("pricing", "durations", "costs"), BASES, ids=str)
def test_a_base_price_holds_for_the_lengths_that_it_is_said_for_alone(pricing, durations, costs):
    lines = price_list(pricing, Terms(durations=durations)).lines

    assert {line.duration_seconds: line.micros for line in lines} == costs


def test_a_base_price_by_resolution_has_overrides_by_length():
    pricing = {
        "base_prices_by_resolution": {"720p": 0.15},
        "duration_overrides": {"8": {"720p": 0.3}},
    }

    assert set(price_list(pricing, Terms(durations=(5, 8))).lines) == {
        PriceLine(150_000, duration_seconds=5, resolution="720p"),
        PriceLine(300_000, duration_seconds=8, resolution="720p"),
    }


def test_more_frames_than_the_threshold_cost_more():
    pricing = {"per_resolution": {"720p": 0.4}, "frame_multiplier": 1.25, "frame_threshold": 81}

    assert set(price_list(pricing, Terms(frames={5: 81, 6: 96})).lines) == {
        PriceLine(400_000, resolution="720p", duration_seconds=5),
        PriceLine(500_000, resolution="720p", duration_seconds=6),
    }
    assert price_list(pricing, Terms(frames={None: 81})).lines == (
        PriceLine(400_000, resolution="720p"),
    )


def test_a_factor_for_sound_says_nothing_where_there_is_no_switch_for_it():
    known = price_list({"per_second": 0.1, "audio_multiplier": 2})

    assert known.lines == (PriceLine(100_000, per_second=True),)


@pytest.mark.parametrize("factor", [float("inf"), float("nan"), -2, "much", True, 1e300])
def test_a_factor_that_is_none_leaves_sound_without_a_price(factor):
    known = price_list({"per_second": 0.1, "audio_multiplier": factor}, Terms(has_audio=True))

    assert known.lines == (PriceLine(100_000, per_second=True, audio=False),)


def test_the_expensive_mode_has_its_price_where_a_resolution_has_no_other():
    pricing = {"per_second": 0.1, "pro_per_second_by_resolution": {"720p": 0.3, "1792x1024": 0.5}}
    known = price_list(pricing, Terms(pro_resolutions={"1792x1024"}))
    costs = [
        found.cost_micros
        for resolution in ("720p", "1792x1024")
        if (found := price(make_request(resolution=resolution), known))
    ]

    assert costs == [500_000, 2_500_000]


def test_no_video_costs_less_than_the_minimum():
    known = price_list({"per_second": 0.01, "minimum": 0.2})
    found = price(make_request(model_id=ModelId("m")), known)

    assert found is not None
    assert found.cost_micros == 200_000


@pytest.mark.parametrize(
    ("image_rate", "cost"), [(0.1, 500_000), (0.2, None)], ids=["one rate", "two rates"]
)
def test_reference_pictures_have_a_price_where_no_reading_makes_a_difference(image_rate, cost):
    known = price_list({"text_to_video_per_second": 0.1, "image_to_video_per_second": image_rate})
    found = price(make_request(reference_images=(PICTURE,)), known)

    assert (found and found.cost_micros) == cost


def test_words_pictures_and_references_have_each_their_own_price():
    modes = {"text_to_video": 0.1, "image_to_video": 0.2, "reference_to_video_image": 0.3}
    known = price_list({"per_second_by_mode": modes})
    requests = (
        make_request(),
        make_request(image=PICTURE),
        make_request(reference_images=(PICTURE,)),
    )
    found = [price(request, known) for request in requests]

    assert [one and one.cost_micros for one in found] == [500_000, 1_000_000, 1_500_000]
