"""A service that fails is left alone for a while, and then one film finds out how it is."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.availability import FAILURES_TOLERATED, Availability, PauseReason
from bot.domain.guilds import GuildSettings
from bot.domain.jobs import FailureKind, JobState
from bot.errors import (
    ContentRefusedError,
    DatabaseBusyError,
    GenerationFailedError,
    ProviderBalanceError,
    ProviderCredentialsError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderProtocolError,
    ProviderRateLimitedError,
    ProviderRejectedRequestError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    SubmissionUncertainError,
)
from bot.ids import ChannelId, GuildId, ProviderName
from bot.services import recovering
from tests.factories import NOW, PROVIDER, make_image
from tests.fakes.weather import Script

FAILURES = [
    ProviderUnavailableError(),
    ProviderTimeoutError(),
    ProviderProtocolError(),
    SubmissionUncertainError(),
    ProviderJobUnknownError(),
    ProviderError(),
]
ANSWERS = [ContentRefusedError(), GenerationFailedError(), ProviderRejectedRequestError(), None]
REFUSALS = [
    (ProviderCredentialsError(), PauseReason.CREDENTIALS),
    (ProviderBalanceError(), PauseReason.BALANCE),
]


def named(error):
    return type(error).__name__


@pytest.fixture
def pauses(process):
    return process.pauses


async def fail(pauses, times=FAILURES_TOLERATED + 1):
    for _ in range(times):
        await pauses.observe(PROVIDER, ProviderUnavailableError())


async def pause_again_and_again(world, process, error, *, times):
    """So many pauses, each but the last ended by a trial that failed too."""
    for _ in range(FAILURES_TOLERATED + 1):
        await process.pauses.observe(PROVIDER, error)
    for _ in range(times - 1):
        await end_pause_and_fail(world, process, error)


async def end_pause_and_fail(world, process, error):
    world.clock.advance(await paused_for(world, process.pauses))
    await process.pauses.begin(PROVIDER)
    await process.pauses.observe(PROVIDER, error)


async def paused_for(world, pauses):
    """Seconds; None while it is not paused."""
    known = await pauses.get(PROVIDER)
    return (known.paused_until - world.clock.now()).total_seconds() if known.reason else None


async def test_a_service_nobody_complains_of_takes_as_much_as_there_is_room_for(pauses):
    assert await pauses.room(PROVIDER, 8) == 8


@pytest.mark.parametrize("error", FAILURES, ids=named)
async def test_four_failures_in_a_row_are_borne_and_the_fifth_pauses(world, pauses, error):
    for _ in range(FAILURES_TOLERATED):
        await pauses.observe(PROVIDER, error)
    assert await pauses.room(PROVIDER, 8) == 8

    await pauses.observe(PROVIDER, error)
    assert await pauses.room(PROVIDER, 8) == 0
    assert await paused_for(world, pauses) == 30
    assert (await pauses.get(PROVIDER)).reason is PauseReason.FAILURES


@pytest.mark.parametrize("answer", ANSWERS, ids=named)
async def test_whoever_answers_in_so_many_words_is_there(pauses, answer):
    await fail(pauses, FAILURES_TOLERATED)
    await pauses.observe(PROVIDER, answer)
    await fail(pauses, FAILURES_TOLERATED)

    assert await pauses.room(PROVIDER, 8) == 8


@pytest.mark.parametrize(("error", "reason"), REFUSALS, ids=[named(error) for error, _ in REFUSALS])
async def test_an_account_that_is_refused_pauses_at_once_and_for_long(world, pauses, error, reason):
    await pauses.observe(PROVIDER, error)

    assert await pauses.room(PROVIDER, 8) == 0
    assert await paused_for(world, pauses) == 600
    assert (await pauses.get(PROVIDER)).reason is reason


async def test_being_asked_too_often_says_nothing_about_a_service(pauses):
    await fail(pauses, FAILURES_TOLERATED)
    for _ in range(20):
        await pauses.observe(PROVIDER, ProviderRateLimitedError(retry_at=NOW))

    assert await pauses.get(PROVIDER) == Availability(PROVIDER, FAILURES_TOLERATED)


async def test_one_service_paused_holds_no_other_up(pauses):
    await fail(pauses)

    assert await pauses.room(ProviderName("other"), 8) == 8


async def test_after_its_pause_one_film_tries_and_nobody_else_meanwhile(world, pauses):
    await fail(pauses)
    world.clock.advance(29.999)
    assert await pauses.room(PROVIDER, 8) == 0
    assert not await pauses.begin(PROVIDER)

    world.clock.advance(0.001)
    assert await pauses.room(PROVIDER, 8) == 1
    assert await pauses.begin(PROVIDER)
    assert await pauses.room(PROVIDER, 8) == 0


async def test_of_two_processes_that_come_at_once_after_a_pause_one_may_try(world, pauses):
    await fail(pauses)
    world.clock.advance(30)

    begun = await asyncio.gather(*(pauses.begin(PROVIDER) for _ in range(2)))
    assert sorted(begun) == [False, True]


async def test_a_trial_without_a_film_leaves_the_trial_to_the_next(world, pauses):
    await fail(pauses)
    world.clock.advance(30)
    assert await pauses.begin(PROVIDER)
    await pauses.withdraw(PROVIDER)

    assert await pauses.begin(PROVIDER)


async def test_a_service_that_only_wants_to_be_asked_later_is_tried_again_then(world, pauses):
    await fail(pauses)
    world.clock.advance(30)
    assert await pauses.begin(PROVIDER)
    await pauses.observe(PROVIDER, ProviderRateLimitedError())

    assert await pauses.begin(PROVIDER)


async def test_nothing_to_withdraw_ends_no_pause(pauses):
    await fail(pauses)
    await pauses.withdraw(PROVIDER)

    assert not await pauses.begin(PROVIDER)


async def test_a_clock_that_was_put_back_makes_no_pause_longer_than_any_is(world, pauses):
    world.clock.advance(7 * 86_400)
    await fail(pauses)
    world.clock.advance(-7 * 86_400)

    assert await pauses.room(PROVIDER, 8) == 1


async def test_a_trial_that_ends_well_opens_the_service_again(world, pauses):
    await fail(pauses)
    world.clock.advance(30)
    await pauses.begin(PROVIDER)
    await pauses.observe(PROVIDER, None)

    assert await pauses.get(PROVIDER) == Availability(PROVIDER)
    assert await pauses.room(PROVIDER, 8) == 8


async def test_each_trial_that_fails_makes_the_next_pause_longer_up_to_ten_minutes(world, pauses):
    await fail(pauses)
    waits = []
    for _ in range(8):
        waits.append(await paused_for(world, pauses))
        world.clock.advance(waits[-1])
        assert await pauses.room(PROVIDER, 8) == 1
        assert await pauses.begin(PROVIDER)
        await pauses.observe(PROVIDER, ProviderUnavailableError())

    assert waits == [30, 60, 120, 240, 480, 600, 600, 600]


async def test_a_trial_whose_outcome_nobody_ever_tells_is_repeated(world, pauses):
    await fail(pauses)
    world.clock.advance(30)
    await pauses.begin(PROVIDER)
    world.clock.advance(180)

    assert await pauses.room(PROVIDER, 8) == 1


async def test_a_service_that_is_well_needs_no_trial(pauses):
    assert await pauses.begin(PROVIDER)

    assert await pauses.get(PROVIDER) == Availability(PROVIDER)


async def test_each_server_that_wants_to_be_told_is_told_once_when_it_pauses_and_is_back(
    world, process, pauses
):
    for number, channel in ((1, ChannelId(11)), (2, None), (3, ChannelId(33))):
        await world.guilds.put(GuildSettings(GuildId(number), log_channel_id=channel))
    await fail(pauses, FAILURES_TOLERATED + 5)
    await process.noticing.run_once()
    told = list(world.notices.notices.values())
    assert [(notice.guild_id, notice.channel_id) for notice in told] == [(1, 11), (3, 33)]
    assert {notice.text for notice in told} == {text for _, text in world.courier.told}
    assert "FAILURES" in told[0].text

    await pauses.observe(PROVIDER, None)
    await pauses.observe(PROVIDER, None)
    assert len(world.notices.notices) == 4


async def test_another_reason_is_told_as_well(world, pauses):
    await world.guilds.put(GuildSettings(GuildId(1), log_channel_id=ChannelId(11)))
    await fail(pauses)
    await pauses.observe(PROVIDER, ProviderCredentialsError())
    await pauses.observe(PROVIDER, ProviderCredentialsError())

    assert len(world.notices.notices) == 2


async def test_the_operator_reads_it_in_the_log(pauses, caplog):
    caplog.set_level("INFO")
    await pauses.observe(PROVIDER, ProviderBalanceError())
    await pauses.observe(PROVIDER, None)

    said = [(row.levelname, row.msg) for row in caplog.records]
    assert said == [("ERROR", "provider_paused"), ("INFO", "provider_is_back")]


async def test_while_a_service_is_paused_films_wait_and_are_made_afterwards(world, process):
    await process.pauses.observe(PROVIDER, ProviderBalanceError())
    job = await process.accept(key="one")
    await process.turn()
    assert (await world.store.get(job.id)).state is JobState.ACCEPTED
    assert world.provider.runs == []

    world.clock.advance(600)
    await process.turn()
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_on_trial_one_of_many_films_is_handed_over_and_the_others_follow_it(world, process):
    await process.pauses.observe(PROVIDER, ProviderBalanceError())
    for number in range(4):
        await process.accept(key=str(number), user_id=number)
    world.clock.advance(600)

    await process.tracker.run_once()
    assert len(world.provider.runs) == 1
    await process.tracker.run_once()
    assert len(world.provider.runs) == 4


async def test_a_film_that_is_not_due_yet_does_not_use_the_trial_up(world):
    away: list[BaseException | None] = [ProviderUnavailableError() for _ in range(5)]
    process = world.start(weather=Script(submit=away))
    job = await process.accept(key="one")
    while not (await process.pauses.get(PROVIDER)).is_paused(world.clock.now()):
        due_at = (await world.store.get(job.id)).next_action_at
        world.clock.advance(max((due_at - world.clock.now()).total_seconds(), 0))
        await process.turn()
    due_at = (await world.store.get(job.id)).next_action_at
    assert due_at - world.clock.now() > timedelta(seconds=31)

    world.clock.advance(31)  # the pause is over, and the film's own wait is not
    await process.turn()
    world.clock.advance((due_at - world.clock.now()).total_seconds())
    await process.turn()

    assert len(world.provider.runs) == 1


async def test_a_film_called_off_as_its_trial_begins_leaves_the_trial_to_the_next(world):
    async def call_off(event):
        if event == "claim answered" and not done:
            done.append(event)
            await process.cancelling.cancel(first.id, first.user_id, is_moderator=False)

    done = []
    process = world.start(weather=call_off)
    first = await process.accept(key="one")
    await fail(process.pauses)
    world.clock.advance(31)
    await process.tracker.run_once()
    second = await process.accept(key="two", user_id=31)
    world.clock.advance(5)
    await process.tracker.run_once()

    assert (await world.store.get(first.id)).state is JobState.CANCELLED
    assert world.provider.paid_tags == [f"{second.id}-1"]


async def test_a_film_whose_pictures_do_not_stand_yet_keeps_no_service_shut(world):
    world.provider.pictures_max_bytes = None
    process = world.start()
    await process.accept(key="one", image=make_image())  # nobody posts its card here
    await fail(process.pauses)
    world.clock.advance(31)
    second = await process.accept(key="two", user_id=31)
    until = world.clock.now() + timedelta(seconds=60)
    while world.clock.now() < until:
        await process.tracker.run_once()
        world.clock.advance(1)

    assert world.provider.paid_tags == [f"{second.id}-1"]


async def test_a_database_that_is_busy_as_a_trial_begins_keeps_no_service_shut(world):
    process = world.start(weather=Script(claim=[DatabaseBusyError("locked")]))
    await process.accept(key="one")
    await fail(process.pauses)
    world.clock.advance(31)
    with pytest.raises(DatabaseBusyError):
        await process.tracker.tick()
    await process.tracker.run_once()

    assert len(world.provider.paid_tags) == 1


async def test_films_in_the_making_are_looked_at_though_nothing_more_is_handed_over(world, process):
    job = await process.accept(key="one")
    await process.turn()
    await process.pauses.observe(PROVIDER, ProviderBalanceError())
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ProviderBalanceError(), FailureKind.OPERATOR),
        (ProviderCredentialsError(), FailureKind.OPERATOR),
        (ProviderUnavailableError(), FailureKind.REJECTED),
    ],
    ids=["balance", "credentials", "failures"],
)
async def test_a_film_that_waited_over_an_hour_through_six_pauses_is_given_up(world, error, kind):
    process = world.start()
    job = await process.accept(key="one")
    await pause_again_and_again(world, process, error, times=6)
    missing = NOW + timedelta(seconds=3601) - world.clock.now()
    world.clock.advance(max(missing.total_seconds(), 0))
    await process.pauses.begin(PROVIDER)
    await process.turn()

    ended = await world.store.get(job.id)
    assert (ended.state, ended.failure.kind) == (JobState.FAILED, kind)
    assert "for a long time" in ended.failure.text
    assert world.provider.runs == []


async def test_a_film_that_waits_for_no_more_than_an_hour_is_not_given_up(world, process):
    job = await process.accept(key="one")
    await pause_again_and_again(world, process, ProviderUnavailableError(), times=6)
    world.clock.advance((NOW + timedelta(hours=1) - world.clock.now()).total_seconds())
    await process.pauses.begin(PROVIDER)
    await process.turn()

    assert (await world.store.get(job.id)).state is JobState.ACCEPTED


@pytest.mark.parametrize("error", [ProviderBalanceError(), ProviderUnavailableError()], ids=named)
async def test_one_short_pause_gives_up_no_film_however_long_it_waited(world, process, error):
    job = await process.accept(key="one")
    world.clock.advance(7200)
    for _ in range(20):  # films that were handed over together fail together
        await process.pauses.observe(PROVIDER, error)
    await process.turn()

    assert (await process.pauses.get(PROVIDER)).pauses_in_row == 1
    assert (await world.store.get(job.id)).state is JobState.ACCEPTED


async def test_the_fifth_pause_gives_up_no_film_and_the_sixth_does(world, process):
    job = await process.accept(key="one")
    world.clock.advance(7200)
    await pause_again_and_again(world, process, ProviderUnavailableError(), times=5)
    await process.turn()
    assert (await world.store.get(job.id)).state is JobState.ACCEPTED

    await end_pause_and_fail(world, process, ProviderUnavailableError())
    await process.turn()
    assert (await world.store.get(job.id)).state is JobState.FAILED


async def test_only_what_still_waits_is_given_up(world, process):
    waits, begun = await process.accept(key="one"), await process.accept(key="two")
    listed = await world.store.list_waiting(PROVIDER)
    await process.cancelling.cancel(begun.id, begun.user_id, is_moderator=False)
    world.clock.advance(7200)
    await pause_again_and_again(world, process, ProviderUnavailableError(), times=6)

    await recovering.give_up_waiting(PROVIDER, listed, process.means)

    assert (await world.store.get(waits.id)).state is JobState.FAILED
    assert (await world.store.get(begun.id)).state is JobState.CANCELLED


async def test_nothing_is_written_where_nobody_waited_long(world, process):
    job = await process.accept(key="one")
    listed = await world.store.list_waiting(PROVIDER)

    await recovering.give_up_waiting(PROVIDER, listed, process.means)

    assert await world.store.get(job.id) == replace(job)
