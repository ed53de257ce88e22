"""Every job comes to its end, in fair turns, no matter who fails or waits in the meantime."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import ProviderUnavailableError
from bot.ids import IdempotencyKey, ProviderName, UserId
from bot.jobs.job import (
    TIME_TO_RENDER,
    TIME_TO_SUBMIT,
    FailureKind,
    JobState,
)
from bot.jobs.messages import DeliveryKind
from bot.jobs.stores import Change
from bot.worker.leases import MAX_AT_PROVIDER
from bot.worker.unfinished import report_missing_providers
from tests.factories import NOW, make_job
from tests.fakes.weather import Script
from tests.reading import count_running, find_by_key


async def accept_many(process, many, *, user_id=None):
    return [
        await process.accept(key=f"{user_id}:{number}", user_id=user_id or 100 + number)
        for number in range(many)
    ]


async def states_of(world, jobs):
    return [(await world.store.get(job.id)).state for job in jobs]


async def test_a_service_never_has_more_of_our_videos_in_hand_than_agreed(world):
    counted = []

    async def count(event):
        if event == "submit":
            counted.append(sum((await count_running(world.store, world.provider.name)).values()))

    process = world.start(weather=count)
    jobs = await accept_many(process, 2 * MAX_AT_PROVIDER + 3)
    await world.live(process)

    assert max(counted) == MAX_AT_PROVIDER
    assert await states_of(world, jobs) == [JobState.SUCCEEDED] * len(jobs)
    assert sorted(world.provider.paid_tags) == sorted(f"{job.id}-1" for job in jobs)


async def test_several_processes_together_have_no_more_in_hand_than_one_may(world):
    counted = []

    async def count(event):
        if event == "submit":
            counted.append(sum((await count_running(world.store, world.provider.name)).values()))

    several = [world.start(owner=name, weather=count) for name in ("one", "two", "three")]
    await accept_many(several[0], 3 * MAX_AT_PROVIDER)
    await asyncio.gather(*(process.worker.run_once() for process in several))

    assert max(counted) == MAX_AT_PROVIDER


async def test_who_asks_once_does_not_wait_for_who_asked_often(world):
    process = world.start()
    await accept_many(process, 2 * MAX_AT_PROVIDER, user_id=1)
    world.clock.advance(1)
    once = await process.accept(key="once", user_id=2)

    await process.turn()

    assert f"{once.id}-1" in world.provider.paid_tags


async def test_a_service_that_answers_slowly_holds_up_no_one_else(world):
    answers = asyncio.Event()
    asked = []

    async def slow_for_the_first(event):
        if event == "submit":
            asked.append(event)
            if len(asked) == 1:
                await answers.wait()

    process = world.start(weather=slow_for_the_first)
    first = await process.accept(key="first")
    await process.worker.tick()
    second = await process.accept(key="second", user_id=31)
    while await states_of(world, [second]) != [JobState.SUCCEEDED]:
        await process.worker.tick()
        world.clock.advance(1)

    assert await states_of(world, [first]) == [JobState.SUBMITTING]
    answers.set()
    await world.live(process)
    assert await states_of(world, [first]) == [JobState.SUCCEEDED]
    assert len(world.provider.paid_tags) == 2


async def test_a_failure_in_a_step_does_not_end_the_tracker(world, caplog):
    process = world.start(weather=Script(poll=[KeyError("a bug")]))
    jobs = await accept_many(process, 3)

    await world.live(process)

    assert await states_of(world, jobs) == [JobState.SUCCEEDED] * 3
    assert len(world.provider.paid_tags) == 3
    assert "step_failed" in caplog.messages


async def test_a_failure_of_ours_before_sending_is_not_answered_by_sending_again(world):
    process = world.start(weather=Script(submit=[KeyError("a bug")]))
    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).failure.kind is FailureKind.UNCERTAIN
    assert world.provider.paid_tags == []


async def test_a_failure_of_ours_after_sending_loses_nothing(world):
    process = world.start(weather=Script(submit__answered=[KeyError("a bug")]))
    job = await process.accept(key="one")
    await world.live(process)

    assert await states_of(world, [job]) == [JobState.SUCCEEDED]
    assert len(world.provider.paid_tags) == 1


async def test_a_job_that_always_fails_in_our_hands_is_said_to_have_failed(world):
    process = world.start(weather=Script(poll=[KeyError("a bug") for _ in range(500)]))
    job = await process.accept(key="one")
    await world.live(process)

    ended = await world.store.get(job.id)
    assert ended.failure.kind is FailureKind.INTERRUPTED
    assert world.cards_of(job)[0].state is JobState.FAILED


async def test_two_programs_on_one_database_pay_once(world):
    one, two = world.start(owner="one"), world.start(owner="two")
    jobs = await accept_many(one, 6)

    for _ in range(3):
        await asyncio.gather(one.worker.run_once(), two.worker.run_once())
    await world.live(one)

    assert len(world.provider.paid_tags) == 6
    assert await states_of(world, jobs) == [JobState.SUCCEEDED] * 6


async def test_stopping_waits_for_the_answer_and_writes_it_down(world):
    answers, sent = asyncio.Event(), asyncio.Event()

    async def slow(event):
        if event == "submit answered":
            sent.set()
            await answers.wait()

    process = world.start(weather=slow)
    job = await process.accept(key="one")
    await process.worker.tick()
    await sent.wait()
    async with asyncio.TaskGroup() as group:
        stopping = group.create_task(process.worker.stop(grace_seconds=0.01))
        await asyncio.wait([stopping], timeout=0.1)  # far longer than the grace of other steps
        answers.set()

    assert await states_of(world, [job]) == [JobState.RENDERING]
    assert (await world.store.find_submission(job.id)).handle == "run-1"


async def test_stopping_waits_for_a_tick_that_has_promised_to_send(world):
    committing, go_on = asyncio.Event(), asyncio.Event()

    async def slow(event):
        if event == "save":
            committing.set()
            await go_on.wait()

    process = world.start(weather=slow)
    job = await process.accept(key="one")
    async with asyncio.TaskGroup() as group:
        group.create_task(process.worker.tick())
        await committing.wait()
        stopping = group.create_task(process.worker.stop())
        await asyncio.sleep(0)  # noqa: TID251 - no time passes, the other task gets its turn
        go_on.set()
        await stopping

    assert await states_of(world, [job]) == [JobState.RENDERING]
    assert (await world.store.find_submission(job.id)).handle == "run-1"


async def test_a_request_wakes_a_tracker_that_sleeps(world):
    paid = asyncio.Event()

    async def notice(event):
        if event == "submit answered":
            paid.set()

    process = world.start(weather=notice)
    async with asyncio.TaskGroup() as group:
        group.create_task(process.worker.run())
        await process.accept(key="one")
        await paid.wait()
        await process.worker.stop()

    job = await find_by_key(world.store, IdempotencyKey("one"))
    assert job is not None
    assert job.state is JobState.RENDERING


# --- a provider that is no longer set up ---

# The kind: its key was taken out of the settings, or it cannot be set up, while jobs of it wait for
# their turn, are looked up, made or fetched, by two members; with the provider set up again in time,
# never, or its jobs cancelled in the meantime; with another provider beside it, or with none.


async def in_state(world, process, state, keys):
    """Jobs in this state, each another member's."""
    jobs = [await process.accept(key=key, user_id=ord(key)) for key in keys]
    await process.turn()
    for job in jobs:
        at_it = await world.store.get(job.id)
        assert at_it.state is JobState.RENDERING
        deadline_at = None if state is JobState.UNCERTAIN else at_it.deadline_at
        due = {"deadline_at": deadline_at, "next_action_at": world.clock.now()}
        await world.store.save([Change(replace(at_it, state=state, **due))])
    return jobs


def without_provider(process):
    bare = replace(process.worker._context, providers={})
    process.worker._context = process.worker._leases._context = bare
    return process


IN_FLIGHT = [JobState.UNCERTAIN, JobState.RENDERING, JobState.DOWNLOADING]


@pytest.mark.parametrize("state", IN_FLIGHT)
async def test_a_job_whose_provider_is_not_set_up_waits_quietly_and_ends_as_the_operators(
    world, caplog, state
):
    process = world.start()
    jobs = await in_state(world, process, state, "ab")
    await report_missing_providers(without_provider(process).worker._context)
    caplog.set_level(logging.INFO)

    for _ in range(200):
        await process.worker.run_once()
        if not await world.store.list_active():
            break
        world.clock.advance(await world._seconds_to_wait())

    ended = [await world.store.get(job.id) for job in jobs]
    assert [job.failure.kind for job in ended if job.failure] == [FailureKind.OPERATOR] * 2
    assert {job.state_changed_at - NOW >= TIME_TO_RENDER for job in ended} == {True}
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(line.message, vars(line)["jobs"]) for line in lines] == [("provider_not_set_up", 2)]
    assert len(world.provider.paid_tags) == 2


@pytest.mark.parametrize("state", [JobState.UNCERTAIN, JobState.RENDERING])
async def test_a_provider_that_is_set_up_again_brings_what_was_paid_for(world, state):
    process = world.start()
    [job] = await in_state(world, process, state, "a")
    for _ in range(5):
        await without_provider(process).worker.run_once()
        world.clock.advance(60)
    await world.live(world.start())

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.videos_of(job)) == 1
    assert len(world.provider.paid_tags) == 1


@pytest.mark.parametrize("state", [JobState.RENDERING, JobState.DOWNLOADING])
async def test_a_cancelled_job_does_not_wait_for_its_provider(world, state):
    process = world.start()
    [job] = await in_state(world, process, state, "a")
    at_it = await world.store.get(job.id)
    await world.store.save([Change(replace(at_it, cancel_requested=True))])

    await without_provider(process).worker.run_once()

    assert (await world.store.get(job.id)).state is JobState.CANCELLED


async def wait_without_provider(world, process, seconds):
    """With as many ticks as the agenda asks for, one a second at most."""
    until = world.clock.now() + timedelta(seconds=seconds)
    while world.clock.now() < until and await world.store.list_active():
        await process.worker.run_once()
        world.clock.advance(max(await world._seconds_to_wait(), 1.0))


async def test_waiting_jobs_wait_an_hour_for_a_provider_and_end_as_the_operators(world, caplog):
    process = without_provider(world.start())
    jobs = await accept_many(process, 2)
    await report_missing_providers(process.worker._context)
    caplog.set_level(logging.INFO)

    await wait_without_provider(world, process, 2 * TIME_TO_SUBMIT.total_seconds())

    ended = [await world.store.get(job.id) for job in jobs]
    assert [job.failure.kind for job in ended if job.failure] == [FailureKind.OPERATOR] * 2
    waited = {job.state_changed_at - NOW for job in ended}
    assert TIME_TO_SUBMIT <= min(waited) <= max(waited) < TIME_TO_SUBMIT + timedelta(minutes=1)
    told = [await world.store.find_delivery(job.id, DeliveryKind.FAILURE) for job in jobs]
    assert None not in told
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [(line.message, vars(line)["jobs"]) for line in lines] == [
        ("provider_not_set_up", 2),
        ("gave_up_waiting_for_provider", 2),
    ]
    assert not world.provider.paid_tags


async def test_a_waiting_job_is_made_when_its_provider_is_set_up_again(world):
    process = world.start()
    [job] = await accept_many(process, 1)
    await wait_without_provider(world, without_provider(process), 3000)
    process = world.start()
    await world.live(process)

    made = await world.store.get(job.id)
    assert made.state is JobState.SUCCEEDED
    assert made.deadline_at - made.submitted_at == TIME_TO_RENDER


async def test_the_time_in_which_no_process_ran_is_no_waiting_for_a_provider(world):
    process = without_provider(world.start())
    [job] = await accept_many(process, 1)
    await wait_without_provider(world, process, 1800)
    world.clock.advance(5 * 3600)
    await wait_without_provider(world, without_provider(world.start()), 1500)

    assert (await world.store.get(job.id)).state is JobState.QUEUED


async def test_a_job_that_waited_long_for_its_turn_still_waits_for_its_provider(world):
    process = world.start(weather=Script(submit=[ProviderUnavailableError()]))
    [job] = await accept_many(process, 1)
    world.clock.advance(5 * 3600)

    await wait_without_provider(world, without_provider(process), 600)

    assert (await world.store.get(job.id)).state is JobState.QUEUED


async def test_a_deadline_of_a_wrong_clock_keeps_no_job_waiting_for_its_provider(world):
    process = without_provider(world.start())
    [job] = await accept_many(process, 1)
    far = world.clock.now() + timedelta(days=400)
    await world.store.save([Change(replace(job, deadline_at=far))])

    await wait_without_provider(world, process, 2 * TIME_TO_SUBMIT.total_seconds())

    assert (await world.store.get(job.id)).state is JobState.FAILED


async def test_waiting_for_a_provider_keeps_no_other_waiting(world):
    process = world.start()
    [job] = await accept_many(process, 1)
    stranger = make_job(provider=ProviderName("gone"), user_id=UserId(8))
    await world.store.accept(stranger, [])
    for _ in range(200):
        await process.turn()
        world.clock.advance(await world._seconds_to_wait())
        if (await world.store.get(job.id)).is_terminal:
            break

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert (await world.store.get(stranger.id)).state is JobState.QUEUED
