"""`/storyboard`: one film of several shots, a line for each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.offers import Place
from bot.domain.requests import Shot, SourceImage, VideoRequest
from bot.errors import InvalidRequestError, UserFacingError
from bot.ids import IdempotencyKey, ModelId
from cogs._private import asking, options, uploads
from cogs._private.answers import guarded
from cogs._private.places import ensure_may_post, is_thread, place_of

LONGEST_TEXT = 4000  # Discord's, for a text input


@dataclass(frozen=True, slots=True)
class Frame:
    """What was chosen with the command, for all shots."""

    model_id: ModelId
    aspect_ratio: str | None
    resolution: str | None
    place: Place


class ShotList(discord.ui.Modal, title="Storyboard"):
    """A line for each shot."""

    shots: discord.ui.TextInput["ShotList"] = discord.ui.TextInput(
        label="One shot a line, in order",
        custom_id="shots",
        style=discord.TextStyle.paragraph,
        placeholder="A city at dawn, golden light\nA cup of coffee on a windowsill, steam rising",
        max_length=LONGEST_TEXT,
    )

    def __init__(self, services: Services, frame: Frame) -> None:
        super().__init__(timeout=900)
        self.references: asyncio.Future[tuple[SourceImage, ...]] = (
            asyncio.get_running_loop().create_future()
        )
        self._services = services
        self._frame = frame

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await guarded(interaction, lambda: self._make(interaction))

    async def _make(self, interaction: discord.Interaction) -> None:
        request = request_of(self.shots.value, self._frame, await self.references)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        answer = await asking.ask(self._services, request, self._frame.place, key)
        await asking.show(interaction, answer)


class Storyboard(commands.Cog):
    """Turns the command and its list of shots into a wish."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Make one film of several shots")
    @app_commands.guild_only()
    @app_commands.describe(
        model="Which model makes it; only some join shots",
        aspect_ratio="The shape of the picture",
        resolution="How sharp it is",
        reference_1="A picture of someone or something that should appear in every shot",
        reference_2="Another one",
        reference_3="And another one",
    )
    async def storyboard(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        aspect_ratio: str | None = None,
        resolution: str | None = None,
        reference_1: discord.Attachment | None = None,
        reference_2: discord.Attachment | None = None,
        reference_3: discord.Attachment | None = None,
    ) -> None:
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        default = self._services.quoting.default_storyboard_model
        references = [one for one in (reference_1, reference_2, reference_3) if one is not None]
        frame = Frame(
            model_id=ModelId(model.strip()) if model else default(),
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            place=place,
        )
        shots = ShotList(self._services, frame)
        await interaction.response.send_modal(shots)
        await self._keep(references, shots)

    async def _keep(self, given: Sequence[discord.Attachment], shots: ShotList) -> None:
        """Fetched while the member writes: Discord waits three seconds for the list to appear.

        Whatever goes wrong is said when the list is sent, which would otherwise wait for ever.
        """
        try:
            kept = [await uploads.keep(upload, self._services.images) for upload in given]
        except Exception as error:  # noqa: BLE001 - see above; it is answered with a reference
            shots.references.set_exception(error)
            if isinstance(error, UserFacingError):
                shots.references.exception()  # of no interest where the list is never sent
        else:
            shots.references.set_result(tuple(kept))

    @storyboard.autocomplete("model")
    async def _models(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.storyboard_models(self._services, typed)

    @storyboard.autocomplete("aspect_ratio")
    async def _aspect_ratios(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = options.chosen_for_storyboard(self._services, interaction.namespace)
        return options.matching(capability.aspect_ratios if capability else (), typed)

    @storyboard.autocomplete("resolution")
    async def _resolutions(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = options.chosen_for_storyboard(self._services, interaction.namespace)
        single = capability.one_shot_resolutions if capability else frozenset()
        offered = capability.resolutions if capability else ()
        return options.matching([one for one in offered if one not in single], typed)


def request_of(text: str, frame: Frame, references: tuple[SourceImage, ...]) -> VideoRequest:
    """Every line that is not empty is a shot. Raises InvalidRequestError where there is none."""
    prompts = [line.strip() for line in text.splitlines() if line.strip()]
    if not prompts:
        raise InvalidRequestError(["There is no shot: write what happens, one shot a line."])
    shots = tuple(Shot(prompt, reference_images=references) for prompt in prompts)
    return VideoRequest(
        prompt=" / ".join(prompts),
        model_id=frame.model_id,
        aspect_ratio=frame.aspect_ratio,
        resolution=frame.resolution,
        reference_images=references,
        shots=shots,
    )


async def setup(client: Client) -> None:
    await client.add_cog(Storyboard(client.services))
