"""When to look next is learnt from videos of the same kind, and from what a look costs now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.polling.estimator import learn
from bot.polling.schedule import LONGEST_KNOWN_GAP_SECONDS
from bot.worker.poll_plan import (
    LEARNT_FOR,
    next_batch_poll,
    next_poll,
    render_times_of,
)
from bot.worker.step import MAX_KINDS
from tests.distributions import quantile
from tests.factories import NOW, PROVIDER, make_job, make_request
from tests.fakes.weather import calm


@pytest.fixture
def context(world):
    return world.start(weather=calm).context


async def seen(world, seconds, times=60, **request):
    for number in range(times):
        at = NOW - timedelta(seconds=number)
        await world.store.observe_render_time(PROVIDER, make_request(**request), seconds, at)


def begun(seconds_ago, **fields):
    return make_job(submitted_at=NOW - timedelta(seconds=seconds_ago), **fields)


async def test_without_a_history_a_video_takes_what_its_model_is_said_to_take(context):
    assert await render_times_of(make_job(expected_seconds=90), context) == learn([], 90.0)


async def test_videos_of_the_same_kind_teach_and_others_do_not(world, context):
    await seen(world, 20.0)
    await seen(world, 500.0, resolution="480p")

    assert await render_times_of(make_job(), context) == learn([20.0] * 60, 60.0)


async def test_until_its_kind_is_known_videos_of_the_same_model_say_more_than_its_own_word(
    world, context
):
    await seen(world, 300.0, times=4, resolution="480p")
    await seen(world, 20.0, times=4, model_id="other")

    guess = await render_times_of(make_job(expected_seconds=60), context)
    assert guess == learn([], 60.0, [300.0] * 4)
    assert quantile(guess, 0.5) > 150


async def test_a_video_that_still_waits_at_its_service_is_as_young_as_one_handed_over_now(world):
    await seen(world, 100.0)
    world.provider.poll_price = 5.0
    context = world.start().context
    fresh, waits = begun(0), begun(500, last_queued_at=NOW)

    assert await next_poll(waits, context) == await next_poll(fresh, context)
    assert await next_poll(waits, context) > await next_poll(begun(90), context)


async def test_a_video_that_cannot_be_ready_is_not_looked_at_soon_where_looks_are_expensive(world):
    await seen(world, 600.0)
    world.provider.poll_price = 5.0
    context = world.start().context

    gap = await next_poll(begun(1), context) - NOW
    assert timedelta(seconds=100) < gap <= timedelta(seconds=LONGEST_KNOWN_GAP_SECONDS)


async def test_a_video_that_should_be_ready_is_looked_at_soon(world, context):
    await seen(world, 60.0)

    at = await next_poll(begun(60), context)

    assert NOW + timedelta(seconds=1) <= at <= NOW + timedelta(seconds=6)


async def test_the_more_expensive_a_poll_the_later_it_comes(world):
    gaps = []
    for price in (0.5, 5.0, 50.0):
        world.provider.poll_price = price
        gaps.append(await next_poll(begun(50), world.start().context) - NOW)

    assert gaps == sorted(gaps)
    assert gaps[0] < gaps[-1]


async def test_a_video_that_was_handed_over_just_now_counts_from_now(context):
    assert await next_poll(make_job(), context) == await next_poll(begun(0), context)


async def test_one_look_at_many_videos_comes_sooner_than_at_one_of_them(world):
    world.provider.poll_price = 10.0
    context = world.start().context
    alone = await next_batch_poll([begun(60)], context)
    many = await next_batch_poll([begun(60) for _ in range(10)], context)

    assert NOW < many < alone


async def test_one_video_alone_is_looked_at_as_if_it_were_looked_at_together(context):
    assert await next_batch_poll([begun(40)], context) == await next_poll(begun(40), context)


async def test_where_no_video_is_left_there_is_nothing_to_wait_for(context):
    assert await next_batch_poll([], context) == NOW


async def test_a_clock_that_was_put_back_does_no_harm(context):
    assert await next_batch_poll([begun(-100)], context) > NOW


async def test_what_the_service_says_of_its_progress_moves_the_next_look(world):
    await seen(world, 60.0)
    await seen(world, 240.0)
    world.provider.poll_price = 5.0
    context = world.start().context
    nearly, hardly = [await next_poll(begun(50, progress_percent=p), context) for p in (90, 20)]

    assert nearly < hardly


async def test_what_a_burst_of_videos_teaches_is_learnt_a_moment_later(world, context):
    await seen(world, 100.0)
    before = await render_times_of(begun(0), context)
    await seen(world, 300.0)

    assert await render_times_of(begun(0), context) is before
    world.clock.advance(LEARNT_FOR.total_seconds())
    assert quantile(await render_times_of(begun(0), context), 0.9) > quantile(before, 0.9)


async def test_what_was_learnt_is_bounded_and_shared_by_jobs_of_one_kind(world, context):
    for number in range(3 * MAX_KINDS):
        job = replace(begun(0), expected_seconds=60 + number)
        render_times = await render_times_of(job, context)
        other = replace(job, request=replace(job.request, duration_seconds=number + 1))
        await render_times_of(other, context)

        assert render_times is await render_times_of(replace(job, expected_seconds=7), context)
        assert len(context.learnt) <= MAX_KINDS
        world.clock.advance(LEARNT_FOR.total_seconds())

    assert len(context.learnt) == MAX_KINDS
