"""Every provider: one module and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import aiohttp

from bot.ids import ProviderName
from bot.ports import Clock, Provider, RequestBudgets
from bot.providers.nanogpt.client import NanoGpt
from bot.providers.nanophoto.client import NanoPhoto


@dataclass(frozen=True, slots=True)
class Account:
    """Where a provider is, the key to it, and what a credit costs where it bills in credits."""

    api_key: str
    base_url: str
    usd_per_credit: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Lines:
    """What every provider works with; `downloads` is the guarded session."""

    api: aiohttp.ClientSession
    downloads: aiohttp.ClientSession
    budgets: RequestBudgets
    clock: Clock


Maker = Callable[[Account, Lines], Provider]

MAKERS: dict[ProviderName, Maker] = {
    ProviderName("nanogpt"): lambda account, lines: NanoGpt(
        account.api_key,
        account.base_url,
        api=lines.api,
        downloads=lines.downloads,
        budgets=lines.budgets,
        clock=lines.clock,
    ),
    ProviderName("nanophoto"): lambda account, lines: NanoPhoto(
        account.api_key,
        account.base_url,
        account.usd_per_credit,
        api=lines.api,
        downloads=lines.downloads,
        budgets=lines.budgets,
        clock=lines.clock,
    ),
}


def make_providers(
    accounts: Mapping[ProviderName, Account], lines: Lines
) -> dict[ProviderName, Provider]:
    """Those that there is an account for."""
    return {
        name: maker(accounts[name], lines) for name, maker in MAKERS.items() if name in accounts
    }
