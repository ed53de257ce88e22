"""No limit gives way to a burst: five hundred requests at once, against each limit in turn."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.ids import RoleId, UserId
from bot.money.changes import MakeGrant, OpenEvent, SetRules
from bot.money.limits import (
    Allowance,
    LimitKind,
    RateLimit,
    Rules,
)
from bot.money.policy import Subject, SubjectKind
from bot.money.windows import Window
from tests.contract.branches import CENT, PLACE, by
from tests.contract.databases import on_databases
from tests.factories import NOW, PROVIDER

REQUESTS = 500
FREE = Rules(rates=())

LIMITS: dict[LimitKind, tuple[dict[str, Any], int]] = {
    LimitKind.RATE: ({"rules": Rules(rates=(RateLimit(7, 60),))}, 7),
    LimitKind.OPEN_JOBS: ({"rules": Rules(rates=(), open_jobs_most=4)}, 4),
    LimitKind.ALLOWANCE: ({"rules": Rules(allowance=Allowance(55 * CENT, Window.DAY))}, 5),
    LimitKind.POOL: ({"rules": FREE, "pool_micros": 68 * CENT}, 6),
}


async def burst(branches, *, requests=REQUESTS, **fields):
    """That many requests at once, over all processes; how many came to what."""
    requested = (branches[number % len(branches)].request(**fields) for number in range(requests))
    ends = await asyncio.gather(*requested)
    accepted = [end for end in ends if not isinstance(end, LimitKind)]
    return accepted, Counter(end for end in ends if isinstance(end, LimitKind))


async def ended(branch, jobs):
    """Every reservation is accounted for: released, and the books add up before and after."""
    assert await branch.money_store.audit() == []
    for job in jobs:
        assert not (await branch.cancel(job)).conflicts
    assert await branch.money_store.audit() == []


@on_databases
@pytest.mark.parametrize("limit", LIMITS)
async def test_of_five_hundred_requests_at_once_none_too_many_and_none_too_few(branches, limit):
    policy, allowed = LIMITS[limit]
    await branches[0].decide(**policy)

    accepted, refused = await burst(branches)

    assert len(accepted) == allowed
    assert refused == {limit: REQUESTS - allowed}
    await ended(branches[0], accepted)


@on_databases
async def test_an_event_pays_for_as_many_videos_as_were_promised(branches):
    none = Rules(rates=(), allowance=Allowance(0, Window.DAY))
    await branches[0].decide(rules=none)
    await branches[0].money_store.apply(by("event"), OpenEvent(PLACE.channel_id, 20, 10 * CENT))

    accepted, refused = await burst(branches)

    assert len(accepted) == 20
    assert refused == {LimitKind.ALLOWANCE: REQUESTS - 20}
    await ended(branches[0], accepted)
    again, _ = await burst(branches, requests=30)
    assert len(again) == 20  # what was cancelled is made good


@on_databases
async def test_a_burst_of_many_members_never_empties_the_pool_twice(branches):
    await branches[0].decide(rules=FREE, pool_micros=95 * CENT)

    places = [replace(PLACE, user_id=UserId(number)) for number in range(1, 61)]
    ends = await asyncio.gather(
        *(branches[n % len(branches)].request(place) for n, place in enumerate(places))
    )

    accepted = [end for end in ends if end is not LimitKind.POOL]
    assert len(accepted) == 9
    await ended(branches[0], accepted)


@on_databases
async def test_a_grant_is_used_beside_the_allowance_to_the_last_cent(branches):
    await branches[0].decide(rules=Rules(allowance=Allowance(15 * CENT, Window.DAY)))
    await branches[0].money_store.apply(by("grant"), MakeGrant(PLACE.user_id, 35 * CENT, "a prize"))

    accepted, refused = await burst(branches, requests=60)

    assert len(accepted) == 5
    assert refused == {LimitKind.ALLOWANCE: 55}
    budget = await branches[0].money_store.budget(PLACE, NOW)
    assert budget.own_left_micros == 0
    await ended(branches[0], accepted)
    budget = await branches[0].money_store.budget(PLACE, NOW)
    assert budget.own_left_micros == 50 * CENT


@on_databases
async def test_an_allowance_is_new_in_the_next_window(branches):
    await branches[0].decide(**LIMITS[LimitKind.ALLOWANCE][0])
    await burst(branches, requests=20)

    tomorrow = NOW + timedelta(days=1)
    accepted, _ = await burst(branches, requests=20, accepted_at=tomorrow)

    assert len(accepted) == 5


@on_databases
async def test_a_request_of_a_role_with_priority_is_marked_in_the_queue(branches):
    await branches[0].decide(rules=FREE)
    first = SetRules(Subject(SubjectKind.ROLE, 77), Rules(priority=True))
    await branches[0].money_store.apply(by("priority"), first)
    member = replace(PLACE, user_id=UserId(9), role_ids=frozenset({RoleId(77)}))

    for place in (PLACE, member):
        await branches[0].request(place)

    waiting = await branches[0].jobs.list_waiting(PROVIDER)
    marks = {entry.user_id: entry.has_priority for entry in waiting}
    assert marks == {PLACE.user_id: False, member.user_id: True}
