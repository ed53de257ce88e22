"""Entries as NanoGPT lists them: what each can do, and what each costs, worked out by hand.

The kind: an entry that says more than one thing of the same video, in keys that no other entry has.
Lengths beside money, rates of operations that no one asks for, surcharges for one input alone,
figures that are the cheapest setting's, switches that are for edits, options that leave the choice
to the picture, and values of another type than the rest of the list.
"""

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.catalog.capability import Audio, check, complete
from bot.catalog.pricing import Input, dollars, price
from bot.providers.contract import Order, OrderPicture
from bot.providers.nanogpt.models import Model, read_models
from bot.providers.nanogpt.parameters import payload_of
from tests.factories import make_image, make_request

Json = dict[str, Any]

CENT = 10_000
REAL = 1 / 1.7  # what the list shows of a dollar below `raw`
PICTURE = make_image(width=900, height=1600)
REFERENCES = tuple(make_image(key=f"r{number}") for number in range(7))
LENGTHS = {"type": "select", "default": "5", "options": [{"value": str(n)} for n in range(3, 16)]}


def choice(*values: Any, default: Any = None, **more: Any) -> Json:
    options = [{"value": one, "label": f"{one}"} for one in values]
    return {"type": "select", "default": default or values[0], "options": options, **more}


def text(**more: Any) -> Json:
    return {"type": "text", "default": "", "placeholder": "https://…", **more}


def number(default: Any = None, **more: Any) -> Json:
    return {"type": "number", "default": default, "step": 1, **more}


def switch(default: bool, **more: Any) -> Json:
    return {"type": "switch", "default": default, **more}


def read(pricing: Json, parameters: Json | None = None, **fields: Any) -> Model:
    able = ("video_generation", "text_to_video", "image_to_video", *fields.pop("able", ()))
    entry = {
        "id": "studio/model-3",
        "name": "Model 3",
        "capabilities": dict.fromkeys(able, True),
        "supported_parameters": {"parameters": {"duration": LENGTHS} | (parameters or {})},
        "pricing": {"currency": "USD", **pricing},
    }
    (model,) = read_models({"data": [entry | fields]})
    return model


def cost(model: Model, **asked: Any) -> int | None:
    """In micros; None where the list has no price for it."""
    asked = {"duration_seconds": 5, "resolution": None, "aspect_ratio": None, "audio": None} | asked
    request = make_request(model_id=model.capability.model_id, **asked)
    assert check(request, model.capability) == ()
    found = price(complete(request, model.capability), model.capability.prices)
    return None if found is None else found.cost_micros


def sent(model: Model, **asked: Any) -> Json:
    asked = {"duration_seconds": 5, "resolution": None, "aspect_ratio": None, "audio": None} | asked
    request = complete(make_request(model_id=model.capability.model_id, **asked), model.capability)
    pictures = {one.key: OrderPicture(b"picture") for one in request.pictures}
    return payload_of(Order(request, "tag", pictures), model.parameters)


SIZES = {"resolution": choice("480p", "720p")}
TABLE = {"per_second_by_resolution": {"480p": 0.1, "720p": 0.2}}
WORDS: Json = {}
IMAGE: Json = {"image": PICTURE}
WITH_REFERENCES: Json = {"reference_images": REFERENCES[:2]}
ENTRIES: list[tuple[str, Json, Json, Json, int | None]] = [
    # lengths are no money, wherever they stand and however they are spelt
    ("raw max length", {"raw": {"pricesPerSecond": {"480p": 0.1 * REAL},
     "videoEditMaxDuration": 15, "referenceToVideoMaxDuration": 15, "minDuration": 3}},
     {"resolution": choice("480p")}, WORDS, 50 * CENT),
    ("raw min length", {"raw": {"pricesPerSecond": 0.2 * REAL, "referenceMinDuration": "2"}},
     {}, IMAGE, 100 * CENT),
    ("a charge that is called a minimum", {"per_second": 0.1, "min_charge": 0.5}, {}, WORDS, None),
    ("a billed length", {"per_second": 0.1, "image_to_video_minimum_billable_duration": 9},
     {}, IMAGE, None),
    ("a billed length of pictures", {"per_second": 0.1,
     "image_to_video_minimum_billable_duration": 9}, {}, WORDS, 50 * CENT),
    # operations
    ("an operation without a parameter", {"per_second": 0.1, "enhance_per_second": 0.3},
     {}, WORDS, 50 * CENT),
    ("an operation that is declined", {"per_second": 0.1, "enhance_per_second": 0.3},
     {"enhance": switch(True)}, WORDS, 50 * CENT),
    ("an operation that holds unasked", {"per_second": 0.1, "upscale_per_second": 0.3},
     {"upscale": choice("2x", "4x")}, WORDS, None),
    ("an operation that is off", {"per_second": 0.1, "upscale_per_second": 0.3},
     {"upscale": choice("none", "4x")}, WORDS, 50 * CENT),
    ("an edit", {"per_second": 0.1, "edit": {"per_second": 0.4}}, {}, WORDS, 50 * CENT),
    ("something extended", {"per_second": 0.1, "extended_length_fee": 0.4}, {}, WORDS, None),
    # inputs
    ("reference videos", {"per_second": 0.1, "reference_prices": {"480p": {"with_audio": 0.8}}},
     {}, WORDS, 50 * CENT),
    ("references of unknown price", {"per_second": 0.1, "reference_prices": {"480p": 0.8}},
     {"reference_images": text()}, WITH_REFERENCES, None),
    ("a fee of a picture", {"per_second": 0.1, "image_input_fee": 0.02}, {}, IMAGE, 52 * CENT),
    ("no picture, no fee", {"per_second": 0.1, "image_input_fee": 0.02}, {}, WORDS, 50 * CENT),
    ("a fee in words", {"per_second": 0.1, "image_input_fee": "on request"}, {}, IMAGE, None),
    ("a fee in a string", {"per_second": "0.1", "image_input_fee": "0.02"}, {}, IMAGE, 52 * CENT),
    ("a fee of unknown name", {"per_second": 0.1, "per_input_image": 0.02}, {}, IMAGE, None),
    ("a fee that words do not pay", {"per_second": 0.1, "per_input_image": 0.02},
     {}, WORDS, 50 * CENT),
    ("a surcharge on sound", {"per_second": 0.1, "audio_surcharge": "+50%"},
     {"sound": switch(True)}, {"audio": True}, None),
    ("no sound, no surcharge", {"per_second": 0.1, "audio_surcharge": "+50%"},
     {"sound": switch(True)}, WORDS, 50 * CENT),
    ("a surcharge on words", {"per_second": 0.1, "text_to_video_surcharge": 0.1}, {}, WORDS, None),
    ("a surcharge on a last picture", {"per_second": 0.1, "last_frame_fee": 0.1},
     {"last_image": text()}, IMAGE, 50 * CENT),
    ("a last picture itself", {"per_second": 0.1, "last_frame_fee": 0.1},
     {"last_image": text()}, {"image": PICTURE, "end_image": make_image()}, None),
    ("references beyond those included", {"per_second": 0.1, "extra_reference_image": 0.04,
     "included_reference_images": 5}, {"reference_images": text(description="up to 9")},
     {"reference_images": REFERENCES}, 58 * CENT),
    ("references included", {"per_second": 0.1, "extra_reference_image": 0.04,
     "included_reference_images": 5}, {"reference_images": text()}, WITH_REFERENCES, 50 * CENT),
    ("no one says how many", {"per_second": 0.1, "extra_reference_image": 0.04},
     {"reference_images": text()}, WITH_REFERENCES, None),
    ("LoRAs", {"output_per_second": 0.13, "lora": {"text_or_image_per_second": {"480p": 0.05},
     "reference_image_or_audio": 0.02, "min_duration": 3}}, {"lora_url_1": text(),
     "lora_scale_1": number(1)}, WORDS, 65 * CENT),
    # two resolutions, of which one is high
    ("the low one", {"per_second": 0.05, "high_resolution_per_second": 0.07}, SIZES,
     {"resolution": "480p"}, 25 * CENT),
    ("the high one", {"per_second": 0.05, "high_resolution_per_second": 0.07}, SIZES,
     {"resolution": "720p"}, 35 * CENT),
    ("which of three is high", {"per_second": 0.05, "high_resolution_per_second": 0.07},
     {"resolution": choice("480p", "720p", "1080p")}, {"resolution": "720p"}, None),
    # modes
    ("text mode", {**TABLE, "text_mode": {"per_second": {"480p": 0.05}}}, SIZES,
     {"resolution": "480p"}, 25 * CENT),
    ("what text mode lacks", {**TABLE, "text_mode": {"per_second": {"480p": 0.05}}}, SIZES,
     {"resolution": "720p"}, None),
    ("beside text mode", {**TABLE, "text_mode": {"per_second": {"480p": 0.05}}}, SIZES,
     IMAGE | {"resolution": "720p"}, 100 * CENT),
    ("reference mode", {**TABLE, "image_input_fee": 0.5, "reference_mode": {
     "per_second": {"480p": 0.3}, "per_reference_image": 0.01}},
     SIZES | {"reference_images": text()}, WITH_REFERENCES, 152 * CENT),
    ("a mode by tokens", {**TABLE, "reference_mode": {"per_second": {"480p": 0.1},
     "included_reference_tokens": 4096, "per_1000_extra_reference_tokens": 0.02}},
     SIZES | {"reference_images": text()}, WITH_REFERENCES, None),
    ("words beside a mode by tokens", {**TABLE, "reference_mode": {"per_second": {"480p": 0.1},
     "included_reference_tokens": 4096, "per_1000_extra_reference_tokens": 0.02}},
     SIZES | {"reference_images": text()}, WORDS, 50 * CENT),
    ("a mode in prose", {**TABLE, "image_mode": "twice the price"}, SIZES, IMAGE, None),
    ("a new mode", {"per_second_by_mode": {"text_to_video": 0.1, "cinema": 0.4}},
     {"mode": choice("cinema", "draft")}, WORDS, None),
    # figures that cannot be money
    ("nothing", {"per_second": 0}, {}, WORDS, None),
    ("nothing in a string", {"per_second": "0.00"}, {}, WORDS, None),
    ("null", {"per_second": None}, {}, WORDS, None),
    ("less than nothing", {"per_second": 0.1, "image_input_fee": -1}, {}, IMAGE, None),
    ("not a number", {"per_second_by_resolution": {"480p": float("nan")}},
     {"resolution": choice("480p")}, WORDS, None),
    ("one unknown within a table", {"per_second": {"480p": 0.1, "night_surcharge": 0.2}},
     {"resolution": choice("480p")}, WORDS, None),
    ("one spelt twice", {"per_second": 0.1, "perSecond": 0.2}, {}, WORDS, None),
    ("a table of tables of an unknown name", {"per_second": 0.1, "peak": {"eu": [{"from": 9}]}},
     {}, WORDS, None),
    ("an unknown name without a figure", {"per_second": 0.1, "peak": {"eu": "none"}},
     {}, WORDS, 50 * CENT),
    ("factors beside another base", {"per_second": 0.1, "resolution_multipliers": {"480p": 2}},
     {"resolution": choice("480p")}, WORDS, None),
    ("a fee beside raw", {"raw": {"pricesPerSecond": 0.1 * REAL}, "surcharge": 0.2},
     {}, WORDS, None),
    ("only the cheapest setting's", {"minimum": 0.15, "note": "…"}, {}, WORDS, None),
    # the profit that raw rates lack
    ("raw", {"raw": {"pricesPerSecond": 0.1}}, {}, WORDS, 85 * CENT),
    ("raw with profit", {"raw": {"pricesPerSecond": 0.1, "includesProfit": True}},
     {}, WORDS, 50 * CENT),
    ("raw without", {"raw": {"pricesPerSecond": 0.1, "includesProfit": False}},
     {}, WORDS, 85 * CENT),
    ("raw with no one knows what", {"raw": {"pricesPerSecond": 0.1, "includesProfit": 2}},
     {}, WORDS, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pricing", "parameters", "asked", "micros"),
    [row[1:] for row in ENTRIES],
    ids=[row[0] for row in ENTRIES],
)
def test_a_figure_counts_for_what_it_is_about_and_for_nothing_else(
    pricing, parameters, asked, micros
):
    assert cost(read(pricing, parameters), **asked) == micros


RATES = st.integers(1, 400)


@given(cents=RATES, seconds=st.integers(3, 15))
def test_a_raw_rate_is_multiplied_before_anything_is_rounded(cents, seconds):
    """The list holds the seventeen tenths of it as a binary fraction; the product is whole cents."""
    model = read({"raw": {"pricesPerSecond": {"480p": cents / 100 / 1.7}}},
                 {"resolution": choice("480p")})  # fmt: skip

    found = cost(model, duration_seconds=seconds)

    assert found is not None
    assert found == cents * seconds * CENT
    assert dollars(found) == f"${cents * seconds / 100:,.2f}"


def test_a_rate_smaller_than_a_micro_adds_up_over_the_seconds():
    model = read({"per_second": 0.0066666666}, {"duration": number(5, min=3, max=15)})

    assert cost(model, duration_seconds=15) == 100_000


def test_sound_has_three_states():
    silent = read(TABLE, SIZES).capability
    always = read(TABLE, SIZES, able=["audio_generation"]).capability
    by_word = read(TABLE, SIZES, description="Videos with native audio.").capability
    mute = read(TABLE, SIZES, description="Videos without audio.").capability
    heard = read(TABLE, SIZES, description="Follows the rhythm of an audio input.").capability
    switched = read(TABLE, SIZES | {"enable_audio": switch(True)}).capability
    edits = read(
        TABLE,
        SIZES | {"generate_audio": switch(True, label="Generate Edit Audio")},
        able=["audio_generation"],
    )

    assert [one.audio for one in (silent, always, by_word, mute, heard, switched)] == [
        Audio.NEVER, Audio.ALWAYS, Audio.ALWAYS, Audio.NEVER, Audio.NEVER, Audio.OPTIONAL,
    ]  # fmt: skip
    assert edits.capability.audio is Audio.ALWAYS
    assert "generate_audio" not in sent(edits)
    assert complete(make_request(audio=None), always).audio is True


def test_a_factor_for_sound_that_cannot_be_switched_off_leaves_no_price():
    model = read({"per_second": 0.1, "audio_multiplier": 2}, able=["audio_generation"])

    assert cost(model) is None


@pytest.mark.parametrize(
    ("shape", "automatic"),
    [
        (choice("", "16:9", "9:16"), ""),
        (choice("auto", "16:9", "9:16"), "auto"),
        (choice("adaptive", "16:9", default="16:9"), "adaptive"),
        (choice("16:9", "9:16", label="Shape (T2V)"), None),
        (choice("16:9", description="Image and video inputs determine framing."), None),
        (choice("16:9", description="Uses the source image framing when omitted"), None),
        (choice("16:9", description="Used for text-only generation"), None),
    ],
    ids=str,
)
def test_a_picture_keeps_its_shape_where_the_model_can_leave_it(shape, automatic):
    model = read(TABLE, SIZES | {"aspect_ratio": shape})

    with_picture, words = sent(model, image=PICTURE), sent(model)

    assert with_picture.get("aspect_ratio") == automatic
    assert words["aspect_ratio"] in {"16:9", "auto"}


def test_a_shape_that_a_member_chose_is_sent_with_a_picture_too():
    model = read(TABLE, SIZES | {"aspect_ratio": choice("auto", "16:9", "9:16")})

    assert sent(model, image=PICTURE, aspect_ratio="16:9")["aspect_ratio"] == "16:9"


def test_a_resolution_that_is_for_edits_is_neither_offered_nor_sent():
    label = "LoRA / Edit / Extend Resolution"
    model = read({"output_per_second": 0.13}, {"resolution": choice("480p", "1080p", label=label)})

    assert model.capability.resolutions == ()
    assert "resolution" not in sent(model)
    assert cost(model) == 65 * CENT


def test_lengths_that_have_no_price_are_not_offered():
    pricing = {"per_second": 0.1, "supported_durations": [5, "6", 7], "min_duration": "5"}

    assert read(pricing).capability.durations_seconds == (5, 6, 7)
    assert read({"per_second": 0.1, "max_duration": 4}).capability.durations_seconds == (3, 4)
    assert read({"per_second": 0.1, "min_duration": 99}).capability.durations_seconds == tuple(
        range(3, 16)
    )


def test_a_parameter_that_is_not_shown_at_what_is_sent_is_not_there():
    quality = {"quality": choice("full", "draft")}
    sharp = choice("720p", "1080p", showWhen={"quality": "full"})
    rough = choice("360p", showWhen={"quality": ["draft"]})

    assert read(TABLE, quality | {"resolution": sharp}).capability.resolutions == ("720p", "1080p")
    assert read(TABLE, quality | {"resolution": rough}).capability.resolutions == ()


@pytest.mark.parametrize(
    "parameters",
    [
        {"duration": number("5", min="2", max="30")},
        {"duration": {"type": "number", "default": 5, "min": 2, "max": 30, "showWhen": None}},
        {"duration": choice("4", "5", "6", default=5)},
        {"duration": choice(5, 6.0, "7 seconds")},
    ],
    ids=str,
)
def test_values_of_another_type_than_the_rest_are_read(parameters):
    able = read({"per_second": 0.1}, parameters).capability

    assert able.default_duration_seconds == 5
    assert 6 in able.durations_seconds


@pytest.mark.parametrize(
    "parameters",
    [
        {"seed": number("none", min="low", max=float("inf"))},
        {"style": {"type": "select", "options": [{"value": None}, {"label": "x"}, 7, None]}},
        {"safe": {"type": "boolean", "default": "yes", "options": None}},
        {"odd": {"type": "text", "showWhen": "always", "default": {"a": 1}}},
        {"odd": {"type": 7}},
    ],
    ids=str,
)
def test_an_odd_parameter_does_not_take_the_model_away(parameters):
    assert cost(read({"per_second": 0.1}, parameters)) == 50 * CENT


def test_the_usual_variant_is_known_by_its_word_and_not_by_its_type():
    model = read(TABLE, SIZES | {"variant": choice("1", "2", default=2)})

    assert sent(model)["variant"] == "2"


def test_a_model_for_references_needs_no_video():
    able = ["video_to_video", "audio_input"]
    words = {"video_generation": True, "image_to_video": True} | dict.fromkeys(able, True)
    reference = read(TABLE, SIZES, id="studio/x/reference-to-video", capabilities=words)
    motion = {"data": [{"id": "studio/x/motion", "capabilities": words, "pricing": TABLE}]}

    assert cost(reference, image=PICTURE) == 50 * CENT
    assert list(read_models(motion)) == []


def test_the_id_tells_what_is_made_for_adults_and_the_flag_does_not():
    spicy = read(TABLE, id="studio/model/image-to-video-spicy").capability
    flagged = read(TABLE, able=["nsfw"]).capability

    assert (spicy.is_explicit, flagged.is_explicit) == (True, False)


BUNDLED = [
    ("text", "720p", 4, True, 160), ("text", "1080p", 8, False, 520),
    ("image", "720p", 4, False, 80), ("image", "720p", 6, False, 120),
    ("image", "720p", 8, True, 320), ("image", "1080p", 4, False, 80),
    ("image", "1080p", 6, True, 240), ("image", "1080p", 8, False, 160),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "resolution", "seconds", "audio", "cents"), BUNDLED)
def test_the_bundled_price_of_veo_is_that_of_the_list(kind, resolution, seconds, audio, cents):
    asked = {"image": PICTURE} if kind == "image" else {}
    asked |= {"resolution": resolution, "duration_seconds": seconds, "audio": audio}

    assert cost(bundled()["veo3-1-video"], **asked) == cents * CENT


def test_the_bundled_table_offers_a_last_picture_only_where_the_list_does():
    """Source: the list of September 2026, whose entries have no field for it."""
    without = {"kling-v30-std", "kling-v30-pro", "bytedance/seedance-2.5", "veo3-1-video"}
    able = {name: model.capability.end_image for name, model in bundled().items()}

    assert {name for name in without if able[name]} == set()
    assert able["kling-v21-pro"]


def bundled() -> dict[str, Model]:
    listed = (resources.files("bot.providers.nanogpt") / "fallback.json").read_text("utf-8")
    return {one.capability.model_id: one for one in read_models(json.loads(listed))}


@given(
    name=st.text("abcdefgh_", min_size=1, max_size=20),
    value=st.one_of(
        st.floats(0.001, 10), st.integers(1, 9), st.text("0123456789.%+", min_size=1)
    ).filter(lambda one: not isinstance(one, str) or any(sign.isdecimal() for sign in one)),
)
def test_no_unknown_figure_is_ever_priced_as_if_it_were_not_there(name, value):
    """Letters a to h make none of the words that say what a figure is about."""
    known = read({"per_second": 0.1})
    model = read({"per_second": 0.1, f"x_{name}": value})

    assert (cost(known), cost(model)) == (50 * CENT, None)


def test_unpriced_inputs_are_named_for_the_quote():
    model = read({"per_second": 0.1, "reference_tokens": 3}, {"reference_images": text()})

    assert model.capability.prices.unpriced == {Input.REFERENCES, Input.VIDEO}  # of any model
