"""Faults on order at the local NanoGPT: what a client sees of them, and what has really happened."""

import json

import aiohttp
import pytest

from tests.local_nanogpt import BALANCE, KEY, RECOVER, REQUEST, STATUS, SUBMIT


async def test_a_submission_can_be_accepted_and_its_answer_lost(wire):
    await wire.fault(kind="drop_after", method="POST", path=SUBMIT)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await wire.submit()
    _, found, _ = await wire.call("GET", f"{RECOVER}?conversationUUID=tag-1")

    (run,) = wire.service.books.runs.values()
    assert [entry["runId"] for entry in found["data"]] == [run.id]
    assert await wire.ledger() == [("charge", 0.024)]


async def test_a_submission_can_be_lost_before_it_is_accepted(wire):
    await wire.fault(kind="drop_before", path=SUBMIT)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await wire.submit()

    assert wire.service.books.runs == {}
    assert await wire.ledger() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_error_can_be_told_although_the_video_is_paid_for_and_made(wire, status):
    await wire.fault(kind="status_after", status=status, path=SUBMIT)

    answered, body, headers = await wire.submit()

    assert (answered, headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert str(status).encode() in body
    assert await wire.ledger() == [("charge", 0.024)]


@pytest.mark.parametrize("status", [413, 502, 504])
async def test_an_edge_sends_a_page_in_place_of_the_effect(wire, status):
    await wire.fault(kind="status", status=status, path=SUBMIT)

    answered, body, headers = await wire.submit()

    assert (answered, headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert body.startswith(b"<html>")
    assert await wire.ledger() == []


async def test_an_edge_can_send_nothing_at_all(wire):
    await wire.fault(kind="status", status=502, body="")

    assert (await wire.call("POST", BALANCE))[:2] == (502, b"")


async def test_an_answer_can_be_half_a_json(wire):
    run = await wire.made()
    await wire.fault(kind="truncate", path=STATUS)
    address = f"{wire.sandbox.nanogpt.origin}{STATUS}?requestId={run.id}"

    async with wire.session.get(address, headers=KEY) as answer:
        text = await answer.text()

    assert (answer.status, answer.content_type) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert (await wire.status(run))["data"]["status"] == "COMPLETED"


async def test_an_answer_can_end_before_its_announced_length(wire):
    await wire.fault(kind="cut_short", path=SUBMIT)

    with pytest.raises(aiohttp.ClientPayloadError):
        await wire.submit()

    assert await wire.ledger() == [("charge", 0.024)]


async def test_an_answer_can_come_in_drops(wire):
    await wire.fault(kind="drip", path="/api/v1/video-models", seconds=0.01)

    status, body, _ = await wire.call("GET", "/api/v1/video-models")

    assert (status, len(body["data"])) == (200, body["meta"]["count"])


async def test_every_value_of_an_answer_can_be_of_another_type(wire):
    await wire.fault(kind="wrong_types", path=SUBMIT)
    await wire.fault(kind="wrong_types", path=STATUS)

    status, receipt, _ = await wire.submit()
    (run,) = wire.service.books.runs.values()
    await wire.service.making[run.id]
    body = await wire.status(run)

    assert status == 202
    assert (receipt["cost"], receipt["runId"]) == ("0.024", len(run.id))
    assert isinstance(body["data"], list)


async def test_latency_comes_before_the_effect(wire):
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append((seconds, len(wire.service.books.runs)))

    wire.service.clock.sleep = sleep
    await wire.fault(kind="latency", path=SUBMIT, seconds=90)

    assert (await wire.submit())[0] == 202
    assert slept[0] == (90.0, 0)


async def test_a_fault_strikes_after_so_many_and_as_often_as_ordered(wire):
    await wire.fault(kind="status", status=503, path=BALANCE, after=1, times=2)

    statuses = [(await wire.call("POST", BALANCE))[0] for _ in range(4)]

    assert statuses == [200, 503, 503, 200]


@pytest.mark.parametrize("kind", ["truncate", "cut_short", "status"])
async def test_the_store_has_faults_of_its_own(wire, kind):
    run = await wire.made()
    address = f"{wire.service.storage_origin}/storage/{run.video}"
    await wire.fault(kind="latency", path="*", after=99)  # not meant for the store
    await wire.fault(kind=kind, path="/storage/*")

    async def fetched() -> bytes:
        try:
            async with wire.session.get(address) as answer:
                return await answer.read() if answer.ok else b""
        except aiohttp.ClientError:
            return b""

    first, whole = await fetched(), await fetched()

    assert whole.endswith(REQUEST["prompt"].encode())
    assert first == (whole[: len(whole) // 2] if kind == "truncate" else b"")
