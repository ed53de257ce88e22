"""A process as the composition root builds it: the real services on the real stores."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import cast

from bot.domain.catalogue import Catalogue
from bot.ids import ProviderName, SubmissionId, job_id_from, notice_id_from, submission_id_from
from bot.ports import AvailabilityStore, JobStore, Treasury
from bot.services.accepting import Accepting
from bot.services.cancelling import Cancelling
from bot.services.delivering import Delivering
from bot.services.inquiring import Inquiring
from bot.services.outbox import Outbox
from bot.services.pausing import Pauses
from bot.services.pictures import CardPictures
from bot.services.quoting import Quoting
from bot.services.salvaging import Salvaging
from bot.services.steps import Means
from bot.services.substituting import Substituting
from bot.services.tracking import Tracker
from bot.storage.availability import SqlAvailabilityStore
from bot.storage.guilds import SqlGuildStore, SqlNoticeStore
from bot.storage.money import Money
from bot.storage.stores import SqlJobStore
from bot.storage.treasury import SqlTreasury
from bot.tasks import supervise
from tests.simulation.database import WitnessedSqlite
from tests.simulation.loop import Life
from tests.simulation.services import (
    SimulatedCourier,
    SimulatedFilmStore,
    SimulatedImageStore,
    SimulatedProvider,
)
from tests.simulation.weather import Storm, WorldClock


@dataclass
class Ground:
    """What is still there after `kill -9`."""

    engine: WitnessedSqlite
    clock: WorldClock
    providers: Mapping[ProviderName, SimulatedProvider]
    courier: SimulatedCourier
    films: SimulatedFilmStore
    images: SimulatedImageStore
    catalogue: Catalogue
    numbers: "count[int]"

    def number(self) -> bytes:
        return next(self.numbers).to_bytes(10, "big")


@dataclass(frozen=True)
class Program:
    """One running program."""

    life: Life
    storm: Storm
    store: JobStore
    treasury: Treasury
    accepting: Accepting
    cancelling: Cancelling
    tracker: Tracker
    delivering: Delivering
    salvaging: Salvaging

    def run(self, wait: Callable[[float], Awaitable[None]]) -> None:
        """Its loops, each of which outlives its failures, in its life."""
        loops = (self.tracker, self.delivering, self.salvaging)
        for name, run in ((type(one).__name__, one.run) for one in loops):
            self.life.spawn(supervise(name, run, wait=wait))


def new_program(ground: Ground, storm: Storm) -> Program:
    """A process under this weather."""
    engine, clock = ground.engine, ground.clock
    money = Money(engine)
    store = cast(JobStore, storm.over("database", SqlJobStore(engine, money)))
    treasury = cast(Treasury, storm.over("database", SqlTreasury(engine, money)))
    availability = cast(AvailabilityStore, storm.over("database", SqlAvailabilityStore(engine)))
    courier = ground.courier.under(storm.at("discord"))
    films, images = ground.films.under(storm.at("disk")), ground.images.under(storm.at("disk"))
    quoting = Quoting(ground.catalogue, store)
    inquiring = Inquiring(store, quoting)
    pauses = Pauses(
        store=availability,
        guilds=SqlGuildStore(engine),
        notices=SqlNoticeStore(engine),
        clock=clock,
        new_notice_id=lambda: notice_id_from(ground.number()),
        words=repr,
    )
    substituting = Substituting(ground.catalogue, quoting, pauses, clock)
    outbox = Outbox(store, courier, images, films, ground.catalogue, inquiring, substituting, clock)
    reachable = asyncio.Event()
    reachable.set()
    delivering = Delivering(outbox, reachable)

    def new_submission_id() -> SubmissionId:
        return submission_id_from(ground.number())

    means = Means(
        store,
        {name: one.under(storm.at(name)) for name, one in ground.providers.items()},
        images,
        films,
        clock,
        pauses,
        CardPictures(store, courier),
        new_submission_id,
    )
    tracker = Tracker(means, owner=storm.life.name, on_moved=delivering.wake)

    def wake() -> None:
        tracker.wake()
        delivering.wake()

    return Program(
        life=storm.life,
        storm=storm,
        store=store,
        treasury=treasury,
        accepting=Accepting(store, clock, lambda: job_id_from(ground.number()), wake),
        cancelling=Cancelling(store, clock, wake),
        tracker=tracker,
        delivering=delivering,
        salvaging=Salvaging(store, films, means.providers, clock, delivering.wake),
    )
