"""What was paid for is taken when it turns up, though its job has long ended."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.late_results import SEARCHED_FOR, LateResults
from bot.errors import (
    ArtifactUnavailableError,
    DatabaseBusyError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    SubmissionUncertainError,
)
from bot.guilds.settings import Recipes
from bot.ids import JobId, UserId
from bot.jobs.job import TIME_TO_RENDER, FailureKind, JobState
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.providers.contract import ProviderState, ProviderStatus
from bot.worker.leases import LEASE_SECONDS
from tests.factories import NOW, PROVIDER
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.weather import Script, mortal
from tests.fakes.world import World

MINUTE = timedelta(minutes=1)


@pytest.fixture
def process(world):
    return world.start()


def late_results_of(world, process, providers=None):
    known = {PROVIDER: world.provider} if providers is None else providers
    return LateResults(
        world.store,
        world.videos,
        known,
        world.clock,
        process.dispatcher.wake,
        sources=world.sources,
        recipes=Recipes(world.guilds, world.members),
    )


@pytest.fixture
def late_results(world, process):
    return late_results_of(world, process)


async def lost(world, *, cancelled=False, deliver=True):
    """A video that the service took and that no one could find again."""
    world.provider.can_recover = False
    process = world.start(weather=Script(submit__answered=[SubmissionUncertainError()]))
    job = await process.accept(key="lost")
    await process.worker.run_once()
    if cancelled:
        await process.services.cancelling.cancel(
            job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
        )
    while not deliver and not (await world.store.get(job.id)).is_terminal:
        await process.worker.run_once()
        world.clock.advance(10)
    if deliver:
        await world.live(process)
    world.provider.can_recover = True
    return await world.store.get(job.id)


async def cancelled(world, process):
    job = await process.accept(key="cancelled")
    await process.turn()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
    )
    await world.live(process)
    return await world.store.get(job.id)


async def let_pass(world, late_results, passed, *, step=MINUTE):
    for _ in range(int(passed / step)):
        await late_results.run_once()
        world.clock.advance(step.total_seconds())


async def test_a_lost_video_is_posted_when_it_turns_up_and_costs_its_member_nothing(
    world, process, late_results
):
    job = await lost(world)
    assert job.failure.kind is FailureKind.UNCERTAIN

    await let_pass(world, late_results, 5 * MINUTE)
    await world.live(process)

    [video] = world.videos_of(job)
    assert world.messenger.standing(job.id) == [video]
    assert await world.store.get(job.id) == job
    assert len(world.provider.paid_tags) == 1
    assert video.size_bytes == world.provider.video_bytes


@pytest.mark.parametrize(
    "beside",
    [
        ProviderStatus(ProviderState.FAILED, text="No address.", may_come=True),
        ProviderStatus(ProviderState.FAILED, text="An error beside an unknown state."),
    ],
    ids=["no address yet", "an error"],
)
async def test_what_only_seems_to_have_failed_is_asked_for_again(
    world, process, late_results, beside
):
    """The kind: a state that does not say it, with something beside it that may pass."""
    job = await lost(world)
    [run] = world.provider.runs
    run.verdict = ProviderStatus(ProviderState.RUNNING, charged_micros=0, evidence=beside)
    await let_pass(world, late_results, 10 * MINUTE)
    assert (await world.store.find_submission(job.id)).charged_micros is None

    run.verdict = ProviderStatus(
        ProviderState.SUCCEEDED, artifact_addresses=("https://videos.example/1",)
    )
    await let_pass(world, late_results, 60 * MINUTE)
    await world.live(process)

    assert len(world.videos_of(job)) == 1


async def test_a_video_beside_a_state_that_no_one_knows_is_taken_and_no_cost_believed(
    world, process, late_results
):
    job = await lost(world)
    [run] = world.provider.runs
    found = replace(run.verdict, charged_micros=0)
    run.verdict = ProviderStatus(ProviderState.RUNNING, charged_micros=0, evidence=found)

    await let_pass(world, late_results, 10 * MINUTE)
    await world.live(process)

    assert len(world.videos_of(job)) == 1
    assert (await world.store.find_submission(job.id)).charged_micros is None


async def test_a_video_is_taken_once_by_however_many_programs(world, process, late_results):
    job = await lost(world)
    other = late_results_of(world, process)
    world.clock.advance(300)

    await asyncio.gather(late_results.run_once(), other.run_once())
    await world.live(process)
    await let_pass(world, other, 5 * MINUTE)
    await world.live(process)

    assert len(world.videos_of(job)) == 1


async def test_a_video_is_owed_though_the_database_was_in_trouble_at_first(world, process):
    trouble = mortal(world.store, Script(owe=[DatabaseBusyError()]))
    late_results = LateResults(
        trouble,
        world.videos,
        {PROVIDER: world.provider},
        world.clock,
        process.dispatcher.wake,
        sources=world.sources,
        recipes=Recipes(world.guilds, world.members),
    )
    job = await lost(world)

    await let_pass(world, late_results, 10 * MINUTE)
    await world.live(process)

    assert len(world.videos_of(job)) == 1


async def test_while_looks_are_expensive_no_one_asks_for_what_no_one_waits_for(world):
    world.provider.poll_price = 5.0
    process = world.start()
    await cancelled(world, process)

    await let_pass(world, late_results_of(world, process), 60 * MINUTE)
    assert world.provider.looks == []

    world.provider.poll_price = 0.2
    await let_pass(world, late_results_of(world, process), 5 * MINUTE)
    assert len(world.provider.looks) == 1


async def test_a_service_that_is_asked_too_often_says_when_to_come_back(world):
    limited = ProviderRateLimitedError(retry_at=NOW + timedelta(hours=1))
    process = world.start(weather=Script(poll=[limited]))
    job = await cancelled(world, process)

    await let_pass(world, late_results_of(world, process, process.context.providers), 70 * MINUTE)

    assert world.videos.path(job.id) in world.videos.disk


@pytest.mark.parametrize("state", [ProviderState.FAILED, ProviderState.CANCELLED])
async def test_what_was_never_made_is_asked_for_once(world, state):
    world.provider.verdicts.append(ProviderStatus(state))
    process = world.start()
    await cancelled(world, process)
    before = len(world.provider.looks)

    await let_pass(world, late_results_of(world, process), 300 * MINUTE)

    assert len(world.provider.looks) == before + 1


async def test_a_clock_that_was_wrong_for_a_moment_delays_nothing(world):
    world.provider.takes_seconds = 600.0
    process = world.start()
    late_results = late_results_of(world, process)
    job = await cancelled(world, process)
    world.videos.at_work.add(job.id)  # so that it cannot be fetched now
    world.clock.advance(20 * 3600)
    await late_results.run_once()
    world.videos.at_work.clear()
    world.clock.advance(-20 * 3600)

    await let_pass(world, late_results, 20 * MINUTE)

    assert world.videos.path(job.id) in world.videos.disk


async def test_what_came_in_part_says_so_also_when_it_comes_late(world, process, late_results):
    world.provider.verdicts.append(
        ProviderStatus(
            ProviderState.SUCCEEDED,
            artifact_addresses=("https://videos.example/1",),
            text="Shot 2 is missing.",
        )
    )
    job = await lost(world)

    await let_pass(world, late_results, 5 * MINUTE)

    known = await world.store.find_submission(job.id)
    assert known.remark == "Shot 2 is missing."
    assert known.artifact_addresses == ("https://videos.example/1",)


async def test_a_late_video_waits_for_the_word_that_there_would_be_none(
    world, process, late_results
):
    job = await lost(world, deliver=False)
    await let_pass(world, late_results, 5 * MINUTE)
    await world.live(process)

    told = [message.kind for message in world.messenger.messages if message.job_id == job.id]
    assert told == [DeliveryKind.FAILURE, DeliveryKind.VIDEO]


async def test_a_video_that_never_came_in_time_is_posted_when_it_does(world):
    world.provider.takes_seconds = TIME_TO_RENDER.total_seconds() + 3000
    process = world.start()
    late_results = late_results_of(world, process)
    job = await process.accept(key="slow")
    await world.live(process)
    job = await world.store.get(job.id)
    assert job.state is JobState.EXPIRED

    await let_pass(world, late_results, timedelta(hours=3))
    await world.live(process)

    assert len(world.videos_of(job)) == 1
    assert await world.store.get(job.id) == job


async def test_a_video_that_was_cancelled_is_kept_and_not_posted(world, process, late_results):
    job = await cancelled(world, process)
    assert job.state is JobState.CANCELLED

    await let_pass(world, late_results, 5 * MINUTE)
    await world.live(process)

    assert world.videos.path(job.id) in world.videos.disk
    assert world.videos_of(job) == []


async def test_a_lost_video_that_its_member_had_cancelled_is_not_posted(world, late_results):
    job = await lost(world, cancelled=True)
    assert job.failure.kind is FailureKind.UNCERTAIN

    await let_pass(world, late_results, 5 * MINUTE)

    assert world.videos.path(job.id) in world.videos.disk
    assert await world.store.find_delivery(job.id, DeliveryKind.VIDEO) is None


async def test_what_is_kept_is_not_asked_for_again(world, process, late_results):
    job = await cancelled(world, process)
    await let_pass(world, late_results, 5 * MINUTE)
    looks = len(world.provider.looks)
    await world.videos.forget(job.id)

    await let_pass(world, late_results, timedelta(hours=2))

    assert len(world.provider.looks) == looks


async def test_what_does_not_come_is_asked_forever_more_rarely_and_given_up_after_a_day(world):
    world.provider.takes_seconds = 10 * SEARCHED_FOR.total_seconds()
    process = world.start()
    late_results = late_results_of(world, process)
    await cancelled(world, process)
    before = len(world.provider.looks)

    await let_pass(world, late_results, 2 * SEARCHED_FOR, step=5 * MINUTE)

    assert 5 <= len(world.provider.looks) - before <= 15


async def test_a_fetch_that_fails_is_tried_again(world):
    process = world.start(weather=Script(fetch=[ArtifactUnavailableError(), None]))
    job = await lost(world)
    late_results = late_results_of(world, process, process.context.providers)

    await let_pass(world, late_results, 30 * MINUTE)
    await world.live(process)

    assert len(world.videos_of(job)) == 1


async def test_no_one_is_asked_for_a_video_of_a_service_that_is_no_longer_set_up(world, process):
    job = await lost(world)

    await let_pass(world, late_results_of(world, process, {}), 5 * MINUTE)

    assert world.videos_of(job) == []
    assert world.provider.looks == []


async def test_a_late_video_that_is_gone_before_it_is_posted_holds_up_no_one(
    world, process, late_results
):
    job = await lost(world)
    await let_pass(world, late_results, 5 * MINUTE)
    await world.videos.forget(job.id)

    await world.live(process)

    video = await world.store.find_delivery(job.id, DeliveryKind.VIDEO)
    assert video.state is DeliveryState.UNDELIVERABLE
    assert world.clock.now() < NOW + timedelta(hours=1)


async def test_a_video_that_its_service_could_not_find_for_a_while_is_taken_when_it_can(world):
    away = world.clock.now() + timedelta(seconds=70), world.clock.now() + timedelta(seconds=170)

    async def forget(event):
        if event == "poll" and away[0] <= world.clock.now() < away[1]:
            raise ProviderJobUnknownError

    world.provider.takes_seconds = 180
    process = world.start(weather=forget)
    job = await process.accept(key="one")
    await world.live(process)
    assert (await world.store.get(job.id)).state is JobState.FAILED
    await let_pass(world, late_results_of(world, process), 10 * MINUTE)
    await world.live(process)

    assert len(world.videos_of(job)) == 1
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
        group.create_task(sleeper.worker.run_once())
        await slept.wait()
        world.clock.advance(LEASE_SECONDS + 1)
        other = world.start(owner="other")
        for _ in range(3):
            await other.worker.run_once()
            world.clock.advance(5)
        awake.set()
    return other, await world.store.get(job.id)


async def test_a_receipt_that_came_after_another_process_gave_up_still_finds_the_video(world):
    other, job = await given_up_by_another(world, "submit answered")
    late_results = late_results_of(world, other)
    await let_pass(world, late_results, 10 * MINUTE)
    await world.live(other)

    assert job.failure.kind is FailureKind.UNCERTAIN
    assert len(world.videos_of(job)) == 1
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_what_another_process_gave_up_is_not_sent_after_that(world):
    _, job = await given_up_by_another(world, "save answered")

    assert job.state is JobState.FAILED
    assert world.provider.runs == []


class Noting(InMemoryJobStore):
    """Notes what was given back, and whether a video lay on our disk by then."""

    disk: dict[Path, int]
    given_back: list[tuple[JobId, int | None, bool]]

    async def give_back(self, job, submission, now):
        self.given_back.append((job.id, submission.charged_micros, bool(self.disk)))
        await super().give_back(job, submission, now)


async def test_what_the_service_gave_back_is_noted_before_the_video_is_fetched():
    """A crash after the fetch would never ask again: the video lies on our disk then."""
    store = Noting()
    world = World(store=store)
    store.disk, store.given_back = world.provider.disk, []
    process = world.start()
    world.provider.verdicts.append(
        ProviderStatus(
            ProviderState.SUCCEEDED,
            artifact_addresses=("https://videos.example/1",),
            charged_micros=330_000,
        )
    )
    job = await cancelled(world, process)

    await let_pass(world, late_results_of(world, process), 5 * MINUTE)

    assert store.given_back == [(job.id, 330_000, False)]
    assert await store.get(job.id) == job


async def test_a_cancelled_job_that_failed_afterwards_is_given_back_whole(
    world, process, late_results
):
    world.provider.verdicts.append(ProviderStatus(ProviderState.FAILED))
    job = await cancelled(world, process)

    await let_pass(world, late_results, 5 * MINUTE)

    assert (await world.store.find_submission(job.id)).charged_micros == 0
