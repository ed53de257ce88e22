"""Bringing back a film that was made: from our disk, or from the service that still has it.

That holds as well for what nobody waited for: a film that was called off after the service had
begun, and one whose submission nobody could find again at the time. Nothing is charged for it.
"""

import contextlib
import logging
from dataclasses import dataclass, replace

from bot.domain.jobs import TERMINAL_STATES, Artifact, Job
from bot.domain.submissions import ProviderState, Submission
from bot.errors import (
    ArtifactError,
    FileTooLargeError,
    FilmComingError,
    FilmNotThereError,
    JobNotFoundError,
    NotYourJobError,
    ProviderError,
)
from bot.ids import GuildId, JobId, UserId
from bot.ports import FilmStore, FittedFilm, JobStore, Provider
from bot.services.collecting import fetch_film
from bot.services.steps import Providers

_log = logging.getLogger(__name__)

CHOICES_MOST = 25


@dataclass(frozen=True, slots=True)
class Shown:
    """A film, or where it lies when it is too large for the channel."""

    job: Job
    film: FittedFilm | None
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

    async def show(
        self, job_id: JobId, guild_id: GuildId, viewer: UserId, *, is_moderator: bool, most: int
    ) -> Shown:
        """The film in at most so many bytes.

        Raises JobNotFoundError for another server's too, NotYourJobError, FilmComingError,
        FilmNotThereError.
        """
        job = await self._store.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        if job.user_id != viewer and not is_moderator:
            raise NotYourJobError
        if job.state not in TERMINAL_STATES:
            raise FilmComingError
        artifact = await self._found(job)
        shown = replace(job, artifact=artifact)
        try:
            return Shown(shown, await self._films.fit(artifact, max_bytes=most))
        except FileTooLargeError:
            submission = await self._store.find_submission(job.id)
            return Shown(shown, None, submission.artifact_addresses if submission else ())

    async def _found(self, job: Job) -> Artifact:
        """Raises FilmComingError, FilmNotThereError."""
        try:
            return await find_film(job, self._store, self._films, self._providers)
        except (ProviderError, ArtifactError) as error:
            _log.info("film_not_there", extra={"job_id": job.id, "error": type(error).__name__})
            raise FilmNotThereError from error


async def find_film(job: Job, store: JobStore, films: FilmStore, providers: Providers) -> Artifact:
    """On our disk, else from the service to there.

    Raises FilmComingError, FilmNotThereError, ProviderError, ArtifactError.
    """
    with contextlib.suppress(ArtifactError):
        return await films.inspect(job.id)
    submission = await store.find_submission(job.id)
    if submission is None or job.provider not in providers:
        raise FilmNotThereError
    provider = providers[job.provider]
    await fetch_film(job, await _addresses(job, submission, provider), provider, films)
    _log.info("film_brought_back", extra={"job_id": job.id})
    return await films.inspect(job.id)


async def _addresses(job: Job, submission: Submission, provider: Provider) -> tuple[str, ...]:
    """Read now, for those that were read before may be over."""
    handle = submission.handle
    if handle is None and provider.can_recover:
        receipt = await provider.recover(submission.tag, job.request)
        handle = receipt.handle if receipt else None
    if handle is None:
        raise FilmNotThereError
    status = await provider.look(handle, job.request)
    if status.state in _COMING:
        raise FilmComingError
    if status.state is not ProviderState.SUCCEEDED:
        raise FilmNotThereError
    return status.artifact_addresses


_COMING = frozenset({ProviderState.QUEUED, ProviderState.RUNNING})
