"""NanoGPT's errors, in every envelope in which they come, as errors of ours.

Sources: NanoGPT's pages on error handling, rate limits and video generation. The HTTP status is
preferred over the body, which comes in five shapes of JSON, as HTML from an edge, or not at all.
The body's word refines a 4xx only: some words have no documented status.
"""

from datetime import datetime, time, timedelta
from typing import Any

from bot.errors import (
    ContentRefusedError,
    GenerationFailedError,
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
from bot.providers.nanogpt.advice import what_to_change
from bot.providers.statuses import meant_by

_BY_WORD: dict[str, type[ProviderError]] = {
    "content_policy_violation": ContentRefusedError,
    "insufficient_balance": ProviderBalanceError,
    "insufficient_quota": ProviderBalanceError,
    "missing_api_key": ProviderCredentialsError,
    "invalid_api_key": ProviderCredentialsError,
    "authentication_error": ProviderCredentialsError,
    "api_key_origin_not_allowed": ProviderCredentialsError,
    "pro_required": ProviderCredentialsError,
    "rate_limited": ProviderRateLimitedError,
    "rate_limit_exceeded": ProviderRateLimitedError,
    "rate_limit_error": ProviderRateLimitedError,
    "daily_rpd_limit_exceeded": ProviderRateLimitedError,
    "daily_usd_limit_exceeded": ProviderRateLimitedError,
}
_DAILY = {"daily_rpd_limit_exceeded", "daily_usd_limit_exceeded"}
_NOT_CHARGED = "you have not been charged"
_REFUSALS = ("content policy", "content moderation", "safety concerns")


def error_of(answer: Answer, now: datetime, *, about_job: bool = False) -> ProviderError:
    """The error of an answer that is no success, for calls that may be repeated.

    `about_job` says that the call named a job, so that 403 means "not yours" and 404 "unknown".
    A page of HTML never means that: it comes from an edge, which knows nothing of jobs; and with
    403 it is a wall against programs, not a word about the key.
    """
    text, words = _message(answer.body), _words(answer.body)
    kind = _class_of(answer, words, text, about_job=about_job)
    detail = redacted(f"{answer.status} {' '.join(words)} {text or answer.text}")
    status = answer.status
    if kind is ContentRefusedError:
        return ContentRefusedError(detail, status=status, friendly=redacted(text) or None)
    if kind is ProviderRejectedRequestError:
        friendly = what_to_change(status, words, text)
        return ProviderRejectedRequestError(detail, status=status, friendly=friendly)
    if kind is ProviderRateLimitedError:
        at = retry_at(answer.headers, now) or _next_midnight(words, now)
        return ProviderRateLimitedError(detail, status=status, retry_at=at)
    return kind(detail, status=status)


def submission_error_of(answer: Answer, now: datetime) -> ProviderError:
    """The error of a submission that was answered, and not with a success that can be read.

    Certain are the 4xx and a 503 in the service's own words: by its page on error handling it
    answers that before anything is started or charged; and any 5xx that says of itself that the
    money is back (`refundMessage`) or was never taken. Uncertain are every other 5xx, a 503 from
    an edge, a time-out in between (408), a conflict with a submission that may be our own (409)
    and a 2xx that cannot be read: each may hide a film in the making.
    """
    error = error_of(answer, now)
    status = answer.status
    if status >= 500 and _says_refunded(answer.body):
        return GenerationFailedError(error.detail, status=status)
    if status >= 500 and _NOT_CHARGED in _message(answer.body).lower():
        return error
    own_503 = status == 503 and bool(_words(answer.body) or _message(answer.body))
    if 200 <= status < 300 or status in {408, 409} or (status >= 500 and not own_503):
        return SubmissionUncertainError(error.detail, status=status)
    return error


def is_no_such_endpoint(answer: Answer) -> bool:
    """Whether an address is unknown to the service, rather than the job that it names."""
    if answer.status == 405:
        return True
    text = _message(answer.body).strip(" .!").lower()
    return answer.status == 404 and text in {"", "not found"}


def _class_of(
    answer: Answer, words: list[str], text: str, *, about_job: bool
) -> type[ProviderError]:
    status, speaks = answer.status, bool(words or text)
    if status >= 500:
        return ProviderUnavailableError
    for word in words:
        if word in _BY_WORD:
            return _BY_WORD[word]
    if status == 400 and any(phrase in text.lower() for phrase in _REFUSALS):
        return ContentRefusedError
    if status == 403 and not speaks:
        return ProviderUnavailableError
    if about_job and status in {403, 404}:
        return ProviderJobUnknownError if speaks else ProviderUnavailableError
    return meant_by(status)


def _message(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    inner = error.get("message") if isinstance(error, dict) else error
    text = inner if isinstance(inner, str) else body.get("message")
    return text if isinstance(text, str) else ""


def _says_refunded(body: Any) -> bool:
    said = body.get("refundMessage") if isinstance(body, dict) else None
    return isinstance(said, str) and bool(said.strip())


def _words(body: Any) -> list[str]:
    """The machine's words, lower-case, the most specific first."""
    if not isinstance(body, dict):
        return []
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    found = (inner.get("code"), body.get("code"), inner.get("type"), body.get("type"))
    return [word.lower() for word in found if isinstance(word, str) and word]


def _next_midnight(words: list[str], now: datetime) -> datetime | None:
    """Daily limits end at midnight UTC, also where no Retry-After says so."""
    if not _DAILY.intersection(words):
        return None
    return datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
