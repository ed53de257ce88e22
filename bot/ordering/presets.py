"""Presets of members and servers: saving, finding and deleting them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Protocol

from bot.catalog.capability import Kind, check
from bot.catalog.menu import ANY_IMAGE
from bot.catalog.models import Catalog
from bot.catalog.presets import (
    MAX_PRESETS,
    MAX_SHOWN,
    NO_MODEL,
    PLACEHOLDER,
    Preset,
    PresetOwner,
    expanded,
    name_key,
    preset_of,
)
from bot.catalog.request import VideoRequest
from bot.clock import Clock
from bot.errors import InvalidRequestError, JobNotFoundError
from bot.guilds.audit import Actor, AuditNote
from bot.ids import EditId, GuildId, JobId, UserId
from bot.jobs.job import Job
from bot.jobs.stores import JobStore

PRESET_GONE = "This preset was deleted in the meantime. Use `/create` without it."


class Saving(StrEnum):
    """What became of a preset that was to be saved."""

    SAVED = "saved"
    NAME_TAKEN = "name taken"
    FULL = "full"


class PresetStore(Protocol):
    """Presets, each under a name that looks like no other of the same owner."""

    async def add(self, preset: Preset, most: int, noted: AuditNote | None = None) -> Saving:
        """Insert it with an audit-log entry, unless the name is taken or there are `most`."""

    async def list_for(self, guild_id: GuildId, user_id: UserId) -> list[Preset]:
        """List the member's own, then the server's, each by name."""

    async def delete(self, owner: PresetOwner, key: str, noted: AuditNote | None = None) -> bool:
        """Delete a preset; return whether there was one."""


class Presets:
    """The presets that a member sees in a server; callers check the permission for a server's."""

    def __init__(
        self,
        store: PresetStore,
        jobs: JobStore,
        catalog: Catalog,
        clock: Clock,
        new_edit_id: Callable[[], EditId],
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._catalog = catalog
        self._clock = clock
        self._new_edit_id = new_edit_id

    async def save(
        self, name: str, request: VideoRequest, guild_id: GuildId, user_id: UserId, *, server: bool
    ) -> Preset:
        """Save a request whose prompt is a template.

        Raises InvalidRequestError with every reason.
        """
        owner = PresetOwner(guild_id=guild_id) if server else PresetOwner(user_id=user_id)
        preset, reasons = preset_of(owner, name, request)
        reasons = (*reasons, *self._check_model(preset.request))
        if reasons:
            raise InvalidRequestError(reasons)
        noted = self._noted(preset, guild_id, user_id, "saved") if server else None
        saving = await self._store.add(preset, MAX_PRESETS, noted)
        if saving is not Saving.SAVED:
            raise InvalidRequestError([_why_not(saving, preset)])
        return preset

    async def list_for(self, guild_id: GuildId, user_id: UserId) -> Sequence[Preset]:
        return await self._store.list_for(guild_id, user_id)

    async def find(self, name: str, guild_id: GuildId, user_id: UserId) -> Preset:
        """Return the preset of that name; the member's own first. Raises InvalidRequestError."""
        key = name_key(name)
        for preset in await self._store.list_for(guild_id, user_id):
            if preset.key == key:
                return preset
        shown = " ".join(name.split())[:MAX_SHOWN]
        hint = "Choose one from the list, or save one with `/preset save`."
        raise InvalidRequestError([f"There's no preset “{shown}”. {hint}"])

    async def request(
        self, name: str, words: str, guild_id: GuildId, user_id: UserId, *, has_model: bool = False
    ) -> VideoRequest:
        """Return the request that a preset makes of these words.

        Raises InvalidRequestError, also if its model is retired and the member named no other.
        """
        preset = await self.find(name, guild_id, user_id)
        if not words.strip():
            raise InvalidRequestError(["The prompt is empty. Describe what happens in the video."])
        if not has_model:
            self.ensure_offered(preset)
        return expanded(preset, words)

    async def marked(self, mark: str, guild_id: GuildId, user_id: UserId) -> Preset:
        """Return the preset that a form was filled in with. Raises InvalidRequestError."""
        for preset in await self._store.list_for(guild_id, user_id):
            if preset.mark == mark:
                return preset
        raise InvalidRequestError([PRESET_GONE])

    def ensure_offered(self, preset: Preset) -> None:
        """Raise InvalidRequestError if its model is retired."""
        model_id = preset.request.model_id
        if model_id != NO_MODEL and self._catalog.find(model_id) is None:
            gone = f"The model of “{preset.name}” is no longer available: `{model_id}`."
            hint = "Choose another one with `model`, or save the preset again."
            raise InvalidRequestError([f"{gone} {hint}"])

    async def delete(self, preset: Preset, guild_id: GuildId, user_id: UserId) -> None:
        """Delete a preset; one that is gone already is no error."""
        noted = None
        if preset.owner.is_server:
            noted = self._noted(preset, guild_id, user_id, "deleted")
        await self._store.delete(preset.owner, preset.key, noted)

    async def job(self, job_id: JobId, guild_id: GuildId) -> Job:
        """Return a job to make a preset of. Raises JobNotFoundError, also for another server's."""
        job = await self._jobs.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        return job

    def _check_model(self, request: VideoRequest) -> Sequence[str]:
        """Return what its model can't do, whatever the words and pictures of a video."""
        if request.model_id == NO_MODEL:
            return ()
        capability = self._catalog.find(request.model_id)
        if capability is None:
            return (
                f"There's no model `{request.model_id[:MAX_SHOWN]}`. Choose one from the list.",
            )
        image = None if Kind.TEXT in capability.kinds else ANY_IMAGE
        return check(replace(request, prompt=PLACEHOLDER, image=image), capability)

    def _noted(self, preset: Preset, guild_id: GuildId, user_id: UserId, what: str) -> AuditNote:
        by = Actor(guild_id, user_id, self._new_edit_id(), self._clock.now())
        return AuditNote(by, f"preset {what}: {preset.name}")


def _why_not(saving: Saving, preset: Preset) -> str:
    whose = "This server has" if preset.owner.is_server else "You have"
    if saving is Saving.FULL:
        return f"{whose} {MAX_PRESETS} presets already. Delete one with `/preset delete` first."
    alike = f"{whose} a preset with this name, or one that looks like it, already."
    return f"{alike} Choose another name, or delete that one with `/preset delete` first."
