"""Finding the film of a job that has ended: on our disk, or at the service that still has it."""

import logging
from dataclasses import dataclass, replace

from bot.domain.jobs import Artifact, Job
from bot.domain.submissions import ProviderState, ProviderStatus, Submission
from bot.errors import ArtifactError, FilmComingError, FilmNotThereError, FilmWillNotComeError
from bot.ports import FilmStore, JobStore, Provider
from bot.services.collecting import fetch_film
from bot.services.steps import Providers

_log = logging.getLogger(__name__)

_COMING = frozenset({ProviderState.QUEUED, ProviderState.RUNNING})


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """A film on our disk, and its submission with what is known of it now."""

    artifact: Artifact
    submission: Submission


async def find_film(job: Job, store: JobStore, films: FilmStore, providers: Providers) -> FoundFilm:
    """On our disk, else from the service to there; no job changes by it.

    Raises FilmComingError, FilmNotThereError, FilmWillNotComeError, ProviderError, ArtifactError.
    """
    submission = await store.find_submission(job.id)
    if submission is None:
        raise FilmNotThereError
    try:
        kept = await films.inspect(job.id)
    except ArtifactError:
        return await _fetched(job, submission, films, providers)
    return FoundFilm(replace(kept, remark=submission.remark), submission)


async def _fetched(
    job: Job, submission: Submission, films: FilmStore, providers: Providers
) -> FoundFilm:
    provider = providers.get(job.provider)
    if provider is None:
        raise FilmNotThereError
    status = await _status(job, submission, provider)
    found = replace(submission, artifact_addresses=status.artifact_addresses, remark=status.text)
    artifact = await fetch_film(job, found, provider, films)
    _log.info("film_brought_back", extra={"job_id": job.id})
    return FoundFilm(artifact, found)


async def _status(job: Job, submission: Submission, provider: Provider) -> ProviderStatus:
    """With addresses that were read now, for those that were read before may be over."""
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
        raise FilmWillNotComeError
    return status
