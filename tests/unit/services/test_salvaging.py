"""What was paid for is taken when it turns up, though its job has long ended."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.domain.jobs import TIME_TO_RENDER, FailureKind, JobState
from bot.domain.submissions import ProviderState, ProviderStatus
from bot.errors import (
    ArtifactUnavailableError,
    DatabaseBusyError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    SubmissionUncertainError,
)
from bot.ids import UserId
from bot.services.salvaging import SALVAGED_FOR, Salvaging
from bot.services.tracking import LEASE_SECONDS
from tests.factories import NOW, PROVIDER
from tests.fakes.weather import Script, mortal

MINUTE = timedelta(minutes=1)


@pytest.fixture
def process(world):
    return world.start()


def salvaging_of(world, process, providers=None):
    known = {PROVIDER: world.provider} if providers is None else providers
    return Salvaging(world.store, world.films, known, world.clock, process.delivering.wake)


@pytest.fixture
def salvaging(world, process):
    return salvaging_of(world, process)


async def lost(world, *, cancelled=False, deliver=True):
    """A film that the service took and that nobody could find again."""
    world.provider.can_recover = False
    process = world.start(weather=Script(submit__answered=[SubmissionUncertainError()]))
    job = await process.accept(key="lost")
    await process.tracker.run_once()
    if cancelled:
        await process.cancelling.cancel(job.id, UserId(30), is_moderator=False)
    while not deliver and not (await world.store.get(job.id)).is_terminal:
        await process.tracker.run_once()
        world.clock.advance(10)
    if deliver:
        await world.live(process)
    world.provider.can_recover = True
    return await world.store.get(job.id)


async def called_off(world, process):
    job = await process.accept(key="called off")
    await process.turn()
    await process.cancelling.cancel(job.id, UserId(30), is_moderator=False)
    await world.live(process)
    return await world.store.get(job.id)


async def let_pass(world, salvaging, passed, *, step=MINUTE):
    for _ in range(int(passed / step)):
        await salvaging.run_once()
        world.clock.advance(step.total_seconds())


async def test_a_lost_film_is_posted_when_it_turns_up_and_costs_its_member_nothing(
    world, process, salvaging
):
    job = await lost(world)
    assert job.failure.kind is FailureKind.UNCERTAIN

    await let_pass(world, salvaging, 5 * MINUTE)
    await world.live(process)

    [film] = world.films_of(job)
    [card] = world.cards_of(job)
    assert card.film_url is not None
    assert await world.store.get(job.id) == job
    assert len(world.provider.paid_tags) == 1
    assert film.size_bytes == world.provider.film_bytes


async def test_a_film_is_taken_once_by_however_many_programs(world, process, salvaging):
    job = await lost(world)
    other = salvaging_of(world, process)
    world.clock.advance(300)

    await asyncio.gather(salvaging.run_once(), other.run_once())
    await world.live(process)
    await let_pass(world, other, 5 * MINUTE)
    await world.live(process)

    assert len(world.films_of(job)) == 1


async def test_a_film_is_owed_though_the_database_was_in_trouble_at_first(world, process):
    trouble = mortal(world.store, Script(owe=[DatabaseBusyError()]))
    salvaging = Salvaging(
        trouble, world.films, {PROVIDER: world.provider}, world.clock, process.delivering.wake
    )
    job = await lost(world)

    await let_pass(world, salvaging, 10 * MINUTE)
    await world.live(process)

    assert len(world.films_of(job)) == 1


async def test_while_looks_are_dear_nobody_asks_for_what_nobody_waits_for(world):
    world.provider.look_price = 5.0
    process = world.start()
    await called_off(world, process)

    await let_pass(world, salvaging_of(world, process), 60 * MINUTE)
    assert world.provider.looks == []

    world.provider.look_price = 0.2
    await let_pass(world, salvaging_of(world, process), 5 * MINUTE)
    assert len(world.provider.looks) == 1


async def test_a_service_that_is_asked_too_often_says_when_to_come_back(world):
    limited = ProviderRateLimitedError(retry_at=NOW + timedelta(hours=1))
    process = world.start(weather=Script(look=[limited]))
    job = await called_off(world, process)

    await let_pass(world, salvaging_of(world, process, process.means.providers), 70 * MINUTE)

    assert world.films.path(job.id) in world.films.disk


@pytest.mark.parametrize("state", [ProviderState.FAILED, ProviderState.CANCELLED])
async def test_what_was_never_made_is_asked_for_once(world, state):
    world.provider.verdicts.append(ProviderStatus(state))
    process = world.start()
    await called_off(world, process)
    before = len(world.provider.looks)

    await let_pass(world, salvaging_of(world, process), 300 * MINUTE)

    assert len(world.provider.looks) == before + 1


async def test_a_clock_that_was_wrong_for_a_moment_delays_nothing(world):
    world.provider.takes_seconds = 600.0
    process = world.start()
    salvaging = salvaging_of(world, process)
    job = await called_off(world, process)
    world.films.at_work.add(job.id)  # so that it cannot be fetched now
    world.clock.advance(20 * 3600)
    await salvaging.run_once()
    world.films.at_work.clear()
    world.clock.advance(-20 * 3600)

    await let_pass(world, salvaging, 20 * MINUTE)

    assert world.films.path(job.id) in world.films.disk


async def test_what_came_in_part_says_so_also_when_it_comes_late(world, process, salvaging):
    world.provider.verdicts.append(
        ProviderStatus(
            ProviderState.SUCCEEDED,
            artifact_addresses=("https://films.example/1",),
            text="Shot 2 is missing.",
        )
    )
    job = await lost(world)

    await let_pass(world, salvaging, 5 * MINUTE)

    known = await world.store.find_submission(job.id)
    assert known.remark == "Shot 2 is missing."
    assert known.artifact_addresses == ("https://films.example/1",)


async def test_a_late_film_waits_for_the_word_that_there_would_be_none(world, process, salvaging):
    job = await lost(world, deliver=False)
    await let_pass(world, salvaging, 5 * MINUTE)
    await world.live(process)

    told = [message.kind for message in world.courier.messages if message.job_id == job.id]
    assert told == [DeliveryKind.CARD, DeliveryKind.FAILURE, DeliveryKind.FILM]


async def test_a_film_that_never_came_in_time_is_posted_when_it_does(world):
    world.provider.takes_seconds = TIME_TO_RENDER.total_seconds() + 3000
    process = world.start()
    salvaging = salvaging_of(world, process)
    job = await process.accept(key="slow")
    await world.live(process)
    job = await world.store.get(job.id)
    assert job.state is JobState.EXPIRED

    await let_pass(world, salvaging, timedelta(hours=3))
    await world.live(process)

    assert len(world.films_of(job)) == 1
    assert await world.store.get(job.id) == job


async def test_a_film_that_was_called_off_is_kept_and_not_posted(world, process, salvaging):
    job = await called_off(world, process)
    assert job.state is JobState.CANCELLED

    await let_pass(world, salvaging, 5 * MINUTE)
    await world.live(process)

    assert world.films.path(job.id) in world.films.disk
    assert world.films_of(job) == []


async def test_a_lost_film_that_its_member_had_called_off_is_not_posted(world, salvaging):
    job = await lost(world, cancelled=True)
    assert job.failure.kind is FailureKind.UNCERTAIN

    await let_pass(world, salvaging, 5 * MINUTE)

    assert world.films.path(job.id) in world.films.disk
    assert await world.store.find_delivery(job.id, DeliveryKind.FILM) is None


async def test_what_is_kept_is_not_asked_for_again(world, process, salvaging):
    job = await called_off(world, process)
    await let_pass(world, salvaging, 5 * MINUTE)
    looks = len(world.provider.looks)
    await world.films.forget(job.id)

    await let_pass(world, salvaging, timedelta(hours=2))

    assert len(world.provider.looks) == looks


async def test_what_does_not_come_is_asked_for_ever_more_rarely_and_given_up_after_a_day(world):
    world.provider.takes_seconds = 10 * SALVAGED_FOR.total_seconds()
    process = world.start()
    salvaging = salvaging_of(world, process)
    await called_off(world, process)
    before = len(world.provider.looks)

    await let_pass(world, salvaging, 2 * SALVAGED_FOR, step=5 * MINUTE)

    assert 5 <= len(world.provider.looks) - before <= 15


async def test_a_fetch_that_fails_is_tried_again(world):
    process = world.start(weather=Script(fetch=[ArtifactUnavailableError(), None]))
    job = await lost(world)
    salvaging = salvaging_of(world, process, process.means.providers)

    await let_pass(world, salvaging, 30 * MINUTE)
    await world.live(process)

    assert len(world.films_of(job)) == 1


async def test_nobody_is_asked_for_a_film_of_a_service_that_is_no_longer_set_up(world, process):
    job = await lost(world)

    await let_pass(world, salvaging_of(world, process, {}), 5 * MINUTE)

    assert world.films_of(job) == []
    assert world.provider.looks == []


async def test_a_late_film_that_is_gone_before_it_is_posted_holds_up_nobody(
    world, process, salvaging
):
    job = await lost(world)
    await let_pass(world, salvaging, 5 * MINUTE)
    await world.films.forget(job.id)

    await world.live(process)

    film = await world.store.find_delivery(job.id, DeliveryKind.FILM)
    assert film.state is DeliveryState.UNDELIVERABLE
    assert world.clock.now() < NOW + timedelta(hours=1)


async def test_a_film_that_its_service_could_not_find_for_a_while_is_taken_when_it_can(world):
    away = world.clock.now() + timedelta(seconds=70), world.clock.now() + timedelta(seconds=170)

    async def forget(event):
        if event == "look" and away[0] <= world.clock.now() < away[1]:
            raise ProviderJobUnknownError

    world.provider.takes_seconds = 180
    process = world.start(weather=forget)
    job = await process.accept(key="one")
    await world.live(process)
    assert (await world.store.get(job.id)).state is JobState.FAILED
    await let_pass(world, salvaging_of(world, process), 10 * MINUTE)
    await world.live(process)

    assert len(world.films_of(job)) == 1
    assert len(world.provider.paid_tags) == 1


async def given_up_by_another(world, at):
    """A process that slept at this event for longer than its lease; another ended its job."""
    world.provider.can_recover = False
    slept, awake = asyncio.Event(), asyncio.Event()

    async def sleep(event):
        if event == at and not slept.is_set():
            slept.set()
            await awake.wait()

    sleeper = world.start(owner="sleeper", weather=sleep)
    job = await sleeper.accept(key="one")
    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper.tracker.run_once())
        await slept.wait()
        world.clock.advance(LEASE_SECONDS + 1)
        other = world.start(owner="other")
        for _ in range(3):
            await other.tracker.run_once()
            world.clock.advance(5)
        awake.set()
    return other, await world.store.get(job.id)


async def test_a_receipt_that_came_after_another_process_gave_up_still_finds_the_film(world):
    other, job = await given_up_by_another(world, "submit answered")
    salvaging = salvaging_of(world, other)
    await let_pass(world, salvaging, 10 * MINUTE)
    await world.live(other)

    assert job.failure.kind is FailureKind.UNCERTAIN
    assert len(world.films_of(job)) == 1
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_what_another_process_gave_up_is_not_sent_after_that(world):
    _, job = await given_up_by_another(world, "save answered")

    assert job.state is JobState.FAILED
    assert world.provider.runs == []
