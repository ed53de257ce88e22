"""The port `Treasury`: what servers decided about money, and its books."""

from datetime import datetime, timedelta
from typing import Any

from bot.domain.admission import Standing
from bot.domain.edits import Actor, Edit, OpenedEvent, PastEdit, PendingEdit
from bot.domain.ledger import Gift, Transaction
from bot.domain.limits import Rules
from bot.domain.offers import Place
from bot.domain.policy import Override, Policy, Subject
from bot.domain.usage import Spending
from bot.ids import ChannelId, EditId, GuildId, JobId, UserId
from bot.storage import policies, rows
from bot.storage.databases import Engine
from bot.storage.editing import Editing
from bot.storage.gifts import Gifts
from bot.storage.money import Money
from bot.storage.rows import Row
from bot.storage.tables import Tables

_FORGOTTEN_AFTER = timedelta(hours=1)
_AUDITS = {
    "list_unbalanced": "a transaction does not come to nothing",
    "list_wrong_balances": "an account holds something else than its entries say",
    "list_wrong_fundings": "an account was funded with something else than its entries say",
    "list_wrong_reservations": "a job's money and its state disagree",
    "list_wrong_holdings": "held money is not what open films reserved",
}


class SqlTreasury(Tables):
    """Rules and books in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, money: Money) -> None:
        super().__init__(engine)
        self._money = money
        self._editing = Editing(engine, money)
        self._gifts = Gifts(engine, money)

    async def policy(self, guild_id: GuildId) -> Policy:
        row = await self._read_one("get_policy", guild_id=guild_id)
        return policies.policy_from(row, guild_id)

    async def overrides(self, guild_id: GuildId) -> list[Override]:
        found = await self._read("list_overrides", guild_id=guild_id)
        return [policies.override_from(row) for row in found]

    async def override(self, guild_id: GuildId, subject: Subject) -> Rules:
        row = await self._read_one(
            "get_override",
            guild_id=guild_id,
            subject_kind=subject.kind.value,
            subject_id=subject.id,
        )
        return Rules() if row is None else policies.override_from(row).rules

    async def standing(self, place: Place, now: datetime) -> Standing:
        async with self._engine.reading() as connection:
            row = await self._one(connection, "get_policy", guild_id=place.guild_id)
            policy = policies.policy_from(row, place.guild_id)
            return await self._money.standing(connection, policy, place, now)

    async def apply(self, by: Actor, edit: Edit) -> None:
        async with self._engine.transaction() as connection:
            await self._editing.apply(connection, by, edit)

    async def give(self, gift: Gift) -> None:
        async with self._engine.transaction() as connection:
            await self._gifts.give(connection, gift)

    async def events(self, guild_id: GuildId, now: datetime) -> list[OpenedEvent]:
        found = await self._read("list_open_events", guild_id=guild_id, now=rows.milliseconds(now))
        return [_opened_from(row) for row in found]

    async def transactions(
        self, guild_id: GuildId, user_id: UserId, most: int
    ) -> list[Transaction]:
        async with self._engine.reading() as connection:
            found = await self._all(
                connection,
                "list_transactions_of_member",
                guild_id=guild_id,
                user_id=user_id,
                most=most,
            )
            return [await self._transaction(connection, row) for row in found]

    async def _transaction(self, connection: Any, row: Row) -> Transaction:
        entries = await self._all(connection, "list_entries", transaction_id=row["id"])
        return policies.transaction_from(row, entries)

    async def spending(
        self, guild_id: GuildId, since: datetime, before: datetime
    ) -> list[Spending]:
        found = await self._read(
            "list_usage",
            guild_id=guild_id,
            since=rows.milliseconds(since),
            before=rows.milliseconds(before),
        )
        return [_spending_from(row) for row in found]

    async def history(self, guild_id: GuildId, most: int) -> list[PastEdit]:
        found = await self._read("list_history", guild_id=guild_id, most=most)
        return [policies.past_edit_from(row) for row in found]

    async def keep(self, pending: PendingEdit) -> None:
        before = rows.milliseconds(pending.expires_at - _FORGOTTEN_AFTER)
        async with self._engine.transaction() as connection:
            await self._all(connection, "forget_pending_edits", before=before)
            await self._one(
                connection, "insert_pending_edit", **policies.pending_parameters(pending)
            )

    async def find_pending(self, edit_id: EditId) -> PendingEdit | None:
        row = await self._read_one("get_pending_edit", id=edit_id)
        return None if row is None else policies.pending_from(row)

    async def take_pending(self, edit_id: EditId) -> bool:
        return await self._write("delete_pending_edit", id=edit_id) is not None

    async def audit(self) -> list[str]:
        return [
            f"{meaning}: {dict(row)}"
            for query, meaning in _AUDITS.items()
            for row in await self._read(query)
        ]

    async def count_transactions(self) -> int:
        """Those of all servers, ever."""
        row = await self._read_one("count_transactions")
        return 0 if row is None else int(row["transactions"])


def _opened_from(row: Row) -> OpenedEvent:
    ends_at = row["ends_at"]
    return OpenedEvent(
        ChannelId(row["channel_id"]),
        row["films_most"] - row["films_used"],
        row["film_micros_most"],
        row["balance_micros"],
        None if ends_at is None else rows.instant(ends_at),
    )


def _spending_from(row: Row) -> Spending:
    return Spending(
        rows.instant(row["at"]),
        JobId(row["job_id"]),
        UserId(row["user_id"]),
        rows.request_from(row["request"]).model_id,
        int(row["pool_micros"]),
        int(row["member_micros"]),
    )
