"""`/video`: a film from words, from a picture, or from a first and a last picture."""

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.requests import SourceImage, VideoRequest
from bot.ids import IdempotencyKey, ModelId
from cogs._private import asking, options, uploads
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
        reference_1="A picture of someone or something that should appear",
        reference_2="Another one",
        reference_3="And another one",
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
        reference_1: discord.Attachment | None = None,
        reference_2: discord.Attachment | None = None,
        reference_3: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        references = [one for one in (reference_1, reference_2, reference_3) if one is not None]
        request = VideoRequest(
            prompt=prompt,
            model_id=self._model(model, image, references),
            image=await self._keep(image),
            end_image=await self._keep(end_image),
            reference_images=await self._keep_all(references),
            duration_seconds=duration,
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            negative_prompt=negative_prompt,
            seed=seed,
            audio=audio,
        )
        key = IdempotencyKey(f"interaction:{interaction.id}")
        answer = await asking.ask(self._services, request, place, key)
        await asking.show(interaction, answer)

    def _model(
        self,
        chosen: str | None,
        image: discord.Attachment | None,
        references: Sequence[discord.Attachment],
    ) -> ModelId:
        if chosen:
            return ModelId(chosen.strip())
        quoting = self._services.quoting
        if references:
            return quoting.default_reference_model()
        return quoting.default_model(from_image=image is not None)

    async def _keep(self, upload: discord.Attachment | None) -> SourceImage | None:
        return None if upload is None else await uploads.keep(upload, self._services.images)

    async def _keep_all(self, given: Sequence[discord.Attachment]) -> tuple[SourceImage, ...]:
        return tuple([await uploads.keep(upload, self._services.images) for upload in given])

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
