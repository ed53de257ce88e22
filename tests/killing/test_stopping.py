"""A bot that is stopped while it is busy, and one that starts with a thousand videos open."""

import time
from dataclasses import replace

import pytest

from bot.app import STOP_GRACE_SECONDS
from bot.catalog.request import Origin
from bot.composition import composed
from bot.ids import ChannelId, GuildId, MessageId, ProviderName
from bot.jobs.job import JobState
from bot.jobs.messages import DeliveryState
from bot.jobs.stores import Change
from bot.money.changes import SetPolicy
from bot.tasks import TaskOwner
from tests.contract.branches import by
from tests.factories import make_delivery, make_job, make_submission
from tests.killing.books import told_of
from tests.killing.judging import judge
from tests.killing.processes import Bot
from tests.killing.town import open_town, unlimited
from tests.studio import open_studio

AT_PROVIDER = 8
UPLOAD_SECONDS = 6.0
MAKING_SECONDS = 600.0  # until the clock is turned: rendering, however slowly others work
SOON_SECONDS = 120.0
OPEN = 1000
INTERRUPTED = 8
RECOVERED_WITHIN_SECONDS = 2.0


async def until(town, holds):
    """Looks again and again, because the sandbox is another process."""
    deadline = time.monotonic() + SOON_SECONDS
    while not await holds():
        assert time.monotonic() < deadline
        await town.clock.sleep(0.05)


async def at_provider(town):
    runs = await town.people.call("GET", "/providers/nanogpt/runs")
    return sum(run["state"] in {"IN_QUEUE", "IN_PROGRESS", "delivering"} for run in runs)


async def uploading(town):
    """Whether the slow upload has begun."""
    return any(fault["struck"] for fault in await town.people.call("GET", "/faults"))


async def videos_of(town):
    told = told_of((await town.books()).messages)
    return [video for one in told.values() for video in one.videos]


async def make_busy(town):
    """One video on its way to the channel, slowly, and as many as can be are rendering."""
    switch = "/providers/nanogpt"
    await town.people.call("PATCH", switch, {"generation_seconds": 0.3, "unknown_seconds": 0})
    slow = {"method": "POST", "path": "/channels/*/messages", "kind": "latency"}
    await town.people.call("POST", "/faults", slow | {"seconds": UPLOAD_SECONDS, "after": 1})
    town.crowd.request("words")
    await until(town, lambda: uploading(town))
    await town.people.call("PATCH", switch, {"generation_seconds": MAKING_SECONDS})
    for _ in range(AT_PROVIDER):
        town.crowd.request("words")

    async def is_full():
        return await at_provider(town) == AT_PROVIDER

    await until(town, is_full)
    assert await videos_of(town) == []


@pytest.mark.timeout(240)
async def test_a_graceful_stop_under_load_ends_in_time_and_loses_nothing(tmp_path):
    tasks = TaskOwner()
    async with open_town(tmp_path, 5) as town:
        town.crowd.is_fickle = False
        bot = await Bot.start(tasks, town.environment, tmp_path / "bot.log")
        await bot.connected()
        await make_busy(town)
        begun = time.monotonic()
        code = await bot.stop()
        seconds = time.monotonic() - begun
        uploaded = await videos_of(town)
        await town.people.call("POST", "/clock", {"advance_seconds": MAKING_SECONDS})

        bot = await Bot.start(tasks, town.environment, tmp_path / "bot.log")
        await bot.connected()

        async def has_ended():
            verdict = judge(town.crowd.requests, await town.books(), await town.states())
            return "lost" not in verdict.wrong

        await until(town, has_ended)
        verdict = judge(town.crowd.requests, await town.books(), await town.states())
        assert await bot.stop() == 0
        await town.crowd.close()
    await tasks.close()

    assert code == 0
    assert seconds < STOP_GRACE_SECONDS * 2 + 2  # its steps first, then what is being posted
    assert len(uploaded) == 1
    assert verdict.wrong == {}
    assert verdict.videos == AT_PROVIDER + 1


async def fill(parts, place, channel):
    """A thousand videos that were waiting, and some whose handing-over a kill interrupted."""
    now = parts.clock.now()
    interrupted = []
    for number in range(OPEN):
        job = make_job(
            provider=ProviderName("nanogpt"),
            guild_id=place.guild_id,
            channel_id=channel,
            accepted_at=now,
            state_changed_at=now,
            next_action_at=now,
        )
        card = make_delivery(job, state=DeliveryState.POSTED, message_id=MessageId(number + 1))
        await parts.stores.jobs.accept(job, [card], replace(place, user_id=job.user_id))
        if number < INTERRUPTED:
            intent = make_submission(job, intended_at=now)
            interrupted.append(Change(replace(job, state=JobState.SUBMITTING), intent))
    assert not (await parts.stores.jobs.save(interrupted)).conflicts
    return [change.job.id for change in interrupted]


async def test_a_bot_with_a_thousand_open_videos_is_at_work_again_in_two_seconds(tmp_path):
    async with open_studio(tmp_path, generation_seconds=60) as studio:
        guild = GuildId(int(studio.people.guild["id"]))
        channel = ChannelId(int(studio.people.channel("videos")))
        async with composed(studio.settings()) as parts:
            await parts.stores.policies.apply(
                replace(by("generous"), guild_id=guild), SetPolicy(unlimited(guild))
            )
            ids = await fill(parts, Origin(guild, channel, make_job().user_id), channel)

        begun = time.process_time()  # its work, no matter who else has the processor
        async with composed(studio.settings()) as parts:
            await parts.loops.worker.tick()
            await parts.loops.dispatcher.tick()
            await parts.loops.worker.run_once()
            seconds = time.process_time() - begun
            states = [(await parts.stores.jobs.get(job_id)).state for job_id in ids]
            assert len(await parts.stores.jobs.list_active()) == OPEN

    assert set(states) == {JobState.UNCERTAIN}
    assert seconds < RECOVERED_WITHIN_SECONDS
