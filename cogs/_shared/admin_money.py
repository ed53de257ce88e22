"""The commands of `/quota-admin` that move the community's money, or stop it."""

from collections.abc import Callable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidRequestError
from bot.ids import ChannelId, UserId
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    RefundJob,
    ResetPolicy,
)
from bot.money.limits import Policy
from bot.services import Services
from cogs._shared.amounts import instant_of, job_id_of, micros_of, micros_or_none
from cogs._shared.changing import change_policy, propose
from cogs._shared.interactions import roles_of

MAX_REASON = 200
FOR_HOW_LONG = "For example 12 h or 7 days (default: no end)"


class MoneyCommands(commands.Cog):
    """A mixin; its cog checks the permission."""

    _services: Services

    @app_commands.command(description="Set what the whole server can spend per month")
    @app_commands.describe(dollars="For example 25, or none for no limit")
    async def pool(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        await self._set_policy(interaction, lambda policy: replace(policy, pool_micros=micros))

    @app_commands.command(description="Give a member money on top of the allowance, or withdraw it")
    @app_commands.describe(
        member="Which member",
        dollars="For example 2.50; a negative amount withdraws",
        reason="Why; the member will see this",
        lasts=FOR_HOW_LONG,
    )
    async def grant(
        self,
        interaction: discord.Interaction,
        member: discord.Member,
        dollars: str,
        reason: app_commands.Range[str, 1, MAX_REASON],
        lasts: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if member.bot:
            raise InvalidRequestError(["Bots can't make videos. Choose a person."])
        ends_at = instant_of(lasts, self._services.clock.now())
        micros, roles = micros_of(dollars), roles_of(member)
        edit = MakeGrant(UserId(member.id), micros, reason, ends_at, roles)
        await propose(interaction, self._services, edit)

    @app_commands.command(name="event-open", description="Make the next videos in a channel free")
    @app_commands.describe(
        videos="How many videos are free",
        max_price="Maximum price of each video, for example 0.50",
        channel="Which channel (default: this one)",
        lasts=FOR_HOW_LONG,
    )
    async def event_open(
        self,
        interaction: discord.Interaction,
        videos: app_commands.Range[int, 1, 1000],
        max_price: str,
        channel: discord.TextChannel | discord.Thread | None = None,
        lasts: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        ends_at = instant_of(lasts, self._services.clock.now())
        where = _channel(interaction, channel)
        await propose(
            interaction, self._services, OpenEvent(where, videos, micros_of(max_price), ends_at)
        )

    @app_commands.command(name="event-close", description="End the event in a channel")
    @app_commands.describe(channel="Which channel (default: this one)")
    async def event_close(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | discord.Thread | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await propose(interaction, self._services, CloseEvent(_channel(interaction, channel)))

    @app_commands.command(description="Set whether members can give each other money")
    @app_commands.describe(dollars="How much a member can give and get per day; none for no gifts")
    async def gifts(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        await self._set_policy(interaction, lambda policy: replace(policy, gift_micros_most=micros))

    @app_commands.command(description="Set the time zone in which days, weeks and months begin")
    @app_commands.describe(zone="For example Europe/Berlin")
    async def timezone(self, interaction: discord.Interaction, zone: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_policy(interaction, lambda policy: replace(policy, zone=zone.strip()))

    @app_commands.command(description="Pause all new videos until you resume")
    async def pause(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_policy(interaction, lambda policy: replace(policy, is_paused=True))

    @app_commands.command(description="Resume accepting videos")
    async def resume(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_policy(interaction, lambda policy: replace(policy, is_paused=False))

    async def _set_policy(
        self, interaction: discord.Interaction, change: Callable[[Policy], Policy]
    ) -> None:
        await change_policy(interaction, self._services, change)

    @app_commands.command(description="Refund a video that the service gave money back for")
    @app_commands.describe(
        video="Job number, at the bottom of its card", reason="Why; the member will see this"
    )
    async def refund(
        self,
        interaction: discord.Interaction,
        video: str,
        reason: app_commands.Range[str, 1, MAX_REASON],
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await propose(interaction, self._services, RefundJob(job_id_of(video), reason))

    @app_commands.command(description="Reset all rules; spending history is kept")
    async def reset(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await propose(interaction, self._services, ResetPolicy())


def _channel(interaction: discord.Interaction, channel: discord.abc.Snowflake | None) -> ChannelId:
    return ChannelId(channel.id if channel is not None else interaction.channel_id or 0)
