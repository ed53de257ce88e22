"""The ports `GuildStore` and `NoticeStore`: what servers decided, and the words owed to them."""

from datetime import datetime

from bot.domain.guilds import GuildSettings
from bot.domain.notices import Notice, NoticeState
from bot.ids import ChannelId, GuildId, NoticeId
from bot.storage import rows
from bot.storage.rows import Row
from bot.storage.tables import Tables


class SqlGuildStore(Tables):
    """Servers' settings in SQLite or PostgreSQL."""

    async def get(self, guild_id: GuildId) -> GuildSettings:
        row = await self._read_one("get_guild_settings", guild_id=guild_id)
        if row is None:
            return GuildSettings(guild_id)
        channel = row["log_channel_id"]
        return GuildSettings(
            guild_id, row["confirm_above_micros"], None if channel is None else ChannelId(channel)
        )

    async def put(self, settings: GuildSettings) -> None:
        await self._write(
            "put_guild_settings",
            guild_id=settings.guild_id,
            confirm_above_micros=settings.confirm_above_micros,
            log_channel_id=settings.log_channel_id,
        )

    async def list_log_channels(self) -> list[tuple[GuildId, ChannelId]]:
        found = await self._read("list_log_channels")
        return [(GuildId(row["guild_id"]), ChannelId(row["log_channel_id"])) for row in found]


class SqlNoticeStore(Tables):
    """Notices in SQLite or PostgreSQL."""

    async def owe(self, notice: Notice) -> None:
        await self._write(
            "insert_notice",
            id=notice.id,
            guild_id=notice.guild_id,
            channel_id=notice.channel_id,
            text=notice.text,
            state=notice.state.value,
            owed_at=rows.milliseconds(notice.owed_at),
            next_attempt_at=rows.milliseconds(notice.next_attempt_at),
            attempts=notice.attempts,
        )

    async def claim(self, intent: Notice) -> bool:
        claimed = await self._write(
            "claim_notice",
            id=intent.id,
            posting_at=rows.milliseconds_or_none(intent.posting_at),
            next_attempt_at=rows.milliseconds(intent.next_attempt_at),
            attempts=intent.attempts,
        )
        return claimed is not None

    async def save(self, notice: Notice) -> None:
        await self._write(
            "update_notice",
            id=notice.id,
            state=notice.state.value,
            next_attempt_at=rows.milliseconds(notice.next_attempt_at),
            attempts=notice.attempts,
        )

    async def list_owed(self, now: datetime, most: int) -> list[Notice]:
        found = await self._read("list_owed_notices", now=rows.milliseconds(now), most=most)
        return [_notice_from(row) for row in found]


def _notice_from(row: Row) -> Notice:
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
    )
