"""Between rows and records; the only place that knows how an instant or a wish is stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from bot.domain.deliveries import Delivery, DeliveryKind, DeliveryState
from bot.domain.jobs import Artifact, Failure, FailureKind, Job, JobState
from bot.domain.queueing import Line, Turn, Waiting
from bot.domain.requests import Shot, SourceImage, VideoRequest
from bot.domain.submissions import Submission, SubmissionState
from bot.ids import (
    ChannelId,
    GuildId,
    IdempotencyKey,
    JobId,
    MessageId,
    ModelId,
    ProviderName,
    SubmissionId,
    UserId,
)

Row = Mapping[str, Any]
Parameters = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SUBMISSION_FIELDS = [one.name for one in fields(Submission) if one.name != "artifact_addresses"]
_DELIVERY_FIELDS = [one.name for one in fields(Delivery)]


def milliseconds(instant: datetime) -> int:
    """An aware instant as stored. Raises TypeError for a naive one."""
    return (instant - _EPOCH) // _MILLISECOND


def instant(stored: int) -> datetime:
    return _EPOCH + stored * _MILLISECOND


def milliseconds_or_none(value: datetime | None) -> int | None:
    return None if value is None else milliseconds(value)


def instant_or_none(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


def job_parameters(job: Job) -> Parameters:
    return moved_job_parameters(job) | {
        "idempotency_key": job.idempotency_key,
        "guild_id": job.guild_id,
        "channel_id": job.channel_id,
        "user_id": job.user_id,
        "source_message_id": job.source_message_id,
        "provider": job.provider,
        "request": request_json(job.request),
        "cost_micros": job.cost_micros,
        "cost_is_estimate": int(job.cost_is_estimate),
        "expected_seconds": job.expected_seconds,
        "accepted_at": milliseconds(job.accepted_at),
        "has_priority": int(job.has_priority),
    }


def moved_job_parameters(job: Job) -> Parameters:
    """What may change of a job."""
    return {
        "id": job.id,
        "state": job.state.value,
        "state_changed_at": milliseconds(job.state_changed_at),
        "next_action_at": milliseconds(job.next_action_at),
        "submitted_at": milliseconds_or_none(job.submitted_at),
        "last_queued_at": milliseconds_or_none(job.last_queued_at),
        "deadline_at": milliseconds_or_none(job.deadline_at),
        "progress_percent": job.progress_percent,
        "cancel_requested": int(job.cancel_requested),
        "failure_kind": job.failure.kind.value if job.failure else None,
        "failure_text": job.failure.text if job.failure else None,
        "artifact": json.dumps(asdict(job.artifact)) if job.artifact else None,
        "errors_in_row": job.errors_in_row,
        "unknown_in_row": job.unknown_in_row,
        "version": job.version,
    }


def job_from(row: Row) -> Job:
    kind, artifact, source = row["failure_kind"], row["artifact"], row["source_message_id"]
    return Job(
        id=JobId(row["id"]),
        idempotency_key=IdempotencyKey(row["idempotency_key"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        user_id=UserId(row["user_id"]),
        request=request_from(row["request"]),
        provider=ProviderName(row["provider"]),
        cost_micros=row["cost_micros"],
        cost_is_estimate=bool(row["cost_is_estimate"]),
        expected_seconds=row["expected_seconds"],
        state=JobState(row["state"]),
        accepted_at=instant(row["accepted_at"]),
        state_changed_at=instant(row["state_changed_at"]),
        next_action_at=instant(row["next_action_at"]),
        source_message_id=None if source is None else MessageId(source),
        submitted_at=instant_or_none(row["submitted_at"]),
        last_queued_at=instant_or_none(row["last_queued_at"]),
        deadline_at=instant_or_none(row["deadline_at"]),
        progress_percent=row["progress_percent"],
        cancel_requested=bool(row["cancel_requested"]),
        failure=Failure(FailureKind(kind), row["failure_text"] or "") if kind else None,
        artifact=Artifact(**json.loads(artifact)) if artifact else None,
        errors_in_row=row["errors_in_row"],
        unknown_in_row=row["unknown_in_row"],
        has_priority=bool(row["has_priority"]),
        version=row["version"],
    )


def request_json(request: VideoRequest) -> str:
    return json.dumps(asdict(request))


@lru_cache(maxsize=1024)  # a wish never changes, and is read at every look
def request_from(stored: str) -> VideoRequest:
    told = json.loads(stored)
    shots = tuple(Shot(**_with_pictures(shot)) for shot in told.pop("shots", ()))
    model_id = ModelId(told["model_id"])
    return VideoRequest(**_with_pictures(told) | {"model_id": model_id, "shots": shots})


def _with_pictures(told: dict[str, Any]) -> dict[str, Any]:
    """The same fields with records for what JSON holds as objects."""
    ends = {
        name: None if told[name] is None else SourceImage(**told[name])
        for name in ("image", "end_image")
    }
    references = tuple(SourceImage(**image) for image in told.get("reference_images", ()))
    return told | ends | {"reference_images": references}


def waiting_from(row: Row) -> Waiting:
    return Waiting(
        JobId(row["id"]),
        UserId(row["user_id"]),
        instant(row["accepted_at"]),
        bool(row["has_priority"]),
    )


def line_from(rows: Sequence[Row]) -> Line:
    """From rows that each say how many wait."""
    if not rows:
        return Line()
    turns = [Turn(JobId(row["id"]), bool(row["has_priority"]), int(row["number"])) for row in rows]
    first = int(rows[0]["first"])
    return Line(tuple(turns), first, int(rows[0]["films"]) - first)


def submission_parameters(submission: Submission) -> Parameters:
    return {name: getattr(submission, name) for name in _SUBMISSION_FIELDS} | {
        "artifact_address": "\n".join(submission.artifact_addresses) or None,
        "state": submission.state.value,
        "intended_at": milliseconds(submission.intended_at),
        "accepted_at": milliseconds_or_none(submission.accepted_at),
        "finished_at": milliseconds_or_none(submission.finished_at),
    }


def submission_from(row: Row) -> Submission:
    return Submission(
        id=SubmissionId(row["id"]),
        job_id=JobId(row["job_id"]),
        attempt=row["attempt"],
        provider=ProviderName(row["provider"]),
        tag=row["tag"],
        state=SubmissionState(row["state"]),
        intended_at=instant(row["intended_at"]),
        handle=row["handle"],
        accepted_at=instant_or_none(row["accepted_at"]),
        finished_at=instant_or_none(row["finished_at"]),
        artifact_addresses=tuple(filter(None, (row["artifact_address"] or "").split("\n"))),
        remark=row["remark"],
        precharged_micros=row["precharged_micros"],
        charged_micros=row["charged_micros"],
    )


def delivery_parameters(delivery: Delivery) -> Parameters:
    return {name: getattr(delivery, name) for name in _DELIVERY_FIELDS} | {
        "kind": delivery.kind.value,
        "state": delivery.state.value,
        "owed_at": milliseconds(delivery.owed_at),
        "next_attempt_at": milliseconds(delivery.next_attempt_at),
        "posting_at": milliseconds_or_none(delivery.posting_at),
    }


def delivery_from(row: Row) -> Delivery:
    message = row["message_id"]
    return Delivery(
        job_id=JobId(row["job_id"]),
        kind=DeliveryKind(row["kind"]),
        guild_id=GuildId(row["guild_id"]),
        channel_id=ChannelId(row["channel_id"]),
        state=DeliveryState(row["state"]),
        owed_at=instant(row["owed_at"]),
        next_attempt_at=instant(row["next_attempt_at"]),
        attempts=row["attempts"],
        posting_at=instant_or_none(row["posting_at"]),
        message_id=None if message is None else MessageId(message),
        shown=row["shown"],
        version=row["version"],
    )


def subject(request: VideoRequest) -> str:
    """What durations are compared by: films of one model, duration, resolution, count of shots."""
    kind = (request.model_id, request.duration_seconds or "", request.resolution or "")
    several = (len(request.shots),) if len(request.shots) > 1 else ()
    return "|".join(str(part) for part in (*kind, *several))
