"""What a member may request: a server's rules and the limits that apply them.

A new limit is a field of `Rules`, a `LimitKind` and a function in `LIMITS`, and in `suits` if it
judges the video itself. Its text belongs in `presentation.money`, its command in `/quota-admin`.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.catalog.extension import total_seconds
from bot.catalog.request import Origin, VideoRequest
from bot.errors import MemberBlockedError, UserFacingError
from bot.ids import ChannelId, EventId, GuildId, ModelId
from bot.money.ledger import Account
from bot.money.windows import Window

MAX_RATE = 1000  # keeps the instants of one limit small enough for one row
MAX_SECONDS = 3600  # per video
MAX_AMOUNT_MICROS = 1_000_000_000_000
PERIODS = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `most` requests in any `per_seconds` seconds."""

    most: int
    per_seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """A member's spending limit per window, in millionths of a dollar."""

    micros: int
    window: Window

    @property
    def micros_a_day(self) -> float:
        return self.micros / self.window.about_days


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules set for a server, a role or a member; None where unset."""

    exempt: bool | None = None  # from all limits except the pool
    allowance: Allowance | None = None
    rates: tuple[RateLimit, ...] | None = None
    open_jobs_most: int | None = None
    video_micros_most: int | None = None  # maximum price per video
    video_seconds_most: int | None = None  # maximum length per video, all shots included
    models: frozenset[ModelId] | None = None  # allowed models
    channels: frozenset[ChannelId] | None = None  # allowed channels
    priority: bool | None = None  # goes first in the queue

    @property
    def limits_spending(self) -> bool:
        """Whether an allowance limits the member, so that grants and gifts matter."""
        return self.allowance is not None and not self.exempt

    @property
    def allowed_models(self) -> frozenset[ModelId] | None:
        """Models that these rules leave; None for all."""
        return None if self.exempt else self.models

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, field.name) is None for field in fields(self))


# What a member may let the bot post at no cost: a frame, a link to a video, a video once more.
POSTS = (RateLimit(5, 60), RateLimit(50, 86_400))
SERVER_RULES = Rules(rates=(RateLimit(3, 60), RateLimit(20, 86_400)), open_jobs_most=2)


def faults_of(rules: Rules) -> Iterable[str]:
    """Complaints about implausible figures, each with a hint what to choose."""
    yield from faults_of_amount(None if rules.allowance is None else rules.allowance.micros)
    yield from faults_of_amount(rules.video_micros_most)
    if any(not 0 <= rate.most <= MAX_RATE for rate in rules.rates or ()):
        yield f"Choose a rate limit between 0 and {MAX_RATE} requests."
    if rules.open_jobs_most is not None and not 0 <= rules.open_jobs_most <= MAX_RATE:
        yield f"Choose between 0 and {MAX_RATE} concurrent videos."
    if rules.video_seconds_most is not None and not 1 <= rules.video_seconds_most <= MAX_SECONDS:
        yield f"Choose a length between 1 and {MAX_SECONDS} seconds."


def faults_of_amount(micros: int | None) -> Iterable[str]:
    if micros is not None and not 0 <= micros <= MAX_AMOUNT_MICROS:
        yield "Choose an amount between $0 and $1,000,000."


def counted(instants: Sequence[datetime], rate: RateLimit, now: datetime) -> list[datetime]:
    """Requests that still count for the limit, oldest first."""
    since = now - timedelta(seconds=rate.per_seconds)
    return sorted(instant for instant in instants if instant > since)


def frees_at(instants: Sequence[datetime], rate: RateLimit, now: datetime) -> datetime | None:
    """Instant at which one more request is allowed; None means now.

    Where the limit is zero, always one period from now.
    """
    used = counted(instants, rate, now)
    if len(used) < rate.most:
        return None
    if rate.most == 0:
        return now + timedelta(seconds=rate.per_seconds)
    return used[len(used) - rate.most] + timedelta(seconds=rate.per_seconds)


@dataclass(frozen=True, slots=True)
class Policy:
    """A server's decisions about money and limits.

    `version` grows with every change and detects concurrent ones.
    """

    guild_id: GuildId
    rules: Rules = SERVER_RULES
    pool_micros: int | None = None  # per month; None: no cap
    zone: str = "UTC"
    gift_micros_most: int | None = None  # per day, given and received; None: gifts are off
    is_paused: bool = False  # all requests are refused
    version: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """A sponsored event: the server pays for a channel's next videos."""

    id: EventId
    account: Account
    videos_most: int
    videos_used: int
    video_micros_most: int

    def pays_for(self, cost_micros: int) -> bool:
        in_reach = cost_micros <= min(self.video_micros_most, self.account.balance_micros)
        return in_reach and self.videos_used < self.videos_most

    def is_over(self, now: datetime) -> bool:
        """Whether its end has passed.

        It stays in its channel until it is closed or another is opened.
        """
        return self.account.ends_at is not None and self.account.ends_at <= now


@dataclass(frozen=True, slots=True)
class BudgetSnapshot:
    """A member's budget on a server at one instant.

    `rates` maps periods in seconds to instants of requests.
    """

    policy: Policy
    rules: Rules
    at: datetime
    allowance: Account  # for the window, or for the month where there is no allowance
    grants: tuple[Account, ...]
    pool: Account
    event: Event | None
    rates: Mapping[int, Sequence[datetime]]
    open_jobs: int
    is_blocked: bool = False  # by a moderator

    @property
    def is_exempt(self) -> bool:
        return bool(self.rules.exempt)

    @property
    def allowed_models(self) -> frozenset[ModelId] | None:
        """Models this member may use; None for all."""
        return self.rules.allowed_models

    @property
    def allowance_micros(self) -> int | None:
        """The window's allowance; None where spending is unlimited."""
        given = self.rules.allowance
        return given.micros if given is not None and self.rules.limits_spending else None

    @property
    def is_limited(self) -> bool:
        return self.rules.limits_spending

    @property
    def own_left_micros(self) -> int | None:
        """Rest of allowance and grants; None where spending is unlimited."""
        if self.allowance_micros is None:
            return None
        allowance = left_of(self.allowance, self.allowance_micros)
        return allowance + sum(grant.balance_micros for grant in self.grants)

    @property
    def own_total_micros(self) -> int:
        """The full allowance plus the balance of all grants."""
        return (self.allowance_micros or 0) + sum(grant.balance_micros for grant in self.grants)

    @property
    def pool_left_micros(self) -> int | None:
        if self.policy.pool_micros is None:
            return None
        return left_of(self.pool, self.policy.pool_micros)

    def sponsor(self, cost_micros: int) -> Event | None:
        """The event that pays for a video of this price; None if its member does."""
        return self.event if self.event is not None and self.event.pays_for(cost_micros) else None


def left_of(account: Account, target_micros: int) -> int:
    """Balance of an account once it is funded up to its target."""
    return max(target_micros - account.used_micros, 0)


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Facts of a request that limits judge; a thread is allowed where its parent is."""

    cost_micros: int
    model_id: ModelId
    channels: frozenset[ChannelId]
    seconds: int | None = None  # of the whole video; None: the model decides, so unknown


def facts_of(request: VideoRequest, cost_micros: int, place: Origin) -> RequestFacts:
    """Build the facts that limits judge.

    The only builder, used before a price is shown and again when the job is written.
    """
    total = total_seconds(request)
    seconds = None if total is None else math.ceil(total)
    return RequestFacts(cost_micros, request.model_id, _channels_of(place), seconds)


def _channels_of(place: Origin) -> frozenset[ChannelId]:
    return frozenset({place.channel_id} | ({place.parent_id} if place.parent_id else set()))


class LimitKind(StrEnum):
    """The limit that a request would exceed."""

    PAUSED = "paused"
    MODEL = "model"
    CHANNEL = "channel"
    VIDEO_COST = "video_cost"
    LENGTH = "length"
    OPEN_JOBS = "open_jobs"
    RATE = "rate"
    POSTS = "posts"
    ALLOWANCE = "allowance"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Usage of a limit in its own unit: millionths of a dollar, videos, requests or seconds.

    `asked` is the video's cost for limits of money (0: not known yet), the period in seconds for rate limits, and the
    video's length for the length limit (0: unknown). `frees_at` is None where only a change by a
    member or admin helps.
    """

    kind: LimitKind
    used: int = 0
    most: int = 0
    asked: int = 0
    frees_at: datetime | None = None


class LimitReachedError(UserFacingError):
    """All limits of the server or member that a request exceeds; nothing was charged."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(refusal.kind for refusal in refusals))
        self.refusals = tuple(refusals)


# Judges a request by one limit. Nearly all yield one refusal or none; a member may have rate limits
# for several periods, and sees every one that is exceeded.
Limit = Callable[[BudgetSnapshot, RequestFacts], Iterable[Refusal]]


def model_limit(budget: BudgetSnapshot, facts: RequestFacts) -> Iterable[Refusal]:
    allowed = budget.rules.models
    if allowed is not None and facts.model_id not in allowed:
        yield Refusal(LimitKind.MODEL)


def channel_limit(budget: BudgetSnapshot, facts: RequestFacts) -> Iterable[Refusal]:
    """Refuse other channels; an event in a channel overrides this limit.

    The event was opened there on purpose.
    """
    allowed = budget.rules.channels
    if allowed is None or facts.channels & allowed or budget.sponsor(facts.cost_micros):
        return
    yield Refusal(LimitKind.CHANNEL)


def cost_limit(budget: BudgetSnapshot, facts: RequestFacts) -> Iterable[Refusal]:
    """Refuse expensive videos; an event has a price limit of its own."""
    most = budget.rules.video_micros_most
    if most is None or facts.cost_micros <= most or budget.sponsor(facts.cost_micros):
        return
    yield Refusal(LimitKind.VIDEO_COST, 0, most, facts.cost_micros)


def length_limit(budget: BudgetSnapshot, facts: RequestFacts) -> Iterable[Refusal]:
    """Refuse long videos, and those of unknown length.

    Accepting an unknown length would make this a limit of only some models.
    """
    most = budget.rules.video_seconds_most
    if most is not None and (facts.seconds is None or facts.seconds > most):
        yield Refusal(LimitKind.LENGTH, 0, most, facts.seconds or 0)


def concurrency_limit(budget: BudgetSnapshot, _facts: RequestFacts) -> Iterable[Refusal]:
    most = budget.rules.open_jobs_most
    if most is not None and budget.open_jobs >= most:
        yield Refusal(LimitKind.OPEN_JOBS, budget.open_jobs, most)


def rate_limits(budget: BudgetSnapshot, _facts: RequestFacts) -> Iterable[Refusal]:
    for rate in budget.rules.rates or ():
        made = budget.rates.get(rate.per_seconds, ())
        free_at = frees_at(made, rate, budget.at)
        if free_at is not None:
            used = len(counted(made, rate, budget.at))
            yield Refusal(LimitKind.RATE, used, rate.most, rate.per_seconds, free_at)


def allowance_limit(budget: BudgetSnapshot, facts: RequestFacts) -> Iterable[Refusal]:
    left, cost = budget.own_left_micros, facts.cost_micros
    if left is not None and cost > left and not budget.sponsor(cost):
        total, ends_at = budget.own_total_micros, budget.allowance.ends_at
        yield Refusal(LimitKind.ALLOWANCE, total - left, total, cost, ends_at)


def pool_limit(budget: BudgetSnapshot, facts: RequestFacts) -> Iterable[Refusal]:
    left, total = budget.pool_left_micros, budget.policy.pool_micros
    if left is not None and total is not None and facts.cost_micros > left:
        ends_at = budget.pool.ends_at
        yield Refusal(LimitKind.POOL, total - left, total, facts.cost_micros, ends_at)


# In the order in which members see them. None applies to the exempt.
LIMITS: tuple[Limit, ...] = (
    model_limit,
    channel_limit,
    cost_limit,
    length_limit,
    concurrency_limit,
    rate_limits,
    allowance_limit,
)


def suits(budget: BudgetSnapshot, facts: RequestFacts) -> bool:
    """Whether no limit refuses this video itself, whenever it is requested.

    Rates, concurrency and money free up; a button for another video may wait for that.
    """
    limits = () if budget.is_exempt else (model_limit, cost_limit, length_limit)
    return not any(refusal for limit in limits for refusal in limit(budget, facts))


def ensure_within(budget: BudgetSnapshot, facts: RequestFacts) -> None:
    """Raise LimitReachedError with every limit that this request would exceed.

    For a member whom a moderator has blocked, MemberBlockedError comes before them all.
    """
    if budget.is_blocked:
        raise MemberBlockedError
    refused = refusals(budget, facts)
    if refused:
        raise LimitReachedError(refused)


def refusals(budget: BudgetSnapshot, facts: RequestFacts) -> tuple[Refusal, ...]:
    """Every limit that this request would exceed; empty if it may be accepted.

    A paused server reports only that. The pool applies to the exempt too.
    """
    if budget.policy.is_paused:
        return (Refusal(LimitKind.PAUSED),)
    limits = (pool_limit,) if budget.is_exempt else (*LIMITS, pool_limit)
    return tuple(refusal for limit in limits for refusal in limit(budget, facts))


def improvement_refusals(
    budget: BudgetSnapshot, facts: RequestFacts, cost_micros: int, made: Sequence[datetime]
) -> tuple[Refusal, ...]:
    """Every limit that improving the prompt of a video within all limits would exceed.

    The video must still be in reach afterwards. Rate limits count a member's improvements, at the instants `made`, by themselves. A
    sponsored event pays for videos alone.
    """
    own = replace(budget, event=None, rates={rate.per_seconds: made for rate in _rates_of(budget)})
    total_micros = facts.cost_micros + cost_micros
    is_sponsored = budget.sponsor(facts.cost_micros) is not None
    own_micros = cost_micros if is_sponsored else total_micros
    found = list(pool_limit(own, replace(facts, cost_micros=total_micros)))
    if not budget.is_exempt:
        found += rate_limits(own, facts)
        found += allowance_limit(own, replace(facts, cost_micros=own_micros))
    return tuple(found)


def _rates_of(budget: BudgetSnapshot) -> Sequence[RateLimit]:
    return budget.rules.rates or ()


def refusals_of_any(budget: BudgetSnapshot, place: Origin) -> tuple[Refusal, ...]:
    """Every limit that refuses whatever video is requested now.

    Asked before a video is fetched to be changed or continued, whose price is not known yet.
    """
    if budget.policy.is_paused:
        return (Refusal(LimitKind.PAUSED),)
    limits: tuple[Limit, ...] = (pool_limit,)
    if not budget.is_exempt:
        limits = (channel_limit, concurrency_limit, rate_limits, allowance_limit, pool_limit)
    least = RequestFacts(1, ModelId(""), _channels_of(place))
    found = [refusal for limit in limits for refusal in limit(budget, least)]
    of_money = {LimitKind.ALLOWANCE, LimitKind.POOL}
    return tuple(replace(one, asked=0) if one.kind in of_money else one for one in found)


def bars(budget: BudgetSnapshot, place: Origin) -> tuple[Refusal, ...]:
    """The limits that bar the member for as long as no admin changes them.

    Who is barred has nothing fetched or posted, even at no cost.
    """
    lasting = {LimitKind.PAUSED, LimitKind.CHANNEL}
    used_up = {LimitKind.OPEN_JOBS, LimitKind.RATE}
    return tuple(
        one
        for one in refusals_of_any(budget, place)
        if one.kind in lasting or (one.kind in used_up and one.most == 0)
    )


def post_limits(budget: BudgetSnapshot, posted: Sequence[datetime]) -> tuple[Refusal, ...]:
    """The limit on what the member lets the bot post at no cost: the one that lasts longest."""
    found = [
        (at, Refusal(LimitKind.POSTS, rate.most, rate.most, rate.per_seconds, at))
        for rate in POSTS
        if (at := frees_at(posted, rate, budget.at)) is not None
    ]
    return (max(found, key=lambda pair: pair[0])[1],) if found else ()
