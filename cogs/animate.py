"""🎬 on a picture makes it move; so does the message command "Animate".

The reaction may be on any message that the bot can read, however old. Each of its pictures
becomes one job per member, and taking the reaction back calls off what was not yet submitted.
"""

import hashlib
import logging
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Client
from bot.domain.deliveries import NONCE_MAX_CHARACTERS
from bot.domain.offers import OFFER_HOLDS_FOR, Place
from bot.domain.requests import VideoRequest
from bot.errors import DuplicateRequestError, StorageError, UserFacingError
from bot.ids import ChannelId, GuildId, IdempotencyKey, MessageId, UserId
from bot.presentation import replies
from cogs._private import asking, pictures
from cogs._private.asking import Said
from cogs._private.pictures import Picture
from cogs._private.places import (
    ensure_may_post,
    is_thread,
    missing_permissions,
    parent_of,
    place_of,
    roles_of,
)

_log = logging.getLogger(__name__)

TRIGGER = "🎬"
PROMPT = "Bring this picture to life with gentle, natural motion."
ERROR_STANDS_SECONDS = 60.0
READING_PAUSES_SECONDS = (0.0, 1.0, 3.0, 10.0)  # before each try to read a message
OFFER_HOLDS_SECONDS = OFFER_HOLDS_FOR.total_seconds()
_VARIATION_SELECTOR = "\N{VARIATION SELECTOR-16}"


class Animate(commands.Cog):
    """Starts a job for each picture of a message; `_wanted` holds reactions being worked on."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = client.services
        self._wanted: set[tuple[int | None, int]] = set()  # (message, user)
        self._menu = app_commands.ContextMenu(name="Animate", callback=self._animate_by_menu)
        self._menu.guild_only = True

    async def cog_load(self) -> None:
        self._client.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        self._client.tree.remove_command(self._menu.name, type=self._menu.type)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        if event.guild_id is None or not _is_trigger(event.emoji) or _is_bot(event):
            return
        wish = (event.message_id, event.user_id)
        self._wanted.add(wish)
        try:
            await self._animate_by_reaction(event)
        finally:
            self._wanted.discard(wish)

    @commands.Cog.listener()
    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        if event.guild_id is None or not _is_trigger(event.emoji):
            return
        self._wanted.discard((event.message_id, event.user_id))
        await self._services.cancelling.call_off_reaction(
            MessageId(event.message_id), UserId(event.user_id)
        )

    async def _animate_by_reaction(self, event: discord.RawReactionActionEvent) -> None:
        if not self._may_post(event):
            _log.info("reaction_where_i_may_not_post", extra={"channel_id": event.channel_id})
            return
        message = await self._read(event)
        found = [] if message is None else pictures.of_message(message)
        if message is None or not found:
            return  # videos and words are left alone
        place = _place(event, self._client.get_channel(event.channel_id))
        for picture in found[: pictures.MOST_PICTURES]:
            if not self._is_wanted(place):
                return
            await self._animate_while_wanted(picture, message, place)

    async def _animate_while_wanted(
        self, picture: Picture, message: discord.Message, place: Place
    ) -> None:
        """Nothing is made, and nothing said, for who takes the reaction back meanwhile."""
        try:
            request = await self._request(picture)
            if not self._is_wanted(place):
                return
            text, view = await self._ask(request, picture, place)
        except DuplicateRequestError:
            return  # once per picture and member, however often it is pressed
        except (UserFacingError, StorageError) as error:
            await self._tell(message, picture, place.user_id, replies.sentence(error))
            return
        if not self._is_wanted(place):  # too late for the listener to have seen this job
            await self._call_off(place)
        elif view is not None:  # there is a price to confirm
            await self._tell(message, picture, place.user_id, text, view)

    def _is_wanted(self, place: Place) -> bool:
        return (place.source_message_id, place.user_id) in self._wanted

    async def _call_off(self, place: Place) -> None:
        if place.source_message_id is not None:
            cancelling = self._services.cancelling
            await cancelling.call_off_reaction(place.source_message_id, place.user_id)

    def _may_post(self, event: discord.RawReactionActionEvent) -> bool:
        """Whether the film could be posted there; of a channel that is not known, nobody knows."""
        channel = self._client.get_channel(event.channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        permissions = channel.permissions_for(channel.guild.me)
        return not missing_permissions(permissions, thread=is_thread(channel))

    async def _read(self, event: discord.RawReactionActionEvent) -> discord.Message | None:
        """Nobody hears of a reaction twice, so its message is asked for more than once."""
        channel = self._client.get_partial_messageable(event.channel_id, guild_id=event.guild_id)
        told, trouble = {"message_id": event.message_id}, None
        for pause in READING_PAUSES_SECONDS:
            await self._services.clock.sleep(pause)
            try:
                return await channel.fetch_message(event.message_id)
            except (discord.NotFound, discord.Forbidden):
                _log.info("reaction_unreadable", extra=told)
                return None
            except Exception as error:  # noqa: BLE001 - Discord is down, or the connection broke
                trouble = error
        _log.warning("reaction_lost", extra=told, exc_info=trouble)
        return None

    async def _request(self, picture: Picture) -> VideoRequest:
        pictures.ensure_small_enough(picture.size_bytes, picture.name)
        image = await self._services.images.fetch(picture.address, name=picture.name)
        model_id = self._services.quoting.default_model(from_image=True)
        return VideoRequest(prompt=PROMPT, model_id=model_id, image=image)

    async def _ask(self, request: VideoRequest, picture: Picture, place: Place) -> Said:
        key = IdempotencyKey(f"reaction:{place.source_message_id}:{picture.key}:{place.user_id}")
        return await asking.ask(self._services, request, place, key)

    async def _tell(
        self,
        message: discord.Message,
        picture: Picture,
        user_id: UserId,
        text: str,
        view: discord.ui.View | None = None,
    ) -> None:
        """A reaction has no private answer: say it in the channel, to the member alone.

        Every process hears of every reaction; the nonce lets Discord keep one of their answers.
        """
        given: dict[str, Any] = {} if view is None else {"view": view}
        subject = f"{message.id}:{picture.key}:{user_id}"
        given["nonce"] = _nonce(subject, self._services.clock.now())
        try:
            await message.channel.send(
                f"<@{user_id}> {text}",
                allowed_mentions=discord.AllowedMentions(users=[discord.Object(user_id)]),
                reference=message.to_reference(fail_if_not_exists=False),
                delete_after=ERROR_STANDS_SECONDS if view is None else OFFER_HOLDS_SECONDS,
                **given,
            )
        except discord.Forbidden:
            _log.info("reaction_unanswerable", extra={"message_id": message.id})

    async def _animate_by_menu(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        await interaction.response.defer(ephemeral=True)
        place = place_of(interaction, message)
        ensure_may_post(interaction.app_permissions, thread=is_thread(interaction.channel))
        found = pictures.of_message(message)[: pictures.MOST_PICTURES]
        if not found:
            file_name = next((file.filename for file in message.attachments), None)
            await interaction.edit_original_response(content=replies.no_picture(file_name))
            return
        first, *others = [await self._make_and_say(picture, place) for picture in found]
        await asking.show(interaction, first)
        for text, view in others:
            given: dict[str, Any] = {} if view is None else {"view": view}
            await interaction.followup.send(text, ephemeral=True, **given)

    async def _make_and_say(self, picture: Picture, place: Place) -> Said:
        try:
            return await self._ask(await self._request(picture), picture, place)
        except UserFacingError as error:
            return replies.sentence(error), None


def _is_trigger(emoji: discord.PartialEmoji) -> bool:
    return emoji.id is None and emoji.name.replace(_VARIATION_SELECTOR, "") == TRIGGER


def _is_bot(event: discord.RawReactionActionEvent) -> bool:
    return event.member is not None and event.member.bot


def _nonce(subject: str, now: datetime) -> str:
    """Of what is said about this within a minute, after which it may be asked and said again."""
    told = f"{subject}:{now.timestamp() // 60}"
    return hashlib.sha256(told.encode()).hexdigest()[:NONCE_MAX_CHARACTERS]


def _place(event: discord.RawReactionActionEvent, channel: object) -> Place:
    return Place(
        guild_id=GuildId(event.guild_id or 0),
        channel_id=ChannelId(event.channel_id),
        user_id=UserId(event.user_id),
        source_message_id=MessageId(event.message_id),
        parent_id=parent_of(channel),
        role_ids=roles_of(event.member),
    )


async def setup(client: Client) -> None:
    await client.add_cog(Animate(client))
