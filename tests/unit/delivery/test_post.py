"""A message reaches its channel, if need be with less than it should carry.

The kinds: a file, a quotation, a permission or the whole channel that Discord refuses, for the
moment or for good, for each of the three messages of a job; and Discord away.
"""

import contextlib
from datetime import timedelta

import pytest

from bot.delivery.cards import BETWEEN_CHECKS
from bot.delivery.messenger import VideoState
from bot.errors import DeliveryUnavailableError, FileTooLargeError, NotAllowedError
from bot.guilds.settings import GuildSettings, LogLevel
from bot.ids import ChannelId, GuildId, UserId
from bot.jobs.job import (
    Artifact,
    Failure,
    FailureKind,
    JobState,
)
from bot.jobs.messages import MAX_BLOCKED, DeliveryKind, DeliveryState
from tests.factories import make_delivery, make_image, make_job, make_request
from tests.fakes.weather import Death, KilledError, Script
from tests.fakes.world import World

FILES_REFUSED = [FileTooLargeError, NotAllowedError]


@pytest.mark.parametrize("refusal", FILES_REFUSED)
async def test_a_card_whose_pictures_are_refused_is_posted_without_them(world, refusal):
    world.messenger.files_raise = refusal
    process = world.start()
    job = await process.accept(key="one", image=make_image())

    await process.dispatcher.run_once()

    assert len(world.cards_of(job)) == 1
    assert world.messenger.pictures[job.id] == []


@pytest.mark.parametrize("refusal", FILES_REFUSED)
async def test_a_service_that_must_fetch_what_was_refused_says_so_in_a_word(world, refusal):
    world.messenger.files_raise = refusal
    world.provider.pictures_max_bytes = None
    process = world.start()
    job = await process.accept(key="one", image=make_image())

    await world.live(process)

    failed = await world.store.get(job.id)
    assert failed.state is JobState.FAILED
    assert "couldn't post them here" in failed.failure.text
    assert len(world.messenger.of(job.id, DeliveryKind.FAILURE)) == 1


async def test_a_video_that_may_not_be_attached_is_told_of_with_its_link(world):
    world.messenger.files_raise = NotAllowedError
    process = world.start()
    job = await process.accept(key="one")

    await world.live(process)

    [video] = world.videos_of(job)
    assert (video.may_attach, bool(video.address)) == (False, True)


async def test_the_card_of_a_video_that_could_not_be_posted_at_all_says_so(world):
    process = world.start()
    job = await process.accept(key="one")
    await process.dispatcher.run_once()
    world.messenger.gone_channels.add(job.channel_id)

    await world.live(process)
    world.clock.advance(BETWEEN_CHECKS.total_seconds())
    await process.turn()

    [card] = world.cards_of(job)
    assert world.videos_of(job) == []
    assert card.video.state is VideoState.UNDELIVERABLE


async def test_a_card_that_is_refused_even_without_pictures_is_given_up(world):
    world.messenger.files_raise = NotAllowedError
    process = world.start()
    job = await process.accept(key="one", image=make_image(), channel_id=21)
    world.messenger.gone_channels.add(job.channel_id)

    await process.dispatcher.run_once()

    card = await world.store.find_delivery(job.id, DeliveryKind.CARD)
    assert card.state is DeliveryState.UNDELIVERABLE


KINDS = list(DeliveryKind)


@pytest.fixture
def quick():
    """A world in memory, whose rows a test may write itself."""
    return World()


def owe(world, kind, **fields):
    """A message of this kind, of a job of its own."""
    failure = Failure(FailureKind.PROVIDER, "It broke.") if kind is DeliveryKind.FAILURE else None
    done = kind is DeliveryKind.VIDEO
    job = make_job(
        state=JobState.FAILED if failure else JobState.SUCCEEDED if done else JobState.QUEUED,
        failure=failure,
        artifact=Artifact("video.mp4", 9_000, 5.0, 1280, 720) if done else None,
        **fields,
    )
    world.store.jobs[job.id] = job
    world.store.deliveries[job.id, kind] = make_delivery(job, kind)
    return job


async def live(world, process, seconds):
    """Tick once a second, as the loop does."""
    for _ in range(round(seconds)):
        await process.dispatcher.run_once()
        world.clock.advance(1)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_discord_will_not_quote_is_posted_without_the_quotation(quick, kind):
    quick.messenger.unquotable.add("a fox at https://harmful.example")
    process = quick.start()
    other = owe(quick, kind, guild_id=GuildId(11), channel_id=ChannelId(21))
    job = owe(quick, kind, request=make_request(prompt="a fox at https://harmful.example"))

    await live(quick, process, 100)

    assert len(quick.messenger.of(job.id, kind)) == len(quick.messenger.of(other.id, kind)) == 1
    assert quick.messenger.refused == [f"{kind}-{job.id}"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_discord_will_not_quote_is_not_quoted_again_after_an_outage(quick, kind):
    quick.messenger.unquotable.add("a fox")
    process = quick.start(weather=Script(post=[DeliveryUnavailableError()]))
    job = owe(quick, kind, request=make_request(prompt="a fox"))

    await live(quick, process, 100)

    assert len(quick.messenger.of(job.id, kind)) == 1
    assert quick.messenger.refused == [f"{kind}-{job.id}"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_refused_even_without_quotations_is_never_repeated(quick, kind):
    quick.messenger.unquotable |= {"a fox", ""}
    process = quick.start()
    job = owe(quick, kind, request=make_request(prompt="a fox"))

    await live(quick, process, 600)

    delivery = await quick.store.find_delivery(job.id, kind)
    assert delivery.state is DeliveryState.UNDELIVERABLE
    assert len(quick.messenger.refused) == 2
    assert quick.messenger.forgotten == [delivery.nonce]


@pytest.mark.parametrize("kind", KINDS)
async def test_hours_in_which_a_machine_slept_are_no_hours_of_being_blocked(quick, kind):
    process = quick.start()
    job = owe(quick, kind)
    quick.messenger.blocked_channels.add(job.channel_id)
    await live(quick, process, 14)

    quick.clock.advance(2 * MAX_BLOCKED.total_seconds())
    await live(quick, process, 10)
    assert quick.messenger.messages == []
    quick.messenger.blocked_channels.clear()
    await live(quick, process, 130)

    assert len(quick.messenger.of(job.id, kind)) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_who_slept_while_the_intent_was_written_asks_again_before_the_post(
    quick, monkeypatch, kind
):
    job, save = owe(quick, kind), quick.store.save_delivery
    written = []

    async def slowly(delivery, **options):
        row = await save(delivery, **options)
        written.append(row.state)
        if len(written) == 1:
            quick.clock.advance(100)
        return row

    monkeypatch.setattr(quick.store, "save_delivery", slowly)
    await quick.start().dispatcher.run_once()

    assert len(quick.messenger.of(job.id, kind)) == 1
    assert written == [DeliveryState.POSTING, DeliveryState.POSTING, DeliveryState.POSTED]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_permission_that_is_lost_for_some_seconds_costs_no_message(quick, kind):
    process = quick.start()
    job = owe(quick, kind)
    quick.messenger.blocked_channels.add(job.channel_id)
    await live(quick, process, 14)
    assert quick.messenger.messages == []

    quick.messenger.blocked_channels.clear()
    await live(quick, process, 20)

    assert len(quick.messenger.of(job.id, kind)) == 1
    delivery = await quick.store.find_delivery(job.id, kind)
    assert (delivery.state, delivery.blocked_at) == (DeliveryState.POSTED, None)


async def test_a_permission_that_never_comes_back_is_asked_for_an_hour_less_and_less(quick):
    tries = []

    async def counting(effect):
        if effect == "post":
            tries.append(quick.clock.now())

    process = quick.start(weather=counting)
    job = owe(quick, DeliveryKind.VIDEO)
    quick.messenger.blocked_channels.add(job.channel_id)
    await live(quick, process, MAX_BLOCKED.total_seconds() + 600)

    video = await quick.store.find_delivery(job.id, DeliveryKind.VIDEO)
    assert video.state is DeliveryState.UNDELIVERABLE
    assert 10 < len(tries) < 50
    assert MAX_BLOCKED <= tries[-1] - tries[0] <= MAX_BLOCKED + timedelta(minutes=3)


async def test_a_card_says_that_its_video_is_blocked_and_gives_way_once_it_is_not(quick):
    process = quick.start()
    job = await process.accept(key="one")
    await process.dispatcher.run_once()
    quick.messenger.blocked_channels.add(job.channel_id)
    for _ in range(600):
        await process.turn()
        quick.clock.advance(1)
    [card] = quick.cards_of(job)
    assert card.video_blocked_at is not None

    quick.messenger.blocked_channels.clear()
    await quick.live(process)

    assert quick.messenger.standing(job.id) == quick.videos_of(job)


async def test_while_discord_is_away_a_post_is_tried_again_after_seconds_not_minutes(quick):
    away: list[BaseException | None] = [DeliveryUnavailableError() for _ in range(8)]
    process = quick.start(weather=Script(post=away))
    job = owe(quick, DeliveryKind.VIDEO)
    waits = []
    for _ in range(8):
        await process.dispatcher.run_once()
        video = await quick.store.find_delivery(job.id, DeliveryKind.VIDEO)
        waits.append((video.next_attempt_at - quick.clock.now()).total_seconds())
        quick.clock.advance(waits[-1])
    await process.dispatcher.run_once()

    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    assert len(quick.videos_of(job)) == 1


async def test_a_post_waits_as_long_as_discord_asks_it_to(quick):
    limited = DeliveryUnavailableError("rate limited", retry_after_seconds=45.0)
    process = quick.start(weather=Script(post=[limited]))
    job = owe(quick, DeliveryKind.VIDEO)
    await live(quick, process, 45)
    assert quick.messenger.messages == []

    await live(quick, process, 2)
    assert len(quick.videos_of(job)) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_remembered_of_a_post_is_forgotten_when_it_ends(quick, kind):
    process = quick.start()
    posted, lost = owe(quick, kind), owe(quick, kind, channel_id=ChannelId(21))
    quick.messenger.gone_channels.add(lost.channel_id)

    await live(quick, process, 3)

    assert sorted(quick.messenger.forgotten) == sorted(f"{kind}-{job.id}" for job in (posted, lost))


async def test_no_other_model_is_looked_for_before_a_video_is_posted(quick, monkeypatch):
    """It prices the whole catalogue."""
    process = quick.start()
    owe(quick, DeliveryKind.VIDEO)
    priced: list[object] = []
    monkeypatch.setattr(process.services.alternatives, "find", priced.append)

    await process.dispatcher.run_once()

    assert len(quick.messenger.messages) == 1
    assert priced == []


@pytest.mark.parametrize("level", [None, *LogLevel])
async def test_each_posted_video_is_logged_once_where_everything_is(level):
    world, log = World(), ChannelId(77)
    channel = None if level is None else log
    world.guilds.settings[GuildId(10)] = GuildSettings(
        GuildId(10), log_channel_id=channel, log_level=level or LogLevel.EVERYTHING
    )
    process = world.start()
    jobs = [await process.accept(key=key, prompt=f"@everyone {key}") for key in ("one", "two")]
    await world.live(process)
    for _ in range(2):
        await process.loops.notices.run_once()

    told = sorted(text for _, text in world.messenger.told)
    assert len(told) == (2 if level is LogLevel.EVERYTHING else 0)
    for job, text in zip(jobs, told, strict=False):
        [video] = world.videos_of(job)
        assert f"<@{job.user_id}> made a video: " in text
        assert text.splitlines()[0].endswith(f":{video.id}")
        assert "@everyone" not in text
        assert "Fake Model · $0.50" in text


async def test_a_video_and_its_log_entry_are_recorded_together_wherever_the_program_dies():
    """Neither is lost and neither comes twice, whatever write it dies at."""
    calm_run = Death()
    await logged(World(), calm_run)

    for at in range(1, len(calm_run.events) + 1):
        world = World()
        with contextlib.suppress(KilledError):
            await logged(world, Death(at))
        world.clock.advance(3600)
        process = world.start(owner="two")
        await world.live(process)
        await process.loops.notices.run_once()

        jobs = await world.store.list_ended(GuildId(10), UserId(30), 5)
        videos = [one for job in jobs for one in world.videos_of(job)]
        made = [job for job in jobs if job.state is JobState.SUCCEEDED]  # unless it was not sent
        assert len(world.messenger.told) == len(videos) == len(made)


async def logged(world, weather):
    world.guilds.settings[GuildId(10)] = GuildSettings(
        GuildId(10), log_channel_id=ChannelId(77), log_level=LogLevel.EVERYTHING
    )
    process = world.start(weather=weather)
    await process.accept(key="one")
    await world.live(process)
    await process.loops.notices.run_once()
