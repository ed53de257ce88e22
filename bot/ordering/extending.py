"""Prepare a request that continues a video: a job's, or any other.

What costs nothing to check comes first; then the video is checked and stored, and its last frame
extracted where a model needs it. The caller asks `Ordering` for the result, like for any request.
"""

from collections.abc import Iterable
from dataclasses import replace

from bot.catalog.extension import (
    FRAME_TO_COME,
    Continuation,
    ExtensionPlan,
    plans,
    times_extended,
)
from bot.catalog.models import Catalog
from bot.catalog.request import Origin, PictureOwner, SourceImage, SourceVideo, VideoRequest
from bot.catalog.videos import SourceVideoStore
from bot.errors import InvalidRequestError
from bot.guilds.consent import Consent
from bot.ids import JobId
from bot.jobs.files import VideoStore
from bot.jobs.job import Job
from bot.locks import Turns
from bot.money.account import MemberMoney
from bot.ordering.intake import AT_ONCE, Gates, with_pictures
from bot.ordering.ordering import Ordering
from bot.ordering.quotes import Quotes

_NAME = "the video"
_UNSEEN = SourceVideo(key="", width=1280, height=720, size_bytes=0, duration_seconds=5.0)


class Extending:
    """The only way from a video to a request that continues it, or from its recipe."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        quotes: Quotes,
        ordering: Ordering,
        member_money: MemberMoney,
        consent: Consent,
        videos: VideoStore,
        sources: SourceVideoStore,
        turns: Turns,
    ) -> None:
        self._catalog = catalog
        self._quotes = quotes
        self._ordering = ordering
        self._member_money = member_money
        self._consent = consent
        self._videos = videos
        self._sources = sources
        self._turns = turns
        self._gates = Gates(AT_ONCE)

    async def ensure_possible(self, job: Job, place: Origin) -> None:
        """Check everything but the job's video, before it is brought here.

        Raises InvalidRequestError and LimitReachedError.
        """
        await self._ensure_possible(_asked_of(job), place)

    async def of_job(
        self,
        job: Job,
        place: Origin,
        *,
        prompt: str | None = None,
        duration_seconds: int | None = None,
    ) -> ExtensionPlan:
        """Plan to continue a job's video, by default with the prompt of its last shot.

        Raises InvalidRequestError, LimitReachedError, VideoRejectedError, ImageRejectedError and
        StorageError.
        """
        asked = _asked_of(job, prompt, duration_seconds)
        async with self._gates.one_of(place.user_id):
            await self._ensure_possible(asked, place)
            source = await self._sources.keep(self._videos.path(job.id), name=_NAME)
            source = await self._owned(source, asked.source.owners)
            return await self._planned(replace(asked, source=source), place)

    async def of_address(
        self,
        address: str,
        name: str,
        place: Origin,
        *,
        prompt: str,
        made_by: VideoRequest | None = None,
        job_id: JobId | None = None,
        is_spoiler: bool = False,
        owners: tuple[PictureOwner, ...] = (),
    ) -> tuple[ExtensionPlan, VideoRequest | None]:
        """Plan to continue the video at an address, and return what made it, if that is known.

        `job_id` is that of a job whose file only its message still has. The result `is_spoiler`
        like the file.

        Without `made_by`, the file itself may say that, and its prompt replaces `prompt`.
        `owners` are those whose video it is, or whose pictures it was made with. Raises what
        `of_job` raises, and AlreadyFetchingError.
        """
        unseen = replace(_UNSEEN, owners=owners)
        asked = Continuation(prompt=prompt, source=unseen, job_id=job_id, is_spoiler=is_spoiler)
        if made_by is not None:
            asked = _made_by(asked, made_by)
        with self._turns.one_of(place.user_id):
            await self._ensure_possible(asked, place)
            source = await self._sources.fetch(address, name=name)
        source = await self._owned(source, owners)
        found = made_by or await self._sources.find_recipe(self._sources.path(source))
        if made_by is None and found is not None:
            asked = _made_by(replace(asked, prompt=found.parts[-1].prompt), found)
        async with self._gates.one_of(place.user_id):
            return await self._planned(replace(asked, source=source), place), found

    async def _owned(self, source: SourceVideo, owners: tuple[PictureOwner, ...]) -> SourceVideo:
        """A file that someone saves and posts again stays its owners'."""
        return replace(source, owners=await self._consent.known(source.key, owners))

    async def find_recipe(self, address: str, name: str, place: Origin) -> VideoRequest | None:
        """Read how a video was made from the file at an address; None if it does not say.

        Nothing is fetched for who is barred. Raises LimitReachedError, AlreadyFetchingError,
        OthersFetchingError, VideoRejectedError and StorageError.
        """
        await self._member_money.ensure_not_barred(place)
        with self._turns.one_of(place.user_id):
            source = await self._sources.fetch(address, name=name)
        return await self._sources.find_recipe(self._sources.path(source))

    async def _ensure_possible(self, asked: Continuation, place: Origin) -> None:
        """Check everything but the video itself. Raises InvalidRequestError, LimitReachedError."""
        first = (await self._plans(asked, place))[0]
        await self._ordering.ensure_possible(first.request, place)

    async def _plans(self, asked: Continuation, place: Origin) -> list[ExtensionPlan]:
        allowed = await self._member_money.allowed_models(place)
        return plans(asked, self._catalog.everything(), allowed)

    async def _planned(self, asked: Continuation, place: Origin) -> ExtensionPlan:
        """Plan with words that a file may have brought. Raises WordNotAllowedError."""
        found = await self._plans(asked, place)
        await self._ordering.ensure_words(found[0].request, place)
        return await self._first_priced(found, asked.source)

    async def _first_priced(
        self, found: Iterable[ExtensionPlan], source: SourceVideo
    ) -> ExtensionPlan:
        """Return the best plan with a price, with its frame. Raises InvalidRequestError."""
        frames: dict[str, SourceImage] = {}
        refused = None
        for plan in found:
            request = plan.request
            if request.image is not None:
                if not frames:
                    path = self._sources.path(source)
                    frame = await self._sources.last_frame(path, name=_NAME)
                    frames[FRAME_TO_COME] = replace(frame, owners=source.owners)
                request = with_pictures(request, frames)
            try:
                quote = await self._quotes.quote(request)
            except InvalidRequestError as error:
                refused = refused or error
                continue
            return replace(plan, request=quote.request, price=quote.price)
        raise refused or InvalidRequestError(["There's nothing to continue this video with."])


def _asked_of(
    job: Job, prompt: str | None = None, duration_seconds: int | None = None
) -> Continuation:
    asked = Continuation(
        prompt=job.request.parts[-1].prompt if prompt is None else prompt,
        source=_expected(job),
        job_id=job.id,
        duration_seconds=duration_seconds,
    )
    return _made_by(asked, job.request)


def _made_by(asked: Continuation, request: VideoRequest) -> Continuation:
    return replace(asked, made_by=request, extended=times_extended(request))


def _expected(job: Job) -> SourceVideo:
    """Return what is known of a job's video before its file is read."""
    made = job.artifact
    if made is None:
        return replace(_UNSEEN, owners=job.request.owners)
    return SourceVideo(
        key="",
        width=made.width or _UNSEEN.width,
        height=made.height or _UNSEEN.height,
        size_bytes=made.size_bytes,
        duration_seconds=made.duration_seconds or _UNSEEN.duration_seconds,
        owners=job.request.owners,
    )
