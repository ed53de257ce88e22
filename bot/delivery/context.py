"""The context that deliveries share: stores, messenger and card views."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.catalog.images import ImageStore
from bot.catalog.models import Catalog
from bot.catalog.request import Origin
from bot.clock import Clock
from bot.delivery.leases import Instants, Lease
from bot.delivery.messenger import Alternative, CardView, Messenger, VideoMessage, VideoState
from bot.delivery.threads import CardThreads
from bot.errors import LeaseLostError, StorageError
from bot.guilds.settings import GuildStore
from bot.ids import JobId
from bot.jobs.files import VideoStore
from bot.jobs.job import (
    TERMINAL_STATES,
    FailureKind,
    Job,
    JobState,
)
from bot.jobs.messages import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    renewed,
)
from bot.jobs.queue_positions import QueuePlace, QueuePositions
from bot.jobs.stores import JobStore, MessageStore, ShotStore
from bot.jobs.storyboard import Progress, progress_of
from bot.ordering.alternatives import Alternatives

HAS_A_VIDEO = TERMINAL_STATES - {JobState.CANCELLED}  # failed jobs have one if it came late
ALTERNATIVE_AFTER = frozenset({FailureKind.OPERATOR, FailureKind.PROVIDER, FailureKind.REJECTED})
OPEN_STATES = frozenset({DeliveryState.OWED, DeliveryState.POSTING})
MAX_REMEMBERED = 1_000  # jobs; forgotten facts are computed again
UPLOADS_AT_ONCE = 4  # more would only slow each of them down

Value = TypeVar("Value")
LogWords = Callable[[Job, str, str], str]  # a video, its model's name and its message's address


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """The stores to read, the messenger to send with, and the view of a card."""

    jobs: JobStore
    messages: MessageStore
    guilds: GuildStore
    messenger: Messenger
    threads: CardThreads
    images: ImageStore
    videos: VideoStore
    shots: ShotStore
    catalog: Catalog
    positions: QueuePositions
    alternatives: Alternatives
    clock: Clock
    log_words: LogWords
    owner: str  # this process's name on its leases
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_AT_ONCE))
    _unquotable: dict[JobId, None] = field(default_factory=dict)  # Discord refused to show them
    _damaged: dict[JobId, None] = field(default_factory=dict)
    _alternatives: dict[JobId, Alternative | None] = field(default_factory=dict)

    async def keeps_cards(self, delivery: Delivery) -> bool:
        """Whether this server leaves cards beside what would replace them."""
        return (await self.guilds.get(delivery.guild_id)).keeps_cards

    async def view(self, job: Job) -> CardView:
        """The current content of the job's card."""
        return await self.view_at(job, await self.positions.of_job(job))

    async def view_at(self, job: Job, place: QueuePlace | None) -> CardView:
        """The same, for callers that already know its place in the queue."""
        video = await self._video(job)
        open_video = video if video is not None and video.state in OPEN_STATES else None
        return CardView(
            job=self.quotable(job),
            model_name=self.model_name(job),
            now=self.clock.now(),
            position=place.position if place else None,
            wait_seconds=place.seconds_until_turn(job.expected_seconds) if place else 0,
            video=self._video_message(video),
            video_blocked_at=open_video.blocked_at if open_video else None,
            download_is_retried=await self._is_download_retried(job),
            video_is_fitted=open_video is not None and self._must_be_fitted(job),
            alternative=await self._alternative(job),
            progress=await self._progress(job),
        )

    def model_name(self, job: Job) -> str:
        """The name of the job's model; its id, once it isn't offered any more."""
        capability = self.catalog.find(job.request.model_id)
        return capability.name if capability else job.request.model_id

    async def _progress(self, job: Job) -> Progress | None:
        """How far the shots of an open storyboard are."""
        if not job.is_storyboard or job.is_terminal:
            return None
        return progress_of(await self.shots.list_shots(job.id))

    async def _is_download_retried(self, job: Job) -> bool:
        """Whether the download has failed so far and is retried.

        Between some tries the service is asked for a new address, and the job is rendering.
        """
        if (
            job.is_storyboard
            or not job.errors_in_row
            or job.state not in {JobState.DOWNLOADING, JobState.RENDERING}
        ):
            return False
        submission = await self.jobs.find_submission(job.id)
        return submission is not None and bool(submission.artifact_addresses)

    def note_refused_quotes(self, job_id: JobId) -> None:
        """Omit quotes from the job's messages from now on: Discord refused them."""
        _remember(self._unquotable, job_id, None)

    def is_first_report_on(self, job_id: JobId) -> bool:
        """Whether this is the first report that the job is unreadable."""
        is_first = job_id not in self._damaged
        _remember(self._damaged, job_id, None)
        return is_first

    def quotable(self, job: Job) -> Job:
        """The job for its messages; without quotes once Discord refused them."""
        return without_quotes(job) if job.id in self._unquotable else job

    def _must_be_fitted(self, job: Job) -> bool:
        limit = self.messenger.upload_limit_bytes(job.guild_id)
        return job.artifact is not None and job.artifact.size_bytes > limit

    async def _alternative(self, job: Job) -> Alternative | None:
        """An alternative model, where another one may succeed.

        None where the content was refused. Found once and cached: finding it prices the
        whole catalog, and a card is compared every few seconds. It goes by the rules for everyone
        and for the member, since a job doesn't store roles, which change: the card only suggests a
        model, and the press on its button chooses again with the roles of that moment.
        """
        if job.failure is None or job.failure.kind not in ALTERNATIVE_AFTER:
            return None
        if job.id not in self._alternatives:
            place = Origin(job.guild_id, job.channel_id, job.user_id)
            found = await self.alternatives.find_for(job, place, most=1)
            best = Alternative(found[0].capability.name, found[0].price) if found else None
            _remember(self._alternatives, job.id, best)
        return self._alternatives[job.id]

    async def _video(self, job: Job) -> Delivery | None:
        if job.state not in HAS_A_VIDEO:
            return None
        return await self.messages.find_delivery(job.id, DeliveryKind.VIDEO)

    def _video_message(self, video: Delivery | None) -> VideoMessage:
        if video is None:
            return VideoMessage()
        if video.state is DeliveryState.DELETED:
            return VideoMessage(VideoState.DELETED)
        if video.state is DeliveryState.UNDELIVERABLE:
            return VideoMessage(VideoState.UNDELIVERABLE)
        if video.state is not DeliveryState.POSTED or video.message_id is None:
            return VideoMessage()
        url = self.messenger.message_url(video.guild_id, video.channel_id, video.message_id)
        return VideoMessage(VideoState.POSTED, url)


def without_quotes(job: Job) -> Job:
    """The job without quotes of its member or its service."""
    artifact = None if job.artifact is None else replace(job.artifact, remark=None)
    failure = None if job.failure is None else replace(job.failure, text="")
    request = replace(job.request, prompt="")
    return replace(job, request=request, artifact=artifact, failure=failure)


def _remember(known: dict[JobId, Value], job_id: JobId, value: Value) -> None:
    """Remember a value; drop the oldest beyond the limit."""
    known[job_id] = value
    while len(known) > MAX_REMEMBERED:
        del known[next(iter(known))]


class HeldDelivery:
    """A delivery under this process's lease; `row` is its latest written state."""

    def __init__(self, intent: Delivery, context: DeliveryContext, taken_at: Instants) -> None:
        self.row = intent
        self._context = context
        lasts = intent.next_attempt_at - taken_at[0]
        self.lease = Lease(self._renew, lasts, context.clock, taken_at)
        self._is_unsure = False  # the answer to a renewal was lost

    async def _renew(self) -> None:
        try:
            await self._write_renewal()
        except LeaseLostError:
            if not await self._wrote_it_all_the_same():
                raise
            await self._write_renewal()
        except StorageError:
            self._is_unsure = True
            raise

    async def _write_renewal(self) -> None:
        renewal = renewed(self.row, self._context.clock.now())
        self.row = await self._context.messages.save_delivery(renewal)
        self._is_unsure = False

    async def _wrote_it_all_the_same(self) -> bool:
        """Whether the stored renewal is ours and only its answer was lost.

        Without this check, one lost answer of the database would abort a long upload.
        """
        if not self._is_unsure:
            return False
        found = await self._context.messages.find_delivery(self.row.job_id, self.row.kind)
        if found is None or (found.lease_owner, found.state) != (
            self._context.owner,
            self.row.state,
        ):
            return False
        self.row = replace(self.row, version=found.version)
        return True
