"""The local NanoGPT's limits: per second, per minute, per day, and in bytes."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from sandbox.providers.nanogpt.limits import midnight
from tests.local_nanogpt import BALANCE, CONTROL, KEY_NAME, RECOVER, SUBMIT, Wire

MAX_UPLOAD = 4 * 1024 * 1024
EXTEND = "/api/generate-video/extend"


@pytest.fixture
def wire(wire: Wire) -> Wire:
    """One that may be asked as often in a second as the test likes."""
    wire.service.overrides.requests_per_second = 1000
    return wire


async def upload(wire: Wire, size: int, **fields: Any) -> tuple[int, Any]:
    text = base64.b64encode(bytes(size)).decode()
    status, body, _ = await wire.submit(imageDataUrl=f"data:image/png;base64,{text}", **fields)
    return status, body


def seconds_to_midnight(wire: Wire) -> float:
    now = wire.service.clock.now()
    return (midnight(now) + timedelta(days=1) - now).total_seconds()


async def test_the_fifty_first_submission_of_a_minute_is_too_many(wire):
    request = {"prompt": ""}  # refused, and counted all the same
    statuses = [(await wire.submit(**request))[0] for _ in range(50)]

    status, body, headers = await wire.submit(**request)
    wire.service.clock.advance(60)
    later, _, _ = await wire.submit()

    assert statuses == [400] * 50
    assert (status, headers["Retry-After"]) == (429, "60")
    assert body["error"] == "Rate limit exceeded. Please wait before generating another video."
    assert later == 202


@pytest.mark.parametrize(("method", "path"), [("GET", RECOVER), ("POST", EXTEND)])
async def test_recover_and_extend_have_twenty_a_minute_each(wire, method, path):
    statuses = [(await wire.call(method, path, json={}))[0] for _ in range(20)]

    assert 429 not in statuses
    assert (await wire.call(method, path, json={}))[0] == 429
    assert (await wire.call("POST", BALANCE))[0] == 200


async def test_a_key_may_ask_twenty_five_times_a_second_whatever_for(wire):
    await wire.turn(requests_per_second=25, balance_usd={"other": 1})
    now = wire.service.clock.now()
    wire.service.clock.now = lambda: now

    statuses = [(await wire.call("POST", BALANCE))[0] for _ in range(25)]
    status, body, headers = await wire.call("GET", f"{RECOVER}?limit=1")
    other = await wire.call("POST", BALANCE, headers={"x-api-key": "other"})

    assert statuses == [200] * 25
    assert (status, headers["Retry-After"]) == (429, "1")
    assert body["error"]["code"] == "rate_limit_exceeded"
    assert other[0] == 200


async def test_a_status_may_be_asked_for_as_often_as_one_likes(wire):
    run = await wire.made()

    assert {(await wire.status(run))["data"]["status"] for _ in range(60)} == {"COMPLETED"}


async def test_a_keys_requests_of_a_day_count_everywhere_and_begin_again_at_midnight(wire):
    await wire.turn(daily_requests=2)
    statuses = [(await wire.call("POST", BALANCE))[0], (await wire.call("GET", RECOVER))[0]]

    status, body, headers = await wire.submit()
    wire.service.clock.advance(seconds_to_midnight(wire))

    assert statuses == [200, 200]
    assert status == 429
    assert body == {
        "error": {
            "message": "Daily request limit exceeded (2/2). Resets at midnight UTC.",
            "type": "rate_limit_error",
            "code": "daily_rpd_limit_exceeded",
        }
    }
    assert 0 < int(headers["Retry-After"]) <= 86400
    assert (await wire.submit())[0] == 202


async def test_the_model_list_needs_no_key_and_counts_for_none(wire):
    await wire.turn(daily_requests=0)

    assert (await wire.call("GET", "/api/v1/video-models"))[0] == 200


async def test_a_keys_dollars_of_a_day_are_estimated_beforehand_and_begin_again_at_midnight(wire):
    await wire.turn(daily_usd=0.05)
    assert [(await wire.submit())[0] for _ in range(2)] == [202, 202]

    status, body, headers = await wire.submit()
    wait, left = int(headers["Retry-After"]), seconds_to_midnight(wire)
    wire.service.clock.advance(wait)

    assert (status, body["error"]["code"]) == (429, "daily_usd_limit_exceeded")
    assert wait == pytest.approx(left, abs=2)
    assert (await wire.submit())[0] == 202
    assert wire.service.books.balances[KEY_NAME] == 50_000_000 - 3 * 24_000


async def test_every_key_has_a_day_of_its_own(wire):
    await wire.turn(daily_requests=1, balance_usd={"other": 1})

    for headers in ({"x-api-key": "other"}, None):
        assert (await wire.call("POST", BALANCE, headers=headers))[0] == 200
        assert (await wire.call("POST", BALANCE, headers=headers))[0] == 429


async def test_too_many_can_be_told_without_saying_when_to_come_again(wire):
    await wire.turn(submissions_per_minute=0, daily_requests=1, retry_after=False)

    answers = [await wire.submit(), await wire.call("POST", BALANCE)]

    assert [status for status, _, _ in answers] == [429, 429]
    assert not any("Retry-After" in headers for _, _, headers in answers)


async def test_an_upload_of_more_than_four_megabytes_is_too_large(wire):
    assert (await upload(wire, MAX_UPLOAD))[0] == 202

    status, body = await upload(wire, MAX_UPLOAD + 1)

    assert (status, body["error"]) == (413, "Uploads must be 4 MB or smaller.")
    assert len(wire.service.books.runs) == 1


async def test_the_four_megabytes_can_be_those_of_the_text(wire):
    await wire.turn(upload_counts="text")

    assert (await upload(wire, MAX_UPLOAD * 3 // 4))[0] == 202
    assert (await upload(wire, MAX_UPLOAD * 3 // 4 + 3))[0] == 413


async def test_a_body_that_is_too_large_meets_the_edge_and_not_the_service(wire):
    status, body = await upload(wire, 2 * MAX_UPLOAD)
    assert (status, b"<html>" in body) == (413, True)

    await wire.turn(most_body_bytes=20)
    exact = await wire.call("POST", SUBMIT, data=b" " * 20)
    above = await wire.call("POST", SUBMIT, data=b" " * 21)

    assert (exact[0], above[0]) == (400, 413)
    assert above[2]["Content-Type"].startswith("text/html")


async def test_the_limits_are_among_the_switches(wire):
    _, shown, _ = await wire.call("GET", CONTROL)

    assert shown["submissions_per_minute"] == 50
    assert (shown["recoveries_per_minute"], shown["extensions_per_minute"]) == (20, 20)
    assert (shown["daily_requests"], shown["daily_usd"]) == (None, None)
