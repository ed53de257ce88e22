"""Money and limits in words: what is left, and what was refused."""

from collections.abc import Iterable
from datetime import datetime

import discord

from bot.domain.admission import Standing
from bot.domain.ledger import AccountKind, Transaction, TransactionKind
from bot.domain.limits import RateLimit, counted, frees_at
from bot.domain.notices import PoolAlert
from bot.domain.pricing import Price, dollars
from bot.domain.statements import Statement
from bot.errors import LimitKind, Refusal
from bot.presentation.sanitising import plain

COLOUR = 0x3FB27F
BAR_CELLS = 10
CHANNELS_MOST = 12
_PERIODS = {60: "minute", 3600: "hour", 86_400: "day"}
_MODERATOR = "A moderator can change that with `/quota-admin`."


def refused(refusals: Iterable[Refusal]) -> str:
    """Every limit that was met: which, how far, when it frees up, who can change it."""
    told = [_refusal(refusal) for refusal in refusals]
    if len(told) == 1:
        return f"{told[0]} Nothing was charged."
    listed = "\n".join(f"- {one}" for one in told)
    return f"This film is beyond some limits:\n{listed}\nNothing was charged."


def _refusal(refusal: Refusal) -> str:
    when = f" It frees up {when_of(refusal.frees_at)}." if refusal.frees_at else ""
    return f"{_limit(refusal)}{when} {_MODERATOR}"


def _limit(refusal: Refusal) -> str:
    """Which limit it is, and how far it is used."""
    used, most, asked = refusal.used, refusal.most, refusal.asked
    return {
        LimitKind.PAUSED: "Films are switched off in this server for now.",
        LimitKind.MODEL: "This model is not allowed for you here: `/models list` shows others.",
        LimitKind.CHANNEL: "Films are not made in this channel: use another one.",
        LimitKind.FILM_COST: (
            f"This film costs {dollars(asked)}; one may cost {dollars(most)} here."
            " Choose a cheaper model or a shorter film."
        ),
        LimitKind.OPEN_JOBS: (
            f"You have {films(used)} under way, of {most} at once."
            " Wait for one, or cancel one on its card."
        ),
        LimitKind.RATE: f"You made {used} of {most} wishes {per(asked)}.",
        LimitKind.ALLOWANCE: f"This film costs {dollars(asked)}; you have {money_left(used, most)}.",
        LimitKind.POOL: (
            f"This film costs {dollars(asked)}; the server has {money_left(used, most)}"
            " for this month."
        ),
    }[refusal.kind]


def money_left(used: int, most: int) -> str:
    return f"{floor_dollars(most - used)} left of {floor_dollars(most)}"


def floor_dollars(micros: int) -> str:
    """Money that may be spent: rounded down, so that nothing looks larger than it is."""
    cents = max(micros, 0) // 10_000
    return f"${cents // 100:,}.{cents % 100:02d}"


def films(count: int) -> str:
    return f"{count} film{'' if count == 1 else 's'}"


def per(seconds: int) -> str:
    """Such as `in a minute`."""
    name = _PERIODS.get(seconds)
    if name is None:
        return f"in {seconds} s"
    return f"in {'an' if name == 'hour' else 'a'} {name}"


def rates(limits: Iterable[RateLimit]) -> str:
    told = [f"{rate.most} {per(rate.per_seconds).replace('in ', '')}" for rate in limits]
    return ", ".join(told) or "any number"


def when_of(instant: datetime) -> str:
    return f"<t:{int(instant.timestamp())}:R>"


def clock_of(instant: datetime) -> str:
    """Such as `9:41 AM`, in the reader's own time: for what ends soon."""
    return f"<t:{int(instant.timestamp())}:t>"


def date_of(instant: datetime) -> str:
    """Date and time in the reader's own: for what lasts until then."""
    return f"<t:{int(instant.timestamp())}:f>"


def pool_alert(alert: PoolAlert) -> str:
    """For a server's log channel."""
    pool, share = floor_dollars(alert.pool_micros), alert.share
    until = f" It is filled again {when_of(alert.ends_at)}." if alert.ends_at else ""
    if share >= 100:
        return f"🔴 This month's pool of {pool} is used up.{until} {_MODERATOR}"
    return (
        f"{'🟠' if share >= 80 else '🟡'} {share} % of this month's pool of {pool} are used.{until}"
    )


def statement(told: Statement) -> discord.Embed:
    """A member's card: what is left, as money and as films."""
    standing = told.standing
    embed = discord.Embed(title="What you have left", colour=COLOUR)
    embed.description = _own(standing, told.film)
    embed.add_field(name="The server's month", value=_pool(standing), inline=False)
    if standing.event is not None:
        left = standing.event.films_most - standing.event.films_used
        value = f"The next {films(left)} here are on the server."
        embed.add_field(name="🎁 Event", value=value, inline=False)
    embed.add_field(name="Limits", value=_limits(standing), inline=False)
    if told.open_jobs:
        lines = [
            f"{plain(job.request.prompt, most=60)} · {dollars(job.cost_micros)}"
            for job in told.open_jobs
        ]
        embed.add_field(name="Under way", value="\n".join(lines[:5]), inline=False)
    if told.latest:
        lines = [entry(one, standing) for one in _told_once(told.latest)]
        embed.add_field(name="Lately", value="\n".join(lines), inline=False)
    return embed


def _told_once(latest: Iterable[Transaction]) -> list[Transaction]:
    """Without what was held for a film whose end stands beside it."""
    found = list(latest)
    ends = {TransactionKind.SETTLE, TransactionKind.RELEASE}
    ended = {one.job_id for one in found if one.kind in ends}
    return [
        one for one in found if one.kind is not TransactionKind.RESERVE or one.job_id not in ended
    ]


def _own(standing: Standing, film: tuple[str, Price] | None) -> str:
    left = standing.own_left_micros
    if left is None:
        return "Nothing limits how much you spend here."
    given = standing.rules.allowance
    total = (standing.allowance_micros or 0) + sum(one.balance_micros for one in standing.grants)
    lines = [f"{bar(left, total)} **{money_left(total - left, total)}**"]
    if film is not None and film[1].cost_micros:
        name, price = film
        pool_left = standing.pool_left_micros
        reach = left if pool_left is None else min(left, pool_left)
        lines.append(
            f"≈ **{films(reach // price.cost_micros)}** with {name} at {dollars(price.cost_micros)}"
        )
    if given is not None and standing.allowance.ends_at is not None:
        again = when_of(standing.allowance.ends_at)
        lines.append(f"{floor_dollars(given.micros)} a {given.window} · new {again}")
    for grant in standing.grants:
        until = f" until {date_of(grant.ends_at)}" if grant.ends_at else ""
        lines.append(f"🎁 {floor_dollars(grant.balance_micros)} granted{until}")
    return "\n".join(lines)


def _pool(standing: Standing) -> str:
    left, total = standing.pool_left_micros, standing.policy.pool_micros
    if left is None or total is None:
        return "No cap is set."
    return f"{bar(left, total)} {money_left(total - left, total)}"


def bar(left: int, total: int) -> str:
    """How much is left, in cells."""
    full = round(BAR_CELLS * left / total) if total else 0
    return "▰" * min(full, BAR_CELLS) + "▱" * (BAR_CELLS - min(full, BAR_CELLS))


def _limits(standing: Standing) -> str:
    if standing.is_exempt:
        return "None: you are exempt."
    rules = standing.rules
    most = "any number" if rules.open_jobs_most is None else str(rules.open_jobs_most)
    lines = [f"{standing.open_jobs} of {most} films at once"]
    for rate in rules.rates or ():
        made = standing.rates.get(rate.per_seconds, ())
        used = len(counted(made, rate, standing.at))
        free_at = frees_at(made, rate, standing.at)
        wait = f" · frees up {when_of(free_at)}" if free_at else ""
        lines.append(f"{used} of {rate.most} wishes {per(rate.per_seconds)}{wait}")
    if rules.film_micros_most is not None:
        lines.append(f"a film may cost {floor_dollars(rules.film_micros_most)}")
    if rules.models is not None:
        count = len(rules.models)
        lines.append(f"{count} model{'' if count == 1 else 's'} may be used")
    if rules.channels is not None:
        told = " ".join(f"<#{channel}>" for channel in sorted(rules.channels)[:CHANNELS_MOST])
        lines.append(f"films are made in {told or 'no channel'}")
    return "\n".join(lines)


_ENTRIES = {
    TransactionKind.RESERVE: "⏳ held for a film",
    TransactionKind.SETTLE: "🎬 paid for a film",
    TransactionKind.RELEASE: "↩️ given back",
    TransactionKind.REFUND: "↩️ refunded",
    TransactionKind.GRANT: "🎁 granted",
    TransactionKind.WITHDRAW: "↪️ taken back",
    TransactionKind.GIFT: "🎁 gift",
    TransactionKind.FUND: "new",
}


def entry(one: Transaction, standing: Standing) -> str:
    """A movement of a member's money, as a line."""
    amount = _amount(one)
    what = _ENTRIES[one.kind]
    if one.kind is TransactionKind.GIFT:
        gave = one.actor_id == standing.allowance.user_id
        what = f"🎁 gift to <@{one.user_id}>" if gave else f"🎁 gift from <@{one.actor_id}>"
    why = (
        f" ({plain(one.reason, most=60)})"
        if one.reason and one.kind is not TransactionKind.GIFT
        else ""
    )
    return f"{when_of(one.at)} {what}: {floor_dollars(amount)}{why}"


def _amount(one: Transaction) -> int:
    """What it was about, on the member's side."""
    counted_kinds = {
        TransactionKind.RESERVE: {AccountKind.HELD},
        TransactionKind.SETTLE: {AccountKind.SPENT},
        TransactionKind.RELEASE: {AccountKind.HELD},
        TransactionKind.REFUND: {AccountKind.GRANT},
    }.get(one.kind, {AccountKind.GRANT})
    sums = [
        posting.micros
        for posting in one.postings
        if AccountKind(posting.account_id.split(":")[1]) in counted_kinds
    ]
    return abs(sum(sums))


def gave(to: int, micros: int, standing: Standing) -> str:
    """For the giver of a gift."""
    left = "" if standing.own_left_micros is None else floor_dollars(standing.own_left_micros)
    return f"🎁 You gave <@{to}> {dollars(micros)}. You have {left} left."
