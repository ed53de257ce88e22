"""The composition root: the only place that makes adapters and joins them.

Everything is opened on one AsyncExitStack, in the order in which it is needed, and closed in the
reverse: first no new wishes, then the steps under way, then the connections, last the database.
`kill -9` at any point loses nothing; this order is only politeness.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import discord
from pydantic import SecretStr

from bot.client import Client, Services, point_at
from bot.clock import SystemClock
from bot.domain.catalogue import Catalogue
from bot.errors import ConfigurationError
from bot.health import Health, examine_health, serving_health
from bot.ids import (
    ID_BYTES,
    EditId,
    JobId,
    NoticeId,
    OfferId,
    ProviderName,
    SubmissionId,
    edit_id_from,
    job_id_from,
    notice_id_from,
    offer_id_from,
    submission_id_from,
)
from bot.logs import set_up_logs
from bot.media.charts import PngCharts
from bot.media.downloads import guarded_session
from bot.media.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.films import DiskFilmStore
from bot.media.images import DiskImageStore
from bot.ports import Provider
from bot.presentation.courier import DiscordCourier
from bot.presentation.money import pool_alert
from bot.presentation.replies import provider_notice
from bot.providers.registry import Account, Lines, make_providers
from bot.services.accepting import Accepting
from bot.services.administering import Administering
from bot.services.balances import Balances
from bot.services.budgeting import Budgeting
from bot.services.cancelling import Cancelling
from bot.services.delivering import Delivering
from bot.services.governing import Governing
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
from bot.settings import Settings
from bot.storage.availability import SqlAvailabilityStore
from bot.storage.budgets import SqlRequestBudgets
from bot.storage.databases import open_database
from bot.storage.guilds import SqlGuildStore, SqlNoticeStore
from bot.storage.money import Money
from bot.storage.offers import SqlOfferStore
from bot.storage.stores import SqlJobStore
from bot.storage.treasury import SqlTreasury
from bot.tasks import TaskOwner, supervise
from cogs import EXTENSIONS

_log = logging.getLogger(__name__)

CATALOGUE_REFRESH_SECONDS = 3600.0
STOP_GRACE_SECONDS = 10.0
_FATAL = (discord.LoginFailure, discord.PrivilegedIntentsRequired)


@dataclass(slots=True)
class Bell:
    """Wakes all who wait for work; those who listen are made after those who ring."""

    listeners: list[Callable[[], None]] = field(default_factory=list)

    def ring(self) -> None:
        for listener in self.listeners:
            listener()


@dataclass(frozen=True, slots=True)
class Parts:
    """The bot, joined and not yet running."""

    client: Client
    tracker: Tracker
    delivering: Delivering
    noticing: Noticing
    catalogue: Catalogue
    providers: dict[ProviderName, Provider]
    store: SqlJobStore
    treasury: SqlTreasury
    clock: SystemClock

    async def health(self) -> Health:
        return await examine_health(self.client.reachable.is_set, self._count_open)

    async def _count_open(self) -> int:
        return len(await self.store.list_active())


async def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C. Raises ConfigurationError for what the operator must mend."""
    set_up_logs(level=settings.log_level, form=settings.log_format, secrets=secrets_of(settings))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt does it
            loop.add_signal_handler(name, stopped.set)
    async with joined(settings) as parts:
        await run_until(stopped, settings, parts)


@contextlib.asynccontextmanager
async def joined(settings: Settings) -> AsyncIterator[Parts]:
    """Make every adapter and join them; closes all of it at the end."""
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_database(settings.database))
        money = Money(engine, pool_alert)
        store, guilds = SqlJobStore(engine, money), SqlGuildStore(engine)
        treasury = SqlTreasury(engine, money)
        allowed = settings.fetch_allow_hosts
        downloads = await stack.enter_async_context(guarded_session(allowed))
        api = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        lines = Lines(api, downloads, SqlRequestBudgets(engine, clock), clock)
        providers = make_providers(accounts_of(settings), lines)
        images = DiskImageStore(settings.data_dir / "pictures", downloads, allowed)
        ffmpeg = Ffmpeg(find_ffmpeg(settings.ffmpeg_path))
        films = DiskFilmStore(settings.data_dir / "films", ffmpeg)
        catalogue, bell = Catalogue(), Bell()
        quoting = Quoting(catalogue, store)
        notices = SqlNoticeStore(engine)
        pauses = Pauses(
            store=SqlAvailabilityStore(engine),
            guilds=guilds,
            notices=notices,
            clock=clock,
            new_notice_id=new_notice_id,
            words=provider_notice,
        )
        substituting = Substituting(catalogue, quoting, pauses, clock)
        inquiring = Inquiring(store, quoting)
        charts = PngCharts()
        budgeting = Budgeting(treasury, store, inquiring, charts, clock)
        services = Services(
            catalogue=catalogue,
            quoting=quoting,
            offering=Offering(
                store=SqlOfferStore(engine),
                guilds=guilds,
                quoting=quoting,
                accepting=Accepting(store, clock, new_job_id, bell.ring),
                pauses=pauses,
                balances=Balances(providers, clock),
                budgeting=budgeting,
                clock=clock,
                new_offer_id=new_offer_id,
            ),
            substituting=substituting,
            administering=Administering(guilds),
            budgeting=budgeting,
            governing=Governing(treasury, charts, clock, new_edit_id),
            cancelling=Cancelling(store, clock, bell.ring),
            inquiring=inquiring,
            images=images,
            jobs=store,
            clock=clock,
        )
        point_at(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
        client = Client(services, EXTENSIONS)
        courier = DiscordCourier(client, clock, (aiohttp.ClientError, OSError, TimeoutError))
        outbox = Outbox(store, courier, images, films, catalogue, inquiring, substituting, clock)
        delivering = Delivering(outbox, client.reachable)
        addresses = CardPictures(store, courier)
        means = Means(store, providers, images, films, clock, pauses, addresses, new_submission_id)
        tracker = Tracker(means, owner=owner_of(settings), on_moved=delivering.wake)
        bell.listeners += [tracker.wake, delivering.wake]
        noticing = Noticing(notices, courier, clock)
        yield Parts(
            client, tracker, delivering, noticing, catalogue, providers, store, treasury, clock
        )


async def run_until(stopped: asyncio.Event, settings: Settings, parts: Parts) -> None:
    """Run everything that runs for ever, each supervised, until `stopped` or a fatal error."""
    if settings.discord_token is None:
        msg = "DISCORD_TOKEN: it is missing"
        raise ConfigurationError(msg)
    token = settings.discord_token.get_secret_value()
    await refresh_catalogue(parts)
    tasks, clock, client = TaskOwner(), parts.clock, parts.client
    async with serving_health(settings.http_host, settings.http_port, parts.health), client:
        gateway = tasks.start(
            supervise(
                "gateway",
                lambda: client.start(token),
                wait=clock.sleep,
                is_fatal=lambda error: isinstance(error, _FATAL),
            ),
            name="gateway",
        )
        loops: dict[str, Callable[[], Awaitable[None]]] = {
            "tracker": parts.tracker.run,
            "delivering": parts.delivering.run,
            "noticing": parts.noticing.run,
            "catalogue": partial(keep_catalogue_fresh, parts),
        }
        running = {
            tasks.start(supervise(name, run, wait=clock.sleep), name=name)
            for name, run in loops.items()
        }
        ended = tasks.start(stopped.wait(), name="stop")
        await asyncio.wait({gateway, ended, *running}, return_when=asyncio.FIRST_COMPLETED)
        _log.info("stopping")
        await parts.tracker.stop(grace_seconds=STOP_GRACE_SECONDS)
        await parts.delivering.stop(grace_seconds=STOP_GRACE_SECONDS)
        await client.close()
        await tasks.close(grace_seconds=0.5)
    _raise_fatal(gateway)


def _raise_fatal(gateway: "asyncio.Task[None]") -> None:
    error = None if gateway.cancelled() or not gateway.done() else gateway.exception()
    if isinstance(error, _FATAL):
        msg = f"DISCORD_TOKEN: Discord refused it ({error})"
        raise ConfigurationError(msg) from error
    if error is not None:
        raise error


async def refresh_catalogue(parts: Parts) -> None:
    """Ask every provider for its models; one that is away answers from its bundled table."""
    found = [await provider.list_capabilities() for provider in parts.providers.values()]
    parts.catalogue.replace(capability for listed in found for capability in listed)


async def keep_catalogue_fresh(parts: Parts) -> None:
    """Models and prices change; ask again every hour."""
    while True:
        await parts.clock.sleep(CATALOGUE_REFRESH_SECONDS)
        await refresh_catalogue(parts)


def accounts_of(settings: Settings) -> dict[ProviderName, Account]:
    """The providers that there is a key for."""
    accounts = {}
    if settings.nanogpt_api_key is not None:
        key = settings.nanogpt_api_key.get_secret_value()
        accounts[ProviderName("nanogpt")] = Account(key, settings.nanogpt_base_url)
    if settings.nanophoto_api_key is not None:
        key = settings.nanophoto_api_key.get_secret_value()
        accounts[ProviderName("nanophoto")] = Account(
            key, settings.nanophoto_base_url, settings.nanophoto_usd_per_credit
        )
    return accounts


def owner_of(settings: Settings) -> str:
    """This process's name on its leases.

    A SQLite file has one process, which takes its own leases back at once after a restart; on
    PostgreSQL every process has a name of its own, and a dead one's leases run out.
    """
    if settings.database.startswith("sqlite"):
        return "the-only-process"
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


def secrets_of(settings: Settings) -> list[str]:
    """What must never be logged."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def new_job_id() -> JobId:
    return job_id_from(secrets.token_bytes(ID_BYTES))


def new_edit_id() -> EditId:
    return edit_id_from(secrets.token_bytes(ID_BYTES))


def new_offer_id() -> OfferId:
    return offer_id_from(secrets.token_bytes(ID_BYTES))


def new_notice_id() -> NoticeId:
    return notice_id_from(secrets.token_bytes(ID_BYTES))


def new_submission_id() -> SubmissionId:
    return submission_id_from(secrets.token_bytes(ID_BYTES))


async def migrate_database(settings: Settings) -> int:
    """Bring the database to this program's version, and say which that is."""
    async with open_database(settings.database) as engine:
        return await engine.version()


async def back_up_database(settings: Settings, target: Path) -> None:
    """Copy the database while it is in use. Raises StorageError where that is not ours to do."""
    async with open_database(settings.database) as engine:
        await engine.back_up(target)


async def audit_books(settings: Settings) -> tuple[list[str], int]:
    """Everything in the books that does not add up, and how many transactions they hold."""
    async with open_database(settings.database) as engine:
        treasury = SqlTreasury(engine, Money(engine))
        return await treasury.audit(), await treasury.count_transactions()
