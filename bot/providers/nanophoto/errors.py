"""Map NanoPhoto's errors to ours.

Sources: its pages on Veo 3.1 and on the API as a whole. `errorCode` decides, then the HTTP status;
`success` may be absent. A page of HTML comes from an edge: such a 403 blocks programs and says
nothing about the key. Members read our own texts; the service's are for programmers and stay in the
log.
"""

import re
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
from bot.providers.refusals import advice_on, normal, own_words, refusal_of, texts_of
from bot.providers.statuses import meant_by, meant_of_order
from bot.providers.tolerance import table

_ADVICE_BY_CODE: Mapping[str, str] = {
    "SHOTS_REQUIRED": "This request has no shots. Describe at least one.",
    "PROMPT_REQUIRED": "A shot has no text. Describe what happens in each.",
    "INVALID_IMAGE_COUNT": (
        "The video service doesn't support this number of pictures. Add one or two as first and "
        "last picture, or one to three as references."
    ),
    "IMAGE_URLS_REQUIRED": "The video service couldn't use the pictures. Send them again as files.",
    "IMAGE_REQUIRED": "The video service needs a picture for this. Add one.",
}
_BY_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?i)aspect"),
        "The video service doesn't support this aspect ratio. Choose 16:9 or 9:16.",
    ),
    (
        re.compile(r"(?i)single.?shot|resolution"),
        "The video service doesn't support this resolution. Choose 720p, or a single shot in 1080p or 4k.",
    ),
    (
        re.compile(r"(?i)shots?\b"),
        "The video service doesn't make that many shots. Use 21 or fewer.",
    ),
    (
        re.compile(r"(?i)prompt"),
        "The video service didn't accept the prompt. Shorten or change it.",
    ),
    (re.compile(r"(?i)image"), "The video service couldn't use the pictures. Send different ones."),
)

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
_NEVER_CONTENT = frozenset(_BY_CODE) - {"GENERATION_FAILED", "INVALID_INPUT", "INTERNAL_ERROR"}


def what_to_change(code: str, text: str) -> str | None:
    """Return advice for the member, or None if there is none."""
    if code in _ADVICE_BY_CODE:
        return _ADVICE_BY_CODE[code]
    return next((advice for words, advice in _BY_WORDS if words.search(text)), None)


def error_of(answer: Answer, now: datetime, *, about_order: bool = False) -> ProviderError:
    """Return the error of a failed answer; `about_order` if it was to a submission."""
    code, text = code_and_text(answer.body)
    kind = _class_of(answer, code, about_order=about_order)
    detail = redacted(f"{answer.status} {code} {text or answer.text}")
    if kind is ContentRefusedError:
        return _refused(answer, detail)
    if kind is ProviderRateLimitedError:
        at = retry_at(answer.headers, now) or now + RATE_LIMIT_WAIT
        return ProviderRateLimitedError(detail, status=answer.status, retry_at=at)
    if kind is ProviderRejectedRequestError:
        friendly = what_to_change(code, text)
        return ProviderRejectedRequestError(detail, status=answer.status, friendly=friendly)
    return kind(detail, status=answer.status)


def submission_error_of(answer: Answer, now: datetime) -> ProviderError:
    """Return the error of a submission that was answered without tasks.

    A 5xx may hide shots that are rendering and were paid for, and nothing can look them up: only an
    explicit statement by the service is certain, and `INTERNAL_ERROR` states nothing.
    """
    error = error_of(answer, now, about_order=True)
    code, _ = code_and_text(answer.body)
    if isinstance(error, ContentRefusedError):  # explicit, so that nothing is rendering
        return error
    certain = code in _BY_CODE and not isinstance(error, ProviderUnavailableError)
    vague = answer.status < 400 or answer.status >= 500 or answer.status in {408, 409}
    if vague and not certain:
        return SubmissionUncertainError(error.detail, status=answer.status)
    return error


def failed_submission(answer: Answer, now: datetime) -> ProviderError:
    """Return the error of a success that says `failed`: explicitly, no shots are rendering."""
    error = error_of(answer, now, about_order=True)
    if not isinstance(error, ProviderUnavailableError):
        return error
    return GenerationFailedError(error.detail, status=answer.status)


def is_error(answer: Answer) -> bool:
    """Return whether the answer is no success; some services wrap errors in one."""
    if not 200 <= answer.status < 300:
        return True
    code, _ = code_and_text(answer.body)
    listed = table(answer.body).get("shots")
    return not listed and (bool(code) or table(answer.body).get("success") is False)


def code_and_text(body: Any) -> tuple[str, str]:
    """Return an error's code and text; empty if absent."""
    code = table(body).get("errorCode")
    text = next(texts_of(body), "") if isinstance(body, dict) else ""
    return code if isinstance(code, str) else "", text


def _refused(answer: Answer, detail: str) -> ContentRefusedError:
    refused, body = refusal_of(answer.body), answer.body
    advice = None if refused is None else advice_on(refused, body)
    return ContentRefusedError(
        detail, status=answer.status, friendly=own_words(body), advice=advice
    )


def _class_of(answer: Answer, code: str, *, about_order: bool) -> type[ProviderError]:
    if code not in _NEVER_CONTENT and refusal_of(answer.body) is not None:
        return ContentRefusedError
    if code in _BY_CODE:
        return _BY_CODE[code]
    if answer.status == 403 and answer.body is None:
        return ProviderUnavailableError
    if answer.status < 400 or answer.status >= 500 or answer.status == 404:
        return ProviderUnavailableError
    if about_order:
        return meant_of_order(answer.status, normal(" . ".join(texts_of(answer.body))))
    return meant_by(answer.status)
