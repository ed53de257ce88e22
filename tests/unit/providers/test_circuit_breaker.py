"""A service that fails is left alone for a while, and then one video finds out how it is."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

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
from bot.guilds.notices import TO_ADMINS
from bot.guilds.settings import GuildSettings, LogLevel
from bot.ids import ChannelId, GuildId, ProviderName
from bot.jobs.job import FailureKind, JobState
from bot.providers.availability import FAILURES_TOLERATED, Availability, PauseReason
from bot.worker import unfinished
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
def breakers(process):
    return process.core.breakers


async def fail(breakers, times=FAILURES_TOLERATED + 1):
    for _ in range(times):
        await breakers.observe(PROVIDER, ProviderUnavailableError())


async def pause_again_and_again(world, process, error, *, times):
    """So many pauses, each but the last ended by a trial that failed too."""
    for _ in range(FAILURES_TOLERATED + 1):
        await process.core.breakers.observe(PROVIDER, error)
    for _ in range(times - 1):
        await end_pause_and_fail(world, process, error)


async def end_pause_and_fail(world, process, error):
    world.clock.advance(await paused_for(world, process.core.breakers))
    await process.core.breakers.begin(PROVIDER)
    await process.core.breakers.observe(PROVIDER, error)


async def paused_for(world, breakers):
    """Seconds; None while it is not paused."""
    known = await breakers.get(PROVIDER)
    return (known.paused_until - world.clock.now()).total_seconds() if known.reason else None


async def test_a_service_no_one_complains_of_takes_as_much_as_there_is_room_for(breakers):
    assert await breakers.room(PROVIDER, 8) == 8


@pytest.mark.parametrize("error", FAILURES, ids=named)
async def test_four_failures_in_a_row_are_borne_and_the_fifth_pauses(world, breakers, error):
    for _ in range(FAILURES_TOLERATED):
        await breakers.observe(PROVIDER, error)
    assert await breakers.room(PROVIDER, 8) == 8

    await breakers.observe(PROVIDER, error)
    assert await breakers.room(PROVIDER, 8) == 0
    assert await paused_for(world, breakers) == 30
    assert (await breakers.get(PROVIDER)).reason is PauseReason.FAILURES


@pytest.mark.parametrize("answer", ANSWERS, ids=named)
async def test_anyone_who_answers_in_so_many_words_is_there(breakers, answer):
    await fail(breakers, FAILURES_TOLERATED)
    await breakers.observe(PROVIDER, answer)
    await fail(breakers, FAILURES_TOLERATED)

    assert await breakers.room(PROVIDER, 8) == 8


@pytest.mark.parametrize(("error", "reason"), REFUSALS, ids=[named(error) for error, _ in REFUSALS])
async def test_an_account_that_is_refused_pauses_at_once_and_for_long(
    world, breakers, error, reason
):
    await breakers.observe(PROVIDER, error)

    assert await breakers.room(PROVIDER, 8) == 0
    assert await paused_for(world, breakers) == 600
    assert (await breakers.get(PROVIDER)).reason is reason


async def test_being_asked_too_often_says_nothing_about_a_service(breakers):
    await fail(breakers, FAILURES_TOLERATED)
    for _ in range(20):
        await breakers.observe(PROVIDER, ProviderRateLimitedError(retry_at=NOW))

    assert await breakers.get(PROVIDER) == Availability(PROVIDER, FAILURES_TOLERATED)


async def test_one_service_paused_holds_no_other_up(breakers):
    await fail(breakers)

    assert await breakers.room(ProviderName("other"), 8) == 8


async def test_after_its_pause_one_video_tries_and_no_one_else_in_the_meantime(world, breakers):
    await fail(breakers)
    world.clock.advance(29.999)
    assert await breakers.room(PROVIDER, 8) == 0
    assert not await breakers.begin(PROVIDER)

    world.clock.advance(0.001)
    assert await breakers.room(PROVIDER, 8) == 1
    assert await breakers.begin(PROVIDER)
    assert await breakers.room(PROVIDER, 8) == 0


async def test_of_two_processes_that_come_at_once_after_a_pause_one_may_try(world, breakers):
    await fail(breakers)
    world.clock.advance(30)

    begun = await asyncio.gather(*(breakers.begin(PROVIDER) for _ in range(2)))
    assert sorted(begun) == [False, True]


async def test_a_trial_without_a_video_leaves_the_trial_to_the_next(world, breakers):
    await fail(breakers)
    world.clock.advance(30)
    assert await breakers.begin(PROVIDER)
    await breakers.withdraw(PROVIDER)

    assert await breakers.begin(PROVIDER)


async def test_a_service_that_only_wants_to_be_asked_later_is_tried_again_then(world, breakers):
    await fail(breakers)
    world.clock.advance(30)
    assert await breakers.begin(PROVIDER)
    await breakers.observe(PROVIDER, ProviderRateLimitedError())

    assert await breakers.begin(PROVIDER)


async def test_nothing_to_withdraw_ends_no_pause(breakers):
    await fail(breakers)
    await breakers.withdraw(PROVIDER)

    assert not await breakers.begin(PROVIDER)


async def test_a_clock_that_was_put_back_makes_no_pause_longer_than_any_is(world, breakers):
    world.clock.advance(7 * 86_400)
    await fail(breakers)
    world.clock.advance(-7 * 86_400)

    assert await breakers.room(PROVIDER, 8) == 1


async def test_a_trial_that_ends_well_opens_the_service_again(world, breakers):
    await fail(breakers)
    world.clock.advance(30)
    await breakers.begin(PROVIDER)
    await breakers.observe(PROVIDER, None)

    assert await breakers.get(PROVIDER) == Availability(PROVIDER)
    assert await breakers.room(PROVIDER, 8) == 8


async def test_each_trial_that_fails_makes_the_next_pause_longer_up_to_ten_minutes(world, breakers):
    await fail(breakers)
    waits = []
    for _ in range(8):
        waits.append(await paused_for(world, breakers))
        world.clock.advance(waits[-1])
        assert await breakers.room(PROVIDER, 8) == 1
        assert await breakers.begin(PROVIDER)
        await breakers.observe(PROVIDER, ProviderUnavailableError())

    assert waits == [30, 60, 120, 240, 480, 600, 600, 600]


async def test_a_trial_whose_outcome_no_one_ever_tells_is_repeated(world, breakers):
    await fail(breakers)
    world.clock.advance(30)
    await breakers.begin(PROVIDER)
    world.clock.advance(180)

    assert await breakers.room(PROVIDER, 8) == 1


async def test_a_service_that_is_well_needs_no_trial(breakers):
    assert await breakers.begin(PROVIDER)

    assert await breakers.get(PROVIDER) == Availability(PROVIDER)


async def test_each_server_that_wants_to_be_told_is_told_once_when_it_pauses_and_is_back(
    world, process, breakers
):
    for number, channel in ((1, ChannelId(11)), (2, None), (3, ChannelId(33))):
        await world.guilds.put(GuildSettings(GuildId(number), log_channel_id=channel))
    await fail(breakers, FAILURES_TOLERATED + 5)
    await process.loops.notices.run_once()
    told = list(world.notices.notices.values())
    assert [(notice.guild_id, notice.channel_id) for notice in told] == [(1, 11), (3, 33)]
    assert {notice.text for notice in told} == {text for _, text in world.messenger.told}
    assert "isn't responding" in told[0].text

    await breakers.observe(PROVIDER, None)
    await breakers.observe(PROVIDER, None)
    assert len(world.notices.notices) == 4


async def test_another_reason_is_told_as_well(world, breakers):
    await world.guilds.put(GuildSettings(GuildId(1), log_channel_id=ChannelId(11)))
    await fail(breakers)
    await breakers.observe(PROVIDER, ProviderCredentialsError())
    await breakers.observe(PROVIDER, ProviderCredentialsError())

    assert len(world.notices.notices) == 2


async def test_a_server_without_a_log_channel_whose_members_wait_is_told_once(world, breakers):
    await world.guilds.put(GuildSettings(GuildId(1), log_channel_id=ChannelId(11)))
    off = GuildSettings(GuildId(3), log_channel_id=ChannelId(33), log_level=LogLevel.OFF)
    await world.guilds.put(off)
    world.guilds.waiting[PROVIDER] = [GuildId(1), GuildId(2), GuildId(3)]
    for _ in range(3):
        await breakers.observe(PROVIDER, ProviderBalanceError())
        await breakers.observe(PROVIDER, None)

    told = [(one.guild_id, one.channel_id) for one in world.notices.notices.values()]
    assert told.count((2, TO_ADMINS)) == 1
    assert told.count((3, TO_ADMINS)) == 1
    assert told.count((1, 11)) == 6
    assert len(told) == 8


async def test_what_passes_by_itself_is_not_told_without_a_log_channel(world, breakers):
    world.guilds.waiting[PROVIDER] = [GuildId(2)]
    await fail(breakers, FAILURES_TOLERATED + 5)

    assert world.notices.notices == {}


async def test_the_operator_reads_it_in_the_log(breakers, caplog):
    caplog.set_level("INFO")
    await breakers.observe(PROVIDER, ProviderBalanceError())
    await breakers.observe(PROVIDER, None)

    said = [(row.levelname, row.msg) for row in caplog.records]
    assert said == [("ERROR", "provider_paused"), ("INFO", "provider_is_back")]


async def test_while_a_service_is_paused_videos_wait_and_are_made_afterwards(world, process):
    await process.core.breakers.observe(PROVIDER, ProviderBalanceError())
    job = await process.accept(key="one")
    await process.turn()
    assert (await world.store.get(job.id)).state is JobState.QUEUED
    assert world.provider.runs == []

    world.clock.advance(600)
    await process.turn()
    assert world.provider.paid_tags == [f"{job.id}-1"]


async def test_on_trial_one_of_many_videos_is_handed_over_and_the_others_follow_it(world, process):
    await process.core.breakers.observe(PROVIDER, ProviderBalanceError())
    for number in range(4):
        await process.accept(key=str(number), user_id=number)
    world.clock.advance(600)

    await process.worker.run_once()
    assert len(world.provider.runs) == 1
    await process.worker.run_once()
    assert len(world.provider.runs) == 4


async def test_a_video_that_is_not_due_yet_does_not_use_the_trial_up(world):
    away: list[BaseException | None] = [ProviderUnavailableError() for _ in range(5)]
    process = world.start(weather=Script(submit=away))
    job = await process.accept(key="one")
    while not (await process.core.breakers.get(PROVIDER)).is_paused(world.clock.now()):
        due_at = (await world.store.get(job.id)).next_action_at
        world.clock.advance(max((due_at - world.clock.now()).total_seconds(), 0))
        await process.turn()
    due_at = (await world.store.get(job.id)).next_action_at
    assert due_at - world.clock.now() > timedelta(seconds=31)

    world.clock.advance(31)  # the pause is over, and the video's own wait is not
    await process.turn()
    world.clock.advance((due_at - world.clock.now()).total_seconds())
    await process.turn()

    assert len(world.provider.runs) == 1


async def test_a_video_cancelled_as_its_trial_begins_leaves_the_trial_to_the_next(world):
    async def cancel(event):
        if event == "claim answered" and not done:
            done.append(event)
            await process.services.cancelling.cancel(
                first.id, first.guild_id, first.user_id, is_moderator=False, though_spent=True
            )

    done = []
    process = world.start(weather=cancel)
    first = await process.accept(key="one")
    await fail(process.core.breakers)
    world.clock.advance(31)
    await process.worker.run_once()
    second = await process.accept(key="two", user_id=31)
    world.clock.advance(5)
    await process.worker.run_once()

    assert (await world.store.get(first.id)).state is JobState.CANCELLED
    assert world.provider.paid_tags == [f"{second.id}-1"]


async def test_a_video_whose_pictures_do_not_stand_yet_keeps_no_service_shut(world):
    world.provider.pictures_max_bytes = None
    process = world.start()
    await process.accept(key="one", image=make_image())  # no one posts its card here
    await fail(process.core.breakers)
    world.clock.advance(31)
    second = await process.accept(key="two", user_id=31)
    until = world.clock.now() + timedelta(seconds=60)
    while world.clock.now() < until:
        await process.worker.run_once()
        world.clock.advance(1)

    assert world.provider.paid_tags == [f"{second.id}-1"]


async def test_a_database_that_is_busy_as_a_trial_begins_keeps_no_service_shut(world):
    process = world.start(weather=Script(claim=[DatabaseBusyError("locked")]))
    await process.accept(key="one")
    await fail(process.core.breakers)
    world.clock.advance(31)
    with pytest.raises(DatabaseBusyError):
        await process.worker.tick()
    await process.worker.run_once()

    assert len(world.provider.paid_tags) == 1


async def test_videos_rendering_are_looked_at_though_nothing_more_is_handed_over(world, process):
    job = await process.accept(key="one")
    await process.turn()
    await process.core.breakers.observe(PROVIDER, ProviderBalanceError())
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
async def test_a_video_that_waited_over_an_hour_through_six_pauses_is_given_up(world, error, kind):
    process = world.start()
    job = await process.accept(key="one")
    await pause_again_and_again(world, process, error, times=6)
    missing = NOW + timedelta(seconds=3601) - world.clock.now()
    world.clock.advance(max(missing.total_seconds(), 0))
    await process.core.breakers.begin(PROVIDER)
    await process.turn()

    ended = await world.store.get(job.id)
    assert (ended.state, ended.failure.kind) == (JobState.FAILED, kind)
    assert "for a long time" in ended.failure.text
    assert world.provider.runs == []


async def test_a_video_that_waits_for_no_more_than_an_hour_is_not_given_up(world, process):
    job = await process.accept(key="one")
    await pause_again_and_again(world, process, ProviderUnavailableError(), times=6)
    world.clock.advance((NOW + timedelta(hours=1) - world.clock.now()).total_seconds())
    await process.core.breakers.begin(PROVIDER)
    await process.turn()

    assert (await world.store.get(job.id)).state is JobState.QUEUED


@pytest.mark.parametrize("error", [ProviderBalanceError(), ProviderUnavailableError()], ids=named)
async def test_one_short_pause_gives_up_no_video_however_long_it_waited(world, process, error):
    job = await process.accept(key="one")
    world.clock.advance(7200)
    for _ in range(20):  # videos that were handed over together fail together
        await process.core.breakers.observe(PROVIDER, error)
    await process.turn()

    assert (await process.core.breakers.get(PROVIDER)).pauses_in_row == 1
    assert (await world.store.get(job.id)).state is JobState.QUEUED


async def test_the_fifth_pause_gives_up_no_video_and_the_sixth_does(world, process):
    job = await process.accept(key="one")
    world.clock.advance(7200)
    await pause_again_and_again(world, process, ProviderUnavailableError(), times=5)
    await process.turn()
    assert (await world.store.get(job.id)).state is JobState.QUEUED

    await end_pause_and_fail(world, process, ProviderUnavailableError())
    await process.turn()
    assert (await world.store.get(job.id)).state is JobState.FAILED


async def test_only_what_still_waits_is_given_up(world, process):
    waits, begun = await process.accept(key="one"), await process.accept(key="two")
    listed = await world.store.list_waiting(PROVIDER)
    await process.services.cancelling.cancel(
        begun.id, begun.guild_id, begun.user_id, is_moderator=False, though_spent=True
    )
    world.clock.advance(7200)
    await pause_again_and_again(world, process, ProviderUnavailableError(), times=6)

    await unfinished.give_up_waiting(PROVIDER, listed, process.context)

    assert (await world.store.get(waits.id)).state is JobState.FAILED
    assert (await world.store.get(begun.id)).state is JobState.CANCELLED


async def test_nothing_is_written_where_no_one_waited_long(world, process):
    job = await process.accept(key="one")
    listed = await world.store.list_waiting(PROVIDER)

    await unfinished.give_up_waiting(PROVIDER, listed, process.context)

    assert await world.store.get(job.id) == replace(job)
