"""The community's money: an append-only ledger in double entry.

Every transaction moves millionths of a dollar between accounts, and its postings sum to zero. A
film moves money on two sides: its member's (an allowance, a grant, a gift or a sponsored event) and
its server's (the month's pool). Each side has purses, from which a film's price is reserved; what
is held until the film has ended; and what was spent. Money enters and leaves by one account,
`issued`, the only one that may be below zero.

    fund      issued → purse                when a window begins, an event opens, a film cost too much
    reserve   purses → held                 with the job, in one transaction
    settle    held → spent, rest → purses   when the job ended and something was paid
    release   held → purses                 when the job ended and nothing was paid
    refund    spent → purses                when the service gave back what it had charged
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.jobs import FailureKind, Job, JobState
from bot.domain.offers import Place
from bot.domain.submissions import Submission
from bot.ids import AccountId, GuildId, JobId, TransactionId, UserId


class AccountKind(StrEnum):
    """What an account holds."""

    ISSUED = "issued"
    ALLOWANCE = "allowance"
    GRANT = "grant"
    EVENT = "event"
    HELD = "held"
    SPENT = "spent"
    POOL = "pool"
    POOL_HELD = "pool_held"
    POOL_SPENT = "pool_spent"


MEMBER_PURSES = frozenset({AccountKind.ALLOWANCE, AccountKind.GRANT, AccountKind.EVENT})


class TransactionKind(StrEnum):
    """Why money moved."""

    FUND = "fund"
    RESERVE = "reserve"
    SETTLE = "settle"
    RELEASE = "release"
    REFUND = "refund"
    GRANT = "grant"
    GIFT = "gift"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Account:
    """`ends_at`: what is left then lapses. `funded_micros`: what ever came in from `issued`."""

    id: AccountId
    guild_id: GuildId
    kind: AccountKind
    user_id: UserId | None = None
    ends_at: datetime | None = None
    funded_micros: int = 0
    balance_micros: int = 0

    @property
    def used_micros(self) -> int:
        return self.funded_micros - self.balance_micros


@dataclass(frozen=True, slots=True)
class Posting:
    """Money that came into an account, or went out of it if below zero; never nothing."""

    account_id: AccountId
    micros: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """`user_id` is whose money it is about, `actor_id` who moved it (None: the bot itself)."""

    id: TransactionId
    guild_id: GuildId
    kind: TransactionKind
    at: datetime
    postings: tuple[Posting, ...]
    job_id: JobId | None = None
    user_id: UserId | None = None
    actor_id: UserId | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gift:
    """From the member at `place` to another; made once for each key."""

    place: Place
    to: UserId
    micros: int
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Draw:
    """So much from this purse."""

    account_id: AccountId
    kind: AccountKind
    micros: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a film that has ended cost its member and its server, in millionths of a dollar."""

    member_micros: int
    pool_micros: int


def account_id(guild_id: GuildId, kind: AccountKind, *detail: object) -> AccountId:
    """Such as `10:allowance:30:2026-11-21`."""
    return AccountId(":".join(str(part) for part in (guild_id, kind, *detail)))


def posted(pairs: Iterable[tuple[AccountId, int]]) -> tuple[Posting, ...]:
    """One posting for each account, without those that come to nothing."""
    sums: dict[AccountId, int] = {}
    for account, micros in pairs:
        sums[account] = sums.get(account, 0) + micros
    return tuple(Posting(account, micros) for account, micros in sums.items() if micros)


def reserving(guild_id: GuildId, draws: Sequence[Draw]) -> tuple[Posting, ...]:
    """From the purses to what is held, each side by itself."""
    pairs = [(draw.account_id, -draw.micros) for draw in draws]
    pairs += [(account_id(guild_id, held_of(draw.kind)), draw.micros) for draw in draws]
    return posted(pairs)


def held_of(kind: AccountKind) -> AccountKind:
    """Where money from this purse waits."""
    return AccountKind.HELD if kind in MEMBER_PURSES else AccountKind.POOL_HELD


def resolving(
    guild_id: GuildId, draws: Sequence[Draw], spent_micros: int, left: dict[AccountId, int]
) -> tuple[Posting, ...]:
    """One side's end: what was spent, and the rest back where it came from, last drawn first.

    Where more was spent than reserved, it is taken from what is `left` in the purses, which must
    hold enough: see `shortfall`.
    """
    if not draws:
        return ()
    held = held_of(draws[0].kind)
    spent = AccountKind.SPENT if held is AccountKind.HELD else AccountKind.POOL_SPENT
    reserved = sum(draw.micros for draw in draws)
    pairs = [(account_id(guild_id, held), -reserved), (account_id(guild_id, spent), spent_micros)]
    excess = spent_micros - reserved
    pairs += _taken(draws, excess, left) if excess > 0 else _returned(draws, -excess)
    return posted(pairs)


def shortfall(draws: Sequence[Draw], spent_micros: int, left: dict[AccountId, int]) -> int:
    """What the purses lack of what was spent: to be funded first, so that it counts as used."""
    if not draws:
        return 0
    excess = spent_micros - sum(draw.micros for draw in draws)
    return max(excess - sum(left.get(draw.account_id, 0) for draw in draws), 0)


def _returned(draws: Sequence[Draw], micros: int) -> list[tuple[AccountId, int]]:
    pairs = []
    for draw in reversed(draws):
        back = min(micros, draw.micros)
        micros -= back
        pairs.append((draw.account_id, back))
    return pairs


def _taken(
    draws: Sequence[Draw], micros: int, left: dict[AccountId, int]
) -> list[tuple[AccountId, int]]:
    pairs = []
    for draw in draws:
        share = min(micros, left.get(draw.account_id, 0))
        micros -= share
        pairs.append((draw.account_id, -share))
    return pairs


def outcome_of(job: Job, submission: Submission | None) -> Outcome | None:
    """What a job cost, as far as anybody knows; None while it has not ended.

    A member pays for films, and for those that they called off when the service had begun. What
    nobody could find out stays with the server's pool, so that its cap holds in the worst case.
    """
    if not job.is_terminal:
        return None
    paid = _paid_micros(job, submission)
    if job.state in {JobState.SUCCEEDED, JobState.CANCELLED}:
        return Outcome(paid, paid)
    kind = job.failure.kind if job.failure else None
    if job.state is JobState.EXPIRED or kind is FailureKind.UNCERTAIN:
        return Outcome(0, paid or job.cost_micros)
    if kind is FailureKind.INTERRUPTED:
        return Outcome(0, paid)
    return Outcome(0, 0)


def _paid_micros(job: Job, submission: Submission | None) -> int:
    if job.submitted_at is None or submission is None:
        return 0
    known = (submission.charged_micros, submission.precharged_micros, job.cost_micros)
    return next(micros for micros in known if micros is not None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a month's pool is heading."""

    expected_micros: int  # at the month's end
    empty_at: datetime | None  # None: it lasts


def forecast(
    used_micros: int, pool_micros: int | None, first: datetime, after: datetime, now: datetime
) -> Forecast:
    """If it goes on as since the month's first instant."""
    passed = max((now - first).total_seconds(), 3600.0)
    pace = used_micros / passed  # a second
    expected = round(pace * (after - first).total_seconds())
    if pool_micros is None or expected <= pool_micros or not pace:
        return Forecast(max(expected, used_micros), None)
    return Forecast(expected, first + (after - first) * (pool_micros / expected))
