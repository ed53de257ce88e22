"""Keep what was removed, or is gone, from coming back inside another video.

Buttons and offers outlive the message they stood under, and a video may be removed while its file is
read. So every request is checked that holds pictures of an earlier video, however it came about;
and once more, with its own pictures and their message, when an offer is confirmed or a failed video
is asked for again.
"""

from typing import Protocol

from bot.catalog.images import ImageStore
from bot.catalog.request import Derivation, Origin, VideoRequest
from bot.catalog.videos import SourceVideoStore
from bot.errors import InvalidRequestError
from bot.ids import ChannelId, JobId, MessageId
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.jobs.stores import JobStore, MessageStore

PICTURE_LOST = "I no longer have the picture for this video. Ask again with the picture."
VIDEO_LOST = "I no longer have the video that this one continues. Ask again with that video."
SOURCE_GONE = "The message that this video would be made from is gone. Choose another one."
REMOVED = "This video was removed, so I can't use it again. Make a new one with `/video`."


class Stands(Protocol):
    """Whether a message is still in its channel, which only Discord knows."""

    async def __call__(
        self, channel_id: ChannelId, message_id: MessageId, *, with_file: bool
    ) -> bool:
        """Return whether it does, `with_file`: and still has a picture or a file."""


class RemovedVideos:
    """Reads jobs and their messages."""

    def __init__(self, jobs: JobStore, messages: MessageStore) -> None:
        self._jobs = jobs
        self._messages = messages

    async def has(self, job_id: JobId) -> bool:
        """Return whether the message with a job's video was removed."""
        video = await self._messages.find_delivery(job_id, DeliveryKind.VIDEO)
        return video is not None and video.state is DeliveryState.DELETED

    async def ensure_stands(self, job_id: JobId, stands: Stands | None = None) -> None:
        """Raise InvalidRequestError if a job's video was removed.

        With `stands` also if its message was deleted by hand, of which the bot does not hear.
        """
        video = await self._messages.find_delivery(job_id, DeliveryKind.VIDEO)
        if video is None:
            return  # never posted, or forgotten with its job
        if video.state is DeliveryState.DELETED:
            raise InvalidRequestError([REMOVED])
        if stands is None or video.message_id is None:
            return
        if not await stands(video.channel_id, video.message_id, with_file=False):
            raise InvalidRequestError([REMOVED])

    async def ensure_usable(self, request: VideoRequest) -> None:
        """Raise InvalidRequestError if the request holds pictures of a removed video."""
        for job_id in await self.list_held(request):
            await self.ensure_stands(job_id)

    async def list_held(self, request: VideoRequest) -> set[JobId]:
        """List the videos that are continued, looped, or whose shots are used again."""
        shots = [await self._jobs.get(one.reuses) for one in request.shots if one.reuses]
        held = {shot.storyboard_id for shot in shots}
        parent = request.parent
        is_looped = parent is not None and parent.derivation is Derivation.LOOP
        if parent is not None and (is_looped or request.source_video is not None):
            held.add(parent.job_id)
        return {job_id for job_id in held if job_id is not None}


class MaterialsGoneError(InvalidRequestError):
    """A picture, its message or a source video is gone; another one may take its place."""


class Materials:
    """Checks that what a request is made from still exists: pictures, source video, messages."""

    def __init__(
        self,
        images: ImageStore,
        sources: SourceVideoStore,
        removed: RemovedVideos,
    ) -> None:
        self._images = images
        self._sources = sources
        self._removed = removed

    async def ensure_there(self, request: VideoRequest, place: Origin, stands: Stands) -> None:
        """Check that nothing the request needs is gone. Raises MaterialsGoneError, InvalidRequestError."""
        if not all(self._images.has(image) for image in request.pictures):
            raise MaterialsGoneError([PICTURE_LOST])
        source = request.source_video
        if source is not None and not self._sources.has(source):
            raise MaterialsGoneError([VIDEO_LOST])
        message_id, channel_id = place.source_message_id, place.channel_id
        if message_id is not None and not await stands(channel_id, message_id, with_file=True):
            raise MaterialsGoneError([SOURCE_GONE])
        for job_id in await self._removed.list_held(request):
            await self._removed.ensure_stands(job_id, stands)
