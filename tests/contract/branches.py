"""A server's money as processes move it, for the tests of its promises."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg

from bot.catalog.request import Origin
from bot.guilds.audit import Actor
from bot.ids import GuildId, UserId
from bot.jobs.job import Artifact, Failure, JobState
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.money.changes import SetPolicy
from bot.money.limits import Allowance, LimitKind, LimitReachedError, Rules
from bot.money.windows import Window
from bot.storage.guilds import SqlGuildStore, SqlNoticeStore
from bot.storage.money import Money
from bot.storage.money_store import SqlImprovementStore, SqlMoneyStore
from bot.storage.stores import SqlJobStore
from tests.factories import NOW, make_delivery, make_job, make_submission

CENT = 10_000
PLACE = Origin(make_job().guild_id, make_job().channel_id, make_job().user_id)
ADMIN = UserId(1)
NOTHING = Rules(rates=(), allowance=Allowance(0, Window.DAY))
DAILY = Rules(rates=(), allowance=Allowance(100 * CENT, Window.DAY))  # a dollar

FRIEND = replace(PLACE, user_id=UserId(31))
ELSEWHERE = replace(PLACE, guild_id=GuildId(11))
PLACES = [FRIEND, ELSEWHERE, PLACE]  # another member, another server, and the one that is meant


def is_made(answer):
    """Whether a request was accepted; else it is the limit that refused it."""
    return not isinstance(answer, LimitKind)


def by(key, at=NOW, actor=ADMIN):
    """Who makes a change, once for each key."""
    return Actor(PLACE.guild_id, actor, key, at)


def admin_of(place, key, at=NOW):
    """Who makes a change in this server, once for each member and key."""
    return replace(by(f"{place.guild_id}-{place.user_id}-{key}", at), guild_id=place.guild_id)


async def allow_gifts(branch, place, **more):
    """An allowance of a dollar a day, and gifts."""
    before = await branch.money_store.policy(place.guild_id)
    policy = replace(before, rules=DAILY, gift_micros_most=90 * CENT, **more)
    await branch.money_store.apply(admin_of(place, f"policy-{before.version}"), SetPolicy(policy))


class Branch:
    """One process on the database, with connections of its own."""

    def __init__(self, engine):
        money = Money(engine)
        self.engine = engine
        self.jobs = SqlJobStore(engine, money)
        self.money_store = SqlMoneyStore(engine, money)
        self.improvements = SqlImprovementStore(engine, money)
        self.guilds = SqlGuildStore(engine)
        self.notices = SqlNoticeStore(engine)

    async def request(self, place=PLACE, cost_micros=10 * CENT, **fields):
        """The job, or the limit that refused it."""
        job = make_job(cost_micros=cost_micros, user_id=place.user_id, channel_id=place.channel_id)
        job = replace(job, **fields)
        try:
            await self.jobs.accept(job, [make_delivery(job)], place)
        except LimitReachedError as error:
            return error.refusals[0].kind
        return job

    async def end(self, job, state=JobState.SUCCEEDED, kind=None, *, submitted=True, **charges):
        """The job ended so at the service, or before it got there."""
        ended = replace(
            job,
            state=state,
            failure=Failure(kind, "why") if kind else None,
            artifact=Artifact(job.id, 1000) if state is JobState.SUCCEEDED else None,
            submitted_at=job.accepted_at if submitted else None,
            state_changed_at=charges.pop("at", job.accepted_at),
        )
        state = SubmissionState.SUCCEEDED
        submission = make_submission(job, state=state, **charges) if submitted else None
        return await self.jobs.save([Change(ended, submission)])

    async def cancel(self, job):
        """Before it got to the service."""
        return await self.end(job, JobState.CANCELLED, submitted=False)

    async def decide(self, **policy):
        """The server's rules, as its admin set them just now."""
        before = await self.money_store.policy(PLACE.guild_id)
        after = replace(before, **policy)
        await self.money_store.apply(by(f"policy-{before.version}"), SetPolicy(after))

    async def pool_used(self, at=NOW):
        budget = await self.money_store.budget(PLACE, at)
        return budget.pool.used_micros

    async def own_left(self, place=PLACE, at=NOW):
        budget = await self.money_store.budget(place, at)
        return budget.own_left_micros

    async def rows(self, query, *values):
        """What SQL of the test's own says."""
        async with self.engine.reading() as tx:
            if hasattr(tx.connection, "execute_fetchall"):
                return list(await tx.connection.execute_fetchall(query, values))
            return list(await tx.connection.fetch(query, *values))

    async def balances(self):
        """By account; those with nothing in them are left out."""
        found = await self.rows("SELECT id, balance_micros FROM accounts WHERE balance_micros <> 0")
        return {row["id"]: row["balance_micros"] for row in found}


async def at_once(*awaitables):
    """Their answers, or their errors."""
    return await asyncio.gather(*awaitables, return_exceptions=True)


async def tamper(address: str, *statements: str) -> None:
    """Change the books as no one can who goes through the schema's triggers."""
    if address.startswith("sqlite"):
        _tamper_with_file(address.removeprefix("sqlite:///"), statements)
        return
    connection = await asyncpg.connect(address)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


def _tamper_with_file(path: str, statements: Sequence[str]) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        found: Any = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in found.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
