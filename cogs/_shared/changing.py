"""Pass an admin's change to the services, and the result back to the admin."""

from collections.abc import Callable
from dataclasses import replace

import discord

from bot.errors import InvalidRequestError
from bot.ids import UserId
from bot.money.changes import PolicyChange, Proposed
from bot.money.limits import Policy, Rules
from bot.money.policy import Subject, SubjectKind
from bot.presentation import policies
from bot.presentation.widgets import Action, button
from bot.services import Services
from cogs._shared.interactions import guild_of

NO_PINGS = discord.AllowedMentions.none()


def subject_of(role: discord.Role | None, member: discord.Member | None) -> Subject | None:
    """Return the subject of a rule; None: everyone. Raises InvalidRequestError for two at once."""
    if role is not None and member is not None:
        raise InvalidRequestError(["Choose either a role or a member."])
    if member is not None:
        return Subject(SubjectKind.MEMBER, member.id)
    if role is None or role.is_default():
        return None
    return Subject(SubjectKind.ROLE, role.id)


async def propose(
    interaction: discord.Interaction,
    services: Services,
    edit: PolicyChange,
) -> None:
    """Make the change at once, or show it with a button that makes it."""
    user_id = UserId(interaction.user.id)
    proposed = await services.policy_admin.propose(guild_of(interaction), user_id, edit)
    await show(interaction, proposed)


async def show(interaction: discord.Interaction, proposed: Proposed) -> None:
    """Show a change that was made, or that waits for its button."""
    content, view = policies.describe_change(proposed), None
    if proposed.pending is not None:
        view = button("Make this change", Action.APPLY, proposed.pending.id)
    await interaction.edit_original_response(content=content, view=view, allowed_mentions=NO_PINGS)


async def change_policy(
    interaction: discord.Interaction, services: Services, change: Callable[[Policy], Policy]
) -> None:
    """Change the rules of the whole server."""
    edit = await services.policy_admin.policy_edit(guild_of(interaction), change)
    await propose(interaction, services, edit)


async def change_rules(
    interaction: discord.Interaction,
    services: Services,
    subject: Subject | None,
    change: Callable[[Rules], Rules],
) -> None:
    """Change the rules of a role or a member; without a subject, of everyone."""
    if subject is None:
        await change_policy(
            interaction, services, lambda policy: replace(policy, rules=change(policy.rules))
        )
        return
    edit = await services.policy_admin.rules_edit(guild_of(interaction), subject, change)
    await propose(interaction, services, edit)
