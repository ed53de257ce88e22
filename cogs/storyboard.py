"""`/storyboard`: one film of several shots, a line for each."""

import io
from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client, Services
from bot.domain.requests import Shot, VideoRequest
from bot.errors import InvalidRequestError, UserFacingError
from bot.ids import IdempotencyKey, ModelId
from bot.presentation import replies
from cogs._private import asking, drafts, options, uploads
from cogs._private.answers import edit, guarded, note_unexpected
from cogs._private.drafts import Draft, Drafts
from cogs._private.places import ensure_may_post, is_thread, place_of

LONGEST_TEXT = 4000  # Discord's, for a text input
SHOTS = "shots"


class ShotList(discord.ui.Modal, title="Storyboard"):
    """A line for each shot. It is only shown: the cog hears of every one that is sent."""

    shots: discord.ui.TextInput["ShotList"] = discord.ui.TextInput(
        label="One shot a line, in order",
        custom_id=SHOTS,
        style=discord.TextStyle.paragraph,
        placeholder="A city at dawn, golden light\nA cup of coffee on a windowsill, steam rising",
        max_length=LONGEST_TEXT,
    )

    def __init__(self, form: str) -> None:
        super().__init__(custom_id=form, timeout=60)  # then discord.py forgets it; we do not


class Storyboard(commands.Cog):
    """Turns the command and its list of shots into a wish."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drafts = Drafts(services.jobs, services.clock)

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
        user_id = place_of(interaction).user_id
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        default = self._services.quoting.default_storyboard_model
        references = [one for one in (reference_1, reference_2, reference_3) if one is not None]
        draft = Draft(
            form=drafts.spell_form(interaction.id),
            model_id=ModelId(model.strip()) if model else default(),
            aspect_ratio=aspect_ratio,
            resolution=resolution,
        )
        await interaction.response.send_modal(ShotList(draft.form))
        await self._drafts.keep(await self._with_pictures(draft, references), user_id)

    async def _with_pictures(self, draft: Draft, given: Sequence[discord.Attachment]) -> Draft:
        """Fetched while the member writes: Discord waits three seconds for the list to appear.

        Whatever goes wrong is said when the list is sent.
        """
        try:
            kept = [await uploads.keep(upload, self._services.images) for upload in given]
        except UserFacingError as error:
            return replace(draft, trouble=replies.sentence(error))
        except Exception as error:  # noqa: BLE001 - see above; it is told with a reference
            return replace(draft, trouble=note_unexpected(error))
        return replace(draft, references=tuple(kept))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A list that was sent, perhaps long after its form was opened by an earlier process."""
        form = drafts.form_in(interaction)
        if form is not None:
            await guarded(interaction, lambda: self._make(interaction, form))

    async def _make(self, interaction: discord.Interaction, form: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        place, text = place_of(interaction), drafts.written_in(interaction, SHOTS)
        draft = await self._drafts.find(form, place.user_id)
        if draft is None:
            await _give_back(interaction, replies.FORM_LOST, text)
        elif draft.trouble is not None:
            await _give_back(interaction, draft.trouble, text)
        else:
            key = IdempotencyKey(f"interaction:{interaction.id}")
            request = request_of(text, draft)
            await asking.show(interaction, await asking.ask(self._services, request, place, key))

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


def request_of(text: str, draft: Draft) -> VideoRequest:
    """Every line that is not empty is a shot. Raises InvalidRequestError where there is none."""
    prompts = [line.strip() for line in text.splitlines() if line.strip()]
    if not prompts:
        raise InvalidRequestError(["There is no shot: write what happens, one shot a line."])
    shots = tuple(Shot(prompt, reference_images=draft.references) for prompt in prompts)
    return VideoRequest(
        prompt=" / ".join(prompts),
        model_id=draft.model_id,
        aspect_ratio=draft.aspect_ratio,
        resolution=draft.resolution,
        reference_images=draft.references,
        shots=shots,
    )


async def _give_back(interaction: discord.Interaction, trouble: str, text: str) -> None:
    """With what the member wrote, which may be longer than a message and would be lost."""

    def file() -> discord.File:
        return discord.File(io.BytesIO(text.encode()), "storyboard.txt")

    await edit(interaction, replies.given_back(trouble), file=file)


async def setup(client: Client) -> None:
    await client.add_cog(Storyboard(client.services))
