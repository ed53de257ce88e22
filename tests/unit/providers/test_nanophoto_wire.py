"""NanoPhoto's answers, shot by shot, and whatever else may come in their place."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bot.errors import ProviderError, ProviderJobUnknownError, ProviderProtocolError
from bot.providers.contract import ProviderState
from bot.providers.nanophoto.handles import Handle, Task, parse
from bot.providers.nanophoto.wire import read_receipt, read_results, status_of
from tests.unit.providers.nanophoto_nonsense import ANSWERS, JSON, VIDEO

USD = Decimal("0.02")


def handle(count: int = 2, credit: int = 20) -> Handle:
    tasks = tuple(Task(shot_id=f"shot-{n}", task_id=f"task_{n}") for n in range(1, count + 1))
    return Handle(resolution="720p", tasks=tasks, credits=credit)


def shot(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"shotId": f"shot-{number}", "taskId": f"task_{number}", **fields}


def done(number: int = 1, **fields: Any) -> dict[str, Any]:
    return shot(number, status="completed", videoUrl=f"{VIDEO}?{number}", **fields)


def status(*shots: Any, count: int = 2) -> Any:
    return status_of(handle(count), read_results({"shots": list(shots)}), USD)


def receipt(shots: Any, *, ids: tuple[str, ...] = ("shot-1", "shot-2"), **more: Any) -> Any:
    return read_receipt(
        {"shots": shots, **more}, shot_ids=ids, resolution="720p", usd_per_credit=USD
    )


# --- receipts ---


def test_tasks_are_kept_in_the_order_of_the_shots_whatever_that_of_the_answer():
    found = receipt([shot(2), shot(1)], creditsUsed=20)

    assert [task.task_id for task in parse(found.handle).tasks] == ["task_1", "task_2"]
    assert found.precharged_micros == 400_000


def test_a_paid_video_is_not_lost_for_names_that_were_not_repeated():
    found = receipt([{"taskId": "task_a"}, {"taskId": "task_b", "shotId": 7}])

    assert [(task.shot_id, task.task_id) for task in parse(found.handle).tasks] == [
        ("shot-1", "task_a"),
        ("shot-2", "task_b"),
    ]


def test_one_task_may_make_all_the_shots():
    found = receipt([shot(1, taskId="task_x"), shot(2, taskId="task_x")])

    assert [task.task_id for task in parse(found.handle).tasks] == ["task_x"] * 2


@pytest.mark.parametrize(
    "shots",
    [
        None,
        "task_1",
        [],
        [shot(1)],
        [shot(1), {"shotId": "shot-2"}],
        [shot(1), {"shotId": "shot-2", "taskId": ""}],
        [shot(1), {"shotId": "shot-2", "taskId": 5}],
        [shot(1), shot(3)],
    ],
    ids=str,
)
def test_a_receipt_in_which_a_shot_has_no_task_is_none(shots):
    assert receipt(shots) is None


@pytest.mark.parametrize("said", [None, "20", True, -1, 2.5, 10**9])
def test_credits_that_are_none_are_counted_by_the_page_s_price(said):
    assert receipt([shot(1), shot(2)], creditsUsed=said).precharged_micros == 400_000


def test_what_a_handle_spells_is_read_back():
    assert parse(handle(21).spell()) == handle(21)


# --- statuses ---


def test_a_video_is_made_when_all_its_shots_are():
    found = status(done(2), done(1))

    assert found.state is ProviderState.SUCCEEDED
    assert found.artifact_addresses == (f"{VIDEO}?1", f"{VIDEO}?2")
    assert (found.charged_micros, found.text) == (400_000, None)


def test_shots_of_others_in_the_answer_do_not_matter():
    found = status(done(1), done(2), done(3), shot(4, status="failed"))

    assert len(found.artifact_addresses) == 2


@pytest.mark.parametrize(
    "second", [shot(2, status="processing"), shot(2, status="new"), shot(2), None, {}]
)
def test_a_video_of_which_a_shot_is_open_or_left_out_is_rendering(second):
    found = status(done(1), second)

    assert (found.state, found.progress_percent) == (ProviderState.RUNNING, 50)


@pytest.mark.parametrize("address", [None, "", "soon", 5, {}, "javascript:alert(1)", "//host/a"])
def test_a_completed_shot_without_an_address_is_rendering(address):
    found = status(shot(1, status="completed", videoUrl=address), count=1)

    assert found.state is (
        ProviderState.SUCCEEDED if address == "//host/a" else ProviderState.RUNNING
    )


@pytest.mark.parametrize("took", [None, "90", True, -1, 0, float("nan"), 10**9])
def test_a_time_that_is_none_is_left_out(took):
    assert status(done(1, generationTime=took), count=1).took_seconds is None


def test_times_of_shots_made_in_turn_add_up():
    assert status(done(1, generationTime=90), done(2, generationTime=60.5)).took_seconds == 150.5


def test_what_was_not_made_is_taken_back_in_proportion():
    found = status(done(1), shot(2, status="failed", error=None))

    assert found.charged_micros == 200_000
    assert found.text == "Shot 2 of 2 failed."


def test_the_reason_for_a_refusal_goes_before_other_reasons():
    found = status(
        shot(1, status="failed", error="Timed out"),
        shot(2, status="failed", error="Content violates the policy"),
    )

    assert (found.state, found.refused) == (ProviderState.FAILED, True)
    assert found.text == "Content violates the policy"


def test_a_video_of_which_every_shot_is_unknown_is_unknown():
    unknown = [shot(n, status="failed", error="Task not found") for n in (1, 2)]

    with pytest.raises(ProviderJobUnknownError):
        status(*unknown)


def test_an_error_is_one_short_line_without_secrets():
    error = "It\nfailed for sk-nano-12345678\x00 " + "x" * 1000
    found = status(shot(1, status="failed", error=error), count=1)

    assert found.text.startswith("It failed for [redacted] x")
    assert len(found.text) <= 256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Content policy violation", True),
        ("The prompt was rejected by the safety filter.", True),
        ("The result may show unsafe content", True),
        ("Flagged as NSFW", True),
        ("Video generation failed", False),
        ("Internal server error", False),
        ("", False),
        (None, False),
    ],
)
def test_a_refusal_is_known_by_its_words(text, expected):
    assert status(shot(1, status="failed", error=text), count=1).refused is expected


@pytest.mark.parametrize("body", [None, [], "completed", 5, {}, {"shots": {}}, {"shots": None}])
def test_an_answer_without_shots_is_an_error_of_protocol(body):
    with pytest.raises(ProviderProtocolError):
        read_results(body)


# --- anything ---


@given(ANSWERS)
@settings(max_examples=400, deadline=None)
def test_whatever_a_status_holds_it_is_read_or_an_error_of_a_provider(body):
    try:
        found = status_of(handle(), read_results(body), USD)
    except ProviderError:
        return
    assert bool(found.artifact_addresses) == (found.state is ProviderState.SUCCEEDED)
    assert found.progress_percent is None or 0 <= found.progress_percent <= 100
    assert found.text != ""
    (found.text or "").encode()  # raises for what cannot be sent or stored


@given(ANSWERS)
@settings(max_examples=400, deadline=None)
def test_whatever_a_receipt_holds_it_is_none_or_has_a_task_for_every_shot(body):
    found = read_receipt(body, shot_ids=["shot-1", "shot-2"], resolution="720p", usd_per_credit=USD)

    tasks = tasks_in(body)
    if found is None:
        assert not {"shot-1", "shot-2"} <= tasks.keys()
        return
    read = parse(found.handle).tasks
    assert [task.shot_id for task in read] == ["shot-1", "shot-2"]
    assert {task.task_id for task in read} <= set(all_tasks_in(body))
    assert found.precharged_micros is not None
    assert found.precharged_micros >= 0


def all_tasks_in(body) -> list[str]:
    listed = body.get("shots") if isinstance(body, dict) else None
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return [word for row in rows if (word := word_of(row.get("taskId")))]


def tasks_in(body) -> dict[str, str]:
    """By the shot that is named beside each."""
    listed = body.get("shots") if isinstance(body, dict) else None
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    pairs = [(word_of(row.get("shotId")), word_of(row.get("taskId"))) for row in rows]
    return {shot: task for shot, task in pairs if shot and task}


def word_of(value) -> str | None:
    is_line = isinstance(value, str) and value.isprintable() and len(value) <= 500
    return value.strip() or None if is_line else None


@given(st.text() | JSON.map(str))
def test_whatever_stands_for_a_handle_is_read_or_unknown(text):
    try:
        assert parse(text).tasks
    except ProviderJobUnknownError:
        return
