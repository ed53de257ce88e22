"""`/video`: a film from words, from a picture, or from a first and a last picture."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.requests import SourceImage, VideoRequest
from bot.ids import IdempotencyKey, ModelId
from bot.presentation import replies
from cogs._private import options
from cogs._private.pictures import ensure_small_enough
from cogs._private.places import ensure_may_post, is_thread, place_of


class Video(commands.Cog):
    """Turns the command into a wish; everything else happens in the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Make a film from words, or from a picture")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What happens in the film",
        model="Which model makes it; the list shows price and time",
        image="The first picture, if the film should begin with one",
        end_image="The last picture, if the film should end with one",
        duration="How many seconds",
        aspect_ratio="The shape of the picture",
        resolution="How sharp it is",
        negative_prompt="What should not be in it",
        seed="The same number and the same words may give a similar film",
        audio="With sound, where the model makes any; it may cost more",
    )
    async def video(
        self,
        interaction: discord.Interaction,
        prompt: str,
        model: str | None = None,
        image: discord.Attachment | None = None,
        end_image: discord.Attachment | None = None,
        duration: int | None = None,
        aspect_ratio: str | None = None,
        resolution: str | None = None,
        negative_prompt: str | None = None,
        seed: int | None = None,
        audio: bool | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        request = VideoRequest(
            prompt=prompt,
            model_id=self._model(model, has_image=image is not None),
            image=await self._keep(image),
            end_image=await self._keep(end_image),
            duration_seconds=duration,
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            negative_prompt=negative_prompt,
            seed=seed,
            audio=audio,
        )
        quote = await self._services.quoting.quote(request)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        job = await self._services.accepting.accept(quote, place, key)
        await interaction.edit_original_response(content=replies.accepted(job))

    def _model(self, chosen: str | None, *, has_image: bool) -> ModelId:
        if chosen:
            return ModelId(chosen.strip())
        return self._services.quoting.default_model(from_image=has_image)

    async def _keep(self, upload: discord.Attachment | None) -> SourceImage | None:
        """Fetch an upload at once: Discord deletes what was given to a command."""
        if upload is None:
            return None
        ensure_small_enough(upload.size, upload.filename)
        return await self._services.images.fetch(upload.url, name=upload.filename)

    @video.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction.namespace, typed)

    @video.autocomplete("duration")
    async def _durations(
        self, interaction: discord.Interaction, typed: int | str
    ) -> list[app_commands.Choice[int]]:
        return options.durations(self._services, interaction.namespace, str(typed))

    @video.autocomplete("aspect_ratio")
    async def _aspect_ratios(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = options.chosen(self._services, interaction.namespace)
        return options.matching(capability.aspect_ratios if capability else (), typed)

    @video.autocomplete("resolution")
    async def _resolutions(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = options.chosen(self._services, interaction.namespace)
        return options.matching(capability.resolutions if capability else (), typed)


async def setup(client: Client) -> None:
    await client.add_cog(Video(client.services))
