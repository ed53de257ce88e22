"""Remix: a form with what was asked for an earlier video, in which everything may be changed.

Discord wants a form as the first answer to a press, so that the job is read before; where that takes
too long, the member is told instead.
"""

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.request import VideoRequest
from bot.client import Client
from bot.errors import InvalidRequestError, JobNotFoundError
from bot.ids import IdempotencyKey, JobId, ModelId, UserId
from bot.ordering import derive
from bot.presentation import details, widgets
from bot.presentation.widgets import Action
from cogs._shared import asking
from cogs._shared.answers import answer, edit, guarded
from cogs._shared.forms.fields import LONGEST_TEXT, Plan, form_of
from cogs._shared.forms.filled import Filled, FormId, form_sent
from cogs._shared.forms.requesting import wanted
from cogs._shared.forms.sending import Sent, answer_form
from cogs._shared.interactions import (
    custom_id_in,
    ensure_may_post,
    is_thread,
    place_of,
    pressed_in,
)
from cogs.actions import recipes

WITHIN_SECONDS = 2.0  # Discord waits for three
TITLE = "Remix"
KIND, KIND_WITH_PICTURES, KIND_OF_RECIPE = "remix", "remixpics", "recipe"


class Remixing(commands.Cog):
    """Opens the form, and turns what was sent into a request."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._menu = app_commands.ContextMenu(name="Remix video", callback=self._open_by_menu)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        self._client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A press, or a form that was sent, perhaps opened by an earlier process."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.REMIX:
            job_id = JobId(pressed.subject)
            await guarded(interaction, lambda: self._open(interaction, job_id))
        number = recipes.parse(custom_id_in(interaction))
        if number is not None:
            await guarded(interaction, lambda: self._open_recipe(interaction, number))
        form = form_sent(interaction, KIND, KIND_WITH_PICTURES, KIND_OF_RECIPE)
        if form is not None:
            await guarded(interaction, lambda: self._make(interaction, form))

    async def _open_by_menu(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        """Of a video that no row is about any more, the file itself says how it was made."""
        job_id = widgets.job_in(widgets.custom_ids(message))
        if job_id is not None and message.author == self._client.user:
            try:
                await self._open(interaction, job_id)
            except JobNotFoundError:
                await self._read(interaction, message)
        else:
            await self._read(interaction, message)

    async def _read(self, interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.defer(ephemeral=True)
        place = place_of(interaction)
        if recipes.video_of(message) is not None:
            await self._services.member_money.ensure_any_room(place)
        found = await recipes.recipe_in(self._services, message, place)
        if found is None:
            await edit(interaction, details.NO_VIDEO_OF_MINE)
            return
        number = str(interaction.id)
        kept = recipes.Found(number, found)
        await recipes.keep(self._services, kept, place.user_id)
        view = widgets.raw_row_of([("Open the form", recipes.spell(number))])
        await edit(interaction, details.RECIPE_FOUND, view)

    async def _open_recipe(self, interaction: discord.Interaction, number: str) -> None:
        place = place_of(interaction)
        request = await self._recipe(number, place.user_id)
        plan = _plan_of(FormId(KIND_OF_RECIPE, number), request)
        form = await form_of(self._services, interaction, plan, place)
        await interaction.response.send_modal(form)

    async def _recipe(self, number: str, user_id: UserId) -> VideoRequest:
        """Raises InvalidRequestError where another one was read since."""
        found = await recipes.find(self._services, number, user_id)
        if found is None:
            raise InvalidRequestError([details.RECIPE_GONE])
        return found

    async def _open(self, interaction: discord.Interaction, job_id: JobId) -> None:
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                job = await self._services.sequels.parent(job_id, place)
                request = self._services.sequels.with_kept_pictures(job.request)
                kind = KIND_WITH_PICTURES if request.pictures else KIND
                plan = _plan_of(FormId(kind, job_id), request)
                form = await form_of(self._services, interaction, plan, place)
        except TimeoutError:
            await answer(interaction, details.FORM_SLOW)
        else:
            await interaction.response.send_modal(form)

    async def _make(self, interaction: discord.Interaction, form: FormId) -> None:
        """What was written comes back with every refusal."""
        plan = Plan(form, TITLE, has_pictures=form.kind == KIND_WITH_PICTURES)
        await answer_form(self._services, interaction, plan, place_of(interaction), self._ask)

    async def _ask(self, sent: Sent) -> asking.Said:
        """Raises what `asking.ask` does."""
        interaction, place = sent.interaction, sent.place
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        original, job_id = await self._original(sent)
        capability = self._services.catalog.find(ModelId(sent.filled.model))
        if capability is not None and not sent.filled.files:
            original = derive.with_usable_pictures(original, capability)
        found = await wanted(self._services, interaction, sent.filled, base=original)
        request = derive.remixed(original, found.request, job_id)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        return await asking.ask_with_pictures(
            self._services, request, found.uploads.sources, place, key
        )

    async def _original(self, sent: Sent) -> tuple[VideoRequest, JobId | None]:
        """The request that the form changes. Raises what finding it raises."""
        form = sent.plan.form
        if form.kind == KIND_OF_RECIPE:
            return await self._recipe(form.subject, sent.place.user_id), None
        job = await self._services.sequels.parent(JobId(form.subject), sent.place)
        return self._services.sequels.with_kept_pictures(job.request), job.id


def _plan_of(form: FormId, request: VideoRequest) -> Plan:
    """The form, filled in. Raises InvalidRequestError for words that it can't hold."""
    text, seconds, ratio = derive.text_of(request), request.duration_seconds, request.aspect_ratio
    if len(text) > LONGEST_TEXT:
        raise InvalidRequestError([details.TOO_LONG_FOR_FORM])
    filled = Filled(
        prompt=text,
        model=request.model_id,
        length=seconds,
        shapes=() if ratio is None else (ratio,),
        sound=bool(request.audio),
    )
    return Plan(form, TITLE, filled, has_pictures=bool(request.pictures))


async def setup(client: Client) -> None:
    await client.add_cog(Remixing(client))
