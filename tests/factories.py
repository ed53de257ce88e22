"""Records as most tests want them; every keyword replaces a field."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bot.catalog.capability import Audio, Capability, Kind
from bot.catalog.pricing import PriceLine, PriceList
from bot.catalog.request import SourceImage, SourceVideo, VideoRequest
from bot.ids import (
    ChannelId,
    GuildId,
    IdempotencyKey,
    JobId,
    ModelId,
    NoticeId,
    OfferId,
    ProviderName,
    SubmissionId,
    UserId,
    spelled,
)
from bot.jobs.job import Job, JobState
from bot.jobs.messages import Delivery, DeliveryKind, owed
from bot.jobs.submission import Submission, SubmissionState

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PROVIDER = ProviderName("fake")
_numbers = count(1)


def next_bytes(_size: int = 10) -> bytes:
    """Of letters alone when encoded, as "z" stands before "2" there: younger ids sort after older."""
    number, letters = next(_numbers), 0
    for place in range(16):
        number, letter = divmod(number, 26)
        letters |= letter << (5 * place)
    return letters.to_bytes(10, "big")


def new_job_id() -> JobId:
    return JobId(spelled(next_bytes()))


def new_submission_id() -> SubmissionId:
    return SubmissionId(spelled(next_bytes()))


def new_offer_id() -> OfferId:
    return OfferId(spelled(next_bytes()))


def new_notice_id() -> NoticeId:
    return NoticeId(spelled(next_bytes()))


def make_image(**fields: Any) -> SourceImage:
    image = SourceImage("abc.png", "image/png", 640, 360, 1000)
    return replace(image, **fields)


def make_video(**fields: Any) -> SourceVideo:
    video = SourceVideo("source.mp4", 1280, 720, 1000, 8.0)
    return replace(video, **fields)


def make_request(**fields: Any) -> VideoRequest:
    request = VideoRequest(
        prompt="a fox running through snow",
        model_id=ModelId("fake-model"),
        duration_seconds=5,
        resolution="720p",
        aspect_ratio="16:9",
        audio=False,
    )
    return replace(request, **fields)


def make_capability(**fields: Any) -> Capability:
    capability = Capability(
        provider=PROVIDER,
        model_id=ModelId("fake-model"),
        name="Fake Model",
        kinds=frozenset({Kind.TEXT, Kind.IMAGE}),
        prices=PriceList((PriceLine(100_000, per_second=True),)),
        durations_seconds=(5, 10),
        default_duration_seconds=5,
        resolutions=("480p", "720p"),
        default_resolution="720p",
        aspect_ratios=("16:9", "9:16", "1:1"),
        default_aspect_ratio="16:9",
        audio=Audio.OPTIONAL,
        end_image=True,
        negative_prompt=True,
        seed=True,
        expected_seconds=60,
    )
    return replace(capability, **fields)


def make_job(**fields: Any) -> Job:
    job_id = fields.pop("id", None) or new_job_id()
    job = Job(
        id=job_id,
        idempotency_key=IdempotencyKey(f"interaction:{job_id}"),
        guild_id=GuildId(10),
        channel_id=ChannelId(20),
        user_id=UserId(30),
        request=make_request(),
        provider=PROVIDER,
        cost_micros=500_000,
        cost_is_estimate=False,
        expected_seconds=60,
        state=JobState.QUEUED,
        accepted_at=NOW,
        state_changed_at=NOW,
        next_action_at=NOW,
    )
    return replace(job, **fields)


def make_submission(job: Job, **fields: Any) -> Submission:
    submission = Submission(
        id=new_submission_id(),
        job_id=job.id,
        attempt=1,
        provider=job.provider,
        tag=f"{job.id}-1",
        state=SubmissionState.INTENDED,
        intended_at=NOW,
    )
    return replace(submission, **fields)


def make_delivery(job: Job, kind: DeliveryKind = DeliveryKind.CARD, **fields: Any) -> Delivery:
    return replace(owed(job, kind, NOW), **fields)
