"""Loads the facts that decide money: budget snapshots and ledger entries.

Under a transaction's lock they cannot change.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from bot.catalog.request import Origin
from bot.ids import AccountId, ChannelId, GuildId, JobId, OfferId, RoleId, UserId
from bot.instants import made_by
from bot.jobs.job import TERMINAL_STATES, JobState
from bot.money import windows
from bot.money.admission import allowance_account, pool_account
from bot.money.ledger import Account, Gift, Transaction
from bot.money.limits import (
    BudgetSnapshot,
    Event,
    Policy,
    Rules,
)
from bot.money.plans import GiftFacts, gift_account
from bot.money.policy import (
    Override,
    Subject,
    SubjectKind,
    rules_of,
)
from bot.money.settlements import EventShare, JobBooks, Reserved
from bot.money.windows import Window
from bot.storage import policies, rows
from bot.storage.engines.transaction import Engine, SqlTransaction
from bot.storage.rows import Row

_INSTANTS: TypeAdapter[list[int]] = TypeAdapter(list[int])


class BudgetSnapshots:
    """Reads budgets; every method takes the transaction or reading it is part of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def budget(
        self, tx: SqlTransaction, policy: Policy, place: Origin, now: datetime
    ) -> BudgetSnapshot:
        rules = await self.rules(tx, policy, place.user_id, place.role_ids)
        owner = {"guild_id": place.guild_id, "user_id": place.user_id}
        open_jobs = await tx.one("count_open_jobs", **owner)
        allowance = allowance_account(policy, rules, place.user_id, now)
        return BudgetSnapshot(
            policy=policy,
            rules=rules,
            at=now,
            allowance=await self._account(tx, allowance),
            grants=await self.grants(tx, place.guild_id, place.user_id, now),
            pool=await self.pool(tx, policy, now),
            event=await self._event(tx, place, now),
            rates=await self._rates(tx, place, now),
            open_jobs=int(open_jobs["open_jobs"]) if open_jobs else 0,
            is_blocked=bool(open_jobs and open_jobs["blocks"]),
        )

    async def rules(
        self, tx: SqlTransaction, policy: Policy, user_id: UserId, role_ids: frozenset[RoleId]
    ) -> Rules:
        """The rules that apply to this member with their current roles."""
        found = await tx.all("list_role_overrides", guild_id=policy.guild_id)
        held = [
            row for row in found if row["subject_id"] in role_ids
        ]  # skip the others, which may be damaged
        overrides = [policies.override_from(row) for row in held]
        member = Subject(SubjectKind.MEMBER, user_id)
        own = await self.override(tx, policy.guild_id, member)
        return rules_of(policy, [*overrides, Override(member, own)], user_id, role_ids)

    async def override(self, tx: SqlTransaction, guild_id: GuildId, subject: Subject) -> Rules:
        """The override of a role or member; empty rules if there is none."""
        row = await tx.one("get_override", **policies.subject_parameters(guild_id, subject))
        return Rules() if row is None else policies.override_from(row).rules

    async def grants(
        self, tx: SqlTransaction, guild_id: GuildId, user_id: UserId, now: datetime
    ) -> tuple[Account, ...]:
        """A member's grants that hold money, earliest-lapsing first."""
        found = await tx.all(
            "list_grants",
            guild_id=guild_id,
            user_id=user_id,
            now=rows.milliseconds(now),
        )
        return tuple(policies.account_from(row) for row in found)

    async def _account(self, tx: SqlTransaction, fresh: Account) -> Account:
        """An account, with its window's end by the server's current time zone.

        The end stored with the account is that of the time zone on its first day.
        """
        row = await tx.one("get_account", id=fresh.id)
        return fresh if row is None else replace(policies.account_from(row), ends_at=fresh.ends_at)

    async def pool(self, tx: SqlTransaction, policy: Policy, now: datetime) -> Account:
        """This month's pool account."""
        return await self._account(tx, pool_account(policy, now))

    async def _event(self, tx: SqlTransaction, place: Origin, now: datetime) -> Event | None:
        """The running event of the channel, or of a thread's parent channel."""
        for channel_id in (place.channel_id, place.parent_id):
            if channel_id is None:
                continue
            event = await self.open_event(tx, place.guild_id, channel_id)
            if event is not None and not event.is_over(now):
                return event
        return None

    async def open_event(
        self, tx: SqlTransaction, guild_id: GuildId, channel_id: ChannelId
    ) -> Event | None:
        """The channel's event that is not closed, even if its end has passed."""
        row = await tx.one("find_open_event", guild_id=guild_id, channel_id=channel_id)
        return None if row is None else policies.event_from(row)

    async def _rates(
        self, tx: SqlTransaction, place: Origin, now: datetime
    ) -> dict[int, list[datetime]]:
        owner = {"guild_id": place.guild_id, "user_id": place.user_id}
        found = await tx.all("list_rate_windows", **owner)
        return {
            row["period_seconds"]: [made_by(one, now) for one in _instants(row)] for row in found
        }

    async def redate_rates(self, tx: SqlTransaction, place: Origin, now: datetime) -> None:
        """Date requests of a clock that was ahead to now.

        Expects the server's policy to be locked. Without this, each reading would date them to its
        own now, and they would never stop counting.
        """
        owner = {"guild_id": place.guild_id, "user_id": place.user_id}
        for row in await tx.all("list_rate_windows", **owner):
            redated = [made_by(one, now) for one in _instants(row)]
            kept = {name: row[name] for name in ("period_seconds", "used", "most", "is_exempt")}
            await tx.many(
                "put_rate_windows", [{**owner, **kept, "instants": instants_json(redated)}]
            )

    async def reserved(self, tx: SqlTransaction, job_id: JobId) -> tuple[Reserved, ...]:
        """A job's reservations, in the order they were made."""
        found = await tx.all("list_draws", job_id=job_id)
        return tuple(Reserved(policies.account_from(row), -row["micros"]) for row in found)

    async def event_shares(self, tx: SqlTransaction, video_id: JobId) -> list[EventShare]:
        """What an event has paid for a video, all shots of it together."""
        found = await tx.all("list_event_shares", video_id=video_id)
        return [
            EventShare(
                AccountId(row["account_id"]),
                row["micros"],
                is_over=JobState(row["state"]) in TERMINAL_STATES,
            )
            for row in found
        ]

    async def reserved_for_improvement(
        self, tx: SqlTransaction, improvement_id: OfferId
    ) -> tuple[Reserved, ...]:
        """An improvement's reservations, in the order they were made."""
        found = await tx.all("list_improvement_draws", improvement_id=improvement_id)
        return tuple(Reserved(policies.account_from(row), -row["micros"]) for row in found)

    async def improvements(
        self, tx: SqlTransaction, place: Origin, rules: Rules, now: datetime
    ) -> list[datetime]:
        """When a member asked for better prompts, as far back as a rate limit counts."""
        seconds = max((rate.per_seconds for rate in rules.rates or ()), default=0)
        since = now - timedelta(seconds=seconds)
        found = await tx.all(
            "list_improvements_of_member",
            guild_id=place.guild_id,
            user_id=place.user_id,
            since=rows.milliseconds(since),
        )
        return [made_by(rows.instant(row["asked_at"]), now) for row in found]

    async def job_books(self, tx: SqlTransaction, job_id: JobId) -> JobBooks:
        end = await tx.one("find_resolution", job_id=job_id)
        if end is None:
            return JobBooks()
        refunds = await tx.all("list_refunds", job_id=job_id)
        return JobBooks(
            await self.reserved(tx, job_id),
            await self._transaction(tx, end),
            tuple([await self._transaction(tx, one) for one in refunds]),
        )

    async def paid_books(self, tx: SqlTransaction, job_id: JobId) -> list[JobBooks]:
        """A video's books; of a storyboard those of its shots.

        None for a shot alone: it is no video, and an event counted it with the others.
        """
        row = await tx.one("get_job", id=job_id)
        if row is not None and row["shot_number"] is not None:
            return []
        shots = await tx.all("list_shots", storyboard_id=job_id)
        return [await self.job_books(tx, one) for one in [shot["id"] for shot in shots] or [job_id]]

    async def _transaction(self, tx: SqlTransaction, row: Row) -> Transaction:
        entries = await tx.all("list_entries", transaction_id=row["id"])
        return policies.transaction_from(row, entries)

    async def gift_facts(self, tx: SqlTransaction, policy: Policy, gift: Gift) -> GiftFacts:
        giver = await self.budget(tx, policy, gift.place, gift.at)
        is_made = await tx.one("get_account", id=gift_account(gift)) is not None
        given, _ = await self._gifts_of_day(tx, giver, gift.place.user_id)
        _, got = await self._gifts_of_day(tx, giver, gift.to)
        roles = gift.receiver_roles
        receiver = None if roles is None else await self.rules(tx, policy, gift.to, roles)
        return GiftFacts(giver, receiver, given, got, is_made)

    async def _gifts_of_day(
        self, tx: SqlTransaction, budget: BudgetSnapshot, user_id: UserId
    ) -> tuple[int, int]:
        """Micros that a member gave and got on this day in the server's time zone."""
        since, before = windows.bounds(Window.DAY, budget.at, budget.policy.zone)
        row = await tx.one(
            "sum_gifts",
            guild_id=budget.policy.guild_id,
            user_id=user_id,
            since=rows.milliseconds(since),
            before=rows.milliseconds(before),
        )
        return (int(row["given"]), int(row["got"])) if row else (0, 0)


def _instants(row: Any) -> list[datetime]:
    with rows.reading(f"the rate limits of member {row['user_id']} in server {row['guild_id']}"):
        return [rows.instant(stored) for stored in _INSTANTS.validate_json(row["instants"])]


def instants_json(instants: Sequence[datetime]) -> str:
    return _INSTANTS.dump_json([rows.milliseconds(instant) for instant in instants]).decode()
