"""The services on fakes: a world that outlives its processes, and the processes that come and go."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from bot.assembly import Adapters, Core, Loops, Stores, make_core, make_loops
from bot.catalog.models import Catalog
from bot.catalog.pricing import Price
from bot.catalog.request import Origin
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.messenger import VideoMessage
from bot.delivery.private_answers import PrivateAnswerStore
from bot.delivery.threads import CardThreadStore
from bot.guilds.notices import TemporaryMessages
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.jobs.job import Job
from bot.jobs.messages import DeliveryKind
from bot.money.store import Charts
from bot.ordering.ordering import Ordering
from bot.ordering.quotes import Quote
from bot.services import Services
from bot.storage.deliveries import SqlPrivateAnswers
from bot.storage.guilds import SqlCardThreads, SqlTemporaryMessages
from bot.storage.stores import SqlJobStore
from bot.worker.step import StepContext
from bot.worker.worker import Worker
from tests.factories import (
    PROVIDER,
    make_capability,
    make_request,
    next_bytes,
)
from tests.fakes.budgets import (
    InMemoryAvailability,
    InMemoryBlocks,
    InMemoryCardThreads,
    InMemoryFavorites,
    InMemoryGuilds,
    InMemoryImprovements,
    InMemoryMembers,
    InMemoryNotices,
    InMemoryOffers,
    InMemoryPassing,
    InMemoryPresets,
    InMemoryPrivateAnswers,
    InMemoryWords,
)
from tests.fakes.clock import FakeClock
from tests.fakes.job_store import InMemoryJobStore, JobStores
from tests.fakes.media import FakeImageStore, FakeSourceVideoStore, FakeVideoStore
from tests.fakes.messenger import FakeMessenger, Message
from tests.fakes.money_store import FakeMoneyStore
from tests.fakes.privacy import InMemoryConsent, InMemoryRecords
from tests.fakes.provider import FakeProvider
from tests.fakes.weather import Weather, calm, mortal

MAX_TURNS = 10_000
AGES = timedelta(days=365)


@dataclass(frozen=True)
class Process:
    """One running program; its `weather` may kill it."""

    store: JobStores
    core: Core
    loops: Loops

    @property
    def services(self) -> Services:
        return self.core.services

    @property
    def worker(self) -> Worker:
        return self.loops.worker

    @property
    def dispatcher(self) -> Dispatcher:
        return self.loops.dispatcher

    @property
    def ordering(self) -> Ordering:
        return self.services.ordering

    @property
    def context(self) -> StepContext:
        return self.worker._context

    async def accept(
        self, *, key: str, user_id: int = 30, channel_id: int = 20, **request: Any
    ) -> Job:
        """A request of this member, accepted as a command would."""
        asked = make_request(**request)
        quote = Quote(asked, make_capability(), Price(500_000), expected_seconds=60)
        place = Origin(GuildId(10), ChannelId(channel_id), UserId(user_id))
        job, _ = await self.core.acceptance.accept(quote, place, IdempotencyKey(key))
        return job

    async def turn(self) -> None:
        """Everything that is due now, to its end."""
        await self.worker.run_once()
        await self.dispatcher.run_once()
        await self.loops.sweeper.run_once()
        await self.loops.answers.run_once()


@dataclass
class World:
    """What is still there after `kill -9`: the database, the services and what stands on disk."""

    store: JobStores = field(default_factory=InMemoryJobStore)
    clock: FakeClock = field(default_factory=FakeClock)
    videos: FakeVideoStore = field(default_factory=FakeVideoStore)
    images: FakeImageStore = field(default_factory=FakeImageStore)
    sources: FakeSourceVideoStore = field(default_factory=FakeSourceVideoStore)
    availability: InMemoryAvailability = field(default_factory=InMemoryAvailability)
    guilds: InMemoryGuilds = field(default_factory=InMemoryGuilds)
    members: InMemoryMembers = field(default_factory=InMemoryMembers)
    blocks: InMemoryBlocks = field(default_factory=InMemoryBlocks)
    words: InMemoryWords = field(default_factory=InMemoryWords)
    presets: InMemoryPresets = field(default_factory=InMemoryPresets)
    favorites: InMemoryFavorites = field(default_factory=InMemoryFavorites)
    notices: InMemoryNotices = field(default_factory=InMemoryNotices)
    consent: InMemoryConsent = field(init=False)
    records: InMemoryRecords = field(default_factory=InMemoryRecords)
    passing: TemporaryMessages = field(init=False)
    threads: CardThreadStore = field(init=False)
    answers: PrivateAnswerStore = field(init=False)
    offers: InMemoryOffers = field(default_factory=InMemoryOffers)
    improvements: InMemoryImprovements = field(init=False)
    catalog: Catalog = field(default_factory=Catalog)
    money_store: FakeMoneyStore = field(default_factory=FakeMoneyStore)
    provider: FakeProvider = field(init=False)
    messenger: FakeMessenger = field(init=False)

    def __post_init__(self) -> None:
        self.improvements = InMemoryImprovements(self.offers)
        if isinstance(self.store, InMemoryJobStore):
            self.store.notices = self.notices.notices  # of the same database
        self.provider = FakeProvider(self.clock, self.videos.disk)
        self.messenger = FakeMessenger(self.clock)
        self.consent = InMemoryConsent(self.notices)
        self.passing = _temporary_messages(self.store)
        self.threads = _card_threads(self.store, self.notices)
        self.answers = _private_answers(self.store)
        self.catalog.replace([make_capability()])

    def start(self, *, owner: str = "one", weather: Weather = calm) -> Process:
        """A new process on this world, under this weather."""
        store = mortal(self.store, weather)
        adapters = Adapters(
            clock=self.clock,
            stores=self._stores(store, weather),
            providers={PROVIDER: self.provider.under(weather)},
            images=self.images,
            videos=self.videos,
            sources=self.sources,
            charts=cast(Charts, None),
            new_bytes=next_bytes,
        )
        core = make_core(adapters, self.catalog)
        loops = make_loops(
            adapters,
            core,
            self.messenger.under(weather),
            owner=owner,
            reachable=_set_event(),
            keep_videos_for=timedelta(0),
        )
        return Process(store, core, loops)

    def _stores(self, store: JobStores, weather: Weather) -> Stores:
        money: Any = self.money_store
        return Stores(
            jobs=store,
            shots=store,
            queue=store,
            leases=store,
            messages=store,
            notes=store,
            render_times=store,
            health=store,
            money=money,
            policies=money,
            guilds=self.guilds,
            members=self.members,
            blocks=self.blocks,
            words=self.words,
            consent=self.consent,
            records=self.records,
            presets=self.presets,
            favorites=self.favorites,
            notices=self.notices,
            temporary=mortal(self.passing, weather),
            threads=mortal(self.threads, weather),
            answers=mortal(self.answers, weather),
            offers=self.offers,
            improvements=self.improvements,
            availability=self.availability,
        )

    async def live(self, process: Process) -> None:
        """Let a process work, and time pass, until nothing is left to do."""
        for _ in range(MAX_TURNS):
            await process.turn()
            if await self.is_settled():
                return
            self.clock.advance(await self._seconds_to_wait())
        msg = f"never settled: {await self.store.list_active()}"
        raise AssertionError(msg)

    async def is_settled(self) -> bool:
        """Every job has ended, every message is posted, and every card shows it."""
        if await self.store.list_active():
            return False
        if await self.store.list_owed(self.clock.now() + AGES, 1):
            return False
        if await self.passing.list_due(self.clock.now() + AGES, 1):
            return False
        cards = await self.store.list_posted_cards(changed_since=self.clock.now() - AGES)
        return all(self._shows(job) for _, job in cards)

    def videos_of(self, job: Job) -> list[Message]:
        return self.messenger.of(job.id, DeliveryKind.VIDEO)

    def cards_of(self, job: Job) -> list[Message]:
        return self.messenger.of(job.id, DeliveryKind.CARD)

    def _shows(self, job: Job) -> bool:
        [card] = self.cards_of(job)
        linked = card.video != VideoMessage() or not self.videos_of(job)
        return card.state is job.state and linked

    async def _seconds_to_wait(self) -> float:
        """To the next thing that is due; a card may be changed every few seconds."""
        now = self.clock.now()
        due = [row.next_attempt_at for row in await self.store.list_owed(now + AGES, 1000)]
        agenda = await self.store.agenda(now)
        if agenda.is_due:
            due.append(now)
        if agenda.next_at is not None:
            due.append(agenda.next_at)
        wait = (min(due) - now).total_seconds() if due else 3.0
        return max(wait, 1.0)


def _temporary_messages(store: JobStores) -> TemporaryMessages:
    """Those of the same database."""
    if isinstance(store, SqlJobStore):
        return SqlTemporaryMessages(store._engine)
    temporary = InMemoryPassing()
    if isinstance(store, InMemoryJobStore):
        temporary.messages = store.temporary
    return temporary


def _card_threads(store: JobStores, notices: InMemoryNotices) -> CardThreadStore:
    if isinstance(store, SqlJobStore):
        return SqlCardThreads(store._engine)
    return InMemoryCardThreads(notices)


def _private_answers(store: JobStores) -> PrivateAnswerStore:
    if isinstance(store, SqlJobStore):
        return SqlPrivateAnswers(store._engine)
    return InMemoryPrivateAnswers()


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


class Unblocked:
    """The service `Blocking` of a server that blocks no one."""

    async def ensure_not_blocked(self, guild_id: GuildId, user_id: UserId) -> None:
        pass


OPEN_TO_ALL = SimpleNamespace(
    services=SimpleNamespace(blocking=Unblocked())
)  # an interaction's client
