"""`/quota`: a member's budget, gifts, and a chart of the month."""

import io
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.pricing import Price
from bot.catalog.request import Origin, VideoRequest
from bot.client import Client
from bot.errors import InvalidRequestError
from bot.ids import ModelId, UserId
from bot.presentation import money
from bot.services import Services
from cogs._shared.amounts import micros_of
from cogs._shared.interactions import place_of, roles_of


@app_commands.guild_only()
class Quota(commands.GroupCog, name="quota", description="Your share of the community's budget"):
    """Answers each member privately."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="See what you have left and when your limits reset")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        place = place_of(interaction)
        details = await self._services.member_money.statement(place, await self._usual(place))
        await interaction.edit_original_response(embed=money.statement(details))

    @app_commands.command(description="Give some of your budget to another member")
    @app_commands.describe(member="Who to give it to", dollars="How much, for example 0.50")
    async def gift(
        self, interaction: discord.Interaction, member: discord.Member, dollars: str
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if member.bot:
            raise InvalidRequestError(["Bots can't make videos. Choose a person."])
        place, amount = place_of(interaction), micros_of(dollars)
        key = str(interaction.id)
        receiver = replace(place, user_id=UserId(member.id), role_ids=roles_of(member))
        budget = await self._services.member_money.give(place, receiver, amount, key)
        await interaction.edit_original_response(
            content=money.gave(member.id, amount, budget),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    @app_commands.command(description="See a chart of what you spent this month")
    async def month(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        name = interaction.user.display_name
        picture = await self._services.member_money.month(
            place_of(interaction), name, self._services.catalog.names()
        )
        file = discord.File(io.BytesIO(picture), "month.png", description=money.MONTH_IN_WORDS)
        await interaction.edit_original_response(attachments=[file])

    async def _usual(self, place: Origin) -> tuple[str, Price] | None:
        """Return the default model's name and the price of its usual video."""
        sketch = VideoRequest("a video", ModelId(""))
        try:
            chosen = await self._services.choosing.choose(sketch, place)
        except InvalidRequestError:  # no service is set up
            return None
        return await self._services.quotes.usual_price(chosen.model_id)


async def setup(client: Client) -> None:
    await client.add_cog(Quota(client.services))
