"""The commands of `/quota-admin` that set limits: for everyone, a role or a member."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidRequestError
from bot.ids import ChannelId, ModelId
from bot.money.changes import allow, disallow
from bot.money.limits import MAX_SECONDS, Allowance, Rules
from bot.money.policy import Subject
from bot.money.windows import Window
from bot.services import Services
from cogs._shared import options
from cogs._shared.amounts import micros_or_none, rates_of
from cogs._shared.answers import empty_on_error
from cogs._shared.changing import change_rules, subject_of

PERIODS = [app_commands.Choice(name=window.value, value=window.value) for window in Window]
ALLOW, DISALLOW, ALL = "allow", "remove", "all"
LISTS = [
    app_commands.Choice(name="allow", value=ALLOW),
    app_commands.Choice(name="disallow", value=DISALLOW),
    app_commands.Choice(name="allow all", value=ALL),
]
FOR_ROLE = "Apply only to members with this role"
FOR_MEMBER = "Apply only to this member"

Name = TypeVar("Name", ModelId, ChannelId)
Described = TypeVar("Described", bound=Callable[..., Any])


def for_whom(callback: Described) -> Described:
    """Describe the options `role` and `member`; the library keeps the mapping it is given."""
    return app_commands.describe(role=FOR_ROLE, member=FOR_MEMBER)(callback)


class RuleCommands(commands.Cog):
    """A mixin; its cog checks the permission."""

    _services: Services

    @app_commands.command(description="Set what a member can spend per day, week or month")
    @app_commands.describe(dollars="For example 1.50, or none for no limit", period="Resets every")
    @app_commands.choices(period=PERIODS)
    @for_whom
    async def allowance(
        self,
        interaction: discord.Interaction,
        dollars: str,
        period: app_commands.Choice[str],
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        given = None if micros is None else Allowance(micros, Window(period.value))
        await self._set_rules(
            interaction, subject_of(role, member), lambda rules: replace(rules, allowance=given)
        )

    @app_commands.command(description="Set how many requests a member can make")
    @app_commands.describe(limits="For example 3 per minute, 20 per day; or none for no limit")
    @for_whom
    async def requests(
        self,
        interaction: discord.Interaction,
        limits: str,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        rates = rates_of(limits)
        await self._set_rules(
            interaction, subject_of(role, member), lambda rules: replace(rules, rates=rates)
        )

    @app_commands.command(description="Set how many videos a member can have in progress")
    @app_commands.describe(videos="How many (default: no limit)")
    @for_whom
    async def concurrency(
        self,
        interaction: discord.Interaction,
        videos: app_commands.Range[int, 0, 1000] | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_rules(
            interaction,
            subject_of(role, member),
            lambda rules: replace(rules, open_jobs_most=videos),
        )

    @app_commands.command(name="max-price", description="Set the maximum price of a video")
    @app_commands.describe(dollars="For example 0.50, or none for no limit")
    @for_whom
    async def max_price(
        self,
        interaction: discord.Interaction,
        dollars: str,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        await self._set_rules(
            interaction,
            subject_of(role, member),
            lambda rules: replace(rules, video_micros_most=micros),
        )

    @app_commands.command(name="max-length", description="Set the maximum length of a video")
    @app_commands.describe(seconds="All shots together (default: no limit)")
    @for_whom
    async def max_length(
        self,
        interaction: discord.Interaction,
        seconds: app_commands.Range[int, 1, MAX_SECONDS] | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_rules(
            interaction,
            subject_of(role, member),
            lambda rules: replace(rules, video_seconds_most=seconds),
        )

    @app_commands.command(description="Exempt a role or a member from every limit except the pool")
    @app_commands.describe(exempt="True to exempt, False to stop exempting")
    @for_whom
    async def exempt(
        self,
        interaction: discord.Interaction,
        exempt: bool,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        value = True if exempt else None
        await self._set_rules(
            interaction, _role_or_member(role, member), lambda rules: replace(rules, exempt=value)
        )

    @app_commands.command(description="Let a role or a member skip ahead in the queue")
    @app_commands.describe(first="True to skip ahead; two of eight places stay open to everyone")
    @for_whom
    async def priority(
        self,
        interaction: discord.Interaction,
        first: bool,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        value = True if first else None
        await self._set_rules(
            interaction, _role_or_member(role, member), lambda rules: replace(rules, priority=value)
        )

    @app_commands.command(description="Set which models can be used")
    @app_commands.describe(action="What to do", model="Which model")
    @app_commands.choices(action=LISTS)
    @for_whom
    async def models(
        self,
        interaction: discord.Interaction,
        action: app_commands.Choice[str],
        model: str | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        known = None if model is None else self._services.catalog.named(model)
        if action.value != ALL and known is None:
            raise InvalidRequestError(["Choose a model from the list under `model`."])
        named = None if known is None else known.model_id

        def change(rules: Rules) -> Rules:
            return replace(rules, models=_after(action.value, rules.models, named))

        await self._set_rules(interaction, subject_of(role, member), change)

    @models.autocomplete("model")
    @empty_on_error
    async def _model_names(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.all_models(self._services, typed)

    @app_commands.command(description="Set which channels videos can be made in")
    @app_commands.describe(action="What to do", channel="Which channel, threads included")
    @app_commands.choices(action=LISTS)
    @for_whom
    async def channels(
        self,
        interaction: discord.Interaction,
        action: app_commands.Choice[str],
        channel: discord.TextChannel | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        if action.value != ALL and channel is None:
            raise InvalidRequestError(["Choose a channel."])
        named = None if channel is None else ChannelId(channel.id)

        def change(rules: Rules) -> Rules:
            return replace(rules, channels=_after(action.value, rules.channels, named))

        await self._set_rules(interaction, subject_of(role, member), change)

    async def _set_rules(
        self,
        interaction: discord.Interaction,
        subject: Subject | None,
        change: Callable[[Rules], Rules],
    ) -> None:
        await change_rules(interaction, self._services, subject, change)

    @app_commands.command(description="Remove the rules of a role or a member")
    @for_whom
    async def clear(
        self,
        interaction: discord.Interaction,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        subject = _role_or_member(role, member)
        await self._set_rules(interaction, subject, lambda _rules: Rules())


def _after(
    action: str, allowed: frozenset[Name] | None, named: Name | None
) -> frozenset[Name] | None:
    """Return what the chosen action leaves allowed; None: all. Raises InvalidRequestError."""
    if action == ALL or named is None:
        return None
    return allow(allowed, named) if action == ALLOW else disallow(allowed, named)


def _role_or_member(role: discord.Role | None, member: discord.Member | None) -> Subject:
    subject = subject_of(role, member)
    if subject is None:
        raise InvalidRequestError(["Choose a role or a member."])
    return subject
