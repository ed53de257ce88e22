"""`/create`: a video from a form, also one that a preset fills in.

**Change the words** opens it for a video that was refused, and **Use a preset** for any video.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.catalog.presets import PLACEHOLDER, expanded
from bot.catalog.request import Derivation, Origin, VideoRequest
from bot.client import Client
from bot.errors import InvalidRequestError
from bot.ids import IdempotencyKey, JobId, ModelId
from bot.jobs.job import Job
from bot.money.limits import LimitKind, LimitReachedError, Refusal
from bot.ordering import derive
from bot.presentation import details
from bot.presentation.widgets import Action
from bot.services import Services
from cogs._shared import asking, options
from cogs._shared.answers import answer, empty_on_error, guarded
from cogs._shared.forms.fields import PictureField, Plan, form_of
from cogs._shared.forms.filled import NO_CHOICE, Filled, FormId, form_sent, parse_reopen
from cogs._shared.forms.presetting import (
    TEMPLATE,
    TEMPLATE_WITH_PICTURES,
    filled_with,
    form_with,
    subject_of,
)
from cogs._shared.forms.requesting import filled_from, wanted
from cogs._shared.forms.sending import Sent, answer_form, reopen
from cogs._shared.interactions import (
    custom_id_in,
    ensure_may_post,
    is_thread,
    place_of,
    pressed_in,
    stands_for,
)

KIND = "create"
TITLE = "Create a video"
WORDS, WORDS_TITLE = "words", "Change the words"
WITHIN_SECONDS = 2.0  # Discord waits for three
WORDS_MISSING = f"Replace `{PLACEHOLDER}` with your own words."


class Create(commands.Cog):
    """Opens the form, and makes a request of what was sent with it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description="Make a video with a form")
    @app_commands.guild_only()
    @app_commands.describe(
        model="Which model to use, also one that the form doesn't list",
        preset="Which preset to fill the form in with",
    )
    async def create(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        preset: str | None = None,
    ) -> None:
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        if preset:
            plan = await self._plan_of_preset(interaction, preset, model)
        else:
            plan = await self._plan_of_model(interaction, model)
        await interaction.response.send_modal(
            await form_of(self._services, interaction, plan, place)
        )

    async def _plan_of_model(self, interaction: discord.Interaction, model: str | None) -> Plan:
        chosen: str = NO_CHOICE
        if model:
            sketch = VideoRequest("", ModelId(""))
            found = await asking.model_for(self._services, interaction, model, sketch)
            chosen = found.model_id
        return plan_of(FormId(KIND, str(interaction.id)), Filled(model=chosen))

    async def _plan_of_preset(
        self, interaction: discord.Interaction, name: str, model: str | None
    ) -> Plan:
        """Raises InvalidRequestError, and LimitReachedError for a model that may not be used."""
        place, services = place_of(interaction), self._services
        preset = await services.presets.find(name, place.guild_id, place.user_id)
        if not model:
            services.presets.ensure_offered(preset)
        request = await self._with_usable_model(interaction, preset.request, model)
        return plan_of(form_with(preset), filled_with(services, request))

    async def _with_usable_model(
        self, interaction: discord.Interaction, request: VideoRequest, model: str | None = None
    ) -> VideoRequest:
        """Check the named model: a form that can't offer it would silently choose another."""
        named = model or request.model_id
        if not named:
            return request
        chosen = await asking.model_for(self._services, interaction, named, request)
        usable = await options.usable(self._services, interaction)
        if chosen.model_id not in {one.model_id for one in usable}:
            raise LimitReachedError((Refusal(LimitKind.MODEL),))
        return replace(request, model_id=chosen.model_id)

    @create.autocomplete("preset")
    @empty_on_error
    async def _presets(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await options.presets(self._services, interaction, typed)

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
        if pressed is not None and pressed.action is Action.WITH_PRESET:
            await guarded(interaction, lambda: self._use_preset(interaction, pressed.subject))
        template = form_sent(interaction, TEMPLATE, TEMPLATE_WITH_PICTURES)
        if template is not None:
            await guarded(interaction, lambda: self._make_of_preset(interaction, template))
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
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                job = await self._refused(interaction, JobId(subject), place, takes_others=True)
                known = self._services.catalog.find(job.request.model_id)
                plan = replace(_plan_of_words(job), filled=filled_from(job.request, known))
                form = await form_of(self._services, interaction, plan, place)
        except TimeoutError:
            await answer(interaction, details.FORM_SLOW)
        else:
            await interaction.response.send_modal(form)

    async def _refused(
        self, interaction: discord.Interaction, job_id: JobId, place: Origin, *, takes_others: bool
    ) -> Job:
        stands = stands_for(interaction.client, interaction.guild_id)
        return await self._services.retrying.refused(
            job_id, place, stands, takes_others=takes_others
        )

    async def _make_again(self, interaction: discord.Interaction, form: FormId) -> None:
        """Make the reworded video; pictures, and all that the form doesn't ask for, are the job's."""

        async def ask(sent: Sent) -> asking.Said:
            job_id, has_others = JobId(form.subject), bool(sent.filled.files)
            job = await self._refused(interaction, job_id, sent.place, takes_others=has_others)
            place = replace(sent.place, source_message_id=job.source_message_id)
            return await self._ask(replace(sent, place=place), base=job.request)

        plan = Plan(form, WORDS_TITLE, has_pictures=True)
        await answer_form(self._services, interaction, plan, place_of(interaction), ask)

    async def _use_preset(self, interaction: discord.Interaction, subject: str) -> None:
        """Open the form with a video's words in the chosen preset's template."""
        place, job_id = place_of(interaction), JobId(subject)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                plan = await self._plan_of_video(interaction, job_id)
                form = await form_of(self._services, interaction, plan, place)
        except TimeoutError:
            await answer(interaction, details.FORM_SLOW)
        else:
            await interaction.response.send_modal(form)

    async def _plan_of_video(self, interaction: discord.Interaction, job_id: JobId) -> Plan:
        """Raises InvalidRequestError, LimitReachedError, JobNotFoundError and NotTheMakerError."""
        place, services = place_of(interaction), self._services
        job = await services.sequels.parent(job_id, place)
        data: Mapping[str, Any] = interaction.data or {}
        mark = str(next(iter(data.get("values") or ()), ""))
        preset = await services.presets.marked(mark, place.guild_id, place.user_id)
        services.presets.ensure_offered(preset)
        request = expanded(preset, job.request.prompt)
        request = await self._with_usable_model(interaction, request)
        has_pictures = bool(services.sequels.with_kept_pictures(job.request).pictures)
        form = form_with(preset, job_id, has_pictures=has_pictures)
        plan = plan_of(form, filled_with(services, request))
        return replace(plan, has_pictures=has_pictures)

    async def _make_of_preset(self, interaction: discord.Interaction, form: FormId) -> None:
        async def ask(sent: Sent) -> asking.Said:
            mark, job_id = subject_of(form)
            if job_id is None and PLACEHOLDER in sent.filled.prompt:
                raise InvalidRequestError([WORDS_MISSING])
            place = sent.place
            preset = await self._services.presets.marked(mark, place.guild_id, place.user_id)
            base = preset.request
            if job_id is not None:
                base = await self._based_on(job_id, base, sent)
            return await self._ask(sent, base=base)

        plan = replace(plan_of(form), has_pictures=form.kind == TEMPLATE_WITH_PICTURES)
        await answer_form(self._services, interaction, plan, place_of(interaction), ask)

    async def _based_on(self, job_id: JobId, request: VideoRequest, sent: Sent) -> VideoRequest:
        """Return the preset's request with a video's pictures; a storyboard keeps its own."""
        job = await self._services.sequels.parent(job_id, sent.place)
        kept = self._services.sequels.with_kept_pictures(job.request)
        based = replace(
            request,
            image=kept.image,
            end_image=kept.end_image,
            reference_images=kept.reference_images,
            is_spoiler=kept.is_spoiler,
            parent=derive.parent_of(Derivation.REMIX, kept, job_id),
        )
        capability = self._services.catalog.find(ModelId(sent.filled.model))
        return based if capability is None else derive.with_usable_pictures(based, capability)

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
    """Return the form of `/create`, filled in with what is known."""
    return Plan(form, TITLE, filled or Filled())


def _plan_of_words(job: Job) -> Plan:
    """Return the form; a storyboard's pictures stay with its shots, so it asks for none."""
    ask = PictureField.NONE if job.request.shots else PictureField.UPLOAD
    has_pictures = bool(job.request.pictures)
    form = FormId(WORDS, job.id)
    return Plan(form, WORDS_TITLE, ask_pictures=ask, has_pictures=has_pictures)


async def setup(client: Client) -> None:
    await client.add_cog(Create(client.services))
