"""The wiring: makes every service, the client and the courier, and joins them; nothing runs here."""

import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import aiohttp

from bot.client import Client, Services, point_at
from bot.clock import SystemClock
from bot.domain.catalogue import Catalogue
from bot.domain.jobs import Job
from bot.ground import Ground, lay_ground
from bot.health import Health, examine_health
from bot.ids import (
    ID_BYTES,
    ProviderName,
    edit_id_from,
    job_id_from,
    notice_id_from,
    offer_id_from,
    submission_id_from,
)
from bot.media.charts import PngCharts
from bot.ports import Courier, Provider
from bot.presentation.courier import DiscordCourier
from bot.presentation.replies import provider_notice
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
from bot.services.salvaging import Salvaging
from bot.services.showing import Showing
from bot.services.steps import Means
from bot.services.substituting import Substituting
from bot.services.tidying import Tidying
from bot.services.tracking import Tracker
from bot.services.watching import Watching
from bot.settings import Settings
from bot.storage.stores import SqlJobStore
from bot.storage.treasury import SqlTreasury
from cogs import EXTENSIONS

HEALTH_NOTE = "health_examined_at"

Id = TypeVar("Id")


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
    tidying: Tidying
    salvaging: Salvaging
    watching: Watching
    catalogue: Catalogue
    providers: dict[ProviderName, Provider]
    store: SqlJobStore
    treasury: SqlTreasury
    clock: SystemClock

    async def health(self) -> Health:
        return await examine_health(self.client.reachable.is_set, self._list_open, self.clock)

    async def _list_open(self) -> list[Job]:
        """A database that only answers is of no use: something is written first."""
        await self.store.set_note(HEALTH_NOTE, self.clock.now().isoformat())
        return await self.store.list_active()


@contextlib.asynccontextmanager
async def joined(settings: Settings) -> AsyncIterator[Parts]:
    """Make every adapter and join them; closes all of it at the end."""
    async with contextlib.AsyncExitStack() as stack:
        ground = await lay_ground(settings, stack)
        yield join(settings, ground)


def join(settings: Settings, ground: Ground) -> Parts:
    """The services, the Discord client in front of them, and what works behind them."""
    bell, pauses = Bell(), _pauses(ground)
    services = make_services(ground, pauses, ring=bell.ring)
    point_at(settings.discord_api_url, settings.discord_gateway_url, settings.discord_cdn_url)
    client = Client(services, EXTENSIONS)
    courier = DiscordCourier(client, ground.clock, (aiohttp.ClientError, OSError, TimeoutError))
    delivering = Delivering(_outbox(ground, services, courier), client.reachable)
    means = _means(ground, pauses, courier)
    tracker = Tracker(means, owner=owner_of(settings), on_moved=delivering.wake)
    bell.listeners += [tracker.wake, delivering.wake]
    return Parts(
        client=client,
        tracker=tracker,
        delivering=delivering,
        noticing=Noticing(ground.stores.notices, courier, ground.clock),
        tidying=_tidying(settings, ground),
        salvaging=_salvaging(ground, delivering.wake),
        watching=Watching(ground.stores.jobs, ground.clock),
        catalogue=services.catalogue,
        providers=ground.providers,
        store=ground.stores.jobs,
        treasury=ground.stores.treasury,
        clock=ground.clock,
    )


def make_services(ground: Ground, pauses: Pauses, ring: Callable[[], None]) -> Services:
    """What the cogs may use; `ring` is called when there is work for the tracker."""
    stores, clock, catalogue, charts = ground.stores, ground.clock, Catalogue(), PngCharts()
    quoting = Quoting(catalogue, stores.jobs)
    inquiring = Inquiring(stores.jobs, quoting)
    budgeting = Budgeting(stores.treasury, stores.jobs, inquiring, charts, clock)
    accepting = Accepting(stores.jobs, clock, fresh(job_id_from), ring)
    return Services(
        catalogue=catalogue,
        quoting=quoting,
        offering=_offering(ground, quoting, accepting, pauses, budgeting),
        substituting=Substituting(catalogue, quoting, pauses, clock),
        administering=Administering(stores.guilds),
        budgeting=budgeting,
        governing=Governing(stores.treasury, charts, clock, fresh(edit_id_from)),
        cancelling=Cancelling(stores.jobs, clock, ring),
        showing=Showing(stores.jobs, ground.films, ground.providers),
        inquiring=inquiring,
        images=ground.images,
        jobs=stores.jobs,
        clock=clock,
    )


def _pauses(ground: Ground) -> Pauses:
    return Pauses(
        store=ground.stores.availability,
        guilds=ground.stores.guilds,
        notices=ground.stores.notices,
        clock=ground.clock,
        new_notice_id=fresh(notice_id_from),
        words=provider_notice,
    )


def _offering(
    ground: Ground, quoting: Quoting, accepting: Accepting, pauses: Pauses, budgeting: Budgeting
) -> Offering:
    return Offering(
        store=ground.stores.offers,
        guilds=ground.stores.guilds,
        quoting=quoting,
        accepting=accepting,
        pauses=pauses,
        balances=Balances(ground.providers, ground.clock),
        budgeting=budgeting,
        clock=ground.clock,
        new_offer_id=fresh(offer_id_from),
    )


def _outbox(ground: Ground, services: Services, courier: Courier) -> Outbox:
    return Outbox(
        ground.stores.jobs,
        courier,
        ground.images,
        ground.films,
        services.catalogue,
        services.inquiring,
        services.substituting,
        ground.clock,
    )


def _means(ground: Ground, pauses: Pauses, courier: Courier) -> Means:
    return Means(
        store=ground.stores.jobs,
        providers=ground.providers,
        images=ground.images,
        films=ground.films,
        clock=ground.clock,
        pauses=pauses,
        addresses=CardPictures(ground.stores.jobs, courier),
        new_submission_id=fresh(submission_id_from),
    )


def _tidying(settings: Settings, ground: Ground) -> Tidying:
    keep_for = timedelta(days=settings.keep_films_days)
    return Tidying(ground.stores.jobs, ground.films, ground.images, ground.clock, keep_for)


def _salvaging(ground: Ground, on_owed: Callable[[], None]) -> Salvaging:
    return Salvaging(ground.stores.jobs, ground.films, ground.providers, ground.clock, on_owed)


def owner_of(settings: Settings) -> str:
    """This process's name on its leases.

    A SQLite file has one process, which takes its own leases back at once after a restart; on
    PostgreSQL every process has a name of its own, and a dead one's leases run out.
    """
    if settings.database.startswith("sqlite"):
        return "the-only-process"
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


def fresh(id_from: Callable[[bytes], Id]) -> Callable[[], Id]:
    """A maker of ids that nobody has had and nobody can guess."""
    return lambda: id_from(secrets.token_bytes(ID_BYTES))
