"""The local NanoPhoto asks for a key, and counts a hundred requests of an hour for each."""

import pytest

from tests.contract.local_nanophoto.wire import CONTROL
from tests.local_nanophoto import GENERATE, KEY, STATUS


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer no"},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"x-api-key": KEY},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [GENERATE, STATUS, "/api/sora-2/generate"])
async def test_without_the_bearer_s_key_every_path_stays_shut(wire, headers, path):
    status, body = await wire.call("POST", path, {}, key=None, headers=headers)

    assert (status, body["errorCode"]) == (401, "LOGIN_REQUIRED")


async def test_the_hundred_and_first_request_of_an_hour_is_too_many_whatever_its_path(wire):
    paths = [GENERATE, STATUS, "/api/sora-2/generate", GENERATE]
    seen = [(await wire.call("POST", paths[n % 4], {}))[0] for n in range(100)]

    for path in paths:
        status, body = await wire.call("POST", path, {})
        assert (status, body["errorCode"]) == (429, "API_KEY_RATE_LIMIT_EXCEEDED")
        assert "100 requests/hour" in body["error"]

    assert seen == [400, 400, 404, 400] * 25


async def test_the_hour_is_a_sliding_one_of_the_sandbox_s_clock_and_counts_each_key_alone(wire):
    await wire.switch(requests_per_hour=2, balances={"other": 5})

    async def asked(key: str = KEY) -> int:
        status, _ = await wire.call("POST", GENERATE, {}, key=key)
        return int(status)

    assert await asked() == 400
    wire.sandbox.clock.advance(1800)
    assert [await asked(), await asked(), await asked("other")] == [400, 429, 400]
    wire.sandbox.clock.advance(1801)
    assert [await asked(), await asked()] == [400, 429]


async def test_who_has_asked_too_often_gets_no_time_to_come_back(wire):
    await wire.switch(requests_per_hour=0)
    origin = wire.sandbox.nanophoto.origin
    headers = {"Authorization": f"Bearer {KEY}"}

    async with wire.session.post(f"{origin}{GENERATE}", json={}, headers=headers) as answer:
        assert answer.status == 429
        assert "Retry-After" not in answer.headers


async def test_a_wrong_key_is_not_counted_and_goes_before_the_hour(wire):
    await wire.switch(requests_per_hour=0)

    assert (await wire.call("POST", GENERATE, {}, key="no"))[0] == 401


async def test_asking_how_a_task_stands_is_free_where_it_is_switched_so(wire):
    (task,) = await wire.made()
    await wire.switch(requests_per_hour=1, counts_status=False)

    assert [(await wire.check(task))[0] for _ in range(3)] == [200, 200, 200]
    assert (await wire.generate())[0] == 429
    await wire.switch(counts_status=True)
    assert (await wire.check(task))[0] == 429


async def test_the_control_routes_tell_how_much_of_an_hour_is_used(wire):
    await wire.generate()

    assert (await wire.call("GET", CONTROL))[1]["requests_in_the_last_hour"] == {KEY: 1}
