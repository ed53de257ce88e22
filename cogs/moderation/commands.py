"""`/moderation`: what those with Manage Messages decide about members.

Hidden from those without the permission, and checked again at every use and every press.
"""

import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.errors import InvalidRequestError
from bot.guilds.moderation import MAX_REASON
from bot.guilds.words import MAX_LENGTH
from bot.ids import UserId
from bot.presentation.moderation import texts
from bot.services import Services
from cogs._shared.answers import empty_on_error, guarded
from cogs._shared.changing import NO_PINGS
from cogs._shared.interactions import (
    check_moderator,
    custom_id_in,
    ensure_moderator,
    guild_of,
    is_moderator,
)

CANCEL = "cancel"
MAX_TYPED = 4000  # characters
MAX_CHOICES = 25  # Discord's
_SEPARATORS = re.compile(r"[,\n]")


@app_commands.default_permissions(manage_messages=True)
@app_commands.guild_only()
class Moderation(commands.GroupCog, name="moderation", description="Moderate this server's videos"):
    """Everything that is changed here is in the audit log, which `/quota-admin history` shows."""

    words = app_commands.Group(name="words", description="Words that prompts can't have here")

    def __init__(self, services: Services) -> None:
        self._blocking = services.blocking
        self._words = services.words

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        return check_moderator(interaction)

    @app_commands.command(description="Refuse everything a member asks me for in this server")
    @app_commands.describe(
        member="Which member; also someone who has left, by their id",
        reason="Why, for the other moderators",
        in_progress="What happens to their videos in progress (default: they go on)",
    )
    @app_commands.choices(
        in_progress=[
            app_commands.Choice(name="let them finish", value="finish"),
            app_commands.Choice(name="cancel them", value=CANCEL),
        ]
    )
    async def block(
        self,
        interaction: discord.Interaction,
        member: discord.User | discord.Member,
        reason: app_commands.Range[str, 1, MAX_REASON] | None = None,
        in_progress: app_commands.Choice[str] | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        _ensure_blockable(member)
        cancels = in_progress is not None and in_progress.value == CANCEL
        by, user_id = UserId(interaction.user.id), UserId(member.id)
        result = await self._blocking.block(
            guild_of(interaction), user_id, by, reason or "", cancels=cancels
        )
        text = texts.blocked(user_id, result, cancels=cancels)
        await interaction.edit_original_response(content=text, allowed_mentions=NO_PINGS)

    @app_commands.command(description="Let a blocked member use me again")
    @app_commands.describe(member="Which member; also someone who has left, by their id")
    async def unblock(
        self, interaction: discord.Interaction, member: discord.User | discord.Member
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        by, user_id = UserId(interaction.user.id), UserId(member.id)
        await self._blocking.unblock(guild_of(interaction), user_id, by)
        await interaction.edit_original_response(
            content=texts.unblocked(user_id), allowed_mentions=NO_PINGS
        )

    @app_commands.command(description="List blocked members")
    async def blocked(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._show_blocked(interaction, 0)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """The button of a page, perhaps shown by an earlier process."""
        page = texts.parse_blocked(custom_id_in(interaction))
        if page is not None:
            await guarded(interaction, lambda: self._turn(interaction, page), is_request=False)
        of_words = texts.parse_words(custom_id_in(interaction))
        if of_words is not None:
            await guarded(
                interaction, lambda: self._turn_words(interaction, of_words), is_request=False
            )

    @words.command(name="add", description="Refuse prompts with these words or phrases")
    @app_commands.describe(words="One, or several with commas between them")
    async def add_words(
        self, interaction: discord.Interaction, words: app_commands.Range[str, 1, MAX_TYPED]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id, by = guild_of(interaction), UserId(interaction.user.id)
        typed = [one for one in _SEPARATORS.split(words) if one.strip()]
        added = await self._words.add(guild_id, by, typed)
        total = len(await self._words.list_words(guild_id))
        await interaction.edit_original_response(
            content=texts.words_added(added, len(typed), total)
        )

    @words.command(name="remove", description="Allow a word or phrase in prompts again")
    @app_commands.describe(word="Which word; see the list")
    async def remove_word(
        self, interaction: discord.Interaction, word: app_commands.Range[str, 1, MAX_LENGTH]
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._words.remove(guild_of(interaction), UserId(interaction.user.id), word)
        await interaction.edit_original_response(content=texts.word_removed(word))

    @remove_word.autocomplete("word")
    @empty_on_error
    async def _listed(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        if not is_moderator(interaction.user):
            return []
        found = await self._words.list_words(guild_of(interaction))
        fitting = [one.word for one in found if typed.casefold() in one.word.casefold()]
        return [app_commands.Choice(name=one, value=one) for one in fitting[:MAX_CHOICES]]

    @words.command(name="list", description="List the words that prompts can't have here")
    async def list_words(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await self._show_words(interaction, 0)

    async def _turn_words(self, interaction: discord.Interaction, page: int) -> None:
        await interaction.response.defer()
        ensure_moderator(interaction)
        await self._show_words(interaction, page)

    async def _show_words(self, interaction: discord.Interaction, page: int) -> None:
        found = await self._words.list_words(guild_of(interaction))
        await interaction.edit_original_response(
            embed=texts.list_of_words(found, page),
            view=texts.words_buttons(page, len(found)),
        )

    async def _turn(self, interaction: discord.Interaction, page: int) -> None:
        await interaction.response.defer()
        ensure_moderator(interaction)
        await self._show_blocked(interaction, page)

    async def _show_blocked(self, interaction: discord.Interaction, page: int) -> None:
        found, has_older = await self._blocking.list_page(guild_of(interaction), page)
        await interaction.edit_original_response(
            embed=texts.list_of_blocked(found, page),
            view=texts.blocked_buttons(page, has_older=has_older),
        )


def _ensure_blockable(member: discord.User | discord.Member) -> None:
    """Raises InvalidRequestError for bots and moderators."""
    if member.bot:
        raise InvalidRequestError(["Bots can't make videos. Choose a person."])
    if is_moderator(member):
        who = f"<@{member.id}> is a moderator here."
        raise InvalidRequestError([f"{who} Remove their Manage Messages permission first."])


async def setup(client: Client) -> None:
    await client.add_cog(Moderation(client.services))
