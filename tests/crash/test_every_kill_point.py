"""Stop the program at every single effect of a job's path; a new one finishes what it left.

An effect is a write to the database, a request to the video service or a message to Discord. The
program is killed both before each of them and right after, when no one heard the answer.
"""

import contextlib
from collections.abc import AsyncIterator
from itertools import count

import pytest

from bot.errors import DuplicateRequestError
from bot.ids import IdempotencyKey
from bot.jobs.job import FailureKind, Job, JobState
from bot.jobs.messages import DeliveryKind
from bot.providers.contract import ProviderState, ProviderStatus
from bot.storage.engines.databases import open_database
from tests.contract.databases import migrated_file
from tests.crash.books import Books, charge
from tests.fakes.job_store import InMemoryJobStore, JobStores
from tests.fakes.weather import Death, KilledError
from tests.fakes.world import Process, World
from tests.reading import find_by_key

KEY = IdempotencyKey("interaction:1")
BROKEN = ProviderStatus(ProviderState.FAILED, text="It broke.")
FEWEST_EFFECTS_OF_A_FAILURE = 25
CHARGED_MICROS = 437_000  # not what was quoted
FEWEST_EFFECTS = 40  # a shorter path means that the fakes no longer see the effects


@contextlib.asynccontextmanager
async def open_store(kind: str, folder) -> AsyncIterator[tuple[JobStores, Books | None]]:
    if kind == "memory":
        yield InMemoryJobStore(), None
        return
    async with open_database(await migrated_file(folder / "showreel.db")) as engine:
        books = Books(engine)
        await books.open()
        yield books.store, books


def new_world(store: JobStores, *, can_recover: bool) -> World:
    world = World(store=store)
    world.provider.takes_seconds = 2.0
    world.provider.can_recover = can_recover
    charge(world.provider, [CHARGED_MICROS])
    return world


async def request(world: World, process: Process) -> Job:
    """As a member does, who asks again when no one answered."""
    with contextlib.suppress(DuplicateRequestError):
        await process.accept(key=KEY)
    await world.live(process)
    job = await find_by_key(world.store, KEY)
    assert job is not None
    return job


async def killed_and_restarted(world: World, number: int, *, down_seconds: float) -> Death:
    """The same request in a process that dies at this effect, and in one that does not."""
    death = Death(at=number)
    with contextlib.suppress(KilledError):
        await request(world, world.start(weather=death))
    if death.has_come:
        world.clock.advance(down_seconds)
        await request(world, world.start())
    return death


async def assert_all_is_well(world: World, where: str) -> Job:
    job = await find_by_key(world.store, KEY)
    assert job is not None, where
    assert len(world.provider.paid_tags) <= 1, where
    assert len(world.cards_of(job)) == 1, where
    [left] = world.messenger.standing(job.id)
    if job.state is JobState.SUCCEEDED:
        assert [left] == world.videos_of(job), where
    else:
        assert job.failure is not None, where
        assert job.failure.kind is FailureKind.UNCERTAIN, where
        assert world.videos_of(job) == [], where
    words = world.messenger.of(job.id, DeliveryKind.FAILURE)
    assert words == ([] if job.state is JobState.SUCCEEDED else [left]), where
    return job


@pytest.mark.parametrize("down_seconds", [0, 600], ids=["back at once", "back after ten minutes"])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_kill_anywhere_loses_nothing_and_repeats_nothing(kind, down_seconds, tmp_path):
    lost = []
    for number in count(1):
        folder = tmp_path / str(number)
        async with open_store(kind, folder) as (store, books):
            world = new_world(store, can_recover=True)
            death = await killed_and_restarted(world, number, down_seconds=down_seconds)
            where = f"killed at {number}, {death.events[-1]}"
            job = await assert_all_is_well(world, where)
            if books is not None:
                await books.judge(world.provider, [job], where)
        if job.state is not JobState.SUCCEEDED:
            lost.append(death.events[-1])
        if not death.has_come:
            break

    assert number > FEWEST_EFFECTS
    # the intent stood and nothing was sent: that cannot be told from an answer that was lost
    assert lost == ["save answered", "submit"]


@pytest.mark.parametrize("down_seconds", [0, 600], ids=["back at once", "back after ten minutes"])
async def test_a_kill_anywhere_lets_a_failure_be_told_once(down_seconds):
    for number in count(1):
        world = new_world(InMemoryJobStore(), can_recover=True)
        world.provider.verdicts = [BROKEN]
        death = await killed_and_restarted(world, number, down_seconds=down_seconds)
        job = await find_by_key(world.store, KEY)
        assert job is not None
        where = f"killed at {number}, {death.events[-1]}"
        assert job.state is JobState.FAILED, where
        words = world.messenger.of(job.id, DeliveryKind.FAILURE)
        assert words == world.messenger.standing(job.id), where
        assert len(words) == 1, where
        if not death.has_come:
            break

    assert number > FEWEST_EFFECTS_OF_A_FAILURE


async def test_where_nothing_can_be_looked_up_a_lost_answer_is_never_paid_twice():
    lost = []
    for number in count(1):
        world = new_world(InMemoryJobStore(), can_recover=False)
        death = await killed_and_restarted(world, number, down_seconds=0)
        job = await assert_all_is_well(world, f"killed at {number}, {death.events[-1]}")
        if job.state is not JobState.SUCCEEDED:
            lost.append(death.events[-1])
        if not death.has_come:
            break

    assert lost == ["save answered", "submit", "submit answered", "save"]
