"""Extend, Loop, First frame and Last frame: what is made from a video that is there itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.archive.footage import NAME, Address
from bot.catalog.extension import ExtensionPlan, Way
from bot.catalog.request import Origin, SourceImage, VideoRequest
from bot.client import Client
from bot.errors import VideoNotPostedError
from bot.ids import GuildId, IdempotencyKey, JobId, UserId
from bot.jobs.job import Job
from bot.presentation import details, widgets
from bot.presentation.cards import spoiler_mark
from bot.presentation.videos import alt_text
from bot.presentation.widgets import Action
from cogs._shared import asking, pictures
from cogs._shared.answers import edit, guarded
from cogs._shared.interactions import (
    ensure_may_post,
    guild_of,
    is_thread,
    place_of,
    pressed_in,
    stands_for,
)
from cogs._shared.reading import Reader
from cogs.actions import recipes

PROMPT = "Continue the scene with natural motion."
Take = Callable[[Job, Address, Origin], Awaitable[SourceImage]]


class Frames(commands.Cog):
    """Answers Discord first; then the video is looked for, here or wherever it still is."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._reader = Reader(client, client.services.clock)
        footage = self._services.footage
        self._frames: dict[Action, tuple[str, Take]] = {
            Action.FIRST_FRAME: ("first frame", footage.first_frame),
            Action.LAST_FRAME: ("last frame", footage.last_frame),
        }

        self._menu = app_commands.ContextMenu(name="Extend video", callback=self._extend_by_menu)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        self._client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        pressed = pressed_in(interaction)
        if pressed is None:
            return
        job_id = JobId(pressed.subject)
        if pressed.action in self._frames:
            which, take = self._frames[pressed.action]
            await guarded(interaction, lambda: self._show(interaction, job_id, which, take))
        elif pressed.action is Action.EXTEND:
            await guarded(interaction, lambda: self._extend(interaction, job_id))
        elif pressed.action is Action.LOOP:
            await guarded(interaction, lambda: self._loop(interaction, job_id))

    async def _show(
        self, interaction: discord.Interaction, job_id: JobId, which: str, take: Take
    ) -> None:
        """In public: of what only one member sees, Discord lets no one make anything."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        job = await self._services.sequels.parent(job_id, place)
        await self._services.consent.ensure(job.request.owners, place)
        await self._services.free_posts.count(place)
        image = await take(job, self._address_of(interaction, job_id), place)
        await self._ensure_stands(interaction, job_id)
        await self._keep_owners(image)
        described = await self._services.details.describe(job_id, guild_of(interaction))
        path = self._services.images.path(image)
        name = f"{spoiler_mark(job)}{which.replace(' ', '-')}-{job_id[:6]}{path.suffix}"
        text = details.frame(which, job_id, described.posted, UserId(interaction.user.id))
        await edit(interaction, details.FRAME_POSTED)
        shown = alt_text(job.request.prompt, f"The {which} of an AI video")
        file = discord.File(path, name, description=shown)
        await interaction.followup.send(text, file=file, suppress_embeds=True)

    async def _keep_owners(self, image: SourceImage) -> None:
        """A frame stays its owners' when it is animated: fetched, it is kept under another key."""
        if image.owners:
            path = self._services.images.path(image)
            content = await asyncio.to_thread(path.read_bytes)
            fetched = await self._services.images.keep(content, name="the frame")
            await self._services.consent.known(fetched.key, image.owners)

    async def _extend(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._extend_answered(interaction, job_id)

    def _job_in(self, message: discord.Message) -> JobId | None:
        """The job whose video this message of ours holds."""
        job_id = widgets.job_in(widgets.custom_ids(message))
        return job_id if message.author == self._client.user else None

    async def _extend_answered(self, interaction: discord.Interaction, job_id: JobId) -> None:
        """After the first answer to the interaction."""
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        job = await self._services.sequels.parent(job_id, place)
        await self._services.extending.ensure_possible(job, place)
        address = self._address_of(interaction, job_id)
        posted = await self._services.footage.find_address(job, address, place)
        if posted is None:
            await self._ensure_stands(interaction, job_id)
            plan = await self._services.extending.of_job(job, place)
        else:
            prompt, made_by = job.request.parts[-1].prompt, job.request
            plan, _ = await self._services.extending.of_address(
                posted,
                NAME,
                place,
                prompt=prompt,
                made_by=made_by,
                job_id=job.id,
                owners=made_by.owners,
            )
        await self._ask(interaction, plan, job.request, place)

    async def _ask(
        self,
        interaction: discord.Interaction,
        plan: ExtensionPlan,
        made_by: VideoRequest | None,
        place: Origin,
    ) -> None:
        request, key = plan.request, IdempotencyKey(f"interaction:{interaction.id}")
        asking.ensure_suits_channel(self._services, interaction, request.model_id)
        said = await asking.ask(self._services, request, place, key)
        note = self._note(request, made_by) if plan.way is Way.LAST_FRAME else ""
        text = details.extended(plan.total_seconds, said.text)
        answer = replace(said, text=text)
        await asking.show(self._services, interaction, asking.noted(note, answer))

    def _note(self, request: VideoRequest, made_by: VideoRequest | None) -> str:
        """Say that another model makes it than the video it is made from; empty if not."""
        if made_by is None or made_by.model_id == request.model_id:
            return ""
        catalog = self._services.catalog
        new, usual = catalog.find(request.model_id), catalog.find(made_by.model_id)
        return "" if new is None or usual is None else details.other_model(new.name, usual.name)

    async def _extend_by_menu(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        """Of any message: a video of ours by its job, also when forwarded; any other by its file."""
        job_id = self._job_in(message)
        if job_id is not None:
            await self._extend(interaction, job_id)
            return
        await interaction.response.defer(ephemeral=True)
        place, file = place_of(interaction, message), recipes.video_of(message)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        if file is None:
            is_picture = bool(pictures.of_message(message))
            await edit(interaction, details.PICTURE_THERE if is_picture else details.NO_VIDEO_THERE)
            return
        posted = await self._reader.original(message) or message
        job_id = self._job_in(posted)
        if job_id is not None:
            await self._extend_answered(interaction, job_id)
            return
        owner = pictures.owner_of(posted, pictures.identity(file.url))
        plan, made_by = await self._services.extending.of_address(
            file.url,
            file.filename,
            place,
            prompt=PROMPT,
            is_spoiler=file.is_spoiler(),
            owners=() if owner is None else (owner,),
        )
        await self._ask(interaction, plan, made_by, place)

    async def _loop(self, interaction: discord.Interaction, job_id: JobId) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = place_of(interaction)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        job = await self._services.sequels.parent(job_id, place)
        expected = await self._services.sequels.ensure_loop(job, place)
        asking.ensure_suits_channel(self._services, interaction, expected.model_id)
        address = self._address_of(interaction, job_id)
        frame = await self._services.footage.first_frame(job, address, place)
        await self._ensure_stands(interaction, job_id)
        request = await self._services.sequels.loop(job, frame, place)
        asking.ensure_suits_channel(self._services, interaction, request.model_id)
        key = IdempotencyKey(f"interaction:{interaction.id}")
        answer = await asking.ask(self._services, request, place, key)
        note = self._note(request, job.request)
        await asking.show(self._services, interaction, asking.noted(note, answer))

    async def _ensure_stands(self, interaction: discord.Interaction, job_id: JobId) -> None:
        """Of a message that a moderator deleted by hand, only Discord knows.

        Raises InvalidRequestError.
        """
        stands = stands_for(self._client, interaction.guild_id)
        await self._services.footage.ensure_stands(job_id, stands)

    def _address_of(self, interaction: discord.Interaction, job_id: JobId) -> Address:
        """Where the file stands in the video's message; Discord signs it again at each read."""

        async def find() -> str | None:
            guild_id: GuildId = guild_of(interaction)
            try:
                posted = await self._services.details.posted(job_id, guild_id)
                channel = self._client.get_partial_messageable(
                    posted.channel_id, guild_id=posted.guild_id
                )
                message = await channel.fetch_message(posted.message_id)
            except (VideoNotPostedError, discord.NotFound, discord.Forbidden):
                return None
            return next((file.url for file in message.attachments), None)

        return find


async def setup(client: Client) -> None:
    await client.add_cog(Frames(client))
