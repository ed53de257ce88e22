"""Bringing back a film that was made: from our disk, or from the service that still has it.

That holds as well for what nobody waited for: a film that was called off after the service had
begun, and one whose submission nobody could find again at the time. Nothing is charged for it.
"""

import logging
from dataclasses import dataclass, replace

from bot.domain.deliveries import DeliveryKind, DeliveryState
from bot.domain.jobs import TERMINAL_STATES, Artifact, Job
from bot.errors import (
    ArtifactError,
    FileTooLargeError,
    FilmComingError,
    FilmNotThereError,
    FilmTakenDownError,
    JobNotFoundError,
    NotYourJobError,
    ProviderError,
)
from bot.ids import GuildId, JobId, UserId
from bot.ports import FilmStore, FittedFilm, JobStore
from bot.services.finding import FoundFilm, find_film
from bot.services.steps import Providers

_log = logging.getLogger(__name__)

CHOICES_MOST = 25


@dataclass(frozen=True, slots=True)
class Shown:
    """A job with its film on our disk, and where else it lies should that be too large."""

    job: Job
    artifact: Artifact
    addresses: tuple[str, ...] = ()


class Showing:
    """Changes no job: what became of it stays as it was told."""

    def __init__(self, store: JobStore, films: FilmStore, providers: Providers) -> None:
        self._store = store
        self._films = films
        self._providers = providers

    async def latest(self, guild_id: GuildId, user_id: UserId) -> list[Job]:
        """A member's jobs in a server that have ended, latest first."""
        return await self._store.list_ended(guild_id, user_id, CHOICES_MOST)

    async def find(
        self,
        job_id: JobId,
        guild_id: GuildId,
        viewer: UserId,
        *,
        is_moderator: bool,
        to_all: bool,
    ) -> Shown:
        """The film as it was made.

        Raises JobNotFoundError for another server's too, NotYourJobError, FilmTakenDownError,
        FilmComingError, FilmNotThereError.
        """
        job = await self._store.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        if job.user_id != viewer and not is_moderator:
            raise NotYourJobError
        if to_all and not is_moderator and await self._was_deleted(job):
            raise FilmTakenDownError
        if job.state not in TERMINAL_STATES:
            raise FilmComingError
        found = await self._found(job)
        addresses = found.submission.artifact_addresses
        return Shown(replace(job, artifact=found.artifact), found.artifact, addresses)

    async def fit(self, shown: Shown, *, most: int) -> FittedFilm | None:
        """In at most so many bytes, which may take minutes; None where it cannot be."""
        try:
            return await self._films.fit(shown.artifact, max_bytes=most)
        except FileTooLargeError:
            return None

    async def _was_deleted(self, job: Job) -> bool:
        """Perhaps by a moderator, whose word holds until a moderator takes it back."""
        film = await self._store.find_delivery(job.id, DeliveryKind.FILM)
        return film is not None and film.state is DeliveryState.DELETED

    async def _found(self, job: Job) -> FoundFilm:
        """Raises FilmComingError, FilmNotThereError."""
        try:
            return await find_film(job, self._store, self._films, self._providers)
        except (ProviderError, ArtifactError) as error:
            _log.info("film_not_there", extra={"job_id": job.id, "error": type(error).__name__})
            raise FilmNotThereError from error
