"""One seed: a day of a busy, unlucky server, from the first wish to the last message."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from bot.domain.catalogue import Catalogue
from bot.domain.edits import Actor, SetPolicy
from bot.domain.policy import Policy
from bot.ids import ModelId, ProviderName
from bot.services import delivering, tracking
from bot.storage.money import Money
from bot.storage.treasury import SqlTreasury
from bot.tasks import TaskOwner
from tests.factories import make_capability
from tests.simulation.admins import ADMIN, Admins
from tests.simulation.database import WitnessedSqlite
from tests.simulation.judgement import Judgement
from tests.simulation.loop import EndlessError, Life, SimulatedLoop
from tests.simulation.people import CHANNELS, DOLLAR, GUILD, People
from tests.simulation.processes import Ground, Program, new_program
from tests.simulation.services import (
    SimulatedCourier,
    SimulatedFilmStore,
    SimulatedImageStore,
    SimulatedProvider,
)
from tests.simulation.watch import BrokenRuleError, Watch
from tests.simulation.weather import Sky, Storm, WorldClock

ALPHA, BETA = ProviderName("alpha"), ProviderName("beta")
WISHES = 8
ARRIVE_WITHIN_SECONDS = 240.0
STORM_SECONDS = 540.0  # then the weather clears, and everything must come to its end
CALM_SECONDS = 900.0
JUMP_WHEN_CALM_SECONDS = 600.0
PATIENCE_SECONDS = 3600.0  # half a day with the jumps
MOST_KILLS = 3
SECONDS_BETWEEN_TICKS = 15.0  # instead of one: of posts and cards that nothing woke up
SECONDS_UNTIL_A_TURN = 4.0  # instead of one: until a queue is looked at again that stands still


@dataclass
class Outcome:
    """How a seed went. `broken` names the rule; `trace` is all that happened, line by line."""

    seed: int
    broken: str | None
    trace: list[str]
    states: Counter[str]
    ways: Counter[str]
    killed: Counter[str]  # states of jobs at the ends of processes
    kills: int
    virtual_seconds: float
    steps: int
    commits: int


@dataclass
class Day:
    """Everything that one seed decides."""

    seed: int
    trace: list[str] = field(default_factory=list)
    kills: int = 0
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = Random(f"day {self.seed}")  # noqa: S311 - chance for a test, not a secret
        self.clock = WorldClock()
        self.engine = WitnessedSqlite()
        self.watch = Watch(self.engine, self.clock, self.tell)
        self.sky = Sky(self.random, self.clock, STORM_SECONDS, self.tell)
        self.owner = TaskOwner()
        self.ground = self._new_ground()
        self.people = People(
            self.random,
            self.clock,
            self.watch,
            self.ground.courier,
            {name: one.capability for name, one in self.ground.providers.items()},
            self.tell,
        )
        self.admins = Admins(self.random, self.clock, self.watch, self.people, self.tell)
        self.jumps: list[tuple[float, float]] = []

    def tell(self, line: str) -> None:
        seconds = asyncio.get_running_loop().time()
        self.trace.append(f"{seconds:10.3f} {line}")

    async def play(self) -> Counter[str]:
        """Raises BrokenRuleError."""
        await self._decide_rules()
        self.sky.forecast()
        playing: asyncio.Future[Counter[str]] = self.owner.start(self._play(), name="day")
        either: list[asyncio.Future[Any]] = [playing, self.watch.broken]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self.watch.broken.done():
            self.watch.broken.result()
        return playing.result()

    async def _decide_rules(self) -> None:
        treasury = SqlTreasury(self.engine, Money(self.engine))
        policy = Policy(GUILD, rules=self.admins.rules(), pool_micros=20 * DOLLAR)
        await treasury.apply(Actor(GUILD, ADMIN, "first", self.clock.now()), SetPolicy(policy))

    async def _play(self) -> Counter[str]:
        processes = 1 if self.random.random() < 0.4 else 2
        for number in range(processes):
            self._spawn(self._serve(f"p{number}"))
        self._spawn(self._jump())
        self._spawn(self._close_channel())
        people = [self.admins.act(STORM_SECONDS)]
        people += [self.people.member(number, ARRIVE_WITHIN_SECONDS) for number in range(WISHES)]
        await asyncio.gather(*people)
        await self._settle()
        return Judgement(self.ground, self.people, self.watch, self.jumps).judge()

    async def _settle(self) -> None:
        start = asyncio.get_running_loop().time()
        while unsettled := self._unsettled():
            waited = asyncio.get_running_loop().time() - start
            self.watch.demand(waited < PATIENCE_SECONDS, "I7", f"never ended: {unsettled}")
            if waited > CALM_SECONDS:  # nothing but hours can help now
                self._sleep_through(JUMP_WHEN_CALM_SECONDS)
            await self.clock.sleep(20)

    def _unsettled(self) -> list[str]:
        """Jobs that have not ended, messages that are owed, cards that show what is no longer so."""
        if not self.sky.is_over():
            return ["the weather"]
        jobs = [job for job, state in self.watch.states.items() if state in _OPEN]
        owed = self.engine.ask(
            "SELECT job_id, kind FROM deliveries WHERE state IN ('owed', 'posting')"
        )
        cards = [
            message.job_id
            for message in self.ground.courier.messages
            if message.kind.value == "card"
            and message.id not in self.ground.courier.deleted
            and message.channel_id not in self.ground.courier.gone_channels
            and message.state is not None
            and message.state.value != self.watch.states[message.job_id]
        ]
        return [*jobs, *(f"{row['kind']}-{row['job_id']}" for row in owed), *cards]

    # processes

    async def _serve(self, name: str) -> None:
        """One process after the other, with a while between them."""
        for number in count():
            is_last = number >= MOST_KILLS or self.sky.is_over()
            life = Life(f"{name}.{number}")
            dies_at = None if is_last else self.random.choice([None, self.random.randint(1, 200)])
            program = new_program(self.ground, Storm(self.sky, life, dies_at))
            await self._live(program, for_ever=is_last)
            self.kills += 1
            self.killed.update(state for state in self.watch.states.values() if state in _OPEN)
            await self.clock.sleep(self.random.choice([0.1, 5, 30, 200]))

    async def _live(self, program: Program, *, for_ever: bool) -> None:
        over = asyncio.Event()
        program.life.hears.append(over.set)
        self.people.alive.append(program)
        self.tell(f"{program.life.name} starts")
        program.run(self.clock.sleep)
        if not for_ever:
            self._spawn(self._kill_in_between(program))
        await over.wait()
        self.people.alive.remove(program)

    async def _kill_in_between(self, program: Program) -> None:
        """At any instant; now and then it is asked to stop first."""
        await self.clock.sleep(self.random.expovariate(1 / 200))
        if program.life.is_over:
            return
        if self.random.random() < 0.3:
            self.tell(f"{program.life.name} is asked to stop")
            program.life.spawn(program.tracker.stop(grace_seconds=10))
            program.life.spawn(program.delivering.stop(grace_seconds=10))
            await self.clock.sleep(self.random.uniform(0, 40))
        self.tell(f"{program.life.name} is killed")
        program.life.end()

    # the world

    async def _jump(self) -> None:
        """The machine slept: for everybody else it was that long."""
        if self.random.random() < 0.4:
            await self.clock.sleep(self.random.uniform(30, STORM_SECONDS * 0.7))
            seconds = self.random.choice([5.0, 130.0, 600.0, 8000.0, 8000.0])
            for _ in range(300):  # best while a film is in the making
                if "in_progress" in self.watch.states.values():
                    break
                await self.clock.sleep(1)
            self._sleep_through(seconds)

    def _sleep_through(self, seconds: float) -> None:
        self.clock.jumped_seconds += seconds
        self.clock.jumped_at = asyncio.get_running_loop().time()
        self.jumps.append((asyncio.get_running_loop().time(), seconds))
        self.tell(f"the clock jumps {seconds} seconds")

    async def _close_channel(self) -> None:
        if self.random.random() < 0.1:
            await self.clock.sleep(self.random.uniform(0, STORM_SECONDS))
            channel = self.random.choice(CHANNELS)
            self.ground.courier.gone_channels.add(channel)
            self.tell(f"channel {channel} is gone")

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        _ = self.owner.start(coroutine, name="world")

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        async def waited() -> None:
            await self.clock.sleep(seconds)
            act()

        self._spawn(waited())

    def _new_ground(self) -> Ground:
        films = SimulatedFilmStore(smallest_bytes=self.random.choice([100, 20_000]))
        providers = {
            ALPHA: self._provider(ALPHA, films, can_recover=True),
            BETA: self._provider(
                BETA,
                films,
                can_recover=False,
                looks_together=True,
                pictures_max_bytes=None,
                shots=2,
                look_price=5.0,
            ),
        }
        catalogue = Catalogue()
        catalogue.replace(one.capability for one in providers.values())
        courier = SimulatedCourier(self.clock, watch=self.watch)
        courier.limit_bytes = self.random.choice([10_000, 4_000])
        return Ground(
            self.engine, self.clock, providers, courier, films, SimulatedImageStore(), catalogue,
            count(1),
        )  # fmt: skip

    def _provider(
        self, name: ProviderName, films: SimulatedFilmStore, **more: bool | float | None
    ) -> SimulatedProvider:
        provider = SimulatedProvider(
            name,
            self.random,
            self.watch,
            films.disk,
            self._later,
            make_capability(provider=name, model_id=ModelId(f"{name}-model")),
            takes_seconds=self.random.choice([5.0, 60.0, 200.0]),
        )
        for field_name, value in more.items():
            setattr(provider, field_name, value)
        return provider


_OPEN = frozenset({"accepted", "submitting", "uncertain", "in_progress", "collecting"})


@contextmanager
def _at_leisure() -> Iterator[None]:
    """Nobody reads the logs, and what nothing woke up is looked at less often than each second."""
    before = delivering.TICK_SECONDS, tracking.OVERDUE_SLEEP_SECONDS
    delivering.TICK_SECONDS = SECONDS_BETWEEN_TICKS
    tracking.OVERDUE_SLEEP_SECONDS = SECONDS_UNTIL_A_TURN
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        delivering.TICK_SECONDS, tracking.OVERDUE_SLEEP_SECONDS = before


def play(seed: int) -> Outcome:
    """The same seed, the same day."""
    days: list[Day] = []

    async def played() -> Counter[str]:
        days.append(Day(seed))
        return await days[0].play()

    broken, states = None, Counter[str]()
    with _at_leisure():
        loop = SimulatedLoop(seed)
        asyncio.set_event_loop(loop)
        try:
            states = loop.run_until_complete(loop.create_task(played()))
        except (BrokenRuleError, EndlessError) as error:
            broken = str(error)
        finally:
            loop.bury()
            asyncio.set_event_loop(None)
            loop.close()
    day = days[0]
    day.engine._database.close()
    return Outcome(
        seed, broken, day.trace, states, day.watch.ways, day.killed, day.kills, loop.time(), loop.steps,
        day.watch.commits,
    )  # fmt: skip


def play_briefly(seed: int) -> Outcome:
    """Without the trace, which is long, and the same when it is played again."""
    outcome = play(seed)
    outcome.trace.clear()
    return outcome
