"""Where a video's money comes from, once no limit refuses its request.

The account that lapses first pays first: an allowance before a grant without an end. A sponsored
event pays for a whole video or not at all, and before the member's own money. The pool caps
everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.guilds.notices import PoolAlert
from bot.ids import EventId, UserId
from bot.instants import CLOCKS_DIFFER_BY
from bot.money import windows
from bot.money.ledger import (
    Account,
    AccountKind,
    Allocation,
    Posting,
    account_id,
    on_account,
    on_server,
    posted,
)
from bot.money.limits import (
    BudgetSnapshot,
    Policy,
    RequestFacts,
    Rules,
    counted,
    left_of,
)
from bot.money.windows import Window

ALERT_SHARES = (50, 80, 100)  # percent of the pool that trigger a log-channel notice


@dataclass(frozen=True, slots=True)
class Admission:
    """Everything to write with the job, in one transaction."""

    funds: tuple[Posting, ...]  # brings allowance and pool to the amounts in the rules
    draws: tuple[Allocation, ...]
    rates: Mapping[int, Sequence[datetime]]
    event_id: EventId | None
    alert: PoolAlert | None  # sent to the log channel once the video is reserved


def admit(budget: BudgetSnapshot, facts: RequestFacts) -> Admission:
    """Decide which accounts pay for a request that no limit refuses."""
    event, cost = budget.sponsor(facts.cost_micros), facts.cost_micros
    funds: list[Posting] = []
    if event is not None:
        draws = [Allocation(event.account.id, AccountKind.EVENT, cost)]
    else:
        draws = own_allocations(budget, cost)
        funds += _funds(budget, budget.allowance, budget.allowance_micros, draws)
    pool = [Allocation(budget.pool.id, AccountKind.POOL, cost)]
    funds += _funds(budget, budget.pool, budget.policy.pool_micros, pool)
    return Admission(
        funds=posted(funds),
        draws=tuple(draw for draw in (*draws, *pool) if draw.micros),
        rates=_kept_now(budget),
        event_id=None if event is None else event.id,
        alert=pool_alert(budget.policy, budget.pool, budget.pool.used_micros + cost),
    )


def own_allocations(budget: BudgetSnapshot, cost_micros: int) -> list[Allocation]:
    """Allocate the cost, earliest-lapsing account first; the accounts must hold enough."""
    allowance = budget.allowance
    if budget.allowance_micros is None:
        return [Allocation(allowance.id, AccountKind.ALLOWANCE, cost_micros)]
    sources = [(allowance, left_of(allowance, budget.allowance_micros))]
    sources += [(grant, grant.balance_micros) for grant in budget.grants]
    draws = []
    for source, left in sorted(sources, key=_ends_first):
        share = min(left, cost_micros)
        cost_micros -= share
        draws.append(Allocation(source.id, source.kind, share))
    return draws


def ends_of(budget: BudgetSnapshot, draws: Sequence[Allocation]) -> list[datetime]:
    """End instants of the accounts drawn on, without those that never lapse."""
    drawn = {draw.account_id for draw in draws if draw.micros}
    sources = (budget.allowance, *budget.grants)
    return [one.ends_at for one in sources if one.id in drawn and one.ends_at is not None]


def pool_account(policy: Policy, now: datetime) -> Account:
    """This month's pool, as it is before its first video."""
    month = windows.label(Window.MONTH, now, policy.zone)
    _, ends_at = windows.bounds(Window.MONTH, now, policy.zone)
    kind = AccountKind.POOL
    return Account(account_id(policy.guild_id, kind, month), policy.guild_id, kind, None, ends_at)


def allowance_account(policy: Policy, rules: Rules, user_id: UserId, now: datetime) -> Account:
    """The current window's account, as it is before its first video.

    A month's window where no allowance limits the member.
    """
    given = rules.allowance if rules.limits_spending else None
    window = given.window if given is not None else Window.MONTH
    label = windows.label(window, now, policy.zone)
    name = label if given is not None else f"unlimited-{label}"
    _, ends_at = windows.bounds(window, now, policy.zone)
    kind = AccountKind.ALLOWANCE
    account = account_id(policy.guild_id, kind, user_id, name)
    return Account(account, policy.guild_id, kind, user_id, ends_at)


def _ends_first(source: tuple[Account, int]) -> tuple[bool, float, str]:
    ends_at = source[0].ends_at
    return ends_at is None, ends_at.timestamp() if ends_at else 0.0, source[0].id


def _funds(
    budget: BudgetSnapshot, account: Account, target_micros: int | None, draws: Sequence[Allocation]
) -> list[Posting]:
    """Postings that fund an account up or down to the amount in the rules.

    Where the rules set no amount, fund exactly what is drawn.
    """
    if target_micros is None:
        needed = sum(draw.micros for draw in draws if draw.account_id == account.id)
        delta = needed - account.balance_micros
    else:
        delta = left_of(account, target_micros) - account.balance_micros
    issued = on_server(budget.policy.guild_id, AccountKind.ISSUED, -delta)
    return [on_account(account, delta), issued]


def _kept_now(budget: BudgetSnapshot) -> dict[int, list[datetime]]:
    """Requests to keep for every rate limit, with this one; also for exempt members.

    An exemption may end. Requests are kept longer than our own clock counts them: another machine's
    clock may be behind and still count them.
    """
    return {
        rate.per_seconds: [
            *counted(budget.rates.get(rate.per_seconds, ()), rate, budget.at - CLOCKS_DIFFER_BY),
            budget.at,
        ]
        for rate in budget.rules.rates or ()
    }


def pool_alert(
    policy: Policy, pool: Account, used_micros: int, refused_micros: int | None = None
) -> PoolAlert | None:
    """The notice due for a pool in this state, however it got there.

    None while less than half of it is used, and for a pool of zero, which an admin chose.
    """
    most = policy.pool_micros
    if not most:
        return None
    shares = [share for share in ALERT_SHARES if used_micros * 100 >= share * most]
    if not shares and refused_micros is None:
        return None
    return PoolAlert(max(shares, default=0), most, used_micros, pool.ends_at, refused_micros)


def after(budget: BudgetSnapshot, admission: Admission) -> BudgetSnapshot:
    """The budget once this admission is written; its counts of requests and videos stay."""
    funded = {one.account_id: one.micros for one in admission.funds}
    drawn = {one.account_id: one.micros for one in admission.draws}

    def moved(account: Account) -> Account:
        fund, draw = funded.get(account.id, 0), drawn.get(account.id, 0)
        return replace(
            account,
            funded_micros=account.funded_micros + fund,
            balance_micros=account.balance_micros + fund - draw,
        )

    event = budget.event
    return replace(
        budget,
        allowance=moved(budget.allowance),
        grants=tuple(moved(grant) for grant in budget.grants),
        pool=moved(budget.pool),
        event=None if event is None else replace(event, account=moved(event.account)),
    )
