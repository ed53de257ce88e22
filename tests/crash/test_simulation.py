"""Hours of a busy, unlucky server in milliseconds: everything goes wrong at random.

The real loops run on virtual time, on services that are away, lose answers before and after they
took a wish, post and do not say so, and on a database that is busy; members press Cancel whenever
they like, and the program is killed at any effect and started again. A failing seed fails again.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from bot.domain.deliveries import DeliveryKind
from bot.domain.jobs import Cancellation, Job, JobState
from bot.errors import (
    ArtifactUnavailableError,
    ContentRefusedError,
    DatabaseBusyError,
    DeliveryUnavailableError,
    DuplicateRequestError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
    StorageError,
    SubmissionUncertainError,
    TooLateToCancelError,
)
from bot.ids import IdempotencyKey, UserId
from bot.ports import Clock
from bot.tasks import supervise
from tests.crash.books import Books, charge
from tests.crash.virtual_time import LoopClock, VirtualTimeLoop
from tests.fakes.direct_sqlite import DirectSqlite
from tests.fakes.weather import KilledError
from tests.fakes.world import Process, World

BATCHES = 8  # so that several can run side by side
SEEDS_A_BATCH = 25
WISHES = 12
ARRIVE_WITHIN_SECONDS = 300.0
STORM_SECONDS = 900.0  # then the weather clears, and everything must come to its end
PATIENCE_SECONDS = 4 * 3600.0
MOST_KILLS = 3

FAULTS: dict[str, list[tuple[float, type[Exception]]]] = {
    "submit": [
        (0.06, ProviderUnavailableError),
        (0.03, ProviderRateLimitedError),
        (0.03, SubmissionUncertainError),
        (0.02, ContentRefusedError),
        (0.01, KeyError),
    ],
    "submit answered": [(0.06, SubmissionUncertainError), (0.01, KeyError)],
    "look": [(0.1, ProviderUnavailableError), (0.02, ProviderJobUnknownError)],
    "recover": [(0.2, ProviderUnavailableError)],
    "fetch": [(0.2, ArtifactUnavailableError)],
    "fetch answered": [(0.1, ArtifactUnavailableError)],
    "post": [(0.1, DeliveryUnavailableError)],
    "post answered": [(0.1, DeliveryUnavailableError)],
    "edit": [(0.1, DeliveryUnavailableError)],
    "edit answered": [(0.05, DeliveryUnavailableError)],
    "find": [(0.1, DeliveryUnavailableError)],
    "accept": [(0.02, DatabaseBusyError)],
    "accept answered": [(0.02, StorageError)],
    "save": [(0.02, DatabaseBusyError)],
    "save answered": [(0.01, StorageError)],
    "save_delivery": [(0.02, DatabaseBusyError)],
    "save_delivery answered": [(0.01, StorageError)],
}


@dataclass
class Storm:
    """The weather of one process: slow, faulty, and deadly at its `dies_at`-th effect."""

    random: Random
    clock: Clock
    ends_at_seconds: float
    dies_at: int | None
    effects: int = 0
    dead: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, event: str) -> None:
        self._beat(event)
        await self.clock.sleep(self.random.expovariate(10))
        self._beat(event)
        if asyncio.get_running_loop().time() < self.ends_at_seconds:
            self._strike(event)

    async def kill(self) -> None:
        await self.dead.wait()
        raise KilledError

    def _beat(self, event: str) -> None:
        self.effects += 1
        if self.dies_at is not None and self.effects >= self.dies_at:
            self.dead.set()
        if self.dead.is_set():
            raise KilledError(event)

    def _strike(self, event: str) -> None:
        dice = self.random.random()
        for chance, fault in FAULTS.get(event, []):
            dice -= chance
            if dice < 0:
                raise fault


@dataclass
class Run:
    """One seed: a world, the processes that come and go in it, and what members were told."""

    seed: int
    processes: int
    random: Random = field(init=False)
    world: World = field(init=False)
    alive: dict[str, Process] = field(default_factory=dict)
    told: dict[IdempotencyKey, Cancellation] = field(default_factory=dict)
    kills: int = 0
    engine: DirectSqlite = field(default_factory=DirectSqlite)
    books: Books = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - chance for a test, not a secret
        self.books = Books(self.engine)
        self.world = World(store=self.books.store, clock=LoopClock())
        self.world.provider.can_recover = self.random.random() < 0.8
        self.world.provider.takes_seconds = self.random.uniform(1, 200)
        charge(self.world.provider, [self.random.randint(1, 900_000) for _ in range(2 * WISHES)])

    async def play(self) -> None:
        await self.books.open()
        async with asyncio.TaskGroup() as group:
            owners = [f"process-{number}" for number in range(self.processes)]
            servers = [group.create_task(self._serve(owner)) for owner in owners]
            members = [group.create_task(self._member(number)) for number in range(WISHES)]
            await asyncio.wait(members)
            await self._settle()
            for server in servers:
                server.cancel()

    async def _settle(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.world.is_settled():
                await self.world.clock.sleep(5)

    async def _serve(self, owner: str) -> None:
        """One process after the other, with a while between them."""
        for number in range(MOST_KILLS + 1):
            dies_at = self.random.randint(1, 250) if number < MOST_KILLS else None
            storm = Storm(self.random, self.world.clock, STORM_SECONDS, dies_at)
            process = self.world.start(owner=owner, weather=storm)
            self.alive[owner] = process
            with contextlib.suppress(BaseExceptionGroup):
                await self._run(process, storm)
            self.kills += 1
            del self.alive[owner]
            await self.world.clock.sleep(self.random.choice([0.1, 30, 200]))

    async def _run(self, process: Process, storm: Storm) -> None:
        """As the composition root does: each loop outlives its failures, none outlives a kill."""
        wait = self.world.clock.sleep
        async with asyncio.TaskGroup() as group:
            group.create_task(supervise("tracker", process.tracker.run, wait=wait))
            group.create_task(supervise("delivering", process.delivering.run, wait=wait))
            group.create_task(storm.kill())

    async def _member(self, number: int) -> None:
        """Asks until somebody answers; sometimes thinks better of it."""
        key = IdempotencyKey(f"interaction:{number}")
        user_id, channel_id = self.random.randint(1, 3), self.random.randint(21, 23)
        await self.world.clock.sleep(self.random.uniform(0, ARRIVE_WITHIN_SECONDS))
        while not await self._ask(key, user_id, channel_id):
            await self.world.clock.sleep(5)
        if self.random.random() < 0.3:
            await self.world.clock.sleep(self.random.expovariate(1 / 60))
            await self._cancel(key, user_id)

    async def _ask(self, key: IdempotencyKey, user_id: int, channel_id: int) -> bool:
        for process in list(self.alive.values()):
            try:
                await process.accept(key=key, user_id=user_id, channel_id=channel_id)
            except DuplicateRequestError:
                return True
            except (StorageError, KilledError):
                return False
            else:
                return True
        return False

    async def _cancel(self, key: IdempotencyKey, user_id: int) -> None:
        job = await self.world.store.find_by_key(key)
        assert job is not None
        for process in list(self.alive.values()):
            with contextlib.suppress(StorageError, KilledError, TooLateToCancelError):
                self.told[key] = await process.cancelling.cancel(
                    job.id, UserId(user_id), is_moderator=False
                )

    async def judge(self) -> Counter[JobState]:
        """What must hold, whatever happened."""
        paid = Counter(run.order.tag.rpartition("-")[0] for run in self.world.provider.runs)
        assert max(paid.values(), default=0) <= 1, f"paid twice, seed {self.seed}"
        jobs = []
        for number in range(WISHES):
            job = await self.world.store.find_by_key(IdempotencyKey(f"interaction:{number}"))
            assert job is not None
            self._judge_job(job, is_paid=paid[job.id] > 0)
            jobs.append(job)
        await self.books.judge(self.world.provider, jobs, f"seed {self.seed}")
        await self.engine.close()
        return Counter(job.state for job in jobs)

    def _judge_job(self, job: Job, *, is_paid: bool) -> None:
        where = f"{job.id} {job.state}, seed {self.seed}"
        wanted = 1 if job.state is JobState.SUCCEEDED else 0
        assert job.is_terminal, where
        assert len(self.world.cards_of(job)) == 1, where
        assert len(self.world.films_of(job)) == wanted, where
        assert not (job.state is JobState.SUCCEEDED and job.cancel_requested), where
        words = self.world.courier.of(job.id, DeliveryKind.FAILURE)
        is_missed = job.state in {JobState.FAILED, JobState.EXPIRED} and not job.cancel_requested
        assert len(words) == (1 if is_missed else 0), where
        told = self.told.get(job.idempotency_key)
        if told is Cancellation.CALLED_OFF:
            assert job.state is JobState.CANCELLED, where
            assert not is_paid, where
        if told is Cancellation.NOT_WATCHED:
            assert job.state is not JobState.SUCCEEDED, where


def play(seed: int, processes: int) -> tuple[Counter[JobState], int]:
    """How the jobs of this seed ended, and how often a process was killed."""

    async def played() -> tuple[Counter[JobState], int]:
        run = Run(seed, processes)
        await run.play()
        return await run.judge(), run.kills

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(played())


@pytest.mark.parametrize("processes", [1, 2], ids=["one process", "two processes"])
@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_bad_day_loses_or_repeats_anything(batch, processes, caplog):
    caplog.set_level(logging.CRITICAL)
    states: Counter[JobState] = Counter()
    kills = 0

    for seed in range(batch * SEEDS_A_BATCH, (batch + 1) * SEEDS_A_BATCH):
        ended, killed = play(seed, processes)
        states += ended
        kills += killed

    assert kills > SEEDS_A_BATCH  # an indulgent simulation would prove nothing
    assert set(states) >= {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


def test_the_same_seed_plays_the_same_day_again(caplog):
    caplog.set_level(logging.CRITICAL)

    assert play(7, 2) == play(7, 2)
