"""The commands of `/quota-admin` that set limits: for everybody, a role or a member."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Services
from bot.domain.limits import Allowance, Rules
from bot.domain.policy import Subject
from bot.domain.windows import Window
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, ModelId
from cogs._private import options
from cogs._private.amounts import micros_or_none, rates_of
from cogs._private.changing import change_rules, subject_of

WINDOWS = [app_commands.Choice(name=f"a {window}", value=window.value) for window in Window]
LISTS = [
    app_commands.Choice(name="allow", value="allow"),
    app_commands.Choice(name="no longer allow", value="remove"),
    app_commands.Choice(name="allow all", value="all"),
]
FOR_ROLE = "Only for members with this role"
FOR_MEMBER = "Only for this member"

Name = TypeVar("Name", ModelId, ChannelId)
Described = TypeVar("Described", bound=Callable[..., Any])


def for_whom(callback: Described) -> Described:
    """Describe the options that say whom a rule is for; the library keeps the mapping it is given."""
    return app_commands.describe(role=FOR_ROLE, member=FOR_MEMBER)(callback)


class RuleCommands(commands.Cog):
    """Mixed into the cog, which checks the right."""

    _services: Services

    @app_commands.command(description="What a member may spend a day, a week or a month")
    @app_commands.describe(dollars="Such as 1.50, or none for no limit", window="How often anew")
    @app_commands.choices(window=WINDOWS)
    @for_whom
    async def allowance(
        self,
        interaction: discord.Interaction,
        dollars: str,
        window: app_commands.Choice[str],
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        given = None if micros is None else Allowance(micros, Window(window.value))
        await self._set_rules(interaction, subject_of(role, member), allowance=given)

    @app_commands.command(description="How many wishes a member may make")
    @app_commands.describe(wishes="Such as: 3 a minute, 20 a day; or none for no limit")
    @for_whom
    async def rates(
        self,
        interaction: discord.Interaction,
        wishes: str,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        limits = rates_of(wishes)
        await self._set_rules(interaction, subject_of(role, member), rates=limits)

    @app_commands.command(description="How many films a member may have under way at once")
    @app_commands.describe(films="0 means none; leave it out for no limit")
    @for_whom
    async def concurrency(
        self,
        interaction: discord.Interaction,
        films: app_commands.Range[int, 0, 1000] | None = None,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._set_rules(interaction, subject_of(role, member), open_jobs_most=films)

    @app_commands.command(name="film-cost", description="What one film may cost at most")
    @app_commands.describe(dollars="Such as 0.50, or none for no limit")
    @for_whom
    async def film_cost(
        self,
        interaction: discord.Interaction,
        dollars: str,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        micros = micros_or_none(dollars)
        await self._set_rules(interaction, subject_of(role, member), film_micros_most=micros)

    @app_commands.command(description="Free a role or a member from every limit but the pool")
    @app_commands.describe(exempt="Whether they are")
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
        await self._set_rules(interaction, _somebody(role, member), exempt=value)

    @app_commands.command(description="Let a role or a member go first in the queue")
    @app_commands.describe(first="Whether they do; of eight places two stay anybody's")
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
        await self._set_rules(interaction, _somebody(role, member), priority=value)

    @app_commands.command(description="Which models may be used")
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
        known = None if model is None else self._services.catalogue.find(ModelId(model.strip()))
        if action.value != "all" and known is None:
            raise InvalidRequestError(["Choose a model from the list that `model` offers."])
        named = None if known is None else known.model_id

        def change(rules: Rules) -> Rules:
            return replace(rules, models=_listed(rules.models, action.value, named))

        await change_rules(interaction, self._services, subject_of(role, member), change)

    @models.autocomplete("model")
    async def _model_names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction.namespace, typed)

    @app_commands.command(description="In which channels films may be made")
    @app_commands.describe(action="What to do", channel="Which channel; its threads count as well")
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
        if action.value != "all" and channel is None:
            raise InvalidRequestError(["Choose a channel."])
        named = None if channel is None else ChannelId(channel.id)

        def change(rules: Rules) -> Rules:
            return replace(rules, channels=_listed(rules.channels, action.value, named))

        await change_rules(interaction, self._services, subject_of(role, member), change)

    async def _set_rules(
        self, interaction: discord.Interaction, subject: Subject | None, **rules_changed: Any
    ) -> None:
        await change_rules(
            interaction, self._services, subject, lambda rules: replace(rules, **rules_changed)
        )

    @app_commands.command(description="Remove the rules of a role or a member")
    @for_whom
    async def clear(
        self,
        interaction: discord.Interaction,
        role: discord.Role | None = None,
        member: discord.Member | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        subject = _somebody(role, member)
        await change_rules(interaction, self._services, subject, lambda _rules: Rules())


def _listed(
    allowed: frozenset[Name] | None, action: str, named: Name | None
) -> frozenset[Name] | None:
    """What is allowed from now on; None: all. Raises InvalidRequestError."""
    if action == "all" or named is None:
        return None
    if action == "allow":
        return (allowed or frozenset()) | {named}
    if allowed is None:
        reason = "There is no list to take it from: `allow` what may be used, and only that may."
        raise InvalidRequestError([reason])
    return allowed - {named}


def _somebody(role: discord.Role | None, member: discord.Member | None) -> Subject:
    subject = subject_of(role, member)
    if subject is None:
        raise InvalidRequestError(["Choose a role or a member."])
    return subject
