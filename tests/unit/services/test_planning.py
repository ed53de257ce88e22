"""When to look next is learnt from films of the same kind, and from what a look costs now."""

from datetime import timedelta

import pytest

from bot.domain.learning import learn
from bot.domain.polling import LONGEST_KNOWN_GAP_SECONDS
from bot.services.planning import LEARNT_FOR, next_look, next_look_together, takes_of
from tests.factories import NOW, PROVIDER, make_job, make_request
from tests.fakes.weather import calm


@pytest.fixture
def means(world):
    return world.start(weather=calm).means


async def seen(world, seconds, times=60, **request):
    for number in range(times):
        at = NOW - timedelta(seconds=number)
        await world.store.observe_duration(PROVIDER, make_request(**request), seconds, at)


def begun(seconds_ago, **fields):
    return make_job(submitted_at=NOW - timedelta(seconds=seconds_ago), **fields)


async def test_without_a_history_a_film_takes_what_its_model_is_said_to_take(means):
    assert await takes_of(make_job(expected_seconds=90), means) == learn([], 90.0)


async def test_films_of_the_same_kind_teach_and_others_do_not(world, means):
    await seen(world, 20.0)
    await seen(world, 500.0, resolution="480p")

    assert await takes_of(make_job(), means) == learn([20.0] * 60, 60.0)


async def test_until_its_kind_is_known_films_of_the_same_model_say_more_than_its_own_word(
    world, means
):
    await seen(world, 300.0, times=4, resolution="480p")
    await seen(world, 20.0, times=4, model_id="other")

    guess = await takes_of(make_job(expected_seconds=60), means)
    assert guess == learn([], 60.0, [300.0] * 4)
    assert guess.quantile(0.5) > 150


async def test_a_film_that_still_waits_at_its_service_is_as_young_as_one_handed_over_now(world):
    await seen(world, 100.0)
    world.provider.look_price = 5.0
    means = world.start().means
    fresh, waits = begun(0), begun(500, last_queued_at=NOW)

    assert await next_look(waits, means) == await next_look(fresh, means)
    assert await next_look(waits, means) > await next_look(begun(90), means)


async def test_a_film_that_cannot_be_ready_is_not_looked_at_soon_where_looks_are_dear(world):
    await seen(world, 600.0)
    world.provider.look_price = 5.0
    means = world.start().means

    gap = await next_look(begun(1), means) - NOW
    assert timedelta(seconds=100) < gap <= timedelta(seconds=LONGEST_KNOWN_GAP_SECONDS)


async def test_a_film_that_should_be_ready_is_looked_at_soon(world, means):
    await seen(world, 60.0)

    at = await next_look(begun(60), means)

    assert NOW + timedelta(seconds=1) <= at <= NOW + timedelta(seconds=6)


async def test_the_dearer_a_look_the_later_it_comes(world):
    gaps = []
    for price in (0.5, 5.0, 50.0):
        world.provider.look_price = price
        gaps.append(await next_look(begun(50), world.start().means) - NOW)

    assert gaps == sorted(gaps)
    assert gaps[0] < gaps[-1]


async def test_a_film_that_was_handed_over_just_now_counts_from_now(means):
    assert await next_look(make_job(), means) == await next_look(begun(0), means)


async def test_one_look_at_many_films_comes_sooner_than_at_one_of_them(world):
    world.provider.look_price = 10.0
    means = world.start().means
    alone = await next_look_together([begun(60)], means)
    many = await next_look_together([begun(60) for _ in range(10)], means)

    assert NOW < many < alone


async def test_one_film_alone_is_looked_at_as_if_it_were_looked_at_together(means):
    assert await next_look_together([begun(40)], means) == await next_look(begun(40), means)


async def test_where_no_film_is_left_there_is_nothing_to_wait_for(means):
    assert await next_look_together([], means) == NOW


async def test_a_clock_that_was_put_back_does_no_harm(means):
    assert await next_look_together([begun(-100)], means) > NOW


async def test_what_the_service_says_of_its_progress_moves_the_next_look(world):
    await seen(world, 60.0)
    await seen(world, 240.0)
    world.provider.look_price = 5.0
    means = world.start().means
    nearly, hardly = [await next_look(begun(50, progress_percent=p), means) for p in (90, 20)]

    assert nearly < hardly


async def test_what_a_burst_of_films_teaches_is_learnt_a_moment_later(world, means):
    await seen(world, 100.0)
    before = await takes_of(begun(0), means)
    await seen(world, 300.0)

    assert await takes_of(begun(0), means) is before
    world.clock.advance(LEARNT_FOR.total_seconds())
    assert (await takes_of(begun(0), means)).quantile(0.9) > before.quantile(0.9)
