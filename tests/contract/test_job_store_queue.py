"""What every job store promises of its queue: turns, claims and the leases under which they hold."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ids import JobId, ProviderName, UserId
from bot.jobs.job import JobState, start_rendering
from bot.jobs.queue import (
    InHand,
    positions,
    taking_turns,
)
from bot.jobs.stores import Agenda, Change
from bot.storage.engines.databases import open_database
from bot.storage.stores import SqlJobStore
from tests.contract.databases import on_databases
from tests.contract.job_stores import accept, claim, move, rendering
from tests.factories import (
    NOW,
    PROVIDER,
)
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.queue_order import in_order
from tests.reading import count_running


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


async def test_due_jobs_are_claimed_once_while_their_lease_lasts(store):
    job = await accept(store)
    await move(store, job, JobState.SUBMITTING)

    first = await store.claim_due("one", NOW, 60, 10)
    second = await store.claim_due("two", NOW, 60, 10)
    later = await store.claim_due("two", NOW + timedelta(seconds=60), 60, 10)

    assert [claimed.id for claimed in first] == [job.id]
    assert second == []
    assert [claimed.id for claimed in later] == [job.id]


async def test_a_lease_is_given_up_with_the_write(store):
    job = await accept(store)
    await move(store, job, JobState.SUBMITTING)
    [claimed] = await store.claim_due("one", NOW, 60, 10)
    await store.save([Change(start_rendering(claimed, NOW))])

    assert len(await store.claim_due("two", NOW, 60, 10)) == 1


async def test_no_one_else_steps_a_job_between_its_intent_and_its_request(store):
    job = await accept(store)
    [claimed] = await claim(store, "one", [job.id])
    await move(store, claimed, JobState.SUBMITTING)

    assert await store.claim_due("two", NOW, 60, 10) == []
    assert len(await store.claim_due("one", NOW, 60, 10)) == 1
    assert await store.claim_due("two", NOW + timedelta(seconds=59), 60, 10) == []
    assert len(await store.claim_due("two", NOW + timedelta(seconds=60), 60, 10)) == 1


async def test_what_is_not_due_or_still_waits_is_not_claimed_as_due(store):
    await accept(store)
    job = await accept(store)
    moved = await move(store, job, JobState.SUBMITTING)
    later = replace(start_rendering(moved, NOW), next_action_at=NOW + timedelta(seconds=5))
    await store.save([Change(later)])

    assert await store.claim_due("one", NOW, 60, 10) == []


async def test_what_is_at_hand_already_is_not_claimed_again_and_takes_no_one_s_place(store):
    at_hand = await rendering(store, next_action_at=NOW - timedelta(seconds=9))
    other = await rendering(store)

    claimed = await store.claim_due("one", NOW, 60, 1, besides={at_hand.id: None})

    assert [job.id for job in claimed] == [other.id]


async def test_a_lease_that_is_renewed_holds_longer_and_only_its_holder_can(store):
    job = await rendering(store)
    await store.claim_due("one", NOW, 60, 10)
    half, late = NOW + timedelta(seconds=30), NOW + timedelta(seconds=80)

    await store.renew("two", [job.id], half, 600)
    await store.renew("one", [job.id, JobId("gone")], half, 60)
    assert await store.claim_due("two", late, 60, 10) == []
    assert len(await store.claim_due("two", late + timedelta(seconds=10), 60, 10)) == 1


async def test_what_is_due_later_is_known_beside_what_is_due_and_waits(store):
    assert await store.agenda(NOW) == Agenda()
    soon, later = (NOW + timedelta(seconds=seconds) for seconds in (5, 9))
    await rendering(store, next_action_at=later)
    assert await store.agenda(NOW) == Agenda(is_due=False, next_at=later)

    await accept(store)
    assert await store.agenda(NOW) == Agenda(is_due=True, next_at=later)
    await accept(store, next_action_at=soon)
    assert await store.agenda(NOW) == Agenda(is_due=True, next_at=soon)
    assert await store.agenda(later) == Agenda(is_due=True, next_at=None)


async def test_waiting_jobs_are_claimed_in_the_order_given_and_no_more_than_wanted(store):
    jobs = [await accept(store) for _ in range(3)]
    ids = [job.id for job in reversed(jobs)]

    claimed = await claim(store, "one", ids, most=2)

    assert [job.id for job in claimed] == ids[:2]
    assert [job.id for job in await claim(store, "two", ids, most=3)] == ids[2:]


async def test_what_others_claimed_counts_as_in_hand_until_their_lease_ends(store):
    running = await accept(store)
    await move(store, running, JobState.SUBMITTING)
    ids = [(await accept(store)).id for _ in range(6)]

    assert len(await claim(store, "one", ids[:2], most_in_hand=4)) == 2
    assert len(await claim(store, "two", ids[2:], most_in_hand=4)) == 1
    assert await claim(store, "three", ids, most_in_hand=4) == []
    assert len(await claim(store, "one", ids[:2], most_in_hand=4)) == 2
    later = NOW + timedelta(seconds=60)
    assert len(await claim(store, "three", ids, now=later, most_in_hand=4)) == 3


@on_databases
async def test_simultaneous_claims_never_share_a_job(address, engine):
    stores = [SqlJobStore(engine)]
    jobs = [await accept(stores[0]) for _ in range(30)]
    for job in jobs:
        await move(stores[0], job, JobState.SUBMITTING)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            other = await stack.enter_async_context(open_database(address))
            stores.append(SqlJobStore(other))
        claims = await asyncio.gather(
            *(
                store.claim_due(f"owner-{number}-{turn}", NOW, 60, 4)
                for number, store in enumerate(stores)
                for turn in range(4)
            )
        )

    claimed = [job.id for claim in claims for job in claim]
    assert len(claimed) == len(set(claimed))


@on_databases
async def test_processes_that_claim_at_once_take_no_more_together_than_one_may(address, engine):
    stores = [SqlJobStore(engine)]
    ids = [(await accept(stores[0])).id for _ in range(30)]
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            other = await stack.enter_async_context(open_database(address))
            stores.append(SqlJobStore(other))
        claims = await asyncio.gather(
            *(
                claim(store, f"owner-{number}", ids[number * 10 : number * 10 + 10], most_in_hand=8)
                for number, store in enumerate(stores)
            )
        )

    assert sum(map(len, claims)) == 8


async def test_the_queue_lists_who_waits_and_counts_who_runs(store):
    waiting = await accept(store, user_id=UserId(1))
    running = await accept(store, user_id=UserId(2))
    await move(store, running, JobState.SUBMITTING)

    assert [entry.job_id for entry in await store.list_waiting(PROVIDER)] == [waiting.id]
    assert await store.count_in_hand(PROVIDER) == InHand(others=1)


async def test_of_a_long_queue_those_are_read_whose_turn_is_next(store):
    for number in range(40):
        at = NOW + timedelta(seconds=number)
        await accept(
            store, user_id=UserId(number % 7 % 4), accepted_at=at, has_priority=number > 30
        )
    running = await accept(store, user_id=UserId(1))
    await move(store, running, JobState.SUBMITTING)
    late = await accept(store, user_id=UserId(9), next_action_at=NOW + timedelta(minutes=1))

    counted = await count_running(store, PROVIDER)
    everyone = in_order(await store.list_waiting(PROVIDER), counted)
    due = taking_turns([entry for entry in everyone if entry.job_id != late.id])
    for most in (1, 5, 9, 100):
        read = await store.list_next(PROVIDER, NOW, most)
        assert taking_turns(read)[:most] == due[:most]
        assert len(read) <= 2 * most


@pytest.mark.parametrize("in_hand", [0, 2])
async def test_everybodys_place_in_a_queue_is_the_one_they_will_be_taken_at(store, in_hand):
    for number in range(30):
        at = NOW + timedelta(seconds=number)
        await accept(
            store, user_id=UserId(number % 7 % 4), accepted_at=at, has_priority=number % 5 == 0
        )
    for _ in range(in_hand):
        await move(store, await accept(store, user_id=UserId(1)), JobState.SUBMITTING)

    running, counted = await count_running(store, PROVIDER), await store.count_in_hand(PROVIDER)
    order = [one.job_id for one in in_order(await store.list_waiting(PROVIDER), running, counted)]
    for asked in (order, order[7:9], []):
        line = await store.list_turns(PROVIDER, asked)
        expected = {job_id: order.index(job_id) + 1 for job_id in asked}
        assert positions(line, counted) == expected


async def test_who_waits_no_more_has_no_place(store):
    job = await accept(store)
    await move(store, job, JobState.SUBMITTING)

    assert positions(await store.list_turns(PROVIDER, [job.id])) == {}


async def test_what_a_provider_has_in_hand_is_counted_with_priority_and_without(store):
    for number in range(3):
        job = await accept(store, has_priority=number == 0)
        await move(store, job, JobState.SUBMITTING)
    await accept(store, has_priority=True)

    assert await store.count_in_hand(PROVIDER) == InHand(first=1, others=2)
    assert await store.count_in_hand(ProviderName("other")) == InHand()


async def test_waiting_jobs_of_providers_that_are_not_served_are_listed_oldest_first(store):
    gone, other = ProviderName("gone"), ProviderName("other")
    late = await accept(store, provider=gone, accepted_at=NOW + timedelta(seconds=1))
    early = await accept(store, provider=other)
    served = await accept(store)
    not_due = await accept(store, provider=gone, next_action_at=NOW + timedelta(seconds=9))
    begun = await accept(store, provider=gone)
    await move(store, begun, JobState.SUBMITTING)

    listed = await store.list_unserved([PROVIDER], NOW + timedelta(seconds=1), 10)
    of_none = await store.list_unserved([], NOW + timedelta(seconds=9), 10)

    assert [job.id for job in listed] == [early.id, late.id]
    assert {job.id for job in of_none} == {early.id, late.id, served.id, not_due.id}
    assert [job.id for job in await store.list_unserved([PROVIDER], NOW, 1)] == [early.id]
