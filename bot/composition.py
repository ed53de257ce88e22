"""The composition root: makes every adapter and service and connects them; runs nothing.

`make_core` and `make_loops` take adapters by their ports alone, so that tests compose the same bot
on fakes. Only `make_adapters` knows the concrete ones; all of them are opened on one
AsyncExitStack, in the order of their dependencies, and closed in reverse: last the database.
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import aiohttp

from bot.archive.details import VideoDetails
from bot.archive.footage import Footage
from bot.archive.late_results import LateResults
from bot.archive.posts import FreePosts
from bot.archive.remove import Removal
from bot.archive.retention import Retention
from bot.archive.show import Archive
from bot.catalog.images import ImageStore
from bot.catalog.models import Catalog
from bot.catalog.videos import SourceVideoStore
from bot.client import Client, point_at
from bot.clock import Clock, SystemClock
from bot.delivery.cards import CardPictures
from bot.delivery.context import DeliveryContext
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.messenger import DiscordPorts
from bot.delivery.notices import NoticeSender
from bot.delivery.private_answers import Following, PrivateAnswers, PrivateAnswerStore
from bot.delivery.temporary import DeletionSchedule, TemporaryMessageSweeper
from bot.delivery.threads import CardThreads, CardThreadStore
from bot.gateway import GatewayPace
from bot.guilds.moderation import BlockStore, WordFilter, WordStore
from bot.guilds.notices import NoticeStore, TemporaryMessages
from bot.guilds.reports import Reporting
from bot.guilds.settings import GuildAdmin, GuildStore, MemberStore, Recipes
from bot.health import HealthProbe, HealthStore
from bot.ids import (
    ID_BYTES,
    EditId,
    JobId,
    NoticeId,
    OfferId,
    ProviderName,
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
from bot.media.charts import PngCharts
from bot.media.downloads import guarded_session
from bot.media.pictures.store import DiskImageStore
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.videos.sources import DiskSourceVideoStore
from bot.media.videos.store import DiskVideoStore
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
from bot.presentation.answers import card_trouble, provider_notice
from bot.presentation.messenger import DiscordMessenger
from bot.presentation.money import pool_alert
from bot.providers import registry
from bot.providers.circuit_breaker import CircuitBreakers
from bot.providers.contract import AvailabilityStore, ImprovesPrompts, Provider, QuotesPrices
from bot.providers.spec import Connections
from bot.services import Services
from bot.settings import Settings
from bot.storage.availability import SqlAvailabilityStore
from bot.storage.budgets import SqlRequestBudgets
from bot.storage.deliveries import SqlPrivateAnswers
from bot.storage.engines.databases import open_database
from bot.storage.engines.transaction import Engine
from bot.storage.guilds import (
    SqlBlockStore,
    SqlCardThreads,
    SqlFavoriteStore,
    SqlGuildStore,
    SqlMemberStore,
    SqlNoticeStore,
    SqlOfferStore,
    SqlPresetStore,
    SqlTemporaryMessages,
    SqlWordStore,
)
from bot.storage.money import Money
from bot.storage.money_store import SqlImprovementStore, SqlMoneyStore
from bot.storage.stores import SqlJobStore
from bot.worker.inputs import LEAST_SIDE
from bot.worker.step import StepContext
from bot.worker.worker import Worker
from cogs import EXTENSIONS

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


@dataclass(frozen=True, slots=True)
class Application:
    """The bot, composed and not yet running."""

    client: Client
    loops: Loops
    catalog: Catalog
    providers: Mapping[ProviderName, Provider]
    stores: Stores
    clock: Clock
    health: HealthProbe


@contextlib.asynccontextmanager
async def composed(
    settings: Settings, pace: GatewayPace | None = None, *, may_begin: bool = True
) -> AsyncIterator[Application]:
    """Make every adapter and compose the bot on them; closes all of it at the end.

    `pace` is for callers that compose more than once: it remembers the IDENTIFYs of earlier
    clients. An empty database is filled only if a new ledger `may_begin`.
    """
    async with contextlib.AsyncExitStack() as stack:
        adapters = await make_adapters(settings, stack, may_begin=may_begin)
        yield compose(settings, adapters, pace)


async def make_adapters(
    settings: Settings, stack: contextlib.AsyncExitStack, *, may_begin: bool = True
) -> Adapters:
    """Open the database and connections, closed by `stack`, and make all adapters."""
    clock, allowed = SystemClock(), settings.fetch_allow_hosts
    engine = await stack.enter_async_context(open_database(settings.database, may_begin=may_begin))
    downloads = await stack.enter_async_context(guarded_session(allowed))
    api = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
    connections = Connections(api, downloads, SqlRequestBudgets(engine, clock), clock)
    ffmpeg = Ffmpeg(find_ffmpeg(settings.ffmpeg_path))
    images = DiskImageStore(settings.data_dir / "pictures", downloads, allowed, min_side=LEAST_SIDE)
    sources = settings.data_dir / "source-videos"
    return Adapters(
        clock=clock,
        stores=make_stores(engine),
        providers=registry.make_providers(settings.providers, connections),
        images=images,
        videos=DiskVideoStore(settings.data_dir / "videos", ffmpeg),
        sources=DiskSourceVideoStore(sources, ffmpeg, images, downloads, allowed),
        charts=PngCharts(),
    )


def make_stores(engine: Engine) -> Stores:
    """All stores on one database."""
    money = Money(engine, pool_alert)
    jobs, money_store = SqlJobStore(engine, money), SqlMoneyStore(engine, money)
    return Stores(
        jobs=jobs,
        shots=jobs,
        queue=jobs,
        leases=jobs,
        messages=jobs,
        notes=jobs,
        render_times=jobs,
        health=jobs,
        money=money_store,
        policies=money_store,
        guilds=SqlGuildStore(engine),
        members=SqlMemberStore(engine),
        blocks=SqlBlockStore(engine),
        words=SqlWordStore(engine),
        presets=SqlPresetStore(engine),
        favorites=SqlFavoriteStore(engine),
        notices=SqlNoticeStore(engine),
        temporary=SqlTemporaryMessages(engine),
        threads=SqlCardThreads(engine),
        answers=SqlPrivateAnswers(engine),
        offers=SqlOfferStore(engine),
        improvements=SqlImprovementStore(engine, money),
        availability=SqlAvailabilityStore(engine),
    )


def compose(settings: Settings, adapters: Adapters, pace: GatewayPace | None = None) -> Application:
    """Compose the services, the Discord client in front and the loops behind them."""
    core = make_core(adapters, Catalog(registry.preferred_models()))
    point_at(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    client = Client(core.services, EXTENSIONS, pace)
    lost = (aiohttp.ClientError, OSError, TimeoutError)
    loops = make_loops(
        adapters,
        core,
        DiscordMessenger(client, adapters.clock, lost),
        owner=owner_of(settings),
        reachable=client.reachable,
        keep_videos_for=timedelta(days=settings.keep_videos_days),
    )
    client.hear_of_opened_threads(loops.dispatcher.check_again_in)
    return Application(
        client=client,
        loops=loops,
        catalog=core.services.catalog,
        providers=adapters.providers,
        stores=adapters.stores,
        clock=adapters.clock,
        health=HealthProbe(client.reachable.is_set, adapters.stores.health, adapters.clock),
    )


def make_core(adapters: Adapters, catalog: Catalog) -> Core:
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
    materials = Materials(adapters.images, adapters.sources, removed, stores.messages)
    turns = Turns(FETCHED_AT_ONCE)
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
        intake=Intake(adapters.images, ordering),
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
        removing=Removal(stores.jobs, stores.messages, stores.guilds, clock),
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


def owner_of(settings: Settings) -> str:
    """This process's name on its leases.

    A SQLite file has one process, which takes its own leases back at once after a restart; on
    PostgreSQL every process has a name of its own, and a dead one's leases run out.
    """
    if settings.database.startswith("sqlite"):
        return "the-only-process"
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"
