"""Make one shot of a finished storyboard again; its other shots are used as they are.

The member pays for the one shot only. Nothing of it is made before the others are there: see
`bot.jobs.storyboard`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.catalog.pricing import Price
from bot.catalog.request import Origin, VideoRequest
from bot.errors import ArtifactError, InvalidRequestError, JobNotFoundError, VideoComingError
from bot.ids import GuildId, JobId
from bot.jobs.files import VideoStore
from bot.jobs.job import Job, JobState
from bot.jobs.removed import RemovedVideos
from bot.jobs.stores import JobStore, ShotStore
from bot.ordering import derive
from bot.ordering.quotes import Quotes
from bot.ordering.sequels import Sequels

NO_SHOTS = (
    "This video's shots were made in one piece, so none can be made by itself."
    " Press Again to make all of it, or Remix to change it."
)
NO_SUCH_SHOT = "This video doesn't have that shot. Press More under it, then Re-make a shot."
SHOTS_GONE = (
    "I no longer have this video's shots, so all of it has to be made. Press Again or Remix."
)


class Shots(StrEnum):
    """How a video's shots were made."""

    NONE = "none"  # it has none
    APART = "apart"  # one by one, so that one can be made again
    TOGETHER = "together"  # by one submission


@dataclass(frozen=True, slots=True)
class RemakableShot:
    """A shot of a storyboard, and the price of making it again; None if its service quotes it.

    It `leads_on` if the shot after it started from its last frame, which that one keeps.
    """

    number: int
    prompt: str
    is_missing: bool
    price: Price | None
    leads_on: bool = False


class Remaking:
    """Derives the request; writes nothing."""

    def __init__(
        self,
        *,
        sequels: Sequels,
        jobs: JobStore,
        shots: ShotStore,
        removed: RemovedVideos,
        videos: VideoStore,
        quotes: Quotes,
        new_seed: Callable[[], int],
    ) -> None:
        self._sequels = sequels
        self._jobs = jobs
        self._shots = shots
        self._removed = removed
        self._videos = videos
        self._quotes = quotes
        self._new_seed = new_seed

    async def shots_of(self, job_id: JobId, guild_id: GuildId) -> Shots:
        """Return how a video's shots were made.

        Raises JobNotFoundError, also for another server's job.
        """
        job = await self._jobs.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        if job.is_storyboard:
            return Shots.APART
        return Shots.TOGETHER if job.request.shots else Shots.NONE

    async def list_shots(self, job_id: JobId, presser: Origin) -> list[RemakableShot]:
        """List the shots with what each costs now.

        Raises what `Sequels.parent` does, VideoComingError, and InvalidRequestError for a retired
        model and a video without shots of its own.
        """
        job, shots = await self._find(job_id, presser)
        return [
            RemakableShot(
                number,
                shot.prompt,
                shots[number - 1].state is not JobState.SUCCEEDED,
                self._price(self._derived(job, shots, number, "")),
                leads_on=derive.leads_on(job.request, number),
            )
            for number, shot in enumerate(job.request.shots, start=1)
        ]

    async def remake(
        self, job_id: JobId, number: int, prompt: str, presser: Origin
    ) -> VideoRequest:
        """Return the request for this shot, with its old words if `prompt` is empty.

        Raises as `list_shots`, and InvalidRequestError for lost pictures and lost shots.
        """
        job, shots = await self._find(job_id, presser)
        if not 1 <= number <= len(shots):
            raise InvalidRequestError([NO_SUCH_SHOT])
        request = self._derived(job, shots, number, prompt)
        self._sequels.ensure_pictures(request)
        for shot in shots:
            if shot.shot_number != number and shot.state is JobState.SUCCEEDED:
                await self._ensure_kept(shot)
        return request

    async def _find(self, job_id: JobId, presser: Origin) -> tuple[Job, Sequence[Job]]:
        job = await self._sequels.parent(job_id, presser)
        shots = await self._shots.list_shots(job.id)
        if not shots:
            raise InvalidRequestError([NO_SHOTS])
        if not job.is_terminal:
            raise VideoComingError
        self._sequels.capability_of(job)
        await self._removed.ensure_stands(job.id)
        return job, shots

    def _derived(self, job: Job, shots: Sequence[Job], number: int, prompt: str) -> VideoRequest:
        seed = self._new_seed() if self._sequels.capability_of(job).seed else None
        made = [shot.id for shot in shots]
        return derive.remade(job.request, made, number, prompt, seed=seed, job_id=job.id)

    async def _ensure_kept(self, shot: Job) -> None:
        try:
            await self._videos.inspect(shot.id)
        except ArtifactError as error:
            raise InvalidRequestError([SHOTS_GONE]) from error

    def _price(self, request: VideoRequest) -> Price | None:
        try:
            return self._quotes.priced(request)[2]
        except InvalidRequestError:
            return None
