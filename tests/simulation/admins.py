"""Admins who change rules and money while videos are rendering, and members who give."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from bot.catalog.request import Origin
from bot.errors import UserFacingError
from bot.guilds.audit import Actor
from bot.ids import JobId, UserId
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    PolicyChange,
    RefundJob,
    SetPolicy,
    SetRules,
)
from bot.money.ledger import Gift
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.windows import Window
from tests.simulation.people import (
    CHANNELS,
    DOLLAR,
    GUILD,
    MEMBERS,
    ROLE,
    NobodyError,
    People,
    suppressed,
)
from tests.simulation.processes import Program
from tests.simulation.watch import Watch
from tests.simulation.weather import WorldClock

ADMIN = UserId(1)


@dataclass
class Admins:
    """All of them."""

    random: Random
    clock: WorldClock
    watch: Watch
    people: People
    tell: Callable[[str], None]
    edits: int = 0

    async def act(self, until_seconds: float) -> None:
        """Changes something now and then, and ends with rules under which videos can be made."""
        loop = asyncio.get_running_loop()
        while loop.time() < until_seconds:
            await self.clock.sleep(self.random.expovariate(1 / 80))
            with suppressed(NobodyError, UserFacingError):
                await self.people.someone(self._change)

    async def _change(self, program: Program) -> None:
        self.edits += 1
        if self.random.random() < 0.15:
            await program.money_store.give(self._gift())
            return
        edit = await self._edit(program)
        by = Actor(GUILD, ADMIN, f"edit-{self.edits}", self.clock.now())
        await program.money_store.apply(by, edit)
        self.tell(f"admin: {edit}")

    def _gift(self) -> Gift:
        giver, other = self.random.sample(range(30, 30 + MEMBERS), 2)
        place = Origin(GUILD, CHANNELS[0], UserId(giver))
        micros = self.random.randint(1, DOLLAR)
        return Gift(place, UserId(other), micros, self.clock.now(), f"gift-{self.edits}")

    async def _edit(self, program: Program) -> PolicyChange:
        user = UserId(30 + self.random.randrange(MEMBERS))
        channel = self.random.choice(CHANNELS)
        match self.random.randrange(7):
            case 0:
                return MakeGrant(user, self.random.choice([DOLLAR, -DOLLAR // 4]), "why not")
            case 1:
                return OpenEvent(channel, 2, DOLLAR // 2, self._ends_at())
            case 2:
                return CloseEvent(channel)
            case 3:
                return RefundJob(JobId(self._some_job()), "it was given back")
            case 4:
                return SetRules(self._subject(user), self._own_rules())
            case _:
                policy = await program.money_store.policy(GUILD)
                return SetPolicy(self._policy(policy))

    def _ends_at(self) -> Any:
        soon = timedelta(seconds=self.random.uniform(30, 600))
        return self.random.choice([None, self.clock.now() + soon])

    def _some_job(self) -> str:
        found = [str(row["id"]) for row in self.watch.engine.ask("SELECT id FROM jobs ORDER BY id")]
        return self.random.choice(found) if found else "nothing"

    def _subject(self, user: UserId) -> Subject:
        if self.random.random() < 0.5:
            return Subject(SubjectKind.ROLE, ROLE)
        return Subject(SubjectKind.MEMBER, user)

    def _own_rules(self) -> Rules:
        if self.random.random() < 0.2:
            return Rules()
        return Rules(
            exempt=self.random.choice([None, None, True, False]),
            open_jobs_most=self.random.choice([None, 1, 4]),
            allowance=self.random.choice([None, Allowance(DOLLAR, Window.DAY)]),
        )

    def _policy(self, before: Policy) -> Policy:
        return replace(
            before,
            rules=self.rules(),
            pool_micros=self.random.choice([None, 2 * DOLLAR, 20 * DOLLAR, 100 * DOLLAR]),
            gift_micros_most=self.random.choice([None, 2 * DOLLAR]),
            is_paused=self.random.random() < 0.1,
        )

    def rules(self) -> Rules:
        """A server's; the periods stay, for what no rule counts is not counted back."""
        return Rules(
            rates=(
                RateLimit(self.random.choice([2, 10, 10, 10]), 60),
                RateLimit(self.random.choice([3, 20, 20]), 86_400),
            ),
            open_jobs_most=self.random.choice([1, 2, 4, 10]),
            allowance=self.random.choice(
                [None, Allowance(DOLLAR, Window.DAY), Allowance(5 * DOLLAR, Window.DAY)]
            ),
            video_micros_most=self.random.choice([None, None, DOLLAR // 2, 2 * DOLLAR]),
        )
