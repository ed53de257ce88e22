"""Money within other transactions: a job reserves it when it is written, and its end resolves it.

Everything here happens under the lock of the server's policy row, on which PostgreSQL serialises
the processes and SQLite its one writer; what the lock protects, the schema refuses as well.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot.domain.admission import (
    Admission,
    Standing,
    admit,
    film_of,
    refusals,
    reservation,
)
from bot.domain.jobs import Job
from bot.domain.ledger import (
    MEMBER_PURSES,
    Account,
    AccountKind,
    Draw,
    Outcome,
    Posting,
    Transaction,
    TransactionKind,
    account_id,
    outcome_of,
    posted,
    resolving,
    shortfall,
)
from bot.domain.notices import NoticeState, PoolAlert
from bot.domain.offers import Place
from bot.domain.policy import Policy
from bot.domain.submissions import Submission
from bot.errors import LimitReachedError
from bot.ids import AccountId, GuildId, TransactionId
from bot.storage import policies, rows
from bot.storage.databases import Engine
from bot.storage.standings import Standings, instants_json

AlertWords = Callable[[PoolAlert], str]
Side = tuple[Sequence[Draw], int]  # what was reserved, and what was spent


class Money(Standings):
    """Every method takes the connection of a transaction. `words` tells of a pool that empties."""

    def __init__(self, engine: Engine, words: AlertWords = repr) -> None:
        super().__init__(engine)
        self._words = words

    async def lock(self, connection: Any, guild_id: GuildId) -> Policy:
        """Nobody else moves this server's money until the transaction ends."""
        row = await self._one(connection, "lock_policy", guild_id=guild_id)
        return policies.policy_from(row, guild_id)

    async def standing_for(self, connection: Any, place: Place, now: datetime) -> Standing:
        """Locked. Raises nothing."""
        policy = await self.lock(connection, place.guild_id)
        return await self.standing(connection, policy, place, now)

    async def reserve(self, connection: Any, job: Job, place: Place, standing: Standing) -> None:
        """For a job that was written in this transaction. Raises LimitReachedError."""
        film = film_of(job, place.parent_id)
        refused = refusals(standing, film)
        if refused:
            raise LimitReachedError(refused)
        admission = admit(standing, film)
        await self._count(connection, job, standing, admission)
        await self._open(connection, (standing.allowance, standing.pool))
        at, guild_id = job.accepted_at, job.guild_id
        fund = Transaction(
            TransactionId(f"fund-{job.id}"),
            guild_id,
            TransactionKind.FUND,
            at,
            admission.funds,
            user_id=job.user_id,
        )
        reserve = Transaction(
            TransactionId(f"reserve-{job.id}"),
            guild_id,
            TransactionKind.RESERVE,
            at,
            reservation(standing, admission),
            job.id,
            job.user_id,
        )
        await self.post(connection, fund)
        await self.post(connection, reserve)
        for share in admission.alerts:
            await self._alert(connection, standing, share)

    async def resolve(self, connection: Any, job: Job, submission: Submission | None) -> None:
        """For a job that ended in this transaction, whose server is locked."""
        outcome = outcome_of(job, submission)
        found = await self._all(connection, "list_draws", job_id=job.id)
        if outcome is None or not found:
            return
        purses = [policies.account_from(row) for row in found]
        draws = [
            Draw(purse.id, purse.kind, -row["micros"])
            for purse, row in zip(purses, found, strict=True)
        ]
        left = {purse.id: purse.balance_micros for purse in purses}
        sides = _sides(draws, outcome)
        await self._make_up(connection, job, sides, left)
        is_settled = outcome.member_micros or outcome.pool_micros
        end = Transaction(
            TransactionId(f"resolve-{job.id}"),
            job.guild_id,
            TransactionKind.SETTLE if is_settled else TransactionKind.RELEASE,
            job.state_changed_at,
            tuple(one for side in sides for one in resolving(job.guild_id, *side, left)),
            job.id,
            job.user_id,
        )
        await self.post(connection, end)
        if not outcome.member_micros:
            await self._give_back_film(connection, draws)

    async def _make_up(
        self, connection: Any, job: Job, sides: Sequence[Side], left: dict[AccountId, int]
    ) -> None:
        """Fund what a film cost beyond all that its purses hold; `left` then has it."""
        pairs: list[tuple[AccountId, int]] = []
        for draws, spent_micros in sides:
            missing = shortfall(draws, spent_micros, left)
            if missing:
                left[draws[0].account_id] += missing
                pairs += [(draws[0].account_id, missing), (issued(job.guild_id), -missing)]
        fund = Transaction(
            TransactionId(f"fund-resolve-{job.id}"),
            job.guild_id,
            TransactionKind.FUND,
            job.state_changed_at,
            posted(pairs),
            user_id=job.user_id,
        )
        await self.post(connection, fund)

    async def post(self, connection: Any, transaction: Transaction) -> None:
        """Write a transaction that moves anything, with the accounts of the server it needs."""
        if not transaction.postings:
            return
        await self._one(
            connection, "insert_transaction", **policies.transaction_parameters(transaction)
        )
        # money comes in before it goes out, and accounts are locked in one order
        for posting in sorted(
            transaction.postings, key=lambda one: (one.micros < 0, one.account_id)
        ):
            await self._move(connection, transaction, posting)

    async def _move(self, connection: Any, transaction: Transaction, posting: Posting) -> None:
        kind = posting.account_id.split(":")[1]
        if kind in _SERVERS_OWN:
            owner = Account(posting.account_id, transaction.guild_id, AccountKind(kind))
            await self._open(connection, (owner,))
        await self._one(
            connection,
            "insert_entry",
            transaction_id=transaction.id,
            account_id=posting.account_id,
            micros=posting.micros,
        )

    async def _open(self, connection: Any, accounts: Sequence[Account]) -> None:
        for account in accounts:
            await self._one(connection, "insert_account", **policies.account_parameters(account))

    async def _count(
        self, connection: Any, job: Job, standing: Standing, admission: Admission
    ) -> None:
        """The wish among those of the member's rate limits, and among the event's films."""
        most = {rate.per_seconds: rate.most for rate in standing.rules.rates or ()}
        for period, instants in admission.rates.items():
            await self._one(
                connection,
                "put_rate_window",
                guild_id=job.guild_id,
                user_id=job.user_id,
                period_seconds=period,
                instants=instants_json(list(instants)),
                used=len(instants),
                most=most[period],
                is_exempt=int(standing.is_exempt),
            )
        if admission.event_id is not None and standing.event is not None:
            account = standing.event.account.id
            await self._one(connection, "count_event_film", account_id=account, films=1)

    async def _give_back_film(self, connection: Any, draws: Sequence[Draw]) -> None:
        for draw in draws:
            if draw.kind is AccountKind.EVENT:
                await self._one(
                    connection, "count_event_film", account_id=draw.account_id, films=-1
                )

    async def _alert(self, connection: Any, standing: Standing, share: int) -> None:
        """Owe the log channel a word, once for each share of each month's pool."""
        guild_id = standing.policy.guild_id
        settings = await self._one(connection, "get_guild_settings", guild_id=guild_id)
        if settings is None or settings["log_channel_id"] is None:
            return
        alert = PoolAlert(share, standing.policy.pool_micros or 0, standing.pool.ends_at)
        now = rows.milliseconds(standing.at)
        await self._one(
            connection,
            "insert_notice",
            id=_notice_id(standing.pool.id, share),
            guild_id=guild_id,
            channel_id=settings["log_channel_id"],
            text=self._words(alert),
            state=NoticeState.OWED.value,
            owed_at=now,
            next_attempt_at=now,
            attempts=0,
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


def _sides(draws: Sequence[Draw], outcome: Outcome) -> tuple[Side, Side]:
    """The member's and the server's."""
    member = [draw for draw in draws if draw.kind in MEMBER_PURSES]
    pool = [draw for draw in draws if draw.kind not in MEMBER_PURSES]
    return (member, outcome.member_micros), (pool, outcome.pool_micros)


def _notice_id(pool: AccountId, share: int) -> str:
    digest = hashlib.sha256(f"{pool}:{share}".encode()).digest()[:10]
    return base64.b32encode(digest).decode().lower()


def issued(guild_id: GuildId) -> AccountId:
    return account_id(guild_id, AccountKind.ISSUED)
