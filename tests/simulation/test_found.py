"""What the simulation found in its first thousands of days, each as the shortest story of it."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from bot.errors import DatabaseBusyError, DeliveryUnavailableError, StorageError
from bot.ids import IdempotencyKey, UserId
from bot.jobs.job import JobState
from bot.jobs.messages import DeliveryKind
from bot.tasks import TaskOwner
from tests.fakes.clock import FakeClock
from tests.fakes.media import FakeVideoStore
from tests.fakes.weather import Script
from tests.fakes.world import World
from tests.simulation.loop import Life, SimulatedLoop
from tests.simulation.weather import WorldClock

KEY = IdempotencyKey("interaction:1")


@dataclass
class Gate:
    """A weather that holds up the first edit until it is opened."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, event: str) -> None:
        if event == "edit":
            self.reached.set()
            await self.opened.wait()


class ImpatientClock(FakeClock):
    """Anyone who sleeps on it wakes at once, and it is later."""

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)


@dataclass
class SlowVideoStore(FakeVideoStore):
    """Making a video fit takes so many seconds, one after the other."""

    clock: FakeClock = field(default_factory=FakeClock)
    seconds: list[float] = field(default_factory=list)

    async def fit(self, artifact, *, max_bytes):
        self.clock.advance(self.seconds.pop(0) if self.seconds else 0)
        return await super().fit(artifact, max_bytes=max_bytes)


async def test_an_edit_that_comes_later_than_a_newer_one_is_corrected():
    world, gate, owner = World(), Gate(), TaskOwner()
    one, two = world.start(owner="one", weather=gate), world.start(owner="two")
    job = await one.accept(key=KEY)
    await one.dispatcher.run_once()
    await two.worker.run_once()
    world.clock.advance(4)
    late = owner.start(one.dispatcher.run_once(), name="late")
    await gate.reached.wait()

    world.clock.advance(61)  # longer than an edit's lease
    await two.services.cancelling.cancel(
        job.id, job.guild_id, UserId(30), is_moderator=False, though_spent=True
    )
    await two.turn()
    gate.opened.set()
    await late
    await world.live(two)

    assert world.cards_of(job)[0].state is JobState.CANCELLED


async def test_a_video_that_takes_long_to_fit_is_looked_for_before_it_is_posted_again():
    clock = FakeClock()
    world = World(clock=clock, videos=SlowVideoStore(clock=clock, seconds=[0, 200]))
    lost = Script(post__answered=[None, DeliveryUnavailableError()])
    process = world.start(weather=lost)
    job = await process.accept(key=KEY)
    await world.live(process)

    assert len(world.messenger.of(job.id, DeliveryKind.VIDEO)) == 1


async def test_an_answer_that_the_database_did_not_take_once_is_written_the_next_time():
    world = World()
    world.provider.can_recover = False
    process = world.start(weather=Script(save=[None, StorageError()]))
    job = await process.accept(key=KEY)
    with contextlib.suppress(StorageError):
        await process.turn()
    await world.live(process)

    assert (await world.store.get(job.id)).state is JobState.SUCCEEDED
    assert len(world.provider.paid_tags) == 1


def test_a_database_in_trouble_is_tried_again_long_before_a_lease_ends():
    async def days_work() -> int:
        world, owner = World(clock=WorldClock()), TaskOwner()
        trouble = Script(claim_due=[DatabaseBusyError() for _ in range(5)])
        process = world.start(weather=trouble)
        await process.accept(key=KEY)
        tracking = owner.start(process.worker.run(), name="tracker")
        await world.clock.sleep(40)
        tracking.cancel()
        return len(world.provider.paid_tags)

    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(1)) as runner:
        assert runner.run(days_work()) == 1


async def test_an_answer_is_written_at_a_stop_though_the_database_refuses_it_first():
    world = World(clock=ImpatientClock())
    world.provider.can_recover = False
    process = world.start(weather=Script(save=[None, StorageError()]))
    job = await process.accept(key=KEY)
    await process.worker.tick()
    await process.worker.stop()

    submission = await world.store.find_submission(job.id)
    assert submission is not None
    assert submission.handle == "run-1"


def test_a_process_that_ends_while_it_is_suspended_was_suspended_to_its_end():
    loop = SimulatedLoop(0)

    async def lived() -> tuple[float, float, float]:
        clock, life = WorldClock(), Life("p0.0")
        await clock.sleep(10)
        life.suspend()
        await clock.sleep(30)
        life.resume()
        await clock.sleep(5)
        before = life.awake_ago(12)  # 5 seconds since it woke, 7 before it was suspended
        life.suspend()
        await clock.sleep(20)
        life.end()
        await clock.sleep(100)
        return before, life.suspended_seconds(0), life.suspended_seconds(35)

    try:
        assert loop.run_until_complete(lived()) == (3, 50, 25)
    finally:
        loop.close()
