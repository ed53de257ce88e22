"""NanoGPT's errors, in every envelope in which they come, as errors of ours.

Sources: NanoGPT's pages on error handling, rate limits and video generation. The HTTP status is
preferred over the body, which comes in five shapes of JSON, as HTML from an edge, or not at all.
"""

from datetime import datetime
from typing import Any

from bot.errors import (
    ContentRefusedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.providers.http import Answer, redacted, retry_at


def message_and_code(body: Any) -> tuple[str, str]:
    """The text and the machine's word of an error, from any envelope; empty where absent."""
    if not isinstance(body, dict):
        return "", ""
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    text = error if isinstance(error, str) else inner.get("message", body.get("message"))
    code = inner.get("code") or inner.get("type") or body.get("code") or ""
    return (text if isinstance(text, str) else ""), str(code)


def error_of(answer: Answer, now: datetime) -> ProviderError:
    """The error of an answer that is no success, for calls that may be repeated."""
    text, code = message_and_code(answer.body)
    detail = redacted(f"{answer.status} {code} {text or answer.text}")
    status = answer.status
    if "content_policy" in code.lower():
        return ContentRefusedError(detail, status=status, friendly=text or None)
    if status == 429:
        at = retry_at(answer.headers, now)
        return ProviderRateLimitedError(detail, status=status, retry_at=at)
    return _class_of(status, code)(detail, status=status)


def _class_of(status: int, code: str) -> type[ProviderError]:
    if status == 401 or code in {"api_key_origin_not_allowed", "PRO_REQUIRED"}:
        return ProviderCredentialsError
    if status == 402:
        return ProviderBalanceError
    if status in {403, 404}:
        return ProviderJobUnknownError
    if status in {408, 409, 425} or status >= 500:
        return ProviderUnavailableError
    return ProviderRejectedRequestError


def submission_error_of(answer: Answer, now: datetime) -> ProviderError:
    """The error of a submission that was answered, and not with a success.

    A 503 says that nothing was started or charged; any other 5xx, and a timeout in between, may
    hide a film in the making.
    """
    error = error_of(answer, now)
    if isinstance(error, ProviderUnavailableError) and answer.status != 503:
        return SubmissionUncertainError(error.detail, status=answer.status)
    if isinstance(error, ProviderJobUnknownError):
        return ProviderRejectedRequestError(error.detail, status=answer.status)
    return error
