"""NanoGPT's errors, by status and in every envelope, as errors of ours."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.errors import (
    ContentRefusedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.http import Answer
from bot.providers.nanogpt.errors import error_of, submission_error_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TEXT = "No such thing"


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, json.dumps(body), named)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": TEXT, "status": 400}, ""),
        ({"error": TEXT, "status": 402, "requiredBalance": 0.1, "code": "low"}, "low"),
        ({"error": {"message": TEXT, "type": "kind"}, "status": 400}, "kind"),
        ({"error": {"message": TEXT, "type": "kind"}, "refundMessage": "Refunded"}, "kind"),
        ({"error": {"message": TEXT, "type": "kind", "code": "word", "param": "x"}}, "word kind"),
        ({"error": 400, "message": TEXT}, ""),
        ({"message": TEXT}, ""),
    ],
)
def test_every_envelope_gives_its_text_and_its_words_to_the_log(body, words):
    detail = error_of(answer(418, body), NOW).detail

    assert detail.split() == ["418", *words.split(), *TEXT.split()]


@pytest.mark.parametrize("body", [None, [], "text", {}, {"error": None}, {"error": []}])
def test_an_envelope_that_is_none_is_logged_as_it_came(body):
    detail = error_of(answer(418, body), NOW).detail

    assert detail.split() == ["418", *json.dumps(body).split()]


ROWS: list[tuple[int, Any, type[ProviderError]]] = [
    (400, {"error": "Kling requires an input image.", "status": 400}, ProviderRejectedRequestError),
    (400, {"error": {"message": "m", "type": "CONTENT_POLICY_VIOLATION"}}, ContentRefusedError),
    (400, {"error": {"message": "m", "code": "content_policy_violation"}}, ContentRefusedError),
    (400, {"error": {"message": "m", "code": "prompt_too_long"}}, ProviderRejectedRequestError),
    (400, {"error": {"message": "m", "code": "invalid_json"}}, ProviderRejectedRequestError),
    (400, {"error": "Model not found"}, ProviderRejectedRequestError),
    (401, {"error": "Invalid session", "status": 401}, ProviderCredentialsError),
    (401, {"error": {"message": "m", "code": "missing_api_key"}}, ProviderCredentialsError),
    (402, {"error": "Insufficient balance", "requiredBalance": 0.0035}, ProviderBalanceError),
    (402, {"error": {"message": "m", "type": "INSUFFICIENT_BALANCE"}}, ProviderBalanceError),
    (
        403,
        {"error": {"message": "m", "code": "api_key_origin_not_allowed"}},
        ProviderCredentialsError,
    ),
    (403, {"error": {"message": "m", "code": "PRO_REQUIRED"}}, ProviderCredentialsError),
    (413, None, ProviderRejectedRequestError),
    (422, {"error": {"message": "m", "type": "validation_error"}}, ProviderRejectedRequestError),
    (429, {"error": "Rate limit exceeded."}, ProviderRateLimitedError),
    (
        429,
        {"error": {"message": "m", "code": "daily_usd_limit_exceeded"}},
        ProviderRateLimitedError,
    ),
]


@pytest.mark.parametrize(("status", "body", "expected"), ROWS)
def test_every_documented_error_is_the_same_for_a_poll_and_for_a_submission(status, body, expected):
    assert type(error_of(answer(status, body), NOW)) is expected
    assert type(submission_error_of(answer(status, body), NOW)) is expected


@pytest.mark.parametrize(
    ("status", "polled", "submission"),
    [
        (408, ProviderUnavailableError, SubmissionUncertainError),
        (409, ProviderUnavailableError, SubmissionUncertainError),
        (500, ProviderUnavailableError, SubmissionUncertainError),
        (502, ProviderUnavailableError, SubmissionUncertainError),
        (504, ProviderUnavailableError, SubmissionUncertainError),
        (524, ProviderUnavailableError, SubmissionUncertainError),
    ],
)
def test_what_may_be_asked_again_is_uncertain_for_a_submission_that_may_have_begun(
    status, polled, submission
):
    assert type(error_of(answer(status), NOW)) is polled
    assert type(submission_error_of(answer(status), NOW)) is submission


def test_a_wall_in_front_of_the_service_says_nothing_about_the_key():
    assert type(error_of(answer(403), NOW)) is ProviderUnavailableError
    assert type(submission_error_of(answer(403), NOW)) is ProviderUnavailableError


def test_when_to_come_again_goes_with_a_rate_limit():
    error = error_of(answer(429, None, Retry_After="60"), NOW)

    assert isinstance(error, ProviderRateLimitedError)
    assert error.retry_at == NOW + timedelta(seconds=60)


def test_a_refusal_of_content_carries_the_services_own_words():
    body = {
        "error": {
            "message": "Blocked. Please modify your prompt.",
            "type": "CONTENT_POLICY_VIOLATION",
        }
    }

    error = error_of(answer(400, body), NOW)

    assert isinstance(error, ContentRefusedError)
    assert error.friendly == "Blocked. Please modify your prompt."


def test_no_error_tells_a_key():
    error = error_of(answer(401, {"error": "Key sk-nano-abc is wrong", "status": 401}), NOW)

    assert "sk-nano" not in error.detail
    assert error.status == 401


@given(
    st.integers(300, 599),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["error", "message", "code", "type"]), inner)
        ),
        max_leaves=6,
    ),
)
def test_whatever_an_answer_holds_it_is_an_error_of_ours(status, body):
    assert isinstance(submission_error_of(answer(status, body), NOW), ProviderError)


def test_that_a_service_is_unavailable_by_its_own_word_is_certain_for_a_submission_too():
    body = {"error": {"message": "m", "type": "api_error", "code": "service_unavailable"}}

    assert type(submission_error_of(answer(503, body), NOW)) is ProviderUnavailableError
