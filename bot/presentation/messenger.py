"""The messenger: brings cards, videos and failure notices to Discord as messages of the bot.

Never through an interaction's token, which dies after fifteen minutes. Every post carries a nonce
of ours, because discord.py's own is new after a restart, and every error is translated here.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from json import JSONDecodeError
from pathlib import Path
from typing import Any, cast

import discord

from bot.clock import Clock
from bot.delivery.messenger import CardView, PrivateAnswer
from bot.errors import (
    DeliveryError,
    DeliveryUnavailableError,
    FileTooLargeError,
    NotAllowedError,
    NoThreadsError,
)
from bot.guilds.notices import TO_ADMINS, TO_MEMBER, Notice, TemporaryMessage
from bot.ids import ChannelId, GuildId, MessageId
from bot.instants import CLOCKS_DIFFER_BY
from bot.jobs.files import FittedVideo
from bot.jobs.job import Job
from bot.jobs.messages import NONCE_MAX_CHARACTERS, Delivery, DeliveryKind
from bot.presentation import cards, discord_errors, videos, widgets
from bot.presentation.escaping import plain
from bot.presentation.widgets import Action

MB = 1024 * 1024
SEARCHED_BACK = timedelta(days=1)  # for a post that was noted by a clock that was ahead
UPLOAD_LIMITS = {0: 20 * MB, 1: 20 * MB, 2: 50 * MB, 3: 100 * MB}  # by boost tier, since 2026-09
SAFETY = 0.99
REMEMBER_REFUSAL_FOR = timedelta(days=1)
MAX_TIMEOUTS = 3  # of one upload
THREAD_NAME = "Video requests"

NO_LOG_CHANNEL = "-# Choose where I say such things with `/settings log-channel`."

KeptPicture = tuple[Path, str, str]  # with its name and its description
MakeFiles = Callable[[], list[discord.File]]
Refusal = Callable[[discord.HTTPException], DeliveryError]

_UNREADABLE = (JSONDecodeError, UnicodeDecodeError)  # what was asked may have been done


class DiscordMessenger:
    """The port `Messenger` over one discord.py client.

    `network_errors` are what its HTTP library raises when a connection breaks.
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
        """Post the card without pictures that are no longer kept."""
        embed, kept = cards.embed_of(view), _kept(view.job, images)
        if not kept or kept[0][1] != cards.picture_names(view.job)[0]:
            embed.set_thumbnail(url=None)
        given = {"content": cards.text_of(view.job), "embed": embed}
        return await self._send_with_pictures(delivery, view, kept, given)

    async def _send_with_pictures(
        self, delivery: Delivery, view: CardView, kept: Sequence[KeptPicture], given: dict[str, Any]
    ) -> MessageId:
        with self._in_time(delivery, sum(path.stat().st_size for path, *_ in kept)):
            return await self._send(
                delivery,
                view.job,
                files=lambda: [
                    discord.File(path, name, description=text) for path, name, text in kept
                ],
                view=cards.buttons_of(view),
                **given,
            )

    async def edit_card(self, delivery: Delivery, view: CardView) -> None:
        message = self._channel(delivery).get_partial_message(delivery.message_id or 0)
        with self._translated(discord_errors.of_an_edit):
            await message.edit(
                embed=cards.embed_of(view),
                view=cards.buttons_of(view),
                allowed_mentions=discord.AllowedMentions.none(),  # an edit decides this again
            )

    async def picture_addresses(self, delivery: Delivery) -> tuple[str, ...]:
        """Read the pictures' addresses, which Discord signs again at each read."""
        with self._translated():
            message = await self._channel(delivery).fetch_message(delivery.message_id or 0)
        return cards.picture_addresses(message)

    async def video_address(self, delivery: Delivery) -> str | None:
        with self._translated():
            message = await self._channel(delivery).fetch_message(delivery.message_id or 0)
        found = (one.url for one in message.attachments if one.filename.endswith(".mp4"))
        return next(found, None)

    async def post_video(self, delivery: Delivery, view: CardView, video: FittedVideo) -> MessageId:
        with self._in_time(delivery, video.size_bytes):
            return await self._send_video(delivery, view, video)

    async def _send_video(
        self, delivery: Delivery, view: CardView, video: FittedVideo
    ) -> MessageId:
        job = view.job
        try:
            return await self._send(
                delivery,
                job,
                content=videos.text_of(job, model_name=view.model_name, note=video.note),
                files=lambda: [videos.file_of(job, video)],
                view=videos.buttons_of(job),
            )
        except FileTooLargeError:
            self._remember_refusal(delivery.guild_id, video.size_bytes)
            raise

    async def post_link(
        self, delivery: Delivery, view: CardView, addresses: Sequence[str], *, may_attach: bool
    ) -> MessageId:
        job, name = view.job, view.model_name
        text = videos.text_of(job, model_name=name, addresses=addresses, may_attach=may_attach)
        return await self._send(delivery, job, content=text, view=videos.buttons_of(job))

    async def post_failure(
        self, delivery: Delivery, view: CardView, images: Sequence[Path]
    ) -> MessageId:
        given = {"content": videos.text_without_video(view.job, model_name=view.model_name)}
        return await self._send_with_pictures(delivery, view, _kept(view.job, images), given)

    async def find_posted(self, delivery: Delivery) -> MessageId | None:
        """Search the channel; the bot's own messages show their content without any intent.

        Everything since the first try is read, for any try may have been the one that was posted;
        each message once, though, however often the post is tried.
        """
        begun = self._begun(delivery.posting_at or delivery.owed_at)
        since = self._read_to.get(delivery.nonce, begun) - CLOCKS_DIFFER_BY
        with self._translated():
            await self._ensure_history(delivery)
            async for message in self._channel(delivery).history(limit=None, after=since):
                if message.author == self._client.user and _is_it(message, delivery):
                    self.forget(delivery)
                    return MessageId(message.id)
                self._read_to[delivery.nonce] = message.created_at
        return None

    def _begun(self, noted: datetime) -> datetime:
        """Start of a post by Discord's clock; one in the future was noted by a wrong clock."""
        now = self._clock.now()
        return noted if noted <= now else now - SEARCHED_BACK

    async def _ensure_history(self, delivery: Delivery) -> None:
        """Check that the history is readable: without the permission, Discord returns none.

        Raises DeliveryUnavailableError.
        """
        channel = self._client.get_channel(delivery.channel_id)
        channel = channel or await self._client.fetch_channel(delivery.channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return
        if channel.guild.unavailable:
            raise DeliveryUnavailableError("its server is away")
        if not channel.permissions_for(channel.guild.me).read_message_history:
            raise DeliveryUnavailableError("I'm missing the Read Message History permission")

    async def open_thread(self, channel_id: ChannelId) -> ChannelId:
        """Open the thread, or return one of an earlier process, perhaps archived since."""
        with self._translated():
            channel = self._client.get_channel(channel_id)
            channel = channel or await self._client.fetch_channel(channel_id)
            if isinstance(channel, discord.Thread):
                return channel_id
            if not isinstance(channel, discord.TextChannel):
                raise NoThreadsError(type(channel).__name__)
            if channel.guild.unavailable:
                raise DeliveryUnavailableError("its server is away")
            missing = _missing_in_threads(channel.permissions_for(channel.guild.me))
            if missing:
                raise NotAllowedError(missing)
            found = await self._own_thread(channel)
            return ChannelId((found or await _open_thread(channel)).id)

    async def _own_thread(self, channel: discord.TextChannel) -> discord.Thread | None:
        for thread in await channel.guild.active_threads():
            if thread.parent_id == channel.id and self._is_for_cards(thread):
                return thread
        async for thread in channel.archived_threads(limit=None):
            if self._is_for_cards(thread):
                return thread
        return None

    def _is_for_cards(self, thread: discord.Thread) -> bool:
        own = self._client.user
        return own is not None and thread.owner_id == own.id and thread.name == THREAD_NAME

    async def post_notice(self, notice: Notice) -> None:
        with self._translated():
            channel, text = await self._for_notice(notice)
            given: dict[str, Any] = {}
            if notice.mentions is not None:
                member = discord.Object(notice.mentions)
                given["allowed_mentions"] = discord.AllowedMentions(users=[member])
                given["suppress_embeds"] = True  # of the link to the picture
            if notice.question_id is not None:
                given["view"] = videos.answers_to(notice.question_id)
            await channel.send(text, nonce=notice.nonce, **given)

    async def find_notice(self, notice: Notice) -> bool:
        """Search by the text, or a question's buttons: posting the same again would add nothing.

        Reads everything since the first try, a day at most.
        """
        since = self._begun(notice.posting_at or notice.owed_at) - CLOCKS_DIFFER_BY
        with self._translated():
            channel, text = await self._for_notice(notice)
            async for message in channel.history(limit=None, after=since):
                if message.author == self._client.user and _is_notice(message, notice, text):
                    return True
        return False

    async def delete_message(self, message: TemporaryMessage) -> None:
        """Delete a message of the bot, which needs only the permission to see the channel."""
        channel = self._client.get_partial_messageable(
            message.channel_id, guild_id=message.guild_id
        )
        with self._translated():
            await channel.get_partial_message(message.message_id).delete()

    async def edit_answer(self, answer: PrivateAnswer, view: CardView, *, is_last: bool) -> None:
        """Edit by the token alone, which needs no permission."""
        with self._translated(discord_errors.of_an_answer):
            await self._webhook(answer).edit_message(
                _name_of(answer),
                content=cards.text_of_answer(answer.text, view, is_last=is_last),
                view=cards.buttons_of(view),
                allowed_mentions=discord.AllowedMentions.none(),
            )

    async def delete_answer(self, answer: PrivateAnswer) -> None:
        with self._translated(discord_errors.of_an_answer):
            await self._webhook(answer).delete_message(_name_of(answer))

    def _webhook(self, answer: PrivateAnswer) -> discord.Webhook:
        """The webhook of the application, which takes an interaction's token."""
        return discord.Webhook.partial(answer.application_id, answer.token, client=self._client)

    async def _for_notice(self, notice: Notice) -> tuple[discord.abc.Messageable, str]:
        """The channel of a notice, and its text there.

        Without a log channel: to the channel in which Discord tells the staff of changes, where
        the bot may write there, else to the server's owner. A member reads in direct messages
        which server it is about. Raises DeliveryUnavailableError while the server is not known,
        for another process may know it.
        """
        if notice.channel_id not in {TO_ADMINS, TO_MEMBER}:
            return self._client.get_partial_messageable(
                notice.channel_id, guild_id=notice.guild_id
            ), notice.text
        guild = self._client.get_guild(notice.guild_id)
        if guild is None or guild.owner_id is None:
            raise DeliveryUnavailableError("its server is not known here")
        text = f"**{plain(guild.name, most=100)}**: {notice.text}"
        if notice.channel_id == TO_MEMBER:
            return await self._client.create_dm(discord.Object(notice.mentions or 0)), text
        text = f"{text}\n{NO_LOG_CHANNEL}"
        staff = guild.public_updates_channel
        if staff is not None and _may_write(staff.permissions_for(guild.me)):
            return staff, text
        return await self._client.create_dm(discord.Object(guild.owner_id)), text

    def upload_limit_bytes(self, guild_id: GuildId) -> int:
        guild = self._client.get_guild(guild_id)
        limit = int(UPLOAD_LIMITS[guild.premium_tier if guild else 0] * SAFETY)
        until, refused = self._refused.get(guild_id, (self._clock.now(), limit))
        return min(limit, refused) if until > self._clock.now() else limit

    def message_url(self, guild_id: GuildId, channel_id: ChannelId, message_id: MessageId) -> str:
        return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}"

    async def _send(self, delivery: Delivery, job: Job, **parts: Any) -> MessageId:
        """Send as a reply where that is allowed, else as a message of its own."""
        is_elsewhere = delivery.channel_id != job.channel_id  # where Discord takes no such answer
        reference = None if is_elsewhere else _reference(job, job.source_message_id)
        parts = {"reference": reference, **parts}
        with self._translated():
            try:
                message_id = await self._try_to_send(delivery, job, **parts)
            except discord.HTTPException as error:
                if error.code != discord_errors.CANNOT_REPLY:
                    raise
                message_id = await self._try_to_send(delivery, job, **parts | {"reference": None})
        self.forget(delivery)
        return message_id

    async def _try_to_send(
        self, delivery: Delivery, job: Job, *, files: MakeFiles = list, **parts: Any
    ) -> MessageId:
        """Send once; `files` makes new ones, since discord.py can send a file only once."""
        given = {name: part for name, part in {**parts, "files": files()}.items() if part}
        is_card = delivery.kind is DeliveryKind.CARD
        if not is_card:  # it quotes a member, whose links are not to be shown in our name
            given["suppress_embeds"] = True
        mentioned = [] if is_card else [discord.Object(job.user_id)]
        mentions = discord.AllowedMentions(
            everyone=False, roles=False, users=mentioned, replied_user=False
        )
        message = await self._channel(delivery).send(
            nonce=_nonce(delivery), allowed_mentions=mentions, **given
        )
        return MessageId(message.id)

    def forget(self, delivery: Delivery) -> None:
        self._timed_out.pop(delivery.nonce, None)
        self._read_to.pop(delivery.nonce, None)

    def _channel(self, delivery: Delivery) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(delivery.channel_id, guild_id=delivery.guild_id)

    def _remember_refusal(self, guild_id: GuildId, size_bytes: int) -> None:
        until = self._clock.now() + REMEMBER_REFUSAL_FOR
        self._refused[guild_id] = (until, int(size_bytes * SAFETY))

    @contextlib.contextmanager
    def _in_time(self, delivery: Delivery, size_bytes: int) -> Iterator[None]:
        """Treat an upload as too large that often exceeded discord.py's five minutes."""
        so_far = self._timed_out.get(delivery.nonce, [])
        if size_bytes and sum(size <= size_bytes for size in so_far) >= MAX_TIMEOUTS:
            raise FileTooLargeError("none of its uploads ended in time")
        try:
            yield
        except DeliveryUnavailableError as error:
            if type(error.__cause__) is TimeoutError:  # its heirs tell of connecting, not uploading
                self._timed_out[delivery.nonce] = [*so_far, size_bytes]
            raise

    @contextlib.contextmanager
    def _translated(self, refusal: Refusal = discord_errors.of_a_post) -> Iterator[None]:
        try:
            yield
        except discord.HTTPException as error:
            raise refusal(error) from error
        except discord.RateLimited as error:
            raise DeliveryUnavailableError(
                "rate limited", retry_after_seconds=error.retry_after
            ) from error
        except self._unreachable as error:
            raise DeliveryUnavailableError(type(error).__name__) from error


def _name_of(answer: PrivateAnswer) -> int:
    """The answer's id, or `@original`, which discord.py puts into the same path."""
    return cast(int, "@original") if answer.message_id is None else answer.message_id


def _kept(job: Job, images: Sequence[Path]) -> list[KeptPicture]:
    """The request's pictures that are still kept."""
    given = zip(images, cards.picture_names(job), cards.picture_texts(job), strict=False)
    return [(path, name, text) for path, name, text in given if path.exists()]


_NEEDED_IN_THREADS = ("view_channel", "send_messages_in_threads", "create_public_threads")


def _missing_in_threads(permissions: discord.Permissions) -> str:
    """Missing permissions for threads; the others are checked with every request."""
    return ", ".join(name for name in _NEEDED_IN_THREADS if not getattr(permissions, name))


async def _open_thread(channel: discord.TextChannel) -> discord.Thread:
    kinds = discord.ChannelType
    return await channel.create_thread(
        name=THREAD_NAME,
        type=kinds.news_thread if channel.is_news() else kinds.public_thread,
        auto_archive_duration=1440,  # minutes without a post; the next card reopens it
    )


def _may_write(permissions: discord.Permissions) -> bool:
    return permissions.view_channel and permissions.send_messages


def _nonce(delivery: Delivery) -> str:
    """The nonce; Discord would refuse a longer one."""
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


def _is_notice(message: discord.Message, notice: Notice, text: str) -> bool:
    """Two questions about one message may have the same words, so that their buttons count."""
    if notice.question_id is None:
        return message.content == text
    return widgets.spell(Action.ALLOW, notice.question_id) in widgets.custom_ids(message)


def _is_it(message: discord.Message, delivery: Delivery) -> bool:
    """Match the video's button, or the last line of the card or failure notice."""
    if delivery.kind is DeliveryKind.VIDEO:
        return widgets.job_in(widgets.custom_ids(message)) == delivery.job_id
    if delivery.kind is DeliveryKind.FAILURE:
        return message.content.endswith(f"\n{videos.last_line_of(delivery.job_id)}")
    return any(embed.footer.text == cards.footer_of(delivery.job_id) for embed in message.embeds)
