"""`/storyboard`: one video of several shots, a line for each."""

import re
from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.request import Origin, Shot, SourceImage, VideoRequest
from bot.client import Client
from bot.errors import InvalidRequestError, UserFacingError
from bot.ids import IdempotencyKey, ModelId
from bot.presentation import answers
from bot.services import Services
from cogs._shared import asking, drafts, options
from cogs._shared.answers import (
    empty_on_error,
    give_back,
    guarded,
    note_unexpected,
    refuse_and_give_back,
)
from cogs._shared.drafts import Draft, Drafts
from cogs._shared.forms.filled import written
from cogs._shared.interactions import ensure_may_post, is_thread, place_of
from cogs._shared.pictures import Uploads

LONGEST_TEXT = 4000  # Discord's, for a text input
SHOTS = "shots"
FILE = "storyboard.txt"
SOME_SHOT = "a shot"
_LENGTH = re.compile(r"(?i)(?P<length>[+-]?[0-9][0-9.,]{0,5}) ?s(?:ec|econds?)?: ?(?P<prompt>.*)")
_WHOLE = re.compile(r"[0-9]{1,3}")


class ShotList(discord.ui.Modal, title="Storyboard"):
    """The form for the shots, a line each; the cog's listener handles it when it is sent."""

    shots: discord.ui.TextInput["ShotList"] = discord.ui.TextInput(
        label="One shot per line, in order",
        custom_id=SHOTS,
        style=discord.TextStyle.paragraph,
        placeholder="A city at dawn, golden light\n8s: A cup of coffee, steam rising (8 seconds)",
        max_length=LONGEST_TEXT,
    )

    def __init__(self, form: str) -> None:
        super().__init__(custom_id=form, timeout=60)  # then discord.py forgets it; we do not


class Storyboard(commands.Cog):
    """Turns the command and its list of shots into a request."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drafts = Drafts(services.notes, services.clock)

    @app_commands.command(description="Make one video from several shots")
    @app_commands.guild_only()
    @app_commands.describe(
        model="Which model to use; your favorite or the cheapest that can make it if left out",
        duration="Length of each shot in seconds; a line can begin with its own, such as 8s:",
        continuous="Start each shot from the last frame of the one before",
        aspect_ratio="Shape of the video, for example 16:9",
        resolution="Resolution, for example 720p",
        reference_1="Picture of someone or something that should appear in every shot",
        reference_2="Another reference picture",
        reference_3="A third reference picture",
    )
    async def storyboard(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        aspect_ratio: str | None = None,
        resolution: str | None = None,
        duration: app_commands.Range[int, 1, 600] | None = None,
        continuous: bool = False,
        reference_1: discord.Attachment | None = None,
        reference_2: discord.Attachment | None = None,
        reference_3: discord.Attachment | None = None,
    ) -> None:
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        references = [one for one in (reference_1, reference_2, reference_3) if one is not None]
        draft = Draft(
            form=drafts.spell_form(interaction.id),
            model_id=ModelId(""),
            aspect_ratio=aspect_ratio,
            resolution=resolution,
            duration_seconds=duration,
            continuous=continuous,
        )
        sketch = _sketch_of(draft, len(references))
        adults = options.is_age_restricted(interaction.channel)
        chosen = await self._services.choosing.pick_for_storyboard(
            model, sketch, place, adults=adults
        )
        self._services.quotes.ensure_fits(replace(sketch, model_id=chosen.model_id))
        draft = replace(
            draft, model_id=chosen.model_id, note=chosen.note, is_named=bool((model or "").strip())
        )
        await interaction.response.send_modal(ShotList(draft.form))
        draft = await self._with_pictures(draft, references, place)
        await self._drafts.keep(draft, place.user_id)

    async def _with_pictures(
        self, draft: Draft, given: Sequence[discord.Attachment], place: Origin
    ) -> Draft:
        """Fetch the pictures while the member writes: a form must open within three seconds.

        Whatever goes wrong is said when the list is sent.
        """
        try:
            uploads = Uploads(place.user_id)
            promised = replace(draft, references=uploads.promise_all(given))
            request = request_of(SOME_SHOT, promised)  # the least that can come of it
            async with self._services.intake.taking(request, uploads.sources, place) as complete:
                hidden = uploads.has_spoiler
                return replace(draft, references=complete.reference_images, is_spoiler=hidden)
        except UserFacingError as error:
            return replace(draft, trouble=answers.sentence(error))
        except Exception as error:  # noqa: BLE001 - see above; it is told with a reference
            return replace(draft, trouble=note_unexpected(error))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle a form that was sent, perhaps long after an earlier process opened it."""
        form = drafts.form_in(interaction)
        if form is not None:
            await guarded(interaction, lambda: self._make(interaction, form))

    async def _make(self, interaction: discord.Interaction, form: str) -> None:
        """Make the video; every refusal or failure gives the member's text back."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        text = str(written(interaction).get(SHOTS) or "")
        try:
            answer = await self._ask(interaction, form, text)
        except UserFacingError as error:
            await refuse_and_give_back(interaction, error, text, name=FILE)
        except Exception as error:  # noqa: BLE001 - told with a reference, and with the text
            await give_back(interaction, note_unexpected(error), text, name=FILE)
        else:
            if answer is not None:
                await asking.show(self._services, interaction, answer)

    async def _ask(
        self, interaction: discord.Interaction, form: str, text: str
    ) -> asking.Said | None:
        """Ask for the video; None if the form or its pictures were refused and answered.

        Raises what `asking.ask` does.
        """
        place = place_of(interaction)
        draft = await self._drafts.find(form, place.user_id)
        trouble = answers.FORM_LOST if draft is None else draft.trouble
        if draft is None or trouble is not None:
            await give_back(interaction, trouble or answers.FORM_LOST, text, name=FILE)
            return None
        if not draft.is_named:
            draft = await self._with_fitting_model(draft, text, place)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        answer = await asking.ask(self._services, request_of(text, draft), place, key)
        return asking.noted(draft.note, answer)

    async def _with_fitting_model(self, draft: Draft, text: str, place: Origin) -> Draft:
        """The shots may ask for more than was known when their form was opened."""
        sketch = request_of(text, replace(draft, model_id=ModelId("")))
        chosen = await self._services.choosing.choose(sketch, place)
        return replace(draft, model_id=chosen.model_id, note=chosen.note)

    @storyboard.autocomplete("model")
    @empty_on_error
    async def _models(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.storyboard_models(self._services, interaction, typed)

    @storyboard.autocomplete("duration")
    @empty_on_error
    async def _durations(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[int]]:
        capability = await options.chosen_for_storyboard(self._services, interaction)
        return options.seconds_of(capability, typed)

    @storyboard.autocomplete("aspect_ratio")
    @empty_on_error
    async def _aspect_ratios(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = await options.chosen_for_storyboard(self._services, interaction)
        return options.matching(capability.aspect_ratios if capability else (), typed)

    @storyboard.autocomplete("resolution")
    @empty_on_error
    async def _resolutions(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        capability = await options.chosen_for_storyboard(self._services, interaction)
        return options.matching(capability.resolutions if capability else (), typed)


def _sketch_of(draft: Draft, references: int) -> VideoRequest:
    """Return the smallest request of a draft, to refuse what no list of shots can fix."""
    picture = SourceImage(key="", media_type="", width=16, height=9, size_bytes=0)
    return request_of("one\ntwo", replace(draft, references=(picture,) * references))


def shots_in(text: str, references: tuple[SourceImage, ...] = ()) -> tuple[Shot, ...]:
    """Read the shots: each line that is not empty, perhaps with a length such as `8s:`.

    Raises InvalidRequestError where there is none, and for a length that is no whole number.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise InvalidRequestError(["There are no shots. Write what happens, one shot per line."])
    shots, reasons = [], []
    for number, line in enumerate(lines, start=1):
        found = _LENGTH.match(line)
        length, prompt = (found["length"], found["prompt"]) if found else (None, line)
        if length is not None and _WHOLE.fullmatch(length) is None:
            reasons.append(
                f"Line {number}: write the length of a shot in whole seconds, such as `8s:`."
            )
        elif not prompt:
            reasons.append(f"Line {number}: write what happens after `{line}`.")
        else:
            seconds = None if length is None else int(length)
            shots.append(Shot(prompt, reference_images=references, duration_seconds=seconds))
    if reasons:
        raise InvalidRequestError(reasons)
    return tuple(shots)


def request_of(text: str, draft: Draft) -> VideoRequest:
    """Return the request for a storyboard. Raises as `shots_in`."""
    shots = shots_in(text, draft.references)
    return VideoRequest(
        prompt=" / ".join(shot.prompt for shot in shots),
        model_id=draft.model_id,
        duration_seconds=draft.duration_seconds,
        continuous=draft.continuous,
        aspect_ratio=draft.aspect_ratio,
        resolution=draft.resolution,
        reference_images=draft.references,
        shots=shots,
        is_spoiler=draft.is_spoiler,
    )


async def setup(client: Client) -> None:
    await client.add_cog(Storyboard(client.services))
