"""What is stuck is named, and what only takes its time is not."""

import logging
from datetime import timedelta

import pytest

from bot.errors import DeliveryUnavailableError
from bot.jobs.watchdog import (
    OVERDUE_AFTER,
    OWED_AFTER,
    WAITING_AFTER,
    Watchdog,
)
from tests.fakes.weather import Script


@pytest.fixture
def watching(world):
    return Watchdog(world.store, world.store, world.clock)


@pytest.fixture
def named(caplog):
    caplog.set_level(logging.ERROR)
    return lambda: {record.msg: record.job_id for record in caplog.records}


async def test_a_job_that_no_one_steps_is_named(world, watching, named):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    due_at = (await world.store.get(job.id)).next_action_at

    world.clock.advance((due_at + OVERDUE_AFTER - world.clock.now()).total_seconds())
    assert await watching.run_once() == 0
    world.clock.advance(1)

    assert await watching.run_once() == 1
    assert named() == {"job_stuck": job.id}


async def test_a_queue_may_be_long_but_not_forever(world, watching, named):
    world.provider.submits_at = world.clock.now() + timedelta(days=1)
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()

    world.clock.advance(WAITING_AFTER.total_seconds())
    assert await watching.run_once() == 0
    world.clock.advance(1)

    assert await watching.run_once() == 1
    assert named() == {"job_stuck": job.id}


async def test_a_message_that_no_one_posts_is_named(world, watching, named):
    process = world.start()
    job = await process.accept(key="one")

    world.clock.advance((OVERDUE_AFTER + timedelta(seconds=1)).total_seconds())

    assert await watching.run_once() == 1
    assert named() == {"message_stuck": job.id}


async def test_a_message_that_is_on_time_is_not_called_stuck(world, watching, named):
    process = world.start()
    await process.accept(key="one")
    world.clock.advance(30)

    assert await watching.run_once() == 0
    assert named() == {}


async def test_a_message_that_is_tried_again_and_again_in_vain_is_named(world, watching, named):
    process = world.start(weather=Script(post=[DeliveryUnavailableError()] * 1000))
    job = await process.accept(key="one")

    while world.clock.now() - job.accepted_at <= OWED_AFTER:
        assert await watching.run_once() == 0
        await process.dispatcher.run_once()
        world.clock.advance(60)

    assert await watching.run_once() == 1
    assert named() == {"message_stuck": job.id}


async def test_where_all_goes_well_nothing_is_said(world, watching, named):
    process = world.start()
    await process.accept(key="one")
    await world.live(process)
    world.clock.advance(86_400)

    assert await watching.run_once() == 0
    assert named() == {}
