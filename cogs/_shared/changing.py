"""Bringing an admin's change to the services, and what came of it to the admin."""

from collections.abc import Callable
from dataclasses import replace

import discord

from bot.client import Services
from bot.domain.edits import Edit, Proposed
from bot.domain.limits import Rules
from bot.domain.policy import Policy, Subject, SubjectKind
from bot.errors import InvalidRequestError
from bot.ids import UserId
from bot.presentation import policies
from bot.presentation.buttons import button
from bot.presentation.custom_ids import Action
from cogs._private.places import guild_of

NO_PINGS = discord.AllowedMentions.none()


def subject_of(role: discord.Role | None, member: discord.Member | None) -> Subject | None:
    """Whom a rule is for; None for everybody. Raises InvalidRequestError for two at once."""
    if role is not None and member is not None:
        raise InvalidRequestError(["Choose a role or a member, not both."])
    if member is not None:
        return Subject(SubjectKind.MEMBER, member.id)
    if role is None or role.is_default():
        return None
    return Subject(SubjectKind.ROLE, role.id)


async def propose(interaction: discord.Interaction, services: Services, edit: Edit) -> None:
    """Made at once, or shown with a button that makes it."""
    user_id = UserId(interaction.user.id)
    proposed = await services.governing.propose(guild_of(interaction), user_id, edit)
    await show(interaction, proposed)


async def show(interaction: discord.Interaction, proposed: Proposed) -> None:
    content, view = policies.told(proposed), None
    if proposed.pending is not None:
        view = button("Make this change", Action.APPLY, proposed.pending.id)
    await interaction.edit_original_response(content=content, view=view, allowed_mentions=NO_PINGS)


async def change_policy(
    interaction: discord.Interaction, services: Services, change: Callable[[Policy], Policy]
) -> None:
    """What holds for the whole server."""
    edit = await services.governing.policy_edit(guild_of(interaction), change)
    await propose(interaction, services, edit)


async def change_rules(
    interaction: discord.Interaction,
    services: Services,
    subject: Subject | None,
    change: Callable[[Rules], Rules],
) -> None:
    """What holds for everybody, a role or a member."""
    if subject is None:
        await change_policy(
            interaction, services, lambda policy: replace(policy, rules=change(policy.rules))
        )
        return
    edit = await services.governing.rules_edit(guild_of(interaction), subject, change)
    await propose(interaction, services, edit)
