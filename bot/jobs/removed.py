"""Keep what was removed from coming back inside another video.

Buttons and offers outlive the message they stood under, and a video may be removed while its file is
read. So every request is checked that holds pictures of an earlier video, however it came about.
"""

from bot.catalog.request import Derivation, VideoRequest
from bot.errors import InvalidRequestError
from bot.ids import JobId
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.jobs.stores import JobStore, MessageStore

REMOVED = "This video was removed, so I can't use it again. Make a new one with `/video`."


class RemovedVideos:
    """Reads jobs and their messages."""

    def __init__(self, jobs: JobStore, messages: MessageStore) -> None:
        self._jobs = jobs
        self._messages = messages

    async def has(self, job_id: JobId) -> bool:
        """Return whether the message with a job's video was removed."""
        video = await self._messages.find_delivery(job_id, DeliveryKind.VIDEO)
        return video is not None and video.state is DeliveryState.DELETED

    async def ensure_stands(self, job_id: JobId) -> None:
        """Raise InvalidRequestError if a job's video was removed."""
        if await self.has(job_id):
            raise InvalidRequestError([REMOVED])

    async def ensure_usable(self, request: VideoRequest) -> None:
        """Raise InvalidRequestError if the request holds pictures of a removed video."""
        for job_id in await self._held(request):
            await self.ensure_stands(job_id)

    async def _held(self, request: VideoRequest) -> set[JobId]:
        """List the videos that are continued, looped, or whose shots are used again."""
        shots = [await self._jobs.get(one.reuses) for one in request.shots if one.reuses]
        held = {shot.storyboard_id for shot in shots}
        parent = request.parent
        is_looped = parent is not None and parent.derivation is Derivation.LOOP
        if parent is not None and (is_looped or request.source_video is not None):
            held.add(parent.job_id)
        return {job_id for job_id in held if job_id is not None}
