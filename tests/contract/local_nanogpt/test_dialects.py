"""How the local NanoGPT words receipts and statuses: the seed's way, today's, and its variants."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.local_nanogpt import STATUS, Wire


async def under_way(wire: Wire, seconds: float = 100, **switches: Any) -> Any:
    """A video that takes so long, ordered just now and already drawn."""
    await wire.turn(generation_seconds=seconds, **switches)
    _, body, _ = await wire.submit()
    run = wire.service.books.runs[body["runId"]]
    run.rendered_at = run.created_at
    return run


async def test_the_seeds_receipt_has_another_id_and_fewer_fields(wire):
    await wire.turn(submission="seed")

    _, body, _ = await wire.submit()

    assert body["runId"].startswith("fal-request-")
    assert set(body) == {"runId", "status", "model", "cost", "paymentSource", "remainingBalance"}


async def test_a_run_of_the_seeds_kind_is_found_at_both_addresses(wire):
    await wire.turn(submission="seed")
    run = await wire.made()
    legacy = f"/api/generate-video/status?runId={run.id}&modelSlug={run.model}"

    _, old, _ = await wire.call("GET", legacy)
    new = await wire.status(run)

    assert set(old) == {"data"}
    assert old["data"]["request_id"] == new["requestId"] == run.id
    assert old["data"]["output"] == new["data"]["output"]
    async with wire.session.get(old["data"]["output"]["video"]["url"]) as video:
        assert video.status == 200


async def test_a_submission_can_be_answered_with_200(wire):
    await wire.turn(submit_status=200)

    assert (await wire.submit())[0] == 200


async def test_a_video_goes_through_its_states_by_the_sandboxs_clock(wire):
    run = await under_way(wire, delivering=True)
    seen = []
    for seconds in (0, 30, 62, 9):
        wire.service.clock.advance(seconds)
        seen.append((await wire.status(run))["data"]["status"])

    assert seen == ["IN_QUEUE", "IN_PROGRESS", "delivering", "COMPLETED"]
    assert (await wire.status(run))["data"]["status"] == "COMPLETED"


async def test_without_that_switch_nothing_is_delivered(wire):
    run = await under_way(wire)
    wire.service.clock.advance(95)

    assert (await wire.status(run))["data"] == {
        "status": "IN_PROGRESS",
        "requestId": run.id,
        "details": "Video is being generated",
    }


async def test_a_video_may_take_more_than_ten_minutes(wire):
    run = await under_way(wire, seconds=3000)
    wire.service.clock.advance(2990)
    before = (await wire.status(run))["data"]["status"]
    wire.service.clock.advance(11)

    assert (before, (await wire.status(run))["data"]["status"]) == ("IN_PROGRESS", "COMPLETED")


async def test_a_fresh_id_can_be_unknown_for_a_while(wire):
    await wire.turn(unknown_seconds=30)
    run = await wire.made()
    first = await wire.call("GET", f"{STATUS}?requestId={run.id}")

    wire.service.clock.advance(30)

    assert first[0] == 404
    assert (await wire.status(run))["data"]["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("output", "where"),
    [
        ("video.url", lambda body: body["data"]["output"]["video"]["url"]),
        ("url", lambda body: body["data"]["output"]["url"]),
        ("video_url", lambda body: body["data"]["output"]["video_url"]),
        ("videoUrl", lambda body: body["data"]["output"]["videoUrl"]),
        ("video", lambda body: body["data"]["output"]["video"]),
        ("videos", lambda body: body["data"]["output"]["videos"][0]["url"]),
        ("videoUrls", lambda body: body["data"]["output"]["videoUrls"][0]),
        ("bare", lambda body: body["data"]["output"]),
        ("top", lambda body: body["videoUrl"]),
    ],
)
async def test_the_videos_address_stands_where_it_is_switched_to(wire, output, where):
    await wire.turn(output=output)
    run = await wire.made()

    assert where(await wire.status(run)).endswith(f"/storage/{run.video}")


async def test_a_video_can_be_completed_and_nowhere(wire):
    await wire.turn(output="none")

    data = (await wire.status(await wire.made()))["data"]

    assert (data["status"], data["output"]) == ("COMPLETED", {})


@pytest.mark.parametrize(
    ("words", "fail", "word"),
    [
        ("current", "no", "COMPLETED"),
        ("current", "cancel", "CANCELED"),
        ("seed", "cancel", "CANCELLED"),
        ("other", "no", "SUCCEEDED"),
        ("other", "error", "ERROR"),
        ("other", "cancel", "CANCELLED"),
    ],
)
async def test_the_words_for_an_end_differ(wire, words, fail, word):
    await wire.turn(words=words, fail=fail)

    assert (await wire.status(await wire.made()))["data"]["status"] == word


async def test_the_words_on_the_way_differ_too(wire):
    run = await under_way(wire, words="other")
    first = (await wire.status(run))["data"]["status"]
    wire.service.clock.advance(50)

    assert (first, (await wire.status(run))["data"]["status"]) == ("PENDING", "generating")


async def test_a_small_word_can_stand_beside_the_large_one(wire):
    await wire.turn(dialect="mixed")

    body = await wire.status(await wire.made())

    assert (body["status"], body["data"]["status"]) == ("completed", "COMPLETED")


async def test_a_success_can_have_an_error_that_is_null(wire):
    await wire.turn(error_null=True)

    data = (await wire.status(await wire.made()))["data"]

    assert data["error"] is None
    assert data["output"]["video"]["url"]


async def test_the_flat_shape_is_that_of_the_openapi_document(wire):
    await wire.turn(dialect="openapi")
    run = await wire.made()
    body = await wire.status(run)

    assert body["status"] == "completed"
    assert body["videoUrl"].endswith(f"/storage/{run.video}")
    assert set(body) == {"requestId", "status", "videoUrl", "error", "createdAt", "completedAt"}


@pytest.mark.parametrize(
    ("failure", "fields"),
    [
        ("full", {"error", "isNSFWError", "userFriendlyError"}),
        ("bare", {"error"}),
        ("object", {"error"}),
    ],
)
async def test_a_failure_says_more_or_less(wire, failure, fields):
    await wire.turn(fail="policy", failure=failure)

    data = (await wire.status(await wire.made()))["data"]

    assert set(data) - {"status", "requestId"} == fields
    assert isinstance(data["error"], dict) == (failure == "object")


async def test_a_failure_can_have_words_of_ones_own(wire):
    await wire.turn(fail="error", fail_message="INVALID_AUDIO_DURATION")

    assert (await wire.status(await wire.made()))["data"]["error"] == "INVALID_AUDIO_DURATION"


async def test_an_end_stays_as_it_is_whatever_is_switched_then(wire):
    run = await wire.made()
    await wire.turn(fail="error", final_cost_factor=2)
    wire.service.clock.advance(3600)

    assert (await wire.status(run))["data"]["status"] == "COMPLETED"
    assert await wire.ledger() == [("charge", 0.024)]


@pytest.mark.parametrize(
    ("model", "switched", "is_relative"),
    [
        ("grok-imagine-video", None, True),
        ("sora-2", None, True),
        ("seedance-lite-video", None, False),
        ("seedance-lite-video", True, True),
        ("sora-2", False, False),
    ],
)
async def test_some_models_videos_stand_behind_the_key(wire, model, switched, is_relative):
    await wire.turn(relative_address=switched)
    run = await wire.made(model=model)

    address = (await wire.status(run))["data"]["output"]["video"]["url"]

    assert address.startswith("/api/generate-video/content?") == is_relative


@pytest.mark.parametrize(("variant", "wide"), [("thumbnail", 1), ("spritesheet", 4)])
async def test_the_content_has_pictures_of_a_video_too(wire, variant, wide):
    run = await wire.made(model="sora-2")
    path = f"/api/generate-video/content?runId={run.id}&model=sora-2&variant={variant}"

    status, body, headers = await wire.call("GET", path)

    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(body)) as picture:
        assert picture.size == (320 * wide, 180)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("model=sora-2", 400),
        ("runId=vid_no&model=sora-2", 404),
        ("runId={run}&model=veo2-video", 400),
        ("runId={run}", 400),
        ("runId={run}&model=sora-2&variant=smell", 400),
    ],
)
async def test_content_that_cannot_be_is_refused(wire, query, status):
    run = await wire.made(model="sora-2")
    path = f"/api/generate-video/content?{query.format(run=run.id)}"

    assert (await wire.call("GET", path))[0] == status


async def test_a_midjourney_video_is_extended_and_charged_again(wire):
    source = await wire.made(model="midjourney-video", imageUrl=None, imageAttachmentId="a")
    path = "/api/generate-video/extend"

    status, body, _ = await wire.call("POST", path, json={"runId": source.id, "index": 3})
    legacy, _, _ = await wire.call("POST", path, json={"taskId": source.id, "index": 0})

    assert (status, legacy) == (200, 200)
    assert body["success"] is True
    assert body["runId"] == body["id"] == body["taskId"] != source.id
    assert body["message"] == "Extending video 4 by 5 seconds..."
    assert [kind for kind, _ in await wire.ledger()] == ["charge"] * 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"index": 0}, 400),
        ({"runId": "vid_no", "index": 0}, 404),
        ({"runId": "{midjourney}"}, 400),
        ({"runId": "{midjourney}", "index": 4}, 400),
        ({"runId": "{midjourney}", "index": True}, 400),
        ({"runId": "{seedance}", "index": 0}, 400),
    ],
    ids=str,
)
async def test_an_extension_that_cannot_be_is_refused(wire, body, status):
    midjourney = await wire.made(model="midjourney-video", imageAttachmentId="a")
    seedance = await wire.made()
    names = {"midjourney": midjourney.id, "seedance": seedance.id}
    if "runId" in body:
        body = {**body, "runId": body["runId"].format(**names)}

    answered, _, _ = await wire.call("POST", "/api/generate-video/extend", json=body)

    assert answered == status
