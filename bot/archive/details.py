"""Tell what a video is: how it was made, what it was made from, and where it was posted."""

from dataclasses import dataclass

from bot.catalog.models import Catalog
from bot.catalog.request import Derivation, VideoRequest
from bot.errors import JobNotFoundError, UnreadableRowError, VideoNotPostedError
from bot.ids import ChannelId, GuildId, JobId, MessageId
from bot.jobs.job import Job
from bot.jobs.messages import DeliveryKind, DeliveryState
from bot.jobs.stores import JobStore, MessageStore

MOST_ANCESTORS = 20  # a picture is looked for in so many earlier videos


@dataclass(frozen=True, slots=True)
class Posted:
    """The message with a job's video."""

    guild_id: GuildId
    channel_id: ChannelId
    message_id: MessageId

    @property
    def url(self) -> str:
        return f"https://discord.com/channels/{self.guild_id}/{self.channel_id}/{self.message_id}"


@dataclass(frozen=True, slots=True)
class Details:
    """A video; `parent` is the one it was made from, if that was made here."""

    job: Job
    model_name: str
    posted: Posted | None
    parent: Posted | None = None


class VideoDetails:
    """Reads jobs and their messages for anyone in their server."""

    def __init__(self, jobs: JobStore, messages: MessageStore, catalog: Catalog) -> None:
        self._jobs = jobs
        self._messages = messages
        self._catalog = catalog

    async def describe(self, job_id: JobId, guild_id: GuildId) -> Details:
        """Describe a video. Raises JobNotFoundError, also for another server's job."""
        job = await self._job(job_id, guild_id)
        parent, origin = job.request.parent, None
        if parent is not None and parent.job_id is not None:
            origin = await self._message(parent.job_id)
        model = self._catalog.find(job.request.model_id)
        name = job.request.model_id if model is None else model.name
        return Details(job, name, await self._message(job_id), origin)

    async def posted(self, job_id: JobId, guild_id: GuildId) -> Posted:
        """Return the message with the video.

        Raises JobNotFoundError, and VideoNotPostedError where it was deleted or never came.
        """
        job = await self._job(job_id, guild_id)
        found = await self._message(job.id)
        if found is None:
            raise VideoNotPostedError
        return found

    async def list_picture_messages(
        self, job_id: JobId, guild_id: GuildId
    ) -> list[tuple[ChannelId, MessageId]]:
        """List the messages whose pictures a video was made from, also by way of earlier videos.

        Raises JobNotFoundError.
        """
        found, job = [], await self._job(job_id, guild_id)
        for _ in range(MOST_ANCESTORS):
            if job.request.pictures and job.source_message_id is not None:
                found.append((job.channel_id, job.source_message_id))
            parent = job.request.parent
            if parent is None or parent.job_id is None:
                break
            earlier = await self._job(parent.job_id, guild_id)
            if not _shows(job.request, parent.derivation, earlier.request):
                break
            job = earlier
        return found

    async def _job(self, job_id: JobId, guild_id: GuildId) -> Job:
        job = await self._jobs.get(job_id)
        if job.guild_id != guild_id:
            raise JobNotFoundError
        return job

    async def _message(self, job_id: JobId) -> Posted | None:
        """Return the message with its video while it stands there."""
        try:
            video = await self._messages.find_delivery(job_id, DeliveryKind.VIDEO)
        except UnreadableRowError:
            return None
        if video is None or video.state is not DeliveryState.POSTED or video.message_id is None:
            return None
        return Posted(video.guild_id, video.channel_id, video.message_id)


def _shows(request: VideoRequest, derivation: Derivation, earlier: VideoRequest) -> bool:
    """Return whether a video shows what the earlier one was made from.

    Its pictures may have been exchanged for others, whose owner is someone else.
    """
    if request.source_video is not None or derivation is Derivation.LOOP:
        return True
    before = {image.key for image in earlier.pictures}
    uses_shots = any(shot.reuses is not None for shot in request.shots)
    return uses_shots or any(image.key in before for image in request.pictures)
