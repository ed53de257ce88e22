"""The ports `PolicyStore`, `MoneyStore` and `ImprovementStore`: servers' rules and the ledger."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.catalog.request import Origin
from bot.errors import UnreadableRowError
from bot.guilds.audit import Actor
from bot.ids import ChannelId, EditId, GuildId, JobId, ModelId, OfferId, UserId
from bot.money.changes import (
    OpenedEvent,
    PastChange,
    PendingChange,
    PolicyChange,
)
from bot.money.ledger import Account, Gift, Improvement, Transaction
from bot.money.limits import BudgetSnapshot, Policy, RequestFacts, Rules
from bot.money.policy import Override, Subject
from bot.money.reports import Spending
from bot.ordering.offers import Offer
from bot.storage import policies, rows
from bot.storage.damage import Damage
from bot.storage.engines.transaction import Engine
from bot.storage.guilds import offer_parameters
from bot.storage.money import Money
from bot.storage.rows import Row

_UNREADABLE_MODEL = ModelId("unreadable")  # for a job whose row is damaged
_FORGOTTEN_AFTER = timedelta(hours=1)
_AUDITS = {
    "list_unbalanced": "a transaction doesn't add up to zero",
    "list_wrong_balances": "an account's balance differs from its entries",
    "list_wrong_fundings": "an account's funding differs from its entries",
    "list_wrong_reservations": "a job's or an improvement's money and its state disagree",
    "list_wrong_holdings": "the money on hold differs from what is reserved",
}


class SqlImprovementStore:
    """Improvements in SQLite or PostgreSQL, with their money and their offers."""

    def __init__(self, engine: Engine, money: Money) -> None:
        self._engine = engine
        self._money = money

    async def begin(
        self, improvement: Improvement, place: Origin, facts: RequestFacts
    ) -> Improvement | None:
        async with self._engine.transaction() as tx:
            await self._money.lock(tx, improvement.guild_id)
            row = await tx.one("get_improvement", id=improvement.id)
            if row is not None:
                return policies.improvement_from(row)
            await self._money.reserve_improvement(tx, improvement, place, facts)
        return None

    async def end(self, improvement: Improvement, offer: Offer | None) -> bool:
        async with self._engine.transaction() as tx:
            await self._money.lock(tx, improvement.guild_id)
            written = await tx.one(
                "end_improvement",
                id=improvement.id,
                state=improvement.state.value,
                ended_at=rows.milliseconds_or_none(improvement.ended_at),
                improved_id=improvement.improved_id,
                fault=None if improvement.fault is None else improvement.fault.value,
            )
            if written is None:
                return False
            if offer is not None:
                await tx.one("insert_offer", **offer_parameters(offer))
            await self._money.resolve_improvement(tx, improvement)
        return True

    async def find(self, offer_id: OfferId) -> Improvement | None:
        row = await self._engine.read_one("get_improvement", id=offer_id)
        return None if row is None else policies.improvement_from(row)

    async def list_overdue(self, before: datetime, ahead: datetime, most: int) -> list[Improvement]:
        found = await self._engine.read_all(
            "list_open_improvements",
            before=rows.milliseconds(before),
            ahead=rows.milliseconds(ahead),
            most=most,
        )
        return self._engine.readable(found, policies.improvement_from)


class SqlMoneyStore:
    """Rules and ledger in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, money: Money) -> None:
        self._engine = engine
        self._money = money
        self._damage = Damage(engine)

    async def policy(self, guild_id: GuildId) -> Policy:
        row = await self._engine.read_one("get_policy", guild_id=guild_id)
        return policies.policy_from(row, guild_id)

    async def overrides(self, guild_id: GuildId) -> list[Override]:
        found = await self._engine.read_all("list_overrides", guild_id=guild_id)
        return self._engine.readable(found, policies.override_from)

    async def override(self, guild_id: GuildId, subject: Subject) -> Rules:
        async with self._engine.reading() as tx:
            return await self._money.override(tx, guild_id, subject)

    async def pool(self, guild_id: GuildId, now: datetime) -> tuple[Policy, Account]:
        async with self._engine.reading() as tx:
            row = await tx.one("get_policy", guild_id=guild_id)
            policy = policies.policy_from(row, guild_id)
            return policy, await self._money.pool(tx, policy, now)

    async def budget(self, place: Origin, now: datetime) -> BudgetSnapshot:
        async with self._engine.reading() as tx:
            row = await tx.one("get_policy", guild_id=place.guild_id)
            policy = policies.policy_from(row, place.guild_id)
            budget = await self._money.budget(tx, policy, place, now)
        if any(at == now for made in budget.rates.values() for at in made):
            async with self._engine.transaction() as tx:
                await self._money.lock(tx, place.guild_id)
                await self._money.redate_rates(tx, place, now)
        return budget

    async def rules(self, place: Origin) -> Rules:
        async with self._engine.reading() as tx:
            row = await tx.one("get_policy", guild_id=place.guild_id)
            policy = policies.policy_from(row, place.guild_id)
            return await self._money.rules(tx, policy, place.user_id, place.role_ids)

    async def apply(self, by: Actor, edit: PolicyChange) -> None:
        async with self._engine.transaction() as tx:
            await self._money.apply(tx, by, edit)

    async def give(self, gift: Gift) -> None:
        async with self._engine.transaction() as tx:
            await self._money.give(tx, gift)

    async def notify_refusal(self, guild_id: GuildId, cost_micros: int, now: datetime) -> None:
        async with self._engine.transaction() as tx:
            await self._money.notify_pool(tx, guild_id, now, cost_micros)

    async def events(self, guild_id: GuildId, now: datetime) -> list[OpenedEvent]:
        found = await self._engine.read_all(
            "list_open_events", guild_id=guild_id, now=rows.milliseconds(now)
        )
        return [_opened_from(row) for row in found]

    async def transactions(
        self, guild_id: GuildId, user_id: UserId, most: int
    ) -> list[Transaction]:
        async with self._engine.reading() as tx:
            found = await tx.all(
                "list_transactions_of_member",
                guild_id=guild_id,
                user_id=user_id,
                most=most,
            )
            entries = {
                row["id"]: await tx.all("list_entries", transaction_id=row["id"]) for row in found
            }
        return self._engine.readable(
            found, lambda row: policies.transaction_from(row, entries[row["id"]])
        )

    async def spending(
        self, guild_id: GuildId, since: datetime, before: datetime
    ) -> list[Spending]:
        found = await self._engine.read_all(
            "list_usage",
            guild_id=guild_id,
            since=rows.milliseconds(since),
            before=rows.milliseconds(before),
        )
        return [self._spending(row) for row in found]

    def _spending(self, row: Row) -> Spending:
        """One video's spending; an unreadable request still counts with its money."""
        if row["improvement_id"] is not None:
            return replace(_spending_of(row, ModelId(row["model_id"]), ""), is_video=False)
        try:
            return _spending_from(row)
        except UnreadableRowError as error:
            self._engine.log_damage(error)
            return _spending_of(row, _UNREADABLE_MODEL, "")

    async def history(
        self, guild_id: GuildId, most: int, skip: int = 0, *, actor_id: UserId | None = None
    ) -> list[PastChange]:
        found = await self._engine.read_all(
            "list_history", guild_id=guild_id, actor_id=actor_id or 0, most=most, skip=skip
        )
        return self._engine.readable(found, policies.past_edit_from)

    async def keep(self, pending: PendingChange) -> None:
        before = rows.milliseconds(pending.expires_at - _FORGOTTEN_AFTER)
        async with self._engine.transaction() as tx:
            await tx.all("forget_pending_changes", before=before)
            await tx.one("insert_pending_change", **policies.pending_parameters(pending))

    async def find_pending(self, edit_id: EditId) -> PendingChange | None:
        row = await self._engine.read_one("get_pending_change", id=edit_id)
        return None if row is None else policies.pending_from(row)

    async def take_pending(self, edit_id: EditId) -> bool:
        return await self._engine.write("delete_pending_change", id=edit_id) is not None

    async def audit(self) -> list[str]:
        return [
            f"{meaning}: {dict(row)}"
            for query, meaning in _AUDITS.items()
            for row in await self._engine.read_all(query)
        ]

    async def damage(self, *, everything: bool = False) -> list[str]:
        """Describe each unreadable row and its repair; ended jobs only with `everything`."""
        return await self._damage.list(everything=everything)

    async def count_transactions(self) -> int:
        """Number of transactions ever made on all servers."""
        row = await self._engine.read_one("count_transactions")
        return 0 if row is None else int(row["transactions"])


def _opened_from(row: Row) -> OpenedEvent:
    ends_at = row["ends_at"]
    return OpenedEvent(
        ChannelId(row["channel_id"]),
        row["videos_most"] - row["videos_used"],
        row["video_micros_most"],
        row["balance_micros"],
        None if ends_at is None else rows.instant(ends_at),
    )


def _spending_from(row: Row) -> Spending:
    with rows.reading(f"job {row['job_id']}"):
        request = rows.request_from(row["request"])
    return _spending_of(row, request.model_id, request.prompt)


def _spending_of(row: Row, model_id: ModelId, prompt: str) -> Spending:
    return Spending(
        rows.instant(row["at"]),
        JobId(row["job_id"] or row["improvement_id"]),
        UserId(row["user_id"]),
        model_id,
        int(row["pool_micros"]),
        int(row["member_micros"]),
        ChannelId(row["channel_id"]),
        prompt,
    )
