"""No limit gives way to a burst: five hundred wishes at once, against each limit in turn."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.edits import Actor, MakeGrant, OpenEvent, SetPolicy
from bot.domain.jobs import JobState
from bot.domain.limits import Allowance, RateLimit, Rules
from bot.domain.offers import Place
from bot.domain.windows import Window
from bot.errors import LimitKind, LimitReachedError
from bot.ids import UserId
from bot.ports import Change
from bot.storage.databases import open_database
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from bot.storage.treasury import SqlTreasury
from tests.contract.databases import on_databases
from tests.factories import NOW, make_delivery, make_job

WISHES = 500
PROCESSES = 3
CENT = 10_000
FREE = Rules(rates=())
PLACE = Place(make_job().guild_id, make_job().channel_id, make_job().user_id)

LIMITS: dict[LimitKind, tuple[dict[str, Any], int]] = {
    LimitKind.RATE: ({"rules": Rules(rates=(RateLimit(7, 60),))}, 7),
    LimitKind.OPEN_JOBS: ({"rules": Rules(rates=(), open_jobs_most=4)}, 4),
    LimitKind.ALLOWANCE: ({"rules": Rules(allowance=Allowance(55 * CENT, Window.DAY))}, 5),
    LimitKind.POOL: ({"rules": FREE, "pool_micros": 68 * CENT}, 6),
}


class Branch:
    """One process on the database, with connections of its own."""

    def __init__(self, engine):
        money = Money(engine)
        self.jobs = SqlJobStore(engine, money)
        self.treasury = SqlTreasury(engine, money)

    async def wish(self, place=PLACE, cost_micros=10 * CENT, **fields):
        """The job, or the limit that refused it."""
        job = make_job(cost_micros=cost_micros, user_id=place.user_id, channel_id=place.channel_id)
        job = replace(job, **fields)
        try:
            await self.jobs.accept(job, [make_delivery(job)], place)
        except LimitReachedError as error:
            return error.refusals[0].kind
        return job


@pytest.fixture
async def branches(kind, address):
    """As many processes as the engine is made for."""
    async with contextlib.AsyncExitStack() as stack:
        count = PROCESSES if kind == "postgres" else 1
        engines = [await stack.enter_async_context(open_database(address)) for _ in range(count)]
        yield [Branch(engine) for engine in engines]


async def decided(branch, **policy):
    """The server's rules, as its admin set them just now."""
    before = await branch.treasury.policy(PLACE.guild_id)
    after = replace(before, **policy)
    by = Actor(PLACE.guild_id, UserId(1), f"edit-{before.version}", NOW)
    await branch.treasury.apply(by, SetPolicy(after))


async def burst(branches, *, wishes=WISHES, **fields):
    """That many wishes at once, over all processes; how many came to what."""
    wished = (branches[number % len(branches)].wish(**fields) for number in range(wishes))
    ends = await asyncio.gather(*wished)
    accepted = [end for end in ends if not isinstance(end, LimitKind)]
    return accepted, Counter(end for end in ends if isinstance(end, LimitKind))


async def ended(branch, jobs):
    """Every reservation is accounted for: released, and the books add up before and after."""
    assert await branch.treasury.audit() == []
    for job in jobs:
        cancelled = replace(job, state=JobState.CANCELLED, state_changed_at=NOW)
        assert await branch.jobs.save([Change(cancelled)]) == []
    assert await branch.treasury.audit() == []


@on_databases
@pytest.mark.parametrize("limit", LIMITS)
async def test_of_five_hundred_wishes_at_once_none_too_many_and_none_too_few(branches, limit):
    policy, allowed = LIMITS[limit]
    await decided(branches[0], **policy)

    accepted, refused = await burst(branches)

    assert len(accepted) == allowed
    assert refused == {limit: WISHES - allowed}
    await ended(branches[0], accepted)


@on_databases
async def test_an_event_pays_for_as_many_films_as_were_promised(branches):
    none = Rules(rates=(), allowance=Allowance(0, Window.DAY))
    await decided(branches[0], rules=none)
    by = Actor(PLACE.guild_id, UserId(1), "event", NOW)
    await branches[0].treasury.apply(by, OpenEvent(PLACE.channel_id, 20, 10 * CENT))

    accepted, refused = await burst(branches)

    assert len(accepted) == 20
    assert refused == {LimitKind.ALLOWANCE: WISHES - 20}
    await ended(branches[0], accepted)
    again, _ = await burst(branches, wishes=30)
    assert len(again) == 20  # what was called off is made good


@on_databases
async def test_a_burst_of_many_members_never_empties_the_pool_twice(branches):
    await decided(branches[0], rules=FREE, pool_micros=95 * CENT)

    places = [replace(PLACE, user_id=UserId(number)) for number in range(1, 61)]
    ends = await asyncio.gather(
        *(branches[n % len(branches)].wish(place) for n, place in enumerate(places))
    )

    accepted = [end for end in ends if end is not LimitKind.POOL]
    assert len(accepted) == 9
    await ended(branches[0], accepted)


@on_databases
async def test_a_grant_is_used_beside_the_allowance_to_the_last_cent(branches):
    await decided(branches[0], rules=Rules(allowance=Allowance(15 * CENT, Window.DAY)))
    by = Actor(PLACE.guild_id, UserId(1), "grant", NOW)
    await branches[0].treasury.apply(by, MakeGrant(PLACE.user_id, 35 * CENT, "a prize"))

    accepted, refused = await burst(branches, wishes=60)

    assert len(accepted) == 5
    assert refused == {LimitKind.ALLOWANCE: 55}
    standing = await branches[0].treasury.standing(PLACE, NOW)
    assert standing.own_left_micros == 0
    await ended(branches[0], accepted)
    standing = await branches[0].treasury.standing(PLACE, NOW)
    assert standing.own_left_micros == 50 * CENT


@on_databases
async def test_an_allowance_is_new_in_the_next_window(branches):
    await decided(branches[0], **LIMITS[LimitKind.ALLOWANCE][0])
    await burst(branches, wishes=20)

    tomorrow = NOW + timedelta(days=1)
    accepted, _ = await burst(branches, wishes=20, accepted_at=tomorrow)

    assert len(accepted) == 5
