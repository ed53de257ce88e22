"""The bot's client at a local NanoGPT that drops, cuts, drips and garbles: no video is lost or paid twice."""

import io

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from bot.errors import (
    ArtifactUnavailableError,
    ProviderError,
    ProviderProtocolError,
    ProviderRejectedRequestError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.ids import ModelId
from bot.providers import http
from bot.providers.contract import OrderPicture, ProviderState, Receipt
from bot.providers.nanogpt.parameters import MAX_BODY_BYTES, PICTURES_MAX_BYTES
from tests.factories import make_image
from tests.local_nanogpt import BALANCE, RECOVER, STATUS, SUBMIT, Desk, desk_at
from tests.serving import serving

COST_MICROS = 24_000
CHARGED_ONCE = [("charge", COST_MICROS)]
PATIENCE = aiohttp.ClientTimeout(total=1.5)  # in which what is asked arrives, whatever else runs
FOUR_MIB = 4 * 1024 * 1024
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "kind", ["drop_after", "status_after", "truncate", "cut_short", "wrong_types"]
)
async def test_an_answer_lost_after_the_effect_is_uncertain_found_and_paid_once(desk, kind):
    await desk.wire.fault(method="POST", path=SUBMIT, kind=kind)

    with pytest.raises(SubmissionUncertainError):
        await desk.submit("lost")
    found = await desk.client.recover("lost", desk.request)

    assert found is not None
    assert (await desk.ended(found)).state is ProviderState.SUCCEEDED
    assert desk.money == CHARGED_ONCE


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524])
async def test_a_page_from_an_edge_after_the_effect_is_uncertain_too(desk, status):
    await desk.wire.fault(method="POST", path=SUBMIT, kind="status_after", status=status)

    with pytest.raises(SubmissionUncertainError):
        await desk.submit("lost")

    assert await desk.client.recover("lost", desk.request) is not None
    assert desk.money == CHARGED_ONCE


async def test_a_request_lost_before_the_effect_is_uncertain_not_found_and_free(desk):
    await desk.wire.fault(method="POST", path=SUBMIT, kind="drop_before")

    with pytest.raises(SubmissionUncertainError):
        await desk.submit("lost")

    assert await desk.client.recover("lost", desk.request) is None
    assert desk.money == []


async def test_an_answer_slower_than_our_patience_is_uncertain_found_and_paid_once(
    desk, monkeypatch
):
    monkeypatch.setattr(http, "SUBMIT_TIMEOUT", PATIENCE)
    await desk.wire.fault(method="POST", path=SUBMIT, kind="drip", seconds=300)

    with pytest.raises(SubmissionUncertainError):
        await desk.submit("slow")

    assert await desk.client.recover("slow", desk.request) is not None
    assert desk.money == CHARGED_ONCE


@pytest.mark.parametrize("kind", ["latency", "drip"])
async def test_an_answer_that_is_slow_and_in_small_pieces_is_an_answer(desk, kind):
    await desk.wire.fault(method="POST", path=SUBMIT, kind=kind, seconds=0.1)

    assert (await desk.submit()).precharged_micros == COST_MICROS


@pytest.mark.parametrize("body", ["", "null", "[]", '{"runId": ', "{}", '{"runId": 5}', "<html>"])
async def test_a_success_without_an_id_is_uncertain(desk, body):
    async def odd(_request: web.Request) -> web.Response:
        return web.Response(status=202, text=body, content_type="application/json")

    async with serving(odd) as origin, desk_at(desk.wire, origin=origin) as other:
        with pytest.raises(SubmissionUncertainError):
            await other.submit()


LOOK_FAULTS: dict[str, type[ProviderError]] = {
    "drop_before": ProviderUnavailableError,
    "drop_after": ProviderUnavailableError,
    "cut_short": ProviderUnavailableError,
    "status": ProviderUnavailableError,
    "status_after": ProviderUnavailableError,
    "truncate": ProviderProtocolError,
    "wrong_types": ProviderProtocolError,
}


@pytest.mark.parametrize("kind", LOOK_FAULTS)
async def test_a_poll_that_goes_wrong_leaves_the_video_as_it_is(desk, kind):
    receipt = await desk.submit()
    # twice, because aiohttp asks again by itself where a connection breaks on a question
    await desk.wire.fault(method="GET", path=STATUS, kind=kind, times=2)

    with pytest.raises(LOOK_FAULTS[kind]):
        await desk.ended(receipt)
    desk.service.faults.clear()

    assert (await desk.ended(receipt)).state is ProviderState.SUCCEEDED
    assert desk.money == CHARGED_ONCE


async def test_a_poll_that_takes_too_long_may_be_repeated(desk, monkeypatch):
    receipt = await desk.submit()
    monkeypatch.setattr(http, "READ_TIMEOUT", PATIENCE)
    await desk.wire.fault(method="GET", path=STATUS, kind="drip", seconds=300)

    with pytest.raises(ProviderTimeoutError):
        await desk.ended(receipt)

    assert (await desk.ended(receipt)).state is ProviderState.SUCCEEDED


@pytest.mark.parametrize("kind", [*LOOK_FAULTS])
async def test_a_recovery_that_goes_wrong_finds_nothing_and_says_so(desk, kind):
    receipt = await desk.submit("tag-1")
    await desk.wire.fault(method="GET", path=RECOVER, kind=kind, times=2)

    with pytest.raises(LOOK_FAULTS[kind]):
        await desk.client.recover("tag-1", desk.request)
    desk.service.faults.clear()

    assert await desk.client.recover("tag-1", desk.request) == Receipt(receipt.handle)


async def test_a_service_that_wants_to_know_the_model_of_a_lost_video_is_told(desk):
    asked: list[str | None] = []

    async def strict(request: web.Request) -> web.Response:
        asked.append(request.query.get("model"))
        if asked[-1] is None:
            return web.json_response({"error": "Missing parameter: model"}, status=400)
        run = {"runId": "vid_1", "conversationUUID": request.query["conversationUUID"]}
        return web.json_response({"data": [run]})

    async with serving(strict) as origin, desk_at(desk.wire, origin=origin) as other:
        assert await other.client.recover("tag-1", desk.request) == Receipt("vid_1")
    assert asked == [None, desk.request.model_id]


@pytest.mark.parametrize("kind", [kind for kind in LOOK_FAULTS if kind != "wrong_types"])
async def test_a_balance_that_cannot_be_read_is_no_balance(desk, kind):
    await desk.wire.fault(path=BALANCE, kind=kind, times=2)

    with pytest.raises(LOOK_FAULTS[kind]):
        await desk.client.balance_micros()
    desk.service.faults.clear()

    assert await desk.client.balance_micros() == 50_000_000


@pytest.mark.parametrize("kind", ["drop_before", "cut_short", "status"])
async def test_a_video_that_comes_in_half_is_not_kept(desk, kind, tmp_path):
    receipt = await desk.submit()
    (address,) = (await desk.ended(receipt)).artifact_addresses
    await desk.wire.fault(path="/storage/*", kind=kind, times=2)
    target = tmp_path / "video.mp4"

    with pytest.raises(ArtifactUnavailableError):
        await desk.client.fetch(address, target)
    assert not target.exists()
    desk.service.faults.clear()
    await desk.client.fetch(address, target)

    assert target.read_bytes().endswith(desk.request.prompt.encode())


def picture(size: int) -> dict[str, OrderPicture]:
    """One that is this large, and no more than a name to the blank renderer."""
    return {"a.png": OrderPicture(bytes(size), "image/png")}


FIRST = make_image(key="a.png")
LONGEST = "🦊" * 4000


async def test_a_picture_at_the_clients_limit_is_taken_by_the_strictest_reading_of_four_megabytes(
    desk,
):
    await desk.wire.turn(most_body_bytes=MAX_BODY_BYTES, upload_counts="text")

    receipt = await desk.submit(pictures=picture(PICTURES_MAX_BYTES), image=FIRST, prompt=LONGEST)

    assert desk.client.pictures_max_bytes == PICTURES_MAX_BYTES
    assert desk.sent(receipt)["imageDataUrl"].startswith("data:image/png;base64,")
    assert desk.money == CHARGED_ONCE


@pytest.mark.parametrize(
    ("counts", "most"), [("file", FOUR_MIB), ("text", FOUR_MIB * 3 // 4)], ids=["file", "text"]
)
async def test_four_megabytes_are_taken_and_a_byte_more_is_refused_in_words(desk, counts, most):
    await desk.wire.turn(upload_counts=counts)
    await desk.submit(pictures=picture(most), image=FIRST)

    with pytest.raises(ProviderRejectedRequestError) as caught:
        await desk.submit(pictures=picture(most + 1), image=FIRST)

    assert caught.value.status == 413
    assert "Use smaller ones" in (caught.value.friendly or "")
    assert desk.money == CHARGED_ONCE


async def test_the_edge_takes_a_body_of_its_limit_and_refuses_a_byte_more_in_words(desk):
    body = await _body_of(desk, picture(3000))
    await desk.wire.turn(most_body_bytes=len(body))
    await desk.submit(pictures=picture(3000), image=FIRST)
    await desk.wire.turn(most_body_bytes=len(body) - 1)

    with pytest.raises(ProviderRejectedRequestError) as caught:
        await desk.submit(pictures=picture(3000), image=FIRST)

    assert "Use smaller ones" in (caught.value.friendly or "")
    assert desk.money == CHARGED_ONCE


async def _body_of(desk: Desk, pictures: dict[str, OrderPicture]) -> bytes:
    """What the client sends, as a server sees it."""
    seen: list[bytes] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(await request.read())
        return web.json_response({"runId": "vid_1"}, status=202)

    async with serving(note) as origin, desk_at(desk.wire, origin=origin) as other:
        await other.submit(pictures=pictures, image=FIRST)
    return seen[0]


async def test_a_picture_by_its_address_is_fetched_by_the_service(desk):
    asked: list[str] = []

    async def image(request: web.Request) -> web.Response:
        asked.append(request.path)
        drawn = io.BytesIO()
        Image.new("RGB", (64, 36), "red").save(drawn, "PNG")
        return web.Response(body=drawn.getvalue(), content_type="image/png")

    async with serving(image) as origin:
        pictures = {"a.png": OrderPicture(address=f"{origin}/a.png")}
        receipt = await desk.submit(pictures=pictures, image=FIRST)
        status = await desk.ended(receipt)

    assert desk.sent(receipt)["imageUrl"] == f"{origin}/a.png"
    assert (asked, status.state) == (["/a.png"], ProviderState.SUCCEEDED)


async def test_a_bad_picture_is_refused_and_costs_nothing(desk):
    pictures = {"a.png": OrderPicture(address="data:image/png;base64,###")}
    with pytest.raises(ProviderRejectedRequestError):
        await desk.submit(pictures=pictures, image=FIRST, end_image=FIRST)

    assert desk.money == []


async def test_a_model_that_needs_a_picture_says_so_and_costs_nothing(desk):
    with pytest.raises(ProviderRejectedRequestError) as caught:
        await desk.submit(model_id=ModelId("kling-v21-standard"), duration_seconds=5)

    assert "Add a picture" in (caught.value.friendly or "")
    assert desk.money == []


@pytest.mark.parametrize(
    ("model", "most"), [("minimax-hailuo-02", 2000), ("lightricks-ltx-2-fast", 3000)]
)
async def test_a_prompt_of_exactly_a_models_length_is_taken_and_one_more_letter_refused(
    desk, model, most
):
    request = {"model_id": ModelId(model), "duration_seconds": 6}
    known = {able.model_id: able for able in await desk.client.list_capabilities()}
    await desk.submit(prompt="a" * most, **request)
    with pytest.raises(ProviderRejectedRequestError) as caught:
        await desk.submit(prompt="a" * (most + 1), **request)

    assert known[ModelId(model)].prompt_max_characters == most
    assert f"to {most} characters" in (caught.value.friendly or "")
