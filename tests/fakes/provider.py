"""A video service that keeps its own books, so that a test can see what was paid for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from bot.catalog.capability import Capability
from bot.catalog.request import VideoRequest
from bot.clock import Clock
from bot.errors import (
    ArtifactUnavailableError,
    LeaseLostError,
    ProviderError,
    ProviderJobUnknownError,
)
from bot.ids import ProviderName
from bot.providers.contract import (
    Order,
    ProviderState,
    ProviderStatus,
    Receipt,
    Watched,
)
from tests.factories import PROVIDER, make_capability
from tests.fakes.weather import Weather, calm


@dataclass
class Run:
    """One video that was paid for. `verdict` is how it ends, once it is ready."""

    handle: str
    order: Order
    begins_at: datetime
    ready_at: datetime
    address: str
    verdict: ProviderStatus


@dataclass
class FakeProvider:
    """The port `Provider`. What it charged for is in `runs`, what was fetched lies on `disk`.

    `unseen` are videos of which a look at many shows nothing but this error.

    `under` gives the same service to another process, or under another weather.
    """

    clock: Clock
    disk: dict[Path, int]
    name: ProviderName = PROVIDER
    pictures_max_bytes: int | None = 3_000_000
    polls_in_batches: bool = False
    poll_price: float = 0.2
    can_recover: bool = True
    takes_seconds: float = 60.0
    queued_seconds: float = 0.0  # before that
    video_bytes: int = 1_000
    verdicts: list[ProviderStatus] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    looked_at: list[datetime] = field(default_factory=list)
    looks_at_once: list[list[str]] = field(default_factory=list)
    unseen: dict[str, ProviderError] = field(default_factory=dict)
    held_micros: int | None = 50_000_000
    submits_at: datetime | None = None
    weather: Weather = calm
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def paid_tags(self) -> list[str]:
        return [run.order.tag for run in self.runs]

    def under(self, weather: Weather) -> "FakeProvider":
        shared = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return FakeProvider(**(shared | {"weather": weather}))

    async def submit(self, order: Order) -> Receipt:
        if order.stale_at is not None and self.clock.now() >= order.stale_at:
            raise LeaseLostError("too late to send it")
        await self.weather("submit")
        number = next(self._numbers)
        begins_at = self.clock.now() + timedelta(seconds=self.queued_seconds)
        address = f"https://videos.example/{number}"
        done = ProviderStatus(ProviderState.SUCCEEDED, artifact_addresses=(address,))
        run = Run(
            handle=f"run-{number}",
            order=order,
            begins_at=begins_at,
            ready_at=begins_at + timedelta(seconds=self.takes_seconds),
            address=address,
            verdict=self.verdicts.pop(0) if self.verdicts else done,
        )
        self.runs.append(run)
        await self.weather("submit answered")
        return Receipt(run.handle, precharged_micros=500_000)

    async def poll(self, handle: str, request: VideoRequest) -> ProviderStatus:
        await self.weather("poll")
        self.looks.append(handle)
        self.looked_at.append(self.clock.now())
        status = self._status(handle)
        if isinstance(status, ProviderError):
            raise status
        return status

    async def poll_batch(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        await self.weather("poll together")
        self.looks_at_once.append([one.handle for one in watched])
        return [self.unseen.get(one.handle) or self._status(one.handle) for one in watched]

    def _status(self, handle: str) -> ProviderStatus | ProviderError:
        for run in self.runs:
            if run.handle == handle:
                if self.clock.now() >= run.ready_at:
                    return run.verdict
                has_begun = self.clock.now() >= run.begins_at
                return ProviderStatus(ProviderState.RUNNING if has_begun else ProviderState.QUEUED)
        return ProviderJobUnknownError()

    async def poll_price_seconds(self) -> float:
        return self.poll_price

    async def may_submit_at(self) -> datetime | None:
        return self.submits_at

    async def check_key(self) -> None:
        """It is good."""

    async def balance_micros(self) -> int | None:
        await self.weather("balance")
        return self.held_micros

    async def recover(self, tag: str, request: VideoRequest) -> Receipt | None:
        await self.weather("recover")
        for run in self.runs:
            if run.order.tag == tag:
                return Receipt(run.handle)
        return None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        return (make_capability(),)

    async def fetch(self, address: str, target: Path) -> None:
        await self.weather("fetch")
        if address not in {run.address for run in self.runs}:
            raise ArtifactUnavailableError
        self.disk[target] = self.video_bytes
        await self.weather("fetch answered")
