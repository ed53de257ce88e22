"""NanoGPT's model list, its parameters and its prices, with the traps that it really holds."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pytest

from bot.domain.capabilities import Audio, Kind, complete
from bot.domain.pricing import PriceLine, price
from bot.ids import ModelId
from bot.ports import Order, OrderPicture
from bot.providers.nanogpt.models import Model, Parameter, read_models, seconds_of
from bot.providers.nanogpt.parameters import payload_of
from bot.providers.nanogpt.prices import price_list
from tests.factories import make_image, make_request

Json = dict[str, Any]


def entry(given: Json | None = None, **fields: Any) -> Json:
    able = {"video_generation": True, "text_to_video": True, "image_to_video": True}
    made = {
        "id": "maker/model-1.0",
        "name": "Model",
        "capabilities": able,
        "supported_parameters": {"parameters": given or {}},
        "pricing": {"currency": "USD", "per_second": 0.1},
    }
    return made | fields


def select(default: Any, *values: Any) -> Json:
    return {"type": "select", "default": default, "options": [{"value": v} for v in values]}


def switch(default: bool) -> Json:
    return {"type": "switch", "default": default}


def read(given: Json | None = None, **fields: Any) -> Model:
    (model,) = read_models({"data": [entry(given, **fields)]})
    return model


def payload(given: Json, pictures: Mapping[str, OrderPicture] | None = None, **wish: Any) -> Json:
    parameters = {name: Parameter.model_validate(value) for name, value in given.items()}
    return payload_of(Order(make_request(**wish), "tag-1", pictures or {}), parameters)


def test_the_bundled_list_is_read_whole_and_every_model_has_a_price():
    text = (resources.files("bot.providers.nanogpt") / "fallback.json").read_text("utf-8")
    listed = json.loads(text)

    models = list(read_models(listed))

    assert len(models) == len(listed["data"]) > 20
    for model in models:
        able = model.capability
        assert (
            price(
                complete(
                    make_request(
                        model_id=able.model_id,
                        duration_seconds=None,
                        resolution=None,
                        aspect_ratio=None,
                        audio=None,
                    ),
                    able,
                ),
                able.prices,
            )
            is not None
        ), able.model_id


@pytest.mark.parametrize(
    "fields",
    [
        {"capabilities": {"video_generation": True, "video_to_video": True}},
        {"capabilities": {"image_generation": True, "text_to_video": False}},
        {"capabilities": {"text_to_video": True}},
        {
            "capabilities": {
                "video_generation": True,
                "image_to_video": True,
                "audio_input": True,
            }
        },
        {"given": {"voice_id": {"type": "string"}}},
        {"given": {"target_resolution": select("1080p", "1080p")}},
        {"given": {"audioDuration": {"type": "number"}}},
        {"id": ""},
        {"id": 5},
        {"supported_parameters": {"parameters": []}},
    ],
    ids=str,
)
def test_avatars_upscalers_and_what_cannot_be_read_are_left_out(fields):
    assert list(read_models({"data": [entry(**fields), entry()]})) == [read()]


def test_the_kind_comes_from_what_a_model_can_do_and_not_from_its_category():
    able = {"video_generation": True, "image_to_video": True}

    assert read(category="Avatars").capability.kinds == {Kind.TEXT, Kind.IMAGE}
    assert read(capabilities=able).capability.kinds == {Kind.IMAGE}


def test_the_control_decides_on_sound_where_the_lists_own_word_contradicts_it():
    able = {"video_generation": True, "text_to_video": True, "audio_generation": False}

    model = read({"generate_audio": switch(True)}, capabilities=able)

    assert model.capability.audio is Audio.OPTIONAL
    assert read(capabilities=able | {"audio_generation": True}).capability.audio is Audio.NEVER


@pytest.mark.parametrize(
    ("duration", "seconds", "default"),
    [
        (select("5", "5", "10"), (5, 10), 5),
        (select("8s", "5s", "8s"), (5, 8), 8),
        (select(6, 4, 6), (4, 6), 6),
        (select("7", "5", "10"), (5, 10), 5),
        (select("auto", "auto", "5"), (5,), 5),
        (select("²", "²", "5"), (5,), 5),
        ({"type": "number", "min": 3, "max": 6, "default": 5}, (3, 4, 5, 6), 5),
        ({"type": "number", "min": 1, "max": 9000}, (), None),
        ({"type": "number", "min": 1, "max": 1e300}, (), None),
        ({"type": "number", "min": 1, "max": float("inf")}, (), None),
        ({"type": "number", "min": float("nan"), "max": 5}, (), None),
        ({"type": "number", "default": 5}, (), None),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["duration", "seconds"])
def test_durations_are_read_however_they_are_listed(name, duration, seconds, default):
    able = read({name: duration}).capability

    assert (able.durations_seconds, able.default_duration_seconds) == (seconds, default)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(5, 5), ("5", 5), ("5s", 5), (5.0, 5), ("5.5", None), ("auto", None), ("²", None), (-5, None)],
    ids=repr,
)
def test_a_duration_is_read_in_each_spelling(value, seconds):
    assert seconds_of(value) == seconds


def test_orientations_are_shapes():
    able = read({"orientation": select("landscape", "landscape", "portrait")}).capability

    assert (able.aspect_ratios, able.default_aspect_ratio) == (("16:9", "9:16"), "16:9")


@pytest.mark.parametrize(
    ("given", "spelt"),
    [
        ({"duration": select("5s", "5s", "8s")}, {"duration": "5s"}),
        ({"duration": select("5", "5", "10")}, {"duration": "5"}),
        ({"duration": select(5, 5, 10)}, {"duration": 5}),
        ({"seconds": select("4", "4", "5")}, {"seconds": "5"}),
        ({"duration": {"type": "number", "min": 3, "max": 15}}, {"duration": 5}),
        ({"duration": {"type": "string"}}, {"duration": "5"}),
        ({}, {}),
    ],
    ids=str,
)
def test_a_duration_is_sent_exactly_as_the_list_spells_it(given, spelt):
    sent = payload(given)

    assert {name: sent[name] for name in ("duration", "seconds") if name in sent} == spelt


@pytest.mark.parametrize("name", ["generateAudio", "generate_audio", "sound", "enable_audio"])
@pytest.mark.parametrize("wish", [True, False, None])
def test_sound_is_said_outright_under_the_models_own_name(name, wish):
    sent = payload({name: switch(True)}, audio=wish)

    assert sent[name] is bool(wish)
    assert len({"generateAudio", "generate_audio", "sound", "enable_audio"} & set(sent)) == 1


@pytest.mark.parametrize(
    ("shape", "orientation"),
    [("16:9", "landscape"), ("9:16", "portrait"), (None, "landscape"), ("1:1", "landscape")],
)
def test_where_a_model_knows_orientations_the_shape_is_sent_as_one(shape, orientation):
    sent = payload({"orientation": {}}, aspect_ratio=shape)

    assert sent["orientation"] == orientation
    assert "aspect_ratio" not in sent


def test_the_dear_mode_is_declined_outright():
    assert payload({"pro_mode": switch(True)})["pro_mode"] is False


@pytest.mark.parametrize(
    ("default", "sent"), [("129", 129), (81, 81), ("²", "²"), ("", "")], ids=repr
)
def test_the_usual_count_of_frames_is_said_outright(default, sent):
    assert payload({"num_frames": {"default": default}})["num_frames"] == sent


def test_nothing_is_sent_that_the_model_does_not_list():
    sent = payload({}, negative_prompt="blur", seed=7, audio=True)

    assert sent == {
        "model": "fake-model",
        "prompt": "a fox running through snow",
        "conversationUUID": "tag-1",
    }


def test_what_the_model_lists_is_sent():
    given: Json = {"negative_prompt": {}, "seed": {}, "resolution": {}, "aspect_ratio": {}}

    sent = payload(given, negative_prompt="blur", seed=0)

    assert (sent["negative_prompt"], sent["seed"]) == ("blur", 0)
    assert (sent["resolution"], sent["aspect_ratio"]) == ("720p", "16:9")


@pytest.mark.parametrize(
    ("given", "name"),
    [({"last_image": {}}, "last_image"), ({"image_tail": {}}, "image_tail"), ({}, "last_image")],
)
def test_pictures_are_sent_inside_and_the_last_one_under_the_models_own_name(given, name):
    pictures = {
        "first.png": OrderPicture(b"first", "image/png"),
        "last.jpg": OrderPicture(b"last", "image/jpeg"),
    }
    first, last = (make_image(key=key) for key in pictures)

    sent = payload(given, pictures, image=first, end_image=last)

    assert sent["imageDataUrl"] == "data:image/png;base64,Zmlyc3Q="
    assert sent[name] == "data:image/jpeg;base64,bGFzdA=="


@pytest.mark.parametrize(
    ("pricing", "lines"),
    [
        ({"per_video": 0.4}, [PriceLine(400_000)]),
        ({"per_second": 0.084}, [PriceLine(84_000, per_second=True)]),
        (
            {"per_second_by_resolution": {"480p": 0.07, "720p": "0.13"}},
            [
                PriceLine(70_000, per_second=True, resolution="480p"),
                PriceLine(130_000, per_second=True, resolution="720p"),
            ],
        ),
        (
            {"per_duration": {"5": 0.35, "10s": 0.7, "long": 9}},
            [
                PriceLine(350_000, duration_seconds=5),
                PriceLine(700_000, duration_seconds=10),
            ],
        ),
        ({"per_resolution": {"480p": 0.2}}, [PriceLine(200_000, resolution="480p")]),
        (
            {"with_audio": 4.8, "without_audio": 3.2, "fixed_duration_seconds": 8},
            [PriceLine(3_200_000, audio=False), PriceLine(4_800_000, audio=True)],
        ),
        (
            {"with_audio": {"per_second": 0.15}, "without_audio": {"per_second": 0.1}},
            [
                PriceLine(100_000, per_second=True, audio=False),
                PriceLine(150_000, per_second=True, audio=True),
            ],
        ),
        (
            {"per_second": 0.1, "audio_multiplier": 1.5},
            [
                PriceLine(100_000, per_second=True, audio=False),
                PriceLine(150_000, per_second=True, audio=True),
            ],
        ),
    ],
    ids=str,
)
def test_every_known_shape_of_price_is_read(pricing, lines):
    known = price_list({"currency": "USD", **pricing}, has_audio=True)

    assert (list(known.lines), known.is_estimate) == (lines, False)


@pytest.mark.parametrize(
    "pricing",
    [
        {},
        {"minimum": 0.1, "note": "depends"},
        {"per_megapixel": 0.1},
        {"text_image_with_audio_per_second": 0.1},
        {"per_second": "much"},
        {"per_second": -1},
        {"per_duration": {"²": 1}},
        {"raw": {"type": "per_megapixel", "rates": 1}},
        {"raw": {}},
    ],
    ids=str,
)
def test_of_an_unknown_shape_there_is_no_price(pricing):
    assert price_list(pricing, has_audio=False).lines == ()


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "per_second_by_resolution", "rates": {"720p": 0.0765}},
        {"type": "whatever", "per_second_by_resolution": {"720p": 0.0765}},
    ],
)
def test_raw_rates_are_a_fraction_of_the_real_price_and_an_estimate(raw):
    known = price_list({"raw": raw}, has_audio=False)

    assert known.lines == (PriceLine(130_050, per_second=True, resolution="720p"),)
    assert known.is_estimate


def test_a_factor_for_sound_says_nothing_where_there_is_no_switch_for_it():
    known = price_list({"per_second": 0.1, "audio_multiplier": 2}, has_audio=False)

    assert known.lines == (PriceLine(100_000, per_second=True),)


@pytest.mark.parametrize("factor", [float("inf"), float("nan"), -2, "much", True, 1e300])
def test_a_factor_that_is_none_leaves_sound_without_a_price(factor):
    known = price_list({"per_second": 0.1, "audio_multiplier": factor}, has_audio=True)

    assert known.lines == (PriceLine(100_000, per_second=True, audio=False),)


def test_sound_costs_what_the_table_says():
    model = read(
        {"sound": switch(False), "duration": select("5", "5")},
        pricing={"per_duration": {"5": 0.35}, "audio_multiplier": 2},
    )
    wish = make_request(model_id=ModelId("maker/model-1.0"), audio=True)

    dear, usual = (
        price(request, model.capability.prices) for request in (wish, make_request(audio=False))
    )

    assert dear is not None
    assert usual is not None
    assert (dear.cost_micros, usual.cost_micros) == (700_000, 350_000)
