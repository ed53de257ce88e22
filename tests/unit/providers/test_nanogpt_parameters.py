"""A asked in each model's own spelling: the families that NanoGPT's guide names, and all others."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given as arbitrary, strategies as st

from bot.catalog.capability import Kind, complete
from bot.ids import ModelId
from bot.providers.contract import Order, OrderPicture
from bot.providers.nanogpt.families import current_name
from bot.providers.nanogpt.models import Model, read_models
from bot.providers.nanogpt.parameters import MAX_BODY_BYTES, PICTURES_MAX_BYTES, payload_of
from tests.factories import make_image, make_request

Json = dict[str, Any]
BYTES = OrderPicture(b"picture", "image/png")
INSIDE = "data:image/png;base64,cGljdHVyZQ=="
ADDRESS = "https://cdn.example/a.png?sig=1"
FIRST, LAST, THIRD = (make_image(key=f"{name}.png") for name in "abc")


def select(default: Any, *values: Any) -> Json:
    return {"type": "select", "default": default, "options": [{"value": v} for v in values]}


def number(default: Any = None, **more: Any) -> Json:
    return {"type": "number", "default": default, **more}


SWITCH_ON, SWITCH_OFF = ({"type": "switch", "default": default} for default in (True, False))
TEXT: Json = {"type": "string", "default": ""}


def model(parameters: Json, name: str = "maker/model", **fields: Any) -> Model:
    able = {"video_generation": True, "text_to_video": True, "image_to_video": True}
    entry = {
        "id": name,
        "capabilities": able,
        "supported_parameters": {"parameters": parameters},
        "pricing": {"per_second": 0.1},
    }
    (read,) = read_models({"data": [entry | fields]})
    return read


def sent(read: Model, pictures: Mapping[str, OrderPicture] | None = None, **asked: Any) -> Json:
    """What is sent for a asked with the model's defaults, but for the words that go with each."""
    usual = {"duration_seconds": None, "resolution": None, "aspect_ratio": None, "audio": None}
    request = make_request(model_id=read.capability.model_id, **(usual | asked))
    order = Order(complete(request, read.capability), "tag-1", pictures or {})
    payload = payload_of(order, read.parameters)
    assert payload.pop("model") == read.capability.model_id
    assert payload.pop("prompt") == request.prompt
    assert payload.pop("conversationUUID") == "tag-1"
    return payload


RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
SEED_FAMILIES: dict[str, tuple[Json, Json]] = {
    "veo2-video": (
        {"duration": select("5s", "5s", "8s"), "aspect_ratio": select("16:9", *RATIOS)},
        {"duration": "5s", "aspect_ratio": "16:9"},
    ),
    "kling-video-v2": (
        {"duration": select("5", "5", "10"), "aspect_ratio": select("16:9", "16:9"),
         "negative_prompt": TEXT, "cfg_scale": number(0.5, min=0, max=1)},
        {"duration": "5", "aspect_ratio": "16:9"},
    ),
    "kling-v21-standard": (
        {"duration": select("5", "5"), "aspect_ratio": select("16:9", "16:9")},
        {"duration": "5", "aspect_ratio": "16:9"},
    ),
    "hunyuan-video": (
        {"pro_mode": SWITCH_OFF, "resolution": select("720p", "480p", "720p"),
         "num_frames": select("129", "65", "97", "129"), "num_inference_steps": number(30),
         "showExplicitContent": SWITCH_OFF, "aspect_ratio": select("16:9", "16:9")},
        {"pro_mode": False, "resolution": "720p", "num_frames": 129,
         "showExplicitContent": False, "aspect_ratio": "16:9"},
    ),
    "wan-video-image-to-video": (
        {"resolution": select("720p", "480p", "720p"), "seed": number(), "negative_prompt": TEXT,
         "num_frames": number(81, options=[{"value": "81"}, {"value": "100"}]),
         "frames_per_second": number(16, description="5-24"), "num_inference_steps": number(30),
         "enable_safety_checker": {"type": "boolean", "default": True}},
        {"resolution": "720p", "num_frames": 81, "frames_per_second": 16},
    ),
    "seedance-video": (
        {"resolution": select("1080p", "480p", "1080p"), "duration": select("5", "5", "10"),
         "aspect_ratio": select("16:9", *RATIOS), "camera_fixed": SWITCH_OFF, "seed": number()},
        {"resolution": "1080p", "duration": "5", "aspect_ratio": "16:9"},
    ),
    "seedance-lite-video": (
        {"resolution": select("720p", "480p", "720p"), "duration": select("5", "5", "10"),
         "aspect_ratio": select("16:9", *RATIOS), "camera_fixed": SWITCH_OFF, "seed": number()},
        {"resolution": "720p", "duration": "5", "aspect_ratio": "16:9"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEED_FAMILIES)
def test_a_family_that_the_guide_names_is_spelt_as_it_says(name):
    parameters, expected = SEED_FAMILIES[name]

    assert sent(model(parameters, name)) == expected


@pytest.mark.parametrize("name", ["seedance-video", "seedance-lite-video"])
def test_seedance_takes_no_shape_with_a_picture(name):
    parameters, _ = SEED_FAMILIES[name]
    payload = sent(model(parameters, name), {"a.png": BYTES}, image=FIRST)

    assert "aspect_ratio" not in payload
    assert payload["imageDataUrl"] == INSIDE


@pytest.mark.parametrize(
    "words", ["Shape (T2V)", "T2V only", "For text-to-video only", "Applies to text-to-video"]
)
def test_a_shape_that_is_for_words_alone_is_not_sent_with_a_picture(words):
    read = model({"aspect_ratio": select("16:9", "16:9") | {"description": words}})

    assert "aspect_ratio" not in sent(read, {"a.png": BYTES}, image=FIRST)
    assert sent(read)["aspect_ratio"] == "16:9"


SPELLINGS: list[tuple[Json, Json, Json]] = [
    ({"duration": select(6, 6, 10)}, {"duration_seconds": 10}, {"duration": 10}),
    ({"duration": select("5s", "5s", "8s")}, {"duration_seconds": 8}, {"duration": "8s"}),
    ({"seconds": select("4", "4", "12")}, {"duration_seconds": 12}, {"seconds": "12"}),
    ({"duration": number(5, min=2, max=30)}, {"duration_seconds": 7}, {"duration": 7}),
    ({"duration": number(5, options=[{"value": 3}, {"value": 9}])}, {"duration_seconds": 4},
     {"duration": 4}),
    ({"duration": number(5, description="2-30 seconds")}, {"duration_seconds": 30},
     {"duration": 30}),
    ({"duration": number("10", description="10 to 12 s")}, {}, {"duration": 10}),
    ({"orientation": select("landscape", "landscape", "portrait")}, {"aspect_ratio": "9:16"},
     {"orientation": "portrait"}),
    ({"size": select("16:9", "16:9", "9:16")}, {"aspect_ratio": "9:16"}, {"size": "9:16"}),
    ({"size": select("1280x720", "1280x720", "720x1280")}, {"resolution": "720x1280"},
     {"size": "720x1280"}),
    ({"resolution": select("720p", "720p"), "size": select("1:1", "1:1")}, {},
     {"resolution": "720p", "size": "1:1"}),
    ({"aspect_ratio": select("", "", "16:9", "9:16")}, {}, {"aspect_ratio": "16:9"}),
    ({"aspect_ratio": select("auto", "auto", "16:9")}, {}, {"aspect_ratio": "auto"}),
    ({"sound": SWITCH_ON}, {}, {"sound": False}),
    ({"generate_audio": SWITCH_ON}, {"audio": True}, {"generate_audio": True}),
    ({"enable_audio": select("true", "true", "false")}, {}, {"enable_audio": "false"}),
    ({"generateAudio": select("true", "true", "false")}, {"audio": True},
     {"generateAudio": "true"}),
    ({"negativePrompt": TEXT}, {"negative_prompt": "blur"}, {"negativePrompt": "blur"}),
    ({"seed": number(-1, min=-1)}, {"seed": 0}, {"seed": 0}),
    ({"seed": number(-1, min=-1)}, {}, {}),
    ({"pro": SWITCH_OFF}, {}, {"pro": False}),
    ({"pro_mode": SWITCH_OFF, "resolution": select("720p", "720p", "1792x1024")}, {},
     {"pro_mode": False, "resolution": "720p"}),
    ({"pro_mode": SWITCH_OFF, "resolution": select("720p", "720p", "1792x1024")},
     {"resolution": "1792x1024"}, {"pro_mode": True, "resolution": "1792x1024"}),
    ({"variant": select("standard", "standard", "turbo")}, {}, {"variant": "standard"}),
    ({"quality": select("full", "full", "draft")}, {}, {"quality": "full"}),
    ({"mode": select("auto", "auto", "text-to-video", "image-to-video")}, {},
     {"mode": "text-to-video"}),
    ({"mode": select("auto", "auto", "video-edit")}, {}, {"mode": "auto"}),
    ({"mode": select("speed", "speed", "quality")}, {}, {"mode": "speed"}),
    ({"mode": TEXT}, {}, {}),
    ({"enable_web_search": SWITCH_OFF, "thinking_mode": SWITCH_ON, "unheardOf": SWITCH_ON}, {},
     {"enable_web_search": False, "thinking_mode": False, "unheardOf": False}),
    ({"soundEffectSwitch": select("false", "true", "false")}, {}, {"soundEffectSwitch": "false"}),
    ({"prompt_optimizer": SWITCH_ON, "camera_fix": SWITCH_OFF, "style": TEXT}, {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "asked", "expected"), SPELLINGS, ids=str)
def test_everything_is_sent_under_the_models_own_name_and_in_its_own_type(
    parameters, asked, expected
):
    payload = sent(model(parameters), **asked)

    assert payload == expected
    assert [type(value) for value in payload.values()] == [type(v) for v in expected.values()]


def test_older_flat_lists_of_choices_are_read_too():
    flat = {"durations": [5, "10"], "resolutions": ["720p"], "aspect_ratios": ["16:9"]}
    read = model({}, supported_parameters=flat)

    assert read.capability.durations_seconds == (5, 10)
    assert sent(read) == {"duration": "5", "resolution": "720p", "aspect_ratio": "16:9"}


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        ("image-to-video", {"image": FIRST}),
        ("reference-to-video", {"reference_images": (FIRST,)}),
        ("text-to-video", {}),
    ],
    ids=str,
)
def test_the_mode_says_what_a_video_is_made_from(mode, asked):
    offered = ("auto", "text-to-video", "image-to-video", "reference-to-video")
    read = model({"mode": select("auto", *offered), "referenceImages": TEXT})

    assert sent(read, {"a.png": BYTES}, **asked)["mode"] == mode


@pytest.mark.parametrize("name", ["imageDataUrl", "image_data_url", "image"])
def test_the_first_picture_goes_under_the_models_own_name(name):
    assert sent(model({name: TEXT}), {"a.png": BYTES}, image=FIRST) == {name: INSIDE}


@pytest.mark.parametrize("name", ["last_image", "image_tail"])
@pytest.mark.parametrize(
    ("picture", "first", "spelt"),
    [
        (BYTES, "imageDataUrl", INSIDE),
        (OrderPicture(address=ADDRESS), "imageUrl", ADDRESS),
    ],
    ids=["inside", "by address"],
)
def test_first_and_last_picture_go_inside_or_by_address(name, picture, first, spelt):
    pictures = {"a.png": picture, "b.png": picture}
    payload = sent(model({name: TEXT}), pictures, image=FIRST, end_image=LAST)

    assert payload == {first: spelt, name: spelt}


REFERENCES = [
    ("referenceImages", "Up to 4 images", 4, [INSIDE, ADDRESS]),
    ("referenceImages", "", 4, [INSIDE, ADDRESS]),
    ("reference_images", "Up to 9 reference images", 9, json.dumps([INSIDE, ADDRESS])),
    ("reference_image_urls", "up to 3", 3, [INSIDE, ADDRESS]),
    ("reference_image_urls", "JSON array of image URLs", 4, json.dumps([INSIDE, ADDRESS])),
    ("reference_image", "Reference image", 1, INSIDE),
]


@pytest.mark.parametrize(("name", "words", "most", "spelt"), REFERENCES)
def test_reference_pictures_go_in_the_spelling_that_the_model_reads(name, words, most, spelt):
    read = model({name: TEXT | {"description": words}})
    pictures = {"a.png": BYTES, "b.png": OrderPicture(address=ADDRESS)}

    assert read.capability.reference_images_max == most
    assert sent(read, pictures, reference_images=(FIRST, LAST)) == {name: spelt}


def test_a_model_without_reference_pictures_takes_none():
    assert model({}).capability.reference_images_max == 0


@arbitrary(
    count=st.integers(1, 11),
    prompt=st.text(min_size=4000, max_size=4000),
    negative=st.text(max_size=4000),
)
def test_pictures_at_their_limit_and_the_longest_words_fit_into_four_megabytes(
    count, prompt, negative
):
    read = model({"referenceImages": TEXT, "negative_prompt": TEXT, "last_image": TEXT})
    content = OrderPicture(bytes(PICTURES_MAX_BYTES // count), "image/jpeg")
    images = tuple(make_image(key=str(number)) for number in range(count))
    request = make_request(reference_images=images, prompt=prompt, negative_prompt=negative)
    order = Order(request, "tag" * 10, {image.key: content for image in images})

    assert len(json.dumps(payload_of(order, read.parameters)).encode()) <= MAX_BODY_BYTES


def test_a_pictures_bytes_are_sent_whole():
    content = bytes(range(256)) * 5
    payload = sent(model({}), {"a.png": OrderPicture(content, "image/jpeg")}, image=FIRST)

    head, _, encoded = payload["imageDataUrl"].partition(",")
    assert (head, base64.b64decode(encoded)) == ("data:image/jpeg;base64", content)


LEFT_OUT: list[Json] = [
    {"capabilities": {"video_generation": True, "text_to_video": True, "video_to_video": True}},
    {"capabilities": {"video_generation": True, "video_to_video": True}},
    {
        "capabilities": {
            "video_generation": True,
            "image_to_video": True,
            "video_to_video": True,
            "text_to_video": False,
        }
    },
    {"capabilities": {"video_generation": True, "image_to_video": True, "audio_input": True}},
    {"supported_parameters": {"parameters": {"billedDuration": number(5)}}},
    {"supported_parameters": {"parameters": {"script": TEXT}}},
]


@pytest.mark.parametrize("fields", LEFT_OUT, ids=str)
def test_what_works_on_a_video_or_a_voice_is_left_out(fields):
    entry = {"id": "m", "capabilities": {"video_generation": True, "text_to_video": True}}

    assert list(read_models({"data": [entry | fields]})) == []


def test_what_hears_and_also_works_from_words_is_offered():
    able = {"video_generation": True, "text_to_video": True, "audio_input": True}

    assert model({}, capabilities=able).capability.kinds == {Kind.TEXT}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wan-wavespeed-25", "wan-25"),
        ("wan-wavespeed-26-flash", "wan-26-flash"),
        ("wavespeed-ai/ltx-2.3-spicy/text-to-video", "ltx-2.3-spicy/text-to-video"),
        ("wan-25", "wan-25"),
        ("wan-wavespeed-25-extend", "wan-wavespeed-25-extend"),
    ],
)
def test_the_names_of_the_past_are_known(old, new):
    assert current_name(old) == new


def test_a_model_that_is_listed_under_both_its_names_is_offered_once():
    able = {"video_generation": True, "text_to_video": True}
    listed = [{"id": name, "capabilities": able} for name in ("wan-wavespeed-25", "wan-25")]

    assert [one.capability.model_id for one in read_models({"data": listed})] == ["wan-25"]
    (alone,) = read_models({"data": listed[:1]})
    assert alone.capability.model_id == ModelId("wan-wavespeed-25")


def test_what_an_entry_does_not_say_is_filled_from_what_is_known_of_it_as_an_estimate():
    known = {
        "m": {
            "id": "m",
            "name": "Model M",
            "capabilities": {"video_generation": True, "text_to_video": True},
            "supported_parameters": {"parameters": {"duration": select("5", "5")}},
            "pricing": {"per_second": 0.1},
        }
    }
    (short,) = read_models({"data": [{"id": "m"}]}, known)
    (expensive,) = read_models({"data": [{"id": "m", "pricing": {"per_second": 0.2}}]}, known)
    (odd,) = read_models({"data": [{"id": "m", "pricing": {"per_moon": 0.2}}]}, known)

    assert (short.capability.name, short.capability.durations_seconds) == ("Model M", (5,))
    assert short.capability.prices.is_estimate
    assert (
        expensive.capability.prices.lines[0].micros,
        expensive.capability.prices.is_estimate,
    ) == (
        200_000,
        False,
    )
    assert odd.capability.prices.lines == ()
