"""NanoGPT's answers, read tolerantly: three shapes of status and many spellings of the film.

Sources: NanoGPT's pages on unified and legacy video status, its OpenAPI document, which disagrees
with them, and what clients have met.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.domain.submissions import ProviderState, ProviderStatus, Receipt
from bot.errors import ProviderProtocolError

_STATES = {
    "IN_QUEUE": ProviderState.QUEUED,
    "QUEUED": ProviderState.QUEUED,
    "PENDING": ProviderState.QUEUED,
    "COMPLETED": ProviderState.SUCCEEDED,
    "SUCCEEDED": ProviderState.SUCCEEDED,
    "FAILED": ProviderState.FAILED,
    "ERROR": ProviderState.FAILED,
    "CANCELED": ProviderState.CANCELLED,
    "CANCELLED": ProviderState.CANCELLED,
}
MICROS = 1_000_000


def read_receipt(body: Any) -> Receipt | None:
    """What a submission was answered with; None where it cannot be read as accepted."""
    if not isinstance(body, dict):
        return None
    handle = body.get("runId") or body.get("id")
    if not isinstance(handle, str) or not handle:
        return None
    in_dollars = body.get("paymentSource", "USD") == "USD"
    return Receipt(handle, micros(body.get("cost")) if in_dollars else None)


def read_status(body: Any) -> ProviderStatus:
    """How a film stands. Raises ProviderProtocolError where no status can be found."""
    if not isinstance(body, dict):
        msg = "a status that is no object"
        raise ProviderProtocolError(msg)
    inner = body.get("data")
    data = inner if isinstance(inner, dict) else body
    word = data.get("status") or body.get("status")
    if not isinstance(word, str):
        msg = "a status without a status"
        raise ProviderProtocolError(msg)
    state = _STATES.get(word.upper(), ProviderState.RUNNING)
    address = next(_addresses(data), None)
    if state is ProviderState.SUCCEEDED and address is None:
        state = ProviderState.RUNNING  # done, they say, but the film is not there yet
    return ProviderStatus(
        state=state,
        artifact_address=address if state is ProviderState.SUCCEEDED else None,
        progress_percent=_percent(data.get("progress")),
        charged_micros=micros(data.get("cost")),
        refused=data.get("isNSFWError") is True or _is_policy(data),
        text=_friendly(data),
    )


def _addresses(data: dict[str, Any]) -> Iterator[str]:
    output = data.get("output")
    candidates: list[Any] = [data.get("videoUrl"), data.get("video_url"), output]
    if isinstance(output, dict):
        video, videos, urls = output.get("video"), output.get("videos"), output.get("videoUrls")
        candidates += [output.get(name) for name in ("url", "video_url", "videoUrl")]
        candidates += [video, video.get("url") if isinstance(video, dict) else None]
        for listed in (videos, urls):
            for item in listed if isinstance(listed, list) else []:
                candidates += [item, item.get("url") if isinstance(item, dict) else None]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.startswith(("http", "/")):
            yield candidate


def _friendly(data: dict[str, Any]) -> str | None:
    """Only the text that the service wrote for members; `error` is for us."""
    text = data.get("userFriendlyError")
    return text[:500] if isinstance(text, str) and text else None


def _is_policy(data: dict[str, Any]) -> bool:
    return "content policy" in str(data.get("error") or "").lower()


def _percent(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= 100 else None


def micros(value: Any) -> int | None:
    """Dollars as a number or a string, in micros; None for anything else, or less than nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
        return int((amount * MICROS).to_integral_value()) if amount >= 0 else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
