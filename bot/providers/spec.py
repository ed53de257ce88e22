"""A provider's specification: names, settings and factory.

Settings, members' texts, hints, `doctor` and `.env.example` read from here, so that a provider is
one package and one line in the registry.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from bot.clock import Clock
from bot.ids import ProviderName
from bot.providers.contract import Provider, RequestBudgets


def sendable(value: SecretStr | None) -> SecretStr | None:
    """Strip a key. Raises ValueError for characters that no header can carry."""
    if value is None:
        return None
    key = value.get_secret_value().strip()
    if re.fullmatch(r"[!-~]+", key) is None:
        msg = "keys and tokens have no spaces or such characters: copy it again, without quotation marks"
        raise ValueError(msg)
    return SecretStr(key)


def address(value: str | None, schemes: tuple[str, ...] = ("http://", "https://")) -> str | None:
    """Check an address. Raises ValueError without a host or with another scheme."""
    if value is not None and not (value.startswith(schemes) and urlsplit(value).hostname):
        msg = f"it must be an address that starts with {' or '.join(schemes)}"
        raise ValueError(msg)
    return value


ApiKey = Annotated[SecretStr | None, AfterValidator(sendable)]
HttpAddress = Annotated[str, AfterValidator(address)]


class ProviderSettings(BaseModel):
    """The operator's settings for one provider; without a key it is disabled.

    A field `api_key` of the provider `nanogpt` is the variable `NANOGPT_API_KEY`. A field beyond
    these two has a default, and a description for `.env.example`.
    """

    model_config = ConfigDict(frozen=True)

    api_key: ApiKey = None
    base_url: HttpAddress

    @property
    def key(self) -> str:
        """Return the key, or an empty string without one."""
        return "" if self.api_key is None else self.api_key.get_secret_value()


@dataclass(frozen=True, slots=True)
class Connections:
    """The collaborators of every provider; `downloads` is the guarded session."""

    api: aiohttp.ClientSession
    downloads: aiohttp.ClientSession
    budgets: RequestBudgets
    clock: Clock


SettingsT = TypeVar("SettingsT", bound=ProviderSettings)


@dataclass(frozen=True, slots=True)
class ProviderSpec(Generic[SettingsT]):
    """One provider; `label` is its display name, `summary` describes it to operators.

    `preferred_models` are well known: of several at one price, the first of them is chosen.
    """

    name: ProviderName
    label: str
    summary: str
    settings: type[SettingsT]
    make: Callable[[SettingsT, Connections], Provider]
    preferred_models: tuple[str, ...] = ()

    def setting(self, field: str) -> str:
        """Return a field's name as a flat setting, such as `nanogpt_api_key`."""
        return f"{self.name}_{field}"

    def variable(self, field: str) -> str:
        """Return the field's environment variable."""
        return self.setting(field).upper()
