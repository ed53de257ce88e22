"""A submission: one hand-over of a job to a provider, committed first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.ids import JobId, ProviderName, SubmissionId


class SubmissionState(StrEnum):
    """The outcome of a submission."""

    INTENDED = "intended"  # about to be sent, or sent and the process died
    ACCEPTED = "accepted"  # the provider returned its id
    UNCERTAIN = "uncertain"  # sent, and the answer was lost
    REJECTED = "rejected"  # certainly not accepted, nothing charged
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"  # no longer polled


@dataclass(frozen=True, slots=True)
class Submission:
    """One hand-over of a job; the provider can be asked for its `tag` afterwards."""

    id: SubmissionId
    job_id: JobId
    attempt: int  # counts from 1
    provider: ProviderName
    tag: str
    state: SubmissionState
    intended_at: datetime
    handle: str | None = None  # the provider's id or ids
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    artifact_addresses: tuple[str, ...] = ()  # of the video, or of its shots in order
    remark: str | None = None  # about the video, for the member
    precharged_micros: int | None = None
    charged_micros: int | None = None
