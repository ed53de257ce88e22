"""Every model that a local NanoGPT lists: read, priced, and charged as it was quoted."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bot.catalog.capability import (
    Audio,
    Capability,
    Kind,
    check,
    complete,
)
from bot.catalog.pricing import price
from bot.catalog.request import SourceVideo, VideoRequest
from bot.errors import ProviderRejectedRequestError
from bot.ids import ModelId
from bot.providers.contract import Order, OrderPicture, OrderVideo
from bot.providers.nanogpt.models import read_models
from bot.providers.nanogpt.parameters import payload_of
from sandbox.providers.nanogpt import catalog, prices
from sandbox.providers.nanogpt.extending import is_extension
from sandbox.videos.rendering import Renderer, RenderRequest
from tests.factories import make_image, make_request
from tests.local_nanogpt import KEY_NAME, Desk, desk_at, local_nanogpt

PICTURES = {name: OrderPicture(b"picture", "image/png") for name in ("a.png", "b.png")}
FIRST, SECOND = (make_image(key=name) for name in PICTURES)
SOURCE = SourceVideo("source.mp4", 320, 180, 10_000, 2.0)
MUCH_MICROS = 1_000_000_000_000
UNPRICED = {
    "minimax-h3/reference-to-video",
    "minimax-h3-singularity/image-to-video",
    "minimax-h3-singularity/image-to-video-lora",
    "minimax/h3-max/multi-angle/image-to-video",
    "skyreels-v4",
}  # of which the list tells a minimum and no more


def is_unpriced(request: VideoRequest) -> bool:
    """Also references that are billed by tokens, and a picture in a resolution that has no rate."""
    if request.model_id == "minimax/h3-max":
        return bool(request.reference_images)
    if request.model_id == "xai/grok-imagine-video/v1.5/image-to-video":
        return bool(request.pictures) and request.resolution == "1080p"
    return request.model_id in UNPRICED


@pytest.fixture
async def desk(tmp_path) -> AsyncIterator[Desk]:
    async with local_nanogpt(tmp_path) as wire, desk_at(wire) as opened:
        await wire.turn(submissions_per_minute=10_000, requests_per_second=10_000)
        wire.service.books.open(KEY_NAME, MUCH_MICROS)
        yield opened


@pytest.fixture
async def source(tmp_path: Path) -> bytes:
    """A video of two seconds."""
    target = tmp_path / "source.mp4"
    await Renderer().render(RenderRequest("snow", seconds=2, resolution="360p"), target)
    return target.read_bytes()


def order_of(request: VideoRequest, tag: str, source: bytes) -> Order:
    given = OrderVideo(source) if request.sends_video else None
    return Order(request, tag, PICTURES, source=given)


def can_be_made_here(model: dict[str, Any]) -> bool:
    """By the service's own refusals: no voice must be given, and a video only to be continued."""
    if is_extension(model):
        return True
    able, given = model["capabilities"], model["supported_parameters"]["parameters"]
    is_work_on_a_video = {"target_resolution", "voice_id", "billedDuration"} & set(given)
    return (
        (able["text_to_video"] or able["image_to_video"])
        and (not able["video_to_video"] or (able["image_to_video"] and able["text_to_video"]))
        and not (able["audio_input"] and not able["text_to_video"])
        and not is_work_on_a_video
    )


def requests(able: Capability) -> Iterator[VideoRequest]:
    """One with all the model's defaults, from each thing that it makes videos from."""
    usual = VideoRequest("a fox", able.model_id)
    if able.only_continues:
        yield replace(usual, source_video=SOURCE)
    if Kind.TEXT in able.kinds:
        yield usual
    if Kind.IMAGE in able.kinds:
        yield replace(usual, image=FIRST)
        if able.end_image:
            yield replace(usual, image=FIRST, end_image=SECOND)
    if able.reference_images_max:
        pair = (FIRST, SECOND)[: able.reference_images_max]
        yield replace(usual, reference_images=pair)


async def test_every_model_that_can_be_made_here_is_read_and_no_other(desk):
    listed = catalog.models()

    read = {able.model_id for able in await desk.client.list_capabilities()}

    assert len(listed) >= 120
    assert read == {name for name, model in listed.items() if can_be_made_here(model)}


async def test_a_model_is_priced_or_known_to_have_no_price(desk):
    for able in await desk.client.list_capabilities():
        for request in requests(able):
            found = price(complete(request, able), able.prices)

            assert (found is None) == is_unpriced(request), able.model_id


async def test_every_video_with_a_models_defaults_is_charged_as_it_was_quoted(desk, source):
    made = 0
    for able in await desk.client.list_capabilities():
        for request in requests(able):
            completed = complete(request, able)
            quoted = price(completed, able.prices)
            if quoted is None:
                continue
            receipt = await desk.client.submit(order_of(completed, f"tag-{made}", source))
            kind, charged = desk.money[-1]

            assert check(request, able) == (), able.model_id
            assert (kind, receipt.precharged_micros) == ("charge", charged)
            assert abs(quoted.cost_micros - charged) <= charged / 100, able.model_id
            made += 1
    assert made == len(desk.money) > 150


def every_choice(able: Capability) -> Iterator[VideoRequest]:
    sounds = (False, True) if able.audio is Audio.OPTIONAL else (None,)
    lengths, tiers = able.durations_seconds or (None,), able.resolutions or (None,)
    for request, seconds, tier, sound in product(requests(able), lengths, tiers, sounds):
        changed = replace(request, duration_seconds=seconds, resolution=tier, audio=sound)
        yield complete(changed, able)


def test_every_choice_of_every_model_is_billed_as_it_is_quoted():
    """Against the service's own reckoning, which knows nothing of the bot's."""
    listed, seen = catalog.models(), 0
    for model in read_models({"data": list(listed.values())}):
        able = model.capability
        for request in every_choice(able):
            quoted = price(request, able.prices)
            if quoted is None:
                assert is_unpriced(request)
                continue
            body = payload_of(Order(request, "tag", PICTURES), model.parameters)
            before = request.source_video.duration_seconds if request.source_video else 0.0
            billed = prices.cost_micros(listed[able.model_id], body, before)

            assert abs(quoted.cost_micros - billed) <= billed / 100, body
            seen += 1
    assert seen > 3000


BY_HAND = [
    ("bytedance/seedance-2.5-spicy", {"seconds": 15, "tier": "1080p"}, 13_500_000),
    ("alibaba/wan-3.0/image-to-video-spicy", {"seconds": 5, "tier": "1080p"}, 1_000_000),
    ("alibaba/wan-3.0-prime/image-to-video-spicy", {"seconds": 11, "tier": "480p"}, 825_000),
    ("minimax/h3-max-turbo", {"seconds": 13, "tier": "768p"}, 520_000),
    ("minimax-h3/image-to-video-spicy", {"seconds": 9, "tier": "768p"}, 720_000),
    ("bytedance/seedance-2.0-fast/image-to-video-spicy", {"seconds": 4, "tier": "480p"}, 400_000),
    ("bytedance/seedance-2.0-mini/image-to-video-spicy", {"seconds": 7, "tier": "720p"}, 840_000),
    ("doubao-seedance-2-0-fast", {"seconds": 10, "tier": "720p"}, 2_000_000),
    ("kling-v3-turbo-standard", {"seconds": 3, "tier": None}, 336_000),
    ("grok-imagine-video-reference-to-video", {"seconds": 10, "tier": "480p"}, 502_000),
    ("grok-imagine-video-reference-to-video", {"seconds": 8, "tier": "720p"}, 562_000),
]


@pytest.mark.parametrize(("name", "choice", "micros"), BY_HAND)
async def test_a_video_costs_what_is_worked_out_by_hand_from_the_list(desk, name, choice, micros):
    known = {able.model_id: able for able in await desk.client.list_capabilities()}[ModelId(name)]
    asked = VideoRequest(
        "a fox",
        ModelId(name),
        image=None if Kind.TEXT in known.kinds else FIRST,
        duration_seconds=choice["seconds"],
        resolution=choice["tier"],
    )
    request = complete(asked, known)
    quoted = price(request, known.prices)

    assert check(request, known) == ()
    assert quoted is not None
    assert quoted.cost_micros == micros
    receipt = await desk.client.submit(order_of(request, "tag", b""))
    assert receipt.precharged_micros == micros


UNQUOTED = [
    ("minimax/h3-max/multi-angle/image-to-video", 5, "480p", 250_000),
    ("minimax/h3-max/multi-angle/image-to-video", 10, "1080p", 1_600_000),
    ("minimax-h3-singularity/image-to-video-lora", 3, "480p", 187_500),
]


@pytest.mark.parametrize(("name", "seconds", "tier", "micros"), UNQUOTED)
async def test_what_the_list_tells_no_price_of_costs_what_the_service_quotes(
    desk, name, seconds, tier, micros
):
    known = {able.model_id: able for able in await desk.client.list_capabilities()}[ModelId(name)]
    asked = VideoRequest(
        "a fox", ModelId(name), image=FIRST, duration_seconds=seconds, resolution=tier
    )
    request = complete(asked, known)

    assert price(request, known.prices) is None
    quoted = await desk.client.quote_micros(order_of(request, "tag", b""))
    receipt = await desk.client.submit(order_of(request, "tag", b""))
    assert quoted == receipt.precharged_micros == micros


async def test_only_raw_rates_are_called_estimates(desk):
    listed = catalog.models()
    for able in await desk.client.list_capabilities():
        assert able.prices.is_estimate == ("raw" in listed[able.model_id]["pricing"])


async def test_no_switch_that_may_cost_more_is_left_to_its_default(desk, source):
    known_free = {"camera_fixed", "enable_prompt_expansion", "enhancePrompt", "prompt_optimizer",
                  "enable_safety_checker", "keep_original_sound", "adjust_fps_for_interpolation"}  # fmt: skip
    for able in await desk.client.list_capabilities():
        given = catalog.models()[able.model_id]["supported_parameters"]["parameters"]
        switches = {
            name
            for name, one in given.items()
            if one["type"] in {"switch", "boolean"} and "Edit" not in one["label"]
        }
        request = complete(next(requests(able)), able)
        receipt = await desk.client.submit(order_of(request, "tag", source))

        sent = desk.sent(receipt)
        assert {name: sent.get(name) for name in switches - known_free} == dict.fromkeys(
            switches - known_free, False
        ), able.model_id
        assert sent.keys() - given.keys() <= {
            "model", "prompt", "conversationUUID", "imageDataUrl", "videoDataUrl"
        }, able.model_id  # fmt: skip


RENAMED = [
    ("wan-wavespeed-25", "wan-25"),
    ("wan-wavespeed-26", "wan-26"),
    ("wan-wavespeed-22-plus", "wan-22-plus"),
]


@pytest.mark.parametrize(("old", "new"), RENAMED)
async def test_a_request_for_a_model_that_was_renamed_is_ordered_under_its_new_name(desk, old, new):
    await desk.client.list_capabilities()

    receipt = await desk.submit(model_id=ModelId(old), duration_seconds=5)

    assert desk.sent(receipt)["model"] == new
    assert await desk.client.recover("tag-1", make_request(model_id=ModelId(old))) is not None


async def test_a_model_that_is_not_listed_is_refused_without_asking(desk):
    await desk.client.list_capabilities()
    await desk.wire.turn(refuse={"status": 400})

    with pytest.raises(ProviderRejectedRequestError, match="is not listed") as caught:
        await desk.submit(model_id=ModelId("midjourney-video"))

    assert "Choose another one" in (caught.value.friendly or "")
    assert desk.money == []


async def test_the_live_list_wins_over_the_bundled_one_and_outlives_a_bad_hour(desk):
    before = {able.model_id: able for able in desk.client.capabilities()}
    await desk.wire.turn(withdrawn=["veo2-video", "seedance-video"])
    live = {able.model_id: able for able in await desk.client.list_capabilities()}
    await desk.wire.fault(path="/api/v1/video-models", kind="status", status=503, times=9)
    away = {able.model_id: able for able in await desk.client.list_capabilities()}

    assert {"veo2-video", "seedance-video"} <= before.keys()
    assert not {"veo2-video", "seedance-video"} & live.keys()
    assert away == live


async def test_the_bundled_models_are_offered_at_estimates_while_no_list_was_ever_read(desk):
    await desk.wire.fault(path="/api/v1/video-models", kind="status", status=503)

    bundled = await desk.client.list_capabilities()

    assert len(bundled) > 20
    assert all(able.prices.lines and able.prices.is_estimate for able in bundled)


LIST_TROUBLES = ["status", "truncate", "cut_short", "wrong_types", "drop_before", "drop_after"]


@pytest.mark.parametrize("kind", LIST_TROUBLES)
async def test_a_list_that_cannot_be_read_changes_nothing(desk, kind):
    live = await desk.client.list_capabilities()
    await desk.wire.fault(path="/api/v1/video-models", kind=kind)

    assert await desk.client.list_capabilities() == live


async def test_a_list_that_comes_in_small_pieces_is_read_whole(desk):
    live = await desk.client.list_capabilities()
    await desk.wire.fault(path="/api/v1/video-models", kind="drip")

    assert await desk.client.list_capabilities() == live


async def test_the_bundled_models_are_the_services_own_at_its_prices(desk):
    """So that what is offered while no list was read is what would be made."""
    live = {able.model_id: able for able in await desk.client.list_capabilities()}
    async with desk_at(desk.wire) as fresh:
        for able in fresh.client.capabilities():
            request = complete(next(requests(able)), able)
            known = live[able.model_id]
            ours, theirs = (price(request, one.prices) for one in (able, known))

            assert check(request, known) == (), able.model_id
            assert ours is not None
            assert theirs is not None
            assert abs(ours.cost_micros - theirs.cost_micros) <= theirs.cost_micros / 100
