"""The history of render times by kind of video, and of outcomes by model."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.catalog.models import Outcomes
from bot.catalog.request import VideoRequest
from bot.ids import ModelId, ProviderName


@dataclass(frozen=True, slots=True)
class VideoKind:
    """The properties of videos whose render times are comparable."""

    provider: ProviderName
    model_id: ModelId
    duration_seconds: int | None
    resolution: str | None
    shots: int


def kind_of(provider: ProviderName, request: VideoRequest) -> VideoKind:
    """Return the kind of a video; a one-shot storyboard is an ordinary video."""
    size = request.duration_seconds, request.resolution, len(request.parts)
    return VideoKind(provider, request.model_id, *size)


class RenderTimes(Protocol):
    """The port of render times and outcomes; errors as for `JobStore`.

    Every method raises DatabaseBusyError and StorageError.
    """

    async def observe_render_time(
        self, provider: ProviderName, request: VideoRequest, seconds: float, at: datetime
    ) -> None:
        """Record the seconds a video took to render, until a poll found it ready."""

    async def list_render_times(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        """List render times of the same kind in seconds, latest first."""

    async def list_render_times_alike(
        self, provider: ProviderName, request: VideoRequest, most: int
    ) -> list[float]:
        """List render times of the same model's other kinds in seconds, latest first."""

    async def count_outcomes(
        self, provider: ProviderName, model_id: ModelId, most: int
    ) -> Outcomes:
        """Count the outcomes of a model's latest videos, at most this many."""
