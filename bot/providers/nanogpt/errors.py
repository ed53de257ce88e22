"""Map NanoGPT's errors, in all their envelopes, to ours.

Sources: NanoGPT's pages on error handling, rate limits and video generation. The HTTP status takes
precedence over the body, which comes in five shapes of JSON, as HTML from an edge, or not at all.
The body's code refines a 4xx only: some codes have no documented status.
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
from bot.providers.refusals import (
    Refused,
    advice_on,
    normal,
    own_words,
    refusal_of,
    texts_of,
    words_of,
)
from bot.providers.statuses import meant_by, meant_of_order

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


def error_of(
    answer: Answer, now: datetime, *, about_job: bool = False, about_order: bool = False
) -> ProviderError:
    """Return the error of a failed answer.

    `about_job` if the call named a job, so that 403 means "not yours" and 404 "unknown";
    `about_order` if it requested a video, so that 403 may concern only that video. A page of HTML
    never means that: it comes from an edge, which knows no jobs, and such a 403 blocks programs and
    says nothing about the key.
    """
    text, words = _message(answer.body), _words(answer.body)
    kind = _class_of(answer, words, about_job=about_job, about_order=about_order)
    detail = redacted(f"{answer.status} {' '.join(words)} {text or answer.text}")
    status = answer.status
    if kind is ContentRefusedError:
        return ContentRefusedError(
            detail,
            status=status,
            friendly=own_words(answer.body),
            advice=advice_on(refusal_of(answer.body) or Refused.EITHER, answer.body),
        )
    if kind is ProviderRejectedRequestError:
        friendly = what_to_change(status, words, " ".join(texts_of(answer.body)))
        return ProviderRejectedRequestError(detail, status=status, friendly=friendly)
    if kind is ProviderRateLimitedError:
        at = retry_at(answer.headers, now) or _next_midnight(words, now)
        return ProviderRateLimitedError(detail, status=status, retry_at=at)
    return kind(detail, status=status)


def submission_error_of(answer: Answer, now: datetime) -> ProviderError:
    """Return the error of a submission that was answered without a readable success.

    Certain are the 4xx; a 503 in the service's own format, which by its page on error handling
    comes before anything is started or charged; and any 5xx that states that the money was refunded
    (`refundMessage`) or never charged. Uncertain are every other 5xx, a 503 from an edge, a timeout
    in between (408), a conflict with a submission that may be our own (409) and an unreadable 2xx:
    each may hide a video that is rendering.
    """
    error = error_of(answer, now, about_order=True)
    status = answer.status
    if isinstance(error, ContentRefusedError):  # explicit, so that nothing is rendering
        return error
    if status >= 500 and _says_refunded(answer.body):
        return GenerationFailedError(error.detail, status=status)
    if status >= 500 and _NOT_CHARGED in _message(answer.body).lower():
        return error
    own_503 = status == 503 and bool(_words(answer.body) or _message(answer.body))
    if 200 <= status < 300 or status in {408, 409} or (status >= 500 and not own_503):
        return SubmissionUncertainError(error.detail, status=status)
    return error


def is_no_such_endpoint(answer: Answer) -> bool:
    """Return whether the path is unknown, rather than the job in it."""
    if answer.status == 405:
        return True
    text = _message(answer.body).strip(" .!").lower()
    return answer.status == 404 and text in {"", "not found"}


def _class_of(
    answer: Answer, words: list[str], *, about_job: bool, about_order: bool
) -> type[ProviderError]:
    status, speaks = answer.status, bool(words or _message(answer.body))
    known = next((_BY_WORD[word] for word in words if word in _BY_WORD), None)
    if known is ContentRefusedError or (known is None and refusal_of(answer.body) is not None):
        return ContentRefusedError
    if status >= 500:
        return ProviderUnavailableError
    if known is not None:
        return known
    if not speaks and (status == 403 or (about_job and status == 404)):
        return ProviderUnavailableError
    if about_job and status in {403, 404}:
        return ProviderJobUnknownError
    said = normal(" . ".join((*words, *texts_of(answer.body))))
    return meant_of_order(status, said) if about_order else meant_by(status)


def _message(body: Any) -> str:
    """Return an error's text from any envelope."""
    return next(texts_of(body), "") if isinstance(body, dict) else ""


def _says_refunded(body: Any) -> bool:
    said = body.get("refundMessage") if isinstance(body, dict) else None
    return isinstance(said, str) and bool(said.strip())


def _words(body: Any) -> list[str]:
    """Return the machine-readable codes, lower-case, most specific first."""
    if not isinstance(body, dict):
        return []
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    found = (inner.get("code"), body.get("code"), inner.get("type"), body.get("type"))
    deep = (word for key in ("detail", "details", "errors") for word in words_of(body.get(key)))
    listed = (word for word in (*found, *deep) if isinstance(word, str) and word)
    return list(dict.fromkeys(word.lower() for word in listed))


def _next_midnight(words: list[str], now: datetime) -> datetime | None:
    """Return the next midnight UTC for a daily limit, even without Retry-After."""
    if not _DAILY.intersection(words):
        return None
    return datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
