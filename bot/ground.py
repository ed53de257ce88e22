"""The ground that all services stand on: the database, the connections and what needs them.

All of it is opened on one AsyncExitStack, in the order in which it is needed, and closed in the
reverse: last the database.
"""

import contextlib
from dataclasses import dataclass

import aiohttp

from bot.clock import SystemClock
from bot.ids import ProviderName
from bot.media.downloads import guarded_session
from bot.media.ffmpeg import Ffmpeg, find_ffmpeg
from bot.media.films import DiskFilmStore
from bot.media.images import DiskImageStore
from bot.ports import Provider
from bot.presentation.money import pool_alert
from bot.providers.registry import Account, Lines, make_providers
from bot.settings import Settings
from bot.storage.availability import SqlAvailabilityStore
from bot.storage.budgets import SqlRequestBudgets
from bot.storage.databases import open_database
from bot.storage.guilds import SqlGuildStore, SqlNoticeStore
from bot.storage.money import Money
from bot.storage.offers import SqlOfferStore
from bot.storage.stores import SqlJobStore
from bot.storage.treasury import SqlTreasury


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that is kept in the database."""

    jobs: SqlJobStore
    treasury: SqlTreasury
    guilds: SqlGuildStore
    notices: SqlNoticeStore
    offers: SqlOfferStore
    availability: SqlAvailabilityStore
    budgets: SqlRequestBudgets


@dataclass(frozen=True, slots=True)
class Ground:
    """What all services stand on: the adapters that know nothing of Discord."""

    clock: SystemClock
    stores: Stores
    providers: dict[ProviderName, Provider]
    images: DiskImageStore
    films: DiskFilmStore


async def lay_ground(settings: Settings, stack: contextlib.AsyncExitStack) -> Ground:
    """Open the database and the connections, which `stack` will close, and make what needs them."""
    clock, allowed = SystemClock(), settings.fetch_allow_hosts
    stores = await _open_stores(settings, clock, stack)
    downloads = await stack.enter_async_context(guarded_session(allowed))
    api = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
    lines = Lines(api, downloads, stores.budgets, clock)
    ffmpeg = Ffmpeg(find_ffmpeg(settings.ffmpeg_path))
    return Ground(
        clock=clock,
        stores=stores,
        providers=make_providers(accounts_of(settings), lines),
        images=DiskImageStore(settings.data_dir / "pictures", downloads, allowed),
        films=DiskFilmStore(settings.data_dir / "films", ffmpeg),
    )


async def _open_stores(
    settings: Settings, clock: SystemClock, stack: contextlib.AsyncExitStack
) -> Stores:
    engine = await stack.enter_async_context(open_database(settings.database))
    money = Money(engine, pool_alert)
    return Stores(
        jobs=SqlJobStore(engine, money),
        treasury=SqlTreasury(engine, money),
        guilds=SqlGuildStore(engine),
        notices=SqlNoticeStore(engine),
        offers=SqlOfferStore(engine),
        availability=SqlAvailabilityStore(engine),
        budgets=SqlRequestBudgets(engine, clock),
    )


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
