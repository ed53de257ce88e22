"""What autocomplete offers for the options of `/video`, from the chosen model's capability."""

from collections.abc import Iterable
from typing import Any

from discord import app_commands

from bot.client import Services
from bot.domain.capabilities import Capability, Kind
from bot.ids import ModelId
from bot.presentation import replies

MOST_CHOICES = 25  # Discord's Autocomplete
LONGEST_NAME = 100


def chosen(services: Services, namespace: Any) -> Capability | None:
    """The model that the half-filled command names, or the one it would get by default."""
    named = getattr(namespace, "model", None)
    if named:
        return services.catalogue.find(ModelId(str(named)))
    return services.catalogue.find(services.quoting.default_model(from_image=_has_image(namespace)))


async def models(services: Services, namespace: Any, typed: str) -> list[app_commands.Choice[str]]:
    """Models that hold the typed words: name, kind, price, expected time."""
    kind = Kind.IMAGE if _has_image(namespace) else None
    found = services.catalogue.search(typed, kind=kind)[:MOST_CHOICES]
    return [await _choice(services, capability) for capability in found]


async def storyboard_models(services: Services, typed: str) -> list[app_commands.Choice[str]]:
    """Those that join shots."""
    found = [one for one in services.catalogue.search(typed) if one.shots_max > 1]
    return [await _choice(services, capability) for capability in found[:MOST_CHOICES]]


def chosen_for_storyboard(services: Services, namespace: Any) -> Capability | None:
    named = getattr(namespace, "model", None)
    model_id = ModelId(str(named)) if named else services.quoting.default_storyboard_model()
    return services.catalogue.find(model_id)


async def _choice(services: Services, capability: Capability) -> app_commands.Choice[str]:
    description = await services.inquiring.describe(capability)
    name = replies.model_choice(description)[:LONGEST_NAME]
    return app_commands.Choice(name=name, value=capability.model_id)


def durations(services: Services, namespace: Any, typed: str) -> list[app_commands.Choice[int]]:
    capability = chosen(services, namespace)
    offered = capability.durations_seconds if capability else ()
    return [
        app_commands.Choice(name=f"{seconds} seconds", value=seconds)
        for seconds in offered
        if str(seconds).startswith(typed)
    ][:MOST_CHOICES]


def matching(offered: Iterable[str], typed: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=value, value=value)
        for value in offered
        if typed.casefold() in value.casefold()
    ][:MOST_CHOICES]


def _has_image(namespace: Any) -> bool:
    return getattr(namespace, "image", None) is not None
