"""Autocomplete for commands' options, from the chosen model's capability."""

from collections.abc import Iterable
from typing import Any

import discord
from discord import app_commands

from bot.catalog.capability import Capability, Kind
from bot.catalog.models import matching as matching_models
from bot.catalog.request import Shot, SourceImage, VideoRequest
from bot.guilds.settings import PicturesFor
from bot.ids import ModelId, UserId
from bot.presentation import answers, settings as texts
from bot.presentation.escaping import visible
from bot.services import Services
from cogs._shared.interactions import guild_of, place_of

PICTURES_FOR = [
    app_commands.Choice(name=name, value=who.value)
    for name, who in (
        ("anyone", PicturesFor.ANYONE),
        ("ask me first", PicturesFor.ASK),
        ("no one else", PicturesFor.NO_ONE),
    )
]
MAX_CHOICES = 25  # Discord's Autocomplete
LONGEST_NAME = 100
_ANY = SourceImage(key="", media_type="", width=16, height=9, size_bytes=0)


async def usable(services: Services, interaction: discord.Interaction) -> list[Capability]:
    """List the models this member may use in this channel, which every list shows."""
    place = None if interaction.guild_id is None else place_of(interaction)
    adults = is_age_restricted(interaction.channel)
    return await services.choosing.usable(place, adults=adults)


async def chosen(services: Services, interaction: discord.Interaction) -> Capability | None:
    """Return the model that a half-filled command names, or the one it would get."""
    image = _ANY if _has_image(interaction.namespace) else None
    sketch = VideoRequest("a video", ModelId(""), image=image)
    return await _named_or_default(services, interaction, sketch)


async def _named_or_default(
    services: Services, interaction: discord.Interaction, sketch: VideoRequest
) -> Capability | None:
    named = getattr(interaction.namespace, "model", None)
    if named:
        return services.catalog.named(str(named))
    found = await services.choosing.choose(sketch, place_of(interaction))
    return services.catalog.find(found.model_id)


async def models(
    services: Services, interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """List models that contain the typed words: name, kind, price, expected time.

    Those that this member may use here.
    """
    kind = Kind.IMAGE if _has_image(interaction.namespace) else None
    found = matching_models(await usable(services, interaction), typed, kind=kind)
    return await _choices(services, await _favorite_first(services, interaction, found))


async def all_models(services: Services, typed: str) -> list[app_commands.Choice[str]]:
    """List all models, allowed or not: for admins, who decide that."""
    return await _choices(services, services.catalog.search(typed))


async def storyboard_models(
    services: Services, interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """List all models this member may use: any can make shots one by one."""
    found = matching_models(await usable(services, interaction), typed)
    return await _choices(services, await _favorite_first(services, interaction, found))


async def _favorite_first(
    services: Services, interaction: discord.Interaction, found: Iterable[Capability]
) -> list[Capability]:
    if interaction.guild_id is None:
        return list(found)
    favorite = await services.choosing.favorite(place_of(interaction))
    capability = None if favorite is None else favorite.capability
    return sorted(found, key=lambda one: one != capability)


async def chosen_for_storyboard(
    services: Services, interaction: discord.Interaction
) -> Capability | None:
    """Return the model that a half-filled `/storyboard` names, or the one it would get."""
    sketch = VideoRequest("a video", ModelId(""), shots=(Shot("one"), Shot("two")))
    return await _named_or_default(services, interaction, sketch)


async def presets(
    services: Services, interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """List presets this member sees here; the member's own hide the server's of the same name."""
    found = await services.presets.list_for(guild_of(interaction), UserId(interaction.user.id))
    own = {preset.key for preset in found if not preset.owner.is_server}
    shown = [one for one in found if not one.owner.is_server or one.key not in own]
    return [
        app_commands.Choice(name=texts.preset_choice(preset), value=preset.name)
        for preset in shown
        if typed.casefold() in preset.name.casefold()
    ][:MAX_CHOICES]


def is_age_restricted(channel: object) -> bool:
    """Whether a channel is age-restricted; False for an unknown one."""
    asked = getattr(channel, "is_nsfw", None)
    return bool(asked()) if callable(asked) else False


async def _choices(
    services: Services, found: Iterable[Capability]
) -> list[app_commands.Choice[str]]:
    described = [await services.quotes.describe(one) for one in list(found)[:MAX_CHOICES]]
    return _offered((answers.model_choice(one), one.capability.model_id) for one in described)


def _offered(pairs: Iterable[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """Return valid choices: Discord refuses all for one that is empty or too long.

    A long name is cut. A long value would come back as another one, so it is left out.
    """
    choices = [
        app_commands.Choice(name=shown, value=value)
        for name, value in pairs
        if value.strip() and len(value) <= LONGEST_NAME and (shown := _cut(name))
    ]
    return list({choice.value: choice for choice in choices}.values())[:MAX_CHOICES]


def _cut(name: str) -> str:
    clean = " ".join(visible(name).split())
    return clean if len(clean) <= LONGEST_NAME else f"{clean[: LONGEST_NAME - 1]}…"


async def durations(
    services: Services, interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[int]]:
    """List the chosen model's lengths that begin as typed."""
    return seconds_of(await chosen(services, interaction), typed)


def seconds_of(capability: Capability | None, typed: str) -> list[app_commands.Choice[int]]:
    """List a model's lengths that begin as typed."""
    offered = capability.durations_seconds if capability else ()
    return [
        app_commands.Choice(name=f"{seconds} seconds", value=seconds)
        for seconds in offered
        if str(seconds).startswith(typed)
    ][:MAX_CHOICES]


def matching(offered: Iterable[str], typed: str) -> list[app_commands.Choice[str]]:
    """List values that contain what was typed."""
    return _offered((value, value) for value in offered if typed.casefold() in value.casefold())


def _has_image(namespace: Any) -> bool:
    return getattr(namespace, "image", None) is not None
