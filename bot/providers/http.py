"""The HTTP layer of all providers: timeouts, size limits and our own errors.

Nothing is retried here: a repeated POST may be a second paid video, and only the worker knows what
may be retried. aiohttp itself repeats only idempotent methods on a dropped connection.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from json import dumps, loads
from typing import Any

import aiohttp

from bot.errors import ProviderTimeoutError, ProviderUnavailableError, SubmissionUncertainError
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024  # room for a short video as a data URL
MAX_HEADER_BYTES = 64 * 1024  # a signed address in a header exceeds aiohttp's 8190
DETAIL_CHARACTERS = 256
READ_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
SUBMIT_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=10)
LONGEST_WAIT = timedelta(hours=25)  # a daily limit ends at midnight; a longer wait is a mistake
SECRET_CHARACTERS = 8  # a shorter header value is no secret

_SECRETS = re.compile(
    r"(?i)bearer\s+\S+|sk-nano-[\w-]+|whsec_\S+|data:[\w/+.-]+;base64,[\w+/=]+"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's answer; `body` is None unless it was JSON, unlike an edge's HTML."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]


class Api:
    """One service's API: its base address and the headers of every call.

    Header values are removed from answers, so that a service that repeats a key in an error cannot
    bring it into our logs.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        headers: Mapping[str, str],
        pace: Pace,
    ) -> None:
        self._session = session
        self._pace = pace
        self.base_url = base_url.rstrip("/")
        self.headers = dict(headers)

    async def read(
        self,
        method: str,
        path: str,
        purpose: Purpose,
        *,
        query: Mapping[str, str] | None = None,
        payload: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a call that is safe to repeat; `headers` replace those with the key.

        Raises ProviderTimeoutError, ProviderUnavailableError, and ProviderRateLimitedError when the
        account's request budget is used up.
        """
        await self._pace.take(purpose)
        body = None if payload is None else _json_body(payload)
        try:
            return await self._call(
                method, path, READ_TIMEOUT, headers=headers, params=query, data=body
            )
        except TimeoutError as error:
            raise ProviderTimeoutError(f"{method} {path}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ProviderUnavailableError(type(error).__name__) from error

    async def submit(
        self,
        path: str,
        payload: Mapping[str, Any],
        *,
        stale_at: datetime | None = None,
        purpose: Purpose = Purpose.SUBMISSION,
        limits: aiohttp.ClientTimeout | None = None,
    ) -> Answer:
        """Send a POST that costs money once, and never at or after `stale_at`.

        Raises ProviderUnavailableError when no connection was made, so that nothing can have been
        accepted; ProviderRateLimitedError when the request budget is used up; LeaseLostError when
        it is too late; and SubmissionUncertainError when the connection broke afterwards.
        """
        await self._pace.take(purpose)
        body = _json_body(payload)
        self._pace.ensure_before(stale_at)
        try:
            return await self._call("POST", path, limits or SUBMIT_TIMEOUT, data=body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise ProviderUnavailableError(type(error).__name__) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SubmissionUncertainError(type(error).__name__) from error

    async def _call(
        self,
        method: str,
        path: str,
        limits: aiohttp.ClientTimeout,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Answer:
        async with self._session.request(
            method,
            f"{self.base_url}{path}",
            headers=self.headers if headers is None else headers,
            timeout=limits,
            allow_redirects=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            **more,
        ) as response:
            text = self._without_keys((await _capped(response)).decode(errors="replace"))
            _note(method, path, response)
            return Answer(response.status, _json(text), text, response.headers)

    def _without_keys(self, text: str) -> str:
        for value in self.headers.values():
            secret = value.removeprefix("Bearer ")
            if len(secret) >= SECRET_CHARACTERS:
                text = text.replace(secret, "[redacted]")
        return text


def redacted(text: str) -> str:
    """Shorten a text for logs to one line without apparent secrets."""
    return _SECRETS.sub("[redacted]", " ".join(text.split()))[:DETAIL_CHARACTERS]


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Parse Retry-After, in seconds or as a date; None if absent.

    At most `LONGEST_WAIT` from now.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,7}(\.[0-9]+)?", value):
        return min(now + timedelta(seconds=float(value)), now + LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return min(at if at.tzinfo is not None else at.replace(tzinfo=UTC), now + LONGEST_WAIT)


def _note(method: str, path: str, response: aiohttp.ClientResponse) -> None:
    """Log the service's request id, by which its support can find the request."""
    _log.log(
        logging.DEBUG if response.status < 400 else logging.INFO,
        "provider_answered",
        extra={
            "call": f"{method} {path}",
            "status": response.status,
            "request_id": redacted(response.headers.get("X-Request-ID", "")),
        },
    )


def _json_body(payload: Mapping[str, Any]) -> aiohttp.Payload:
    """Serialize to a stream: a body with a picture is megabytes, written in chunks."""
    return aiohttp.BytesIOPayload(BytesIO(dumps(payload).encode()), content_type="application/json")


async def _capped(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            break
    return bytes(content[:MAX_BODY_BYTES])


def _json(text: str) -> Any:
    try:
        body = loads(text)
        return _storable(body) if "\\u" in text else body
    except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, too deep
        return None


def _storable(value: Any) -> Any:
    """Make texts valid for messages and the database.

    A service that truncates texts may split an emoji in two, which JSON can express and UTF-8
    cannot.
    """
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", " ")
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value
