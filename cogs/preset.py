"""`/preset`: a prompt with a place for the words of each video, kept with a model and options."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.presets import NO_MODEL, PLACEHOLDER
from bot.catalog.request import VideoRequest
from bot.client import Client
from bot.errors import UserFacingError
from bot.ids import IdempotencyKey, JobId, UserId
from bot.presentation import settings as texts
from bot.presentation.widgets import Action
from bot.services import Services
from cogs._shared import asking, options
from cogs._shared.answers import edit, empty_on_error, guarded, refuse_and_give_back
from cogs._shared.forms.filled import FormId, form_sent
from cogs._shared.forms.presetting import KIND, named_in, open_preset_form
from cogs._shared.interactions import (
    ensure_manager,
    ensure_may_post,
    guild_of,
    is_thread,
    place_of,
    pressed_in,
)
from cogs._shared.pictures import Uploads

FILE = "template.txt"


class PresetCommands(
    commands.GroupCog, name="preset", description="Save prompts and use them again"
):
    """Saves, lists, uses and deletes presets; rights are checked at every use."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Save a prompt with a model and options under a name")
    @app_commands.describe(
        name="What to call it",
        template=f"The prompt, with {PLACEHOLDER} where the words of each video go",
        model="Which model to use; leave it out to choose one for each video",
        duration="Length in seconds",
        aspect_ratio="Shape of the video, for example 16:9",
        resolution="Resolution, for example 720p",
        negative_prompt="What to keep out of the video",
        audio="With sound, if the model can make it; may cost more",
        server="For everyone in this server; needs the Manage Server permission",
    )
    async def save(
        self,
        interaction: discord.Interaction,
        name: str,
        template: str,
        model: str | None = None,
        duration: int | None = None,
        aspect_ratio: str | None = None,
        resolution: str | None = None,
        negative_prompt: str | None = None,
        audio: bool | None = None,
        server: bool = False,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        request = VideoRequest(
            prompt=template,
            model_id=NO_MODEL,
            duration_seconds=duration,
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            negative_prompt=negative_prompt,
            audio=audio,
        )
        try:
            if model:
                chosen = await asking.model_for(self._services, interaction, model, request)
                request = replace(request, model_id=chosen.model_id)
            await self._save(interaction, name, request, server=server)
        except UserFacingError as error:
            await refuse_and_give_back(interaction, error, template, name=FILE, is_request=False)

    async def _save(
        self, interaction: discord.Interaction, name: str, request: VideoRequest, *, server: bool
    ) -> None:
        """Raises InvalidRequestError."""
        if server:
            ensure_manager(interaction, "Saving a preset for everyone")
        guild_id, user_id = guild_of(interaction), UserId(interaction.user.id)
        presets = self._services.presets
        saved = await presets.save(name, request, guild_id, user_id, server=server)
        await edit(interaction, texts.preset_saved(saved))

    @app_commands.command(description="Make a video from a preset")
    @app_commands.describe(
        name="Which preset",
        prompt="The words that go into it",
        model="Another model than the preset's",
        image="Picture the video starts with",
    )
    async def use(
        self,
        interaction: discord.Interaction,
        name: str,
        prompt: str,
        model: str | None = None,
        image: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        try:
            answer = await self._ask(interaction, name, prompt, model, image)
        except UserFacingError as error:
            await refuse_and_give_back(interaction, error, prompt, name="prompt.txt")
        else:
            await asking.show(self._services, interaction, answer)

    async def _ask(
        self,
        interaction: discord.Interaction,
        name: str,
        prompt: str,
        model: str | None,
        image: discord.Attachment | None,
    ) -> asking.Said:
        """Raises what `asking.ask` does."""
        place, services = place_of(interaction), self._services
        found = await services.presets.request(
            name, prompt, place.guild_id, place.user_id, has_model=bool(model)
        )
        uploads = Uploads(place.user_id)
        sketch = replace(found, image=uploads.promise(image), is_spoiler=uploads.has_spoiler)
        named = model or found.model_id or None
        chosen = await asking.model_for(services, interaction, named, sketch)
        request = replace(sketch, model_id=chosen.model_id)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        answer = await asking.ask_with_pictures(services, request, uploads.sources, place, key)
        return asking.noted(chosen.note, answer)

    @app_commands.command(name="list", description="List your presets and this server's")
    async def list_presets(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        found = await self._services.presets.list_for(
            guild_of(interaction), UserId(interaction.user.id)
        )
        names = self._services.catalog.names()
        await interaction.edit_original_response(embed=texts.list_of_presets(found, names))

    @app_commands.command(description="Delete a preset")
    @app_commands.describe(name="Which preset; your own before one of the server's")
    async def delete(self, interaction: discord.Interaction, name: str) -> None:
        await interaction.response.defer(ephemeral=True)
        guild_id, user_id = guild_of(interaction), UserId(interaction.user.id)
        preset = await self._services.presets.find(name, guild_id, user_id)
        if preset.owner.is_server:
            ensure_manager(interaction, "Deleting one of the server's presets")
        await self._services.presets.delete(preset, guild_id, user_id)
        await edit(interaction, texts.preset_deleted(preset))

    @use.autocomplete("name")
    @delete.autocomplete("name")
    @empty_on_error
    async def _names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.presets(self._services, interaction, typed)

    @save.autocomplete("model")
    @use.autocomplete("model")
    @empty_on_error
    async def _models(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction, typed)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle the button that makes a preset of a video, and its form."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.PRESET:
            job_id = JobId(pressed.subject)
            await guarded(interaction, lambda: self._open(interaction, job_id), is_request=False)
        form = form_sent(interaction, KIND)
        if form is not None:
            await guarded(
                interaction, lambda: self._save_of_job(interaction, form), is_request=False
            )

    async def _open(self, interaction: discord.Interaction, job_id: JobId) -> None:
        job = await self._services.presets.job(job_id, guild_of(interaction))
        await open_preset_form(interaction, job)

    async def _save_of_job(self, interaction: discord.Interaction, form: FormId) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        given = named_in(interaction)
        try:
            job = await self._services.presets.job(JobId(form.subject), guild_of(interaction))
            request = replace(job.request, prompt=given.template, seed=None)
            await self._save(interaction, given.name, request, server=given.server)
        except UserFacingError as error:
            await refuse_and_give_back(
                interaction, error, given.template, name=FILE, is_request=False
            )


async def setup(client: Client) -> None:
    await client.add_cog(PresetCommands(client.services))
