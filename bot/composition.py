"""The composition root: makes every adapter and composes the bot on them; runs nothing.

Only `make_adapters` knows the concrete ones; all of them are opened on one AsyncExitStack, in the
order of their dependencies, and closed in reverse: last the database. `assembly` joins the
services and the loops.
"""

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from bot.assembly import Adapters, Loops, Stores, make_core, make_loops
from bot.catalog.models import Catalog
from bot.client import Client, point_at
from bot.clock import Clock, SystemClock
from bot.gateway import GatewayPace
from bot.health import HealthProbe
from bot.ids import (
    ProviderName,
)
from bot.media.charts import PngCharts
from bot.media.downloads import guarded_session
from bot.media.pictures.store import DiskImageStore
from bot.media.videos.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.videos.sources import DiskSourceVideoStore
from bot.media.videos.store import DiskVideoStore
from bot.presentation.messenger import DiscordMessenger
from bot.presentation.money import pool_alert
from bot.providers import registry
from bot.providers.contract import Provider
from bot.providers.spec import Connections
from bot.settings import Settings
from bot.storage.deliveries import SqlPrivateAnswers
from bot.storage.engines.databases import open_database
from bot.storage.engines.transaction import Engine
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
from bot.worker.inputs import LEAST_SIDE
from cogs import EXTENSIONS


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
        consent=SqlConsentStore(engine),
        records=SqlMemberRecords(engine),
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
    keep_videos_for = timedelta(days=settings.keep_videos_days)
    catalog = Catalog(registry.preferred_models())
    core = make_core(adapters, catalog, keep_videos_for=keep_videos_for)
    point_at(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    client = Client(core.services, EXTENSIONS, pace)
    lost = (aiohttp.ClientError, OSError, TimeoutError)
    loops = make_loops(
        adapters,
        core,
        DiscordMessenger(client, adapters.clock, lost),
        owner=owner_of(settings),
        reachable=client.reachable,
        keep_videos_for=keep_videos_for,
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


def owner_of(settings: Settings) -> str:
    """This process's name on its leases.

    A SQLite file has one process, which takes its own leases back at once after a restart; on
    PostgreSQL every process has a name of its own, and a dead one's leases run out.
    """
    if settings.database.startswith("sqlite"):
        return "the-only-process"
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"
