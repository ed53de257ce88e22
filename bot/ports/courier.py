"""Bringing messages to Discord."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.domain.deliveries import Delivery
from bot.domain.jobs import Job
from bot.domain.notices import Notice
from bot.domain.pricing import Price
from bot.ids import ChannelId, GuildId, MessageId
from bot.ports.media import FittedFilm


@dataclass(frozen=True, slots=True)
class Instead:
    """Another model that can make the same film, and what that costs."""

    model_name: str
    price: Price


@dataclass(frozen=True, slots=True)
class CardView:
    """All that a job card shows."""

    job: Job
    model_name: str
    now: datetime
    position: int | None = None  # in the queue, from 1
    film_url: str | None = None  # the message with the film
    film_is_stranded: bool = False  # it was made, and could not be posted
    instead: Instead | None = None  # for a film that could not be made


class Courier(Protocol):
    """Brings messages to Discord.

    Every method raises DeliveryUnavailableError when it may be tried again with the same nonce,
    ChannelGoneError when the channel is gone or closed to us, NotAllowedError when perhaps only a
    file is not allowed there, MessageGoneError when the message to change is gone,
    FileTooLargeError when Discord refuses the file for its size, or its upload never ends.
    """

    def digest(self, view: CardView) -> str:
        """Equal for two views that look the same."""

    async def post_card(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        """Post the card with those of the wish's pictures that are still kept.

        The same delivery posted again soon gives the same message.
        """

    async def edit_card(self, delivery: Delivery, view: CardView) -> None: ...

    async def picture_addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Where the pictures of a posted card can be fetched from now on, for about a day."""

    async def post_film(self, delivery: Delivery, job: Job, film: FittedFilm) -> MessageId:
        """Post the film with its member's mention; safe to repeat as `post_card` is."""

    async def post_link(
        self, delivery: Delivery, job: Job, addresses: Sequence[str], *, may_attach: bool
    ) -> MessageId:
        """Post where a film lies, or its shots in order, that is too large or not allowed here."""

    async def post_failure(
        self, delivery: Delivery, job: Job, card_id: MessageId | None
    ) -> MessageId:
        """Answer the card, if it stands there, with the member's mention; as `post_card` else."""

    async def find_posted(self, delivery: Delivery) -> MessageId | None:
        """Look for this delivery's message in all that was posted since its first try.

        None only where all of it could be read; else DeliveryUnavailableError.
        """

    async def post_notice(self, notice: Notice) -> None:
        """Post a word to a log channel; safe to repeat as `post_card` is."""

    async def find_notice(self, notice: Notice) -> bool:
        """Whether its words stand in the log channel since it was first about to be posted."""

    def upload_limit_bytes(self, guild_id: GuildId) -> int:
        """How large a file may be here, from the server's boost tier."""

    def message_url(
        self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId
    ) -> str: ...
