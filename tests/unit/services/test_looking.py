"""A film that was paid for is looked at until it is known how it ended."""

from datetime import timedelta

import pytest

from bot.domain.jobs import TIME_TO_LOOK, TIME_TO_RENDER, FailureKind, JobState
from bot.domain.ledger import Outcome, outcome_of
from bot.domain.submissions import ProviderState, ProviderStatus, SubmissionState
from bot.errors import ProviderJobUnknownError, ProviderRateLimitedError, ProviderUnavailableError
from tests.factories import NOW, PROVIDER, make_request
from tests.fakes.weather import Script


async def played(world, **troubles):
    process = world.start(weather=Script(**troubles))
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_film_is_there_soon_after_it_is_ready(world):
    job = await played(world)

    waited = job.state_changed_at - world.provider.runs[0].ready_at
    assert job.state is JobState.SUCCEEDED
    assert timedelta(0) <= waited <= timedelta(seconds=6)
    assert len(world.provider.looks) < 30


async def test_how_long_it_took_is_remembered_once(world):
    job = await played(world, fetch=[KeyError("a bug")])

    [seconds] = await world.store.list_durations(PROVIDER, make_request(), 10)
    assert job.state is JobState.SUCCEEDED
    assert 60 <= seconds <= 66


async def test_what_it_waited_at_the_service_does_not_count_as_making(world):
    world.provider.queued_seconds = 200.0
    job = await played(world)

    [seconds] = await world.store.list_durations(PROVIDER, make_request(), 10)
    begun = world.provider.runs[0].begins_at
    assert job.state is JobState.SUCCEEDED
    assert begun - timedelta(seconds=30) <= job.last_queued_at < begun
    assert 60 <= seconds <= 60 + 30 + 6
    assert len(world.provider.looks) < 50


async def test_a_fresh_job_may_be_unknown_for_a_moment(world):
    job = await played(world, look=[ProviderJobUnknownError() for _ in range(3)])

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


async def test_a_job_that_stays_unknown_has_failed(world):
    job = await played(world, look=[ProviderJobUnknownError() for _ in range(50)])

    assert job.failure.kind is FailureKind.INTERRUPTED
    assert job.state_changed_at - NOW >= timedelta(minutes=1)
    assert (await world.store.find_submission(job.id)).state is SubmissionState.ABANDONED


async def test_one_look_that_knows_nothing_of_it_ends_no_film_after_others_that_failed(world):
    away = [ProviderUnavailableError() for _ in range(8)]
    job = await played(world, look=[*away, ProviderJobUnknownError()])

    assert job.state is JobState.SUCCEEDED


async def test_looks_that_fail_say_nothing_about_the_film(world):
    job = await played(world, look=[ProviderUnavailableError() for _ in range(30)])

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


async def test_nobody_looks_before_the_instant_that_the_service_named(world):
    retry_at = NOW + timedelta(minutes=10)
    job = await played(world, look=[ProviderRateLimitedError(retry_at=retry_at)])

    assert job.state is JobState.SUCCEEDED
    assert job.state_changed_at >= retry_at


@pytest.mark.parametrize(
    ("verdict", "kind", "says"),
    [
        (ProviderStatus(ProviderState.FAILED, refused=True, text="No."), "refused", "No."),
        (ProviderStatus(ProviderState.FAILED, refused=True), "refused", "this prompt or picture"),
        (ProviderStatus(ProviderState.FAILED, text="Out of film."), "provider", "Out of film."),
        (ProviderStatus(ProviderState.CANCELLED), "provider", "could not make it"),
    ],
)
async def test_a_film_that_failed_says_why_on_its_card(world, verdict, kind, says):
    world.provider.verdicts.append(verdict)
    job = await played(world)

    assert job.failure.kind == kind
    assert says in job.failure.text
    assert world.cards_of(job)[0].state is JobState.FAILED
    assert world.films_of(job) == []


async def test_a_film_that_never_comes_expires_after_a_last_look(world):
    world.provider.takes_seconds = 5 * 3600.0
    job = await played(world)

    assert job.state is JobState.EXPIRED
    assert job.state_changed_at >= NOW + TIME_TO_RENDER
    assert (await world.store.find_submission(job.id)).state is SubmissionState.ABANDONED


async def test_a_film_that_became_ready_while_we_were_down_past_its_deadline_is_not_lost(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance((5 * TIME_TO_RENDER).total_seconds())

    await world.live(world.start())

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


async def test_a_service_that_stays_away_is_not_waited_for_for_ever(world):
    job = await played(world, look=[ProviderUnavailableError() for _ in range(500)])

    assert job.state is JobState.EXPIRED
    assert job.state_changed_at >= NOW + TIME_TO_RENDER + TIME_TO_LOOK


async def test_after_a_long_absence_one_failed_look_does_not_lose_a_film(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance((5 * TIME_TO_RENDER).total_seconds())

    await world.live(world.start(weather=Script(look=[ProviderUnavailableError()])))

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


async def test_a_film_that_had_failed_when_it_was_called_off_costs_its_member_nothing(world):
    world.provider.verdicts = [ProviderStatus(ProviderState.FAILED)]
    world.provider.takes_seconds = 5
    process = world.start()
    job = await process.accept(key="one")
    await process.tracker.run_once()
    world.clock.advance(6)  # and nobody has looked since
    await process.cancelling.cancel(job.id, job.user_id, is_moderator=False)
    await world.live(process)

    ended = await world.store.get(job.id)
    assert ended.failure.kind is FailureKind.PROVIDER
    assert outcome_of(ended, await world.store.find_submission(job.id)) == Outcome(0, 0)
    assert world.films_of(job) == []


async def test_a_film_in_the_making_that_is_called_off_is_let_go_whatever_a_look_says(world):
    world.provider.takes_seconds = 60
    process = world.start(weather=Script(look=[ProviderUnavailableError()]))
    job = await process.accept(key="one")
    await process.tracker.run_once()
    await process.cancelling.cancel(job.id, job.user_id, is_moderator=False)
    await process.tracker.run_once()

    assert (await world.store.get(job.id)).state is JobState.CANCELLED
