"""`/models`: the models, their abilities and prices, and a member's favorite."""

from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.models import (
    ModelFilter,
    Use,
    by_price,
    fits,
)
from bot.catalog.pricing import MICROS_PER_DOLLAR
from bot.client import Client
from bot.errors import InvalidRequestError
from bot.ordering.choosing import named_among
from bot.presentation import models
from bot.presentation.models import Page
from bot.services import Services
from cogs._shared import options
from cogs._shared.answers import empty_on_error, guarded
from cogs._shared.interactions import place_of

USES = {
    "from text": Use.WORDS,
    "from a picture": Use.PICTURE,
    "from a first and last picture": Use.TWO_PICTURES,
    "with reference pictures": Use.REFERENCES,
    "with several shots": Use.SHOTS,
}


class Models(commands.GroupCog, name="models", description="Browse and compare models"):
    """Lists and compares models, and sets a member's favorite."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="list", description="List models with their prices")
    @app_commands.describe(
        use="What you want to make a video from",
        max_price="Maximum price of a video of the usual length, in dollars",
        search="Part of the name",
    )
    @app_commands.choices(
        use=[app_commands.Choice(name=name, value=use.value) for name, use in USES.items()]
    )
    async def list_models(
        self,
        interaction: discord.Interaction,
        use: app_commands.Choice[str] | None = None,
        max_price: app_commands.Range[float, 0, 1000] | None = None,
        search: app_commands.Range[str, 0, models.MAX_WORDS] = "",
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        most = None if max_price is None else round(max_price * MICROS_PER_DOLLAR)
        wanted = ModelFilter(Use(use.value) if use else None, most, search)
        await self._show(interaction, Page(0, wanted))

    @app_commands.command(description="Compare up to four models side by side")
    @app_commands.describe(
        model_1="First model", model_2="Second model", model_3="Third model", model_4="Fourth model"
    )
    async def compare(
        self,
        interaction: discord.Interaction,
        model_1: str,
        model_2: str,
        model_3: str | None = None,
        model_4: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        names = [name for name in (model_1, model_2, model_3, model_4) if name]
        usable = await options.usable(self._services, interaction)
        found = [named_among(name, usable, self._services.catalog) for name in names]
        quotes = self._services.quotes
        chosen = [await quotes.describe_fully(one) for one in dict.fromkeys(found)]
        await interaction.edit_original_response(embed=models.comparison_of(chosen))

    @app_commands.command(description="Set the model for your videos when you name none")
    @app_commands.describe(
        model="Your favorite; leave it out to see the one you have",
        remove="Clear your favorite",
    )
    @app_commands.guild_only()
    async def favorite(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        remove: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        place, choosing = place_of(interaction), self._services.choosing
        if model and model.strip() and remove:
            raise InvalidRequestError(["Leave out either `model` or `remove`."])
        if remove:
            await choosing.clear_favorite(place)
            text = models.NO_FAVORITE
        elif model and model.strip():
            text = models.new_favorite(await choosing.set_favorite(place, model))
        else:
            text = models.favorite(await choosing.favorite(place))
        await interaction.edit_original_response(content=text)

    @compare.autocomplete("model_1")
    @compare.autocomplete("model_2")
    @compare.autocomplete("model_3")
    @compare.autocomplete("model_4")
    @favorite.autocomplete("model")
    @empty_on_error
    async def _names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction, typed)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle a page button, perhaps of an earlier process."""
        if interaction.type is not discord.InteractionType.component:
            return
        data: Mapping[str, Any] = interaction.data or {}
        page = models.parse_page(str(data.get("custom_id", "")))
        if page is not None:
            await guarded(interaction, lambda: self._turn(interaction, page), is_request=False)

    async def _turn(self, interaction: discord.Interaction, page: Page) -> None:
        await interaction.response.defer()
        await self._show(interaction, page)

    async def _show(self, interaction: discord.Interaction, page: Page) -> None:
        """Show a page of the usable models; reads the history of those on it alone."""
        quotes = self._services.quotes
        usable = await options.usable(self._services, interaction)
        fitting = [quotes.listed(one) for one in usable if fits(one, page.wanted)]
        found = list(by_price(fitting, page.wanted))
        shown = models.shown_of(found, page)
        found[shown] = [await quotes.describe_fully(one.capability) for one in found[shown]]
        await interaction.edit_original_response(
            embed=models.list_of(found, page), view=models.page_buttons(found, page)
        )


async def setup(client: Client) -> None:
    await client.add_cog(Models(client.services))
