"""Cards in a thread of their channel: one thread for all, and the channel where there can be none."""

import pytest

from bot.delivery.threads import ThreadTrouble
from bot.errors import (
    ChannelBlockedError,
    DeliveryUnavailableError,
    NotAllowedError,
    NoThreadsError,
)
from bot.guilds.settings import CardPlace, GuildSettings, LogLevel
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.job import Job
from bot.jobs.messages import DeliveryKind
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.weather import Death, KilledError, Script
from tests.fakes.world import World

CARD, VIDEO = DeliveryKind.CARD, DeliveryKind.VIDEO
HERE, CHANNEL, THREAD = GuildId(10), ChannelId(20), ChannelId(2000)
LOG = ChannelId(77)


def with_threads(world):
    world.guilds.settings[HERE] = GuildSettings(
        HERE, log_channel_id=LOG, cards=CardPlace.THREAD, keeps_cards=True
    )
    return world


@pytest.fixture
def world():
    return with_threads(World())


async def made(world, *keys, weather=None):
    """Requests in turn, each to its end."""
    process = world.start() if weather is None else world.start(weather=weather)
    jobs = []
    for key in keys:
        jobs.append(await process.accept(key=key))
        await world.live(process)
    return jobs


def places_of(world, jobs, kind=CARD):
    return [one.channel_id for job in jobs for one in world.messenger.of(job.id, kind)]


def told(world):
    return [notice.text for notice in world.notices.notices.values()]


async def test_cards_share_one_thread_and_videos_are_posted_in_the_channel(world):
    jobs = await made(world, "one", "two")

    assert places_of(world, jobs) == [THREAD, THREAD]
    assert places_of(world, jobs, VIDEO) == [CHANNEL, CHANNEL]
    assert world.messenger.threads == {CHANNEL: [THREAD]}
    assert told(world) == []


async def test_a_card_in_a_thread_follows_its_job_and_its_video_replaces_it(world):
    world.guilds.settings[HERE] = GuildSettings(HERE, cards=CardPlace.THREAD)
    process = world.start()
    job = await process.accept(key="one")
    await world.live(process)

    [card] = world.cards_of(job)
    assert card.channel_id == THREAD
    assert card.edited
    assert [one.kind for one in world.messenger.standing(job.id)] == [VIDEO]


async def test_a_card_that_a_server_cancelled_stays_in_its_thread(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.dispatcher.run_once()
    await process.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=False
    )
    await world.live(process)

    [left] = world.messenger.standing(job.id)
    assert (left.channel_id, left.kind) == (THREAD, CARD)


async def test_in_place_of_a_thread_that_was_deleted_another_one_is_opened(world):
    first = await made(world, "one")
    world.messenger.gone_channels.add(THREAD)
    later = await made(world, "two", "three")

    assert places_of(world, first + later) == [THREAD, THREAD + 1, THREAD + 1]
    assert told(world) == []


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (NotAllowedError(), "PERMISSION"),
        (NoThreadsError(), "KIND"),
        (ChannelBlockedError(), "CLOSED"),
    ],
)
async def test_without_a_thread_cards_are_in_the_channel_and_the_reason_is_told_once(
    world, error, trouble
):
    world.messenger.threads_raise = error
    jobs = await made(world, "one", "two")

    assert places_of(world, jobs) == [CHANNEL, CHANNEL]
    assert (await world.threads.get(CHANNEL)).trouble is ThreadTrouble[trouble]
    [text] = told(world)
    assert f"<#{CHANNEL}> itself" in text


async def test_a_thread_that_is_locked_sends_cards_to_the_channel_until_it_is_opened(world):
    jobs = await made(world, "one")
    for key in ("two", "three"):
        world.messenger.blocked_channels = {THREAD}
        jobs += await made(world, f"{key} locked")
        jobs += await made(world, f"{key} locked again")
        world.messenger.blocked_channels = set()
        jobs += await made(world, f"{key} open")

    times = [THREAD, CHANNEL, CHANNEL, THREAD, CHANNEL, CHANNEL, THREAD]
    assert places_of(world, jobs) == times
    assert len(told(world)) == 2  # once each time


@pytest.mark.parametrize("log", [{}, {"log_channel_id": LOG, "log_level": LogLevel.OFF}])
async def test_without_a_log_channel_no_one_is_told(world, log):
    world.guilds.settings[HERE] = GuildSettings(
        HERE, cards=CardPlace.THREAD, keeps_cards=True, **log
    )
    world.messenger.threads_raise = NotAllowedError()
    jobs = await made(world, "one")

    assert places_of(world, jobs) == [CHANNEL]
    assert told(world) == []


async def test_a_card_that_an_earlier_try_posted_before_the_thread_was_locked_is_not_repeated(
    world,
):
    """Discord took it, its answer was lost, and then the thread was locked."""

    async def weather(event):
        if event == "post answered" and not world.messenger.blocked_channels:
            world.messenger.blocked_channels = {THREAD}
            raise DeliveryUnavailableError

    jobs = await made(world, "one", weather=weather)

    assert places_of(world, jobs) == [THREAD]


async def test_while_discord_is_away_the_card_waits_for_its_thread(world):
    away: list[BaseException | None] = [
        DeliveryUnavailableError(),
        None,
        DeliveryUnavailableError(),
    ]
    jobs = await made(world, "one", weather=Script(open__thread=away))

    assert places_of(world, jobs) == [THREAD]


async def test_an_answer_that_was_lost_opens_no_second_thread(world):
    lost: list[BaseException | None] = [DeliveryUnavailableError()]
    jobs = await made(world, "one", weather=Script(open__thread__answered=lost))

    assert places_of(world, jobs) == [THREAD]
    assert world.messenger.threads == {CHANNEL: [THREAD]}


async def test_of_two_processes_one_opens_the_thread_for_both(world):
    two = world.start(owner="two")
    jobs: list[Job] = []
    opened_by_two = []

    async def weather(event):
        """The second process posts while the first waits for Discord's answer."""
        if event == "open thread" and not jobs:
            jobs.append(await two.accept(key="two"))
            await two.dispatcher.run_once()
            opened_by_two.append(dict(world.messenger.threads))

    one = world.start(owner="one", weather=weather)
    first = await one.accept(key="one")
    await one.dispatcher.run_once()
    await world.live(two)

    assert opened_by_two == [{}]
    assert places_of(world, [first, *jobs]) == [THREAD, THREAD]


async def test_a_kill_at_any_effect_leaves_one_card_and_one_thread():
    number, is_over = 0, False
    while not is_over:
        number += 1
        store = InMemoryJobStore()
        world = with_threads(World(store=store))
        death = Death(at=number)
        process = world.start(weather=death)
        try:
            await process.accept(key="one")
            await world.live(process)
        except KilledError:
            pass
        is_over = not death.has_come
        world.clock.advance(600)
        await world.live(world.start())
        for job in store.jobs.values():
            assert set(places_of(world, [job])) <= {THREAD}, death.events[-1]
            assert len(world.cards_of(job)) == 1, death.events[-1]
        assert world.messenger.threads in ({}, {CHANNEL: [THREAD]}), death.events[-1]
    assert number > 30
