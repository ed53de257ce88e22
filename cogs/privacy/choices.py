"""`/privacy`: what members decide for every server, and their answers to questions about pictures."""

import contextlib
import io
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.errors import QuestionClosedError
from bot.guilds.consent import Answer
from bot.guilds.settings import PicturesFor
from bot.ids import GuildId, QuestionId, UserId
from bot.presentation import details
from bot.presentation.widgets import Action
from bot.services import Services
from cogs._shared import options
from cogs._shared.answers import edit, guarded
from cogs._shared.interactions import pressed_in

ON = "on"
SWITCH = [app_commands.Choice(name=name, value=name) for name in (ON, "off")]
_ANSWERS = {Action.ALLOW: Answer.ALLOWED, Action.DECLINE: Answer.DECLINED}


class Privacy(commands.GroupCog, name="privacy", description="Your pictures and your videos"):
    """For every member, about what is theirs."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recipes = services.recipes
        self._consent = services.consent

    @app_commands.command(description="Set who may make videos from your pictures, in every server")
    @app_commands.describe(who="Leave it out to see how it is")
    @app_commands.choices(who=options.PICTURES_FOR)
    async def pictures(
        self, interaction: discord.Interaction, who: app_commands.Choice[str] | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        user_id = UserId(interaction.user.id)
        if who is not None:
            await self._consent.choose(user_id, PicturesFor(who.value))
        text = details.pictures_choice(
            await self._consent.choice_of(user_id), await self._default(interaction)
        )
        text = text if who is None else f"{text}\n{details.PICTURES_FROM_NOW}"
        await interaction.edit_original_response(content=text)

    async def _default(self, interaction: discord.Interaction) -> PicturesFor | None:
        """That of the server; a direct message has none."""
        if interaction.guild_id is None:
            return None
        settings = await self._services.guild_admin.settings(GuildId(interaction.guild_id))
        return settings.pictures

    @app_commands.command(description="Set whether the files of your videos say how they were made")
    @app_commands.describe(
        write="Your prompt, the model and the options; leave it out to see how it is"
    )
    @app_commands.choices(write=SWITCH)
    async def recipe(
        self, interaction: discord.Interaction, write: app_commands.Choice[str] | None = None
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        user_id = UserId(interaction.user.id)
        if write is not None:
            await self._recipes.switch(user_id, is_on=write.value == ON)
        text = details.recipe_switch(is_on=await self._recipes.of_member(user_id))
        await interaction.edit_original_response(content=text)

    @app_commands.command(description="Read what I store, who gets it, and for how long")
    async def policy(self, interaction: discord.Interaction) -> None:
        text = details.policy(self._services.member_data.handling)
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(description="Get everything that I store about you, as a file")
    async def export(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        user_id = UserId(interaction.user.id)
        found = await self._services.member_data.export(user_id, interaction.filesize_limit)
        file = discord.File(io.BytesIO(found.content), found.name)
        await interaction.edit_original_response(content=details.MEMBER_DATA, attachments=[file])

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """An answer to a question that an earlier process may have asked."""
        pressed = pressed_in(interaction)
        if pressed is None or pressed.action not in _ANSWERS:
            return
        question_id, given = QuestionId(pressed.subject), _ANSWERS[pressed.action]
        await guarded(
            interaction, lambda: self._answer(interaction, question_id, given), is_request=False
        )

    async def _answer(
        self, interaction: discord.Interaction, question_id: QuestionId, given: Answer
    ) -> None:
        """The answer takes the place of the question, for everyone who read that.

        A crash before leaves the buttons, with which the same answer can be given again.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            answered = await self._consent.answer(question_id, UserId(interaction.user.id), given)
        except QuestionClosedError:
            await _change(interaction)
            raise
        await _change(interaction, content=details.picture_answered(answered))
        await edit(interaction, details.PICTURE_ANSWERS[given])


async def _change(interaction: discord.Interaction, **changed: Any) -> None:
    """Take the buttons away; a question that was deleted has none."""
    if interaction.message is not None:
        with contextlib.suppress(discord.NotFound, discord.Forbidden):
            await interaction.message.edit(view=None, **changed)


async def setup(client: Client) -> None:
    await client.add_cog(Privacy(client.services))
