"""A process as the composition root builds it: the real services on the real stores."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import cast

from bot.archive.late_results import LateResults
from bot.assembly import Adapters, Stores, make_core, make_loops
from bot.catalog.models import Catalog
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.temporary import TemporaryMessageSweeper
from bot.guilds.notices import TemporaryMessages
from bot.ids import ProviderName
from bot.jobs.cancel import Cancelling
from bot.money.store import Charts
from bot.ordering.extending import Extending
from bot.ordering.ordering import Acceptance
from bot.ordering.remaking import Remaking
from bot.ordering.sequels import Sequels
from bot.providers.contract import AvailabilityStore, RequestBudgets
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose, RequestRule
from bot.storage.deliveries import SqlPrivateAnswers
from bot.storage.guilds import (
    SqlCardThreads,
    SqlFavoriteStore,
    SqlGuildStore,
    SqlMemberStore,
    SqlNoticeStore,
    SqlOfferStore,
    SqlPresetStore,
    SqlTemporaryMessages,
)
from bot.storage.moderation import SqlBlockStore, SqlWordStore
from bot.storage.money import Money
from bot.storage.money_store import SqlImprovementStore, SqlMoneyStore
from bot.storage.privacy.consent import SqlConsentStore
from bot.storage.privacy.records import SqlMemberRecords
from bot.storage.providers import SqlAvailabilityStore, SqlRequestBudgets
from bot.storage.stores import SqlJobStore
from bot.tasks import supervise
from bot.worker.worker import Worker
from tests.fakes.job_store import JobStores
from tests.fakes.media import FakeSourceVideoStore
from tests.simulation.database import WitnessedSqlite
from tests.simulation.loop import Life
from tests.simulation.services import (
    SimulatedImageStore,
    SimulatedMessenger,
    SimulatedProvider,
    SimulatedVideoStore,
)
from tests.simulation.weather import MachineClock, Storm, WorldClock

REQUESTS_A_MINUTE = 90  # at each service; more than any day needs
RESERVED = 20


@dataclass
class Surroundings:
    """What is still there after `kill -9`."""

    engine: WitnessedSqlite
    clock: WorldClock
    providers: Mapping[ProviderName, SimulatedProvider]
    messenger: SimulatedMessenger
    videos: SimulatedVideoStore
    images: SimulatedImageStore
    catalog: Catalog
    numbers: "count[int]"

    def number(self) -> bytes:
        return next(self.numbers).to_bytes(10, "big")


@dataclass(frozen=True)
class Program:
    """One running program."""

    life: Life
    storm: Storm
    store: JobStores
    money_store: SqlMoneyStore
    accepting: Acceptance
    cancelling: Cancelling
    sequels: Sequels
    extending: Extending
    remaking: Remaking
    worker: Worker
    dispatcher: Dispatcher
    late_results: LateResults
    sweeper: TemporaryMessageSweeper

    def run(self, wait: Callable[[float], Awaitable[None]]) -> None:
        """Its loops, each of which outlives its failures, in its life."""
        loops = (self.worker, self.dispatcher, self.late_results, self.sweeper)
        for name, run in ((type(one).__name__, one.run) for one in loops):
            self.life.spawn(supervise(name, run, wait=wait))


def new_program(surroundings: Surroundings, storm: Storm) -> Program:
    """A process under this weather."""
    engine, clock = surroundings.engine, MachineClock(surroundings.clock, storm.life.machine)
    money = Money(engine)
    store = cast(JobStores, storm.over("database", SqlJobStore(engine, money)))
    money_store = storm.over("database", SqlMoneyStore(engine, money))
    budgets = cast(RequestBudgets, storm.over("database", SqlRequestBudgets(engine, clock)))
    providers = {
        name: one.under(storm.at(name), Pace(budgets, _rules(name), clock))
        for name, one in surroundings.providers.items()
    }
    stores = Stores(
        jobs=store,
        shots=store,
        queue=store,
        leases=store,
        messages=store,
        notes=store,
        render_times=store,
        health=store,
        money=money_store,
        policies=money_store,
        guilds=SqlGuildStore(engine),
        members=SqlMemberStore(engine),
        blocks=SqlBlockStore(engine),
        words=SqlWordStore(engine),
        consent=SqlConsentStore(engine),
        records=SqlMemberRecords(engine),
        presets=SqlPresetStore(engine),
        favorites=SqlFavoriteStore(engine),
        notices=SqlNoticeStore(engine),
        temporary=cast(TemporaryMessages, storm.over("database", SqlTemporaryMessages(engine))),
        threads=SqlCardThreads(engine),
        answers=SqlPrivateAnswers(engine),
        offers=SqlOfferStore(engine),
        improvements=SqlImprovementStore(engine, money),
        availability=cast(AvailabilityStore, storm.over("database", SqlAvailabilityStore(engine))),
    )
    adapters = Adapters(
        clock=clock,
        stores=stores,
        providers=providers,
        images=surroundings.images.under(storm.at("disk")),
        videos=surroundings.videos.under(storm.at("disk")),
        sources=FakeSourceVideoStore(),
        charts=cast(Charts, None),
        new_bytes=lambda _size: surroundings.number(),
    )
    reachable = asyncio.Event()
    reachable.set()
    core = make_core(adapters, surroundings.catalog)
    loops = make_loops(
        adapters,
        core,
        surroundings.messenger.under(storm.at("discord")),
        owner=storm.life.name,
        reachable=reachable,
        keep_videos_for=timedelta(0),
    )
    return Program(
        life=storm.life,
        storm=storm,
        store=store,
        money_store=money_store,
        accepting=core.acceptance,
        cancelling=core.services.cancelling,
        sequels=core.services.sequels,
        extending=core.services.extending,
        remaking=core.services.remaking,
        worker=loops.worker,
        dispatcher=loops.dispatcher,
        late_results=loops.late_results,
        sweeper=loops.sweeper,
    )


def _rules(name: ProviderName) -> dict[Purpose, list[RequestRule]]:
    rule = RequestRule(f"{name}-requests", REQUESTS_A_MINUTE, 60.0, RESERVED)
    return {purpose: [rule] for purpose in Purpose}
