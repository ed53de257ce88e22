"""NanoGPT's models that continue a video: which of the list they are, and what they cost and are sent."""

import pytest

from bot.catalog.capability import Audio, Kind, check, complete
from bot.catalog.pricing import Input, Price, price
from bot.catalog.request import SourceVideo
from bot.ids import ModelId
from bot.providers.contract import Order, OrderVideo
from bot.providers.nanogpt.models import read_models
from bot.providers.nanogpt.parameters import payload_of
from tests.factories import make_request

SOURCE = SourceVideo("source.mp4", 1280, 720, 1_000_000, 8.0)
WORKS = {"video_generation": True, "text_to_video": True, "video_to_video": True}
DURATION = {"type": "select", "default": "5", "options": [{"value": "5"}, {"value": "8"}]}
RESOLUTION = {
    "type": "select",
    "default": "1080p",
    "options": [{"value": "720p"}, {"value": "1080p"}],
}


def entry(name: str, pricing=None, parameters=None, **able):
    return {
        "id": name,
        "capabilities": WORKS | able,
        "supported_parameters": {"parameters": parameters or {"duration": DURATION}},
        "pricing": pricing or {"per_second": 0.1},
    }


def read(*entries):
    return {one.capability.model_id: one for one in read_models({"data": list(entries)})}


def ordinary(name: str):
    return entry(name, image_to_video=True, video_to_video=False)


def asked(model, **fields):
    usual = {"duration_seconds": None, "resolution": None, "aspect_ratio": None, "audio": None}
    request = make_request(
        model_id=model.capability.model_id, source_video=SOURCE, **(usual | fields)
    )
    return complete(request, model.capability)


EXTENSIONS = [
    ("veo3-1-extend", "veo3-1-video"),
    ("veo3-1-fast-extend", "veo3-1-fast-video"),
    ("veo3-1-fast-extend", "veo3-1-lite-video"),
    ("grok-imagine-video-extend", "grok-imagine-video"),
    ("grok-imagine-video-extend", "xai/grok-imagine-video/v1.5/image-to-video"),
    ("alibaba/wan-3.0/video-extend", "alibaba/wan-3.0/text-to-video"),
    ("alibaba/wan-3.0/video-extend", "alibaba/wan-3.0/image-to-video"),
    ("alibaba/wan-3.0-prime/video-extend", "alibaba/wan-3.0-prime"),
    ("bytedance-seedance-2-0-video-extend", "bytedance-seedance-2-0"),
    ("bytedance-seedance-2-0-video-extend", "doubao-seedance-2-0"),
    ("bytedance-seedance-2-0-fast-video-extend", "bytedance-seedance-2-0-fast"),
    ("bytedance-seedance-2-0-mini-video-extend", "bytedance-seedance-2-0-mini"),
    ("bytedance-seedance-v1.5-pro-extend", "bytedance-seedance-v1.5-pro-fast"),
    ("wan-wavespeed-25-extend", "wan-25"),
    ("wan-25-extend-fast", "wan-25-fast"),
    ("wan-22-spicy-extend", "wan-22-spicy"),
]


@pytest.mark.parametrize(("name", "source"), EXTENSIONS)
def test_an_extension_knows_whose_videos_it_was_made_for(name, source):
    found = read(entry(name), ordinary(source), ordinary("unrelated"))[ModelId(name)].capability

    assert found.kinds == {Kind.VIDEO}
    assert found.source.own_models == {name, source}
    assert found.source.most_seconds == 120
    assert found.source.only_own == name.startswith("veo")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("alibaba/wan-3.0/video-extend", "alibaba/wan-3.0-prime"),
        ("alibaba/wan-3.0/video-extend", "alibaba/wan-3.0/image-to-video-spicy"),
        ("bytedance-seedance-2-0-video-extend", "bytedance-seedance-2-0-fast"),
        ("veo3-1-extend", "veo3-1-fast-video"),
        ("veo3-1-extend", "veo3-video"),
    ],
)
def test_a_near_relative_is_another_family(name, other):
    assert (
        other not in read(entry(name), ordinary(other))[ModelId(name)].capability.source.own_models
    )


@pytest.mark.parametrize(
    "name",
    [
        "grok-imagine-video-edit", "bytedance-seedance-2-0-video-edit-turbo", "video-upscaler",
        "kling-v30-std-motion-control", "runwayml-gen4-aleph", "lucy-edit-pro", "extended-motion",
        "wan-22-animate", "alibaba/wan-3.0/video-edit", "latentsync",
    ],
)  # fmt: skip
def test_what_changes_a_video_is_no_extension_and_is_left_out(name):
    assert read(entry(name)) == {}


def test_a_model_that_extends_in_a_mode_of_its_own_stays_what_it_was():
    modes = {
        "type": "select",
        "default": "auto",
        "options": [{"value": "auto"}, {"value": "video-extend"}],
    }
    [both] = read(entry("maker/both", parameters={"mode": modes}, image_to_video=True)).values()

    assert both.capability.kinds == {Kind.TEXT, Kind.IMAGE}
    assert both.capability.source is None


@pytest.mark.parametrize(
    ("pricing", "seconds", "micros"),
    [
        ({"per_video": 2.8, "fixed_duration_seconds": 7}, 5, 2_800_000),
        ({"per_second_by_resolution": {"720p": 0.1, "1080p": 0.2}}, 8, 1_600_000),
        ({"raw": {"pricesPerSecond": {"720p": 0.1, "1080p": 0.2}}}, 5, 1_700_000),
        ({"per_second": 0.1, "source_video_per_second": 0.01}, 5, 580_000),
        ({"raw": {"outputPricesPerSecond": 0.1, "inputPricePerSecond": 0.01}}, 5, 986_000),
        ({"per_second": 0.1, "source_video_billing": "not billed"}, 5, 500_000),
    ],
)
def test_prices_are_of_the_new_part_and_perhaps_of_the_sources_seconds(pricing, seconds, micros):
    parameters = {"duration": DURATION, "resolution": RESOLUTION}
    [able] = read(entry("maker-extend", pricing, parameters)).values()

    found = price(asked(able, duration_seconds=seconds), able.capability.prices)

    assert found is not None
    assert found.cost_micros == micros


@pytest.mark.parametrize(
    "pricing",
    [
        {"per_second": 0.1, "input_video_per_second": 0.01},
        {"per_second": 0.1, "video_extend_per_second": 0.2},
        {"per_second": 0.1, "source_video_per_second": "by arrangement"},
        {"per_second": 0.1, "source_video_per_second": 0.01, "input_per_second": 0.02},
        {"per_second": 0.1, "extension_fee": 1},
        {"minimum": 0.25},
    ],
)
def test_a_figure_about_the_source_with_an_unknown_meaning_gives_no_price(pricing):
    [able] = read(entry("maker-extend", pricing)).values()

    assert price(asked(able), able.capability.prices) is None


def test_a_resolution_that_cannot_be_chosen_is_quoted_at_the_highest_rate():
    raw = {
        "type": "resolution-per-second-plus-input-seconds",
        "outputPricesPerSecond": {"480p": 0.05, "720p": 0.07},
        "inputPricePerSecond": 0.01,
        "minInputDuration": 2,
        "defaultResolution": "480p",
        "includesProfit": True,
    }
    [able] = read(entry("grok-imagine-video-extend", {"raw": raw})).values()

    found = price(asked(able), able.capability.prices)

    assert found == Price(5 * 70_000 + 8 * 10_000, is_estimate=True)
    assert able.capability.source.least_seconds == 2


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        (OrderVideo(b"video"), {"videoDataUrl": "data:video/mp4;base64,dmlkZW8="}),
        (
            OrderVideo(address="https://cdn.example/a.mp4"),
            {"videoUrl": "https://cdn.example/a.mp4"},
        ),
    ],
)
def test_the_source_is_sent_inside_or_by_its_address_with_every_switch_that_may_cost(source, sent):
    parameters = {
        "duration": DURATION,
        "resolution": RESOLUTION,
        "enable_audio": {"type": "switch", "default": True},
        "enable_web_search": {"type": "switch", "default": True},
        "last_image": {"type": "text", "default": ""},
    }
    [able] = read(entry("maker/one/video-extend", parameters=parameters)).values()

    request = asked(able)
    payload = payload_of(Order(request, "tag-1", source=source), able.parameters)

    assert able.capability.audio is Audio.OPTIONAL
    assert check(request, able.capability) == ()
    assert payload == {
        "model": "maker/one/video-extend",
        "prompt": request.prompt,
        "conversationUUID": "tag-1",
        "duration": "5",
        "resolution": "1080p",
        "enable_audio": False,
        "enable_web_search": False,
        **sent,
    }


def test_an_ordinary_model_prices_no_video_that_is_sent():
    figures = {"per_second": 0.1, "source_video_per_second": 0.5}
    [able] = read(entry("maker/both", figures, image_to_video=True)).values()

    assert able.capability.source is None
    assert price(make_request(resolution=None), able.capability.prices) is not None
    assert check(make_request(source_video=SOURCE, resolution=None), able.capability)
    assert Input.VIDEO in able.capability.prices.unpriced
