"""The community's money: an append-only double-entry ledger.

Every transaction moves millionths of a dollar between accounts, and its postings sum to zero. A
video moves money on two sides: its member's (an allowance, a grant, a gift or a sponsored event)
and its server's (the month's pool). Each side has source accounts, from which a video's price is
reserved; a held account, until the video has ended; and a spent account. Money enters and leaves
through one account, `issued`, the only one that may be below zero.

    fund      issued → source                when a window begins, an event opens, a video cost too much
    reserve   sources → held                 with the job, in one transaction
    settle    held → spent, rest → sources   when the job ended and something was paid
    release   held → sources                 when the job ended and nothing was paid
    refund    spent → sources                when the service gave back what it had charged

An improved prompt is paid for in the same way, without a job.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.catalog.request import Origin
from bot.ids import (
    AccountId,
    ChannelId,
    GuildId,
    JobId,
    ModelId,
    OfferId,
    RoleId,
    TransactionId,
    UserId,
)
from bot.jobs.job import FailureKind, Job, JobState
from bot.jobs.submission import Submission
from bot.providers.contract import ImprovementFault


class AccountKind(StrEnum):
    """The role of an account in the ledger."""

    ISSUED = "issued"
    ALLOWANCE = "allowance"
    GRANT = "grant"
    EVENT = "event"
    HELD = "held"
    SPENT = "spent"
    POOL = "pool"
    POOL_HELD = "pool_held"
    POOL_SPENT = "pool_spent"


MEMBER_ACCOUNTS = frozenset({AccountKind.ALLOWANCE, AccountKind.GRANT, AccountKind.EVENT})


class TransactionKind(StrEnum):
    """The reason why money moved."""

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
    """An account; its balance lapses at `ends_at`.

    `funded_micros` is the sum of all that ever came in from `issued`.
    """

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
    """An amount paid into an account of this kind, or out of it if below zero."""

    account_id: AccountId
    kind: AccountKind
    micros: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """Postings that sum to zero; `user_id` is the member they concern.

    `actor_id` moved the money; None means the bot itself.
    """

    id: TransactionId
    guild_id: GuildId
    kind: TransactionKind
    at: datetime
    postings: tuple[Posting, ...]
    job_id: JobId | None = None
    user_id: UserId | None = None
    actor_id: UserId | None = None
    reason: str = ""
    improvement_id: OfferId | None = None  # instead of a job


class ImprovementState(StrEnum):
    """What became of a paid question for a better prompt."""

    ASKING = "asking"  # the service may have been asked
    IMPROVED = "improved"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Improvement:
    """A paid question for a better prompt; its id is that of the offer whose prompt it is.

    So an offer's prompt is improved, and paid for, once. `improved_id` is the offer with the new
    prompt; `fault` says why there is none.
    """

    id: OfferId
    guild_id: GuildId
    channel_id: ChannelId
    user_id: UserId
    model_id: ModelId
    reserved_micros: int  # the most it can cost
    asked_at: datetime
    state: ImprovementState = ImprovementState.ASKING
    ended_at: datetime | None = None
    outcome: "Outcome | None" = None  # None: not yet
    improved_id: OfferId | None = None
    fault: ImprovementFault | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """Money from the member at `place` to another; made once per key.

    `receiver_roles` show whether anything limits the receiver; None skips that check.
    """

    place: Origin
    to: UserId
    micros: int
    at: datetime
    key: str
    receiver_roles: frozenset[RoleId] | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """An amount to draw from one source account."""

    account_id: AccountId
    kind: AccountKind
    micros: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cost of an ended video to its member and server, in millionths of a dollar."""

    member_micros: int
    pool_micros: int


def account_id(guild_id: GuildId, kind: AccountKind, *detail: object) -> AccountId:
    """Build an account's id, such as `10:allowance:30:2026-11-21`."""
    return AccountId(":".join(str(part) for part in (guild_id, kind, *detail)))


def on_account(account: Account, micros: int) -> Posting:
    """Make a posting into an account, or out of it if below zero."""
    return Posting(account.id, account.kind, micros)


def on_server(guild_id: GuildId, kind: AccountKind, micros: int) -> Posting:
    """A posting on the server's only account of this kind, such as `10:issued`."""
    return Posting(account_id(guild_id, kind), kind, micros)


def posted(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Merge postings by account; drop those that sum to zero."""
    sums: dict[AccountId, Posting] = {}
    for one in postings:
        before = sums.get(one.account_id)
        total = one.micros + (before.micros if before else 0)
        sums[one.account_id] = Posting(one.account_id, one.kind, total)
    return tuple(one for one in sums.values() if one.micros)


def taken(draws: Iterable[Allocation]) -> list[Posting]:
    """Postings that draw from the source accounts."""
    return [Posting(draw.account_id, draw.kind, -draw.micros) for draw in draws]


def reserving(guild_id: GuildId, draws: Sequence[Allocation]) -> tuple[Posting, ...]:
    """Postings from source accounts to held accounts, each side on its own."""
    held = (on_server(guild_id, held_of(draw.kind), draw.micros) for draw in draws)
    return posted([*taken(draws), *held])


def held_of(kind: AccountKind) -> AccountKind:
    """The held account for money from this source account."""
    return AccountKind.HELD if kind in MEMBER_ACCOUNTS else AccountKind.POOL_HELD


def resolving(
    guild_id: GuildId, draws: Sequence[Allocation], spent_micros: int, left: Mapping[AccountId, int]
) -> tuple[Posting, ...]:
    """Postings that end one side: spend, and return the rest, last drawn first.

    If more was spent than reserved, the excess comes from what is `left` in the source accounts,
    which must hold enough: see `shortfall`.
    """
    if not draws:
        return ()
    held = held_of(draws[0].kind)
    spent = AccountKind.SPENT if held is AccountKind.HELD else AccountKind.POOL_SPENT
    reserved = sum(draw.micros for draw in draws)
    ends = [on_server(guild_id, held, -reserved), on_server(guild_id, spent, spent_micros)]
    excess = spent_micros - reserved
    more = _exceeding(draws, excess, left) if excess > 0 else _returned(draws, -excess)
    return posted([*ends, *more])


def shortfall(draws: Sequence[Allocation], spent_micros: int, left: Mapping[AccountId, int]) -> int:
    """Amount the source accounts lack; fund it first, so that it counts as used."""
    if not draws:
        return 0
    excess = spent_micros - sum(draw.micros for draw in draws)
    return max(excess - sum(left.get(draw.account_id, 0) for draw in draws), 0)


def _returned(draws: Sequence[Allocation], micros: int) -> Iterable[Posting]:
    for draw in reversed(draws):
        back = min(micros, draw.micros)
        micros -= back
        yield Posting(draw.account_id, draw.kind, back)


def _exceeding(
    draws: Sequence[Allocation], micros: int, left: Mapping[AccountId, int]
) -> Iterable[Posting]:
    for draw in draws:
        share = min(micros, left.get(draw.account_id, 0))
        micros -= share
        yield Posting(draw.account_id, draw.kind, -share)


def outcome_of(job: Job, submission: Submission | None) -> Outcome | None:
    """What a job cost, as far as is known; None until it has ended.

    A member pays for videos, and for those cancelled after the service had begun. A cost that stays
    unknown is charged to the server's pool, so that its cap holds in the worst case.
    """
    if not job.is_terminal:
        return None
    paid = _paid_micros(job, submission)
    if job.state in {JobState.SUCCEEDED, JobState.CANCELLED}:
        return Outcome(paid, paid)
    kind = job.failure.kind if job.failure else None
    if job.state is JobState.EXPIRED or kind is FailureKind.UNCERTAIN:
        charged = None if submission is None else submission.charged_micros
        return Outcome(0, paid or job.cost_micros if charged is None else charged)
    if kind is FailureKind.INTERRUPTED:
        return Outcome(0, paid)
    return Outcome(0, 0)


def is_free(job: Job) -> bool:
    """Whether a job ended without a charge to its member, as far as its own row shows.

    What a service charged is in the submission, so a cancelled job may turn out free later.
    """
    if job.state in {JobState.FAILED, JobState.EXPIRED}:
        return True
    return job.state is JobState.CANCELLED and job.submitted_at is None


def _paid_micros(job: Job, submission: Submission | None) -> int:
    if job.submitted_at is None or submission is None:
        return 0
    known = (submission.charged_micros, submission.precharged_micros, job.cost_micros)
    return next(micros for micros in known if micros is not None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Projected use of a month's pool."""

    expected_micros: int  # projected use at the month's end
    empty_at: datetime | None  # None: the pool lasts


def forecast(
    used_micros: int, pool_micros: int | None, first: datetime, after: datetime, now: datetime
) -> Forecast:
    """Extrapolate the pace since the month's first instant."""
    passed = max((now - first).total_seconds(), 3600.0)
    pace = used_micros / passed  # micros per second
    expected = round(pace * (after - first).total_seconds())
    if pool_micros is None or expected <= pool_micros or not pace:
        return Forecast(max(expected, used_micros), None)
    return Forecast(expected, first + (after - first) * (pool_micros / expected))
