"""`/create`: a video from a form. **Change the words** opens it for a video that was refused."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.request import VideoRequest
from bot.client import Client
from bot.ids import IdempotencyKey, JobId, ModelId
from bot.jobs.job import Job
from bot.presentation.widgets import Action
from bot.services import Services
from cogs._shared import asking, options
from cogs._shared.answers import empty_on_error, guarded
from cogs._shared.forms.fields import PictureField, Plan, form_of
from cogs._shared.forms.filled import NO_CHOICE, Filled, FormId, form_sent, parse_reopen
from cogs._shared.forms.requesting import filled_from, wanted
from cogs._shared.forms.sending import Sent, answer_form, reopen
from cogs._shared.interactions import (
    custom_id_in,
    ensure_may_post,
    is_thread,
    place_of,
    pressed_in,
)

KIND = "create"
TITLE = "Create a video"
WORDS, WORDS_TITLE = "words", "Change the words"


class Create(commands.Cog):
    """Opens the form, and makes a request of what was sent with it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Make a video with a form")
    @app_commands.guild_only()
    @app_commands.describe(model="Which model to use, also one that the form doesn't list")
    async def create(self, interaction: discord.Interaction, model: str | None = None) -> None:
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        chosen: str = NO_CHOICE
        if model:
            sketch = VideoRequest("", ModelId(""))
            found = await asking.model_for(self._services, interaction, model, sketch)
            chosen = found.model_id
        plan = plan_of(FormId(KIND, str(interaction.id)), Filled(model=chosen))
        await interaction.response.send_modal(
            await form_of(self._services, interaction, plan, place)
        )

    @create.autocomplete("model")
    @empty_on_error
    async def _models(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.models(self._services, interaction, typed)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """A form that was sent, perhaps long after an earlier process opened it; or reopened."""
        pressed = pressed_in(interaction)
        if pressed is not None and pressed.action is Action.WORDS:
            await guarded(interaction, lambda: self._change_words(interaction, pressed.subject))
        refused = form_sent(interaction, WORDS)
        if refused is not None:
            await guarded(interaction, lambda: self._make_again(interaction, refused))
        form = form_sent(interaction, KIND)
        if form is not None:
            await guarded(interaction, lambda: self._make(interaction, form))
        draft = parse_reopen(custom_id_in(interaction))
        if draft is not None:
            await guarded(interaction, lambda: reopen(self._services, interaction, draft))

    async def _make(self, interaction: discord.Interaction, form: FormId) -> None:
        await answer_form(
            self._services, interaction, plan_of(form), place_of(interaction), self._ask
        )

    async def _change_words(self, interaction: discord.Interaction, subject: str) -> None:
        """Open the form with the request that was refused, for its maker alone."""
        place = place_of(interaction)
        job = await self._services.retrying.refused(JobId(subject), place)
        known = self._services.catalog.find(job.request.model_id)
        plan = replace(_plan_of_words(job), filled=filled_from(job.request, known))
        await interaction.response.send_modal(
            await form_of(self._services, interaction, plan, place)
        )

    async def _make_again(self, interaction: discord.Interaction, form: FormId) -> None:
        """What stays is the job's: its pictures, and what the form doesn't ask for."""

        async def ask(sent: Sent) -> asking.Said:
            job = await self._services.retrying.refused(JobId(form.subject), sent.place)
            place = replace(sent.place, source_message_id=job.source_message_id)
            return await self._ask(replace(sent, place=place), base=job.request)

        plan = Plan(form, WORDS_TITLE, has_pictures=True)
        await answer_form(self._services, interaction, plan, place_of(interaction), ask)

    async def _ask(self, sent: Sent, base: VideoRequest | None = None) -> asking.Said:
        """Raises what `asking.ask` does."""
        interaction = sent.interaction
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        found = await wanted(self._services, interaction, sent.filled, base=base)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        answer = await asking.ask_with_pictures(
            self._services, found.request, found.uploads.sources, sent.place, key
        )
        return asking.noted(found.note, answer)


def plan_of(form: FormId, filled: Filled | None = None) -> Plan:
    return Plan(form, TITLE, filled or Filled())


def _plan_of_words(job: Job) -> Plan:
    """The pictures of a storyboard stay with its shots."""
    ask = PictureField.NONE if job.request.shots else PictureField.UPLOAD
    has_pictures = bool(job.request.pictures)
    form = FormId(WORDS, job.id)
    return Plan(form, WORDS_TITLE, ask_pictures=ask, has_pictures=has_pictures)


async def setup(client: Client) -> None:
    await client.add_cog(Create(client.services))
