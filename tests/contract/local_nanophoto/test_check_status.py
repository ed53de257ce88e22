"""The local NanoPhoto's check-status: whose tasks, which batches, what the whole says."""

import pytest

from tests.contract.local_nanophoto.wire import shots
from tests.local_nanophoto import KEY, STATUS


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "INVALID_INPUT"),
        ({}, "TASK_IDS_REQUIRED"),
        ({"taskIds": []}, "TASK_IDS_REQUIRED"),
        ({"taskIds": "task_abc123"}, "TASK_IDS_REQUIRED"),
        ({"taskIds": ["task_abc123"]}, "TASK_IDS_REQUIRED"),
        ({"taskIds": [{"shotId": "shot-1"}]}, "TASK_IDS_REQUIRED"),
        ({"taskIds": [{"taskId": "task_abc123"}]}, "INVALID_INPUT"),
        (
            {"taskIds": [{"shotId": "a", "taskId": "task_abc123"}], "resolution": "8k"},
            "INVALID_INPUT",
        ),
    ],
    ids=str,
)
async def test_a_status_that_names_no_tasks_is_refused_by_its_code(wire, body, code):
    status, answer = await wire.call("POST", STATUS, body)

    assert (status, answer["errorCode"]) == (400, code)


async def test_a_task_that_is_unknown_or_another_s_is_not_found(wire):
    (mine,) = await wire.made()
    await wire.switch(balances={"other": 10})

    for task, key in [(mine, "other"), (mine | {"taskId": "task_abc123"}, KEY)]:
        status, body = await wire.check(task, key=key)
        assert (status, body["errorCode"]) == (404, "TASK_NOT_FOUND")


async def test_one_unknown_task_fails_the_whole_call_or_stands_in_it_as_switched(wire):
    (mine,) = await wire.made()
    unknown = {"shotId": "gone", "taskId": "task_gone"}

    assert (await wire.check(mine, unknown))[0] == 404
    await wire.switch(not_found="per_shot")
    status, body = await wire.check(mine, unknown)

    assert (status, body["status"]) == (200, "failed")
    assert body["shots"][0]["status"] == "completed"
    assert body["shots"][1] == unknown | {"status": "failed", "error": "Task not found"}


async def test_tasks_of_several_requests_and_resolutions_share_a_call_or_not_as_switched(wire):
    (small,) = await wire.made()
    (other,) = await wire.made()
    (large,) = await wire.made(resolution="4k")
    batches = [((small, other), "720p"), ((large,), "720p"), ((small, large), "4k")]

    allowed = [(await wire.check(*tasks, resolution=named))[0] for tasks, named in batches]
    await wire.switch(mixed_resolution_or_requests="refused")
    refused = [await wire.check(*tasks, resolution=named) for tasks, named in batches]

    assert allowed == [200, 200, 200]
    assert {(status, body["errorCode"]) for status, body in refused} == {(400, "INVALID_INPUT")}
    assert (await wire.check(small))[0] == 200
    assert (await wire.check(large))[0] == 400  # a missing resolution is 720p
    assert (await wire.check(large, resolution="4k"))[0] == 200


async def test_shots_of_several_requests_that_share_an_id_are_told_apart_by_their_tasks(wire):
    (one,) = await wire.made()
    (two,) = await wire.made()

    _, body = await wire.check(two, one)

    assert [shot["shotId"] for shot in body["shots"]] == ["shot-1", "shot-1"]
    assert [shot["taskId"] for shot in body["shots"]] == [two["taskId"], one["taskId"]]


@pytest.mark.parametrize(
    ("mixed", "during", "after"),
    [
        ("failed", "processing", "failed"),
        ("failed_at_once", "failed", "failed"),
        ("completed", "processing", "completed"),
    ],
)
async def test_what_the_whole_says_of_shots_that_differ_is_switched(
    wire, gate, mixed, during, after
):
    await wire.switch(mixed_status=mixed, fail="shot", fail_shots=[0])
    _, body = await wire.generate(*shots(2))
    tasks = body["shots"]

    gate.release()
    await gate.reached()
    await gate.reached()
    in_the_meantime = await wire.check(*tasks)
    gate.release()
    await wire.service.making[tasks[0]["taskId"]]
    at_last = await wire.check(*tasks)

    assert [shot["status"] for shot in in_the_meantime[1]["shots"]] == ["failed", "processing"]
    assert [shot["status"] for shot in at_last[1]["shots"]] == ["failed", "completed"]
    assert (in_the_meantime[1]["status"], at_last[1]["status"]) == (during, after)


async def test_shots_that_have_all_failed_are_never_completed(wire):
    await wire.switch(mixed_status="completed", fail="all")

    assert (await wire.check(*await wire.made(*shots(2))))[1]["status"] == "failed"


async def test_a_joined_video_completes_its_shots_together_without_those_that_failed(wire, gate):
    await wire.switch(joined=True, fail="shot", fail_shots=[1])
    _, body = await wire.generate(*shots(3))
    tasks = body["shots"]

    for _ in range(2):
        await gate.reached()
        gate.release()
    await gate.reached()
    _, in_the_meantime = await wire.check(*tasks)
    gate.release()
    await wire.service.making[tasks[0]["taskId"]]
    _, at_last = await wire.check(*tasks)

    assert [shot["status"] for shot in in_the_meantime["shots"]] == [
        "processing",
        "failed",
        "processing",
    ]
    assert [shot["status"] for shot in at_last["shots"]] == ["completed", "failed", "completed"]
    assert at_last["shots"][0]["videoUrl"] == at_last["shots"][2]["videoUrl"]


async def test_a_single_shot_is_its_own_joined_video(wire):
    await wire.switch(joined=True)
    (task,) = await wire.made()

    _, body = await wire.check(task)

    assert body["shots"][0]["videoUrl"].endswith(f"/{task['taskId']}.mp4")
