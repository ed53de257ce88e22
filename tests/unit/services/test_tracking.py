"""Every job comes to its end, in fair turns, whoever fails or waits meanwhile."""

import asyncio
from dataclasses import replace

from bot.domain.jobs import FailureKind, JobState
from bot.errors import ProviderUnavailableError
from bot.ids import IdempotencyKey
from bot.services.recovering import release_orphans
from bot.services.tracking import MOST_AT_PROVIDER
from tests.fakes.weather import Script


async def accept_many(process, many, *, user_id=None):
    return [
        await process.accept(key=f"{user_id}:{number}", user_id=user_id or 100 + number)
        for number in range(many)
    ]


async def states_of(world, jobs):
    return [(await world.store.get(job.id)).state for job in jobs]


async def test_a_service_never_has_more_of_our_films_in_hand_than_agreed(world):
    counted = []

    async def count(event):
        if event == "submit":
            counted.append(sum((await world.store.count_running(world.provider.name)).values()))

    process = world.start(weather=count)
    jobs = await accept_many(process, 2 * MOST_AT_PROVIDER + 3)
    await world.live(process)

    assert max(counted) == MOST_AT_PROVIDER
    assert await states_of(world, jobs) == [JobState.SUCCEEDED] * len(jobs)
    assert sorted(world.provider.paid_tags) == sorted(f"{job.id}-1" for job in jobs)


async def test_several_processes_together_have_no_more_in_hand_than_one_may(world):
    counted = []

    async def count(event):
        if event == "submit":
            counted.append(sum((await world.store.count_running(world.provider.name)).values()))

    several = [world.start(owner=name, weather=count) for name in ("one", "two", "three")]
    await accept_many(several[0], 3 * MOST_AT_PROVIDER)
    await asyncio.gather(*(process.tracker.run_once() for process in several))

    assert max(counted) == MOST_AT_PROVIDER


async def test_who_asks_once_does_not_wait_for_who_asked_often(world):
    process = world.start()
    await accept_many(process, 2 * MOST_AT_PROVIDER, user_id=1)
    world.clock.advance(1)
    once = await process.accept(key="once", user_id=2)

    await process.turn()

    assert f"{once.id}-1" in world.provider.paid_tags


async def test_a_service_that_answers_slowly_holds_up_nobody_else(world):
    answers = asyncio.Event()
    asked = []

    async def slow_for_the_first(event):
        if event == "submit":
            asked.append(event)
            if len(asked) == 1:
                await answers.wait()

    process = world.start(weather=slow_for_the_first)
    first = await process.accept(key="first")
    await process.tracker.tick()
    second = await process.accept(key="second", user_id=31)
    while await states_of(world, [second]) != [JobState.SUCCEEDED]:
        await process.tracker.tick()
        world.clock.advance(1)

    assert await states_of(world, [first]) == [JobState.SUBMITTING]
    answers.set()
    await world.live(process)
    assert await states_of(world, [first]) == [JobState.SUCCEEDED]
    assert len(world.provider.paid_tags) == 2


async def test_a_failure_in_a_step_does_not_end_the_tracker(world, caplog):
    process = world.start(weather=Script(look=[KeyError("a bug")]))
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
    process = world.start(weather=Script(look=[KeyError("a bug") for _ in range(500)]))
    job = await process.accept(key="one")
    await world.live(process)

    ended = await world.store.get(job.id)
    assert ended.failure.kind is FailureKind.INTERRUPTED
    assert world.cards_of(job)[0].state is JobState.FAILED


async def test_two_programs_on_one_database_pay_once(world):
    one, two = world.start(owner="one"), world.start(owner="two")
    jobs = await accept_many(one, 6)

    for _ in range(3):
        await asyncio.gather(one.tracker.run_once(), two.tracker.run_once())
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
    await process.tracker.tick()
    await sent.wait()
    async with asyncio.TaskGroup() as group:
        stopping = group.create_task(process.tracker.stop(grace_seconds=0.01))
        await asyncio.wait([stopping], timeout=0.1)  # far longer than the grace of other steps
        answers.set()

    assert await states_of(world, [job]) == [JobState.IN_PROGRESS]
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
        group.create_task(process.tracker.tick())
        await committing.wait()
        stopping = group.create_task(process.tracker.stop())
        await asyncio.sleep(0)  # noqa: TID251 - no time passes, the other task gets its turn
        go_on.set()
        await stopping

    assert await states_of(world, [job]) == [JobState.IN_PROGRESS]
    assert (await world.store.find_submission(job.id)).handle == "run-1"


async def test_a_wish_wakes_a_tracker_that_sleeps(world):
    paid = asyncio.Event()

    async def notice(event):
        if event == "submit answered":
            paid.set()

    process = world.start(weather=notice)
    async with asyncio.TaskGroup() as group:
        group.create_task(process.tracker.run())
        await process.accept(key="one")
        await paid.wait()
        await process.tracker.stop()

    job = await world.store.find_by_key(IdempotencyKey("one"))
    assert job.state is JobState.IN_PROGRESS


async def test_waiting_jobs_of_a_service_that_is_no_longer_set_up_are_ended(world):
    process = world.start(weather=Script(submit=[None, ProviderUnavailableError()]))
    jobs = await accept_many(process, 2)
    await process.turn()
    means = replace(process.tracker._means, providers={})

    await release_orphans(means)

    assert sorted(await states_of(world, jobs)) == [JobState.FAILED, JobState.IN_PROGRESS]
    kinds = {job.failure.kind for job in [await world.store.get(j.id) for j in jobs] if job.failure}
    assert kinds == {FailureKind.OPERATOR}
