"""Money and limits in words: what is left, and what was refused."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord

from bot.catalog.pricing import Price, dollars
from bot.guilds.notices import PoolAlert
from bot.money.ledger import AccountKind, Transaction, TransactionKind
from bot.money.limits import (
    PERIODS,
    BudgetSnapshot,
    LimitKind,
    RateLimit,
    Refusal,
    counted,
    frees_at,
)
from bot.money.reports import Statement
from bot.presentation.escaping import plain, visible

COLOUR = 0x3FB27F
BAR_CELLS = 10
MONTH_IN_WORDS = "A chart of what your videos cost this month, by day and by model"
MAX_CHANNELS = 12
MAX_NAMES = 8  # of models or channels in one line
_PERIODS = {seconds: name for name, seconds in PERIODS.items()}
_RAISING = "Members with Manage Server can raise it with `/quota-admin pool`."
_NOT_ENOUGH = "This video costs more than you have left. See `/quota show`."
BY_AN_ADMIN = "A server admin can change that."


def refused(refusals: Iterable[Refusal], *, is_admin: bool = False, is_public: bool = False) -> str:
    """Text about exceeded limits: which, how far, when they free up, who can change them.

    `is_admin`: the reader has `/quota-admin`, so its command is named. `is_public`: others read it
    too, so it omits what the member has left.
    """
    found = list(refusals)
    details = [_refusal(refusal, is_admin=is_admin, is_public=is_public) for refusal in found]
    if [one.kind for one in found] == [LimitKind.POSTS]:
        return details[0]  # which costs nothing anyway
    if len(details) == 1:
        return f"{details[0]} Nothing was charged."
    listed = "\n".join(f"- {one}" for one in details)
    return f"This video exceeds these limits:\n{listed}\nNothing was charged."


def _refusal(refusal: Refusal, *, is_admin: bool, is_public: bool) -> str:
    words = LIMIT_WORDS[refusal.kind]
    when = f" It frees up {when_of(refusal.frees_at)}." if refusal.frees_at else ""
    changing = f"You can change that with `/quota-admin {words.command}`."
    is_secret = is_public and refusal.kind is LimitKind.ALLOWANCE
    limit = _NOT_ENOUGH if is_secret else words.refused(refusal)
    if not words.command:
        return f"{limit}{when}"
    return f"{limit}{when} {changing if is_admin else BY_AN_ADMIN}"


def money_left(used: int, most: int) -> str:
    """Rest of an amount, such as `$1.50 left of $2.00`."""
    return f"{floor_dollars(most - used)} left of {floor_dollars(most)}"


def floor_dollars(micros: int) -> str:
    """Money that may be spent, rounded down so as never to look larger."""
    cents = max(micros, 0) // 10_000
    return f"${cents // 100:,}.{cents % 100:02d}"


def videos(count: int) -> str:
    """Count of videos, such as `2 videos`."""
    return f"{count} video{'' if count == 1 else 's'}"


def next_videos(count: int) -> str:
    """Count of coming videos, such as `The next 2 videos`."""
    return "The next video" if count == 1 else f"The next {videos(count)}"


def per(seconds: int) -> str:
    """Period of a rate limit, such as `per minute`."""
    return f"per {_PERIODS.get(seconds, f'{seconds} s')}"


def rates(limits: Iterable[RateLimit]) -> str:
    """Rate limits, such as `3 per minute, 20 per day`."""
    return ", ".join(f"{rate.most} {per(rate.per_seconds)}" for rate in limits) or "no limit"


def when_of(instant: datetime) -> str:
    """Relative time, which Discord counts, such as `in 2 hours`."""
    return f"<t:{int(instant.timestamp())}:R>"


def clock_of(instant: datetime) -> str:
    """Time in the reader's zone, such as `9:41 AM`, for an end within hours."""
    return f"<t:{int(instant.timestamp())}:t>"


def date_of(instant: datetime) -> str:
    """Date and time in the reader's zone."""
    return f"<t:{int(instant.timestamp())}:f>"


def pool_alert(alert: PoolAlert) -> str:
    """Alert about the pool for a log channel."""
    pool = floor_dollars(alert.pool_micros)
    until = f" It resets {date_of(alert.ends_at)}." if alert.ends_at else ""
    if alert.over_micros:
        return (
            f"🔴 This month's pool of {pool} is exceeded by {dollars(alert.over_micros)}: a video"
            f" service charged more than it quoted. I'm not accepting any more videos.{until}"
        )
    if alert.share >= 100:
        return f"🔴 This month's pool of {pool} is used up.{until} {_RAISING}"
    if alert.refused_micros is not None:
        left = floor_dollars(alert.pool_micros - alert.used_micros)
        return (
            f"🔴 A video for {dollars(alert.refused_micros)} was refused: this month's pool of {pool}"
            f" has {left} left.{until} {_RAISING}"
        )
    mark = "🟠" if alert.share >= 80 else "🟡"
    return f"{mark} {alert.share}% of this month's pool of {pool} is used.{until}"


def statement(details: Statement) -> discord.Embed:
    """Embed of a member's budget: what is left, as money and as videos."""
    budget = details.budget
    embed = discord.Embed(title="Your budget", colour=COLOUR)
    embed.description = _own(budget, details.video)
    embed.add_field(name="Server pool this month", value=_pool(budget), inline=False)
    if budget.event is not None:
        left = budget.event.videos_most - budget.event.videos_used
        value = f"{next_videos(left)} here {'is' if left == 1 else 'are'} free: the server pays."
        embed.add_field(name="🎁 Event", value=value, inline=False)
    embed.add_field(name="Limits", value=_limits(budget), inline=False)
    if details.open_jobs:
        lines = [
            f"{plain(job.request.prompt, most=60)} · {dollars(job.cost_micros)}"
            for job in details.open_jobs
        ]
        embed.add_field(name="In progress", value="\n".join(lines[:5]), inline=False)
    if details.latest:
        lines = [entry(one, budget) for one in _shown_once(details.latest)]
        embed.add_field(name="Recent activity", value="\n".join(lines), inline=False)
    return embed


def _shown_once(latest: Iterable[Transaction]) -> list[Transaction]:
    """Omit reservations of videos whose end is listed too."""
    found = list(latest)
    ends = {TransactionKind.SETTLE, TransactionKind.RELEASE}
    ended = {one.job_id or one.improvement_id for one in found if one.kind in ends}
    return [
        one
        for one in found
        if one.kind is not TransactionKind.RESERVE
        or (one.job_id or one.improvement_id) not in ended
    ]


def _own(budget: BudgetSnapshot, video: tuple[str, Price] | None) -> str:
    left = budget.own_left_micros
    if left is None:
        return "There's no limit on what you can spend here."
    given = budget.rules.allowance
    total = budget.own_total_micros
    lines = [f"{bar(left, total)} **{money_left(total - left, total)}**"]
    if video is not None and video[1].cost_micros:
        name, price = video
        pool_left = budget.pool_left_micros
        reach = left if pool_left is None else min(left, pool_left)
        lines.append(
            f"≈ **{videos(reach // price.cost_micros)}** with {name} at {dollars(price.cost_micros)}"
        )
    if given is not None and budget.allowance.ends_at is not None:
        again = when_of(budget.allowance.ends_at)
        lines.append(f"{floor_dollars(given.micros)} per {given.window} · resets {again}")
    for grant in budget.grants:
        until = f" until {date_of(grant.ends_at)}" if grant.ends_at else ""
        lines.append(f"🎁 {floor_dollars(grant.balance_micros)} granted{until}")
    return "\n".join(lines)


def _pool(budget: BudgetSnapshot) -> str:
    left, total = budget.pool_left_micros, budget.policy.pool_micros
    if left is None or total is None:
        return "No limit set."
    return f"{bar(left, total)} {money_left(total - left, total)}"


def bar(left: int, total: int) -> str:
    """A bar of what is left."""
    full = round(BAR_CELLS * left / total) if total else 0
    return "▰" * min(full, BAR_CELLS) + "▱" * (BAR_CELLS - min(full, BAR_CELLS))


def _limits(budget: BudgetSnapshot) -> str:
    if budget.is_exempt:
        return "No limits: you're exempt."
    return "\n".join(line for words in LIMIT_WORDS.values() for line in words.on_card(budget))


def _open_jobs(budget: BudgetSnapshot) -> Iterable[str]:
    most = budget.rules.open_jobs_most
    used = str(budget.open_jobs) if most is None else f"{budget.open_jobs} of {most}"
    yield f"{used} concurrent videos{' (no limit)' if most is None else ''}"


def _rates(budget: BudgetSnapshot) -> Iterable[str]:
    for rate in budget.rules.rates or ():
        made = budget.rates.get(rate.per_seconds, ())
        used = len(counted(made, rate, budget.at))
        free_at = frees_at(made, rate, budget.at)
        wait = f" · frees up {when_of(free_at)}" if free_at else ""
        yield f"{used} of {rate.most} requests {per(rate.per_seconds)}{wait}"


def _cost(budget: BudgetSnapshot) -> Iterable[str]:
    if budget.rules.video_micros_most is not None:
        yield f"up to {floor_dollars(budget.rules.video_micros_most)} per video"


def _length(budget: BudgetSnapshot) -> Iterable[str]:
    if budget.rules.video_seconds_most is not None:
        yield f"up to {budget.rules.video_seconds_most} s per video"


def _too_long(refusal: Refusal) -> str:
    """Text about a video that is too long; the lengths of its shots add up."""
    allowed = f"the maximum here is {refusal.most} s"
    if not refusal.asked:
        return (
            f"This model doesn't say how long its videos are, and {allowed}."
            " Choose a model with a `duration`."
        )
    return (
        f"This video would be {refusal.asked} s long; {allowed}."
        " Choose a shorter duration or fewer shots."
    )


def _models(budget: BudgetSnapshot) -> Iterable[str]:
    if budget.rules.models is not None:
        count = len(budget.rules.models)
        yield f"{count} model{'' if count == 1 else 's'} allowed"


def _channels(budget: BudgetSnapshot) -> Iterable[str]:
    if budget.rules.channels is not None:
        allowed = sorted(budget.rules.channels)[:MAX_CHANNELS]
        details = " ".join(f"<#{channel}>" for channel in allowed)
        yield f"videos allowed in {details or 'no channel'}"


def _not_here(_budget: BudgetSnapshot) -> Iterable[str]:
    """No line: money has fields of its own on the card, and a pause ends every request."""
    return ()


def _code(model_id: str) -> str:
    return f"`{visible(model_id).replace('`', '')}`"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - MAX_NAMES
    shown = ", ".join(found[:MAX_NAMES]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown


@dataclass(frozen=True, slots=True)
class LimitWords:
    """Texts about one limit, for members and for admins."""

    command: str  # of `/quota-admin`, which changes it; empty where no one can
    refused: Callable[[Refusal], str]  # which limit it is, how far it is used, what to do
    on_card: Callable[[BudgetSnapshot], Iterable[str]] = _not_here  # lines of a member's card
    rule: str = ""  # its field of `Rules`; empty for what is not set for a role or a member
    name: str = ""  # of the rule, within a sentence
    label: str = ""  # of the rule, in a list
    value: Callable[[Any], str] = str  # of the rule, in a list


def _costs(refusal: Refusal) -> str:
    return f"This video costs {dollars(refusal.asked)}; " if refusal.asked else "For any video, "


LIMIT_WORDS = {
    LimitKind.PAUSED: LimitWords("resume", lambda _: "Videos are paused on this server."),
    LimitKind.POOL: LimitWords(
        "pool",
        lambda it: f"{_costs(it)}the server has {money_left(it.used, it.most)} for this month.",
    ),
    LimitKind.ALLOWANCE: LimitWords(
        "allowance",
        lambda it: f"{_costs(it)}you have {money_left(it.used, it.most)}.",
        rule="allowance",
        name="allowance",
        label="allowance",
        value=lambda given: f"{floor_dollars(given.micros)} per {given.window}",
    ),
    LimitKind.OPEN_JOBS: LimitWords(
        "concurrency",
        lambda it: (
            f"You have {videos(it.used)} in progress; the limit is {it.most}."
            " Wait for one to finish, or cancel one on its card."
        ),
        _open_jobs,
        rule="open_jobs_most",
        name="concurrent videos",
        label="concurrent videos",
    ),
    LimitKind.RATE: LimitWords(
        "requests",
        lambda it: f"You've made {it.used} of {it.most} requests {per(it.asked)}.",
        _rates,
        rule="rates",
        name="requests",
        label="requests",
        value=rates,
    ),
    LimitKind.POSTS: LimitWords(
        "",
        lambda it: (
            f"You've had me post {it.used} of {it.most} frames, links and videos {per(it.asked)}."
        ),
    ),
    LimitKind.VIDEO_COST: LimitWords(
        "max-price",
        lambda it: (
            f"This video costs {dollars(it.asked)}; the maximum here is {dollars(it.most)}."
            " Choose a cheaper model or a shorter video."
        ),
        _cost,
        rule="video_micros_most",
        name="maximum price",
        label="maximum price",
        value=floor_dollars,
    ),
    LimitKind.LENGTH: LimitWords(
        "max-length",
        _too_long,
        _length,
        rule="video_seconds_most",
        name="maximum length",
        label="maximum length",
        value=lambda seconds: f"{seconds} s",
    ),
    LimitKind.MODEL: LimitWords(
        "models",
        lambda _: "You can't use this model here. See `/models list` for those you can.",
        _models,
        rule="models",
        name="models",
        label="models",
        value=lambda allowed: _listed(map(_code, sorted(allowed))),
    ),
    LimitKind.CHANNEL: LimitWords(
        "channels",
        lambda _: "You can't make videos in this channel. Use another one.",
        _channels,
        rule="channels",
        name="channels",
        label="channels",
        value=lambda allowed: _listed(f"<#{channel}>" for channel in sorted(allowed)),
    ),
}
WORDS_OF_RULES = {words.rule: words for words in LIMIT_WORDS.values() if words.rule}


MICROS_PER_CENT = 10_000
_ENTRIES = {
    TransactionKind.RESERVE: "⏳ reserved for a video",
    TransactionKind.SETTLE: "🎬 paid for a video",
    TransactionKind.RELEASE: "↩️ released",
    TransactionKind.REFUND: "↩️ refunded",
    TransactionKind.GRANT: "🎁 granted",
    TransactionKind.WITHDRAW: "↪️ withdrawn",
    TransactionKind.GIFT: "🎁 gift",
    TransactionKind.FUND: "added",
}


def entry(one: Transaction, budget: BudgetSnapshot) -> str:
    """Line about a movement of a member's money."""
    amount = _amount(one)
    what = _ENTRIES[one.kind]
    if one.improvement_id is not None:
        what = what.replace("🎬", "✨").replace("a video", "a better prompt")
    if one.kind is TransactionKind.GIFT:
        gave = one.actor_id == budget.allowance.user_id
        what = f"🎁 gift to <@{one.user_id}>" if gave else f"🎁 gift from <@{one.actor_id}>"
    why = (
        f" ({plain(one.reason, most=60)})"
        if one.reason and one.kind is not TransactionKind.GIFT
        else ""
    )
    is_tiny = one.improvement_id is not None and 0 < amount < MICROS_PER_CENT
    shown = f"less than {dollars(MICROS_PER_CENT)}" if is_tiny else floor_dollars(amount)
    return f"{when_of(one.at)} {what}: {shown}{why}"


def _amount(one: Transaction) -> int:
    """Amount of a transaction on the member's side."""
    counted_kinds = {
        TransactionKind.RESERVE: {AccountKind.HELD},
        TransactionKind.SETTLE: {AccountKind.SPENT},
        TransactionKind.RELEASE: {AccountKind.HELD},
        TransactionKind.REFUND: {AccountKind.GRANT},
    }.get(one.kind, {AccountKind.GRANT})
    sums = [posting.micros for posting in one.postings if posting.kind in counted_kinds]
    return abs(sum(sums))


def gave(to: int, micros: int, budget: BudgetSnapshot) -> str:
    """Answer to the giver of a gift."""
    left = budget.own_left_micros
    rest = "" if left is None else f" You have {floor_dollars(left)} left."
    return f"🎁 You gave <@{to}> {dollars(micros)}.{rest}"
