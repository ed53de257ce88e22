"""What goes wrong, when: everything is decided by the seed.

An effect has two moments, before (`submit`) and after (`submit answered`). At each of them the
process may be slow, may hear an error, and may be killed. Besides, whole services are away for a
while, and so is the database.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar, cast

from bot.errors import (
    ArtifactUnavailableError,
    ContentRefusedError,
    DatabaseBusyError,
    DeliveryUnavailableError,
    GenerationFailedError,
    ImageRejectedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    StorageError,
    SubmissionUncertainError,
)
from tests.factories import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.weather import Weather
from tests.simulation.kinds import Kind
from tests.simulation.loop import LIFE, Life, Machine

Adapter = TypeVar("Adapter")
Fault = type[Exception]

FAULTS: dict[str, list[tuple[float, Fault]]] = {
    "submit": [
        (0.05, ProviderUnavailableError),
        (0.02, ProviderTimeoutError),
        (0.03, ProviderRateLimitedError),
        (0.03, SubmissionUncertainError),
        (0.02, ContentRefusedError),
        (0.01, ProviderRejectedRequestError),
        (0.01, GenerationFailedError),
        (0.005, ProviderCredentialsError),
        (0.005, ProviderBalanceError),
        (0.01, KeyError),
    ],
    "submit answered": [
        (0.07, SubmissionUncertainError),
        (0.02, ProviderProtocolError),
        (0.01, KeyError),
    ],
    "poll": [
        (0.07, ProviderUnavailableError),
        (0.02, ProviderTimeoutError),
        (0.03, ProviderRateLimitedError),
        (0.02, ProviderProtocolError),
        (0.01, ProviderJobUnknownError),
        (0.01, KeyError),
    ],
    "recover": [(0.15, ProviderUnavailableError), (0.03, ProviderProtocolError), (0.01, KeyError)],
    "fetch": [(0.15, ArtifactUnavailableError), (0.01, OSError)],
    "fetch answered": [(0.08, ArtifactUnavailableError)],
    "inspect": [(0.01, OSError)],
    "fit": [(0.02, OSError)],
    "prepare": [(0.02, OSError), (0.01, ImageRejectedError)],
    "post": [(0.1, DeliveryUnavailableError), (0.01, KeyError)],
    "post answered": [(0.1, DeliveryUnavailableError), (0.01, KeyError)],
    "edit": [(0.1, DeliveryUnavailableError)],
    "edit answered": [(0.05, DeliveryUnavailableError)],
    "find": [(0.1, DeliveryUnavailableError)],
    "addresses": [(0.1, DeliveryUnavailableError)],
    "write": [(0.04, DatabaseBusyError), (0.01, StorageError)],
    "write answered": [(0.015, StorageError)],
    "read": [(0.002, DatabaseBusyError), (0.001, StorageError)],
}
AWAY: dict[str, Fault] = {
    "alpha": ProviderUnavailableError,
    "beta": ProviderUnavailableError,
    "discord": DeliveryUnavailableError,
    "database": DatabaseBusyError,
}
LONGEST_AWAY_SECONDS = {"alpha": 500.0, "beta": 500.0, "discord": 200.0, "database": 30.0}
WRITES = frozenset(
    {
        *(
            "accept",
            "claim_due",
            "renew",
            "owe",
            "claim_rendering",
            "claim",
            "save",
            "save_together",
            "save_delivery",
        ),
        *("observe_render_time", "set_note", "put", "apply", "give", "take"),
        "clamp_instants",
    }
)
CONNECTIONS_LAST_SECONDS = 60.0  # on a machine that sleeps
USUAL_SECONDS = {"submit answered": 2.0, "fetch answered": 2.0, "fit": 2.0, "post answered": 0.3}
LONG_UPLOAD = 0.3  # of the videos, on a day with a slow line
LONG_UPLOAD_SECONDS = (60.0, 280.0)  # discord.py gives up after five minutes
HARD_MOMENTS = frozenset({"fit", "upload", "post", "post answered", "submit", "submit answered"})
SUSPENDED_IN_THE_MIDST = 0.1  # of these, on a day with suspensions
DAILY_LIMIT_SECONDS = (300.0, 3600.0, 6 * 3600.0)
PERMISSION_LOST_SECONDS = (1.0, 30.0)
SLOW = 0.03  # of all moments
SLOWEST_SECONDS = 30.0


class WorldClock(FakeClock):
    """The port `Clock`: the loop's time, and what it jumped forward while everything slept."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped_seconds = 0.0
        self.jumped_at = float("-inf")  # on the loop's clock

    def now(self) -> datetime:
        passed = asyncio.get_running_loop().time() + self.jumped_seconds
        return NOW + timedelta(milliseconds=int(passed * 1000))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - virtual seconds, and this is the clock


@dataclass(frozen=True, slots=True)
class MachineClock:
    """The port `Clock` as a process on a machine reads it."""

    world: WorldClock
    machine: Machine

    def now(self) -> datetime:
        return self.world.now() + timedelta(seconds=self.machine.ahead_seconds)

    async def sleep(self, seconds: float) -> None:
        await self.world.sleep(seconds)


def excused(error: BaseException) -> bool:
    """Whether the weather made this error; any other is a finding."""
    return getattr(error, "is_weather", False)


@dataclass
class Sky:
    """The weather over all processes. `tell` writes the trace."""

    random: Random
    clock: WorldClock
    ends_at_seconds: float
    tell: Callable[[str], None]
    kinds: frozenset[Kind] = frozenset()
    away: dict[str, tuple[float, float]] = field(default_factory=dict)
    full_until: dict[str, datetime] = field(default_factory=dict)  # services, by their daily limit
    refused_accounts: set[str] = field(default_factory=set)  # services
    suspend: Callable[[Life], None] = lambda _life: None

    def forecast(self) -> None:
        """Decide which services are away, and when."""
        for place, longest in LONGEST_AWAY_SECONDS.items():
            if self.random.random() < 0.4:
                start = self.random.uniform(0, self.ends_at_seconds)
                self.away[place] = (start, start + self.random.uniform(1, longest))

    def is_over(self) -> bool:
        return asyncio.get_running_loop().time() >= self.ends_at_seconds

    def fault(self, place: str, moment: str) -> Exception | None:
        """What happens now."""
        start, end = self.away.get(place, (0.0, 0.0))
        if start <= asyncio.get_running_loop().time() < end and not moment.endswith("answered"):
            return _by_weather(AWAY[place]())
        if self.is_over():
            return None
        dice = self.random.random()
        for chance, fault in FAULTS.get(moment, ()):
            dice -= chance
            if dice < 0:
                if fault in {ProviderCredentialsError, ProviderBalanceError}:
                    self.refused_accounts.add(place)
                return self._made(fault)
        return None

    def _made(self, fault: Fault) -> Exception:
        if fault is ProviderRateLimitedError and self.random.random() < 0.5:
            wait = timedelta(seconds=self.random.uniform(1, 120))
            return ProviderRateLimitedError(retry_at=self.clock.now() + wait)
        return _by_weather(fault())


def _by_weather(error: Exception) -> Exception:
    error.is_weather = True  # type: ignore[attr-defined]  # a mark for `excused`
    return error


@dataclass
class Storm:
    """The weather of one process, which dies at its `dies_at`-th moment."""

    sky: Sky
    life: Life
    dies_at: int | None
    moments: int = 0

    def at(self, place: str) -> Weather:
        """The weather between this process and a place."""

        async def weather(event: str) -> None:
            await self._moment(place, event, event)

        return weather

    def over(self, place: str, adapter: Adapter, names: Sequence[str] = ()) -> Adapter:
        """An adapter that is no fake, with all its methods under the weather, or only these."""
        return cast(Adapter, _Exposed(self, place, adapter, frozenset(names)))

    async def called(self, place: str, name: str, method: Any, args: Any, kwargs: Any) -> Any:
        if place == "database" and name not in WRITES:
            return await self._read(name, method, args, kwargs)
        kind = "write" if place == "database" else name
        await self._moment(place, name, kind)
        answer = await method(*args, **kwargs)
        await self._moment(place, f"{name} answered", f"{kind} answered")
        return answer

    async def _read(self, name: str, method: Any, args: Any, kwargs: Any) -> Any:
        fault = self.sky.fault("database", "read")
        if fault is not None:
            self.sky.tell(f"{self.life.name} {name}: {type(fault).__name__}")
            await self.sky.clock.sleep(0.1)
            raise fault
        answer = await method(*args, **kwargs)
        await self.sky.clock.sleep(0)  # someone else may write before this is read
        return answer

    async def _moment(self, place: str, event: str, kind: str) -> None:
        await self._beat(event)
        slow = not self.sky.is_over() and self.sky.random.random() < SLOW
        wait = self.sky.random.uniform(1, SLOWEST_SECONDS) if slow else self._usual(kind)
        is_hard = Kind.SUSPENDED in self.sky.kinds and kind in HARD_MOMENTS
        if is_hard and self.sky.random.random() < SUSPENDED_IN_THE_MIDST:
            self.sky.suspend(self.life)
        jumped, began = self.sky.clock.jumped_seconds, asyncio.get_running_loop().time()
        await self.sky.clock.sleep(wait)
        await self._beat(event)
        slept = self.sky.clock.jumped_seconds - jumped
        if self.sky.random.random() < 0.5:  # else the answer lay there, or it was not sent yet
            slept += self.life.suspended_seconds(began)
        fault = self.sky.fault(place, kind) or _broken(place, kind, slept)
        if fault is not None:
            self.sky.tell(f"{self.life.name} {place} {event}: {type(fault).__name__}")
            raise fault
        self.sky.tell(f"{self.life.name} {place} {event}")

    def _usual(self, kind: str) -> float:
        long = kind == "upload" and Kind.SLOW_UPLOAD in self.sky.kinds and not self.sky.is_over()
        if long and self.sky.random.random() < LONG_UPLOAD:
            return self.sky.random.uniform(*LONG_UPLOAD_SECONDS)
        return self.sky.random.expovariate(1 / USUAL_SECONDS.get(kind, 0.05))

    async def _beat(self, event: str) -> None:
        self.moments += 1
        if self.dies_at is not None and self.moments >= self.dies_at:
            self.sky.tell(f"{self.life.name} is killed at {event}")
            self.life.end()
        if self.life.is_over:
            await asyncio.get_running_loop().create_future()  # no one is there any more


def _broken(place: str, kind: str, slept_seconds: float) -> Exception | None:
    """Anyone who slept long in the middle of a request finds its connection broken."""
    if slept_seconds < CONNECTIONS_LAST_SECONDS or place in {"disk", "database"}:
        return None
    if kind.startswith("submit"):
        return SubmissionUncertainError()
    return ArtifactUnavailableError() if kind.startswith("fetch") else AWAY[place]()


class _Exposed:
    def __init__(self, storm: Storm, place: str, adapter: object, names: frozenset[str]) -> None:
        self._storm, self._place, self._adapter, self._names = storm, place, adapter, names

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._adapter, name)
        if self._names and name not in self._names:
            return method

        async def called(*args: Any, **kwargs: Any) -> Any:
            return await self._storm.called(self._place, name, method, args, kwargs)

        return called


def whose() -> str:
    """The process in which this is called."""
    life = LIFE.get()
    return "the world" if life is None else life.name
