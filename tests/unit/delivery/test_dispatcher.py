"""Many videos at once: what waits holds up nothing that need not wait."""

import asyncio

from bot.delivery.context import UPLOADS_AT_ONCE
from bot.delivery.dispatcher import MAX_VIDEOS
from bot.ids import ChannelId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Artifact, Job, JobState
from bot.jobs.messages import DeliveryKind, posting
from bot.retries import POSTING_LEASE
from tests.factories import make_delivery, make_job
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.media import FakeVideoStore
from tests.fakes.world import World

SMALL, LARGE = 9_000, 90_000


class Encoder(FakeVideoStore):
    """Ends no encoding before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedVideo:
        if artifact.size_bytes > max_bytes:
            await self.may_end.wait()
        return await super().fit(artifact, max_bytes=max_bytes)


class Line:
    """A slow line to Discord: counts the uploads that are under way until they may end."""

    def __init__(self) -> None:
        self.under_way = 0
        self.may_end = asyncio.Event()

    async def __call__(self, event: str) -> None:
        if event == "post":
            self.under_way += 1
            await self.may_end.wait()


def owe_video(world: World, size_bytes: int, channel: ChannelId | None = None) -> Job:
    """Each in a channel of its own, unless one is given."""
    assert isinstance(world.store, InMemoryJobStore)
    channel = channel or ChannelId(100 + len(world.store.jobs))
    artifact = Artifact("video.mp4", size_bytes, 5.0, 1280, 720)
    job = make_job(state=JobState.SUCCEEDED, artifact=artifact, channel_id=channel)
    video = make_delivery(job, DeliveryKind.VIDEO)
    world.store.jobs[job.id] = job
    world.store.deliveries[job.id, video.kind] = video
    return job


async def settled(world: World) -> None:
    """Everyone does what can be done without waiting for an event."""
    for _ in range(200):
        await world.clock.sleep(0)


async def test_a_video_that_fits_waits_for_none_that_has_to_be_encoded():
    encoder = Encoder()
    world = World(videos=encoder)
    dispatcher = world.start().dispatcher
    large = [owe_video(world, LARGE) for _ in range(MAX_VIDEOS - 1)]
    small = owe_video(world, SMALL)

    await dispatcher.tick()
    await settled(world)
    assert [message.job_id for message in world.messenger.messages] == [small.id]

    encoder.may_end.set()
    await dispatcher.run_once()
    assert all(len(world.messenger.of(job.id, DeliveryKind.VIDEO)) == 1 for job in [small, *large])


async def test_a_few_videos_are_uploaded_at_once_however_many_are_ready():
    line, world = Line(), World()
    dispatcher = world.start(weather=line).dispatcher
    jobs = [owe_video(world, SMALL) for _ in range(UPLOADS_AT_ONCE + 3)]

    await dispatcher.tick()
    await settled(world)
    assert line.under_way == UPLOADS_AT_ONCE

    line.may_end.set()
    await dispatcher.run_once()
    assert all(len(world.messenger.of(job.id, DeliveryKind.VIDEO)) == 1 for job in jobs)


async def test_a_delivery_that_ends_with_the_tick_that_started_it(monkeypatch):
    """Its slot is freed a moment after its task; Python 3.12 hands out no moment by itself."""
    world = World()
    dispatcher = world.start().dispatcher
    job = owe_video(world, SMALL)
    tick = dispatcher.tick

    async def tick_and_a_moment() -> None:
        await tick()
        while not all(task.done() for _, task in dispatcher._under_way.values()):
            await world.clock.sleep(0)

    monkeypatch.setattr(dispatcher, "tick", tick_and_a_moment)
    await dispatcher.run_once()
    assert len(world.messenger.of(job.id, DeliveryKind.VIDEO)) == 1


async def test_interrupted_videos_of_one_channel_do_not_wait_for_their_leases():
    """The second had no room at the first tick, and then waited as if its owner were alive."""
    world = World()
    store = world.store
    assert isinstance(store, InMemoryJobStore)
    process = world.start()
    jobs = [owe_video(world, SMALL, ChannelId(1)) for _ in range(3)]
    for job in jobs:
        key = job.id, DeliveryKind.VIDEO
        store.deliveries[key] = posting(store.deliveries[key], "one", world.clock.now())
    began = world.clock.now()

    for _ in jobs:
        await process.dispatcher.run_once()

    assert all(len(world.messenger.of(job.id, DeliveryKind.VIDEO)) == 1 for job in jobs)
    assert world.clock.now() - began < POSTING_LEASE
