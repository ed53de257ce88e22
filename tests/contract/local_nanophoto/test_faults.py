"""Faults on order at the local NanoPhoto: what a client sees, and what has really happened."""

import contextlib

import aiohttp
import pytest

from tests.contract.local_nanophoto.wire import CONTROL
from tests.local_nanophoto import GENERATE, KEY, STATUS


async def test_a_dropped_answer_was_charged_and_a_dropped_request_was_not(wire):
    for kind, balance in [("drop_before", 1000), ("drop_after", 990)]:
        await wire.fault(kind=kind, path=GENERATE)
        with pytest.raises(aiohttp.ClientError):
            await wire.generate()
        assert wire.service.books.balances == {KEY: balance}


async def test_an_answer_can_be_spoilt_although_the_request_had_its_effect(wire):
    for number, kind in enumerate(("truncate", "wrong_types", "status_after"), start=1):
        await wire.fault(kind=kind, path=GENERATE)
        with contextlib.suppress(ValueError):  # half an answer is no JSON
            _, body = await wire.generate()
            assert "shots" not in body or not isinstance(body["shots"], list)
        assert wire.service.books.balances == {KEY: 1000 - 10 * number}


async def test_faults_strike_in_turn_and_can_be_forgotten(wire):
    (task,) = await wire.made()
    await wire.fault(kind="status", status=429, path=STATUS, after=1, headers={"X-Odd": "1"})
    internal = {"error": "Internal server error", "errorCode": "INTERNAL_ERROR"}
    await wire.fault(kind="status", status=500, path=STATUS, body=internal)
    await wire.fault(kind="latency", path=STATUS, seconds=0)
    await wire.fault(kind="status", path=STATUS, times=9)

    seen = [await wire.check(task) for _ in range(5)]
    await wire.call("DELETE", f"{CONTROL}/faults")

    assert [status for status, _ in seen] == [200, 429, 500, 200, 500]
    assert seen[2][1] == internal
    assert (await wire.check(task))[0] == 200
    assert (await wire.call("GET", f"{CONTROL}/faults"))[1] == []
