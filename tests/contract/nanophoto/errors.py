"""NanoPhoto's error catalogue: what each row is to the bot, and how a local service gives it."""

import pytest

from bot.errors import (
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from sandbox.providers.faults import Fault

PAGE = "<html><head><title>Attention Required!</title></head></html>"
CATALOGUE = {
    "LOGIN_REQUIRED": (401, ProviderCredentialsError, ProviderCredentialsError),
    "API_KEY_RATE_LIMIT_EXCEEDED": (429, ProviderRateLimitedError, ProviderRateLimitedError),
    "INSUFFICIENT_CREDITS": (402, ProviderBalanceError, ProviderBalanceError),
    "SHOTS_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "PROMPT_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "INVALID_IMAGE_COUNT": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "IMAGE_URLS_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "IMAGE_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "INVALID_INPUT": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "TASK_IDS_REQUIRED": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "TASK_NOT_FOUND": (404, ProviderJobUnknownError, ProviderJobUnknownError),
    "GENERATION_FAILED": (500, GenerationFailedError, GenerationFailedError),
    "INTERNAL_ERROR": (500, SubmissionUncertainError, ProviderUnavailableError),
    "SOMETHING_NEW": (400, ProviderRejectedRequestError, ProviderRejectedRequestError),
    "SOMETHING_OLD": (500, SubmissionUncertainError, ProviderUnavailableError),
}
ROWS = [(code, *row) for code, row in CATALOGUE.items()]
by_row = pytest.mark.parametrize(
    ("code", "status", "to_submission", "to_look"), ROWS, ids=[*CATALOGUE]
)
in_both_envelopes = pytest.mark.parametrize("envelope", ["veo", "overview"])


def ordered(path, status, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(path=path, kind="status", status=status, body=body, headers=named)


def error_body(code, envelope):
    said = {"error": "In their words", "errorCode": code}
    return said if envelope == "veo" else {"success": False, **said}
