"""Giving money: grants, sponsored events, and what a service gave back."""

from collections.abc import Sequence
from typing import Any

from bot.domain.edits import Actor, CloseEvent, MakeGrant, OpenEvent, RefundJob
from bot.domain.ledger import (
    Account,
    AccountKind,
    Transaction,
    TransactionKind,
    account_id,
    posted,
)
from bot.domain.pricing import dollars
from bot.errors import InvalidRequestError
from bot.ids import AccountId, TransactionId, UserId
from bot.storage import policies, rows
from bot.storage.databases import Engine
from bot.storage.money import Money, issued
from bot.storage.rows import Row
from bot.storage.tables import Tables

Change = tuple[str, str, str]  # what, before, after: a line of the audit log
MoneyEdit = MakeGrant | OpenEvent | CloseEvent | RefundJob


class Granting(Tables):
    """Every method takes the connection of a transaction that holds the server's lock."""

    def __init__(self, engine: Engine, money: Money) -> None:
        super().__init__(engine)
        self._money = money

    async def apply(self, connection: Any, by: Actor, edit: MoneyEdit) -> Change:
        """Raises InvalidRequestError."""
        match edit:
            case MakeGrant():
                return await self._grant(connection, by, edit)
            case OpenEvent():
                return await self._open_event(connection, by, edit)
            case CloseEvent():
                return await self._close_event(connection, by, edit)
            case RefundJob():
                return await self._refund(connection, by, edit)

    async def _grant(self, connection: Any, by: Actor, edit: MakeGrant) -> Change:
        if edit.micros < 0:
            return await self._take_back(connection, by, edit)
        kind = AccountKind.GRANT
        account = Account(
            account_id(by.guild_id, kind, edit.user_id, by.key),
            by.guild_id,
            kind,
            edit.user_id,
            edit.ends_at,
        )
        await self._one(connection, "insert_account", **policies.account_parameters(account))
        pairs = [(account.id, edit.micros), (issued(by.guild_id), -edit.micros)]
        more = {"user_id": edit.user_id, "reason": edit.reason}
        await self._post(connection, by, TransactionKind.GRANT, pairs, **more)
        return f"grant to <@{edit.user_id}>", "", f"{_given(edit.micros)}: {edit.reason}"

    async def _take_back(self, connection: Any, by: Actor, edit: MakeGrant) -> Change:
        """From the member's grants, those that lapse first first."""
        grants = await self._all(
            connection,
            "list_grants",
            guild_id=by.guild_id,
            user_id=edit.user_id,
            now=rows.milliseconds(by.at),
        )
        wanted = -edit.micros
        held = sum(row["balance_micros"] for row in grants)
        if held < wanted:
            raise InvalidRequestError(
                [f"Only ${held / 1_000_000:.2f} of that member's grants are left to take back."]
            )
        pairs = [(issued(by.guild_id), wanted)]
        for row in grants:
            share = min(wanted, row["balance_micros"])
            wanted -= share
            pairs.append((AccountId(row["id"]), -share))
        more = {"user_id": edit.user_id, "reason": edit.reason}
        await self._post(connection, by, TransactionKind.WITHDRAW, pairs, **more)
        return f"grant to <@{edit.user_id}>", "", f"{_given(edit.micros)}: {edit.reason}"

    async def _post(
        self,
        connection: Any,
        by: Actor,
        kind: TransactionKind,
        pairs: Sequence[tuple[AccountId, int]],
        **more: Any,
    ) -> None:
        transaction = Transaction(
            TransactionId(f"{kind}-{by.key}"),
            by.guild_id,
            kind,
            by.at,
            posted(pairs),
            actor_id=by.user_id,
            **more,
        )
        await self._money.post(connection, transaction)

    async def _open_event(self, connection: Any, by: Actor, edit: OpenEvent) -> Change:
        place = {"guild_id": by.guild_id, "channel_id": edit.channel_id}
        standing = await self._one(connection, "find_open_event", **place)
        if standing is not None and not _is_over(standing, by):
            raise InvalidRequestError(
                ["There is an event in that channel already: close it first."]
            )
        if standing is not None:
            await self._end_event(connection, by, standing)
        kind = AccountKind.EVENT
        account = Account(
            account_id(by.guild_id, kind, by.key), by.guild_id, kind, None, edit.ends_at
        )
        await self._one(connection, "insert_account", **policies.account_parameters(account))
        await self._one(
            connection,
            "insert_event",
            **place,
            id=by.key,
            account_id=account.id,
            films_most=edit.films_most,
            film_micros_most=edit.film_micros_most,
            opened_by=by.user_id,
            opened_at=rows.milliseconds(by.at),
            ends_at=None if edit.ends_at is None else rows.milliseconds(edit.ends_at),
        )
        micros = edit.films_most * edit.film_micros_most
        pairs = [(account.id, micros), (issued(by.guild_id), -micros)]
        await self._post(connection, by, TransactionKind.FUND, pairs, reason="sponsored event")
        after = f"{edit.films_most} films up to {dollars(edit.film_micros_most)}"
        return f"event in <#{edit.channel_id}>", "", after

    async def _close_event(self, connection: Any, by: Actor, edit: CloseEvent) -> Change:
        row = await self._one(
            connection, "find_open_event", guild_id=by.guild_id, channel_id=edit.channel_id
        )
        if row is None:
            raise InvalidRequestError(["There is no event in that channel."])
        await self._end_event(connection, by, row)
        before = f"{row['films_used']} of {row['films_most']} films made"
        return f"event in <#{edit.channel_id}>", before, "closed"

    async def _end_event(self, connection: Any, by: Actor, row: Row) -> None:
        """What is left goes back; what is reserved still resolves into the event's account."""
        await self._one(connection, "close_event", id=row["id"], now=rows.milliseconds(by.at))
        left, account = row["balance_micros"], AccountId(row["account_id"])
        pairs = [(issued(by.guild_id), left), (account, -left)]
        await self._post(connection, by, TransactionKind.WITHDRAW, pairs, reason="event closed")

    async def _refund(self, connection: Any, by: Actor, edit: RefundJob) -> Change:
        """What was spent goes back to the pool of its month, and to its member or its event."""
        settled = await self._one(connection, "find_resolution", job_id=edit.job_id)
        if settled is None or settled["kind"] != "settle" or settled["guild_id"] != by.guild_id:
            raise InvalidRequestError(["No film of that number was paid for here."])
        again = await self._one(connection, "find_refund", job_id=edit.job_id)
        if again is not None:
            raise InvalidRequestError(["That film was given back already."])
        spent = await self._spent(connection, settled)
        pairs = await self._refunded(connection, by, settled, spent)
        more = {"job_id": edit.job_id, "user_id": settled["user_id"], "reason": edit.reason}
        await self._post(connection, by, TransactionKind.REFUND, pairs, **more)
        micros = spent.get(AccountKind.POOL_SPENT, 0)
        return f"refund of film {edit.job_id}", "", f"{dollars(micros)}: {edit.reason}"

    async def _spent(self, connection: Any, settled: Row) -> dict[AccountKind, int]:
        entries = await self._all(connection, "list_entries", transaction_id=settled["id"])
        return {
            AccountKind(row["account_kind"]): row["micros"]
            for row in entries
            if row["account_kind"] in {"spent", "pool_spent"}
        }

    async def _refunded(
        self, connection: Any, by: Actor, settled: Row, spent: dict[AccountKind, int]
    ) -> list[tuple[AccountId, int]]:
        guild_id, job_id = by.guild_id, settled["job_id"]
        pairs: list[tuple[AccountId, int]] = []
        draws = await self._all(connection, "list_draws", job_id=job_id)
        pool = next((row for row in draws if row["kind"] == AccountKind.POOL.value), None)
        pool_micros = spent.get(AccountKind.POOL_SPENT, 0)
        if pool is not None and pool_micros:
            pairs.append((AccountId(pool["id"]), pool_micros))
            pairs.append((account_id(guild_id, AccountKind.POOL_SPENT), -pool_micros))
        member_micros = spent.get(AccountKind.SPENT, 0)
        if member_micros:
            purse = await self._purse_of_refund(connection, by, settled, draws)
            pairs.append((purse, member_micros))
            pairs.append((account_id(guild_id, AccountKind.SPENT), -member_micros))
        return pairs

    async def _purse_of_refund(
        self, connection: Any, by: Actor, settled: Row, draws: Sequence[Row]
    ) -> AccountId:
        """The event that had paid, which has room for a film again; else a grant for the member."""
        for row in draws:
            if row["kind"] == AccountKind.EVENT.value:
                await self._one(connection, "count_event_film", account_id=row["id"], films=-1)
                return AccountId(row["id"])
        kind, user_id = AccountKind.GRANT, UserId(settled["user_id"])
        name = account_id(by.guild_id, kind, user_id, f"refund-{settled['job_id']}")
        grant = Account(name, by.guild_id, kind, user_id)
        await self._one(connection, "insert_account", **policies.account_parameters(grant))
        return grant.id


def _given(micros: int) -> str:
    return f"{dollars(-micros)} taken back" if micros < 0 else dollars(micros)


def _is_over(row: Row, by: Actor) -> bool:
    return row["ends_at"] is not None and row["ends_at"] <= rows.milliseconds(by.at)
