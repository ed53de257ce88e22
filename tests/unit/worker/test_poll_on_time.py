"""Videos are looked at when they are due, however much waits beside them.

All of it on virtual time, so that an instant is exact.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.jobs.job import JobState, advance, start_rendering
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.worker.leases import MAX_AT_PROVIDER
from tests.crash.virtual_time import LoopClock, VirtualTimeLoop
from tests.factories import NOW, make_submission
from tests.fakes.world import World

DUE_AFTER_SECONDS = [0.2 + 0.3 * number for number in range(MAX_AT_PROVIDER)]


async def watch(due_after_seconds):
    """When videos that are due then were looked at, in seconds, while another waits in the queue."""
    looks, world = [], World(clock=LoopClock())

    async def note(event):
        if event == "poll":
            looks.append((world.clock.now() - NOW).total_seconds())

    process = world.start(weather=note)
    for number, seconds in enumerate(due_after_seconds):
        job = await process.accept(key=str(number))
        begun = start_rendering(advance(job, JobState.SUBMITTING, NOW), NOW)
        due = replace(begun, next_action_at=NOW + timedelta(seconds=seconds))
        submission = make_submission(job, state=SubmissionState.ACCEPTED, handle=f"run-{number}")
        await world.store.save([Change(due, submission)])
    await process.accept(key="waits")
    async with asyncio.TaskGroup() as group:
        group.create_task(process.worker.run())
        while len(looks) < len(due_after_seconds):
            await world.clock.sleep(0.1)
        await process.worker.stop()
    return looks[: len(due_after_seconds)]


def test_a_video_that_waits_for_its_turn_delays_no_look_at_another():
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        looks = runner.run(watch(DUE_AFTER_SECONDS))

    late = [at - due for at, due in zip(looks, DUE_AFTER_SECONDS, strict=True)]
    assert max(late) < 0.05


def test_after_a_long_pause_all_that_is_due_is_looked_at_at_once():
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        looks = runner.run(watch([0.0] * 500))

    assert max(looks) < 0.5
