"""The local NanoGPT's models: what its list holds, and that it bills by the list's own rules."""

from typing import Any

import pytest

from sandbox.providers.nanogpt import catalog, prices
from tests.local_nanogpt import Json

SEED_FAMILIES = {
    "veo2-video",
    "kling-video-v2",
    "kling-v21-standard",
    "kling-v21-pro",
    "hunyuan-video",
    "wan-video-image-to-video",
    "seedance-video",
    "seedance-lite-video",
}
PRICE_SHAPES = {
    "per_second",
    "per_second_by_resolution",
    "per_duration",
    "per_resolution",
    "frame_multiplier",
    "per_video",
    "with_audio",
    "without_audio",
    "fixed_duration_seconds",
    "text_image_with_audio_per_second",
    "audio_multiplier",
    "raw",
    "note",
    "base_price",
    "base_prices_by_resolution",
    "text_to_video_per_second",
    "per_second_by_mode",
    "per_second_by_mode_and_resolution",
    "high_resolution_per_second",
    "image_input_fee",
    "reference_prices",
    "reference_mode",
    "text_mode",
    "extra_reference_image",
    "lora",
    "enhance_per_second",
    "supported_durations",
    "minimum",
}
SPELLINGS = {
    "generateAudio",
    "generate_audio",
    "sound",
    "enable_audio",
    "seconds",
    "orientation",
    "size",
    "num_frames",
    "frames_per_second",
    "image_tail",
    "last_image",
    "referenceImages",
    "reference_images",
    "pro_mode",
    "target_resolution",
}


def parameters_of(model: Json) -> Json:
    found: Json = model["supported_parameters"]["parameters"]
    return found


def usd(model_id: str, **body: Any) -> float:
    model = catalog.found(model_id)
    assert model is not None
    return prices.cost_micros(model, body) / 1_000_000


async def test_every_entry_has_the_lists_fields(wire):
    _, listed, _ = await wire.call("GET", "/api/v1/video-models", headers={})

    for model in listed["data"]:
        assert model["object"] == "model"
        assert model["pricing"]["currency"] == "USD"
        assert len(model["capabilities"]) == 8
        given, defaults = parameters_of(model), model["supported_parameters"]["defaults"]
        for parameter in given.values():
            assert {"type", "label", "description"} <= set(parameter)
        assert defaults == {n: p["default"] for n, p in given.items() if "default" in p}


def test_the_families_of_the_seed_are_listed_by_their_names():
    assert set(catalog.models()) >= SEED_FAMILIES


def test_every_shape_of_a_price_and_every_spelling_of_a_parameter_occurs():
    listed = catalog.models().values()

    assert set().union(*(model["pricing"] for model in listed)) >= PRICE_SHAPES
    assert set().union(*map(parameters_of, listed)) >= SPELLINGS


def test_the_list_has_the_traps_of_the_real_one():
    listed = catalog.models()
    able = {name: model["capabilities"] for name, model in listed.items()}
    durations = {n: parameters_of(m).get("duration", {}) for n, m in listed.items()}

    assert any("/" in name and "." in name for name in listed)
    assert {model["category"] for model in listed.values()} == {"video", "Avatars", "New"}
    assert not able["bytedance/seedance-2.5"]["audio_generation"]
    assert parameters_of(listed["bytedance/seedance-2.5"])["generate_audio"]["default"] is True
    assert able["alibaba/wan-3.0/video-edit"]["text_to_video"]  # and yet it needs a video
    assert sum(a["video_to_video"] and not a["image_to_video"] for a in able.values()) >= 8
    assert sum(a["audio_input"] for a in able.values()) >= 5
    kinds = {one["type"] for model in listed.values() for one in parameters_of(model).values()}
    assert kinds >= {"select", "switch", "boolean", "number", "string", "text"}
    shapes = [parameters_of(model).get("aspect_ratio", {}) for model in listed.values()]
    automatic = {option["value"] for shape in shapes for option in shape.get("options", [])}
    assert automatic >= {"", "auto", "adaptive"}
    assert parameters_of(listed["flux-3"])["resolution"]["showWhen"] == {"quality": "full"}
    assert "referenceToVideoMaxDuration" in listed["happyhorse-1.1"]["pricing"]["raw"]
    assert able["grok-imagine-video"]["audio_generation"]  # without a switch
    assert durations["alibaba/wan-3.0/text-to-video"]["type"] == "number"
    assert durations["veo2-video"]["default"] == "5s"
    wan = parameters_of(listed["wan-video-image-to-video"])
    assert [option["value"] for option in wan["num_frames"]["options"]] == ["81", "100"]
    assert "5-24" in wan["frames_per_second"]["description"]
    assert "max" not in wan["frames_per_second"]


def test_every_model_is_billed_something():
    for name in catalog.models():
        assert usd(name) > 0, name


@pytest.mark.parametrize(
    ("model", "body", "cost"),
    [
        # as quoted to clients on 2026-10-09: what is left out is billed at the list's default
        ("veo3-video", {}, 4.8),
        ("veo3-video", {"generateAudio": False}, 3.2),
        ("veo3-fast-video", {}, 1.6),
        ("veo3-fast-video", {"generateAudio": False}, 1.2),
        ("veo3-1-fast-video", {"duration": "8"}, 1.2),
        ("veo3-1-fast-video", {"duration": "8", "generateAudio": False}, 0.8),
        ("bytedance-seedance-v1.5-pro", {"resolution": "720p", "duration": "5"}, 0.26),
        ("bytedance-seedance-v1.5-pro", {"generateAudio": False}, 0.13),
        ("bytedance-seedance-v1.5-pro-fast", {}, 0.2),
        ("bytedance-seedance-v1.5-pro-fast", {"generateAudio": False}, 0.1),
        ("pixverse-c1", {}, 0.25),
        ("pixverse-c1", {"generateAudio": True}, 0.325),
        ("bytedance-seedance-v1-pro-fast", {"duration": "5"}, 0.12),
        ("bytedance/seedance-2.5", {"resolution": "480p"}, 0.9),
        ("bytedance-seedance-2-0-fast", {}, 0.6),
        # by the list's own words
        ("veo2-video", {"duration": "7s"}, 4.76),
        ("veo2-video-image-to-video", {"duration": "8s"}, 5.44),
        ("veo3-1-video", {"duration": "4", "resolution": "1080p"}, 2.6),
        ("veo3-1-video", {"duration": "4", "imageUrl": "a"}, 1.6),
        ("veo3-1-video", {"duration": "4", "imageUrl": "a", "generateAudio": False}, 0.8),
        ("kling-v26-pro", {"sound": True}, 0.7),
        ("kling-v30-std", {"sound": True, "duration": "10"}, 1.26),
        ("kling-v30-std", {"generateAudio": True}, 0.42),  # not how this model spells it
        ("hunyuan-video", {"pro_mode": True}, 0.8),
        ("hunyuan-video", {"pro_mode": "true"}, 0.8),
        ("sora-2", {"seconds": "8"}, 0.8),
        ("sora-2", {"pro_mode": True, "resolution": "1792x1024"}, 2.0),
        ("wan-video-image-to-video", {"num_frames": 81}, 0.4),
        ("wan-video-image-to-video", {"num_frames": "100", "resolution": "480p"}, 0.25),
        ("alibaba/wan-3.0/text-to-video", {"duration": 7}, 0.91),
        ("alibaba/wan-3.0/text-to-video", {"duration": "7"}, 0.91),
        ("pixverse-v5", {"duration": "8", "resolution": "540p"}, 0.23),
        ("runway-gen-45", {"duration": "8"}, 1.056),
        ("flux-3", {"quality": "draft"}, 0.3),
        ("google/gemini-omni-flash", {"imageUrl": "a"}, 1.12),
        ("doubao-seedance-2-0", {"referenceVideos": ["a"]}, 2.4),
        ("bytedance-seedance-2-0-mini", {"variant": "turbo"}, 0.7),
        ("minimax-h3", {"duration": "3"}, 0.39),
        ("google/gemini-omni-flash/v1.1", {}, 1.04),  # of which the list only has a minimum
        ("video-upscaler", {"billedDuration": 20}, 0.3),
    ],
    ids=str,
)
def test_a_video_is_billed_by_the_documented_rules(model, body, cost):
    assert usd(model, **body) == pytest.approx(cost)


@pytest.mark.parametrize("asked", ["8", 8, "8s", "nonsense", None, [], {}, "1e999", -1], ids=repr)
def test_a_length_that_is_not_listed_silently_becomes_the_usual_one(asked):
    model = catalog.models()["kling-v25-turbo-pro"]

    assert catalog.seconds_of(model, {"duration": asked}) == 5
    assert usd("kling-v25-turbo-pro", duration=asked) == 0.35


async def test_or_it_is_refused_free_of_charge(wire):
    await wire.turn(odd_durations="refuse")

    status, body, _ = await wire.submit(model="kling-v25-turbo-pro", duration="8")

    assert (status, body["error"]["code"]) == (422, "validation_error")
    assert await wire.ledger() == []


def test_a_resolution_that_is_not_listed_is_billed_as_the_most_expensive():
    assert usd("wan-25", resolution="8k", duration="5") == pytest.approx(0.9)


async def test_the_list_of_models_that_write_holds_none_that_video(wire):
    _, listed, _ = await wire.call("GET", "/api/v1/models?detailed=true", headers={})

    assert not {model["id"] for model in listed["data"]} & set(catalog.models())


async def test_what_is_not_listed_may_still_be_ordered(wire):
    _, listed, _ = await wire.call("GET", "/api/v1/video-models")
    run = await wire.made(model="midjourney-video", imageAttachmentId="a")

    assert run.model not in {model["id"] for model in listed["data"]}
    assert run.state == "COMPLETED"
