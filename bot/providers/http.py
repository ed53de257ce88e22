"""The one HTTP layer of the providers: time limits, capped bodies, and errors of ours.

Nothing is retried here: a repeated POST may be a second paid film, and who may ask again is known
to the tracker alone. aiohttp itself repeats only idempotent methods on a dropped connection.
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

from bot.domain.budgets import Purpose
from bot.errors import ProviderTimeoutError, ProviderUnavailableError, SubmissionUncertainError
from bot.providers.pacing import Pace

_log = logging.getLogger(__name__)

MOST_BODY_BYTES = 4 * 1024 * 1024
DETAIL_CHARACTERS = 256
READ_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
SUBMIT_TIMEOUT = aiohttp.ClientTimeout(total=120, connect=10)
LONGEST_WAIT = timedelta(hours=25)  # a daily limit ends at midnight; more is a slip of theirs
SECRET_CHARACTERS = 8  # a header's value that is shorter is no secret

_SECRETS = re.compile(
    r"(?i)bearer\s+\S+|sk-nano-[\w-]+|whsec_\S+|data:[\w/+.-]+;base64,[\w+/=]+"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said. `body` is None where it was no JSON, as an edge's HTML is not."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]


class Api:
    """One service's API: its base address and the headers that go with every call.

    The headers' values never stand in an answer: a service that repeats a key in an error does
    not bring it into our logs.
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
    ) -> Answer:
        """A call that may be repeated.

        Raises ProviderTimeoutError, ProviderUnavailableError, and ProviderRateLimitedError when
        the account's budget of requests is used up.
        """
        await self._pace.take(purpose)
        body = None if payload is None else _json_body(payload)
        try:
            return await self._call(method, path, READ_TIMEOUT, params=query, data=body)
        except TimeoutError as error:
            raise ProviderTimeoutError(f"{method} {path}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ProviderUnavailableError(type(error).__name__) from error

    async def submit(self, path: str, payload: Mapping[str, Any]) -> Answer:
        """A POST that costs money, sent once.

        Raises ProviderUnavailableError when no connection was made, so that nothing can have been
        accepted, ProviderRateLimitedError when the budget of requests is used up, and
        SubmissionUncertainError when it broke afterwards.
        """
        await self._pace.take(Purpose.SUBMISSION)
        try:
            return await self._call("POST", path, SUBMIT_TIMEOUT, data=_json_body(payload))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise ProviderUnavailableError(type(error).__name__) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SubmissionUncertainError(type(error).__name__) from error

    async def _call(
        self, method: str, path: str, limits: aiohttp.ClientTimeout, **more: Any
    ) -> Answer:
        async with self._session.request(
            method,
            f"{self.base_url}{path}",
            headers=self.headers,
            timeout=limits,
            allow_redirects=False,
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
    """Short, on one line, and without what looks like a secret; for logs."""
    return _SECRETS.sub("[redacted]", " ".join(text.split()))[:DETAIL_CHARACTERS]


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When to come again, from Retry-After in seconds or as a date; None where it says nothing.

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
    """The service's own id of a request, with which its support can find it."""
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
    """As a stream: a body with a picture in it is megabytes, which are written piece by piece."""
    return aiohttp.BytesIOPayload(BytesIO(dumps(payload).encode()), content_type="application/json")


async def _capped(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > MOST_BODY_BYTES:
            break
    return bytes(content[:MOST_BODY_BYTES])


def _json(text: str) -> Any:
    try:
        body = loads(text)
        return _storable(body) if "\\u" in text else body
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, too deep
        return None


def _storable(value: Any) -> Any:
    """The same with texts that a message and a database take.

    A service that shortens its texts may cut an emoji in two, which JSON can say and UTF-8 cannot.
    """
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", " ")
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value
