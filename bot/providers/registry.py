"""Every provider: one package and one line here."""

import logging
from collections.abc import Mapping
from typing import Any

from bot.ids import ProviderName
from bot.providers.contract import Provider
from bot.providers.nanogpt.client import NANOGPT
from bot.providers.nanophoto.client import NANOPHOTO
from bot.providers.spec import Connections, ProviderSettings, ProviderSpec

_log = logging.getLogger(__name__)

PROVIDERS: tuple[ProviderSpec[Any], ...] = (
    NANOGPT,
    NANOPHOTO,
)


def make_providers(
    settings: Mapping[ProviderName, ProviderSettings], connections: Connections
) -> dict[ProviderName, Provider]:
    """Make the providers that are set up.

    One that fails does not stop the others; its jobs wait as if it were not set up.
    """
    made: dict[ProviderName, Provider] = {}
    for spec in PROVIDERS:
        if spec.name not in settings:
            continue
        try:
            made[spec.name] = spec.make(settings[spec.name], connections)
        except Exception:  # noqa: BLE001 - whatever its package makes of these settings
            _log.exception("provider_cannot_be_set_up", extra={"provider": spec.name})
    return made


def label_of(name: ProviderName) -> str:
    """Return a provider's display name, or its database name once it was removed."""
    return next((spec.label for spec in PROVIDERS if spec.name == name), name)


def key_variables() -> str:
    """Name the variables of which one must be set: "NANOGPT_API_KEY or NANOPHOTO_API_KEY"."""
    return " or ".join(spec.variable("api_key") for spec in PROVIDERS)


def preferred_models() -> tuple[str, ...]:
    """Return the well-known models, best known first."""
    return tuple(model for spec in PROVIDERS for model in spec.preferred_models)
