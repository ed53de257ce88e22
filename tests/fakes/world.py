"""The services on fakes: a world that outlives its processes, and the processes that come and go."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from bot.domain.catalogue import Catalogue
from bot.domain.deliveries import DeliveryKind
from bot.domain.jobs import Job
from bot.domain.offers import Place
from bot.domain.pricing import Price
from bot.domain.quotes import Quote
from bot.ids import ChannelId, GuildId, IdempotencyKey, UserId
from bot.ports import Charts, JobStore, Treasury
from bot.services.accepting import Accepting
from bot.services.balances import Balances
from bot.services.budgeting import Budgeting
from bot.services.cancelling import Cancelling
from bot.services.delivering import Delivering
from bot.services.inquiring import Inquiring
from bot.services.noticing import Noticing
from bot.services.offering import Offering
from bot.services.outbox import Outbox
from bot.services.pausing import Pauses
from bot.services.pictures import CardPictures
from bot.services.quoting import Quoting
from bot.services.steps import Means
from bot.services.substituting import Substituting
from bot.services.tracking import Tracker
from tests.factories import (
    PROVIDER,
    make_capability,
    make_request,
    new_job_id,
    new_notice_id,
    new_offer_id,
    new_submission_id,
)
from tests.fakes.budgets import (
    InMemoryAvailability,
    InMemoryGuilds,
    InMemoryNotices,
    InMemoryOffers,
)
from tests.fakes.clock import FakeClock
from tests.fakes.courier import FakeCourier, Message
from tests.fakes.job_store import InMemoryJobStore
from tests.fakes.media import FakeFilmStore, FakeImageStore
from tests.fakes.provider import FakeProvider
from tests.fakes.treasury import FakeTreasury
from tests.fakes.weather import Weather, calm, mortal

MOST_TURNS = 10_000
AGES = timedelta(days=365)


@dataclass(frozen=True)
class Process:
    """One running program; its `weather` may kill it."""

    store: JobStore
    accepting: Accepting
    cancelling: Cancelling
    inquiring: Inquiring
    quoting: Quoting
    tracker: Tracker
    delivering: Delivering
    offering: Offering
    substituting: Substituting
    noticing: Noticing
    pauses: Pauses
    balances: Balances
    means: Means

    async def accept(
        self, *, key: str, user_id: int = 30, channel_id: int = 20, **request: Any
    ) -> Job:
        """A wish of this member, accepted as a command would."""
        wish = make_request(**request)
        quote = Quote(wish, make_capability(), Price(500_000), expected_seconds=60)
        place = Place(GuildId(10), ChannelId(channel_id), UserId(user_id))
        return await self.accepting.accept(quote, place, IdempotencyKey(key))

    async def turn(self) -> None:
        """Everything that is due now, to its end."""
        await self.tracker.run_once()
        await self.delivering.run_once()


@dataclass
class World:
    """What is still there after `kill -9`: the database, the services and what stands on disk."""

    store: JobStore = field(default_factory=InMemoryJobStore)
    clock: FakeClock = field(default_factory=FakeClock)
    films: FakeFilmStore = field(default_factory=FakeFilmStore)
    images: FakeImageStore = field(default_factory=FakeImageStore)
    availability: InMemoryAvailability = field(default_factory=InMemoryAvailability)
    guilds: InMemoryGuilds = field(default_factory=InMemoryGuilds)
    notices: InMemoryNotices = field(default_factory=InMemoryNotices)
    offers: InMemoryOffers = field(default_factory=InMemoryOffers)
    catalogue: Catalogue = field(default_factory=Catalogue)
    treasury: FakeTreasury = field(default_factory=FakeTreasury)
    provider: FakeProvider = field(init=False)
    courier: FakeCourier = field(init=False)

    def __post_init__(self) -> None:
        self.provider = FakeProvider(self.clock, self.films.disk)
        self.courier = FakeCourier(self.clock)
        self.catalogue.replace([make_capability()])

    def start(self, *, owner: str = "one", weather: Weather = calm) -> Process:
        """A new process on this world, under this weather."""
        store = mortal(self.store, weather)
        quoting = Quoting(self.catalogue, store)
        inquiring = Inquiring(store, quoting)
        courier = self.courier.under(weather)
        pauses = self._pauses()
        substituting = Substituting(self.catalogue, quoting, pauses, self.clock)
        outbox = Outbox(
            store,
            courier,
            self.images,
            self.films,
            self.catalogue,
            inquiring,
            substituting,
            self.clock,
        )
        delivering = Delivering(outbox, _set_event())
        providers = {PROVIDER: self.provider.under(weather)}
        means = Means(
            store,
            providers,
            self.images,
            self.films,
            self.clock,
            pauses,
            CardPictures(store, courier),
            new_submission_id,
        )
        tracker = Tracker(means, owner=owner, on_moved=delivering.wake)

        def wake() -> None:
            tracker.wake()
            delivering.wake()

        accepting = Accepting(store, self.clock, new_job_id, wake)
        cancelling = Cancelling(store, self.clock, wake)
        balances = Balances(providers, self.clock)
        treasury, no_charts = cast(Treasury, self.treasury), cast(Charts, None)
        budgeting = Budgeting(treasury, store, inquiring, no_charts, self.clock)
        return Process(
            store=store,
            accepting=accepting,
            cancelling=cancelling,
            inquiring=inquiring,
            quoting=quoting,
            tracker=tracker,
            delivering=delivering,
            offering=self._offering(quoting, accepting, pauses, balances, budgeting),
            substituting=substituting,
            noticing=Noticing(self.notices, courier, self.clock),
            pauses=pauses,
            balances=balances,
            means=means,
        )

    def _pauses(self) -> Pauses:
        return Pauses(
            store=self.availability,
            guilds=self.guilds,
            notices=self.notices,
            clock=self.clock,
            new_notice_id=new_notice_id,
            words=repr,
        )

    def _offering(
        self,
        quoting: Quoting,
        accepting: Accepting,
        pauses: Pauses,
        balances: Balances,
        budgeting: Budgeting,
    ) -> Offering:
        return Offering(
            store=self.offers,
            guilds=self.guilds,
            quoting=quoting,
            accepting=accepting,
            pauses=pauses,
            balances=balances,
            budgeting=budgeting,
            clock=self.clock,
            new_offer_id=new_offer_id,
        )

    async def live(self, process: Process) -> None:
        """Let a process work, and time pass, until nothing is left to do."""
        for _ in range(MOST_TURNS):
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
        cards = await self.store.list_posted_cards(changed_since=self.clock.now() - AGES)
        return all(self._shows(job) for _, job in cards)

    def films_of(self, job: Job) -> list[Message]:
        return self.courier.of(job.id, DeliveryKind.FILM)

    def cards_of(self, job: Job) -> list[Message]:
        return self.courier.of(job.id, DeliveryKind.CARD)

    def _shows(self, job: Job) -> bool:
        [card] = self.cards_of(job)
        linked = card.film_url is not None or not self.films_of(job)
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


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
