"""The ports of servers: settings, presets, members' settings, notices, threads and offers."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.catalog.presets import Preset, PresetOwner
from bot.catalog.request import Origin
from bot.delivery.threads import CardThread, ThreadTrouble
from bot.errors import DatabaseBusyError, LeaseLostError, OfferExpiredError
from bot.guilds.audit import AuditNote
from bot.guilds.notices import (
    MAX_PUT_OFF,
    MAX_STANDS,
    Notice,
    NoticeState,
    TemporaryMessage,
)
from bot.guilds.settings import ButtonsFor, CardPlace, GuildSettings, LogLevel, PicturesFor
from bot.ids import (
    ChannelId,
    GuildId,
    IdempotencyKey,
    MessageId,
    ModelId,
    NoticeId,
    OfferId,
    ProviderName,
    QuestionId,
    UserId,
)
from bot.instants import CLOCKS_DIFFER_BY
from bot.ordering.offers import Offer
from bot.ordering.presets import Saving
from bot.retries import LONGEST_WAIT
from bot.storage import rows
from bot.storage.engines.batching import Batching
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.rows import Parameters, Row


class SqlGuildStore:
    """Servers' settings in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = Batching(self._list)  # videos that are ready together ask together

    async def _list(self, guild_ids: Sequence[GuildId]) -> dict[GuildId, Row]:
        found = await self._engine.read_all("list_guild_settings", ids=json.dumps(guild_ids))
        return {GuildId(row["guild_id"]): row for row in found}

    async def get(self, guild_id: GuildId) -> GuildSettings:
        return settings_from(await self._known.ask(guild_id), guild_id)

    async def put(self, settings: GuildSettings, noted: AuditNote | None = None) -> None:
        async with self._engine.transaction() as tx:
            await tx.one(
                "put_guild_settings",
                guild_id=settings.guild_id,
                confirm_above_micros=settings.confirm_above_micros,
                log_channel_id=settings.log_channel_id,
                buttons=settings.buttons,
                has_recipe=int(settings.has_recipe),
                text_model_id=settings.text_model_id,
                picture_model_id=settings.picture_model_id,
                cards=settings.cards.value,
                keeps_cards=int(settings.keeps_cards),
                improves_prompts=int(settings.improves_prompts),
                pictures=settings.pictures.value,
                log_level=settings.log_level.value,
            )
            if noted is not None:
                await record(tx, noted)

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]:
        found = await self._engine.read_all("list_log_channels")
        return [(GuildId(row["guild_id"]), ChannelId(row["log_channel_id"])) for row in found]

    async def list_waiting_for(self, provider: ProviderName) -> list[GuildId]:
        found = await self._engine.read_all("list_guilds_waiting_for", provider=provider)
        return [GuildId(row["guild_id"]) for row in found]


def settings_from(row: Row | None, guild_id: GuildId) -> GuildSettings:
    """A server's settings; the default ones if it never changed any."""
    if row is None:
        return GuildSettings(guild_id)
    channel, text, picture = (
        row[name] for name in ("log_channel_id", "text_model_id", "picture_model_id")
    )
    return GuildSettings(
        guild_id,
        row["confirm_above_micros"],
        None if channel is None else ChannelId(channel),
        buttons=ButtonsFor(row["buttons"]),
        has_recipe=bool(row["has_recipe"]),
        text_model_id=None if text is None else ModelId(text),
        picture_model_id=None if picture is None else ModelId(picture),
        cards=CardPlace(row["cards"]),
        keeps_cards=bool(row["keeps_cards"]),
        improves_prompts=bool(row["improves_prompts"]),
        pictures=PicturesFor(row["pictures"]),
        log_level=LogLevel(row["log_level"]),
    )


async def record(tx: SqlTransaction, noted: AuditNote) -> None:
    """Write a change of a server into its history, in the change's own transaction."""
    await tx.one(
        "insert_history",
        id=noted.by.key,
        guild_id=noted.by.guild_id,
        at=rows.milliseconds(noted.by.at),
        actor_id=noted.by.user_id,
        what=noted.what,
        before=noted.before,
        after=noted.after,
    )


class SqlPresetStore:
    """Presets in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, preset: Preset, most: int, noted: AuditNote | None = None) -> Saving:
        for _ in range(most + 1):  # another process may take the slot, once for each there is
            found = await self._try(preset, most, noted)
            if found is not None:
                return found
        msg = "every free slot of a preset was taken at the same time"
        raise DatabaseBusyError(msg)

    async def _try(self, preset: Preset, most: int, noted: AuditNote | None) -> Saving | None:
        """None where another process took the name or the slot in the meantime."""
        guild_id, user_id = _owner_ids(preset.owner)
        async with self._engine.transaction() as tx:
            own = await tx.all("list_own_presets", guild_id=guild_id, user_id=user_id)
            free = set(range(1, most + 1)) - {row["slot"] for row in own}
            if preset.key in {row["name_key"] for row in own}:
                return Saving.NAME_TAKEN
            if not free:
                return Saving.FULL
            written = await tx.one(
                "insert_preset",
                guild_id=guild_id,
                user_id=user_id,
                name_key=preset.key,
                slot=min(free),
                name=preset.name,
                request=rows.request_json(preset.request),
            )
            if written is None:
                return None
            if noted is not None:
                await record(tx, noted)
            return Saving.SAVED

    async def list_for(self, guild_id: GuildId, user_id: UserId) -> list[Preset]:
        found = await self._engine.read_all("list_presets", guild_id=guild_id, user_id=user_id)
        presets = self._engine.readable(found, preset_from)
        # not in SQL: each database orders letters in its own way
        return sorted(presets, key=lambda one: (one.owner.is_server, one.key))

    async def delete(self, owner: PresetOwner, key: str, noted: AuditNote | None = None) -> bool:
        guild_id, user_id = _owner_ids(owner)
        async with self._engine.transaction() as tx:
            gone = await tx.one("delete_preset", guild_id=guild_id, user_id=user_id, name_key=key)
            if gone is not None and noted is not None:
                await record(tx, noted)
            return gone is not None


def _owner_ids(owner: PresetOwner) -> tuple[int, int]:
    return owner.guild_id or 0, owner.user_id or 0


def preset_from(row: Row) -> Preset:
    guild_id, user_id = row["guild_id"], row["user_id"]
    with rows.reading(f"preset {row['name_key']} of {guild_id or user_id}"):
        owner = (
            PresetOwner(guild_id=GuildId(guild_id))
            if guild_id
            else PresetOwner(user_id=UserId(user_id))
        )
        return Preset(owner, row["name"], rows.request_from(row["request"]))


class SqlFavoriteStore:
    """Members' favorite models in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, guild_id: GuildId, user_id: UserId) -> ModelId | None:
        row = await self._engine.read_one("get_favorite_model", guild_id=guild_id, user_id=user_id)
        return None if row is None else ModelId(row["model_id"])

    async def put(self, guild_id: GuildId, user_id: UserId, model_id: ModelId | None) -> None:
        if model_id is None:
            await self._engine.write("remove_favorite_model", guild_id=guild_id, user_id=user_id)
        else:
            await self._engine.write(
                "put_favorite_model", guild_id=guild_id, user_id=user_id, model_id=model_id
            )


class SqlMemberStore:
    """Members' own settings in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known = Batching(self._list)

    async def _list(self, user_ids: Sequence[UserId]) -> dict[UserId, Row]:
        found = await self._engine.read_all("list_member_settings", ids=json.dumps(user_ids))
        return {UserId(row["user_id"]): row for row in found}

    async def has_recipe(self, user_id: UserId) -> bool:
        row = await self._known.ask(user_id)
        return row is None or bool(row["has_recipe"])

    async def put_recipe(self, user_id: UserId, *, is_on: bool) -> None:
        await self._engine.write("put_member_recipe", user_id=user_id, has_recipe=int(is_on))

    async def pictures(self, user_id: UserId) -> PicturesFor | None:
        row = await self._known.ask(user_id)
        chosen = None if row is None else row["pictures"]
        return None if chosen is None else PicturesFor(chosen)

    async def put_pictures(self, user_id: UserId, pictures: PicturesFor) -> None:
        await self._engine.write("put_member_pictures", user_id=user_id, pictures=pictures.value)


class SqlNoticeStore:
    """Notices in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def owe(self, notice: Notice) -> bool:
        async with self._engine.transaction() as tx:
            return await owe(tx, notice)

    async def claim(self, intent: Notice) -> bool:
        claimed = await self._engine.write(
            "claim_notice",
            id=intent.id,
            posting_at=rows.milliseconds_or_none(intent.posting_at),
            next_attempt_at=rows.milliseconds(intent.next_attempt_at),
            attempts=intent.attempts,
        )
        return claimed is not None

    async def save(self, notice: Notice) -> None:
        written = await self._engine.write(
            "update_notice",
            id=notice.id,
            state=notice.state.value,
            next_attempt_at=rows.milliseconds(notice.next_attempt_at),
            attempts=notice.attempts,
        )
        if written is None:
            raise LeaseLostError(notice.nonce)

    async def list_owed(self, now: datetime, most: int) -> list[Notice]:
        latest = rows.milliseconds(now + LONGEST_WAIT + CLOCKS_DIFFER_BY)
        found = await self._engine.read_all(
            "list_owed_notices", now=rows.milliseconds(now), latest=latest, most=most
        )
        return self._engine.readable(found, _notice_from)


async def owe(tx: SqlTransaction, notice: Notice) -> bool:
    """Owe a notice in a transaction with what it is about; False if it was owed before."""
    row = await tx.one(
        "insert_notice",
        id=notice.id,
        guild_id=notice.guild_id,
        channel_id=notice.channel_id,
        text=notice.text,
        state=notice.state.value,
        owed_at=rows.milliseconds(notice.owed_at),
        next_attempt_at=rows.milliseconds(notice.next_attempt_at),
        attempts=notice.attempts,
        mentions=notice.mentions,
        question_id=notice.question_id,
    )
    return row is not None


class SqlCardThreads:
    """The threads of channels' cards in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, channel_id: ChannelId) -> CardThread:
        row = await self._engine.read_one("get_card_thread", channel_id=channel_id)
        if row is None:
            return CardThread()
        thread_id, trouble = row["thread_id"], row["trouble"]
        return CardThread(
            None if thread_id is None else ChannelId(thread_id),
            None if trouble is None else ThreadTrouble(trouble),
        )

    async def claim(
        self, guild_id: GuildId, channel_id: ChannelId, now: datetime, until: datetime
    ) -> bool:
        row = await self._engine.write(
            "claim_card_thread",
            guild_id=guild_id,
            channel_id=channel_id,
            now=rows.milliseconds(now),
            until=rows.milliseconds(until),
            latest=rows.milliseconds(until + CLOCKS_DIFFER_BY),
        )
        return row is not None

    async def put(self, channel_id: ChannelId, thread_id: ChannelId | None) -> None:
        await self._engine.write("put_card_thread", channel_id=channel_id, thread_id=thread_id)

    async def note(
        self,
        guild_id: GuildId,
        channel_id: ChannelId,
        trouble: ThreadTrouble | None,
        notice: Notice | None = None,
    ) -> None:
        async with self._engine.transaction() as tx:
            is_new = await tx.one(
                "note_card_trouble",
                guild_id=guild_id,
                channel_id=channel_id,
                trouble=None if trouble is None else trouble.value,
            )
            if is_new is not None and notice is not None:
                await owe(tx, notice)


class SqlTemporaryMessages:
    """Messages to delete later, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def put(self, message: TemporaryMessage) -> None:
        async with self._engine.transaction() as tx:
            await owe_deletion(tx, message, rows.milliseconds(message.delete_at))

    async def put_off(self, message: TemporaryMessage, at: datetime) -> None:
        await self._engine.write(
            "put_off_passing_message",
            message_id=message.message_id,
            next_attempt_at=rows.milliseconds(at),
        )

    async def list_due(self, now: datetime, most: int) -> list[TemporaryMessage]:
        found = await self._engine.read_all(
            "list_due_temporary_messages",
            now=rows.milliseconds(now),
            latest=rows.milliseconds(now + MAX_STANDS + CLOCKS_DIFFER_BY),
            latest_again=rows.milliseconds(now + MAX_PUT_OFF + CLOCKS_DIFFER_BY),
            most=most,
        )
        return self._engine.readable(found, _temporary_from)

    async def remove(self, message: TemporaryMessage) -> None:
        await self._engine.write("remove_passing_message", message_id=message.message_id)


AT_ONCE = 0  # whatever a clock says: one that was ahead would leave the message for as long


async def owe_deletion(
    tx: SqlTransaction, message: TemporaryMessage, due_at: int = AT_ONCE
) -> None:
    """Owe a message's deletion in a transaction with what it is about."""
    await tx.one(
        "put_passing_message",
        message_id=message.message_id,
        guild_id=message.guild_id,
        channel_id=message.channel_id,
        delete_at=rows.milliseconds(message.delete_at),
        next_attempt_at=due_at,
    )


def _temporary_from(row: Row) -> TemporaryMessage:
    with rows.reading(f"message {row['message_id']} that is to be deleted"):
        return TemporaryMessage(
            GuildId(row["guild_id"]),
            ChannelId(row["channel_id"]),
            MessageId(row["message_id"]),
            rows.instant(row["delete_at"]),
            row["attempts"],
        )


def _notice_from(row: Row) -> Notice:
    with rows.reading(f"notice {row['id']}"):
        return Notice(
            id=NoticeId(row["id"]),
            guild_id=GuildId(row["guild_id"]),
            channel_id=ChannelId(row["channel_id"]),
            text=row["text"],
            owed_at=rows.instant(row["owed_at"]),
            next_attempt_at=rows.instant(row["next_attempt_at"]),
            state=NoticeState(row["state"]),
            attempts=row["attempts"],
            posting_at=rows.instant_or_none(row["posting_at"]),
            mentions=None if row["mentions"] is None else UserId(row["mentions"]),
            question_id=None if row["question_id"] is None else QuestionId(row["question_id"]),
        )


class SqlOfferStore:
    """Offers in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def put(self, offer: Offer) -> None:
        await self._engine.write("insert_offer", **offer_parameters(offer))

    async def get(self, offer_id: OfferId) -> Offer:
        row = await self._engine.read_one("get_offer", id=offer_id)
        if row is None:
            raise OfferExpiredError
        found = self._engine.read_or_log(row, _offer_from)
        if found is None:  # unreadable; a new offer costs nothing
            raise OfferExpiredError
        return found

    async def forget_expired(self, before: datetime) -> None:
        await self._engine.write("forget_offers", before=rows.milliseconds(before))


def offer_parameters(offer: Offer) -> Parameters:
    place = offer.place
    return {
        "id": offer.id,
        "idempotency_key": offer.key,
        "guild_id": place.guild_id,
        "channel_id": place.channel_id,
        "user_id": place.user_id,
        "source_message_id": place.source_message_id,
        "request": rows.request_json(offer.request),
        "cost_micros": offer.cost_micros,
        "expires_at": rows.milliseconds(offer.expires_at),
    }


def _offer_from(row: Row) -> Offer:
    source = row["source_message_id"]
    with rows.reading(f"offer {row['id']}"):
        return Offer(
            id=OfferId(row["id"]),
            key=IdempotencyKey(row["idempotency_key"]),
            place=Origin(
                GuildId(row["guild_id"]),
                ChannelId(row["channel_id"]),
                UserId(row["user_id"]),
                None if source is None else MessageId(source),
            ),
            request=rows.request_from(row["request"]),
            cost_micros=row["cost_micros"],
            expires_at=rows.instant(row["expires_at"]),
        )
