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
HISTORY_MOST = 1000  # messages, a hundred a request
CLOCKS_DIFFER_BY = timedelta(minutes=1)  # Discord's from ours, at most

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
        return await self._send(
            delivery,
            view.job,
            embed=embed,
            files=[discord.File(path, name) for path, name in kept],
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
        try:
            return await self._send(
                delivery,
                job,
                content=films.text_of(job, note=film.note),
                files=[films.file_of(job, film)],
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

        Looked for from the first try to post it on: a film may be owed long before Discord is back.
        """
        since = (delivery.posting_at or delivery.owed_at) - CLOCKS_DIFFER_BY
        history = self._channel(delivery).history(limit=HISTORY_MOST, after=since)
        with self._translated():
            async for message in history:
                if message.author == self._client.user and _is_it(message, delivery):
                    return MessageId(message.id)
        return None

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
        parts = {"reference": _reference(job, job.source_message_id), **parts}
        given = {name: part for name, part in parts.items() if part}
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=[discord.Object(job.user_id)], replied_user=False
        )
        with self._translated():
            message = await self._channel(delivery).send(
                nonce=_nonce(delivery), allowed_mentions=mentions, **given
            )
        return MessageId(message.id)

    def _channel(self, delivery: Delivery) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(delivery.channel_id, guild_id=delivery.guild_id)

    def _remember_refusal(self, guild_id: GuildId, size_bytes: int) -> None:
        until = self._clock.now() + REMEMBER_REFUSAL_FOR
        self._refused[guild_id] = (until, int(size_bytes * SAFETY))

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
