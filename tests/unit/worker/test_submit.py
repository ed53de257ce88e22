"""A video is paid for once: the intent first, and what may have been taken is never sent again."""

from datetime import timedelta

import pytest

from bot.errors import (
    ContentRefusedError,
    DatabaseBusyError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.ids import IdempotencyKey, UserId
from bot.jobs.job import FailureKind, JobState
from bot.jobs.submission import SubmissionState
from bot.providers.circuit_breaker import CircuitBreakers
from bot.providers.contract import OrderPicture
from bot.worker.submit import FEWEST_ATTEMPTS, STALE_AFTER
from tests.factories import NOW, make_image
from tests.fakes.weather import KilledError, Script, calm, mortal
from tests.reading import find_by_key


async def played(world, weather):
    """One request, to its end; answers with the job as it ended."""
    process = world.start(weather=weather)
    job = await process.accept(key="one")
    await world.live(process)
    return await world.store.get(job.id)


async def test_the_intent_is_on_disk_before_anything_is_sent(world):
    seen = []

    async def look_around(event):
        if event == "submit":
            [job] = await world.store.list_active()
            submission = await world.store.find_submission(job.id)
            seen.append((job.state, submission.state, submission.tag == f"{job.id}-1"))

    await played(world, look_around)

    assert seen == [(JobState.SUBMITTING, SubmissionState.INTENDED, True)]


async def test_what_the_service_said_is_kept(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.turn()

    submission = await world.store.find_submission(job.id)

    assert (submission.state, submission.handle) == (SubmissionState.ACCEPTED, "run-1")
    assert submission.precharged_micros == 500_000


async def test_the_pictures_go_with_the_request(world):
    process = world.start()
    job = await process.accept(key="one", image=make_image(), end_image=make_image(key="end.png"))
    await world.live(process)

    [run] = world.provider.runs

    assert set(run.order.pictures.values()) == {OrderPicture(b"picture", "image/png")}
    assert list(run.order.pictures) == [image.key for image in job.request.pictures]


@pytest.mark.parametrize("error", [SubmissionUncertainError(), ProviderProtocolError()])
async def test_an_answer_lost_or_unreadable_is_looked_up_by_tag_and_never_sent_again(world, error):
    job = await played(world, Script(submit__answered=[error]))

    assert job.state is JobState.SUCCEEDED
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_what_never_turns_up_is_given_up_as_uncertain_and_not_sent_again(world):
    job = await played(world, Script(submit=[SubmissionUncertainError()]))

    assert job.failure.kind is FailureKind.UNCERTAIN
    assert job.state_changed_at - NOW >= timedelta(minutes=3)
    assert world.provider.paid_tags == []
    submission = await world.store.find_submission(job.id)
    assert (submission.attempt, submission.state) == (1, SubmissionState.ABANDONED)


async def test_while_the_service_is_away_a_lost_answer_is_not_given_up(world):
    away: list[BaseException | None] = [ProviderUnavailableError() for _ in range(20)]
    job = await played(world, Script(submit__answered=[SubmissionUncertainError()], recover=away))

    assert job.state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


async def test_a_look_up_waits_until_the_service_takes_requests_again(world):
    retry_at = NOW + timedelta(minutes=10)
    weather = Script(
        submit__answered=[SubmissionUncertainError()],
        recover=[ProviderRateLimitedError(retry_at=retry_at)],
    )
    process = world.start(weather=weather)
    job = await process.accept(key="one")
    await process.worker.run_once()
    await process.worker.run_once()

    assert (await world.store.get(job.id)).next_action_at == retry_at


async def test_where_nothing_can_be_looked_up_a_lost_answer_fails_and_is_not_sent_again(world):
    world.provider.can_recover = False
    job = await played(world, Script(submit__answered=[SubmissionUncertainError()]))

    assert job.failure.kind is FailureKind.UNCERTAIN
    assert len(world.provider.paid_tags) == 1


async def test_a_program_that_died_right_after_sending_finds_its_video_again(world):
    async def die(event):
        if event == "submit answered":
            raise KilledError

    with pytest.raises(KilledError):
        await played(world, die)
    await world.live(world.start())

    job = await find_by_key(world.store, IdempotencyKey("one"))
    assert job is not None
    assert job.state is JobState.SUCCEEDED
    assert world.provider.paid_tags == [f"{job.id}-1"]


@pytest.mark.parametrize(
    ("refusals", "state"),
    [([], JobState.SUCCEEDED), ([ContentRefusedError()], JobState.FAILED)],
    ids=["taken", "refused"],
)
async def test_a_database_that_is_busy_after_the_answer_does_not_lose_it(world, refusals, state):
    world.provider.can_recover = False
    busy = Script(get=[None, None, DatabaseBusyError("locked")])  # before it twice, then after it
    world.availability = mortal(world.availability, busy, ["get"])

    job = await played(world, Script(submit=list(refusals)))

    assert job.state is state
    assert job.failure is None or job.failure.kind is FailureKind.REFUSED
    assert len(world.provider.paid_tags) == (0 if refusals else 1)


async def test_a_video_whose_first_look_cannot_be_planned_is_kept_all_the_same(world):
    world.provider.can_recover = False
    busy = Script(list_render_times=[DatabaseBusyError("locked")])
    world.store = mortal(world.store, busy, ["list_render_times"])

    job = await played(world, calm)

    assert job.state is JobState.SUCCEEDED
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_what_broke_before_anything_was_sent_is_tried_again_and_not_looked_up(world):
    world.provider.can_recover = False
    world.images.breaks = 3
    process = world.start()
    job = await process.accept(key="one", image=make_image())
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert world.provider.paid_tags == [f"{job.id}-4"]


async def test_what_breaks_again_and_again_before_it_is_sent_is_given_up_as_our_fault(world):
    world.images.breaks = 10_000
    process = world.start()
    job = await process.accept(key="one", image=make_image())
    await world.live(process)

    failure = (await world.store.get(job.id)).failure
    assert failure.kind is FailureKind.INTERRUPTED
    assert world.provider.paid_tags == []


async def test_what_was_certainly_not_taken_goes_back_to_the_queue(world):
    job = await played(world, Script(submit=[ProviderUnavailableError()]))

    assert job.state is JobState.SUCCEEDED
    assert world.provider.paid_tags == [f"{job.id}-2"]


async def test_nothing_is_sent_before_the_instant_that_the_service_named(world):
    retry_at = NOW + timedelta(minutes=5)
    process = world.start(weather=Script(submit=[ProviderRateLimitedError(retry_at=retry_at)]))
    job = await process.accept(key="one")
    await process.turn()

    waiting = await world.store.get(job.id)
    assert (waiting.state, waiting.next_action_at) == (JobState.QUEUED, retry_at)

    world.clock.advance(299)
    await process.turn()
    assert world.provider.paid_tags == []

    world.clock.advance(1)
    await process.turn()
    assert len(world.provider.paid_tags) == 1


async def test_a_service_that_stays_away_is_given_up_after_an_hour_and_nothing_was_paid(world):
    job = await played(world, Script(submit=[ProviderUnavailableError() for _ in range(500)]))

    assert job.failure.kind is FailureKind.REJECTED
    assert job.state_changed_at - NOW >= timedelta(hours=1)
    assert (await world.store.find_submission(job.id)).attempt >= FEWEST_ATTEMPTS
    assert world.provider.paid_tags == []


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (ContentRefusedError(friendly="No dragons, please."), "refused", "No dragons, please."),
        (ContentRefusedError("internal words"), "refused", "refused this prompt or picture"),
        (ProviderCredentialsError("internal words"), "operator", "this bot's account"),
        (ProviderBalanceError("internal words"), "operator", "this bot's account"),
        (ProviderRejectedRequestError("internal words"), "rejected", "didn't accept this request"),
        (ProviderRejectedRequestError(friendly="Shorten it."), "rejected", "Shorten it."),
    ],
)
async def test_a_refusal_ends_the_job_with_words_that_are_safe_to_show(world, error, kind, says):
    job = await played(world, Script(submit=[error]))

    assert job.failure.kind == kind
    assert says in job.failure.text
    assert "internal words" not in job.failure.text
    assert (await world.store.find_submission(job.id)).state is SubmissionState.REJECTED
    assert world.provider.paid_tags == []


@pytest.mark.parametrize("error", [ProviderCredentialsError(), ProviderBalanceError()])
async def test_what_only_the_operator_can_fix_is_logged_as_an_error(world, error, caplog):
    await played(world, Script(submit=[error]))

    assert "ERROR" in {row.levelname for row in caplog.records if row.msg == "provider_paused"}


async def test_a_picture_that_is_no_longer_there_is_said_before_anything_is_paid(world):
    world.images.lost.add("abc.png")
    process = world.start()
    job = await process.accept(key="one", image=make_image())
    await world.live(process)

    failure = (await world.store.get(job.id)).failure
    assert failure.kind is FailureKind.REJECTED
    assert "Send it again" in failure.text
    assert world.provider.paid_tags == []


@pytest.mark.parametrize(
    ("trouble", "paid"), [(None, 1), (ProviderUnavailableError(), 0)], ids=["taken", "not taken"]
)
async def test_cancel_pressed_while_it_is_being_sent_ends_it_and_keeps_the_handle(
    world, trouble, paid
):
    async def press(event):
        if event == "submit":
            [job] = await world.store.list_active()
            await process.services.cancelling.cancel(
                job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
            )
            if trouble is not None:
                raise trouble

    process = world.start(weather=press)
    job = await process.accept(key="one")
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.CANCELLED
    assert len(world.provider.paid_tags) == paid
    assert world.videos_of(job) == []
    submission = await world.store.find_submission(job.id)
    assert (submission.attempt, submission.handle) == (1, "run-1" if paid else None)


async def test_after_a_long_absence_one_failed_look_up_does_not_give_a_paid_video_up(world):
    process = world.start(weather=Script(submit__answered=[SubmissionUncertainError()]))
    job = await process.accept(key="one")
    await process.worker.tick()
    await process.worker.stop()
    world.clock.advance(24 * 3600)

    await world.live(world.start(weather=Script(recover=[ProviderUnavailableError()])))

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


@pytest.mark.parametrize("can_recover", [False, True])
async def test_what_was_written_down_without_an_answer_and_not_sent_is_sent_once(
    world, can_recover
):
    world.provider.can_recover = can_recover
    process = world.start(weather=Script(save__answered=[DatabaseBusyError("cut off")]))
    jobs = [await process.accept(key=str(number), user_id=50 + number) for number in range(3)]
    with pytest.raises(DatabaseBusyError):
        await process.worker.run_once()
    await world.live(process)

    assert {(await world.store.get(job.id)).state for job in jobs} == {JobState.SUCCEEDED}
    assert sorted(world.provider.paid_tags) == sorted(f"{job.id}-1" for job in jobs)


async def test_what_another_process_wrote_down_is_never_sent_by_this_one(world):
    world.provider.can_recover = False
    process = world.start(weather=Script(save__answered=[DatabaseBusyError("cut off")]))
    job = await process.accept(key="one")
    with pytest.raises(DatabaseBusyError):
        await process.worker.run_once()
    await world.live(world.start(owner="two"))  # after its lease: uncertain, and given up
    await process.worker.run_once()

    assert (await world.store.get(job.id)).failure.kind is FailureKind.UNCERTAIN
    assert world.provider.runs == []


async def test_who_sleeps_right_before_sending_does_not_send_what_others_have_given_up(
    world, monkeypatch
):
    """The kind: suspended between the last look at the intent and the request itself."""
    begin = CircuitBreakers.begin
    slept: list[str] = []

    async def sleep_first(breakers, provider):
        may = await begin(breakers, provider)
        if not slept:
            slept.append(provider)
            world.clock.advance(STALE_AFTER.total_seconds())
        return may

    monkeypatch.setattr(CircuitBreakers, "begin", sleep_first)
    job = await played(world, calm)

    assert len(slept) == 1
    assert world.provider.paid_tags == [f"{job.id}-2"]
    assert job.state is JobState.SUCCEEDED
