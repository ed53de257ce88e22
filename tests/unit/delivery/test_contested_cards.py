"""A card comes to show how its job stands, however edits of it overtake each other.

The kind: an edit is on its way to Discord while another process, or the next one, takes the card
over and edits it; then it arrives last. Its sender is killed, hears that it lost its lease,
cannot write that down because the database is away, or is overtaken while it does.
"""

import asyncio
import contextlib
from dataclasses import dataclass, replace

import pytest

from bot.errors import DatabaseBusyError, DeliveryUnavailableError
from bot.ids import MessageId
from bot.jobs.job import Job, JobState
from bot.jobs.messages import DeliveryState
from bot.tasks import TaskOwner
from tests.factories import make_delivery, make_job
from tests.fakes.messenger import Message
from tests.fakes.weather import KilledError, calm
from tests.fakes.world import World

WRONG_BY = 3600.0  # the clock of who takes the card over
SOON = 30  # seconds


def post_card(world):
    """A card in the channel that says nothing of its job's state yet."""
    job = make_job(state=JobState.RENDERING)
    card = make_delivery(job, state=DeliveryState.POSTED, message_id=MessageId(1), shown="earlier")
    world.store.jobs[job.id] = job
    world.store.deliveries[job.id, card.kind] = card
    at = world.clock.now()
    message = Message(MessageId(1), job.channel_id, card.nonce, card.kind, job.id, at)
    world.messenger.messages.append(message)
    return job, message


def end_job(world, job):
    world.store.jobs[job.id] = replace(job, state=JobState.CANCELLED)


async def live(world, process, seconds=SOON):
    for _ in range(seconds):
        await process.dispatcher.run_once()
        world.clock.advance(1)


@dataclass
class Overtaken:
    """The weather of a process whose first edit is overtaken by another process's.

    When it has arrived all the same, `ends` is raised; the next `losing` writes are lost.
    """

    world: World
    job: Job
    ends: BaseException | None = None
    losing: int = 0
    has_arrived: bool = False

    async def __call__(self, effect: str) -> None:
        if effect == "edit on its way" and not self.has_arrived:
            await edit_elsewhere(self.world, self.job)
        if effect == "edit answered":
            self.has_arrived = True
            if self.ends is not None:
                raise self.ends
        if effect == "save_delivery" and self.has_arrived and self.losing:
            self.losing -= 1
            raise DatabaseBusyError


async def edit_elsewhere(world, job, weather=calm):
    """The job ends, and another process, whose clock is ahead, takes the card over and edits it."""
    end_job(world, job)
    world.clock.advance(WRONG_BY)
    process = world.start(owner="two", weather=weather)
    await process.dispatcher.tick()
    world.clock.advance(-WRONG_BY)
    await process.dispatcher.run_once()


@pytest.mark.parametrize("owner", ["one", "two", "three"])
async def test_an_edit_that_arrives_after_its_process_was_killed_is_set_right(owner):
    world = World()
    job, message = post_card(world)
    killed = world.start(owner="one", weather=Overtaken(world, job, ends=KilledError()))
    with pytest.raises(KilledError):
        await killed.dispatcher.run_once()
    assert message.state != JobState.CANCELLED

    await live(world, world.start(owner=owner))

    assert message.state is JobState.CANCELLED


@pytest.mark.parametrize("losing", [0, 1, 2, 3])
async def test_anyone_who_was_overtaken_writes_it_down_once_the_database_is_back(losing):
    world = World()
    job, message = post_card(world)
    overtaken = world.start(owner="one", weather=Overtaken(world, job, losing=losing))
    with contextlib.suppress(DatabaseBusyError):
        await overtaken.dispatcher.run_once()
    for _ in range(SOON):  # its loop is started again after each error
        with contextlib.suppress(DatabaseBusyError):
            await live(world, overtaken, 1)

    assert message.state is JobState.CANCELLED


async def test_anyone_who_was_overtaken_writes_it_down_though_the_other_notes_its_edit_in_the_meantime():
    world = World()
    job, message = post_card(world)
    arrived, may_note = asyncio.Event(), asyncio.Event()
    writes: list[str] = []
    tasks = TaskOwner()

    async def slow_to_note(effect):
        if effect == "edit answered":
            arrived.set()
            await may_note.wait()

    async def overtaken(effect):
        if effect == "edit on its way" and not arrived.is_set():
            _ = tasks.start(edit_elsewhere(world, job, slow_to_note), name="another")
            await arrived.wait()
        if effect == "save_delivery" and arrived.is_set():
            writes.append(effect)
            if len(writes) == 2:  # it has read the row, and is about to write to it
                may_note.set()
                await tasks.close()

    process = world.start(owner="one", weather=overtaken)
    await process.dispatcher.run_once()
    assert message.state != JobState.CANCELLED
    await live(world, process)

    assert message.state is JobState.CANCELLED


async def test_an_edit_that_arrives_long_after_its_sender_gave_it_up_is_set_right():
    world = World()
    job, message = post_card(world)
    sent = []

    async def slow(effect):
        if effect == "edit on its way":
            sent.append(effect)
            if len(sent) == 1:
                end_job(world, job)
                raise DeliveryUnavailableError("TimeoutError")
        if effect == "edit answered" and len(sent) == 2:
            message.state = JobState.RENDERING  # the first one arrives

    await live(world, world.start(weather=slow))

    assert message.state is JobState.CANCELLED


async def test_a_card_that_no_one_else_edits_is_edited_once():
    world = World()
    job, message = post_card(world)
    process = world.start()
    await live(world, process)
    end_job(world, job)
    await live(world, process)

    assert len(message.edited) == 2


async def test_a_card_that_was_taken_over_is_edited_twice_and_no_more():
    world = World()
    job, message = post_card(world)
    killed = world.start(owner="one", weather=Overtaken(world, job, ends=KilledError()))
    with pytest.raises(KilledError):
        await killed.dispatcher.run_once()
    so_far = len(message.edited)

    await live(world, world.start(owner="three"), 600)

    assert len(message.edited) - so_far == 1
