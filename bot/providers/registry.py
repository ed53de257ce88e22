"""Every provider: one module and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp

from bot.ids import ProviderName
from bot.ports import Clock, Provider
from bot.providers.nanogpt.client import NanoGpt


@dataclass(frozen=True, slots=True)
class Account:
    """Where a provider is and the key to it."""

    api_key: str
    base_url: str


Maker = Callable[[Account, aiohttp.ClientSession, aiohttp.ClientSession, Clock], Provider]

MAKERS: dict[ProviderName, Maker] = {
    ProviderName("nanogpt"): lambda account, api, downloads, clock: NanoGpt(
        account.api_key, account.base_url, api=api, downloads=downloads, clock=clock
    ),
}


def make_providers(
    accounts: Mapping[ProviderName, Account],
    *,
    api: aiohttp.ClientSession,
    downloads: aiohttp.ClientSession,
    clock: Clock,
) -> dict[ProviderName, Provider]:
    """Those that there is an account for; `downloads` is the guarded session."""
    return {
        name: maker(accounts[name], api, downloads, clock)
        for name, maker in MAKERS.items()
        if name in accounts
    }
