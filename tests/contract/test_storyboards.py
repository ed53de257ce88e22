"""What every store promises of storyboards whose shots are jobs of their own.

Every query that lists or counts jobs decides about their shots:

- shots are left out: `list_active_jobs_of_member`, `list_ended_jobs_of_member`, `count_open_jobs`
- shots are included: `list_active_jobs`, `list_given_up_jobs`, `list_requests_with_pictures`,
  `list_guilds_waiting_for`, `claim_due_jobs`, `claim_rendering_jobs`, `count_claimed`,
  `count_in_hand`, `list_unserved_jobs`, `list_usage`, the audits and the clamps
- held shots are left out: `list_waiting_jobs`, `list_next_jobs`, `list_turns`, `agenda`,
  `count_open_by_state`
- no shot has a message: `list_posted_cards`, `list_jobs_with_posted_cards`, `list_owed_deliveries`
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.catalog.request import Shot
from bot.errors import DuplicateRequestError, InvalidRequestError, StorageError
from bot.guilds.audit import Actor
from bot.ids import ProviderName
from bot.jobs.job import FailureKind, JobState, advance
from bot.jobs.stores import Change
from bot.jobs.storyboard import MAX_AT_ONCE, as_shot, as_storyboard
from bot.money.changes import OpenEvent, RefundJob
from bot.money.limits import LimitKind, LimitReachedError, RateLimit, Rules
from bot.storage.stores import SqlJobStore
from tests.contract.branches import CENT, DAILY, PLACE, by
from tests.contract.databases import on_databases
from tests.factories import (
    NOW,
    PROVIDER,
    make_delivery,
    make_image,
    make_job,
    make_request,
    new_job_id,
)
from tests.fakes.job_store import InMemoryJobStore

SEVERAL = 3


@pytest.fixture
def store(kind, engine):
    return InMemoryJobStore() if kind == "memory" else SqlJobStore(engine)


def planned(count=SEVERAL, cost_micros=10 * CENT, *, continuous=False, **fields):
    """A storyboard and its shots, as they are accepted."""
    parts = tuple(Shot(f"scene {number}") for number in range(count))
    request = make_request(shots=parts, continuous=continuous)
    job = as_storyboard(make_job(request=request, cost_micros=count * cost_micros, **fields))
    shots = [
        as_shot(
            job,
            number,
            new_job_id(),
            make_request(prompt=f"scene {number}"),
            cost_micros=cost_micros,
            cost_is_estimate=False,
            expected_seconds=60,
        )
        for number in range(1, count + 1)
    ]
    return job, shots


async def accepted(store, count=SEVERAL, **fields):
    job, shots = planned(count, **fields)
    await store.accept(job, [make_delivery(job)], None, shots)
    return job, shots


def remade(made, number, cost_micros=10 * CENT):
    """A storyboard of which one shot is made again, and its shots."""
    parts = tuple(
        Shot(f"scene {at}", reuses=None if at == number else shot.id)
        for at, shot in enumerate(made, start=1)
    )
    job = as_storyboard(make_job(request=make_request(shots=parts), cost_micros=cost_micros))
    shots = [
        as_shot(
            job,
            at,
            new_job_id(),
            make_request(prompt=part.prompt),
            cost_micros=cost_micros if part.reuses is None else 0,
            cost_is_estimate=False,
            expected_seconds=60,
        )
        for at, part in enumerate(parts, start=1)
    ]
    return job, shots


def ids(jobs):
    return [job.id for job in jobs]


async def test_it_is_stored_with_its_shots_in_order(store):
    job, shots = await accepted(store, continuous=True)
    await accepted(store)

    assert await store.get(job.id) == job
    assert await store.list_shots(job.id) == shots
    assert (await store.get(job.id)).is_storyboard
    assert [shot.is_held for shot in shots] == [False, True, True]


async def test_a_repeated_request_stores_no_shot(store):
    job, shots = await accepted(store)
    again, others = planned()
    again = replace(again, idempotency_key=job.idempotency_key)

    with pytest.raises(DuplicateRequestError):
        await store.accept(again, [make_delivery(again)], None, others)

    assert ids(await store.list_active()) == ids(sorted([job, *shots], key=lambda one: one.id))


async def test_its_member_sees_one_job(store):
    job, shots = await accepted(store)
    assert ids(await store.list_active(user_id=job.user_id)) == [job.id]

    ended = [Change(advance(shot, JobState.CANCELLED, NOW)) for shot in shots]
    assert await store.save_together([*ended, Change(advance(job, JobState.CANCELLED, NOW))])

    assert ids(await store.list_ended(job.guild_id, job.user_id, 25)) == [job.id]
    assert not await store.list_active()


async def test_held_shots_are_not_in_the_queue(store):
    _, shots = await accepted(store, MAX_AT_ONCE + 2)
    free = ids(shots[:MAX_AT_ONCE])

    assert ids_of_waiting(await store.list_waiting(PROVIDER)) == set(free)
    assert ids_of_waiting(await store.list_next(PROVIDER, NOW, 100)) == set(free)
    line = await store.list_turns(PROVIDER, ids(shots))
    assert {turn.job_id for turn in line.turns} == set(free)
    assert line.others == MAX_AT_ONCE
    assert (await store.count_open())["queued"].count == MAX_AT_ONCE
    assert (await store.count_in_hand(PROVIDER)).others == 0


def ids_of_waiting(waiting):
    return {entry.job_id for entry in waiting}


async def test_a_held_shot_is_never_due(store):
    job, shots = await accepted(store, 2, continuous=True)
    first = replace(shots[0], next_action_at=NOW + timedelta(minutes=1))
    whole = replace(job, next_action_at=NOW + timedelta(minutes=2))
    await store.save([Change(first), Change(whole)])

    agenda = await store.agenda(NOW)

    assert not agenda.is_due
    assert agenda.next_at == first.next_action_at


async def test_a_held_shot_is_released_once_with_what_it_starts_from(store):
    _, shots = await accepted(store, 2, continuous=True)
    request = replace(shots[1].request, image=make_image(key="frame.png"))
    released = replace(shots[1], request=request)
    later = NOW + timedelta(seconds=5)

    assert await store.release(released, later)
    assert not await store.release(released, later)

    found = await store.get(shots[1].id)
    assert found == replace(released, is_held=False, next_action_at=later, version=2)
    assert "frame.png" in await store.list_picture_keys(NOW)


async def test_what_may_change_of_a_shot_is_written_where_it_moves_and_where_it_stays(store):
    _, shots = await accepted(store, 2, continuous=True)
    stays = replace(shots[1], is_held=False, was_retried=True)
    moves = replace(advance(shots[0], JobState.SUBMITTING, NOW), was_retried=True)

    assert not (await store.save([Change(stays), Change(moves)])).conflicts

    assert await store.get(stays.id) == replace(stays, version=2)
    assert await store.get(moves.id) == replace(moves, version=2)


async def test_a_cancelled_shot_is_not_released(store):
    _, shots = await accepted(store, 2, continuous=True)
    await store.save([Change(advance(shots[1], JobState.CANCELLED, NOW))])

    assert not await store.release(shots[1], NOW)
    assert not await store.release(await store.get(shots[1].id), NOW)


async def test_changes_are_written_together_or_not_at_all(store):
    job, shots = await accepted(store)
    await store.save([Change(advance(shots[2], JobState.SUBMITTING, NOW))])

    changes = [Change(advance(one, JobState.CANCELLED, NOW)) for one in (*shots, job)]
    assert not await store.save_together(changes)

    states = [one.state for one in await store.list_shots(job.id)]
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.SUBMITTING]
    assert (await store.get(job.id)).state is JobState.DOWNLOADING


async def test_a_process_looks_at_the_storyboard_though_its_shots_wait(store):
    job, _ = await accepted(store)

    claimed = await store.claim_due("one", NOW, 60, 10)

    assert ids(claimed) == [job.id]
    assert not await store.claim_due("two", NOW, 60, 10)


async def test_its_shots_wait_for_a_provider_that_is_not_set_up(store):
    _, shots = await accepted(store, 2)

    found = await store.list_unserved([ProviderName("other")], NOW, 10)

    assert set(ids(found)) == set(ids(shots))


@on_databases
@pytest.mark.parametrize(
    "wrong",
    [
        {"storyboard_id": None},
        {"shot_number": 0},
        {"shot_number": None, "is_held": True},
        {"shot_number": None, "was_retried": True},
    ],
)
async def test_the_schema_refuses_a_shot_of_nothing(store, wrong):
    job, shots = planned(2, continuous=True)
    with pytest.raises(StorageError):
        await store.accept(job, [], None, [replace(shots[1], **wrong)])
    assert not await store.list_active()


@on_databases
@pytest.mark.parametrize("wrong", [{"shot_number": None}, {"cost_micros": 1}])
async def test_the_schema_refuses_a_copied_shot_that_costs_something(store, wrong):
    _, shots = await accepted(store)
    again, others = planned(2)
    copied = replace(others[1], reuses=shots[1].id, cost_micros=0)
    with pytest.raises(StorageError):
        await store.accept(again, [], None, [others[0], replace(copied, **wrong)])
    assert ids(await store.list_shots(again.id)) == []


# money


@pytest.fixture
def branch(branches):
    return branches[0]


async def request(branch, count=SEVERAL, **fields):
    job, shots = planned(count, **fields)
    await branch.jobs.accept(job, [make_delivery(job)], PLACE, shots)
    return await branch.jobs.get(job.id), await branch.jobs.list_shots(job.id)


async def refused(branch, count=SEVERAL, **fields):
    with pytest.raises(LimitReachedError) as caught:
        await request(branch, count, **fields)
    return [refusal.kind for refusal in caught.value.refusals]


async def is_balanced(branch):
    assert await branch.money_store.audit() == []
    return True


@on_databases
async def test_each_shot_holds_its_own_price(branch):
    await branch.decide(rules=DAILY, pool_micros=200 * CENT)

    await request(branch)

    assert await branch.own_left() == 70 * CENT
    assert await branch.pool_used() == 30 * CENT
    assert await is_balanced(branch)


@on_databases
async def test_limits_judge_the_whole_price_and_nothing_is_stored_beyond_them(branch):
    await branch.decide(rules=DAILY, pool_micros=200 * CENT)

    assert await refused(branch, 11) == [LimitKind.ALLOWANCE]

    assert not await branch.jobs.list_active()
    assert await branch.own_left() == 100 * CENT
    assert await is_balanced(branch)


@on_databases
async def test_it_counts_as_one_video(branch):
    rates = (RateLimit(2, 60),)
    await branch.decide(rules=Rules(rates=rates, open_jobs_most=1))
    job, shots = await request(branch)
    budget = await branch.money_store.budget(PLACE, NOW)
    assert budget.open_jobs == 1
    assert len(budget.rates[60]) == 1
    assert await refused(branch) == [LimitKind.OPEN_JOBS]

    for one in (*shots, job):
        await branch.cancel(one)
    await request(branch)


@on_databases
async def test_a_failed_shot_gives_back_its_own_money_once(branch):
    await branch.decide(rules=DAILY, pool_micros=200 * CENT)
    job, (first, second, third) = await request(branch)

    await branch.end(first)
    await branch.end(second, JobState.FAILED, FailureKind.PROVIDER)
    assert await branch.own_left() == 80 * CENT
    assert await is_balanced(branch)

    await branch.end(second, JobState.FAILED, FailureKind.PROVIDER)  # a stale version
    await branch.end(third)
    await branch.end(job, submitted=False)
    assert await branch.own_left() == 80 * CENT
    assert await branch.pool_used() == 20 * CENT
    assert await is_balanced(branch)


@on_databases
async def test_a_shot_made_again_holds_its_own_price_and_the_copied_ones_none(branch):
    await branch.decide(rules=DAILY, pool_micros=200 * CENT)
    _, made = await request(branch)
    job, shots = remade(made, 2)

    await branch.jobs.accept(job, [make_delivery(job)], PLACE, shots)

    assert await branch.own_left() == 60 * CENT
    found = await branch.jobs.list_shots(job.id)
    assert [shot.reuses for shot in found] == [made[0].id, None, made[2].id]
    await branch.end(found[0], submitted=False)
    await branch.end(found[1])
    await branch.end(found[2], JobState.CANCELLED, submitted=False)
    await branch.end(job, submitted=False)
    assert await branch.own_left() == 60 * CENT
    assert await branch.pool_used() == 40 * CENT
    assert await is_balanced(branch)


@on_databases
async def test_an_event_pays_for_all_shots_as_one_video(branch):
    await branch.decide(rules=DAILY)
    event = OpenEvent(PLACE.channel_id, videos_most=2, video_micros_most=30 * CENT)
    await branch.money_store.apply(by("event"), event)

    job, shots = await request(branch)
    [opened] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (opened.videos_left, opened.left_micros) == (1, 30 * CENT)
    assert await branch.own_left() == 100 * CENT

    for shot in shots:
        await branch.end(shot, JobState.FAILED, FailureKind.PROVIDER)
    [opened] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (opened.videos_left, opened.left_micros) == (1, 60 * CENT)

    await branch.end(job, JobState.FAILED, FailureKind.PROVIDER, submitted=False)
    [opened] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (opened.videos_left, opened.left_micros) == (2, 60 * CENT)
    assert await is_balanced(branch)


@on_databases
async def test_an_event_whose_money_made_a_shot_has_paid_for_a_video(branch):
    await branch.decide(rules=DAILY)
    event = OpenEvent(PLACE.channel_id, videos_most=2, video_micros_most=30 * CENT)
    await branch.money_store.apply(by("event"), event)
    job, (first, *others) = await request(branch)

    await branch.end(first)
    for shot in others:
        await branch.end(shot, JobState.FAILED, FailureKind.PROVIDER)
    await branch.end(job, submitted=False)

    [opened] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (opened.videos_left, opened.left_micros) == (1, 50 * CENT)
    assert await is_balanced(branch)


@on_databases
async def test_a_storyboard_beyond_an_event_is_paid_by_its_member(branch):
    """Though the event could pay for each of its shots."""
    await branch.decide(rules=DAILY)
    event = OpenEvent(PLACE.channel_id, videos_most=5, video_micros_most=20 * CENT)
    await branch.money_store.apply(by("event"), event)

    await request(branch)

    assert await branch.own_left() == 70 * CENT
    [opened] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (opened.videos_left, opened.left_micros) == (5, 100 * CENT)
    assert isinstance(by("event"), Actor)


@on_databases
async def test_an_admin_refunds_a_storyboard_by_its_number_once(branch):
    """Its shots have numbers, too, which no card shows."""
    await branch.decide(rules=DAILY, pool_micros=200 * CENT)
    job, (first, second, third) = await request(branch)
    await branch.end(first)
    await branch.end(second, JobState.FAILED, FailureKind.PROVIDER)
    await branch.end(third)
    await branch.end(job, submitted=False)
    assert await branch.pool_used() == 20 * CENT

    await branch.money_store.apply(by("back"), RefundJob(job.id, "it was black"))

    assert await branch.own_left() == 100 * CENT
    assert await branch.pool_used() == 0
    for number, one in enumerate((job, first, second, third)):
        with pytest.raises(InvalidRequestError):
            await branch.money_store.apply(by(f"again-{number}"), RefundJob(one.id, "black"))
    assert await branch.pool_used() == 0
    assert await is_balanced(branch)


@on_databases
async def test_a_refunded_storyboard_leaves_an_event_room_for_one_video(branch):
    await branch.decide(rules=DAILY)
    event = OpenEvent(PLACE.channel_id, videos_most=2, video_micros_most=30 * CENT)
    await branch.money_store.apply(by("event"), event)
    job, shots = await request(branch)
    for shot in shots:
        await branch.end(shot)
    await branch.end(job, submitted=False)

    await branch.money_store.apply(by("back"), RefundJob(job.id, "it was black"))

    [opened] = await branch.money_store.events(PLACE.guild_id, NOW)
    assert (opened.videos_left, opened.left_micros) == (2, 60 * CENT)
    assert await is_balanced(branch)
