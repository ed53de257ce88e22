"""`/settings`: a server's settings."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.capability import Capability, Kind
from bot.catalog.names import unclear
from bot.client import Client
from bot.errors import InvalidRequestError
from bot.guilds.settings import ButtonsFor, CardPlace, GuildSettings, LogLevel, PicturesFor
from bot.ids import ChannelId, UserId
from bot.ordering.choosing import unfit
from bot.presentation import settings as texts
from bot.services import Services
from cogs._shared import options
from cogs._shared.amounts import micros_of
from cogs._shared.answers import empty_on_error
from cogs._shared.interactions import (
    check_manager,
    guild_of,
    missing_permissions,
    permissions_missing,
)

ON = "on"
LOG_LEVELS = {
    LogLevel.OFF: "off",
    LogLevel.TROUBLE: "trouble (alerts)",
    LogLevel.MODERATION: "moderation (alerts, reports and removed videos)",
    LogLevel.EVERYTHING: "everything (also each posted video)",
}
SWITCH = [app_commands.Choice(name=name, value=name) for name in (ON, "off")]


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Settings(commands.GroupCog, name="settings", description="Settings of this server"):
    """Changes a server's settings; checks Manage Server at every use."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._guild_admin = services.guild_admin

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        return check_manager(interaction)

    @app_commands.command(description="Show this server's settings")
    async def show(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._guild_admin.settings(guild_of(interaction))
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(
        name="confirm-above", description="Set the price above which a video needs a confirmation"
    )
    @app_commands.describe(dollars="For example 0.50; 0 asks for every video")
    async def confirm_above(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_of(dollars)
        settings = await self._guild_admin.confirm_above(
            guild_of(interaction), UserId(interaction.user.id), micros
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(name="log-channel", description="Set the channel for alerts and reports")
    @app_commands.describe(
        channel="Default: as it is if you give a level, otherwise none",
        level="What it is told (default: as it is, at first moderation)",
    )
    @app_commands.choices(
        level=[
            app_commands.Choice(name=name, value=level.value) for level, name in LOG_LEVELS.items()
        ]
    )
    async def log_channel(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | None = None,
        level: app_commands.Choice[str] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if channel is not None:
            _ensure_may_write(channel)
        channel_id = None if channel is None else ChannelId(channel.id)
        settings = await self._guild_admin.log_to(
            guild_of(interaction),
            UserId(interaction.user.id),
            channel_id,
            None if level is None else LogLevel(level.value),
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(
        name="default-model", description="Set the model for members who name none"
    )
    @app_commands.describe(
        kind="For videos from text or from pictures",
        model="Default: the cheapest that can do what is asked",
    )
    @app_commands.choices(
        kind=[
            app_commands.Choice(name="text", value=Kind.TEXT.value),
            app_commands.Choice(name="picture", value=Kind.IMAGE.value),
        ]
    )
    async def default_model(
        self,
        interaction: discord.Interaction,
        kind: app_commands.Choice[str],
        model: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        chosen = Kind(kind.value)
        found = None if not model or not model.strip() else self._preferable(model, chosen)
        settings = await self._guild_admin.default_model(
            guild_of(interaction),
            UserId(interaction.user.id),
            chosen,
            None if found is None else found.model_id,
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @default_model.autocomplete("model")
    @empty_on_error
    async def _models(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.all_models(self._services, typed)

    def _preferable(self, name: str, kind: Kind) -> Capability:
        """Return the model to set. Raises InvalidRequestError for one that could never be chosen."""
        found = self._services.catalog.named(name)
        reason = unclear(name, self._services.catalog) if found is None else unfit(found, kind)
        if found is None or reason:
            raise InvalidRequestError([reason])
        return found

    async def _said(self, settings: GuildSettings) -> str:
        is_on = settings.improves_prompts
        improver = await self._services.improving.most() if is_on else None
        return texts.of_server(settings, self._services.catalog, improver)

    @app_commands.command(description="Set whether members may pay for better prompts")
    @app_commands.describe(
        offer="NanoGPT rewrites the prompt; a quote has the button, with its price"
    )
    @app_commands.choices(offer=SWITCH)
    async def improve(
        self, interaction: discord.Interaction, offer: app_commands.Choice[str]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._guild_admin.improve_prompts(
            guild_of(interaction), UserId(interaction.user.id), is_on=offer.value == ON
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(description="Set who can use the buttons under a video")
    @app_commands.describe(who="Anyone pays for what they make themselves")
    @app_commands.choices(
        who=[
            app_commands.Choice(name="anyone", value=ButtonsFor.ANYONE.value),
            app_commands.Choice(name="only the member who made it", value=ButtonsFor.MAKER.value),
        ]
    )
    async def buttons(
        self, interaction: discord.Interaction, who: app_commands.Choice[str]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._guild_admin.let_press(
            guild_of(interaction), UserId(interaction.user.id), ButtonsFor(who.value)
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(description="Set where the cards of requests are posted")
    @app_commands.describe(
        place="Off: only the member sees that a request was accepted, and can cancel it",
        keep="Leave cards beside the videos that would replace them (default: no)",
    )
    @app_commands.choices(
        place=[
            app_commands.Choice(name="in the channel", value=CardPlace.CHANNEL.value),
            app_commands.Choice(name="in a thread of the channel", value=CardPlace.THREAD.value),
            app_commands.Choice(name="off", value=CardPlace.OFF.value),
        ]
    )
    async def cards(
        self,
        interaction: discord.Interaction,
        place: app_commands.Choice[str],
        keep: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._guild_admin.show_cards(
            guild_of(interaction),
            UserId(interaction.user.id),
            CardPlace(place.value),
            keep=keep,
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(
        description="Set who may make videos from the pictures of members who never chose"
    )
    @app_commands.describe(who="Members choose for themselves with /privacy pictures")
    @app_commands.choices(who=options.PICTURES_FOR)
    async def pictures(
        self, interaction: discord.Interaction, who: app_commands.Choice[str]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._guild_admin.share_pictures(
            guild_of(interaction), UserId(interaction.user.id), PicturesFor(who.value)
        )
        await interaction.edit_original_response(content=await self._said(settings))

    @app_commands.command(description="Set whether the files of videos say how they were made")
    @app_commands.describe(write="The prompt, the model and the options, so that anyone can remix")
    @app_commands.choices(write=SWITCH)
    async def recipe(
        self, interaction: discord.Interaction, write: app_commands.Choice[str]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        settings = await self._guild_admin.write_recipes(
            guild_of(interaction), UserId(interaction.user.id), is_on=write.value == ON
        )
        await interaction.edit_original_response(content=await self._said(settings))


def _ensure_may_write(channel: discord.TextChannel) -> None:
    missing = missing_permissions(channel.permissions_for(channel.guild.me), thread=False)
    if missing:
        raise InvalidRequestError([f"I can't post there: {permissions_missing(missing)}."])


async def setup(client: Client) -> None:
    await client.add_cog(Settings(client.services))
