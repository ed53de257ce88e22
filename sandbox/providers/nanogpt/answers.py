"""NanoGPT's answers: the shapes of a status, and the envelopes of an error."""

from typing import Any, Literal

from aiohttp import web

from sandbox.providers.nanogpt.catalogue import MICROS
from sandbox.providers.nanogpt.runs import Run

Json = dict[str, Any]
Dialect = Literal["unified", "legacy", "openapi", "lower"]
Output = Literal["video.url", "url", "video_url", "videos", "videoUrls", "bare", "none"]

_FLAT = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "processing",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELED": "cancelled",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, kind: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = _envelope(status, message, kind, more)
        self.headers = {"Retry-After": str(more["retry_after"])} if "retry_after" in more else {}

    def answer(self) -> web.Response:
        return web.json_response(self.body, status=self.status, headers=self.headers)


def _envelope(status: int, message: str, kind: str | None, more: Json) -> Json:
    """Old errors are a text and a status; newer ones an object with a type or a code."""
    extra = {name: value for name, value in more.items() if name != "retry_after"}
    if kind is None:
        return {"error": message, "status": status, **extra}
    return {"error": {"message": message, "type": kind, "code": kind}, "status": status, **extra}


def status_of(run: Run, dialect: Dialect, output: Output, address: str) -> Json:
    """A run's status as the service words it."""
    if dialect == "openapi":
        return _flat(run, address)
    identifier = "request_id" if dialect == "legacy" else "requestId"
    word = run.state.lower() if dialect == "lower" else run.state
    data: Json = {"status": word, identifier: run.id}
    if run.state == "COMPLETED":
        data |= {"output": _output(output, address), "cost": run.cost_micros / MICROS}
    elif run.state in {"FAILED", "CANCELED"}:
        data |= {"error": run.error, "isNSFWError": run.is_nsfw}
        if run.is_nsfw:
            data["userFriendlyError"] = (
                "Content flagged as inappropriate. Please modify your prompt and try again."
            )
    else:
        data["details"] = "Video is being generated"
    return (
        {"data": data}
        if dialect == "legacy"
        else {"requestId": run.id, "model": run.model, "data": data}
    )


def _flat(run: Run, address: str) -> Json:
    return {
        "requestId": run.id,
        "status": _FLAT[run.state],
        "videoUrl": address if run.state == "COMPLETED" else None,
        "error": run.error,
        "createdAt": run.created_at.isoformat(),
        "completedAt": None,
    }


def _output(output: Output, address: str) -> Any:
    return {
        "video.url": {"video": {"url": address}},
        "url": {"url": address},
        "video_url": {"video_url": address},
        "videos": {"videos": [{"url": address}]},
        "videoUrls": {"videoUrls": [address]},
        "bare": address,
        "none": {},
    }[output]
