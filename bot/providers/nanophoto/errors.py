"""NanoPhoto's errors as errors of ours.

Sources: its pages on Veo 3.1 and on the API as a whole. `errorCode` decides, then the HTTP status;
`success` may be absent. A page of HTML comes from an edge: a 403 of that kind is a wall against
programs, not a word about the key.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
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
from bot.providers.nanophoto.advice import what_to_change
from bot.providers.nanophoto.wire import is_refusal
from bot.providers.statuses import meant_by
from bot.providers.tolerance import table

RATE_LIMIT_WAIT = timedelta(minutes=5)  # no Retry-After is documented

_BY_CODE: Mapping[str, type[ProviderError]] = {
    "LOGIN_REQUIRED": ProviderCredentialsError,
    "API_KEY_RATE_LIMIT_EXCEEDED": ProviderRateLimitedError,
    "INSUFFICIENT_CREDITS": ProviderBalanceError,
    "SHOTS_REQUIRED": ProviderRejectedRequestError,
    "PROMPT_REQUIRED": ProviderRejectedRequestError,
    "INVALID_IMAGE_COUNT": ProviderRejectedRequestError,
    "IMAGE_URLS_REQUIRED": ProviderRejectedRequestError,
    "IMAGE_REQUIRED": ProviderRejectedRequestError,
    "INVALID_INPUT": ProviderRejectedRequestError,
    "TASK_IDS_REQUIRED": ProviderRejectedRequestError,
    "TASK_NOT_FOUND": ProviderJobUnknownError,
    "GENERATION_FAILED": GenerationFailedError,
    "INTERNAL_ERROR": ProviderUnavailableError,
}


def error_of(answer: Answer, now: datetime) -> ProviderError:
    """The error of an answer that is no success."""
    code, text = code_and_text(answer.body)
    kind = _class_of(answer, code)
    detail = redacted(f"{answer.status} {code} {text or answer.text}")
    if kind is GenerationFailedError and is_refusal(text):
        return ContentRefusedError(detail, status=answer.status, friendly=redacted(text))
    if kind is ProviderRateLimitedError:
        at = retry_at(answer.headers, now) or now + RATE_LIMIT_WAIT
        return ProviderRateLimitedError(detail, status=answer.status, retry_at=at)
    if kind is ProviderRejectedRequestError:
        friendly = what_to_change(code, text)
        return ProviderRejectedRequestError(detail, status=answer.status, friendly=friendly)
    return kind(detail, status=answer.status)


def submission_error_of(answer: Answer, now: datetime) -> ProviderError:
    """The error of a submission that was answered, and not with tasks.

    A 5xx may hide shots that are being made and were paid for, and nothing can look them up: only
    what the service says in its own words is certain, and `INTERNAL_ERROR` says nothing.
    """
    error = error_of(answer, now)
    code, _ = code_and_text(answer.body)
    certain = code in _BY_CODE and not isinstance(error, ProviderUnavailableError)
    vague = answer.status < 400 or answer.status >= 500 or answer.status in {408, 409}
    if vague and not certain:
        return SubmissionUncertainError(error.detail, status=answer.status)
    return error


def failed_submission(answer: Answer, now: datetime) -> ProviderError:
    """For a success that says `failed`: in the service's own words, no shots are being made."""
    error = error_of(answer, now)
    if not isinstance(error, ProviderUnavailableError):
        return error
    _, text = code_and_text(answer.body)
    if is_refusal(text):
        return ContentRefusedError(error.detail, status=answer.status, friendly=redacted(text))
    return GenerationFailedError(error.detail, status=answer.status)


def is_error(answer: Answer) -> bool:
    """Anything but a success; some services wrap their errors in one."""
    if not 200 <= answer.status < 300:
        return True
    code, _ = code_and_text(answer.body)
    listed = table(answer.body).get("shots")
    return not listed and (bool(code) or table(answer.body).get("success") is False)


def code_and_text(body: Any) -> tuple[str, str]:
    """The machine's word and the text of an error; empty where absent."""
    given = table(body)
    code, text = given.get("errorCode"), given.get("error", given.get("message"))
    return code if isinstance(code, str) else "", text if isinstance(text, str) else ""


def _class_of(answer: Answer, code: str) -> type[ProviderError]:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if answer.status == 403 and answer.body is None:
        return ProviderUnavailableError
    if answer.status < 400 or answer.status >= 500 or answer.status == 404:
        return ProviderUnavailableError
    return meant_by(answer.status)
