"""Joins the services and the loops on adapters; makes no adapter and runs nothing.

Adapters are known by their ports alone, so that tests join the same bot on fakes.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from bot.archive.details import VideoDetails
from bot.archive.footage import Footage
from bot.archive.late_results import LateResults
from bot.archive.member_data import DataHandling, MemberData, MemberRecords
from bot.archive.posts import FreePosts
from bot.archive.remove import Removal, RemovalWords
from bot.archive.retention import Retention
from bot.archive.show import Archive
from bot.catalog.images import ImageStore
from bot.catalog.models import Catalog
from bot.catalog.videos import SourceVideoStore
from bot.clock import Clock
from bot.delivery.cards import CardPictures
from bot.delivery.context import DeliveryContext
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.messenger import DiscordPorts
from bot.delivery.notices import NoticeSender
from bot.delivery.private_answers import Following, PrivateAnswers, PrivateAnswerStore
from bot.delivery.temporary import DeletionSchedule, TemporaryMessageSweeper
from bot.delivery.threads import CardThreads, CardThreadStore
from bot.guilds.consent import Consent, ConsentStore, ConsentWords
from bot.guilds.moderation import BlockStore, WordFilter, WordStore
from bot.guilds.notices import NoticeStore, TemporaryMessages
from bot.guilds.reports import Reporting
from bot.guilds.settings import GuildAdmin, GuildStore, MemberStore, Recipes
from bot.health import HealthStore
from bot.ids import (
    ID_BYTES,
    EditId,
    JobId,
    NoticeId,
    OfferId,
    ProviderName,
    QuestionId,
    SubmissionId,
    spelled,
)
from bot.jobs.cancel import Cancelling
from bot.jobs.files import VideoStore
from bot.jobs.queue_positions import QueuePositions
from bot.jobs.removed import Materials, RemovedVideos
from bot.jobs.stores import (
    JobLeases,
    JobQueue,
    JobStore,
    KeyValueStore,
    MessageStore,
    ShotStore,
)
from bot.jobs.watchdog import Watchdog
from bot.locks import Turns
from bot.money.account import MemberMoney
from bot.money.admin import PolicyAdmin
from bot.money.store import Charts, MoneyStore, PolicyStore
from bot.ordering.alternatives import Alternatives
from bot.ordering.blocking import Blocking
from bot.ordering.choosing import FavoriteStore, ModelChooser
from bot.ordering.derive import SEED_BELOW
from bot.ordering.extending import Extending
from bot.ordering.intake import Intake
from bot.ordering.offers import OfferStore
from bot.ordering.ordering import Acceptance, Ordering, Retrying
from bot.ordering.presets import Presets, PresetStore
from bot.ordering.prompts.improving import ImprovementStore, Improving
from bot.ordering.quotes import FreeQuotes, Quotes
from bot.ordering.remaking import Remaking
from bot.ordering.sequels import Sequels
from bot.polling.history import RenderTimes
from bot.presentation import details
from bot.presentation.answers import provider_notice
from bot.presentation.moderation import texts
from bot.presentation.settings import card_trouble
from bot.providers import registry
from bot.providers.circuit_breaker import CircuitBreakers
from bot.providers.contract import AvailabilityStore, ImprovesPrompts, Provider, QuotesPrices
from bot.services import Services
from bot.worker.step import StepContext
from bot.worker.worker import Worker

Id = TypeVar("Id")


FETCHED_AT_ONCE = 4  # videos for members, of up to 100 MB each


@dataclass(frozen=True, slots=True)
class Stores:
    """All stores in the database."""

    jobs: JobStore
    shots: ShotStore
    queue: JobQueue
    leases: JobLeases
    messages: MessageStore
    notes: KeyValueStore
    render_times: RenderTimes
    money: MoneyStore
    policies: PolicyStore
    guilds: GuildStore
    members: MemberStore
    blocks: BlockStore
    words: WordStore
    consent: ConsentStore
    records: MemberRecords
    presets: PresetStore
    favorites: FavoriteStore
    notices: NoticeStore
    temporary: TemporaryMessages
    threads: CardThreadStore
    answers: PrivateAnswerStore
    offers: OfferStore
    improvements: ImprovementStore
    availability: AvailabilityStore
    health: HealthStore


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters beneath all services; none of them knows Discord."""

    clock: Clock
    stores: Stores
    providers: Mapping[ProviderName, Provider]
    images: ImageStore
    videos: VideoStore
    sources: SourceVideoStore
    charts: Charts
    new_bytes: Callable[[int], bytes] = secrets.token_bytes  # for ids, which must be unguessable

    def ids(self, kind: Callable[[str], Id]) -> Callable[[], Id]:
        """A factory of unique ids of this kind."""
        return lambda: kind(spelled(self.new_bytes(ID_BYTES)))

    def new_seed(self) -> int:
        """A seed that every service takes."""
        return int.from_bytes(self.new_bytes(ID_BYTES), "big") % SEED_BELOW


@dataclass(slots=True)
class WakeSignal:
    """Wakes every loop that waits for work; the loops are added after those that ring."""

    listeners: list[Callable[[], None]] = field(default_factory=list)

    def ring(self) -> None:
        for listener in self.listeners:
            listener()


@dataclass(frozen=True, slots=True)
class Core:
    """The services, and the parts they share with the loops."""

    services: Services
    acceptance: Acceptance
    breakers: CircuitBreakers
    signal: WakeSignal


@dataclass(frozen=True, slots=True)
class Loops:
    """The loops behind the services, which run until stopped."""

    worker: Worker
    dispatcher: Dispatcher
    notices: NoticeSender
    sweeper: TemporaryMessageSweeper
    answers: PrivateAnswers
    retention: Retention
    late_results: LateResults
    watchdog: Watchdog
    blocking: Blocking
    improving: Improving


def make_core(
    adapters: Adapters, catalog: Catalog, *, keep_videos_for: timedelta = timedelta()
) -> Core:
    """Make the services for the cogs."""
    stores, clock, signal = adapters.stores, adapters.clock, WakeSignal()
    breakers = _breakers(adapters)
    quotes = Quotes(catalog, stores.render_times, _free_quotes(adapters))
    member_money = MemberMoney(stores.money, stores.jobs, adapters.charts, clock)
    alternatives = Alternatives(catalog, quotes, breakers, stores.money, clock)
    providers = adapters.providers
    acceptance = Acceptance(
        stores.jobs,
        clock,
        adapters.ids(JobId),
        signal.ring,
        guilds=stores.guilds,
        fetching={name for name, one in providers.items() if one.pictures_max_bytes is None},
    )
    removed = RemovedVideos(stores.jobs, stores.messages)
    new_edit_id = adapters.ids(EditId)
    words = WordFilter(stores.words, clock, new_edit_id)
    materials = Materials(adapters.images, adapters.sources, removed)
    turns = Turns(FETCHED_AT_ONCE)
    consent = Consent(
        store=stores.consent,
        guilds=stores.guilds,
        members=stores.members,
        clock=clock,
        new_question_id=adapters.ids(QuestionId),
        words=ConsentWords(details.picture_question, details.picture_allowed),
    )
    ordering = Ordering(
        words=words,
        store=stores.offers,
        guilds=stores.guilds,
        quotes=quotes,
        acceptance=acceptance,
        breakers=breakers,
        member_money=member_money,
        removed=removed,
        materials=materials,
        consent=consent,
        clock=clock,
        new_offer_id=adapters.ids(OfferId),
    )
    recipes = Recipes(stores.guilds, stores.members)
    sequels = Sequels(
        jobs=stores.jobs,
        guilds=stores.guilds,
        images=adapters.images,
        catalog=catalog,
        quotes=quotes,
        ordering=ordering,
        alternatives=alternatives,
        member_money=member_money,
        new_seed=adapters.new_seed,
    )
    cancelling = Cancelling(stores.jobs, stores.shots, clock, signal.ring)
    services = Services(
        catalog=catalog,
        quotes=quotes,
        choosing=ModelChooser(
            catalog=catalog,
            quotes=quotes,
            favorites=stores.favorites,
            guilds=stores.guilds,
            member_money=member_money,
            breakers=breakers,
        ),
        ordering=ordering,
        improving=Improving(
            store=stores.improvements,
            guilds=stores.guilds,
            ordering=ordering,
            quotes=quotes,
            improver=_improver(adapters),
            clock=clock,
            new_offer_id=adapters.ids(OfferId),
        ),
        intake=Intake(adapters.images, ordering, consent),
        alternatives=alternatives,
        guild_admin=GuildAdmin(stores.guilds, clock, new_edit_id),
        presets=Presets(stores.presets, stores.jobs, catalog, clock, new_edit_id),
        member_money=member_money,
        policy_admin=PolicyAdmin(
            stores.policies, stores.money, adapters.charts, clock, new_edit_id
        ),
        following=Following(stores.answers, clock),
        cancelling=cancelling,
        words=words,
        blocking=Blocking(stores.blocks, stores.jobs, cancelling, clock, new_edit_id),
        removing=Removal(
            jobs=stores.jobs,
            messages=stores.messages,
            guilds=stores.guilds,
            temporary=stores.temporary,
            policies=stores.policies,
            clock=clock,
            words=RemovalWords(texts.removal_log, texts.removal_told),
        ),
        footage=Footage(
            stores.jobs,
            adapters.videos,
            adapters.sources,
            adapters.providers,
            clock,
            removed=removed,
            recipes=recipes,
            member_money=member_money,
            turns=turns,
        ),
        recipes=recipes,
        consent=consent,
        member_data=MemberData(
            stores.records,
            clock,
            DataHandling(tuple(map(registry.label_of, providers)), keep_videos_for),
        ),
        images=adapters.images,
        details=VideoDetails(stores.jobs, stores.messages, catalog),
        sequels=sequels,
        remaking=Remaking(
            sequels=sequels,
            jobs=stores.jobs,
            shots=stores.shots,
            removed=removed,
            videos=adapters.videos,
            quotes=quotes,
            new_seed=adapters.new_seed,
        ),
        free_posts=FreePosts(stores.notes, member_money),
        retrying=Retrying(stores.jobs, alternatives, materials),
        showing=Archive(
            stores.jobs,
            removed,
            adapters.videos,
            adapters.providers,
            clock,
            shots=stores.shots,
            sources=adapters.sources,
            recipes=recipes,
            turns=turns,
        ),
        extending=Extending(
            catalog=catalog,
            quotes=quotes,
            ordering=ordering,
            member_money=member_money,
            consent=consent,
            videos=adapters.videos,
            sources=adapters.sources,
            turns=turns,
        ),
        reporting=Reporting(stores.notices, stores.guilds, clock),
        temporary=DeletionSchedule(stores.temporary, clock),
        notes=stores.notes,
        clock=clock,
    )
    return Core(services, acceptance, breakers, signal)


def make_loops(
    adapters: Adapters,
    core: Core,
    messenger: DiscordPorts,
    *,
    owner: str,
    reachable: asyncio.Event,
    keep_videos_for: timedelta,
) -> Loops:
    """Make the loops, woken by the services; `owner` names this process on its leases."""
    stores, videos, clock = adapters.stores, adapters.videos, adapters.clock
    delivery = _delivery(adapters, core, messenger, owner)
    dispatcher = Dispatcher(delivery, reachable)
    worker = Worker(
        _steps(adapters, core, messenger),
        stores.leases,
        stores.queue,
        owner=owner,
        on_moved=dispatcher.wake,
    )
    core.signal.listeners += [worker.wake, dispatcher.wake]
    return Loops(
        worker=worker,
        dispatcher=dispatcher,
        notices=NoticeSender(stores.notices, messenger, clock),
        sweeper=TemporaryMessageSweeper(stores.temporary, messenger, clock),
        answers=PrivateAnswers(stores.answers, messenger, delivery),
        retention=Retention(
            stores.jobs,
            stores.messages,
            stores.notes,
            videos=videos,
            images=adapters.images,
            sources=adapters.sources,
            clock=clock,
            keep_for=keep_videos_for,
        ),
        late_results=LateResults(
            stores.jobs,
            videos,
            adapters.providers,
            clock,
            dispatcher.wake,
            sources=adapters.sources,
            recipes=core.services.recipes,
        ),
        watchdog=Watchdog(stores.jobs, stores.messages, clock),
        blocking=core.services.blocking,
        improving=core.services.improving,
    )


def _free_quotes(adapters: Adapters) -> FreeQuotes:
    asked = {name: one for name, one in adapters.providers.items() if isinstance(one, QuotesPrices)}
    return FreeQuotes(asked, adapters.images, adapters.clock)


def _improver(adapters: Adapters) -> ImprovesPrompts | None:
    able = (one for one in adapters.providers.values() if isinstance(one, ImprovesPrompts))
    return next(able, None)


def _breakers(adapters: Adapters) -> CircuitBreakers:
    return CircuitBreakers(
        store=adapters.stores.availability,
        guilds=adapters.stores.guilds,
        notices=adapters.stores.notices,
        clock=adapters.clock,
        new_notice_id=adapters.ids(NoticeId),
        words=lambda known: provider_notice(known, registry.label_of(known.provider)),
        label_of=registry.label_of,
    )


def _delivery(
    adapters: Adapters, core: Core, messenger: DiscordPorts, owner: str
) -> DeliveryContext:
    return DeliveryContext(
        jobs=adapters.stores.jobs,
        messages=adapters.stores.messages,
        guilds=adapters.stores.guilds,
        messenger=messenger,
        threads=CardThreads(
            store=adapters.stores.threads,
            guilds=adapters.stores.guilds,
            opener=messenger,
            clock=adapters.clock,
            new_notice_id=adapters.ids(NoticeId),
            words=card_trouble,
        ),
        images=adapters.images,
        videos=adapters.videos,
        shots=adapters.stores.shots,
        catalog=core.services.catalog,
        positions=QueuePositions(adapters.stores.queue),
        alternatives=core.services.alternatives,
        clock=adapters.clock,
        log_words=texts.video_logged,
        owner=owner,
    )


def _steps(adapters: Adapters, core: Core, messenger: DiscordPorts) -> StepContext:
    return StepContext(
        store=adapters.stores.jobs,
        shots=adapters.stores.shots,
        providers=adapters.providers,
        images=adapters.images,
        videos=adapters.videos,
        sources=adapters.sources,
        clock=adapters.clock,
        breakers=core.breakers,
        addresses=CardPictures(adapters.stores.jobs, adapters.stores.messages, messenger),
        new_submission_id=adapters.ids(SubmissionId),
        render_times=adapters.stores.render_times,
        recipes=core.services.recipes,
    )
