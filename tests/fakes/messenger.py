"""A Discord that keeps its messages, and knows a nonce for two minutes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.clock import Clock
from bot.delivery.leases import pass_fence
from bot.delivery.messenger import Alternative, CardView, PrivateAnswer, VideoMessage
from bot.errors import (
    ChannelBlockedError,
    ChannelGoneError,
    DeliveryError,
    FileTooLargeError,
    MessageGoneError,
    MessageRefusedError,
)
from bot.guilds.notices import Notice, TemporaryMessage
from bot.ids import ChannelId, GuildId, JobId, MessageId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Job, JobState
from bot.jobs.messages import Delivery, DeliveryKind
from tests.fakes.weather import Weather, calm

NONCES_KEPT_FOR = timedelta(seconds=120)


@dataclass
class Message:
    """One message in a channel. `state` and `video` are what a card shows now."""

    id: MessageId
    channel_id: ChannelId
    nonce: str
    kind: DeliveryKind
    job_id: JobId
    posted_at: datetime
    state: JobState | None = None
    video: VideoMessage = field(default_factory=VideoMessage)
    video_blocked_at: datetime | None = None
    address: str | None = None
    may_attach: bool = True
    size_bytes: int | None = None
    note: str | None = None
    pictures: int = 0
    alternative: Alternative | None = None
    edited: list[datetime] = field(default_factory=list)


@dataclass(frozen=True)
class Word:
    """A notice in a log channel."""

    nonce: str
    text: str
    posted_at: datetime


@dataclass
class FakeMessenger:
    """The port `Messenger`. Everything that stands in a channel is in `messages`.

    `says_limit_bytes` is what the server's tier promises, `limit_bytes` what is really taken;
    `files_raise` is how it refuses every file.
    """

    clock: Clock
    messages: list[Message] = field(default_factory=list)
    gone_channels: set[ChannelId] = field(default_factory=set)
    deleted: set[MessageId] = field(default_factory=set)
    notices: list[Word] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    pictures: dict[JobId, list[str]] = field(default_factory=dict)
    blocked_channels: set[ChannelId] = field(default_factory=set)
    unquotable: set[str] = field(default_factory=set)  # prompts that Discord refuses to show
    refused: list[str] = field(default_factory=list)  # nonces, one for each such refusal
    says_limit_bytes: int = 10_000
    limit_bytes: int = 10_000
    files_raise: type[DeliveryError] | None = None
    threads: dict[ChannelId, list[ChannelId]] = field(default_factory=dict)  # by their channel
    threads_raise: DeliveryError | None = None
    answers: dict[str, list[str]] = field(default_factory=dict)  # by token: what each edit showed
    dismissed: set[str] = field(default_factory=set)  # tokens whose answers are gone
    weather: Weather = calm

    def under(self, weather: Weather) -> "FakeMessenger":
        shared = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return FakeMessenger(**(shared | {"weather": weather}))

    def of(self, job_id: JobId, kind: DeliveryKind) -> list[Message]:
        return [m for m in self.messages if m.job_id == job_id and m.kind is kind]

    def standing(self, job_id: JobId) -> list[Message]:
        """What is left in its channel in the end."""
        return [m for m in self.messages if m.job_id == job_id and m.id not in self.deleted]

    @property
    def told(self) -> list[tuple[str, str]]:
        """The nonce and the text of every notice that stands in a log channel."""
        return [(word.nonce, word.text) for word in self.notices]

    def digest(self, view: CardView) -> str:
        video = f"{view.video} {view.video_blocked_at}"
        return f"{view.job.state} {view.job.cancel_requested} {view.position} {video}"

    async def post_card(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        self._check_quotes(delivery, view.job)
        self._take_files(len(images))
        self.pictures[delivery.job_id] = [f"https://cdn.example/{path.name}" for path in images]
        return await self._post(delivery, state=view.job.state, video=view.video)

    async def edit_card(self, delivery: Delivery, view: CardView) -> None:
        await self.weather("edit")
        await pass_fence()
        await self.weather("edit on its way")
        self._check_quotes(delivery, view.job)
        if delivery.message_id in self.deleted:
            raise MessageGoneError
        [message] = [m for m in self.messages if m.id == delivery.message_id]
        message.state, message.video = view.job.state, view.video
        message.video_blocked_at = view.video_blocked_at
        message.edited.append(self.clock.now())
        await self.weather("edit answered")

    async def post_video(self, delivery: Delivery, view: CardView, video: FittedVideo) -> MessageId:
        self._check_quotes(delivery, view.job)
        self._take_files(1)
        if video.size_bytes > self.limit_bytes:
            raise FileTooLargeError
        return await self._post(delivery, size_bytes=video.size_bytes, note=video.note)

    async def post_link(
        self, delivery: Delivery, view: CardView, addresses: Sequence[str], *, may_attach: bool
    ) -> MessageId:
        self._check_quotes(delivery, view.job)
        return await self._post(delivery, address=" ".join(addresses), may_attach=may_attach)

    async def post_failure(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        self._check_quotes(delivery, view.job)
        self._take_files(len(images))
        return await self._post(delivery, pictures=len(images), alternative=view.alternative)

    async def picture_addresses(self, delivery: Delivery) -> tuple[str, ...]:
        await self.weather("addresses")
        if delivery.message_id in self.deleted:
            raise MessageGoneError
        return tuple(self.pictures[delivery.job_id])

    async def video_address(self, delivery: Delivery) -> str | None:
        await self.weather("addresses")
        if delivery.message_id in self.deleted:
            raise MessageGoneError
        return f"https://cdn.example/{delivery.message_id}/video.mp4"

    async def find_posted(self, delivery: Delivery) -> MessageId | None:
        await self.weather("find")
        found = self.of(delivery.job_id, delivery.kind)
        here = [one.id for one in found if one.channel_id == delivery.channel_id]
        return here[0] if here else None

    def forget(self, delivery: Delivery) -> None:
        self.forgotten.append(delivery.nonce)

    async def open_thread(self, channel_id: ChannelId) -> ChannelId:
        """One that is gone is not found again."""
        await self.weather("open thread")
        if self.threads_raise is not None:
            raise self.threads_raise
        known = self.threads.setdefault(channel_id, [])
        found = [one for one in known if one not in self.gone_channels]
        if not found:
            known.append(ChannelId(channel_id * 100 + len(known)))
            found = known[-1:]
        await self.weather("open thread answered")
        return found[0]

    async def edit_answer(self, answer: PrivateAnswer, view: CardView, *, is_last: bool) -> None:
        await self.weather("edit answer")
        self._ensure_answer(answer)
        shown = f"{view.job.state}{' for the last time' if is_last else ''}"
        self.answers.setdefault(answer.token, []).append(shown)
        await self.weather("edit answer answered")

    async def delete_answer(self, answer: PrivateAnswer) -> None:
        await self.weather("delete answer")
        self._ensure_answer(answer)
        self.dismissed.add(answer.token)
        await self.weather("delete answer answered")

    def _ensure_answer(self, answer: PrivateAnswer) -> None:
        if answer.token in self.dismissed or self.clock.now() >= answer.expires_at:
            raise MessageGoneError

    async def post_notice(self, notice: Notice) -> None:
        await self.weather("notice")
        await pass_fence()
        if notice.channel_id in self.gone_channels:
            raise ChannelGoneError
        if notice.channel_id in self.blocked_channels:
            raise ChannelBlockedError
        since = self.clock.now() - NONCES_KEPT_FOR
        if not any(word.nonce == notice.nonce and word.posted_at > since for word in self.notices):
            self.notices.append(Word(notice.nonce, notice.text, self.clock.now()))
        await self.weather("notice answered")

    async def find_notice(self, notice: Notice) -> bool:
        await self.weather("find notice")
        return any(word.nonce == notice.nonce for word in self.notices)

    async def delete_message(self, message: TemporaryMessage) -> None:
        await self.weather("delete")
        await pass_fence()
        if message.channel_id in self.gone_channels:
            raise ChannelGoneError
        if message.channel_id in self.blocked_channels:
            raise ChannelBlockedError
        self._delete(message)
        await self.weather("delete answered")

    def _delete(self, message: TemporaryMessage) -> None:
        if message.message_id in self.deleted:
            raise MessageGoneError
        self.deleted.add(message.message_id)

    def upload_limit_bytes(self, guild_id: GuildId) -> int:
        return self.says_limit_bytes

    def message_url(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> str:
        return f"message:{message_id}"

    def _check_quotes(self, delivery: Delivery, job: Job) -> None:
        if job.request.prompt in self.unquotable:
            self.refused.append(delivery.nonce)
            raise MessageRefusedError

    def _take_files(self, count: int) -> None:
        if count and self.files_raise is not None:
            raise self.files_raise

    async def _post(self, delivery: Delivery, **shown: object) -> MessageId:
        await self.weather("post")
        await pass_fence()
        if delivery.channel_id in self.gone_channels:
            raise ChannelGoneError
        if delivery.channel_id in self.blocked_channels:
            raise ChannelBlockedError
        message = self._known(delivery) or self._new(delivery, **shown)
        await self.weather("post answered")
        return message.id

    def _known(self, delivery: Delivery) -> Message | None:
        since = self.clock.now() - NONCES_KEPT_FOR
        for message in self.messages:
            is_it = (message.nonce, message.channel_id) == (delivery.nonce, delivery.channel_id)
            if is_it and message.posted_at > since:
                return message
        return None

    def _new(self, delivery: Delivery, **shown: object) -> Message:
        message = Message(
            id=MessageId(1000 + len(self.messages)),
            channel_id=delivery.channel_id,
            nonce=delivery.nonce,
            kind=delivery.kind,
            job_id=delivery.job_id,
            posted_at=self.clock.now(),
        )
        for name, value in shown.items():
            setattr(message, name, value)
        self.messages.append(message)
        return message


async def all_stand(channel_id: ChannelId, message_id: MessageId, *, with_file: bool) -> bool:
    """The port `Stands` of a server in which no message was ever deleted."""
    return True


@dataclass
class Gone:
    """The port `Stands` where these messages were deleted, and these lost their file."""

    messages: set[int] = field(default_factory=set)
    files: set[int] = field(default_factory=set)

    async def __call__(
        self, channel_id: ChannelId, message_id: MessageId, *, with_file: bool
    ) -> bool:
        return message_id not in self.messages and not (with_file and message_id in self.files)
