"""NanoGPT's answers in every shape that its documents and its clients know."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from bot.catalog.capability import Capability
from bot.errors import BotError, ProviderProtocolError
from bot.providers.contract import ProviderState, ProviderStatus, Receipt
from bot.providers.nanogpt.models import read_models
from bot.providers.nanogpt.wire import read_quote, read_receipt, read_recovered, read_status
from bot.providers.tolerance import micros

VIDEO = "https://cdn.example/video.mp4"
STATES = {
    "IN_QUEUE": ProviderState.QUEUED,
    "queued": ProviderState.QUEUED,
    "PENDING": ProviderState.QUEUED,
    "pending": ProviderState.QUEUED,
    "IN_PROGRESS": ProviderState.RUNNING,
    "processing": ProviderState.RUNNING,
    "generating": ProviderState.RUNNING,
    "delivering": ProviderState.RUNNING,
    "unknown": ProviderState.RUNNING,
    "SOMETHING_NEW": ProviderState.RUNNING,
    "COMPLETED": ProviderState.SUCCEEDED,
    "completed": ProviderState.SUCCEEDED,
    "SUCCEEDED": ProviderState.SUCCEEDED,
    "FAILED": ProviderState.FAILED,
    "failed": ProviderState.FAILED,
    "ERROR": ProviderState.FAILED,
    "CANCELED": ProviderState.CANCELLED,
    "CANCELLED": ProviderState.CANCELLED,
    "cancelled": ProviderState.CANCELLED,
}
SHAPES = {
    "unified": lambda data: {
        "requestId": "vid_1",
        "model": "sora-2",
        "data": {"requestId": "vid_1", **data},
    },
    "legacy": lambda data: {"data": {"request_id": "fal-request-1", **data}},
    "openapi": lambda data: {"requestId": "vid_1", "error": None, "completedAt": None, **data},
    "both": lambda data: {"status": "processing", "data": data},
}
OUTPUTS = [
    {"output": {"video": {"url": VIDEO}}},
    {"output": {"url": VIDEO}},
    {"output": {"video_url": VIDEO}},
    {"output": {"videoUrl": VIDEO}},
    {"output": {"video": VIDEO}},
    {"output": {"videos": [{"url": VIDEO}]}},
    {"output": {"videos": [VIDEO]}},
    {"output": {"videoUrls": [VIDEO]}},
    {"output": VIDEO},
    {"videoUrl": VIDEO},
    {"video_url": VIDEO},
    {"videoUrl": None, "output": {"url": None, "video": {"url": VIDEO}}},
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["COMPLETED", "5s", "²", "1e999999", "-1", "NaN", "Infinity", VIDEO]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON))


STATUSES = st.fixed_dictionaries(
    {},
    optional={
        "status": JSON,
        "data": JSON
        | st.fixed_dictionaries(
            {"status": st.sampled_from([*STATES])},
            optional={
                "output": JSON | objects("url", "video", "videos", "videoUrls"),
                "cost": JSON,
                "progress": JSON,
                "error": JSON,
                "userFriendlyError": JSON,
                "isNSFWError": JSON,
            },
        ),
    },
)
PARAMETER = objects("type", "default", "min", "max") | st.fixed_dictionaries(
    {"type": st.sampled_from(["select", "number"])},
    optional={
        "default": JSON,
        "min": st.floats() | st.integers(),
        "max": st.floats() | st.integers(),
        "options": st.lists(st.fixed_dictionaries({"value": JSON}), max_size=3),
    },
)
MODELS = st.fixed_dictionaries(
    {
        "id": st.text(min_size=1, max_size=9),
        "capabilities": st.just({"video_generation": True, "text_to_video": True}),
        "supported_parameters": st.fixed_dictionaries(
            {
                "parameters": st.dictionaries(
                    st.sampled_from(["duration", "seconds", "resolution", "sound", "orientation"]),
                    PARAMETER,
                )
            }
        ),
        "pricing": objects("per_second", "per_duration", "raw", "with_audio", "without_audio")
        | st.fixed_dictionaries({"per_second": JSON, "audio_multiplier": st.floats() | JSON})
        | st.fixed_dictionaries({"per_duration": st.dictionaries(st.text(max_size=3), JSON)}),
    }
)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_every_status_is_read_in_every_shape(shape, word, state):
    assert read_status(SHAPES[shape]({"status": word, "output": VIDEO})).state is state


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("output", OUTPUTS, ids=json.dumps)
def test_the_video_is_found_however_it_is_spelt(shape, output):
    status = read_status(SHAPES[shape]({"status": "COMPLETED", "error": None, **output}))

    assert status == ProviderStatus(ProviderState.SUCCEEDED, artifact_addresses=(VIDEO,))


def test_an_address_below_the_service_itself_is_a_video_too():
    address = "/api/generate-video/content?model=m&runId=vid_1&variant=video"

    status = read_status({"data": {"status": "COMPLETED", "output": {"url": address}}})

    assert status.artifact_addresses == (address,)


@pytest.mark.parametrize("output", [{}, {"output": {}}, {"output": None}, {"output": "soon"}])
def test_done_without_a_video_is_not_done_yet(output):
    status = read_status({"data": {"status": "COMPLETED", **output}})

    assert (status.state, status.artifact_addresses) == (ProviderState.RUNNING, ())


def test_a_video_that_is_not_done_has_no_address():
    assert read_status({"status": "processing", "videoUrl": VIDEO}).artifact_addresses == ()


def test_what_was_charged_and_how_far_it_is_are_read():
    status = read_status({"data": {"status": "IN_PROGRESS", "cost": "0.35", "progress": 42.9}})

    assert (status.charged_micros, status.progress_percent) == (350_000, 42)


@pytest.mark.parametrize("where", ["outer", "inner"])
def test_what_was_paid_in_another_currency_is_no_figure_of_dollars(where):
    paid = {"paymentSource": "XNO"}
    inner = {"status": "COMPLETED", "output": VIDEO, "cost": 0.35}
    body = {"data": inner, **paid} if where == "outer" else {"data": inner | paid}

    assert read_status(body).charged_micros is None
    assert read_status({"data": inner}).charged_micros == 350_000


@pytest.mark.parametrize("progress", [True, -1, 101, "40", None, float("nan")])
def test_a_progress_that_is_none_is_left_out(progress):
    assert read_status({"status": "processing", "progress": progress}).progress_percent is None


def test_a_video_refused_for_its_content_carries_the_text_for_members():
    status = read_status(
        {
            "data": {
                "status": "FAILED",
                "error": "Content policy violation",
                "isNSFWError": True,
                "userFriendlyError": "Please modify your prompt.",
            }
        }
    )

    assert (status.state, status.refused) == (ProviderState.FAILED, True)
    assert status.text == "Please modify your prompt."


@pytest.mark.parametrize("error", ["Content policy violation", {"message": "content policy"}])
def test_a_refusal_is_known_by_its_words_alone(error):
    assert read_status({"data": {"status": "FAILED", "error": error}}).refused


def test_an_error_that_was_not_written_for_members_is_not_shown_to_them():
    status = read_status({"data": {"status": "FAILED", "error": "KeyError at 0x7f sk-nano-1"}})

    assert (status.refused, status.text) == (False, None)


@pytest.mark.parametrize("body", [None, [], "COMPLETED", 5, {}, {"data": {}}, {"data": []}])
def test_a_status_without_a_status_is_an_error_of_protocol(body):
    with pytest.raises(ProviderProtocolError):
        read_status(body)


@pytest.mark.parametrize(
    ("body", "receipt"),
    [
        ({"runId": "vid_1", "status": "pending", "model": "m"}, Receipt("vid_1")),
        ({"id": "vid_1", "cost": 0.35}, Receipt("vid_1", 350_000)),
        ({"runId": "a", "id": "b", "cost": "2.5", "paymentSource": "USD"}, Receipt("a", 2_500_000)),
        ({"runId": "fal-request-1", "cost": 1, "paymentSource": "XNO"}, Receipt("fal-request-1")),
        ({"runId": "vid_1", "cost": "much"}, Receipt("vid_1")),
        ({"runId": ""}, None),
        ({"runId": 5}, None),
        ({"status": "pending"}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_receipt_needs_nothing_but_an_id(body, receipt):
    assert read_receipt(body) == receipt


def test_only_the_run_with_the_very_tag_is_ours_whatever_else_is_answered():
    runs = [{"runId": f"vid_{n}", "conversationUUID": f"tag-{n}"} for n in (10, 1, 11)]

    assert read_recovered({"data": [{}, None, *runs]}, "tag-1") == Receipt("vid_1")
    assert read_recovered({"data": runs}, "tag") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.35, 350_000),
        ("129.46956147", 129_469_561),
        (0, 0),
        ("0.0000001", 0),
        (-1, None),
        ("-0.1", None),
        (True, None),
        (None, None),
        ("", None),
        ("much", None),
        ("NaN", None),
        ("Infinity", None),
        (float("inf"), None),
        ("1e999999", None),
        ("1e300", None),
        (1e300, None),
        ({}, None),
    ],
)
def test_dollars_are_read_to_the_millionth_and_nonsense_is_none(value, expected):
    assert micros(value) == expected


@given(JSON | STATUSES)
@settings(max_examples=300, deadline=None)
def test_whatever_a_status_holds_it_is_read_or_an_error_of_ours(body):
    try:
        status = read_status(body)
    except BotError:
        return
    assert bool(status.artifact_addresses) == (status.state is ProviderState.SUCCEEDED)
    assert status.text != ""
    (status.text or "").encode()  # raises for what cannot be sent or stored


@given(JSON | objects("runId", "id", "cost", "paymentSource"))
@example({"runId": "vid_1", "id": "vid_2"})
@example({"runId": " ", "id": "vid_2"})
@settings(max_examples=200, deadline=None)
def test_whatever_a_receipt_holds_its_id_is_read_and_without_one_it_is_none(body):
    receipt = read_receipt(body)

    assert (None if receipt is None else receipt.handle) == id_in(body)


def id_in(body) -> str | None:
    """The first name of the two that is one printable line."""
    named = [body.get(name) for name in ("runId", "id")] if isinstance(body, dict) else []
    lines = [one.strip() for one in named if isinstance(one, str) and one.isprintable()]
    return next((line for line in lines if line), None)


@given(JSON | st.fixed_dictionaries({"data": JSON}))
def test_whatever_comes_in_place_of_a_model_list_is_read_as_no_model(body):
    assert list(read_models(body)) == []


@given(MODELS)
@settings(max_examples=400, deadline=None)
def test_whatever_a_model_list_holds_what_is_read_has_sound_prices(entry):
    for model in read_models({"data": [entry]}):
        assert isinstance(model.capability, Capability)
        assert all(0 <= line.micros < 2**63 for line in model.capability.prices.lines)
        assert all(seconds >= 0 for seconds in model.capability.durations_seconds)


@pytest.mark.parametrize(
    ("status", "body", "micros"),
    [
        (402, {"payment": {"amountUsd": "0.90"}}, 900_000),
        (402, {"payment": {"amountUsd": 1.2}}, 1_200_000),
        (402, {"payment": {"amountUsd": "0.0000001"}}, 1),
        (402, {"payment": {"amountUsd": "0.1000004"}}, 100_001),
        (402, {"payment": {"amountUsd": "0"}}, None),
        (402, {"payment": {"amountUsd": "-1"}}, None),
        (402, {"payment": {"amountUsd": "NaN"}}, None),
        (402, {"payment": {"amountUsd": "much"}}, None),
        (402, {"payment": {"amountUsd": True}}, None),
        (402, {"payment": {"amountUsd": "1e12"}}, None),
        (402, {"payment": {"amountUsd": None}}, None),
        (402, {"payment": "0.90"}, None),
        (402, {"amountUsd": "0.90"}, None),
        (402, ["0.90"], None),
        (402, None, None),
        (200, {"payment": {"amountUsd": "0.90"}}, None),
        (202, {"runId": "vid_1", "cost": 0.9}, None),
        (401, {"error": "missing_api_key"}, None),
        (500, {"payment": {"amountUsd": "0.90"}}, None),
    ],
    ids=str,
)
def test_only_a_demand_for_payment_names_a_price(status, body, micros):
    assert read_quote(status, body) == micros
