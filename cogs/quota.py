"""`/quota`: what a member has left, a gift to somebody else, and a picture of the month."""

import io

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.errors import InvalidRequestError
from bot.ids import ModelId, UserId
from bot.presentation import money
from cogs._private.amounts import micros_of
from cogs._private.places import place_of


@app_commands.guild_only()
class Quota(commands.GroupCog, name="quota", description="Your part of the community's budget"):
    """Every answer is for the member alone."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="See what you have left, and when your limits free up")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        place = place_of(interaction)
        told = await self._services.budgeting.statement(place, self._default_model())
        await interaction.edit_original_response(embed=money.statement(told))

    @app_commands.command(description="Give some of what you have left to somebody else")
    @app_commands.describe(member="Who gets it", dollars="How much, such as 0.50")
    async def gift(
        self, interaction: discord.Interaction, member: discord.Member, dollars: str
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if member.bot:
            raise InvalidRequestError(["A bot makes no films: give it to a person."])
        place, amount = place_of(interaction), micros_of(dollars)
        key = str(interaction.id)
        standing = await self._services.budgeting.give(place, UserId(member.id), amount, key)
        await interaction.edit_original_response(
            content=money.gave(member.id, amount, standing),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    @app_commands.command(description="See your month as a picture")
    async def month(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        name = interaction.user.display_name
        picture = await self._services.budgeting.month(
            place_of(interaction), name, self._services.catalogue.names()
        )
        file = discord.File(io.BytesIO(picture), "month.png")
        await interaction.edit_original_response(attachments=[file])

    def _default_model(self) -> ModelId | None:
        try:
            return self._services.quoting.default_model(from_image=False)
        except InvalidRequestError:  # no service is set up
            return None


async def setup(client: Client) -> None:
    await client.add_cog(Quota(client.services))
