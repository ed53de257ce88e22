"""Writes money: each change loads its facts, gets a plan from `bot.money` and writes it.

All of this happens under the lock of the server's policy row, on which PostgreSQL serialises the
processes and SQLite its one writer. The schema also refuses every write that would break what the
lock protects.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from bot.catalog.request import Origin
from bot.errors import UnreadableRowError
from bot.guilds.audit import Actor
from bot.guilds.notices import TO_ADMINS, NoticeState, PoolAlert
from bot.guilds.settings import LogLevel
from bot.ids import AccountId, GuildId
from bot.jobs.job import Job
from bot.jobs.submission import Submission
from bot.money.admission import pool_alert
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenEvent,
    PolicyChange,
    RefundJob,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.money.ledger import (
    Account,
    AccountKind,
    Gift,
    Improvement,
    Transaction,
)
from bot.money.limits import (
    BudgetSnapshot,
    Policy,
    RequestFacts,
    Rules,
    facts_of,
)
from bot.money.plans import (
    EventChange,
    EventEnd,
    EventVideos,
    MoneyPlan,
    NewEvent,
    NewPolicy,
    NoOverrides,
    PoolNotice,
    RulesChange,
    plan_event,
    plan_event_end,
    plan_gift,
    plan_grant,
    plan_policy,
    plan_reset,
    plan_rules,
    plan_withdrawal,
)
from bot.money.policy import Subject
from bot.money.settlements import (
    plan_improvement,
    plan_improvement_end,
    plan_refund,
    plan_reservation,
    plan_resolution,
    plan_service_refund,
    plan_storyboard_end,
)
from bot.storage import policies, rows
from bot.storage.budget_snapshots import BudgetSnapshots, instants_json
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.guilds import settings_from

AlertWords = Callable[[PoolAlert], str]


class Money(BudgetSnapshots):
    """Writes money; every method takes the transaction it is part of.

    `words` renders the notice of a pool that is running low.
    """

    def __init__(self, engine: Engine, words: AlertWords = repr) -> None:
        super().__init__(engine)
        self._words = words

    async def lock(self, tx: SqlTransaction, guild_id: GuildId) -> Policy:
        """Lock this server's money until the transaction ends."""
        row = await tx.one("lock_policy", guild_id=guild_id)
        return policies.policy_from(row, guild_id)

    async def budget_for(self, tx: SqlTransaction, place: Origin, now: datetime) -> BudgetSnapshot:
        """Lock the server's money and load a member's budget. Raises nothing."""
        policy = await self.lock(tx, place.guild_id)
        return await self.budget(tx, policy, place, now)

    async def reserve(
        self,
        tx: SqlTransaction,
        job: Job,
        place: Origin,
        budget: BudgetSnapshot,
        shots: Sequence[Job] = (),
    ) -> None:
        """Reserve money for a job, or for its shots, written in this transaction.

        Raises LimitReachedError.
        """
        facts = facts_of(job.request, job.cost_micros, place)
        await self.write_plan(tx, plan_reservation(job, budget, facts, shots))

    async def resolve(self, tx: SqlTransaction, job: Job, submission: Submission | None) -> None:
        """Settle or release the money of a job that ended here; its server is locked."""
        if job.is_storyboard:
            shares = await self.event_shares(tx, job.id)
            await self.write_plan(tx, plan_storyboard_end(job, shares))
            return
        reserved = await self.reserved(tx, job.id)
        await self.write_plan(tx, plan_resolution(job, submission, reserved))

    async def reserve_improvement(
        self, tx: SqlTransaction, improvement: Improvement, place: Origin, facts: RequestFacts
    ) -> None:
        """Write an improvement and reserve its money. Raises LimitReachedError."""
        budget = await self.budget_for(tx, place, improvement.asked_at)
        made = await self.improvements(tx, place, budget.rules, improvement.asked_at)
        plan = plan_improvement(improvement, budget, facts, made)
        await tx.one("insert_improvement", **policies.improvement_parameters(improvement))
        await self.write_plan(tx, plan)

    async def resolve_improvement(self, tx: SqlTransaction, improvement: Improvement) -> None:
        """Settle or release the money of an improvement that ended in this transaction."""
        reserved = await self.reserved_for_improvement(tx, improvement.id)
        await self.write_plan(tx, plan_improvement_end(improvement, reserved))

    async def give_back(
        self, tx: SqlTransaction, job: Job, submission: Submission, at: datetime
    ) -> None:
        """Refund the part a service did not charge, once; the job's server is locked."""
        books = await self.job_books(tx, job.id)
        shares = await self.event_shares(tx, job.storyboard_id or job.id)
        await self.write_plan(tx, plan_service_refund(job, submission, books, at, shares))

    async def give(self, tx: SqlTransaction, gift: Gift) -> None:
        """Move a gift. Raises InvalidRequestError, DuplicateRequestError."""
        policy = await self.lock(tx, gift.place.guild_id)
        facts = await self.gift_facts(tx, policy, gift)
        await self.write_plan(tx, plan_gift(gift, facts))

    async def apply(self, tx: SqlTransaction, by: Actor, edit: PolicyChange) -> None:
        """Apply a change. Raises PolicyChangedError, InvalidRequestError."""
        policy = await self.lock(tx, by.guild_id)
        await self.write_plan(tx, await self._plan(tx, by, edit, policy))

    async def _plan(
        self, tx: SqlTransaction, by: Actor, edit: PolicyChange, policy: Policy
    ) -> MoneyPlan:
        match edit:
            case SetPolicy():
                plan = plan_policy(by, edit, policy)
            case SetRules(subject=subject):
                before = await self._replaced(tx, by.guild_id, subject)
                plan = plan_rules(by, edit, before)
            case ResetPolicy():
                plan = plan_reset(by, policy)
            case MakeGrant(micros=micros) if micros < 0:
                grants = await self.grants(tx, by.guild_id, edit.user_id, by.at)
                plan = plan_withdrawal(by, edit, grants)
            case MakeGrant(user_id=user_id, receiver_roles=roles):
                rules = await self.rules(tx, policy, user_id, roles or frozenset())
                plan = plan_grant(by, edit, rules)
            case OpenEvent(channel_id=channel_id):
                event = await self.open_event(tx, by.guild_id, channel_id)
                plan = plan_event(by, edit, event)
            case CloseEvent(channel_id=channel_id):
                event = await self.open_event(tx, by.guild_id, channel_id)
                plan = plan_event_end(by, edit, event)
            case RefundJob(job_id=job_id):
                books = await self.paid_books(tx, job_id)
                plan = plan_refund(by, edit, books, await self.event_shares(tx, job_id))
            case _:
                assert_never(edit)
        return plan

    async def _replaced(self, tx: SqlTransaction, guild_id: GuildId, subject: Subject) -> Rules:
        """The override to replace; empty if it is unreadable, as new rules repair it."""
        try:
            return await self.override(tx, guild_id, subject)
        except UnreadableRowError as error:
            self._engine.log_damage(error)
            return Rules()

    async def write_plan(self, tx: SqlTransaction, plan: MoneyPlan) -> None:
        """Write the whole plan, in the order that the schema requires."""
        guild_id = plan.guild_id
        windows = [
            {
                "guild_id": guild_id,
                **policies.rate_window_parameters(window),
                "instants": instants_json(window.instants),
            }
            for window in plan.rates
        ]
        await tx.many("put_rate_windows", windows)
        await self._open(tx, plan.accounts)
        for event in plan.events:
            await self._change_event(tx, guild_id, event)
        for transaction in plan.transactions:
            await self.post(tx, transaction)
        for rules in plan.rules:
            await self._change_rules(tx, guild_id, rules)
        if plan.audit is not None:
            values = policies.audit_parameters(plan.audit)
            await tx.one("insert_history", **values)
        if plan.notice is not None:
            await self._notify(tx, guild_id, plan.notice)
        if plan.pool_checked is not None:
            await self.notify_pool(tx, guild_id, plan.pool_checked)

    async def _change_event(
        self, tx: SqlTransaction, guild_id: GuildId, change: EventChange
    ) -> None:
        match change:
            case NewEvent():
                values = policies.event_parameters(guild_id, change)
                await tx.one("insert_event", **values)
            case EventEnd(event_id, at):
                now = rows.milliseconds(at)
                await tx.one("close_event", id=event_id, now=now)
            case EventVideos(account_id, videos):
                await tx.one("count_event_video", account_id=account_id, videos=videos)

    async def _change_rules(
        self, tx: SqlTransaction, guild_id: GuildId, change: RulesChange
    ) -> None:
        match change:
            case NewPolicy(version, policy):
                body = None if policy is None else policies.policy_json(policy)
                values = {"guild_id": guild_id, "version": version, "body": body}
                await tx.one("update_policy", **values)
            case SetRules(subject, rules):
                key = policies.subject_parameters(guild_id, subject)
                if rules.is_empty:
                    await tx.one("delete_override", **key)
                else:
                    body = policies.rules_json(rules)
                    await tx.one("put_override", **key, body=body)
            case NoOverrides():
                await tx.all("delete_overrides", guild_id=guild_id)

    async def post(self, tx: SqlTransaction, transaction: Transaction) -> None:
        """Write a transaction with postings; open the server's own accounts as needed."""
        if not transaction.postings:
            return
        await tx.one("insert_transaction", **policies.transaction_parameters(transaction))
        # money comes in before it goes out, and accounts are locked in one order
        ordered = sorted(transaction.postings, key=lambda one: (one.micros < 0, one.account_id))
        own = [
            Account(one.account_id, transaction.guild_id, one.kind)
            for one in ordered
            if one.kind in _SERVERS_OWN
        ]
        await self._open(tx, own)
        entries = [
            {
                "transaction_id": transaction.id,
                "account_id": one.account_id,
                "micros": one.micros,
            }
            for one in ordered
        ]
        await tx.many("insert_entries", entries)  # together: a trip to the database costs most

    async def _open(self, tx: SqlTransaction, accounts: Sequence[Account]) -> None:
        await tx.many("insert_accounts", [policies.account_parameters(one) for one in accounts])

    async def notify_pool(
        self, tx: SqlTransaction, guild_id: GuildId, at: datetime, refused_micros: int | None = None
    ) -> None:
        """Owe the admins a notice of this month's pool in its current state, if one is due."""
        row = await tx.one("get_policy", guild_id=guild_id)
        policy = policies.policy_from(row, guild_id)
        pool = await self.pool(tx, policy, at)
        alert = pool_alert(policy, pool, pool.used_micros, refused_micros)
        if alert is not None:
            await self._notify(tx, guild_id, PoolNotice(pool.id, alert, at))

    async def _notify(self, tx: SqlTransaction, guild_id: GuildId, notice: PoolNotice) -> None:
        """Owe the notice once per month, size of the pool and kind of alert."""
        row = await tx.one("get_guild_settings", guild_id=guild_id)
        channel = settings_from(row, guild_id).log_channel_for(LogLevel.TROUBLE)
        now = rows.milliseconds(notice.at)
        await tx.one(
            "insert_notice",
            id=_notice_id(notice.pool_id, notice.alert),
            guild_id=guild_id,
            channel_id=TO_ADMINS if channel is None else channel,
            text=self._words(notice.alert),
            state=NoticeState.OWED.value,
            owed_at=now,
            next_attempt_at=now,
            attempts=0,
            mentions=None,
            question_id=None,
        )


_SERVERS_OWN = frozenset(
    {
        AccountKind.ISSUED,
        AccountKind.HELD,
        AccountKind.SPENT,
        AccountKind.POOL_HELD,
        AccountKind.POOL_SPENT,
    }
)


def _notice_id(pool: AccountId, alert: PoolAlert) -> str:
    digest = hashlib.sha256(f"{pool}:{alert.mark}".encode()).digest()[:10]
    return base64.b32encode(digest).decode().lower()
