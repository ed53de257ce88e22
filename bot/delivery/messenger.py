"""The ports to Discord's messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.catalog.pricing import Price
from bot.guilds.notices import Notice, TemporaryMessage
from bot.ids import ChannelId, GuildId, JobId, MessageId
from bot.jobs.files import FittedVideo
from bot.jobs.job import Job
from bot.jobs.messages import Delivery
from bot.jobs.storyboard import Progress


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another model that can make the same video, and its price."""

    model_name: str
    price: Price


class VideoState(StrEnum):
    """State of the message with a video."""

    ABSENT = "absent"  # not posted yet
    POSTED = "posted"
    DELETED = "deleted"  # posted, then deleted
    UNDELIVERABLE = "undeliverable"  # made, but could not be posted


@dataclass(frozen=True, slots=True)
class VideoMessage:
    """The message with a job's video; `url` links it."""

    state: VideoState = VideoState.ABSENT
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CardView:
    """The content of a job's messages, first of all of its card."""

    job: Job
    model_name: str
    now: datetime
    position: int | None = None  # in the queue, from 1
    wait_seconds: int = 0  # until its turn, as an estimate
    video: VideoMessage = VideoMessage()
    video_blocked_at: datetime | None = None  # since when the channel refuses it
    download_is_retried: bool = False  # the service has finished it; the download has failed so far
    video_is_fitted: bool = False  # too large for this server, being re-encoded
    alternative: Alternative | None = None  # for a failed video
    progress: Progress | None = None  # of a storyboard whose shots are made one by one


class Messenger(Protocol):
    """Posts and edits messages on Discord.

    Every method raises DeliveryUnavailableError if a retry with the same nonce may succeed,
    MessageHeldError if that holds for this message alone, ChannelGoneError if the channel is gone,
    ChannelBlockedError if it is closed to us now, NotAllowedError if perhaps only files are
    forbidden there, MessageRefusedError if Discord rejects the content, MessageGoneError if the
    message to change is gone, FileTooLargeError if Discord rejects the file for its size, or its
    upload never ends.
    """

    def digest(self, view: CardView) -> str:
        """Digest of a view; equal for two views that look the same."""

    async def post_card(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        """Post the card with those of the request's pictures that are still kept.

        Posting the same delivery again soon yields the same message.
        """

    async def edit_card(self, delivery: Delivery, view: CardView) -> None: ...

    async def post_video(self, delivery: Delivery, view: CardView, video: FittedVideo) -> MessageId:
        """Post the video, mentioning its member; safe to repeat as `post_card` is."""

    async def post_link(
        self, delivery: Delivery, view: CardView, addresses: Sequence[str], *, may_attach: bool
    ) -> MessageId:
        """Post links to a video, or to its shots in order, too large or not allowed here."""

    async def post_failure(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        """Post a failure notice that mentions the member, with all that the card shows.

        Safe to repeat as `post_card` is.
        """

    async def find_posted(self, delivery: Delivery) -> MessageId | None:
        """Find this delivery's message among all messages posted since its first try.

        None only if all of them could be read; otherwise DeliveryUnavailableError.
        """

    def forget(self, delivery: Delivery) -> None:
        """Drop all memory of this delivery's tries; it is done here."""

    def upload_limit_bytes(self, guild_id: GuildId) -> int:
        """The server's upload limit, from its boost tier."""

    def message_url(
        self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId
    ) -> str: ...


class PostedPictures(Protocol):
    """Discord as the store of a request's pictures and of posted videos."""

    async def picture_addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Current addresses of a posted card's pictures, valid for about a day."""

    async def video_address(self, delivery: Delivery) -> str | None:
        """Current address of a posted video, valid for about a day; None if it is not attached."""


class ThreadOpener(Protocol):
    """Opens the thread that a channel's cards are posted in."""

    async def open_thread(self, channel_id: ChannelId) -> ChannelId:
        """Return the thread of ours that hangs on a channel; open it if there is none.

        A thread hangs on no other and stands for itself. Raises NoThreadsError for channels of
        another kind, NotAllowedError without a permission that cards in a thread need,
        ChannelGoneError and DeliveryUnavailableError.
        """


class NoticeMessenger(Protocol):
    """Posts notices to log channels and deletes temporary messages."""

    async def post_notice(self, notice: Notice) -> None:
        """Post a notice to a log channel; safe to repeat as `post_card` is."""

    async def find_notice(self, notice: Notice) -> bool:
        """Whether its text is in the log channel since its first posting attempt."""

    async def delete_message(self, message: TemporaryMessage) -> None: ...


@dataclass(frozen=True, slots=True)
class PrivateAnswer:
    """An answer that only one member sees, and the token to change it with.

    `message_id` is None for the interaction's first answer; `shown` is the digest of the state it
    shows.
    """

    job_id: JobId
    application_id: int
    token: str
    text: str  # what it says, whatever becomes of the job
    answered_at: datetime
    expires_at: datetime
    next_look_at: datetime
    message_id: MessageId | None = None
    shown: str | None = None


class AnswerMessenger(Protocol):
    """Changes private answers.

    Raises MessageGoneError once the member has dismissed the answer or its token has expired, and
    the other errors as `Messenger` does.
    """

    async def edit_answer(self, answer: PrivateAnswer, view: CardView, *, is_last: bool) -> None:
        """Show the job's state below the text; `is_last` says where to look from now on."""

    async def delete_answer(self, answer: PrivateAnswer) -> None: ...


class DiscordPorts(
    Messenger, PostedPictures, ThreadOpener, NoticeMessenger, AnswerMessenger, Protocol
):
    """All of these ports, as one adapter implements them; for the composition root."""
