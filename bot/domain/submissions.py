"""A submission: one handing-over of a job to a provider, written down before it happens."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.ids import JobId, ProviderName, SubmissionId


class SubmissionState(StrEnum):
    """What became of the handing-over."""

    INTENDED = "intended"  # about to be sent, or sent and the process died
    ACCEPTED = "accepted"  # the provider gave us its id
    UNCERTAIN = "uncertain"  # sent, and the answer was lost
    REJECTED = "rejected"  # certainly not accepted, nothing charged
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"  # nobody watches it any more


@dataclass(frozen=True, slots=True)
class Submission:
    """One handing-over; `tag` is our word that the provider can be asked about afterwards."""

    id: SubmissionId
    job_id: JobId
    attempt: int  # counts from 1
    provider: ProviderName
    tag: str
    state: SubmissionState
    intended_at: datetime
    handle: str | None = None  # the provider's own id, or ids
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    artifact_addresses: tuple[str, ...] = ()  # of the film, or of its shots in order
    remark: str | None = None  # what the member should know of the film
    precharged_micros: int | None = None
    charged_micros: int | None = None


class ProviderState(StrEnum):
    """The provider's word for a submission, translated."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """What a look at a submission showed."""

    state: ProviderState
    artifact_addresses: tuple[str, ...] = ()  # set when it succeeded; of every shot, in order
    took_seconds: float | None = None  # where the provider says so
    progress_percent: int | None = None
    charged_micros: int | None = None
    refused: bool = False  # failed for its content
    text: str | None = None  # why it failed, or what is missing from it; safe to show


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted a submission."""

    handle: str
    precharged_micros: int | None = None
