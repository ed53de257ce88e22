"""The local NanoGPT from a request to its video, as NanoGPT's documents promise, and how it is played."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest

from sandbox.providers.faults import Kind
from sandbox.providers.nanogpt.overrides import Changes
from tests.local_nanogpt import CONTROL, KEY, Json, Wire, local_nanogpt


@pytest.fixture
async def wire(tmp_path) -> AsyncIterator[Wire]:
    async with local_nanogpt(tmp_path, blank=False) as opened:
        yield opened


@pytest.mark.parametrize("headers", [KEY, {"Authorization": "Bearer sk-nano-sandbox"}], ids=str)
async def test_either_header_opens_it(wire, headers):
    status, body, answered = await wire.call("POST", "/api/check-balance", headers=headers)

    assert status == 200
    assert body["usd_balance"] == "50.00000000"
    assert answered["X-Request-ID"]


async def test_without_a_key_or_with_a_wrong_one_it_stays_shut_but_for_the_model_list(wire):
    status, body, _ = await wire.call("POST", "/api/check-balance", headers={})
    assert (status, body["error"]["code"]) == (401, "missing_api_key")

    status, body, _ = await wire.call("POST", "/api/check-balance", headers={"x-api-key": "no"})
    assert (status, body) == (401, {"error": "Invalid session", "status": 401})

    status, _, _ = await wire.call("GET", "/api/v1/video-models", headers={})
    assert status == 200


async def test_a_submission_is_charged_at_once_and_says_what_is_left(wire):
    status, body, _ = await wire.submit()

    assert status == 202
    assert body["id"] == body["runId"]
    assert body["runId"].startswith("vid_")
    assert (body["status"], body["paymentSource"]) == ("pending", "USD")
    assert (body["cost"], body["remainingBalance"]) == (0.024, 49.976)
    assert [entry.kind for entry in wire.service.books.entries] == ["charge"]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"model": "no one"}, 400, "Model not found"),
        ({"prompt": " "}, 400, "Missing required parameter"),
        ({"prompt": "a blockedword"}, 400, "blocked"),
        ({"model": "kling-v21-standard"}, 400, "requires an input image"),
        ({"model": "minimax-hailuo-02", "prompt": "a" * 2001}, 400, "too long"),
        ({"imageDataUrl": "data:image/png;base64,%%%"}, 400, "Invalid imageDataUrl"),
    ],
    ids=str,
)
async def test_a_request_that_cannot_be_is_refused_free_of_charge(wire, fields, status, said):
    answered, body, _ = await wire.submit(**fields)

    assert answered == status
    assert said in str(body["error"])
    assert wire.service.books.entries == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"words"'])
async def test_what_is_no_json_object_is_refused(wire, content):
    status, body, _ = await wire.call("POST", "/api/generate-video", data=content)

    assert (status, body["error"]["code"]) == (400, "invalid_json")


async def test_a_status_needs_an_id_that_exists_and_is_ones_own(wire):
    run = await wire.made()
    wire.service.books.open("other")
    path = "/api/video/status"

    assert (await wire.call("GET", path))[0] == 400
    assert (await wire.call("GET", f"{path}?requestId=vid_no"))[0] == 404
    other = await wire.call("GET", f"{path}?requestId={run.id}", headers={"x-api-key": "other"})
    assert other[0] == 403
    for name in ("requestId", "runId"):
        status, body, _ = await wire.call("GET", f"{path}?{name}={run.id}")
        assert (status, body["data"]["status"]) == (200, "COMPLETED")
        assert body["data"]["cost"] == 0.024


async def test_a_recovery_lists_ones_own_latest_first_by_tag_and_by_count(wire):
    await wire.made()
    last = await wire.made(conversationUUID="tag-2")
    path = "/api/generate-video/recover"

    _, every, _ = await wire.call("GET", path)
    _, tagged, _ = await wire.call("GET", f"{path}?conversationUUID=tag-1")
    _, one, _ = await wire.call("GET", f"{path}?limit=1")

    assert [run["conversationUUID"] for run in every["data"]] == ["tag-2", "tag-1"]
    assert [run["conversationUUID"] for run in tagged["data"]] == ["tag-1"]
    assert one["data"] == [
        {
            "runId": last.id,
            "id": last.id,
            "model": last.model,
            "status": "completed",
            "createdAt": last.created_at.isoformat(),
            "conversationUUID": "tag-2",
        }
    ]


async def test_a_recovery_with_a_count_that_is_none_is_refused_in_words(wire):
    status, body, _ = await wire.call("GET", "/api/generate-video/recover?limit=many")

    assert status == 400
    assert "limit" in str(body["error"])


async def test_the_model_list_is_detailed_unless_asked_otherwise(wire):
    _, full, _ = await wire.call("GET", "/api/v1/video-models")
    _, short, _ = await wire.call("GET", "/api/v1/video-models?detailed=false")

    assert full["object"] == "list"
    assert full["meta"]["count"] == len(full["data"]) == len(short["data"])
    assert {"pricing", "supported_parameters", "capabilities"} <= set(full["data"][0])
    assert set(short["data"][0]) == {"id", "object", "created", "owned_by"}


@pytest.mark.parametrize("fail", ["error", "policy"])
@pytest.mark.parametrize("refund", [True, False])
async def test_a_failed_video_is_given_back_once_or_kept_as_switched(wire, fail, refund):
    wire.service.overrides.fail, wire.service.overrides.refund = fail, refund

    run = await wire.made()
    _, body, _ = await wire.call("GET", f"/api/video/status?requestId={run.id}")

    assert (body["data"]["status"], body["data"]["isNSFWError"]) == ("FAILED", fail == "policy")
    _, ledger, _ = await wire.call("GET", f"{CONTROL}/ledger")
    assert [entry["kind"] for entry in ledger] == (["charge", "refund"] if refund else ["charge"])
    assert wire.service.books.balances["sk-nano-sandbox"] == 50_000_000 - (0 if refund else 24_000)


async def test_a_switch_for_sound_that_is_left_out_is_billed_at_the_expensive_default(wire):
    request: Json = {"model": "veo3-1-fast-video", "duration": "4", "resolution": "720p"}

    costs = {
        said: (await wire.submit(**request, **more))[1]["cost"]
        for said, more in {
            "nothing": {},
            "on": {"generateAudio": True},
            "off": {"generateAudio": False},
        }.items()
    }

    assert costs == {"nothing": 0.6, "on": 0.6, "off": 0.4}


async def test_an_empty_account_is_told_what_it_needs(wire):
    wire.service.books.balances["sk-nano-sandbox"] = 100

    status, body, _ = await wire.submit()

    assert status == 402
    assert body == {"error": "Insufficient balance", "status": 402, "requiredBalance": 0.024}


async def test_the_switches_are_shown_and_changed(wire):
    _, before, _ = await wire.call("GET", CONTROL)
    status, after, _ = await wire.call("PATCH", CONTROL, json={"dialect": "openapi"})

    assert (status, before["dialect"], after["dialect"]) == (200, "unified", "openapi")
    assert wire.service.overrides.dialect == "openapi"


def test_every_switch_and_every_fault_stands_in_the_documents():
    document = (Path(__file__).parents[3] / "docs" / "sandbox.md").read_text("utf-8")

    for name in (*Changes.model_fields, *get_args(Kind)):
        assert f"`{name}`" in document, name


@pytest.mark.parametrize(
    ("method", "path", "content", "said"),
    [
        ("PATCH", "", b'{"dialect": "latin"}', "dialect"),
        ("PATCH", "", b'{"unheard_of": 1}', "unheard_of"),
        ("PATCH", "", b"{", "JSON"),
        ("PATCH", "", b"[]", "object"),
        ("POST", "/faults", b'{"kind": "meteor"}', "kind"),
        ("POST", "/faults", b"{}", "kind"),
        ("POST", "/faults", b"{", "JSON"),
    ],
)
async def test_a_switch_or_fault_that_does_not_exist_is_named_in_a_clear_answer(
    wire, method, path, content, said
):
    headers = {"Content-Type": "application/json"}

    status, body, _ = await wire.call(method, f"{CONTROL}{path}", data=content, headers=headers)

    assert status == 400
    assert said in body["message"]


async def test_faults_strike_in_turn_and_can_be_forgotten(wire):
    for answered in (500, 503):
        fault = {"kind": "status", "status": answered, "path": "/api/check-balance"}
        assert (await wire.call("POST", f"{CONTROL}/faults", json=fault))[0] == 201

    statuses = [(await wire.call("POST", "/api/check-balance"))[0] for _ in range(3)]
    await wire.call("DELETE", f"{CONTROL}/faults")

    assert statuses == [500, 503, 200]
    assert wire.service.faults == []


async def test_the_store_gives_a_part_of_a_video_and_nothing_once_expired(wire):
    run = await wire.made()
    address = f"{wire.service.storage_origin}/storage/{run.video}"

    async with wire.session.get(address, headers={"Range": "bytes=4-7"}) as answer:
        part = (answer.status, await answer.read(), answer.content_type)
    async with wire.session.get(f"{wire.service.storage_origin}/storage/vid_none") as answer:
        assert answer.status == 404
    wire.service.overrides.storage_expired = True
    async with wire.session.get(address) as answer:
        assert answer.status == 403

    assert part == (206, b"ftyp", "video/mp4")


async def test_the_store_writes_down_who_shows_it_a_key(wire):
    run = await wire.made()
    address = f"{wire.service.storage_origin}/storage/{run.video}"

    async with wire.session.get(address, headers=KEY) as answer:
        assert answer.status == 200

    assert wire.service.keys_seen_by_storage == ["sk-nano-sandbox"]
    assert (await wire.call("GET", CONTROL))[1]["keys_seen_by_storage"] == 1


async def test_a_relative_address_leads_to_the_store_for_its_owner_alone(wire):
    wire.service.overrides.relative_address = True
    run = await wire.made()
    _, body, _ = await wire.call("GET", f"/api/video/status?requestId={run.id}")
    path = body["data"]["output"]["video"]["url"]

    owner, _, headers = await wire.call("GET", path, allow_redirects=False)
    stranger, _, _ = await wire.call("GET", path, headers={}, allow_redirects=False)

    assert (owner, stranger) == (302, 401)
    assert headers["Location"] == f"{wire.service.storage_origin}/storage/{run.video}"
