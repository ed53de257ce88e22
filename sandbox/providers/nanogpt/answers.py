"""NanoGPT's answers about videos: a receipt, and a status in every shape that is known of it."""

from typing import Any, Literal

from sandbox.providers.nanogpt.runs import MICROS, Run

Json = dict[str, Any]
Dialect = Literal["unified", "legacy", "openapi", "lower", "mixed"]
Words = Literal["current", "seed", "other"]
Output = Literal[
    "video.url",
    "url",
    "video_url",
    "videoUrl",
    "video",
    "videos",
    "videoUrls",
    "bare",
    "top",
    "none",
]
Failure = Literal["full", "bare", "object"]

_FLAT = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "processing",
    "delivering": "processing",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELED": "cancelled",
}
_WORDS: dict[Words, dict[str, str]] = {
    "current": {},
    "seed": {"CANCELED": "CANCELLED"},
    "other": {
        "IN_QUEUE": "PENDING",
        "IN_PROGRESS": "generating",
        "COMPLETED": "SUCCEEDED",
        "FAILED": "ERROR",
        "CANCELED": "CANCELLED",
    },
}
_NSFW = "Content flagged as inappropriate. Please modify your prompt and try again."


class Manner:
    """How statuses read now: the overrides that matter for them."""

    def __init__(
        self,
        dialect: Dialect,
        words: Words = "current",
        output: Output = "video.url",
        failure: Failure = "full",
        *,
        error_null: bool = False,
        cost: bool = True,
    ) -> None:
        self.dialect, self.words, self.output = dialect, words, output
        self.failure, self.error_null, self.cost = failure, error_null, cost


def status_of(run: Run, manner: Manner, address: str) -> Json:
    """A run's status as the service words it."""
    if manner.dialect == "openapi":
        return _flat(run, address)
    word = _WORDS[manner.words].get(run.state, run.state)
    is_legacy = manner.dialect == "legacy"
    data: Json = {
        "status": word.lower() if manner.dialect == "lower" else word,
        "request_id" if is_legacy else "requestId": run.id,
        **_result(run, manner, address),
    }
    body: Json = {"data": data}
    if not is_legacy:
        body = {"requestId": run.id, "model": run.model, **body}
    if manner.dialect == "mixed":
        body["status"] = _FLAT[run.state]
    if run.state == "COMPLETED" and manner.output == "top":
        body["videoUrl"] = address
    return body


def _result(run: Run, manner: Manner, address: str) -> Json:
    """What stands beside the word: the video, the failure, or that it is being made."""
    if run.state in {"FAILED", "CANCELED"}:
        return _failure(run, manner.failure)
    if run.state != "COMPLETED":
        return {"details": "Video is being generated"}
    result: Json = {} if manner.output == "top" else {"output": _output(manner.output, address)}
    if manner.cost:
        result["cost"] = run.final_micros / MICROS
    return result | ({"error": None} if manner.error_null else {})


def _failure(run: Run, failure: Failure) -> Json:
    """`bare` is a text alone; `object` is what one page of the documents says."""
    if failure == "bare":
        return {"error": run.error}
    if failure == "object":
        return {"error": {"message": run.error, "type": "generation_failed"}}
    friendly = {"userFriendlyError": _NSFW} if run.is_nsfw else {}
    return {"error": run.error, "isNSFWError": run.is_nsfw, **friendly}


def _flat(run: Run, address: str) -> Json:
    """The OpenAPI document's shape, which contradicts the prose."""
    ended = run.ended_at
    return {
        "requestId": run.id,
        "status": _FLAT[run.state],
        "videoUrl": address if run.state == "COMPLETED" else None,
        "error": run.error,
        "createdAt": run.created_at.isoformat(),
        "completedAt": None if ended is None else ended.isoformat(),
    }


def _output(output: Output, address: str) -> Any:
    return {
        "video.url": {"video": {"url": address}},
        "url": {"url": address},
        "video_url": {"video_url": address},
        "videoUrl": {"videoUrl": address},
        "video": {"video": address},
        "videos": {"videos": [{"url": address}]},
        "videoUrls": {"videoUrls": [address]},
        "bare": address,
        "none": {},
    }[output]
