"""A server's settings: the record, its port, and the changes admins make."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from bot.catalog.capability import Kind
from bot.catalog.pricing import dollars
from bot.catalog.recipe import write_recipe
from bot.catalog.request import VideoRequest
from bot.clock import Clock
from bot.errors import InvalidRequestError
from bot.guilds.audit import Actor, AuditNote
from bot.ids import ChannelId, EditId, GuildId, ModelId, ProviderName, UserId

CONFIRM_ABOVE_MICROS = 500_000
MAX_CONFIRM_ABOVE_MICROS = 1_000_000_000


class ButtonsFor(StrEnum):
    """Who may make more of a video with the buttons under it."""

    ANYONE = "anyone"  # at their own cost
    MAKER = "maker"


class PicturesFor(StrEnum):
    """Who may make videos from a member's pictures."""

    ANYONE = "anyone"
    ASK = "ask"  # those whom the member allows, asked once for each picture
    NO_ONE = "no one"  # but the member


class CardPlace(StrEnum):
    """Where the cards of a server's requests are posted."""

    CHANNEL = "channel"  # of the request
    THREAD = "thread"  # of that channel
    OFF = "off"  # nowhere, unless a service must fetch the request's pictures from one


class LogLevel(StrEnum):
    """What a server's log channel is told; each level includes those before it."""

    OFF = "off"
    TROUBLE = "trouble"  # the pool runs low, a service is paused, cards find no thread
    MODERATION = "moderation"  # reports and removed videos
    EVERYTHING = "everything"  # every posted video


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """Settings of a server; videos above `confirm_above_micros` need confirmation.

    The models are those for requests that name none, from text alone or with pictures.
    `keeps_cards` leaves a card beside the video or the failure notice that would replace it.
    `pictures` holds for members who never chose.
    """

    guild_id: GuildId
    confirm_above_micros: int = CONFIRM_ABOVE_MICROS
    log_channel_id: ChannelId | None = None
    buttons: ButtonsFor = ButtonsFor.ANYONE
    has_recipe: bool = True  # whether a video's file says how it was made
    text_model_id: ModelId | None = None
    picture_model_id: ModelId | None = None
    cards: CardPlace = CardPlace.CHANNEL
    keeps_cards: bool = False
    improves_prompts: bool = False  # whether members may pay for better prompts
    pictures: PicturesFor = PicturesFor.ANYONE
    log_level: LogLevel = LogLevel.MODERATION

    def log_channel_for(self, level: LogLevel) -> ChannelId | None:
        """Return the log channel if it is told this."""
        levels = list(LogLevel)
        is_told = levels.index(level) <= levels.index(self.log_level)
        return self.log_channel_id if is_told else None


class GuildStore(Protocol):
    """Servers' settings."""

    async def get(self, guild_id: GuildId) -> GuildSettings: ...

    async def put(self, settings: GuildSettings, noted: AuditNote | None = None) -> None:
        """Write the settings and, in the same transaction, an audit-log entry."""

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]:
        """List the log channels that are told of trouble."""

    async def list_waiting_for(self, provider: ProviderName) -> list[GuildId]:
        """Servers with a job at this provider or queued for it."""


class MemberStore(Protocol):
    """Members' own settings, the same in every server."""

    async def has_recipe(self, user_id: UserId) -> bool:
        """Whether the files of this member's videos say how they were made."""

    async def put_recipe(self, user_id: UserId, *, is_on: bool) -> None: ...

    async def pictures(self, user_id: UserId) -> PicturesFor | None:
        """Who may make videos from this member's pictures; None: they never chose."""

    async def put_pictures(self, user_id: UserId, pictures: PicturesFor) -> None: ...


class Recipes:
    """Writes recipes where both the member and the server want them.

    Decided when the file is written: who switches them off wants none from then on.
    """

    def __init__(self, guilds: GuildStore, members: MemberStore) -> None:
        self._guilds = guilds
        self._members = members

    async def of(self, guild_id: GuildId, user_id: UserId, request: VideoRequest) -> str | None:
        """Return the recipe to write into the request's video, if any."""
        if not (await self._guilds.get(guild_id)).has_recipe:
            return None
        return write_recipe(request) if await self._members.has_recipe(user_id) else None

    async def of_member(self, user_id: UserId) -> bool:
        return await self._members.has_recipe(user_id)

    async def switch(self, user_id: UserId, *, is_on: bool) -> None:
        """Set whether the files of this member's videos say how they were made, in every server."""
        await self._members.put_recipe(user_id, is_on=is_on)


class GuildAdmin:
    """Changes settings and audits each change; callers check the permission."""

    def __init__(self, guilds: GuildStore, clock: Clock, new_edit_id: Callable[[], EditId]) -> None:
        self._guilds = guilds
        self._clock = clock
        self._new_edit_id = new_edit_id

    async def settings(self, guild_id: GuildId) -> GuildSettings:
        return await self._guilds.get(guild_id)

    async def confirm_above(self, guild_id: GuildId, user_id: UserId, micros: int) -> GuildSettings:
        """Set the confirmation threshold.

        Raises InvalidRequestError below $0 or above $1000.
        """
        if not 0 <= micros <= MAX_CONFIRM_ABOVE_MICROS:
            raise InvalidRequestError(["Choose an amount between $0 and $1,000."])
        before = await self._guilds.get(guild_id)
        details = (dollars(before.confirm_above_micros), dollars(micros))
        after = replace(before, confirm_above_micros=micros)
        return await self._put(before, after, user_id, "confirm above", *details)

    async def log_to(
        self,
        guild_id: GuildId,
        user_id: UserId,
        channel_id: ChannelId | None,
        level: LogLevel | None = None,
    ) -> GuildSettings:
        """Set the log channel, what it is told, or both; with neither, there is none."""
        before = await self._guilds.get(guild_id)
        is_same = channel_id is None and level is not None
        after = replace(
            before,
            log_channel_id=before.log_channel_id if is_same else channel_id,
            log_level=level or before.log_level,
        )
        where = "off" if after.log_channel_id is None else f"<#{after.log_channel_id}>"
        return await self._put(before, after, user_id, f"log channel {where}, {after.log_level}")

    async def let_press(
        self, guild_id: GuildId, user_id: UserId, buttons: ButtonsFor
    ) -> GuildSettings:
        """Set who may use the buttons under a video."""
        before = await self._guilds.get(guild_id)
        after = replace(before, buttons=buttons)
        return await self._put(before, after, user_id, "buttons", before.buttons, buttons)

    async def write_recipes(
        self, guild_id: GuildId, user_id: UserId, *, is_on: bool
    ) -> GuildSettings:
        """Set whether a video's file says how it was made."""
        before = await self._guilds.get(guild_id)
        after = replace(before, has_recipe=is_on)
        return await self._put(before, after, user_id, f"recipe {'on' if is_on else 'off'}")

    async def improve_prompts(
        self, guild_id: GuildId, user_id: UserId, *, is_on: bool
    ) -> GuildSettings:
        """Set whether members may pay for better prompts."""
        before = await self._guilds.get(guild_id)
        after = replace(before, improves_prompts=is_on)
        return await self._put(
            before, after, user_id, f"improve prompts {'on' if is_on else 'off'}"
        )

    async def share_pictures(
        self, guild_id: GuildId, user_id: UserId, pictures: PicturesFor
    ) -> GuildSettings:
        """Set who may make videos from the pictures of members who never chose."""
        before = await self._guilds.get(guild_id)
        after = replace(before, pictures=pictures)
        return await self._put(
            before, after, user_id, "pictures default", before.pictures, pictures
        )

    async def default_model(
        self, guild_id: GuildId, user_id: UserId, kind: Kind, model_id: ModelId | None
    ) -> GuildSettings:
        """Set the model for text or pictures; None: the cheapest that can do what is asked."""
        before = await self._guilds.get(guild_id)
        if kind is Kind.TEXT:
            was, after = before.text_model_id, replace(before, text_model_id=model_id)
            what = "default model for text"
        else:
            was, after = before.picture_model_id, replace(before, picture_model_id=model_id)
            what = "default model for pictures"
        return await self._put(
            before, after, user_id, what, was or "cheapest", model_id or "cheapest"
        )

    async def show_cards(
        self, guild_id: GuildId, user_id: UserId, cards: CardPlace, *, keep: bool
    ) -> GuildSettings:
        """Set where cards are posted, and whether they stay."""
        before = await self._guilds.get(guild_id)
        after = replace(before, cards=cards, keeps_cards=keep)
        details = (_words_of(before), _words_of(after))
        return await self._put(before, after, user_id, "cards", *details)

    async def _put(
        self, before: GuildSettings, after: GuildSettings, user_id: UserId, *words: str
    ) -> GuildSettings:
        if after != before:
            key, now = self._new_edit_id(), self._clock.now()
            by = Actor(after.guild_id, user_id, key, now)
            await self._guilds.put(after, AuditNote(by, *words))
        return after


def _words_of(settings: GuildSettings) -> str:
    return f"{settings.cards}, kept" if settings.keeps_cards else settings.cards.value
