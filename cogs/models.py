"""`/models`: which models there are, what they can do, and what they cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.catalogue import ModelDescription
from bot.domain.filters import ModelFilter, Use, by_price, fits
from bot.domain.pricing import MICROS_PER_DOLLAR
from bot.errors import InvalidRequestError
from bot.ids import ModelId
from bot.presentation import models
from bot.presentation.models import Page
from cogs._private import options
from cogs._private.answers import guarded

USES = {
    "from words": Use.WORDS,
    "from a picture": Use.PICTURE,
    "from a first and a last picture": Use.TWO_PICTURES,
    "with reference pictures": Use.REFERENCES,
    "of several shots": Use.SHOTS,
}


class Models(commands.GroupCog, name="models", description="Which models there are"):
    """Changes nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="list", description="List models with their prices")
    @app_commands.describe(
        use="What the film should be made from",
        max_price="What a film of the usual length may cost, in dollars",
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
        search: app_commands.Range[str, 0, models.WORDS_MOST] = "",
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        most = None if max_price is None else round(max_price * MICROS_PER_DOLLAR)
        wanted = ModelFilter(Use(use.value) if use else None, most, search)
        await self._show(interaction, Page(0, wanted))

    @app_commands.command(description="See up to four models side by side")
    @app_commands.describe(
        model_1="The first", model_2="The second", model_3="A third", model_4="A fourth"
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
        chosen = [await self._described(name) for name in dict.fromkeys(names)]
        await interaction.edit_original_response(embed=models.comparison_of(chosen))

    @compare.autocomplete("model_1")
    @compare.autocomplete("model_2")
    @compare.autocomplete("model_3")
    @compare.autocomplete("model_4")
    async def _names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction.namespace, typed)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A page of a list that was shown before, perhaps by an earlier process."""
        if interaction.type is not discord.InteractionType.component:
            return
        data: Mapping[str, Any] = interaction.data or {}
        page = models.parse_page(str(data.get("custom_id", "")))
        if page is not None:
            await guarded(interaction, lambda: self._turn(interaction, page), is_wish=False)

    async def _turn(self, interaction: discord.Interaction, page: Page) -> None:
        await interaction.response.defer()
        await self._show(interaction, page)

    async def _show(self, interaction: discord.Interaction, page: Page) -> None:
        found = await self._found(page.wanted)
        await interaction.edit_original_response(
            embed=models.list_of(found, page), view=models.page_buttons(found, page)
        )

    async def _found(self, wanted: ModelFilter) -> Sequence[ModelDescription]:
        inquiring = self._services.inquiring
        fitting = [one for one in self._services.catalogue if fits(one, wanted)]
        return by_price([await inquiring.describe(one) for one in fitting], wanted)

    async def _described(self, name: str) -> ModelDescription:
        capability = self._services.catalogue.find(ModelId(name.strip()))
        if capability is None:
            raise InvalidRequestError([f"There is no model `{name[:80]}`: choose from the list."])
        return await self._services.inquiring.describe(capability)


async def setup(client: Client) -> None:
    await client.add_cog(Models(client.services))
