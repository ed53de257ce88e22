"""NanoPhoto's errors as errors of ours, whatever an answer holds."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.http import Answer, _json
from bot.providers.nanophoto.errors import (
    RATE_LIMIT_WAIT,
    code_and_text,
    error_of,
    failed_submission,
    is_error,
    submission_error_of,
)
from bot.providers.nanophoto.wire import is_failed
from tests.unit.providers.nanophoto_nonsense import ANSWERS, objects

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CODES = [
    "LOGIN_REQUIRED",
    "API_KEY_RATE_LIMIT_EXCEEDED",
    "INSUFFICIENT_CREDITS",
    "SHOTS_REQUIRED",
    "TASK_NOT_FOUND",
    "GENERATION_FAILED",
    "INTERNAL_ERROR",
    "NO_ONE_KNOWS",
]
BODIES = ANSWERS | objects(
    error=["Insufficient credits", "policy"],
    errorCode=CODES,
    success=[True, False],
    status=["failed", "processing"],
    message=["words"],
)
RETRIES = st.none() | st.text(max_size=12) | st.sampled_from(["0", "90", "-1", "1e9", "nan"])


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, json.dumps(body, default=str), named)


def test_the_code_goes_before_the_status():
    said = answer(500, {"error": "Empty", "errorCode": "INSUFFICIENT_CREDITS"})

    assert type(error_of(said, NOW)) is ProviderBalanceError
    assert type(submission_error_of(said, NOW)) is ProviderBalanceError


def test_a_code_that_no_one_knows_leaves_it_to_the_status():
    for status, expected in {
        400: ProviderRejectedRequestError,
        401: ProviderCredentialsError,
        402: ProviderBalanceError,
        403: ProviderCredentialsError,
        422: ProviderRejectedRequestError,
        429: ProviderRateLimitedError,
        500: ProviderUnavailableError,
    }.items():
        said = answer(status, {"error": "Words", "errorCode": "NO_ONE_KNOWS"})
        assert type(error_of(said, NOW)) is expected


def test_a_failure_with_words_of_refusal_is_one():
    said = answer(500, {"error": "Violates the policy", "errorCode": "GENERATION_FAILED"})
    error = submission_error_of(said, NOW)

    assert isinstance(error, ContentRefusedError)
    assert error.friendly == "Violates the policy"


def test_a_failure_in_the_service_s_own_words_is_certain_and_an_internal_error_is_not():
    failed = answer(500, {"error": "No", "errorCode": "GENERATION_FAILED"})
    internal = answer(500, {"error": "No", "errorCode": "INTERNAL_ERROR"})

    assert type(submission_error_of(failed, NOW)) is GenerationFailedError
    assert type(submission_error_of(internal, NOW)) is SubmissionUncertainError


def test_without_a_word_of_when_the_wait_is_minutes():
    error = error_of(answer(429), NOW)

    assert isinstance(error, ProviderRateLimitedError)
    assert error.retry_at == NOW + RATE_LIMIT_WAIT


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": "Text", "errorCode": "CODE"}, ("CODE", "Text")),
        ({"success": False, "error": "Text"}, ("", "Text")),
        ({"message": "Text"}, ("", "Text")),
        ({"error": {"code": 1}, "errorCode": 5}, ("", "")),
        ([], ("", "")),
        (None, ("", "")),
    ],
)
def test_both_envelopes_give_their_code_and_text(body, expected):
    assert code_and_text(body) == expected


def test_a_secret_that_the_service_repeats_is_not_in_the_detail():
    error = error_of(answer(400, {"error": "Bearer np-secret-key is wrong"}), NOW)

    assert "np-secret-key" not in error.detail


@given(st.integers(100, 599), BODIES, RETRIES)
@settings(max_examples=400, deadline=None)
def test_whatever_an_error_holds_it_becomes_one_of_a_provider(status, body, retry):
    headers = {} if retry is None else {"Retry_After": retry}
    said = answer(status, body, **headers)

    assert is_error(said) in {True, False}
    assert is_failed(said) in {True, False}
    for read in (error_of, submission_error_of, failed_submission):
        error = read(said, NOW)
        assert isinstance(error, ProviderError)
        assert len(error.detail) <= 256
        if isinstance(error, ProviderRateLimitedError):
            assert error.retry_at is not None


@given(st.integers(500, 599), BODIES)
@settings(max_examples=200, deadline=None)
def test_no_submission_is_sent_again_after_a_5xx(status, body):
    """Unless the service says in its own words that it asks to be asked later."""
    error = submission_error_of(answer(status, body), NOW)

    assert not isinstance(error, ProviderUnavailableError)


@given(st.integers(200, 599), st.binary(max_size=200) | BODIES.map(repr).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_whatever_bytes_come_they_become_an_error_of_a_provider(status, content):
    text = content.decode(errors="replace")
    said = Answer(status, _json(text), text, {})

    for read in (error_of, submission_error_of, failed_submission):
        assert isinstance(read(said, NOW), ProviderError)
