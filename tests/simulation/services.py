"""Two video services, a Discord and a disk, that outlive every process and keep their own books."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from bot.catalog.capability import Capability
from bot.catalog.request import SourceImage, VideoRequest
from bot.delivery.messenger import CardView
from bot.errors import (
    ArtifactUnavailableError,
    ArtifactUnusableError,
    DeliveryError,
    MessageRefusedError,
    ProviderError,
    ProviderJobUnknownError,
    ProviderRateLimitedError,
    SubmissionUncertainError,
)
from bot.guilds.notices import TemporaryMessage
from bot.ids import ChannelId, JobId, MessageId, ProviderName
from bot.jobs.files import FittedVideo
from bot.jobs.job import Artifact, Job
from bot.jobs.messages import Delivery
from bot.providers.contract import (
    Order,
    ProviderState,
    ProviderStatus,
    Receipt,
    Watched,
)
from bot.providers.pacing import Pace
from bot.providers.request_limits import Purpose
from tests.fakes.budgets import free_pace
from tests.fakes.media import FakeImageStore, FakeVideoStore
from tests.fakes.messenger import FakeMessenger, Message
from tests.fakes.weather import Weather, calm
from tests.simulation import answers
from tests.simulation.answers import Twist
from tests.simulation.kinds import Kind
from tests.simulation.loop import LIFE, Life
from tests.simulation.manners import Manners
from tests.simulation.watch import Watch
from tests.simulation.weather import DAILY_LIMIT_SECONDS

SPOILT = -1  # the size of what is no video
LATE_SECONDS = 60.0  # after which a request may still arrive whose sender has given up
NEVER = timedelta(days=3650)
REFUSED = 0.2  # of the requests, on a day on which a service refuses contents
UNQUOTABLE = 0.3  # of the jobs, on a day on which Discord refuses messages
FULL = 0.05  # of the requests, on a day with a daily limit: it is reached by this one
ADDRESS_LASTS_SECONDS = (5.0, 60.0, 600.0)


@dataclass
class Video:
    """What a service made, or is making."""

    handle: str
    tag: str
    begins_at: datetime
    ready_at: datetime
    verdict: ProviderStatus
    addresses: tuple[str, ...]
    size_bytes: int
    precharged_micros: int | None
    answered: tuple[Life, float] | None = None  # who got its handle, and when
    told_as: Twist | None = None
    looks: int = 0  # since it was ready
    lasts_seconds: float | None = None  # each address; None: forever
    expires: dict[str, datetime] = field(default_factory=dict)  # addresses that do

    @property
    def is_readable(self) -> bool:
        """Whether its end can be known from what the service says."""
        return self.told_as is None or self.told_as.is_readable


@dataclass
class SimulatedProvider:
    """The port `Provider`. What `late` starts goes on whatever becomes of the process that asked."""

    name: ProviderName
    random: Random
    watch: Watch
    disk: dict[Path, int]
    late: Callable[[float, Callable[[], None]], None]
    capability: Capability
    manners: Manners
    can_recover: bool = True
    speaks: bool = False  # in the words of a service, which the real adapter reads
    polls_in_batches: bool = False
    pictures_max_bytes: int | None = 3_000_000
    shots: int = 1
    poll_price: float = 0.2
    takes_seconds: float = 60.0
    videos: dict[str, Video] = field(default_factory=dict)  # by handle
    weather: Weather = calm
    pace: Pace = field(default_factory=free_pace)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def under(self, weather: Weather, pace: Pace) -> "SimulatedProvider":
        return replace(self, weather=weather, pace=pace)

    async def submit(self, order: Order) -> Receipt:
        life = LIFE.get()
        await self.pace.take(Purpose.SUBMISSION)
        self.watch.sends(order.tag, "" if life is None else life.name)
        await self.weather("submit")
        self._refuse()
        if self.random.random() < 0.03:  # it arrives after its sender has given up
            self.late(self.random.uniform(1, LATE_SECONDS), lambda: self._take_late(order))
            raise SubmissionUncertainError
        video = self._take(order)
        await self.weather("submit answered")
        if life is not None:
            video.answered = (life, asyncio.get_running_loop().time())
            self.watch.answered(video.tag, life)
        return Receipt(video.handle, precharged_micros=video.precharged_micros)

    def _refuse(self) -> None:
        """For what it asks for, or because the day's limit is reached. Raises ProviderError."""
        kinds, now = self.manners.sky.kinds, self.watch.clock.now()
        if (
            Kind.DAILY_LIMIT in kinds
            and not self.manners.sky.is_over()
            and self.random.random() < FULL
        ):
            until = now + timedelta(seconds=self.random.choice(DAILY_LIMIT_SECONDS))
            self.manners.sky.full_until[self.name] = until
            self.watch.limited(until)
        full_until = self.manners.sky.full_until.get(self.name, now)
        if full_until > now:
            raise ProviderRateLimitedError(retry_at=full_until)
        refuses = self.speaks and Kind.REFUSED_CONTENT in kinds and not self.manners.sky.is_over()
        if refuses and self.random.random() < REFUSED:
            refused = answers.refusal(self.random, now)
            self.watch.refused_content(self.name, refused)
            raise refused.error

    def _take_late(self, order: Order) -> None:
        self._take(order)

    def _take(self, order: Order) -> Video:
        self.watch.paid(order.tag)
        number = next(self.numbers)
        addresses = tuple(f"https://{self.name}.example/{number}/{n}" for n in range(self.shots))
        verdict, render_times, size = self._verdict(addresses)
        video = Video(
            handle=f"{self.name}-{number}",
            tag=order.tag,
            begins_at=self.watch.clock.now() + min(render_times / 3, timedelta(hours=1)),
            ready_at=self.watch.clock.now() + render_times,
            verdict=verdict,
            addresses=addresses,
            size_bytes=size,
            precharged_micros=self.random.choice([None, self.random.randint(1, 900_000)]),
        )
        if self.speaks and answers.is_done(verdict):
            video.told_as = answers.twist(self.random, self.manners.sky.kinds)
        if Kind.EXPIRING_ADDRESS in self.manners.sky.kinds:
            video.lasts_seconds = self.random.choice(ADDRESS_LASTS_SECONDS)
        self.videos[video.handle] = video
        if size == SPOILT or not video.is_readable:
            self.watch.spoilt.add(order.tag.rpartition("-")[0])
        return video

    def _verdict(self, addresses: tuple[str, ...]) -> tuple[ProviderStatus, timedelta, int]:
        """What it shows in the end, when that is, and how large each shot is."""
        render_times = timedelta(seconds=self.random.expovariate(1 / self.takes_seconds))
        size = self.random.choice([1_000, 1_000, 9_000, 12_000])
        charged = self.random.choice([None, self.random.randint(1, 900_000)])
        done = ProviderStatus(
            ProviderState.SUCCEEDED, artifact_addresses=addresses, charged_micros=charged
        )
        dice = self.random.random()
        if dice < 0.07:
            return ProviderStatus(ProviderState.FAILED, text="It broke."), render_times, size
        if dice < 0.1:
            return ProviderStatus(ProviderState.FAILED, refused=True), render_times, size
        if dice < 0.12:
            return ProviderStatus(ProviderState.CANCELLED), render_times, size
        if dice < 0.135:
            return done, NEVER, size
        return done, render_times, SPOILT if dice < 0.15 else size

    async def poll(self, handle: str, request: VideoRequest) -> ProviderStatus:
        await self.pace.take(Purpose.POLL)
        try:
            await self.weather("poll")
        except Exception:  # whatever the weather is: noted, and raised again
            self._looked(handle, None)
            raise
        status = self._status(handle)
        if isinstance(status, ProviderError):
            raise status
        return status

    async def poll_batch(
        self, watched: Sequence[Watched]
    ) -> Sequence[ProviderStatus | ProviderError]:
        await self.pace.take(Purpose.POLL)
        try:
            await self.weather("poll")
        except Exception:  # whatever the weather is: noted, and raised again
            for one in watched:
                self._looked(one.handle, None)
            raise
        return [self._status(one.handle) for one in watched]

    def _status(self, handle: str) -> ProviderStatus | ProviderError:
        video = self.videos.get(handle)
        if video is None:
            self.watch.demand(False, "I5", f"no one knows {handle!r} at {self.name}")
            return ProviderJobUnknownError()
        status = self._status_of(video)
        is_ready = self.watch.clock.now() >= video.ready_at and video.is_readable
        self._looked(handle, video.verdict.state.value if is_ready else status.state.value)
        return status

    def _status_of(self, video: Video) -> ProviderStatus:
        now = self.watch.clock.now()
        if now >= video.ready_at:
            video.looks += 1
            addresses = self._addresses(video, now)
            if video.told_as is None:
                return replace(video.verdict, artifact_addresses=addresses)
            return answers.status(self.random, video.verdict, video.told_as, video.looks, addresses)
        has_begun = now >= video.begins_at
        return ProviderStatus(ProviderState.RUNNING if has_begun else ProviderState.QUEUED)

    def _addresses(self, video: Video, now: datetime) -> tuple[str, ...]:
        """Signed again at each look, where they expire."""
        if video.lasts_seconds is None or not video.verdict.artifact_addresses:
            return video.verdict.artifact_addresses
        signed = tuple(f"{one}?poll={video.looks}" for one in video.addresses)
        until = now + timedelta(seconds=video.lasts_seconds)
        video.expires |= dict.fromkeys(signed, until)
        return signed

    def _looked(self, handle: str, state: str | None) -> None:
        if handle in self.videos:
            self.watch.looked(self.videos[handle].tag, state)

    async def poll_price_seconds(self) -> float:
        return self.poll_price

    async def may_submit_at(self) -> datetime | None:
        if self.random.random() < 0.05:
            return self.watch.clock.now() + timedelta(seconds=5)
        return await self.pace.free_at(Purpose.SUBMISSION)

    async def check_key(self) -> None:
        """It is good."""

    async def balance_micros(self) -> int | None:
        return None

    async def recover(self, tag: str, request: VideoRequest) -> Receipt | None:
        await self.pace.take(Purpose.RECOVERY)
        await self.weather("recover")
        found = [video for video in self.videos.values() if video.tag == tag]
        return Receipt(found[0].handle) if found else None

    async def list_capabilities(self) -> tuple[Capability, ...]:
        return (self.capability,)

    async def fetch(self, address: str, target: Path) -> None:
        await self.weather("fetch")
        video = self._video_at(address)
        if video is None:
            self.manners.missed(address)
            raise ArtifactUnavailableError
        self.disk[target] = video.size_bytes
        await self.weather("fetch answered")

    def _video_at(self, address: str) -> Video | None:
        """The video at an address that has not expired, however it is spelt."""
        now = self.watch.clock.now()
        for video in self.videos.values():
            valid = [*video.addresses] if video.lasts_seconds is None else [*video.expires]
            for one in valid:
                spelt = {one, one.replace("https://", "http://", 1), answers.data_address(one)}
                if address in spelt and video.expires.get(one, now) >= now:
                    return video
        return None


@dataclass
class SimulatedMessenger(FakeMessenger):
    """A Discord on which nothing is ever said twice."""

    watch: Watch | None = None
    manners: Manners | None = None
    forbidden: dict[ChannelId, type[DeliveryError]] = field(default_factory=dict)  # for the moment
    quotable: dict[JobId, bool] = field(default_factory=dict)  # by what its member wrote

    def under(self, weather: Weather) -> "SimulatedMessenger":
        return replace(self, weather=weather)

    async def post_video(self, delivery: Delivery, view: CardView, video: FittedVideo) -> MessageId:
        assert self.manners is not None
        self._check_quotes(delivery, view.job)
        with self.manners.uploading(delivery.job_id):
            await self.weather("upload")
        return await super().post_video(delivery, view, video)

    async def _post(self, delivery: Delivery, **shown: object) -> MessageId:
        if delivery.channel_id in self.forbidden:
            raise self.forbidden[delivery.channel_id]
        return await super()._post(delivery, **shown)

    async def delete_message(self, message: TemporaryMessage) -> None:
        if message.channel_id in self.forbidden:
            raise self.forbidden[message.channel_id]
        await super().delete_message(message)

    def _delete(self, message: TemporaryMessage) -> None:
        assert self.watch is not None
        [there] = [one for one in self.messages if one.id == message.message_id]
        is_there = message.message_id not in self.deleted
        self.watch.deleted(there.job_id, there.kind.value, is_there=is_there)
        super()._delete(message)

    def _check_quotes(self, delivery: Delivery, job: Job) -> None:
        """Some members' words are refused whenever they are shown."""
        assert self.manners is not None
        sky = self.manners.sky
        if Kind.REFUSED_MESSAGE not in sky.kinds:
            return
        if job.id not in self.quotable:
            self.quotable[job.id] = sky.random.random() > UNQUOTABLE
        if job.request.prompt and not self.quotable[job.id]:
            self.manners.refused(job.id, delivery.kind.value)
            raise MessageRefusedError

    def _known(self, delivery: Delivery) -> Message | None:
        assert self.manners is not None
        self.manners.posts(delivery.job_id, delivery.kind.value)
        return super()._known(delivery)

    def _new(self, delivery: Delivery, **shown: object) -> Message:
        assert self.watch is not None
        self.watch.posted(delivery.job_id, delivery.kind.value)
        return super()._new(delivery, **shown)


@dataclass
class SimulatedVideoStore(FakeVideoStore):
    """The port `VideoStore`."""

    weather: Weather = calm

    def under(self, weather: Weather) -> "SimulatedVideoStore":
        return replace(self, weather=weather)

    def alone(self, job_id: JobId) -> AbstractContextManager[None]:
        """A fetch is one step here, and who was killed holds nothing."""
        return nullcontext()

    async def gather(self, job_id: JobId, sources: Sequence[JobId]) -> None:
        await self.weather("join")
        await super().gather(job_id, sources)

    async def join(self, job_id: JobId, parts: int, *, after: Path | None = None) -> None:
        await self.weather("join")
        paths = [self.part_path(job_id, number) for number in range(parts)]
        if any(path not in self.disk for path in paths):
            raise ArtifactUnusableError
        sizes = [self.disk.pop(path) for path in paths]
        self.disk[self.path(job_id)] = SPOILT if SPOILT in sizes else sum(sizes)
        await self.weather("join answered")

    async def inspect(self, job_id: JobId, *, recipe: str | None = None) -> Artifact:
        await self.weather("inspect")
        if self.disk.get(self.path(job_id), SPOILT) == SPOILT:
            raise ArtifactUnusableError
        return await super().inspect(job_id, recipe=recipe)

    async def fit(self, artifact: Artifact, *, max_bytes: int) -> FittedVideo:
        await self.weather("fit")
        return await super().fit(artifact, max_bytes=max_bytes)


@dataclass
class SimulatedImageStore(FakeImageStore):
    """The port `ImageStore`."""

    weather: Weather = calm

    def under(self, weather: Weather) -> "SimulatedImageStore":
        return replace(self, weather=weather)

    async def keep(self, content: bytes, *, name: str) -> SourceImage:
        await self.weather("prepare")
        return await super().keep(content, name=name)

    async def prepare(
        self, image: SourceImage, *, max_bytes: int, min_side: int = 0
    ) -> tuple[bytes, str]:
        await self.weather("prepare")
        return await super().prepare(image, max_bytes=max_bytes)
