"""The local NanoPhoto's switches and books, as anyone who plays with it sees them."""

import pytest

from sandbox.api import services
from tests.contract.local_nanophoto.wire import CONTROL, shots
from tests.local_nanophoto import KEY


async def test_the_switches_are_shown_and_changed_and_keep_what_is_not_named(wire):
    before = await wire.switch()
    after = await wire.switch(fail="shot", balances={"other": 7})

    assert (before["fail"], before["balances"]) == ("no", {KEY: 1000})
    assert after == before | {
        "fail": "shot",
        "balances": {KEY: 1000, "other": 7},
        "requests_in_the_last_hour": {KEY: 0, "other": 0},
    }
    assert (await wire.call("GET", CONTROL))[1] == after


@pytest.mark.parametrize(
    ("method", "path", "content", "said"),
    [
        ("PATCH", "", b'{"envelope": "paper"}', "envelope"),
        ("PATCH", "", b'{"unheard_of": 1}', "unheard_of"),
        ("PATCH", "", b'{"balances": {"np-sandbox": -1}}', "balances"),
        ("PATCH", "", b'{"fail_shots": [21]}', "fail_shots"),
        ("PATCH", "", b"{", "JSON"),
        ("PATCH", "", b"[]", "object"),
        ("POST", "/faults", b'{"kind": "meteor"}', "kind"),
        ("POST", "/faults", b"{", "JSON"),
    ],
)
async def test_a_switch_or_fault_that_does_not_exist_is_named_in_a_clear_answer(
    wire, method, path, content, said
):
    before = await wire.switch()

    status, body = await wire.call(method, f"{CONTROL}{path}", content)

    assert status == 400
    assert said in body["message"]
    assert await wire.switch() == before


async def test_the_books_name_every_shot_and_every_movement(wire):
    await wire.switch(fail="shot")
    tasks = await wire.made(*shots(2), resolution="720p")

    _, runs = await wire.call("GET", f"{CONTROL}/runs")
    _, ledger = await wire.call("GET", f"{CONTROL}/ledger")

    assert [run["id"] for run in runs] == [task["taskId"] for task in tasks]
    assert [(run["shot_id"], run["position"], run["state"]) for run in runs] == [
        ("shot-1", 0, "failed"),
        ("shot-2", 1, "completed"),
    ]
    assert len({run["request"] for run in runs}) == 1
    assert [(entry["kind"], entry["task"]) for entry in ledger] == [
        ("charge", tasks[0]["taskId"]),
        ("charge", tasks[1]["taskId"]),
        ("refund", tasks[0]["taskId"]),
    ]
    assert {(entry["key"], entry["credits"]) for entry in ledger} == {(KEY, 10)}
    assert [services.Shot.model_validate(run).model_dump() for run in runs] == runs
    assert [services.CreditEntry.model_validate(one).model_dump() for one in ledger] == ledger


async def test_a_bot_is_told_where_it_is_and_what_its_videos_cost(wire):
    told = wire.sandbox.environment()

    assert told["NANOPHOTO_BASE_URL"] == f"{wire.sandbox.nanophoto.origin}/api"
    assert (told["NANOPHOTO_API_KEY"], told["NANOPHOTO_USD_PER_CREDIT"]) == (KEY, "0.02")
    hosts = told["FETCH_ALLOW_HOSTS"].split(",")
    for origin in (wire.sandbox.nanophoto.origin, wire.service.storage_origin):
        assert origin.removeprefix("http://") in hosts
