"""The commands of `/quota-admin` that move the community's money, or stop it."""

from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Services
from bot.domain.edits import CloseEvent, MakeGrant, OpenEvent, RefundJob, ResetPolicy
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, JobId, UserId
from cogs._private.amounts import instant_of, micros_of, micros_or_none
from cogs._private.changing import change_policy, propose

REASON_MOST = 200
FOR_HOW_LONG = "Such as 12 h, 7 days; leave it out for no end"


class MoneyCommands(commands.Cog):
    """Mixed into the cog, which checks the right."""

    _services: Services

    @app_commands.command(description="What the whole server may spend a month; nothing passes it")
    @app_commands.describe(dollars="Such as 25, or none for no cap")
    async def pool(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        await self._set_policy(interaction, pool_micros=micros)

    @app_commands.command(description="Give a member money beside the allowance, or take it back")
    @app_commands.describe(
        member="Who",
        dollars="Such as 2.50; below zero takes back",
        reason="Why; the member sees it",
        lasts=FOR_HOW_LONG,
    )
    async def grant(
        self,
        interaction: discord.Interaction,
        member: discord.Member,
        dollars: str,
        reason: app_commands.Range[str, 1, REASON_MOST],
        lasts: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if member.bot:
            raise InvalidRequestError(["A bot makes no films: grant it to a person."])
        ends_at = instant_of(lasts, self._services.clock.now())
        edit = MakeGrant(UserId(member.id), micros_of(dollars), reason, ends_at)
        await propose(interaction, self._services, edit)

    @app_commands.command(name="event-open", description="The next films of a channel are free")
    @app_commands.describe(
        films="How many",
        film_cost="What one may cost, such as 0.50",
        channel="Where; here, if you leave it out",
        lasts=FOR_HOW_LONG,
    )
    async def event_open(
        self,
        interaction: discord.Interaction,
        films: app_commands.Range[int, 1, 1000],
        film_cost: str,
        channel: discord.TextChannel | discord.Thread | None = None,
        lasts: str | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        ends_at = instant_of(lasts, self._services.clock.now())
        where = _channel(interaction, channel)
        await propose(
            interaction, self._services, OpenEvent(where, films, micros_of(film_cost), ends_at)
        )

    @app_commands.command(name="event-close", description="End a channel's event")
    @app_commands.describe(channel="Where; here, if you leave it out")
    async def event_close(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | discord.Thread | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await propose(interaction, self._services, CloseEvent(_channel(interaction, channel)))

    @app_commands.command(description="Whether members may give each other what they have left")
    @app_commands.describe(dollars="What one may give, and get, a day; none for no gifts")
    async def gifts(self, interaction: discord.Interaction, dollars: str) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        await self._set_policy(interaction, gift_micros_most=micros)

    @app_commands.command(description="When days, weeks and months begin here")
    @app_commands.describe(zone="Such as Europe/Berlin")
    async def timezone(self, interaction: discord.Interaction, zone: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_policy(interaction, zone=zone.strip())

    @app_commands.command(description="Accept no films at all until you resume")
    async def pause(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_policy(interaction, is_paused=True)

    @app_commands.command(description="Accept films again")
    async def resume(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_policy(interaction, is_paused=False)

    async def _set_policy(self, interaction: discord.Interaction, **changed: Any) -> None:
        await change_policy(interaction, self._services, lambda policy: replace(policy, **changed))

    @app_commands.command(description="The service gave back what a film had cost")
    @app_commands.describe(film="The job's number, at the foot of its card", reason="Why")
    async def refund(
        self,
        interaction: discord.Interaction,
        film: str,
        reason: app_commands.Range[str, 1, REASON_MOST],
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        job_id = JobId(film.strip().removeprefix("Job").strip())
        await propose(interaction, self._services, RefundJob(job_id, reason))

    @app_commands.command(description="All rules as on the first day; what was spent stays written")
    async def reset(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await propose(interaction, self._services, ResetPolicy())


def _channel(interaction: discord.Interaction, channel: discord.abc.Snowflake | None) -> ChannelId:
    return ChannelId(channel.id if channel is not None else interaction.channel_id or 0)
