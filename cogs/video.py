"""`/video`: a video from a prompt, a picture, or a first and a last picture."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.request import VideoRequest
from bot.client import Client
from bot.errors import UserFacingError
from bot.ids import IdempotencyKey, ModelId
from bot.services import Services
from cogs._shared import asking, options
from cogs._shared.answers import empty_on_error, refuse_and_give_back
from cogs._shared.interactions import ensure_may_post, is_thread, place_of
from cogs._shared.pictures import Uploads

LONG_PROMPT = 100  # characters that no one should have to write again


class Video(commands.Cog):
    """Turns the command into a request; everything else happens in the services."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Make a video from text or a picture")
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What happens in the video",
        model="Which model to use; the list shows price and time",
        image="Picture the video starts with",
        end_image="Picture the video ends with",
        duration="Length in seconds",
        aspect_ratio="Shape of the video, for example 16:9",
        resolution="Resolution, for example 720p",
        negative_prompt="What to keep out of the video",
        seed="The same number with the same prompt can give a similar video",
        audio="With sound, if the model can make it; may cost more",
        reference_1="Picture of someone or something that should appear",
        reference_2="Another reference picture",
        reference_3="A third reference picture",
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
        given = Uploads(place.user_id)
        sketch = VideoRequest(
            prompt=prompt,
            model_id=ModelId(""),
            image=given.promise(image),
            end_image=given.promise(end_image),
            reference_images=given.promise_all(references),
            duration_seconds=duration,
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            negative_prompt=negative_prompt,
            seed=seed,
            audio=audio,
            is_spoiler=given.has_spoiler,
        )
        try:
            chosen = await asking.model_for(self._services, interaction, model, sketch)
            request = replace(sketch, model_id=chosen.model_id)
            key = IdempotencyKey(f"interaction:{interaction.id}")
            answer = await asking.ask_with_pictures(
                self._services, request, given.sources, place, key
            )
        except UserFacingError as error:
            if len(prompt) < LONG_PROMPT:
                raise
            await refuse_and_give_back(interaction, error, prompt, name="prompt.txt")
        else:
            await asking.show(self._services, interaction, asking.noted(chosen.note, answer))

    @video.autocomplete("model")
    @empty_on_error
    async def _models(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction, typed)

    @video.autocomplete("duration")
    @empty_on_error
    async def _durations(
        self, interaction: discord.Interaction, typed: int | str
    ) -> list[app_commands.Choice[int]]:
        return await options.durations(self._services, interaction, str(typed))

    @video.autocomplete("aspect_ratio")
    @empty_on_error
    async def _aspect_ratios(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = await options.chosen(self._services, interaction)
        return options.matching(capability.aspect_ratios if capability else (), typed)

    @video.autocomplete("resolution")
    @empty_on_error
    async def _resolutions(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = await options.chosen(self._services, interaction)
        return options.matching(capability.resolutions if capability else (), typed)


async def setup(client: Client) -> None:
    await client.add_cog(Video(client.services))
