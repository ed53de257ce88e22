"""The courier: brings cards, films and words of failure to Discord as messages of the bot.

Never through an interaction's token, which dies after fifteen minutes. Every post carries a nonce
of ours, because discord.py's own is new after a restart, and every error is translated here.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import discord

from bot.domain.deliveries import NONCE_MAX_CHARACTERS, Delivery, DeliveryKind
from bot.domain.jobs import Job
from bot.domain.notices import Notice
from bot.errors import DeliveryError, DeliveryUnavailableError, FileTooLargeError
from bot.ids import ChannelId, GuildId, MessageId
from bot.ports import CardView, Clock, FittedFilm
from bot.presentation import cards, custom_ids, films, refusals
from bot.presentation.custom_ids import Action

MB = 1024 * 1024
UPLOAD_LIMITS = {0: 20 * MB, 1: 20 * MB, 2: 50 * MB, 3: 100 * MB}  # by boost tier, since 2026-09
SAFETY = 0.99
REMEMBER_REFUSAL_FOR = timedelta(days=1)
MOST_TIMEOUTS = 3  # of one upload
CLOCKS_DIFFER_BY = timedelta(minutes=1)  # Discord's from ours, at most

MakeFiles = Callable[[], list[discord.File]]
Refusal = Callable[[discord.HTTPException], DeliveryError]

_UNREADABLE = (JSONDecodeError, UnicodeDecodeError)  # what was asked may have been done


class DiscordCourier:
    """The port `Courier` over one discord.py client.

    `network_errors` are what its HTTP library raises when a connection breaks; the wiring knows.
    """

    def __init__(
        self,
        client: discord.Client,
        clock: Clock,
        network_errors: tuple[type[Exception], ...] = (OSError, TimeoutError),
    ) -> None:
        self._client = client
        self._clock = clock
        self._unreachable: tuple[type[Exception], ...] = (
            discord.DiscordException,
            *_UNREADABLE,
            *network_errors,
        )
        self._refused: dict[GuildId, tuple[datetime, int]] = {}
        self._timed_out: dict[str, list[int]] = {}  # by nonce: the sizes of such uploads
        self._read_to: dict[str, datetime] = {}  # by nonce: what was looked through in vain

    def digest(self, view: CardView) -> str:
        return cards.digest_of(view)

    async def post_card(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        """A picture that is no longer kept is left out."""
        names = cards.picture_names(view.job)
        kept = [(path, name) for path, name in zip(images, names, strict=False) if path.exists()]
        embed = cards.embed_of(view)
        if not kept or kept[0][1] != names[0]:
            embed.set_thumbnail(url=None)
        with self._in_time(delivery, sum(path.stat().st_size for path, _ in kept)):
            return await self._send(
                delivery,
                view.job,
                embed=embed,
                files=lambda: [discord.File(path, name) for path, name in kept],
                view=cards.buttons_of(view),
            )

    async def edit_card(self, delivery: Delivery, view: CardView) -> None:
        message = self._channel(delivery).get_partial_message(delivery.message_id or 0)
        with self._translated(refusals.of_an_edit):
            await message.edit(embed=cards.embed_of(view), view=cards.buttons_of(view))

    async def picture_addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Discord signs them anew whenever a message is read."""
        with self._translated():
            message = await self._channel(delivery).fetch_message(delivery.message_id or 0)
        return cards.picture_addresses(message)

    async def post_film(self, delivery: Delivery, job: Job, film: FittedFilm) -> MessageId:
        with self._in_time(delivery, film.size_bytes):
            return await self._send_film(delivery, job, film)

    async def _send_film(self, delivery: Delivery, job: Job, film: FittedFilm) -> MessageId:
        try:
            return await self._send(
                delivery,
                job,
                content=films.text_of(job, note=film.note),
                files=lambda: [films.file_of(job, film)],
                view=films.buttons_of(job),
            )
        except FileTooLargeError:
            self._remember_refusal(delivery.guild_id, film.size_bytes)
            raise

    async def post_link(
        self, delivery: Delivery, job: Job, addresses: Sequence[str], *, may_attach: bool
    ) -> MessageId:
        text = films.text_of(job, addresses=addresses, may_attach=may_attach)
        return await self._send(delivery, job, content=text, view=films.buttons_of(job))

    async def post_failure(
        self, delivery: Delivery, job: Job, card_id: MessageId | None
    ) -> MessageId:
        content, answered = films.text_without_film(job), _reference(job, card_id)
        return await self._send(delivery, job, content=content, reference=answered)

    async def find_posted(self, delivery: Delivery) -> MessageId | None:
        """Own messages show what is in them whatever the portal's switches say.

        Everything since the first try is read, for any try may have been the one that was posted;
        each message once, though, however often the post is tried.
        """
        begun = delivery.posting_at or delivery.owed_at
        since = self._read_to.get(delivery.nonce, begun) - CLOCKS_DIFFER_BY
        with self._translated():
            await self._ensure_history(delivery)
            async for message in self._channel(delivery).history(limit=None, after=since):
                if message.author == self._client.user and _is_it(message, delivery):
                    self._forget(delivery)
                    return MessageId(message.id)
                self._read_to[delivery.nonce] = message.created_at
        return None

    async def _ensure_history(self, delivery: Delivery) -> None:
        """Where it may not be read, Discord answers that there is none: nobody would know.

        Raises DeliveryUnavailableError.
        """
        channel = self._client.get_channel(delivery.channel_id)
        channel = channel or await self._client.fetch_channel(delivery.channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return
        if channel.guild.unavailable:
            raise DeliveryUnavailableError("its server is away")
        if not channel.permissions_for(channel.guild.me).read_message_history:
            raise DeliveryUnavailableError("I lack Read Message History")

    async def post_notice(self, notice: Notice) -> None:
        channel = self._client.get_partial_messageable(notice.channel_id, guild_id=notice.guild_id)
        with self._translated():
            await channel.send(notice.text, nonce=notice.nonce)

    async def find_notice(self, notice: Notice) -> bool:
        """By its words: saying the same once more would tell nobody anything.

        However much was said since it was first tried; that is a day at most.
        """
        since = (notice.posting_at or notice.owed_at) - CLOCKS_DIFFER_BY
        channel = self._client.get_partial_messageable(notice.channel_id, guild_id=notice.guild_id)
        with self._translated():
            async for message in channel.history(limit=None, after=since):
                if message.author == self._client.user and message.content == notice.text:
                    return True
        return False

    def upload_limit_bytes(self, guild_id: GuildId) -> int:
        guild = self._client.get_guild(guild_id)
        limit = int(UPLOAD_LIMITS[guild.premium_tier if guild else 0] * SAFETY)
        until, refused = self._refused.get(guild_id, (self._clock.now(), limit))
        return min(limit, refused) if until > self._clock.now() else limit

    def message_url(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> str:
        return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}"

    async def _send(self, delivery: Delivery, job: Job, **parts: Any) -> MessageId:
        """As an answer where that is allowed, for the message says as much without."""
        parts = {"reference": _reference(job, job.source_message_id), **parts}
        with self._translated():
            try:
                message_id = await self._try_to_send(delivery, job, **parts)
            except discord.HTTPException as error:
                if error.code != refusals.CANNOT_REPLY:
                    raise
                message_id = await self._try_to_send(delivery, job, **parts | {"reference": None})
        self._forget(delivery)
        return message_id

    async def _try_to_send(
        self, delivery: Delivery, job: Job, *, files: MakeFiles = list, **parts: Any
    ) -> MessageId:
        """`files` makes new ones for each try: discord.py can send a file only once."""
        given = {name: part for name, part in {**parts, "files": files()}.items() if part}
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.user_id)], replied_user=False
        )
        message = await self._channel(delivery).send(
            nonce=_nonce(delivery), allowed_mentions=mentions, **given
        )
        return MessageId(message.id)

    def _forget(self, delivery: Delivery) -> None:
        self._timed_out.pop(delivery.nonce, None)
        self._read_to.pop(delivery.nonce, None)

    def _channel(self, delivery: Delivery) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(delivery.channel_id, guild_id=delivery.guild_id)

    def _remember_refusal(self, guild_id: GuildId, size_bytes: int) -> None:
        until = self._clock.now() + REMEMBER_REFUSAL_FOR
        self._refused[guild_id] = (until, int(size_bytes * SAFETY))

    @contextlib.contextmanager
    def _in_time(self, delivery: Delivery, size_bytes: int) -> Iterator[None]:
        """An upload that ran out of discord.py's five minutes again and again is too large."""
        so_far = self._timed_out.get(delivery.nonce, [])
        if size_bytes and sum(size <= size_bytes for size in so_far) >= MOST_TIMEOUTS:
            raise FileTooLargeError("none of its uploads ended in time")
        try:
            yield
        except DeliveryUnavailableError as error:
            if type(error.__cause__) is TimeoutError:  # its heirs tell of connecting, not uploading
                self._timed_out[delivery.nonce] = [*so_far, size_bytes]
            raise

    @contextlib.contextmanager
    def _translated(self, refusal: Refusal = refusals.of_a_post) -> Iterator[None]:
        try:
            yield
        except discord.HTTPException as error:
            raise refusal(error) from error
        except self._unreachable as error:
            raise DeliveryUnavailableError(type(error).__name__) from error


def _nonce(delivery: Delivery) -> str:
    """Discord cuts nothing: a longer nonce would be refused."""
    if len(delivery.nonce) > NONCE_MAX_CHARACTERS:
        msg = f"{delivery.nonce} is too long for a nonce"
        raise AssertionError(msg)
    return delivery.nonce


def _reference(job: Job, message_id: MessageId | None) -> discord.MessageReference | None:
    if message_id is None:
        return None
    return discord.MessageReference(
        message_id=message_id,
        channel_id=job.channel_id,
        guild_id=job.guild_id,
        fail_if_not_exists=False,
    )


def _is_it(message: discord.Message, delivery: Delivery) -> bool:
    """By the film's button, the card's last line, or the last line of the word of failure."""
    if delivery.kind is DeliveryKind.FILM:
        return custom_ids.spell(Action.DELETE, delivery.job_id) in _custom_ids(message)
    if delivery.kind is DeliveryKind.FAILURE:
        return message.content.endswith(f"\n{films.last_line_of(delivery.job_id)}")
    return any(embed.footer.text == cards.footer_of(delivery.job_id) for embed in message.embeds)


def _custom_ids(message: discord.Message) -> set[str]:
    return {
        item.custom_id
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
        if item.custom_id is not None
    }
