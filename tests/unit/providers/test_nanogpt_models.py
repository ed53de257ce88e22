"""NanoGPT's model list, its parameters and its prices, with the traps that it really holds."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import pytest

from bot.catalog.capability import Audio, Kind, complete
from bot.catalog.pricing import price
from bot.ids import ModelId
from bot.providers.contract import Order, OrderPicture
from bot.providers.nanogpt.families import Parameter
from bot.providers.nanogpt.lengths import seconds_of
from bot.providers.nanogpt.models import Model, read_models
from bot.providers.nanogpt.parameters import payload_of
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


def payload(given: Json, pictures: Mapping[str, OrderPicture] | None = None, **asked: Any) -> Json:
    parameters = {name: Parameter.model_validate(value) for name, value in given.items()}
    return payload_of(Order(make_request(**asked), "tag-1", pictures or {}), parameters)


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
    assert read(capabilities=able | {"audio_generation": True}).capability.audio is Audio.ALWAYS


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
@pytest.mark.parametrize("asked", [True, False, None])
def test_sound_is_said_outright_under_the_models_own_name(name, asked):
    sent = payload({name: switch(True)}, audio=asked)

    assert sent[name] is bool(asked)
    assert len({"generateAudio", "generate_audio", "sound", "enable_audio"} & set(sent)) == 1


@pytest.mark.parametrize(
    ("shape", "orientation"),
    [("16:9", "landscape"), ("9:16", "portrait"), (None, "landscape"), ("1:1", "landscape")],
)
def test_where_a_model_knows_orientations_the_shape_is_sent_as_one(shape, orientation):
    sent = payload({"orientation": {}}, aspect_ratio=shape)

    assert sent["orientation"] == orientation
    assert "aspect_ratio" not in sent


def test_the_expensive_mode_is_declined_outright():
    assert payload({"pro_mode": switch(True)})["pro_mode"] is False


@pytest.mark.parametrize(("default", "sent"), [("129", 129), (81, 81), ("²", None), ("", None)])
def test_the_usual_count_of_frames_is_said_outright(default, sent):
    assert payload({"num_frames": {"default": default}}).get("num_frames") == sent


FRAMES = {
    "num_frames": {"type": "number", "default": 81, "options": [{"value": "81"}, {"value": "100"}]},
    "frames_per_second": {"type": "number", "default": 16, "description": "5-24"},
}


@pytest.mark.parametrize(("seconds", "frames"), [(5, 81), (6, 96), (None, 81)])
def test_a_length_that_is_counted_in_frames_is_chosen_in_seconds(seconds, frames):
    able = read(FRAMES).capability
    sent = payload(FRAMES, duration_seconds=seconds)

    assert (able.durations_seconds, able.default_duration_seconds) == ((5, 6), 5)
    assert (sent["num_frames"], sent["frames_per_second"]) == (frames, 16)


def test_frames_to_choose_from_are_sent_as_they_are_listed():
    given = {
        "num_frames": select("48", "48", "96"),
        "frames_per_second": {"type": "number", "default": 24},
    }

    assert read(given).capability.durations_seconds == (2, 4)
    assert payload(given, duration_seconds=4)["num_frames"] == 96


def test_a_length_that_is_fixed_is_known_and_not_sent():
    pricing = {"with_audio": 4.8, "without_audio": 3.2, "fixed_duration_seconds": 8}

    assert read({"sound": switch(True)}, pricing=pricing).capability.durations_seconds == (8,)
    assert "duration" not in payload({"sound": switch(True)}, duration_seconds=8)


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


def test_sound_costs_what_the_table_says():
    model = read(
        {"sound": switch(False), "duration": select("5", "5")},
        pricing={"per_duration": {"5": 0.35}, "audio_multiplier": 2},
    )
    asked = make_request(model_id=ModelId("maker/model-1.0"), audio=True)

    expensive, usual = (
        price(request, model.capability.prices) for request in (asked, make_request(audio=False))
    )

    assert expensive is not None
    assert usual is not None
    assert (expensive.cost_micros, usual.cost_micros) == (700_000, 350_000)
