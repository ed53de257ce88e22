"""NanoPhoto's answers: shots and tasks as the Veo page shows them, and its errors.

The Veo page has no `success` in its bodies, the API overview has; `dressed` puts it on.
"""

from typing import Any

from sandbox.providers.nanophoto.overrides import Overrides
from sandbox.providers.nanophoto.shots import Shot

Json = dict[str, Any]

STATUSES = {
    "LOGIN_REQUIRED": 401,
    "API_KEY_RATE_LIMIT_EXCEEDED": 429,
    "INSUFFICIENT_CREDITS": 402,
    "SHOTS_REQUIRED": 400,
    "PROMPT_REQUIRED": 400,
    "INVALID_IMAGE_COUNT": 400,
    "IMAGE_URLS_REQUIRED": 400,
    "GENERATION_FAILED": 500,
    "TASK_IDS_REQUIRED": 400,
    "TASK_NOT_FOUND": 404,
    "INTERNAL_ERROR": 500,
    "INVALID_INPUT": 400,
}
EXTRA: Json = {"traceId": "9f2c", "queue": {"position": None}, "apiVersion": 3}
EXTRA_OF_SHOT: Json = {"thumbnailUrl": None, "progress": "unknown", "modelVersion": "veo-3.1"}


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """A request that is answered with an error, by its code in the documents."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = STATUSES[code]
        self.body: Json = {"error": message, "errorCode": code, **more}


def accepted(shots: list[Shot]) -> Json:
    """The answer to a request whose shots are being made."""
    listed = [
        {"shotId": shot.order.id, "taskId": shot.task_id, "status": shot.state} for shot in shots
    ]
    return {
        "status": "processing",
        "shots": listed,
        "creditsUsed": sum(shot.credits for shot in shots),
    }


def failed_at_once(reason: str) -> Json:
    """A failure that comes with HTTP 200, as the page's example code expects it."""
    return {"status": "failed", "error": reason, "errorCode": "GENERATION_FAILED"}


def status_of(shot: Shot, shot_id: str, origin: str, overrides: Overrides) -> Json:
    """A shot in the answer to check-status, under the id by which it was asked for."""
    status: Json = {"shotId": shot_id, "taskId": shot.task_id, "status": shot.state}
    if shot.state == "completed":
        status["videoUrl"] = f"{origin}/storage/{shot.video}"
        if overrides.generation_time:
            status["generationTime"] = shot.generation_time
    if shot.state == "failed":
        status["error"] = shot.error
    return status


def not_found(asked: Json) -> Json:
    """An unknown task among known ones, where it does not spoil the whole call."""
    return {**asked, "status": "failed", "error": "Task not found"}


def overall(shots: list[Json], overrides: Overrides) -> Json:
    """The whole answer to check-status."""
    states = {shot["status"] for shot in shots}
    if "failed" in states and overrides.mixed_status == "failed_at_once":
        status = "failed"
    elif "processing" in states:
        status = "processing"
    elif "completed" in states and overrides.mixed_status == "completed":
        status = "completed"
    else:
        status = "failed" if "failed" in states else "completed"
    return {"status": status, "shots": shots}


def dressed(body: Json, overrides: Overrides) -> Json:
    """The body with what the overrides add to it."""
    if overrides.envelope == "overview":
        went_well = "errorCode" not in body and body.get("status") != "failed"
        body = {"success": went_well, **body}
    if overrides.extra_fields:
        shots = [{**shot, **EXTRA_OF_SHOT} for shot in body.get("shots", [])]
        body = {**body, **EXTRA, **({"shots": shots} if shots else {})}
    return body
