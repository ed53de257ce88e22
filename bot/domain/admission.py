"""Whether a wish may become a job: every limit at once, and where its money comes from.

What would lapse first is used first: an allowance before a grant without an end. A sponsored event
pays for a whole film or not at all, and before the member's own money. The pool caps everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.jobs import Job
from bot.domain.ledger import Account, AccountKind, Draw, Posting, account_id, posted, reserving
from bot.domain.limits import Rules, counted, frees_at
from bot.domain.policy import ALERT_SHARES, Policy
from bot.errors import LimitKind, Refusal
from bot.ids import AccountId, ChannelId, EventId, ModelId


@dataclass(frozen=True, slots=True)
class Event:
    """The next films of a channel are on the server."""

    id: EventId
    account: Account
    films_most: int
    films_used: int
    film_micros_most: int

    def pays_for(self, cost_micros: int) -> bool:
        in_reach = cost_micros <= min(self.film_micros_most, self.account.balance_micros)
        return in_reach and self.films_used < self.films_most


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands in a server at one instant. `rates` are instants by period in seconds."""

    policy: Policy
    rules: Rules
    at: datetime
    allowance: Account  # for a window, or for the month where there is no allowance
    grants: tuple[Account, ...]
    pool: Account
    event: Event | None
    rates: Mapping[int, Sequence[datetime]]
    open_jobs: int

    @property
    def is_exempt(self) -> bool:
        return bool(self.rules.exempt)

    @property
    def allowance_micros(self) -> int | None:
        """For the window; None where nothing limits it."""
        given = self.rules.allowance
        return None if given is None or self.is_exempt else given.micros

    @property
    def own_left_micros(self) -> int | None:
        """Of the allowance and the grants; None where nothing limits it."""
        if self.allowance_micros is None:
            return None
        allowance = left_of(self.allowance, self.allowance_micros)
        return allowance + sum(grant.balance_micros for grant in self.grants)

    @property
    def pool_left_micros(self) -> int | None:
        if self.policy.pool_micros is None:
            return None
        return left_of(self.pool, self.policy.pool_micros)


@dataclass(frozen=True, slots=True)
class Film:
    """What is asked for, as far as limits care. A thread is allowed where its parent is."""

    cost_micros: int
    model_id: ModelId
    channels: frozenset[ChannelId]


@dataclass(frozen=True, slots=True)
class Admission:
    """What is to be written with the job, all in one transaction."""

    funds: tuple[Posting, ...]  # so that allowance and pool hold what the rules say
    draws: tuple[Draw, ...]
    rates: Mapping[int, Sequence[datetime]]
    event_id: EventId | None
    alerts: tuple[int, ...]  # percent of the pool that this film reaches


def film_of(job: Job, parent_id: ChannelId | None) -> Film:
    channels = {job.channel_id} | ({parent_id} if parent_id else set())
    return Film(job.cost_micros, job.request.model_id, frozenset(channels))


def left_of(account: Account, target_micros: int) -> int:
    """What an account holds when it has been funded up to its target."""
    return max(target_micros - account.used_micros, 0)


def refusals(standing: Standing, film: Film) -> tuple[Refusal, ...]:
    """Every limit that this film would pass; none: it may be made."""
    if standing.policy.is_paused:
        return (Refusal(LimitKind.PAUSED),)
    found = [] if standing.is_exempt else list(_personal(standing, film))
    left = standing.pool_left_micros
    if left is not None and film.cost_micros > left:
        total = standing.policy.pool_micros or 0
        found.append(
            Refusal(LimitKind.POOL, total - left, total, film.cost_micros, standing.pool.ends_at)
        )
    return tuple(found)


def _personal(standing: Standing, film: Film) -> Iterable[Refusal]:
    rules, event = standing.rules, standing.event
    is_sponsored = event is not None and event.pays_for(film.cost_micros)
    if rules.models is not None and film.model_id not in rules.models:
        yield Refusal(LimitKind.MODEL)
    if rules.channels is not None and not is_sponsored and not film.channels & rules.channels:
        yield Refusal(LimitKind.CHANNEL)
    most = rules.film_micros_most
    if most is not None and film.cost_micros > most and not is_sponsored:
        yield Refusal(LimitKind.FILM_COST, 0, most, film.cost_micros)
    if rules.open_jobs_most is not None and standing.open_jobs >= rules.open_jobs_most:
        yield Refusal(LimitKind.OPEN_JOBS, standing.open_jobs, rules.open_jobs_most)
    yield from _rates(standing)
    left = standing.own_left_micros
    if left is not None and film.cost_micros > left and not is_sponsored:
        total = (standing.allowance_micros or 0) + sum(
            grant.balance_micros for grant in standing.grants
        )
        ends_at = standing.allowance.ends_at
        yield Refusal(LimitKind.ALLOWANCE, total - left, total, film.cost_micros, ends_at)


def _rates(standing: Standing) -> Iterable[Refusal]:
    for rate in standing.rules.rates or ():
        made = standing.rates.get(rate.per_seconds, ())
        free_at = frees_at(made, rate, standing.at)
        if free_at is not None:
            used = len(counted(made, rate, standing.at))
            yield Refusal(LimitKind.RATE, used, rate.most, rate.per_seconds, free_at)


def admit(standing: Standing, film: Film) -> Admission:
    """What a film that nothing refuses takes from whom."""
    event = standing.event
    is_sponsored = event is not None and event.pays_for(film.cost_micros)
    funds: list[tuple[AccountId, int]] = []
    if event is not None and is_sponsored:
        draws = [Draw(event.account.id, AccountKind.EVENT, film.cost_micros)]
    else:
        draws = own_draws(standing, film.cost_micros)
        funds += _funds(standing, standing.allowance, standing.allowance_micros, draws)
    pool = [Draw(standing.pool.id, AccountKind.POOL, film.cost_micros)]
    funds += _funds(standing, standing.pool, standing.policy.pool_micros, pool)
    return Admission(
        funds=posted(funds),
        draws=tuple(draw for draw in (*draws, *pool) if draw.micros),
        rates=_counted_now(standing),
        event_id=event.id if event is not None and is_sponsored else None,
        alerts=_alerts(standing, film.cost_micros),
    )


def own_draws(standing: Standing, cost_micros: int) -> list[Draw]:
    """From what lapses first; there must be enough."""
    allowance = standing.allowance
    if standing.allowance_micros is None:
        return [Draw(allowance.id, AccountKind.ALLOWANCE, cost_micros)]
    purses = [(allowance, left_of(allowance, standing.allowance_micros))]
    purses += [(grant, grant.balance_micros) for grant in standing.grants]
    draws = []
    for purse, left in sorted(purses, key=_ends_first):
        share = min(left, cost_micros)
        cost_micros -= share
        draws.append(Draw(purse.id, purse.kind, share))
    return draws


def _ends_first(purse: tuple[Account, int]) -> tuple[bool, float, str]:
    ends_at = purse[0].ends_at
    return ends_at is None, ends_at.timestamp() if ends_at else 0.0, purse[0].id


def _funds(
    standing: Standing, account: Account, target_micros: int | None, draws: Sequence[Draw]
) -> list[tuple[AccountId, int]]:
    """Up or down to what the rules say; where they say nothing, just what is drawn."""
    if target_micros is None:
        needed = sum(draw.micros for draw in draws if draw.account_id == account.id)
        delta = needed - account.balance_micros
    else:
        delta = left_of(account, target_micros) - account.balance_micros
    issued = account_id(standing.policy.guild_id, AccountKind.ISSUED)
    return [(account.id, delta), (issued, -delta)]


def _counted_now(standing: Standing) -> dict[int, list[datetime]]:
    """For every limit, what it counts with this wish; also for the exempt, who may not stay so."""
    return {
        rate.per_seconds: [
            *counted(standing.rates.get(rate.per_seconds, ()), rate, standing.at),
            standing.at,
        ]
        for rate in standing.rules.rates or ()
    }


def _alerts(standing: Standing, cost_micros: int) -> tuple[int, ...]:
    pool = standing.policy.pool_micros
    if not pool:
        return ()
    before = standing.pool.used_micros
    after = before + cost_micros
    return tuple(share for share in ALERT_SHARES if before * 100 < share * pool <= after * 100)


def reservation(standing: Standing, admission: Admission) -> tuple[Posting, ...]:
    """The postings of the reserve transaction."""
    return reserving(standing.policy.guild_id, admission.draws)
