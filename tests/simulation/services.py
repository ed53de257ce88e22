"""Two video services, a Discord and a disk, that outlive every process and keep their own books."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from bot.domain.capabilities import Capability
from bot.domain.deliveries import Delivery
from bot.domain.jobs import Artifact
from bot.domain.requests import SourceImage, VideoRequest
from bot.domain.submissions import ProviderState, ProviderStatus, Receipt
from bot.errors import (
    ArtifactUnavailableError,
    ArtifactUnusableError,
    ProviderError,
    ProviderJobUnknownError,
    SubmissionUncertainError,
)
from bot.ids import JobId, ProviderName
from bot.ports import FittedFilm, Order, Watched
from tests.fakes.courier import FakeCourier, Message
from tests.fakes.media import FakeFilmStore, FakeImageStore
from tests.fakes.weather import Weather, calm
from tests.simulation.loop import LIFE, Life
from tests.simulation.watch import Watch

SPOILT = -1  # the size of what is no film
LATE_SECONDS = 60.0  # after which a request may still arrive whose sender has given up
NEVER = timedelta(days=3650)


@dataclass
class Film:
    """What a service made, or is making."""

    handle: str
    tag: str
    begins_at: datetime
    ready_at: datetime
    verdict: ProviderStatus
    addresses: tuple[str, ...]
    size_bytes: int
    precharged_micros: int | None
    answered: tuple[Life, float] | None = None  # who got its handle, and when


@dataclass
class SimulatedProvider:
    """The port `Provider`. What `late` starts goes on whatever becomes of the process that asked."""

    name: ProviderName
    random: Random
    watch: Watch
    disk: dict[Path, int]
    late: Callable[[float, Callable[[], None]], None]
    capability: Capability
    can_recover: bool = True
    looks_together: bool = False
    pictures_max_bytes: int | None = 3_000_000
    shots: int = 1
    look_price: float = 0.2
    takes_seconds: float = 60.0
    films: dict[str, Film] = field(default_factory=dict)  # by handle
    weather: Weather = calm
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def under(self, weather: Weather) -> "SimulatedProvider":
        return replace(self, weather=weather)

    async def submit(self, order: Order) -> Receipt:
        life = LIFE.get()
        self.watch.sends(order.tag, "" if life is None else life.name)
        await self.weather("submit")
        if self.random.random() < 0.03:  # it arrives after its sender has given up
            self.late(self.random.uniform(1, LATE_SECONDS), lambda: self._take_late(order))
            raise SubmissionUncertainError
        film = self._take(order)
        await self.weather("submit answered")
        if life is not None:
            film.answered = (life, asyncio.get_running_loop().time())
            self.watch.answered(film.tag, life)
        return Receipt(film.handle, precharged_micros=film.precharged_micros)

    def _take_late(self, order: Order) -> None:
        self._take(order)

    def _take(self, order: Order) -> Film:
        self.watch.paid(order.tag)
        number = next(self.numbers)
        addresses = tuple(f"https://{self.name}.example/{number}/{n}" for n in range(self.shots))
        verdict, takes, size = self._verdict(addresses)
        film = Film(
            handle=f"{self.name}-{number}",
            tag=order.tag,
            begins_at=self.watch.clock.now() + min(takes / 3, timedelta(hours=1)),
            ready_at=self.watch.clock.now() + takes,
            verdict=verdict,
            addresses=addresses,
            size_bytes=size,
            precharged_micros=self.random.choice([None, self.random.randint(1, 900_000)]),
        )
        self.films[film.handle] = film
        if size == SPOILT:
            self.watch.spoilt.add(order.tag.rpartition("-")[0])
        return film

    def _verdict(self, addresses: tuple[str, ...]) -> tuple[ProviderStatus, timedelta, int]:
        """What it shows in the end, when that is, and how large each shot is."""
        takes = timedelta(seconds=self.random.expovariate(1 / self.takes_seconds))
        size = self.random.choice([1_000, 1_000, 9_000, 12_000])
        charged = self.random.choice([None, self.random.randint(1, 900_000)])
        done = ProviderStatus(
            ProviderState.SUCCEEDED, artifact_addresses=addresses, charged_micros=charged
        )
        dice = self.random.random()
        if dice < 0.07:
            return ProviderStatus(ProviderState.FAILED, text="It broke."), takes, size
        if dice < 0.1:
            return ProviderStatus(ProviderState.FAILED, refused=True), takes, size
        if dice < 0.12:
            return ProviderStatus(ProviderState.CANCELLED), takes, size
        if dice < 0.135:
            return done, NEVER, size
        return done, takes, SPOILT if dice < 0.15 else size

    async def look(self, handle: str, request: VideoRequest) -> ProviderStatus:
        try:
            await self.weather("look")
        except Exception:  # whatever the weather is: noted, and raised again
            self._looked(handle, None)
            raise
        status = self._status(handle)
        if isinstance(status, ProviderError):
            raise status
        return status

    async def look_together(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        try:
            await self.weather("look")
        except Exception:  # whatever the weather is: noted, and raised again
            for one in watched:
                self._looked(one.handle, None)
            raise
        return [self._status(one.handle) for one in watched]

    def _status(self, handle: str) -> ProviderStatus | ProviderError:
        film = self.films.get(handle)
        if film is None:
            self.watch.demand(False, "I5", f"nobody knows {handle!r} at {self.name}")
            return ProviderJobUnknownError()
        status = self._status_of(film)
        self._looked(handle, status.state.value)
        return status

    def _status_of(self, film: Film) -> ProviderStatus:
        now = self.watch.clock.now()
        if now >= film.ready_at:
            return film.verdict
        has_begun = now >= film.begins_at
        return ProviderStatus(ProviderState.RUNNING if has_begun else ProviderState.QUEUED)

    def _looked(self, handle: str, state: str | None) -> None:
        if handle in self.films:
            self.watch.looked(self.films[handle].tag, state)

    async def look_price_seconds(self) -> float:
        return self.look_price

    async def may_submit_at(self) -> datetime | None:
        if self.random.random() < 0.05:
            return self.watch.clock.now() + timedelta(seconds=5)
        return None

    async def balance_micros(self) -> int | None:
        return None

    async def recover(self, tag: str, request: VideoRequest) -> Receipt | None:
        await self.weather("recover")
        found = [film for film in self.films.values() if film.tag == tag]
        return Receipt(found[0].handle) if found else None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        return (self.capability,)

    async def fetch(self, address: str, target: Path) -> None:
        await self.weather("fetch")
        for film in self.films.values():
            if address in film.addresses:
                self.disk[target] = film.size_bytes
                break
        else:
            raise ArtifactUnavailableError
        await self.weather("fetch answered")


@dataclass
class SimulatedCourier(FakeCourier):
    """A Discord on which nothing is ever said twice."""

    watch: Watch | None = None

    def under(self, weather: Weather) -> "SimulatedCourier":
        return replace(self, weather=weather)

    def _new(self, delivery: Delivery, **shown: object) -> Message:
        assert self.watch is not None
        self.watch.posted(delivery.job_id, delivery.kind.value)
        return super()._new(delivery, **shown)


@dataclass
class SimulatedFilmStore(FakeFilmStore):
    """The port `FilmStore`."""

    weather: Weather = calm

    def under(self, weather: Weather) -> "SimulatedFilmStore":
        return replace(self, weather=weather)

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        """A fetch is one step here, and who was killed holds nothing."""
        return nullcontext()

    async def join(self, job_id: JobId, parts: int) -> None:
        await self.weather("join")
        paths = [self.part_path(job_id, number) for number in range(parts)]
        if any(path not in self.disk for path in paths):
            raise ArtifactUnusableError
        sizes = [self.disk.pop(path) for path in paths]
        self.disk[self.path(job_id)] = SPOILT if SPOILT in sizes else sum(sizes)
        await self.weather("join answered")

    async def inspect(self, job_id: JobId) -> Artifact:
        await self.weather("inspect")
        if self.disk.get(self.path(job_id), SPOILT) == SPOILT:
            raise ArtifactUnusableError
        return await super().inspect(job_id)

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedFilm:
        await self.weather("fit")
        return await super().fit(artifact, max_bytes=max_bytes)


@dataclass
class SimulatedImageStore(FakeImageStore):
    """The port `ImageStore`."""

    weather: Weather = calm

    def under(self, weather: Weather) -> "SimulatedImageStore":
        return replace(self, weather=weather)

    async def prepare(self, image: SourceImage, *, max_bytes: int) -> tuple[bytes, str]:
        await self.weather("prepare")
        return await super().prepare(image, max_bytes=max_bytes)
