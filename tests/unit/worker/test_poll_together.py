"""Where one request shows many videos, one request is made for all of them."""

import contextlib
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from bot.errors import (
    ContentRefusedError,
    DuplicateRequestError,
    GenerationFailedError,
    ProviderCredentialsError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from bot.ids import IdempotencyKey
from bot.jobs.job import (
    TIME_TO_RENDER,
    FailureKind,
    Job,
    JobState,
)
from bot.jobs.stores import Change
from bot.jobs.submission import SubmissionState
from bot.money.ledger import Outcome, outcome_of
from bot.providers.contract import ProviderState, ProviderStatus
from bot.worker.poll import poll_batch
from tests.factories import NOW, PROVIDER, make_request
from tests.fakes.weather import Death, KilledError, Script
from tests.fakes.world import World
from tests.reading import find_by_key


@pytest.fixture
def many(world):
    """A service that shows many videos at once."""
    world.provider.polls_in_batches = True
    world.provider.poll_price = 5.0
    return world


async def begin(world, *render_times, weather=None):
    """Videos that take so many seconds each, handed over by a new process."""
    process = world.start() if weather is None else world.start(weather=weather)
    jobs: list[Job] = []
    for seconds in render_times:
        jobs.append(await process.accept(key=str(len(jobs)), user_id=len(jobs) + 1))
        await process.turn()
        world.provider.runs[-1].ready_at = world.clock.now() + timedelta(seconds=seconds)
    return process, jobs


async def poll(world, process, jobs):
    """One look at all of them; answers with each as it then is."""
    results = await poll_batch([await world.store.get(job.id) for job in jobs], process.context)
    return [results[job.id](await world.store.get(job.id)) for job in jobs]


async def test_one_request_shows_all_videos_each_as_it_is(many):
    process, jobs = await begin(many, 10, 1000, 10)
    many.clock.advance(30)
    ready, running, also_ready = await poll(many, process, jobs)

    assert many.provider.looks_at_once == [["run-1", "run-2", "run-3"]]
    assert [change.job.state for change in (ready, running, also_ready)] == [
        JobState.DOWNLOADING,
        JobState.RENDERING,
        JobState.DOWNLOADING,
    ]
    assert ready.submission.artifact_addresses == ("https://videos.example/1",)
    assert also_ready.submission.artifact_addresses == ("https://videos.example/3",)


async def test_all_that_are_not_ready_are_looked_at_again_together(many):
    process, jobs = await begin(many, 1000, 1000, 10)
    many.clock.advance(30)
    first, second, _ = await poll(many, process, jobs)

    assert first.job.next_action_at == second.job.next_action_at > many.clock.now()


async def test_a_video_that_is_cancelled_is_let_go_and_not_asked_for(many):
    process, jobs = await begin(many, 1000, 1000)
    await process.services.cancelling.cancel(
        jobs[0].id, jobs[0].guild_id, jobs[0].user_id, is_moderator=False, though_spent=True
    )
    gone, stays = await poll(many, process, jobs)

    assert many.provider.looks_at_once == [["run-2"]]
    assert (gone.job.state, gone.submission.state) == (
        JobState.CANCELLED,
        SubmissionState.ABANDONED,
    )
    assert stays.job.state is JobState.RENDERING


@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize(
    "found",
    [ProviderStatus(ProviderState.FAILED), GenerationFailedError("x"), ContentRefusedError("x")],
    ids=lambda found: getattr(found, "state", type(found).__name__),
)
async def test_a_cancelled_video_that_had_failed_costs_nothing_in_a_batch_either(
    many, others, found
):
    """The kind: however the service tells it, and whether or not others are polled with it."""
    many.provider.poll_price = 0.2
    process, jobs = await begin(many, 10, *([1000] * others))
    if isinstance(found, ProviderStatus):
        many.provider.runs[0].verdict = found
    else:
        many.provider.unseen["run-1"] = found
    many.clock.advance(30)
    await process.services.cancelling.cancel(
        jobs[0].id, jobs[0].guild_id, jobs[0].user_id, is_moderator=False, though_spent=True
    )
    failed, *rest = await poll(many, process, jobs)

    assert outcome_of(failed.job, failed.submission) == Outcome(0, 0)
    assert failed.job.failure is not None
    assert [change.job.state for change in rest] == [JobState.RENDERING] * others
    assert len(many.provider.looks_at_once) == 1


@pytest.mark.parametrize("price", [0.2, 5.0])
@pytest.mark.parametrize("error", [None, ProviderUnavailableError(), ProviderJobUnknownError()])
async def test_a_cancelled_video_that_renders_is_let_go_whatever_its_batch_says(many, price, error):
    many.provider.poll_price = price
    process, jobs = await begin(many, 1000, 10)
    if error is not None:
        many.provider.unseen["run-1"] = error
    many.clock.advance(30)
    await process.services.cancelling.cancel(
        jobs[0].id, jobs[0].guild_id, jobs[0].user_id, is_moderator=False, though_spent=True
    )
    gone, ready = await poll(many, process, jobs)

    assert (gone.job.state, gone.submission.state) == (
        JobState.CANCELLED,
        SubmissionState.ABANDONED,
    )
    assert ready.job.state is JobState.DOWNLOADING


async def test_where_all_are_cancelled_nothing_is_asked(many):
    process, jobs = await begin(many, 1000)
    await process.services.cancelling.cancel(
        jobs[0].id, jobs[0].guild_id, jobs[0].user_id, is_moderator=False, though_spent=True
    )
    await poll(many, process, jobs)

    assert many.provider.looks_at_once == []


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (ContentRefusedError(friendly="No dragons."), FailureKind.REFUSED, "No dragons."),
        (ContentRefusedError("internal"), FailureKind.REFUSED, "refused this prompt or picture"),
        (GenerationFailedError("internal"), FailureKind.PROVIDER, "couldn't make this video"),
    ],
)
async def test_a_video_that_failed_says_why_and_takes_no_other_with_it(many, error, kind, says):
    process, jobs = await begin(many, 1000, 10)
    many.provider.unseen["run-1"] = error
    many.clock.advance(30)
    failed, ready = await poll(many, process, jobs)

    assert (failed.job.state, failed.job.failure.kind) == (JobState.FAILED, kind)
    assert says in failed.job.failure.text
    assert failed.submission.state is SubmissionState.FAILED
    assert ready.job.state is JobState.DOWNLOADING


@pytest.mark.parametrize(
    "error", [ProviderUnavailableError(), ProviderJobUnknownError(), ProviderCredentialsError()]
)
async def test_a_video_that_cannot_be_seen_now_is_looked_at_later_and_the_others_go_on(many, error):
    process, jobs = await begin(many, 1000, 10)
    many.provider.unseen["run-1"] = error
    many.clock.advance(30)
    unseen, ready = await poll(many, process, jobs)

    assert (unseen.job.state, unseen.job.errors_in_row) == (JobState.RENDERING, 1)
    assert unseen.job.next_action_at > many.clock.now()
    assert ready.job.state is JobState.DOWNLOADING


async def test_a_video_that_stays_unknown_has_failed(many):
    process, jobs = await begin(many, 1000, 100)
    many.provider.unseen["run-1"] = ProviderJobUnknownError()
    await many.live(process)

    unknown, ready = [await many.store.get(job.id) for job in jobs]
    assert unknown.failure.kind is FailureKind.INTERRUPTED
    assert ready.state is JobState.SUCCEEDED


async def test_a_poll_that_fails_says_nothing_about_any_video(many):
    process, jobs = await begin(
        many, 10, 1000, weather=Script(poll__together=[ProviderUnavailableError()])
    )
    many.clock.advance(30)
    changes = await poll(many, process, jobs)

    assert [change.job.state for change in changes] == [JobState.RENDERING] * 2
    assert [change.job.errors_in_row for change in changes] == [1, 1]
    assert [change.submission for change in changes] == [None, None]


async def test_no_one_looks_before_the_instant_that_the_service_named(many):
    retry_at = NOW + timedelta(minutes=20)
    process, jobs = await begin(
        many, 10, weather=Script(poll__together=[ProviderRateLimitedError(retry_at=retry_at)])
    )
    [change] = await poll(many, process, jobs)

    assert change.job.next_action_at == retry_at


async def test_how_long_each_video_took_is_learnt_once_by_the_services_word_or_by_ours(many):
    process, jobs = await begin(many, 10, 10)
    verdict = many.provider.runs[0].verdict
    many.provider.runs[0].verdict = replace(verdict, took_seconds=7.5)
    many.clock.advance(30)
    await poll(many, process, jobs)

    assert sorted(await many.store.list_render_times(PROVIDER, make_request(), 9)) == [7.5, 30.0]


async def test_what_is_missing_from_a_video_and_what_it_cost_are_kept(many):
    process, jobs = await begin(many, 10)
    many.provider.runs[0].verdict = ProviderStatus(
        ProviderState.SUCCEEDED,
        artifact_addresses=("https://videos.example/1",),
        text="Shot 2 is missing.",
        charged_micros=400_000,
    )
    many.clock.advance(30)
    [change] = await poll(many, process, jobs)

    assert (change.submission.remark, change.submission.charged_micros) == (
        "Shot 2 is missing.",
        400_000,
    )


async def test_a_video_that_never_comes_expires_and_the_others_do_not(many):
    process, jobs = await begin(many, 10**6)
    for _ in range(int(TIME_TO_RENDER.total_seconds()) // 60 - 1):
        many.clock.advance(60)
        await process.worker.run_once()
    many.clock.advance(59)
    late = await process.accept(key="late", user_id=9)
    await process.worker.run_once()
    many.clock.advance(1)
    old, young = await poll(many, process, [*jobs, late])

    assert (old.job.state, old.submission.state) == (JobState.EXPIRED, SubmissionState.ABANDONED)
    assert young.job.state is JobState.RENDERING


async def test_an_answer_of_the_wrong_length_loses_no_video(many):
    process, jobs = await begin(many, 100, 100)
    provider: Any = process.context.providers[PROVIDER]
    answer = provider.poll_batch
    cut: list[bool] = []

    async def short(watched):
        found = await answer(watched)
        cut.append(len(cut) < 3)
        return found[:1] if cut[-1] else found

    provider.poll_batch = short
    await many.live(process)

    assert cut[:4] == [True, True, True, False]
    assert {(await many.store.get(job.id)).state for job in jobs} == {JobState.SUCCEEDED}


async def test_while_videos_render_few_requests_show_many_of_them(many):
    process, jobs = await begin(many, *([100] * 6))
    await many.live(process)

    states = {(await many.store.get(job.id)).state for job in jobs}
    assert states == {JobState.SUCCEEDED}
    assert many.provider.looks == []
    assert len(many.provider.looks_at_once) < 30
    assert max(map(len, many.provider.looks_at_once)) == 6


async def test_videos_that_are_not_due_are_seen_with_one_that_is(many):
    process, jobs = await begin(many, 10, 10)
    first, second = [await many.store.get(job.id) for job in jobs]
    due, later = NOW + timedelta(seconds=30), NOW + timedelta(minutes=2)
    await many.store.save(
        [
            Change(replace(first, next_action_at=due)),
            Change(replace(second, next_action_at=later)),
        ]
    )
    many.clock.advance(30)
    await process.worker.run_once()

    assert many.provider.looks_at_once == [["run-1", "run-2"]]
    states = [(await many.store.get(job.id)).state for job in jobs]
    assert states == [JobState.DOWNLOADING] * 2


async def test_videos_of_a_paused_service_are_looked_at_all_the_same(many):
    process, jobs = await begin(many, 100, 100)
    await process.core.breakers.observe(PROVIDER, ProviderCredentialsError())
    await many.live(process)

    assert {(await many.store.get(job.id)).state for job in jobs} == {JobState.SUCCEEDED}


async def test_a_poll_that_is_refused_for_the_key_pauses_nothing_and_loses_nothing(many):
    refused: list[BaseException | None] = [ProviderCredentialsError() for _ in range(5)]
    process, jobs = await begin(many, 100, weather=Script(poll__together=refused))
    await many.live(process)

    assert (await process.core.breakers.get(PROVIDER)).reason is None
    assert (await many.store.get(jobs[0].id)).state is JobState.SUCCEEDED


async def requests(world, process):
    """Two members ask, again if no one answered, and wait."""
    for number in range(2):
        with contextlib.suppress(DuplicateRequestError):
            await process.accept(key=str(number), user_id=number + 1)
    await world.live(process)


async def test_a_program_that_dies_at_any_instant_loses_no_video_that_it_looked_at_with_others():
    died_at = []
    for number in count(1):
        world = World()
        world.provider.polls_in_batches = True
        world.provider.takes_seconds = 2.0
        death = Death(at=number)
        with contextlib.suppress(KilledError):
            await requests(world, world.start(weather=death))
        if not death.has_come:
            break
        died_at.append(death.events[-1])
        await requests(world, world.start())

        for key in "01":
            job = await find_by_key(world.store, IdempotencyKey(key))
            assert job is not None
            paid = world.provider.paid_tags.count(f"{job.id}-1")
            assert len(world.videos_of(job)) == paid == (job.state is JobState.SUCCEEDED), number
        assert len(world.provider.paid_tags) == len(set(world.provider.paid_tags))

    assert {"claim_rendering", "claim_rendering answered", "poll together"} <= set(died_at)
