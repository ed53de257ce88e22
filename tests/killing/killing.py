"""The killing: bots are started, killed at random instants, and started again, then all is judged."""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random

from bot.tasks import TaskOwner
from tests.killing.judging import Verdict, judge
from tests.killing.processes import STOPS_WITHIN_SECONDS, Bot, call_bot
from tests.killing.town import Town
from tests.postgres import Server

_log = logging.getLogger(__name__)

UNFINISHED = {"lost", "left over"}  # these end with time: a message, and a deletion, are owed
AT_ONCE = 14  # videos rendering that the crowd aims at
TURNED_SECONDS = 1860.0  # between two rounds, so that lookups, leases and nonces run out
ROUND = 10  # kills between two turns of the clocks
KILLED_WHILE_STARTING = 0.15
STARTING_SECONDS = 1.1  # on a machine that does little else
SLOWEST = 12.0  # so many times as long, all waits of a run are stretched at most
ALIVE_SECONDS = (0.0, 1.1)  # from its connection to its end
LIVES_LONGER = 0.2  # of the kills: else no one's Extend, which reads a video, is ever accepted
ALIVE_LONGER_SECONDS = (4.0, 8.0)
ASKED_AT_FIRST = ("sequel", "sequel", "sequel", "storyboard", "storyboard")  # of such a life
DATABASE_STOPPED = 0.2  # of the kills, where there is a server to stop
STARTED_WITHOUT_DATABASE = 0.4
AWAY_SECONDS = (0.1, 1.5)
PATIENCE_SECONDS = 420.0  # until everything has come to its end, no one being killed
PEACE_SECONDS = 25.0  # then all are down once more, for an hour
FEWEST_PEACES = 6  # however slow the machine is: Discord takes few edits of old cards in an hour
PEACE_TURNED_SECONDS = 3700.0
KILLED = -9
SUSPENDED = 0.35  # of the kills: some bot is suspended for a while before
SUSPENDED_SECONDS = (0.1, 1.5)
PAST_ALL_LEASES = 0.5  # of the suspensions: everyone's clock is turned in the meantime
PAST_LEASES_SECONDS = (130.0, 400.0)
KILLED_ASLEEP = 0.3
WRONG_CLOCK = 0.25  # of the kills: a bot's clock is wrong for a moment before
WRONG_BY_SECONDS = (3600.0, -3600.0, 400 * 86_400.0)
WRONG_FOR_SECONDS = (0.1, 1.0)


@dataclass(slots=True)
class Outcome:
    """One run: what was done, what came of it, and what is wrong."""

    seed: int
    verdict: Verdict = field(default_factory=Verdict)
    kills: int = 0
    suspensions: int = 0
    wrong_clocks: int = 0
    stops: int = 0  # of the database's server
    seconds: float = 0.0  # until the last kill
    settling_seconds: float = 0.0  # from then on
    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))  # seconds
    audit: str = ""
    errors: Counter[str] = field(default_factory=Counter)  # what the bots logged as such


@dataclass
class Killing:
    """One town, and as many bots as share its database."""

    town: Town
    seed: int
    processes: int = 1
    server: Server | None = None  # of the database, to be stopped now and then
    tasks: TaskOwner = field(default_factory=TaskOwner)
    hears: asyncio.Event = field(default_factory=asyncio.Event)  # some bot is connected
    bots: list[Bot] = field(default_factory=list)
    started: int = 0
    slowness: float = 1.0  # of the machine, by the latest start of a bot

    def __post_init__(self) -> None:
        self.random = Random(f"killing {self.seed}")  # noqa: S311 - a replay
        self.outcome = Outcome(self.seed)

    async def run(self, kills: int) -> Outcome:
        """So many kills, then peace until everything has come to its end, and the judgement."""
        begun = time.monotonic()
        try:
            async with self._life():
                while self.outcome.kills < kills:
                    await self.kill_for_a_round(min(ROUND, kills - self.outcome.kills))
                    with self._spending("until the clocks are turned"):
                        await self._turn()
                    self._tell(f"{self.outcome.kills} of {kills} killed", begun)
            self.outcome.seconds = time.monotonic() - begun
            await self._settle()
        finally:
            for bot in self.bots:  # none, unless the run itself has failed
                await bot.kill()
        return self.outcome

    def _tell(self, what: str, since: float) -> None:
        """How far it is, for anyone who waits."""
        _log.info("town %d: %s after %.0f s", self.seed, what, time.monotonic() - since)

    async def kill_for_a_round(self, kills: int) -> None:
        for _ in range(self.processes - len(self.bots)):
            await self._start()
        for _ in range(kills):
            bot = self.random.choice(self.bots)
            with self._spending("until it is connected, and alive"):
                await self._live(bot)
            with self._spending("with a wrong clock"):
                await self._set_wrong()
            with self._spending("suspended"):
                await self._suspend()
            with self._spending("until it is killed"):
                await self._kill(next((one for one in self.bots if one.is_suspended), bot))
            with self._spending("until the next is started"):
                async with self._database_away():
                    await self._start()

    @contextmanager
    def _spending(self, what: str) -> Iterator[None]:
        """Note for how long: a run that is slow waits for something."""
        begun = time.monotonic()
        yield
        self.outcome.spent[what] += time.monotonic() - begun

    async def _live(self, bot: Bot) -> None:
        """Until the instant at which it dies."""
        if self.random.random() < KILLED_WHILE_STARTING:
            await self.town.clock.sleep(self.random.uniform(0, STARTING_SECONDS) * self.slowness)
            return
        await bot.connected()
        if not bot.has_ended:
            self.hears.set()
            self._stretch(bot.starting_seconds)
        seconds = ALIVE_SECONDS
        if self.random.random() < LIVES_LONGER:
            seconds = ALIVE_LONGER_SECONDS
            for kind in ASKED_AT_FIRST:
                self.town.crowd.request(kind)
        await self.town.clock.sleep(self.random.uniform(*seconds) * self.slowness)

    def _stretch(self, starting_seconds: float) -> None:
        """On a busy machine anyone who lives for a second has done nothing, and proves nothing."""
        self.slowness = min(max(starting_seconds / STARTING_SECONDS, 1.0), SLOWEST)
        self.town.crowd.slowness = self.town.trouble.slowness = self.slowness

    async def _set_wrong(self) -> None:
        """One bot's clock alone, for a moment."""
        if self.random.random() > WRONG_CLOCK:
            return
        bot = self.random.choice(self.bots)
        self.outcome.wrong_clocks += 1
        bot.turn(self.town.ahead_seconds + self.random.choice(WRONG_BY_SECONDS))
        await self.town.clock.sleep(self.random.uniform(*WRONG_FOR_SECONDS))
        bot.turn(self.town.ahead_seconds)

    async def _suspend(self) -> None:
        """One bot, while the others go on; now and then past every lease, and to its end."""
        if self.random.random() > SUSPENDED:
            return
        bot = self.random.choice(self.bots)
        self.outcome.suspensions += 1
        bot.suspend()
        await self.town.clock.sleep(self.random.uniform(*SUSPENDED_SECONDS))
        if self.random.random() < PAST_ALL_LEASES:
            await self.town.turn_clocks(self.random.uniform(*PAST_LEASES_SECONDS))
            for one in self.bots:
                one.turn(self.town.ahead_seconds)
            await self.town.clock.sleep(self.random.uniform(*SUSPENDED_SECONDS))
        if self.random.random() > KILLED_ASLEEP:  # else it is killed as it is, by and by
            bot.resume()
            await self.town.clock.sleep(self.random.uniform(*SUSPENDED_SECONDS))

    @asynccontextmanager
    async def _database_away(self) -> AsyncIterator[None]:
        """Now and then its server is stopped as if the power had gone, a while for all bots."""
        if self.server is None or self.random.random() > DATABASE_STOPPED:
            yield
            return
        await asyncio.to_thread(self.server.stop)
        self.outcome.stops += 1
        await self.town.clock.sleep(self.random.uniform(*AWAY_SECONDS))
        if self.random.random() < STARTED_WITHOUT_DATABASE:
            yield
            await self.town.clock.sleep(self.random.uniform(*AWAY_SECONDS))
            await asyncio.to_thread(self.server.start)
        else:
            await asyncio.to_thread(self.server.start)
            yield

    async def _start(self) -> None:
        log = self.town.folder / "bot.log"
        self.started += 1
        clock = self.town.folder / f"clock-{self.started}"
        bot = await Bot.start(
            self.tasks, self.town.environment, log, self.town.ahead_seconds, clock
        )
        self.bots.append(bot)

    async def _kill(self, bot: Bot) -> None:
        self.bots.remove(bot)
        if not any(other.ready.is_set() for other in self.bots):
            self.hears.clear()
        code = await bot.kill()
        self.outcome.kills += 1
        self.outcome.errors += bot.errors
        for error in bot.unforeseen:
            self.outcome.verdict.find("unforeseen", f"someone pressed something and met {error}")
        if code != KILLED:
            self.outcome.verdict.find("ended", f"a bot ended by itself, with {code}")

    async def _turn(self) -> None:
        """All are down for half an hour."""
        for bot in list(self.bots):
            await self._kill(bot)
            self.outcome.kills -= 1  # of a bot that may just have begun: not counted
        await self.town.turn_clocks(TURNED_SECONDS)

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        """The crowd requests and things go wrong, for as long as the block runs."""
        crowd, others = self.town.crowd, TaskOwner()
        _ = others.start(crowd.request_again_and_again(AT_ONCE, self.hears), name="crowd")
        _ = others.start(self.town.trouble.make(), name="trouble")
        try:
            yield
        finally:
            await others.close(grace_seconds=0)

    async def _settle(self) -> None:
        """No one requests, nothing goes wrong; what is open comes to its end, and is judged."""
        begun = time.monotonic()
        await self.town.trouble.end()
        await self.town.crowd.close()
        verdict = await self._judge_until_all_has_ended(begun)
        await self.tasks.close()
        code, self.outcome.audit = await call_bot(self.town.environment, "audit")
        if code != 0:
            verdict.find("unbalanced", self.outcome.audit)
        for kind, found in self.outcome.verdict.wrong.items():
            verdict.wrong.setdefault(kind, []).extend(found)
        self.outcome.verdict = verdict
        self.outcome.settling_seconds = time.monotonic() - begun

    async def _judge_until_all_has_ended(self, begun: float) -> Verdict:
        """Day after day of peace: Discord takes only a few edits of old cards in an hour."""
        while True:
            verdict = await self._live_in_peace()
            self._tell(f"{verdict.count('lost')} still open", begun)
            waited = time.monotonic() - begun
            patience = max(PATIENCE_SECONDS, FEWEST_PEACES * PEACE_SECONDS * self.slowness)
            if not UNFINISHED & set(verdict.wrong) or waited > patience:
                return verdict
            await self.town.turn_clocks(PEACE_TURNED_SECONDS)

    async def _live_in_peace(self) -> Verdict:
        """Until all has ended, or for a while; then everyone is stopped politely."""
        for _ in range(self.processes):
            await self._start()
        await asyncio.gather(*(bot.connected() for bot in self.bots))
        self._stretch(max(bot.starting_seconds for bot in self.bots))
        begun = time.monotonic()
        verdict = Verdict(wrong={"lost": ["not yet judged"]})
        peace = PEACE_SECONDS * self.slowness  # else no join would ever come to its end
        while UNFINISHED & set(verdict.wrong) and time.monotonic() - begun < peace:
            await self.town.clock.sleep(1.0)
            books, states = await self.town.books(), await self.town.states()
            verdict = judge(self.town.crowd.requests, books, states)
        for bot in self.bots:
            code = await bot.stop(STOPS_WITHIN_SECONDS * self.slowness)
            self.outcome.errors += bot.errors
            if code != 0:
                self.outcome.verdict.find("ended", f"after SIGTERM a bot ended with {code}")
        self.bots.clear()
        return verdict
