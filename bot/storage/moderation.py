"""The ports of moderation: blocked members and listed words."""

from collections.abc import Sequence

from bot.guilds.audit import Actor, AuditNote
from bot.guilds.moderation import BlockedMember, Word
from bot.ids import GuildId, UserId
from bot.storage import rows
from bot.storage.engines.transaction import Engine
from bot.storage.guilds import record
from bot.storage.rows import Row


class SqlBlockStore:
    """Blocked members in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def is_blocked(self, guild_id: GuildId, user_id: UserId) -> bool:
        found = await self._engine.read_one(
            "get_blocked_member", guild_id=guild_id, user_id=user_id
        )
        return found is not None

    async def block(self, block: BlockedMember, noted: AuditNote) -> None:
        async with self._engine.transaction() as tx:
            # a job is accepted under this lock, after reading who is blocked
            await tx.one("lock_policy", guild_id=block.guild_id)
            await tx.one(
                "block_member",
                guild_id=block.guild_id,
                user_id=block.user_id,
                reason=block.reason,
                blocked_by=block.blocked_by,
                blocked_at=rows.milliseconds(block.blocked_at),
                is_cancelling=int(block.is_cancelling),
            )
            await record(tx, noted)

    async def unblock(self, guild_id: GuildId, user_id: UserId, noted: AuditNote) -> bool:
        async with self._engine.transaction() as tx:
            gone = await tx.one("unblock_member", guild_id=guild_id, user_id=user_id)
            if gone is not None:
                await record(tx, noted)
            return gone is not None

    async def list_blocked(
        self, guild_id: GuildId, most: int, skip: int = 0
    ) -> list[BlockedMember]:
        found = await self._engine.read_all(
            "list_blocked_members", guild_id=guild_id, most=most, skip=skip
        )
        return self._engine.readable(found, _block_from)

    async def list_cancelling(self) -> list[BlockedMember]:
        found = await self._engine.read_all("list_cancelling_blocks")
        return self._engine.readable(found, _block_from)

    async def end_cancelling(self, block: BlockedMember) -> None:
        await self._engine.write(
            "end_cancelling",
            guild_id=block.guild_id,
            user_id=block.user_id,
            blocked_at=rows.milliseconds(block.blocked_at),
        )


class SqlWordStore:
    """Word lists in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def version(self, guild_id: GuildId) -> int:
        row = await self._engine.read_one("get_word_list", guild_id=guild_id)
        return 0 if row is None else int(row["version"])

    async def list_words(self, guild_id: GuildId) -> list[Word]:
        found = await self._engine.read_all("list_words", guild_id=guild_id)
        return [Word(row["word_key"], row["word"]) for row in found]

    async def add(
        self, by: Actor, words: Sequence[Word], most: int, noted: AuditNote
    ) -> list[Word] | None:
        async with self._engine.transaction() as tx:
            await tx.one("bump_word_list", guild_id=by.guild_id)  # locks the list
            listed = await tx.all("list_words", guild_id=by.guild_id)
            known = {row["word_key"] for row in listed}
            added = [one for one in words if one.key not in known]
            if len(known) + len(added) > most:
                return None
            for one in added:
                await tx.one(
                    "insert_word",
                    guild_id=by.guild_id,
                    word_key=one.key,
                    word=one.word,
                    added_by=by.user_id,
                    added_at=rows.milliseconds(by.at),
                )
            if added:
                await record(tx, noted)
            return added

    async def remove(self, guild_id: GuildId, key: str, noted: AuditNote) -> bool:
        async with self._engine.transaction() as tx:
            await tx.one("bump_word_list", guild_id=guild_id)
            gone = await tx.one("delete_word", guild_id=guild_id, word_key=key)
            if gone is not None:
                await record(tx, noted)
            return gone is not None


def _block_from(row: Row) -> BlockedMember:
    with rows.reading(f"the block of member {row['user_id']} in server {row['guild_id']}"):
        return BlockedMember(
            GuildId(row["guild_id"]),
            UserId(row["user_id"]),
            row["reason"],
            UserId(row["blocked_by"]),
            rows.instant(row["blocked_at"]),
            is_cancelling=bool(row["is_cancelling"]),
        )
