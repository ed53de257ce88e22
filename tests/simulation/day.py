"""One seed: a day of a busy, unlucky server, from the first request to the last message."""

import asyncio
import contextvars
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from bot.catalog.models import Catalog
from bot.delivery import dispatcher, temporary
from bot.guilds.audit import Actor
from bot.ids import ModelId, ProviderName
from bot.money.changes import SetPolicy
from bot.money.limits import Policy
from bot.storage.money import Money
from bot.storage.money_store import SqlMoneyStore
from bot.tasks import TaskOwner
from bot.worker import leases, storyboard
from tests.factories import make_capability
from tests.simulation.admins import ADMIN, Admins
from tests.simulation.database import WitnessedSqlite
from tests.simulation.judgement import Judgement
from tests.simulation.kinds import DRAWN, Kind, drawn
from tests.simulation.loop import EndlessError, Life, Machine, SimulatedLoop
from tests.simulation.manners import Manners
from tests.simulation.mishaps import Mishaps
from tests.simulation.people import DOLLAR, GUILD, People
from tests.simulation.processes import Program, Surroundings, new_program
from tests.simulation.services import (
    SimulatedImageStore,
    SimulatedMessenger,
    SimulatedProvider,
    SimulatedVideoStore,
)
from tests.simulation.watch import BrokenRuleError, Watch
from tests.simulation.weather import Sky, Storm, WorldClock

ALPHA, BETA = ProviderName("alpha"), ProviderName("beta")
REQUESTS = 8
ARRIVE_WITHIN_SECONDS = 240.0
STORM_SECONDS = 540.0  # then the weather clears, and everything must come to its end
CALM_SECONDS = 900.0
JUMP_WHEN_CALM_SECONDS = 280.0  # time in which no one polls for longer counts against no deadline
PATIENCE_SECONDS = 3600.0  # half a day with the jumps
MAX_KILLS = 3
SECONDS_BETWEEN_TICKS = 15.0  # instead of one: of posts and cards that nothing woke up
SECONDS_BETWEEN_SHOTS = timedelta(seconds=4), timedelta(seconds=30)  # looks at a storyboard
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
    possible: frozenset[Kind] = DRAWN
    trace: list[str] = field(default_factory=list)
    kills: int = 0
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = Random(f"day {self.seed}")  # noqa: S311 - chance for a test, not a secret
        self.context = contextvars.copy_context()  # in which there is no process
        self.clock = WorldClock()
        self.engine = WitnessedSqlite()
        self.watch = Watch(self.engine, self.clock, self.tell)
        kinds = drawn(Random(f"kinds {self.seed}"), self.possible)  # noqa: S311 - as above
        self.sky = Sky(self.random, self.clock, STORM_SECONDS, self.tell, kinds)
        self.sky.refused_accounts = self.watch.refused_accounts
        self.manners = Manners(
            self.engine, self.sky, self.watch.demand, self.watch.clocks_were_right
        )
        self.tell(f"besides the weather: {sorted(kinds)}")
        self.owner = TaskOwner()
        self.adapters = self._new_ground()
        self.people = People(
            self.random,
            self.clock,
            self.watch,
            self.adapters.messenger,
            {name: one.capability for name, one in self.adapters.providers.items()},
            self.tell,
            has_storyboards=Kind.STORYBOARDS in kinds,
            has_sequels=Kind.SEQUELS in kinds,
        )
        self.admins = Admins(self.random, self.clock, self.watch, self.people, self.tell)
        self.mishaps = Mishaps(
            self.random,
            self.clock,
            self.sky,
            self.watch,
            self.adapters.messenger,
            self.tell,
            self._spawn,
        )
        self.sky.suspend = self.mishaps.fall_asleep

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
        money_store = SqlMoneyStore(self.engine, Money(self.engine))
        policy = Policy(GUILD, rules=self.admins.rules(), pool_micros=20 * DOLLAR)
        await money_store.apply(Actor(GUILD, ADMIN, "first", self.clock.now()), SetPolicy(policy))

    async def _play(self) -> Counter[str]:
        processes = 1 if self.random.random() < 0.4 else 2
        for number in range(processes):
            self._spawn(self._serve(f"p{number}", self.mishaps.machine()))
        self._spawn(self.mishaps.jump())
        self._spawn(self.mishaps.close_channel())
        self._spawn(self.mishaps.lose_permission())
        people = [self.admins.act(STORM_SECONDS)]
        people += [self.people.member(number, ARRIVE_WITHIN_SECONDS) for number in range(REQUESTS)]
        await asyncio.gather(*people)
        await self._settle()
        return Judgement(self.adapters, self.people, self.watch, self.mishaps.jumps).judge()

    async def _settle(self) -> None:
        start = asyncio.get_running_loop().time()
        while unsettled := self._unsettled():
            waited = asyncio.get_running_loop().time() - start
            self.watch.demand(waited < PATIENCE_SECONDS, "I7", f"never ended: {unsettled}")
            if waited < CALM_SECONDS:
                self._nothing_stands_still()
            else:  # nothing but hours can help now
                self.mishaps.sleep_through(JUMP_WHEN_CALM_SECONDS)
            await self.clock.sleep(20)

    def _nothing_stands_still(self) -> None:
        """Once nothing stands in the way, each video's service is asked again in minutes."""
        awake = [one.life for one in self.people.alive if not one.life.is_suspended]
        if not awake or self.watch.blocked_by_limit():
            return
        since = min(life.awake_since for life in awake)
        for job_id, state in self.watch.states.items():
            if state in _ASKED_FOR:
                still = self.watch.stands_still(job_id, since)
                self.watch.demand(not still, "asked", f"{job_id} is {state}, and no one asks")

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
            for message in self.adapters.messenger.messages
            if message.kind.value == "card"
            and message.id not in self.adapters.messenger.deleted
            and message.channel_id not in self.adapters.messenger.gone_channels
            and message.state is not None
            and message.state.value != self.watch.states[message.job_id]
        ]
        gone = self.adapters.messenger.gone_channels
        passing = self.engine.ask("SELECT message_id, channel_id FROM temporary_messages")
        replaced = [str(row["message_id"]) for row in passing if row["channel_id"] not in gone]
        return [*jobs, *(f"{row['kind']}-{row['job_id']}" for row in owed), *cards, *replaced]

    # processes

    async def _serve(self, name: str, machine: Machine) -> None:
        """One process after the other, with a while between them."""
        for number in count():
            is_last = number >= MAX_KILLS or self.sky.is_over()
            life = Life(f"{name}.{number}", machine)
            dies_at = None if is_last else self.random.choice([None, self.random.randint(1, 200)])
            program = new_program(self.adapters, Storm(self.sky, life, dies_at))
            await self._live(program, forever=is_last)
            self.kills += 1
            self.killed.update(state for state in self.watch.states.values() if state in _OPEN)
            await self.clock.sleep(self.random.choice([0.1, 5, 30, 200]))

    async def _live(self, program: Program, *, forever: bool) -> None:
        over = asyncio.Event()
        program.life.hears.append(over.set)
        self.people.alive.append(program)
        self.tell(f"{program.life.name} starts")
        program.run(self.clock.sleep)
        if not forever:
            self._spawn(self._kill_in_between(program))
        if Kind.SUSPENDED in self.sky.kinds:
            self._spawn(self.mishaps.suspend(program.life))
        await over.wait()
        self.people.alive.remove(program)

    async def _kill_in_between(self, program: Program) -> None:
        """At any instant; now and then it is asked to stop first."""
        await self.clock.sleep(self.random.expovariate(1 / 200))
        if program.life.is_over:
            return
        if self.random.random() < 0.3:
            self.tell(f"{program.life.name} is asked to stop")
            program.life.is_stopping = True
            program.life.spawn(program.worker.stop(grace_seconds=10))
            program.life.spawn(program.dispatcher.stop(grace_seconds=10))
            await self.clock.sleep(self.random.uniform(0, 40))
        self.tell(f"{program.life.name} is killed")
        program.life.end()

    # the world

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """A task of the world, also where a process set it off: it outlives that one."""
        _ = self.context.copy().run(self.owner.start, coroutine, name="world")

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        async def waited() -> None:
            await self.clock.sleep(seconds)
            act()

        self._spawn(waited())

    def _new_ground(self) -> Surroundings:
        videos = SimulatedVideoStore(smallest_bytes=self.random.choice([100, 20_000]))
        providers = {
            ALPHA: self._provider(ALPHA, videos, can_recover=True, speaks=True),
            BETA: self._provider(
                BETA,
                videos,
                can_recover=False,
                polls_in_batches=True,
                pictures_max_bytes=None,
                shots=2,
                poll_price=5.0,
            ),
        }
        catalog = Catalog()
        catalog.replace(one.capability for one in providers.values())
        messenger = SimulatedMessenger(self.clock, watch=self.watch, manners=self.manners)
        messenger.limit_bytes = self.random.choice([10_000, 4_000])
        return Surroundings(
            self.engine, self.clock, providers, messenger, videos, SimulatedImageStore(), catalog,
            count(1),
        )  # fmt: skip

    def _provider(
        self, name: ProviderName, videos: SimulatedVideoStore, **more: bool | float | None
    ) -> SimulatedProvider:
        provider = SimulatedProvider(
            name,
            self.random,
            self.watch,
            videos.disk,
            self._later,
            make_capability(
                provider=name, model_id=ModelId(f"{name}-model"), takes_files=name == ALPHA
            ),
            self.manners,
            takes_seconds=self.random.choice([5.0, 60.0, 200.0]),
        )
        for field_name, value in more.items():
            setattr(provider, field_name, value)
        return provider


_OPEN = frozenset({"queued", "submitting", "uncertain", "rendering", "downloading"})
_ASKED_FOR = frozenset({"submitting", "uncertain", "rendering", "downloading"})


@contextmanager
def _at_leisure() -> Iterator[None]:
    """No one reads the logs, and what nothing woke up is looked at less often than each second."""
    before = dispatcher.TICK_SECONDS, leases.OVERDUE_SLEEP_SECONDS, temporary.SECONDS_BETWEEN
    dispatcher.TICK_SECONDS = temporary.SECONDS_BETWEEN = SECONDS_BETWEEN_TICKS
    looks = storyboard.SOONEST, storyboard.LATEST
    storyboard.SOONEST, storyboard.LATEST = SECONDS_BETWEEN_SHOTS
    leases.OVERDUE_SLEEP_SECONDS = SECONDS_UNTIL_A_TURN
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        (
            dispatcher.TICK_SECONDS,
            leases.OVERDUE_SLEEP_SECONDS,
            temporary.SECONDS_BETWEEN,
        ) = before
        storyboard.SOONEST, storyboard.LATEST = looks


def play(seed: int, possible: frozenset[Kind] = DRAWN) -> Outcome:
    """The same seed, the same day; `possible` are the kinds of trouble that it may draw."""
    days: list[Day] = []

    async def played() -> Counter[str]:
        days.append(Day(seed, possible))
        return await days[0].play()

    broken, states = None, Counter[str]()
    with _at_leisure():
        loop = SimulatedLoop(seed)
        asyncio.set_event_loop(loop)
        try:
            states = loop.run_until_complete(loop.create_task(played()))
        except (BrokenRuleError, EndlessError) as error:
            broken = str(error)
        except Exception as error:  # noqa: BLE001 - what no one foresaw is a finding like any other
            broken = f"unforeseen: {error!r}"
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


def play_briefly(seed: int, possible: frozenset[Kind] = DRAWN) -> Outcome:
    """Without the trace, which is long, and the same when it is played again."""
    outcome = play(seed, possible)
    outcome.trace.clear()
    return outcome
