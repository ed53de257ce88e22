"""A video that was paid for is looked at until it is known how it ended."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import ProviderJobUnknownError, ProviderRateLimitedError, ProviderUnavailableError
from bot.jobs.job import (
    TIME_TO_POLL,
    TIME_TO_RENDER,
    FailureKind,
    JobState,
)
from bot.jobs.submission import SubmissionState
from bot.money.ledger import Outcome, outcome_of
from bot.providers.contract import ProviderState, ProviderStatus
from tests.factories import NOW, PROVIDER, make_request
from tests.fakes.provider import FakeProvider
from tests.fakes.weather import Script


async def played(world, **troubles):
    process = world.start(weather=Script(**troubles))
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_a_video_is_there_soon_after_it_is_ready(world):
    job = await played(world)

    waited = job.state_changed_at - world.provider.runs[0].ready_at
    assert job.state is JobState.SUCCEEDED
    assert timedelta(0) <= waited <= timedelta(seconds=6)
    assert len(world.provider.looks) < 30


async def test_how_long_it_took_is_remembered_once(world):
    job = await played(world, fetch=[KeyError("a bug")])

    [seconds] = await world.store.list_render_times(PROVIDER, make_request(), 10)
    assert job.state is JobState.SUCCEEDED
    assert 60 <= seconds <= 66


async def test_what_it_waited_at_the_service_does_not_count_as_making(world):
    world.provider.queued_seconds = 200.0
    job = await played(world)

    [seconds] = await world.store.list_render_times(PROVIDER, make_request(), 10)
    begun = world.provider.runs[0].begins_at
    assert job.state is JobState.SUCCEEDED
    assert begun - timedelta(seconds=30) <= job.last_queued_at < begun
    assert 60 <= seconds <= 60 + 30 + 6
    assert len(world.provider.looks) < 50


async def test_a_fresh_job_may_be_unknown_for_a_moment(world):
    job = await played(world, poll=[ProviderJobUnknownError() for _ in range(3)])

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


async def test_a_job_that_stays_unknown_has_failed(world):
    job = await played(world, poll=[ProviderJobUnknownError() for _ in range(50)])

    assert job.failure.kind is FailureKind.INTERRUPTED
    assert job.state_changed_at - NOW >= timedelta(minutes=1)
    assert (await world.store.find_submission(job.id)).state is SubmissionState.ABANDONED


async def test_one_look_that_knows_nothing_of_it_ends_no_video_after_others_that_failed(world):
    away = [ProviderUnavailableError() for _ in range(8)]
    job = await played(world, poll=[*away, ProviderJobUnknownError()])

    assert job.state is JobState.SUCCEEDED


async def test_looks_that_fail_say_nothing_about_the_video(world):
    job = await played(world, poll=[ProviderUnavailableError() for _ in range(30)])

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


async def test_no_one_looks_before_the_instant_that_the_service_named(world):
    retry_at = NOW + timedelta(minutes=10)
    job = await played(world, poll=[ProviderRateLimitedError(retry_at=retry_at)])

    assert job.state is JobState.SUCCEEDED
    assert job.state_changed_at >= retry_at


@pytest.mark.parametrize(
    ("verdict", "kind", "says"),
    [
        (ProviderStatus(ProviderState.FAILED, refused=True, text="No."), "refused", "No."),
        (ProviderStatus(ProviderState.FAILED, refused=True), "refused", "this prompt or picture"),
        (ProviderStatus(ProviderState.FAILED, text="Out of video."), "provider", "Out of video."),
        (ProviderStatus(ProviderState.CANCELLED), "provider", "couldn't make this video"),
    ],
)
async def test_a_video_that_failed_says_why_on_its_card(world, verdict, kind, says):
    world.provider.verdicts.append(verdict)
    job = await played(world)

    assert job.failure.kind == kind
    assert says in job.failure.text
    assert world.cards_of(job)[0].state is JobState.FAILED
    assert world.videos_of(job) == []


FOUND = ProviderStatus(ProviderState.SUCCEEDED, artifact_addresses=("https://videos.example/1",))
BLOCKED = ProviderStatus(ProviderState.FAILED, refused=True, text="No.", advice="Reword it.")


def polls_after_it_was_ready(world) -> int:
    [run] = world.provider.runs
    return sum(1 for at in world.provider.looked_at if at >= run.ready_at)


@pytest.mark.parametrize("polls", [3, 8])
@pytest.mark.parametrize(
    ("evidence", "state"), [(FOUND, JobState.SUCCEEDED), (BLOCKED, JobState.FAILED)]
)
async def test_evidence_beside_a_state_that_no_one_knows_decides_after_some_polls(
    world, evidence, state, polls
):
    odd = ProviderStatus(ProviderState.RUNNING, evidence=evidence, believed_after=polls)
    world.provider.verdicts.append(odd)
    job = await played(world)

    assert job.state is state
    assert polls_after_it_was_ready(world) == polls
    assert job.deadline_at is not None
    assert job.state_changed_at < job.deadline_at - timedelta(hours=1)
    assert len(world.videos_of(job)) == (state is JobState.SUCCEEDED)


async def test_a_video_that_was_made_and_not_handed_out_is_asked_for_again(world):
    lost = ProviderStatus(ProviderState.FAILED, text="No address.", may_come=True)
    odd = ProviderStatus(ProviderState.RUNNING, evidence=lost, believed_after=8)
    world.provider.verdicts.append(odd)
    job = await played(world)

    given_up = await world.store.list_given_up(NOW, 10)
    assert job.failure.text == "No address."
    assert [one.id for one in given_up] == [job.id]
    assert (await world.store.find_submission(job.id)).state is SubmissionState.ABANDONED


DOUBTFUL = ProviderStatus(ProviderState.RUNNING, evidence=BLOCKED, believed_after=3)
NOT_THERE_YET = ProviderStatus(
    ProviderState.RUNNING,
    evidence=ProviderStatus(ProviderState.FAILED, may_come=True),
    believed_after=8,
)


@pytest.mark.parametrize(
    "answers",
    [
        [ProviderJobUnknownError()] * 3 + [DOUBTFUL] * 2,
        [NOT_THERE_YET] * 5 + [ProviderJobUnknownError()] * 2,
        [DOUBTFUL] * 2 + [ProviderJobUnknownError()] + [DOUBTFUL] * 2,
    ],
    ids=["unknown, then doubtful", "doubtful, then unknown", "in turns"],
)
async def test_each_doubt_is_counted_by_itself(world, monkeypatch, answers):
    """The kind: what is believed after some polls in a row, with another doubt in between."""
    plain, left = FakeProvider._status, list(answers)

    def status(provider, handle):
        told = plain(provider, handle)
        is_ready = isinstance(told, ProviderStatus) and told.state is ProviderState.SUCCEEDED
        return left.pop(0) if is_ready and left else told

    monkeypatch.setattr(FakeProvider, "_status", status)
    job = await played(world)

    assert left == []
    assert job.state is JobState.SUCCEEDED


async def test_words_that_name_what_was_refused_stand_alone(world):
    said = "The prompt was rejected by the safety filter."
    world.provider.verdicts.append(replace(BLOCKED, text=said))
    job = await played(world)

    assert job.failure.text == said


async def test_what_to_change_stands_before_what_the_service_said(world):
    world.provider.verdicts.append(BLOCKED)
    job = await played(world)

    assert job.failure.text == "Reword it. It says: “No.”"


@pytest.mark.parametrize(
    ("evidence", "state"), [(FOUND, JobState.SUCCEEDED), (BLOCKED, JobState.FAILED)]
)
async def test_no_video_is_given_up_against_evidence(world, evidence, state):
    world.provider.verdicts.append(ProviderStatus(ProviderState.RUNNING, evidence=evidence))
    job = await played(world)

    assert job.state is state
    assert job.state_changed_at >= job.deadline_at


async def test_a_video_that_never_comes_expires_after_a_last_look(world):
    world.provider.takes_seconds = 5 * 3600.0
    job = await played(world)

    assert job.state is JobState.EXPIRED
    assert job.state_changed_at >= NOW + TIME_TO_RENDER
    assert (await world.store.find_submission(job.id)).state is SubmissionState.ABANDONED


async def test_a_video_that_became_ready_while_we_were_down_past_its_deadline_is_not_lost(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance((5 * TIME_TO_RENDER).total_seconds())

    await world.live(world.start())

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


async def test_a_service_that_stays_away_is_not_waited_for_forever(world):
    job = await played(world, poll=[ProviderUnavailableError() for _ in range(500)])

    assert job.state is JobState.EXPIRED
    assert job.state_changed_at >= NOW + TIME_TO_RENDER + TIME_TO_POLL


async def test_after_a_long_absence_one_failed_look_does_not_lose_a_video(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()
    world.clock.advance((5 * TIME_TO_RENDER).total_seconds())

    await world.live(world.start(weather=Script(poll=[ProviderUnavailableError()])))

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


async def test_a_video_that_had_failed_when_it_was_cancelled_costs_its_member_nothing(world):
    world.provider.verdicts = [ProviderStatus(ProviderState.FAILED)]
    world.provider.takes_seconds = 5
    process = world.start()
    job = await process.accept(key="one")
    await process.worker.run_once()
    world.clock.advance(6)  # and no one has looked since
    await process.services.cancelling.cancel(
        job.id, job.guild_id, job.user_id, is_moderator=False, though_spent=True
    )
    await world.live(process)

    ended = await world.store.get(job.id)
    assert ended.failure.kind is FailureKind.PROVIDER
    assert outcome_of(ended, await world.store.find_submission(job.id)) == Outcome(0, 0)
    assert world.videos_of(job) == []


async def test_a_rendering_video_that_is_cancelled_is_let_go_whatever_a_poll_says(world):
    world.provider.takes_seconds = 60
    process = world.start(weather=Script(poll=[ProviderUnavailableError()]))
    job = await process.accept(key="one")
    await process.worker.run_once()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, job.user_id, is_moderator=False, though_spent=True
    )
    await process.worker.run_once()

    assert (await world.store.get(job.id)).state is JobState.CANCELLED


@pytest.mark.parametrize(
    "status",
    [
        ProviderStatus(ProviderState.QUEUED, charged_micros=0),
        ProviderStatus(ProviderState.RUNNING, charged_micros=0),
        ProviderStatus(ProviderState.RUNNING, charged_micros=10_000),
        ProviderStatus(
            ProviderState.RUNNING,
            charged_micros=0,
            evidence=ProviderStatus(ProviderState.FAILED, may_come=True),
        ),
    ],
    ids=str,
)
async def test_only_the_cost_of_a_finished_video_is_what_it_cost(world, status):
    """The kind: what a service says of the cost before the end is no final figure."""
    world.provider.verdicts = [status]
    world.provider.takes_seconds = 5
    process = world.start()
    job = await process.accept(key="one")
    await process.worker.run_once()
    world.clock.advance(6)
    await process.services.cancelling.cancel(
        job.id, job.guild_id, job.user_id, is_moderator=False, though_spent=True
    )
    await world.live(process)

    ended = await world.store.get(job.id)
    submission = await world.store.find_submission(job.id)
    assert ended.state is JobState.CANCELLED
    assert outcome_of(ended, submission) == Outcome(job.cost_micros, job.cost_micros)


async def test_a_shot_that_was_missing_when_a_job_was_cancelled_costs_its_member_nothing(world):
    world.provider.verdicts = [
        ProviderStatus(
            ProviderState.SUCCEEDED,
            artifact_addresses=("https://videos.example/1",),
            charged_micros=330_000,
        )
    ]
    world.provider.takes_seconds = 5
    process = world.start()
    job = await process.accept(key="one")
    await process.worker.run_once()
    world.clock.advance(6)  # and no one has looked since
    await process.services.cancelling.cancel(
        job.id, job.guild_id, job.user_id, is_moderator=False, though_spent=True
    )
    await world.live(process)

    ended = await world.store.get(job.id)
    submission = await world.store.find_submission(job.id)
    assert ended.state is JobState.CANCELLED
    assert outcome_of(ended, submission) == Outcome(330_000, 330_000)
