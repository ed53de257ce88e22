"""The local NanoGPT's errors: every row of its catalogue, in every envelope that is known of it."""

from typing import Any

import pytest

from tests.local_nanogpt import BALANCE, STATUS, SUBMIT, Json

ENVELOPES = (1, 2, 3, 4, 5, 6, 7)
ROWS: list[tuple[int, str | None, str]] = [
    (400, None, "Kling 2.1 Standard requires an input image."),
    (400, "CONTENT_POLICY_VIOLATION", "Your prompt was blocked due to safety concerns."),
    (400, "content_policy_violation", "Your request was blocked by content moderation."),
    (400, "prompt_too_long", "Your prompt is too long."),
    (400, None, "Prompt is too long. Please keep it under 3000 characters."),
    (400, "missing_required_parameter", "Missing required parameter"),
    (400, "invalid_parameter_value", "Invalid parameter"),
    (400, "image_input_not_supported", "This model takes no image"),
    (400, "unsupported_input_modality", "Unsupported"),
    (400, "context_length_exceeded", "Too long"),
    (400, "model_not_allowed", "Not allowed"),
    (404, "model_not_available", "Not available"),
    (401, None, "Invalid session"),
    (401, "invalid_api_key", "Invalid API key"),
    (402, "INSUFFICIENT_BALANCE", "Insufficient balance"),
    (403, "PRO_REQUIRED", "Only for subscribers"),
    (403, "api_key_origin_not_allowed", "Not from here"),
    (404, None, "Not found"),
    (408, None, "Timeout"),
    (409, None, "Already processed"),
    (413, None, "Payload too large"),
    (422, "validation_error", "You have not been charged for this request."),
    (429, "RATE_LIMITED", "Rate limit exceeded."),
    (429, "daily_usd_limit_exceeded", "Daily limit"),
    (500, "server_error", "Internal error"),
    (502, None, ""),
    (503, "service_unavailable", "Unavailable"),
    (503, "all_fallbacks_failed", "Unavailable"),
    (504, None, ""),
]


def expected(envelope: int, status: int, code: str | None, message: str) -> Any:
    """What the envelope holds for certain."""
    return {
        1: {"error": message, "status": status},
        2: {"status": status},
        3: {},
        4: {},
        5: {"error": status, "message": message},
        7: {"message": message},
    }[envelope]


@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_every_error_can_be_ordered_in_every_envelope_and_costs_nothing(wire, envelope):
    wire.service.overrides.submissions_per_minute = wire.service.overrides.requests_per_second = (
        1000
    )
    for status, code, message in ROWS:
        order = {"status": status, "code": code, "message": message, "envelope": envelope}
        await wire.turn(refuse=order)

        answered, body, headers = await wire.submit()

        assert answered == status
        assert "X-Request-ID" in headers
        if envelope == 6:
            assert headers["Content-Type"].startswith("text/html")
            assert message.encode() in body
        else:
            assert body.items() >= expected(envelope, status, code, message).items()
        if envelope in {2, 3, 4}:
            assert body["error"]["message"] == message
        if envelope == 4:
            assert body["error"].get("code") == code
    assert wire.service.books.runs == {}


async def test_an_ordered_error_ends_when_it_is_taken_back(wire):
    await wire.turn(refuse={"status": 500})
    assert (await wire.submit())[0] == 500

    await wire.turn(refuse=None)
    assert (await wire.submit())[0] == 202


async def test_an_ordered_error_can_carry_what_else_is_said_and_when_to_come_again(wire):
    more = {"refundMessage": "The charge was refunded."}
    await wire.turn(refuse={"status": 429, "envelope": 3, "more": more, "retry_after": 7})

    _, body, headers = await wire.submit()

    assert body == {"error": {"message": "Bad request", "type": "RATE_LIMITED"}} | more
    assert headers["Retry-After"] == "7"


async def test_an_ordered_error_is_for_the_addresses_it_names(wire):
    run = await wire.made()
    await wire.turn(refuse={"status": 500, "path": "/api/*/status"})

    assert (await wire.call("GET", f"{STATUS}?requestId={run.id}"))[0] == 500
    assert (await wire.call("POST", BALANCE))[0] == 200
    assert (await wire.submit())[0] == 202


@pytest.mark.parametrize("envelope", [1, 2, 3, 4, 5, 7])
async def test_real_causes_can_be_told_in_any_envelope_too(wire, envelope):
    await wire.turn(envelope=envelope)

    status, body, _ = await wire.submit(prompt="a blockedword")

    assert status == 400
    assert "blocked due to safety concerns" in str(body)
    assert (await wire.call("POST", BALANCE, headers={}))[0] == 401


@pytest.mark.parametrize(
    ("fields", "status", "code", "said"),
    [
        ({"model": "no one"}, 400, "model_not_found", "Model not found"),
        ({"model": None}, 400, "missing_required_parameter", "model"),
        ({"model": ["a"]}, 400, "missing_required_parameter", "model"),
        ({"prompt": " "}, 400, "missing_required_parameter", "prompt"),
        ({"prompt": {"a": 1}}, 400, "missing_required_parameter", "prompt"),
        ({"prompt": "a" * 2001, "model": "minimax-hailuo-02"}, 400, "prompt_too_long", "2000"),
        ({"prompt": "a" * 3001, "model": "lightricks-ltx-2-fast"}, 400, None, "under 3000"),
        ({"imageDataUrl": "data:image/png;base64,%"}, 400, "invalid_parameter_value", "imageData"),
        ({"last_image": "data:image/png;base64,%"}, 400, "invalid_parameter_value", "last_image"),
    ],
    ids=str,
)
async def test_a_refusal_has_its_code_its_type_and_its_words(wire, fields, status, code, said):
    answered, body, _ = await wire.submit(**fields)

    assert answered == status
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"].get("code") == code
    assert said in body["error"]["message"]
    assert wire.service.books.entries == []


@pytest.mark.parametrize(
    ("model", "what"),
    [
        ("kling-v21-standard", "an input image"),
        ("alibaba/wan-3.0/video-edit", "an input video"),
        ("video-upscaler", "an input video"),
        ("kling-v2-avatar-pro", "an input audio"),
    ],
)
async def test_a_model_that_needs_more_than_words_says_what(wire, model, what):
    status, body, _ = await wire.submit(model=model)

    assert (status, body["status"]) == (400, 400)
    assert f"requires {what}. Please select" in body["error"]


async def test_a_blocked_prompt_is_told_in_the_envelope_of_the_seed(wire):
    _, body, _ = await wire.submit(prompt="a blockedword")

    assert body == {
        "error": {
            "message": "Your prompt was blocked due to safety concerns. Please modify your prompt.",
            "type": "CONTENT_POLICY_VIOLATION",
        },
        "status": 400,
    }


async def test_pictures_are_looked_at_before_words(wire):
    _, body, _ = await wire.submit(imageDataUrl="data:image/png;base64,%", prompt="a blockedword")

    assert body["error"]["param"] == "imageDataUrl"


async def test_unknown_fields_are_ignored(wire):
    assert (await wire.submit(unheard_of={"a": [1]}, resolution=["720p"], seed={}))[0] == 202


async def test_a_model_can_leave_the_list(wire):
    await wire.turn(withdrawn=["sora-2"])

    _, listed, _ = await wire.call("GET", "/api/v1/video-models")
    status, body, _ = await wire.submit(model="sora-2")

    assert "sora-2" not in {model["id"] for model in listed["data"]}
    assert (status, body["error"]["code"]) == (400, "model_not_found")


async def test_a_name_of_the_past_is_unknown_unless_it_still_resolves(wire):
    request = {"model": "wan-wavespeed-25", "duration": "5"}
    assert (await wire.submit(**request))[0] == 400

    await wire.turn(old_slugs=True)
    status, body, _ = await wire.submit(**request)

    assert (status, body["model"]) == (202, "wan-wavespeed-25")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"status": 200}, "status"),
        ({"envelope": 8}, "envelope"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
async def test_an_order_that_cannot_be_is_named(wire, order: Json, said):
    path = "/sandbox/api/providers/nanogpt"
    status, body, _ = await wire.call("PATCH", path, json={"refuse": order})

    assert status == 400
    assert said in body["message"]


async def test_addresses_and_methods_that_do_not_exist_are_answered_in_json(wire):
    unknown, body, _ = await wire.call("GET", "/api/nowhere")
    wrong, _, _ = await wire.call("GET", SUBMIT)

    assert (unknown, body["status"]) == (404, 404)
    assert wrong == 405
