"""The local NanoPhoto makes shots in turn; some fail, and their credits go back or do not."""

import pytest

from sandbox.providers.nanophoto.shots import Shot
from tests.contract.local_nanophoto.wire import CONTROL, REFERENCE, a_shot, shots
from tests.local_nanophoto import KEY, Json


async def test_shots_are_made_one_after_the_other(wire, gate):
    _, body = await wire.generate(*shots(3))
    tasks, states = body["shots"], []

    for _ in tasks:
        await gate.reached()
        _, now = await wire.check(*tasks)
        states.append((now["status"], [shot["status"][0] for shot in now["shots"]]))
        gate.release()
    await wire.service.making[tasks[0]["taskId"]]

    assert states == [
        ("processing", ["p", "p", "p"]),
        ("processing", ["c", "p", "p"]),
        ("processing", ["c", "c", "p"]),
    ]
    assert (await wire.check(*tasks))[1]["status"] == "completed"


async def test_the_time_that_a_shot_took_is_told_in_seconds_unless_switched_off(wire, monkeypatch):
    async def wait(seconds: float) -> None:
        wire.sandbox.clock.advance(seconds)

    monkeypatch.setattr(wire.sandbox.clock, "sleep", wait)
    await wire.switch(generation_seconds=90)
    tasks = await wire.made(*shots(2))

    _, told = await wire.check(*tasks)
    await wire.switch(generation_time=False)
    _, untold = await wire.check(*tasks)

    assert [shot["generationTime"] for shot in told["shots"]] == [90, 90]
    assert "generationTime" not in untold["shots"][0]


@pytest.mark.parametrize("refund", [True, False])
async def test_only_the_shots_that_failed_are_given_back_and_only_where_switched_so(wire, refund):
    await wire.switch(fail="shot", fail_shots=[0, 2], refund=refund)

    tasks = await wire.made(*shots(3))

    _, body = await wire.check(*tasks)
    assert [shot["status"] for shot in body["shots"]] == ["failed", "completed", "failed"]
    assert "videoUrl" in body["shots"][1]
    _, ledger = await wire.call("GET", f"{CONTROL}/ledger")
    back = [(entry["task"], entry["credits"]) for entry in ledger if entry["kind"] == "refund"]
    assert back == ([(tasks[0]["taskId"], 10), (tasks[2]["taskId"], 10)] if refund else [])
    assert wire.service.books.balances == {KEY: 990 if refund else 970}


async def test_a_picture_that_cannot_be_had_makes_its_shot_fail(wire):
    with_picture = a_shot("b", generationType=REFERENCE, imageUrls=["http://away.example/a.png"])

    tasks = await wire.made(a_shot("a"), with_picture, a_shot("c"))

    _, body = await wire.check(*tasks)
    assert [shot["status"] for shot in body["shots"]] == ["completed", "failed", "completed"]
    assert "fetched" in body["shots"][1]["error"]
    assert wire.service.books.balances == {KEY: 980}


async def test_a_blocked_prompt_is_refused_and_a_doubtful_result_fails_its_shot(wire):
    status, body = await wire.generate(a_shot(prompt="A BlockedWord"))
    assert (status, body["errorCode"]) == (500, "GENERATION_FAILED")
    assert wire.service.books.balances == {KEY: 1000}

    tasks = await wire.made(a_shot("a", prompt="nsfwlater"), a_shot("b"))
    _, told = await wire.check(*tasks)
    assert [shot["status"] for shot in told["shots"]] == ["failed", "completed"]
    assert "unsafe" in told["shots"][0]["error"]
    assert wire.service.books.balances == {KEY: 990}


@pytest.mark.parametrize("refund", [True, False])
async def test_a_generate_that_fails_with_500_may_have_been_charged(wire, refund):
    await wire.switch(fail="generate_500", refund=refund)

    status, body = await wire.generate(*shots(2))

    assert status == 500
    assert body == {"error": "Video generation failed", "errorCode": "GENERATION_FAILED"}
    assert wire.service.books.balances == {KEY: 1000 if refund else 980}


async def test_a_generate_can_fail_with_200(wire):
    await wire.switch(fail="generate_200_failed")

    status, body = await wire.generate(*shots(2))

    assert (status, body["status"]) == (200, "failed")
    assert body["error"] == "Video generation failed"
    assert "shots" not in body
    assert wire.service.books.balances == {KEY: 1000}


async def test_a_failure_can_come_as_a_status_of_500(wire):
    await wire.switch(fail="status_500")
    (bad,) = await wire.made()
    await wire.switch(fail="no")
    (good,) = await wire.made()

    for tasks in ([bad], [bad, good]):
        status, body = await wire.check(*tasks)
        assert (status, body["errorCode"]) == (500, "GENERATION_FAILED")
    assert (await wire.check(good))[0] == 200


async def test_what_goes_wrong_inside_is_an_internal_error(wire, monkeypatch):
    def burst(_key: str, _body: Json) -> list[Shot]:
        raise RuntimeError

    monkeypatch.setattr(wire.service, "accept", burst)

    status, body = await wire.generate()

    assert (status, body["errorCode"]) == (500, "INTERNAL_ERROR")
