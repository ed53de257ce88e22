"""Plans for the money of a job, or an improved prompt: reserve, settle, release, refund.

The ids of its transactions ensure that each plan is made once per job.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.catalog.pricing import dollars
from bot.errors import InvalidRequestError
from bot.guilds.audit import Actor
from bot.ids import AccountId, GuildId, TransactionId, UserId
from bot.jobs.job import Job
from bot.jobs.submission import Submission
from bot.money.admission import Admission, admit, after
from bot.money.changes import RefundJob
from bot.money.ledger import (
    MEMBER_ACCOUNTS,
    Account,
    AccountKind,
    Allocation,
    Improvement,
    Outcome,
    Posting,
    Transaction,
    TransactionKind,
    account_id,
    on_account,
    on_server,
    outcome_of,
    posted,
    reserving,
    resolving,
    shortfall,
)
from bot.money.limits import (
    BudgetSnapshot,
    LimitReachedError,
    RequestFacts,
    counted,
    ensure_within,
    improvement_refusals,
)
from bot.money.plans import (
    AuditEntry,
    EventVideos,
    MoneyPlan,
    PoolNotice,
    RateWindow,
    by_admin,
)

NOT_PAID_FOR = "I can't find a paid video with that job number."
REFUNDED_ALREADY = "That video was already refunded."


@dataclass(frozen=True, slots=True)
class Reserved:
    """An amount reserved from this account, shown with its current balance."""

    account: Account
    micros: int

    @property
    def draw(self) -> Allocation:
        return Allocation(self.account.id, self.account.kind, self.micros)


@dataclass(frozen=True, slots=True)
class JobBooks:
    """A job's entries in the ledger: reservation, end if any, and refunds."""

    reserved: tuple[Reserved, ...] = ()
    end: Transaction | None = None
    refunds: tuple[Transaction, ...] = ()

    def spent(self, kind: AccountKind) -> int:
        ends = (*self.refunds, self.end) if self.end is not None else self.refunds
        return sum(one.micros for end in ends for one in end.postings if one.kind is kind)


@dataclass(frozen=True, slots=True)
class EventShare:
    """What an event has paid for a video so far, or still holds for it, with all of its shots.

    `is_over` once the video itself has ended, so that no more of it will be reserved or paid.
    """

    account_id: AccountId
    micros: int
    is_over: bool


def plan_reservation(
    job: Job, budget: BudgetSnapshot, facts: RequestFacts, shots: Sequence[Job] = ()
) -> MoneyPlan:
    """Reserve money for an accepted job; for a storyboard, for each of its shots.

    Limits judge the whole video, and it counts as one. Raises LimitReachedError with every limit it
    would exceed, and MemberBlockedError.
    """
    ensure_within(budget, facts)
    admission = admit(budget, facts)
    event = None if admission.event_id is None else budget.event
    transactions: list[Transaction] = []
    for paid, one in _admissions(job, budget, facts, shots):
        reserve = reserving(job.guild_id, one.draws)
        fund = _of_job(paid, "fund", TransactionKind.FUND, job.accepted_at, one.funds)
        transactions.append(replace(fund, job_id=None))
        transactions.append(
            _of_job(paid, "reserve", TransactionKind.RESERVE, job.accepted_at, reserve)
        )
    alert = admission.alert
    return MoneyPlan(
        job.guild_id,
        rates=tuple(_rate_windows(job.user_id, budget, admission.rates)),
        accounts=(budget.allowance, budget.pool),
        events=() if event is None else (EventVideos(event.account.id, 1),),
        transactions=tuple(transactions),
        notice=None if alert is None else PoolNotice(budget.pool.id, alert, job.accepted_at),
    )


def _admissions(
    job: Job, budget: BudgetSnapshot, facts: RequestFacts, shots: Sequence[Job]
) -> Iterable[tuple[Job, Admission]]:
    """Yield who reserves what, one after the other; an event pays for all of a video or nothing."""
    if budget.sponsor(facts.cost_micros) is None:
        budget = replace(budget, event=None)
    for paid in [shot for shot in shots if shot.reuses is None] or [job]:
        admission = admit(budget, replace(facts, cost_micros=paid.cost_micros))
        yield paid, admission
        budget = after(budget, admission)


def _rate_windows(
    user_id: UserId, budget: BudgetSnapshot, rates: Mapping[int, Sequence[datetime]]
) -> Iterable[RateWindow]:
    for rate in budget.rules.rates or ():
        instants = tuple(rates[rate.per_seconds])
        used = len(counted(instants, rate, budget.at))
        yield RateWindow(user_id, rate.per_seconds, instants, used, rate.most, budget.is_exempt)


def plan_resolution(
    job: Job, submission: Submission | None, reserved: Sequence[Reserved]
) -> MoneyPlan:
    """Settle an ended job and return the rest; an empty plan for any other.

    A cost beyond all that its accounts hold is funded first, so that it counts as used.
    """
    outcome, at = outcome_of(job, submission), job.state_changed_at
    if outcome is None or not reserved:
        return MoneyPlan(job.guild_id)
    resolved = _resolved(job.guild_id, reserved, outcome)
    fund = _of_job(job, "fund-resolve", TransactionKind.FUND, at, resolved.funds)
    end = _of_job(job, "resolve", resolved.kind, at, resolved.ends)
    return MoneyPlan(
        job.guild_id,
        events=tuple(_one_video_back(job, reserved)) if not outcome.member_micros else (),
        transactions=(replace(fund, job_id=None), end),
        pool_checked=at if resolved.exceeds_pool else None,
    )


@dataclass(frozen=True, slots=True)
class _Resolved:
    """Postings that end a reservation on both sides, and what must be funded before."""

    kind: TransactionKind
    funds: tuple[Posting, ...]
    ends: tuple[Posting, ...]
    exceeds_pool: bool


def _resolved(guild_id: GuildId, reserved: Sequence[Reserved], outcome: Outcome) -> _Resolved:
    left = {one.account.id: one.account.balance_micros for one in reserved}
    sides = _sides([one.draw for one in reserved], outcome)
    funds = []
    for draws, spent_micros in sides:
        missing = shortfall(draws, spent_micros, left)
        if missing:
            first = draws[0]
            left[first.account_id] += missing
            funds.append(Posting(first.account_id, first.kind, missing))
            funds.append(on_server(guild_id, AccountKind.ISSUED, -missing))
    is_paid = outcome.member_micros or outcome.pool_micros
    return _Resolved(
        kind=TransactionKind.SETTLE if is_paid else TransactionKind.RELEASE,
        funds=posted(funds),
        ends=tuple(one for side in sides for one in resolving(guild_id, *side, left)),
        exceeds_pool=_exceeds(sides[1]),
    )


def _sides(
    draws: Sequence[Allocation], outcome: Outcome
) -> tuple[tuple[Sequence[Allocation], int], tuple[Sequence[Allocation], int]]:
    """Allocations and cost of the member's side and of the server's."""
    member = [draw for draw in draws if draw.kind in MEMBER_ACCOUNTS]
    pool = [draw for draw in draws if draw.kind not in MEMBER_ACCOUNTS]
    return (member, outcome.member_micros), (pool, outcome.pool_micros)


def _exceeds(side: tuple[Sequence[Allocation], int]) -> bool:
    draws, spent_micros = side
    return spent_micros > sum(draw.micros for draw in draws)


def _one_video_back(job: Job, reserved: Iterable[Reserved]) -> Iterable[EventVideos]:
    """Let an event pay for another video; its shots together are one: see `plan_storyboard_end`."""
    for one in reserved:
        if one.account.kind is AccountKind.EVENT and not job.is_shot:
            yield EventVideos(one.account.id, -1)


def plan_storyboard_end(job: Job, shares: Iterable[EventShare]) -> MoneyPlan:
    """Let the event that held money for an ended storyboard pay for another video.

    Only where all of that money is back. Its own job moves none.
    """
    events = tuple(EventVideos(one.account_id, -1) for one in shares if not one.micros)
    return MoneyPlan(job.guild_id, events=events if job.is_terminal else ())


def _last_of(shares: Iterable[EventShare], postings: Iterable[Posting]) -> Iterable[EventVideos]:
    """Let an event pay for another video if these return the last that an ended one cost it."""
    back = {one.account_id: one.micros for one in postings}
    for share in shares:
        if share.is_over and 0 < share.micros <= back.get(share.account_id, 0):
            yield EventVideos(share.account_id, -1)


def plan_improvement(
    improvement: Improvement,
    budget: BudgetSnapshot,
    facts: RequestFacts,
    made: Sequence[datetime],
) -> MoneyPlan:
    """Reserve the most that a better prompt can cost, before the service is asked.

    `facts` are those of its video, `made` the instants of the member's earlier improvements. Raises
    LimitReachedError and MemberBlockedError.
    """
    ensure_within(budget, facts)
    refused = improvement_refusals(budget, facts, improvement.reserved_micros, made)
    if refused:
        raise LimitReachedError(refused)
    own = replace(budget, event=None)
    admission = admit(own, replace(facts, cost_micros=improvement.reserved_micros))
    at, alert = improvement.asked_at, admission.alert
    fund = _of_improvement(improvement, "fund", TransactionKind.FUND, at, admission.funds)
    postings = reserving(improvement.guild_id, admission.draws)
    reserve = _of_improvement(improvement, "reserve", TransactionKind.RESERVE, at, postings)
    return MoneyPlan(
        improvement.guild_id,
        accounts=(budget.allowance, budget.pool),
        transactions=(replace(fund, improvement_id=None), reserve),
        notice=None if alert is None else PoolNotice(budget.pool.id, alert, at),
    )


def plan_improvement_end(improvement: Improvement, reserved: Sequence[Reserved]) -> MoneyPlan:
    """Settle or release an ended improvement."""
    outcome, at = improvement.outcome, improvement.ended_at
    if outcome is None or at is None or not reserved:
        return MoneyPlan(improvement.guild_id)
    resolved = _resolved(improvement.guild_id, reserved, outcome)
    fund = _of_improvement(improvement, "fund-resolve", TransactionKind.FUND, at, resolved.funds)
    return MoneyPlan(
        improvement.guild_id,
        transactions=(
            replace(fund, improvement_id=None),
            _of_improvement(improvement, "resolve", resolved.kind, at, resolved.ends),
        ),
        pool_checked=at if resolved.exceeds_pool else None,
    )


def plan_service_refund(
    job: Job,
    submission: Submission,
    books: JobBooks,
    at: datetime,
    shares: Sequence[EventShare],
) -> MoneyPlan:
    """Refund the part that a provider did not charge after all; once."""
    plan, outcome = MoneyPlan(job.guild_id), outcome_of(job, submission)
    is_refunded = any(one.actor_id is None for one in books.refunds)
    if outcome is None or books.end is None or is_refunded:
        return plan
    back = _returned(
        books.end,
        books,
        member_micros=books.spent(AccountKind.SPENT) - outcome.member_micros,
        pool_micros=books.spent(AccountKind.POOL_SPENT) - outcome.pool_micros,
    )
    refund = _of_job(job, "refund", TransactionKind.REFUND, at, back.postings)
    return replace(
        plan,
        accounts=back.accounts,
        events=tuple(_last_of(shares, back.postings)),
        transactions=(replace(refund, reason="the service charged less"),),
    )


def plan_refund(
    by: Actor, edit: RefundJob, paid: Sequence[JobBooks], shares: Sequence[EventShare]
) -> MoneyPlan:
    """Refund all that was spent, to the month's pool and to the member or event.

    `paid` are the job's books; for a storyboard, those of its shots. `shares` are those of the whole
    video.

    Raises InvalidRequestError for a job that was not paid for here, or was already refunded.
    """
    settled = [(one, one.end) for one in paid if one.end is not None]
    here = [
        (one, end)
        for one, end in settled
        if end.kind is TransactionKind.SETTLE and end.guild_id == by.guild_id
    ]
    if not here:
        raise InvalidRequestError([NOT_PAID_FOR])
    left = [(one, end) for one, end in here if _is_refundable(one)]
    if not left:
        raise InvalidRequestError([REFUNDED_ALREADY])
    accounts: list[Account] = []
    transactions: list[Transaction] = []
    for books, end in left:
        back = _returned(
            end,
            books,
            member_micros=books.spent(AccountKind.SPENT),
            pool_micros=books.spent(AccountKind.POOL_SPENT),
        )
        accounts += back.accounts
        refund = by_admin(by, TransactionKind.REFUND, back.postings, edit.reason)
        name = (
            refund.id if end.job_id == edit.job_id else TransactionId(f"{refund.id}-{end.job_id}")
        )
        transactions.append(replace(refund, id=name, job_id=end.job_id, user_id=end.user_id))
    pool_micros = sum(books.spent(AccountKind.POOL_SPENT) for books, _ in left)
    after = f"{dollars(pool_micros)}: {edit.reason}"
    moved = posted(one for each in transactions for one in each.postings)
    return MoneyPlan(
        by.guild_id,
        accounts=tuple(accounts),
        events=tuple(_last_of(shares, moved)),
        transactions=tuple(transactions),
        audit=AuditEntry(by, f"refund of video {edit.job_id}", "", after),
    )


def _is_refundable(books: JobBooks) -> bool:
    by_an_admin = any(one.actor_id is not None for one in books.refunds)
    spent = books.spent(AccountKind.SPENT) or books.spent(AccountKind.POOL_SPENT)
    return not books.refunds or bool(spent and not by_an_admin)


@dataclass(frozen=True, slots=True)
class _Returned:
    accounts: tuple[Account, ...] = ()
    postings: tuple[Posting, ...] = field(default=())


def _returned(
    end: Transaction, books: JobBooks, *, member_micros: int, pool_micros: int
) -> _Returned:
    """Return part of the cost.

    The member's part goes to the event that paid, else to a grant: the allowance it came from may
    have lapsed.
    """
    guild_id, back = end.guild_id, _Returned()
    pool = next((one for one in books.reserved if one.account.kind is AccountKind.POOL), None)
    postings = []
    if pool is not None and pool_micros > 0:
        postings.append(on_account(pool.account, pool_micros))
        postings.append(on_server(guild_id, AccountKind.POOL_SPENT, -pool_micros))
    if member_micros > 0:
        event = next((one for one in books.reserved if one.account.kind is AccountKind.EVENT), None)
        account = _refund_account(end) if event is None else event.account
        back = replace(back, accounts=(account,) if event is None else ())
        postings.append(on_account(account, member_micros))
        postings.append(on_server(guild_id, AccountKind.SPENT, -member_micros))
    return replace(back, postings=posted(postings))


def _refund_account(end: Transaction) -> Account:
    kind = AccountKind.GRANT
    name = account_id(end.guild_id, kind, end.user_id, f"refund-{end.job_id}")
    return Account(name, end.guild_id, kind, end.user_id)


def _of_job(
    job: Job, name: str, kind: TransactionKind, at: datetime, postings: tuple[Posting, ...]
) -> Transaction:
    """A transaction by the bot itself; its id makes it unique per job."""
    name = TransactionId(f"{name}-{job.id}")
    return Transaction(name, job.guild_id, kind, at, postings, job.id, job.user_id)


def _of_improvement(
    improvement: Improvement,
    name: str,
    kind: TransactionKind,
    at: datetime,
    postings: tuple[Posting, ...],
) -> Transaction:
    """A transaction by the bot itself; its id makes it unique per improvement."""
    return Transaction(
        TransactionId(f"{name}-improvement-{improvement.id}"),
        improvement.guild_id,
        kind,
        at,
        postings,
        user_id=improvement.user_id,
        improvement_id=improvement.id,
    )
