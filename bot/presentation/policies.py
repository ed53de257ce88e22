"""What a server decided about money, on one card and in one line each."""

from collections.abc import Iterable, Sequence

import discord

from bot.domain.edits import (
    CloseEvent,
    Edit,
    MakeGrant,
    OpenedEvent,
    OpenEvent,
    PastEdit,
    PendingEdit,
    RefundJob,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.domain.limits import Rules
from bot.domain.policy import Override, Policy, Subject, SubjectKind
from bot.domain.pricing import dollars
from bot.domain.statements import Overview, Report
from bot.domain.usage import Total
from bot.presentation.money import COLOUR, bar, films, floor_dollars, money_left, rates, when_of
from bot.presentation.sanitising import plain

FIELD_MOST = 1024  # Discord's
OVERRIDES_MOST = 12
TABLE_MOST = 12
NONE = "not limited"


def overview(told: Overview) -> discord.Embed:
    """All on one card."""
    policy = told.policy
    title = "⏸ Films are switched off" if policy.is_paused else "What this server decided"
    embed = discord.Embed(title=title, colour=COLOUR, description=_pool(told))
    embed.add_field(name="Everybody", value=rules_of(policy.rules), inline=False)
    if told.overrides:
        lines = [_override(one) for one in told.overrides[:OVERRIDES_MOST]]
        more = len(told.overrides) - len(lines)
        lines += [f"… and {more} more"] if more else []
        embed.add_field(name="Others", value=_within("\n".join(lines)), inline=False)
    if told.events:
        lines = [_event(one) for one in told.events]
        embed.add_field(name="Events", value=_within("\n".join(lines)), inline=False)
    gifts = (
        "not allowed"
        if policy.gift_micros_most is None
        else f"up to {dollars(policy.gift_micros_most)} a day"
    )
    embed.set_footer(text=f"Gifts {gifts} · time zone {policy.zone}")
    return embed


def _pool(told: Overview) -> str:
    pool, used = told.policy.pool_micros, told.used_micros
    expected = dollars(told.forecast.expected_micros)
    if pool is None:
        return (
            f"**Pool**: no cap is set; {dollars(used)} this month, {expected} at this pace."
            " Set one with `/quota-admin pool`."
        )
    empty = told.forecast.empty_at
    pace = f"empty {when_of(empty)} at this pace" if empty else f"{expected} at this pace"
    left = max(pool - used, 0)
    return (
        f"**Pool** {bar(left, pool)} {money_left(pool - left, pool)} · {pace}"
        f" · new {when_of(told.ends_at)}"
    )


def rules_of(rules: Rules) -> str:
    """What they say, a line for each."""
    lines = []
    if rules.exempt:
        lines.append("exempt from every limit but the pool")
    if rules.allowance is not None:
        lines.append(
            f"allowance: {floor_dollars(rules.allowance.micros)} a {rules.allowance.window}"
        )
    if rules.rates is not None:
        lines.append(f"wishes: {rates(rules.rates)}")
    if rules.open_jobs_most is not None:
        lines.append(f"at once: {films(rules.open_jobs_most)}")
    if rules.film_micros_most is not None:
        lines.append(f"a film may cost: {floor_dollars(rules.film_micros_most)}")
    if rules.models is not None:
        lines.append(f"models: {', '.join(f'`{one}`' for one in sorted(rules.models)) or 'none'}")
    if rules.channels is not None:
        lines.append(
            f"channels: {' '.join(f'<#{one}>' for one in sorted(rules.channels)) or 'none'}"
        )
    return _within("\n".join(lines)) or NONE


def mention(subject: Subject) -> str:
    mark = "@&" if subject.kind is SubjectKind.ROLE else "@"
    return f"<{mark}{subject.id}>"


def _override(one: Override) -> str:
    return f"{mention(one.subject)}: {rules_of(one.rules).replace(chr(10), ' · ')}"


def _event(one: OpenedEvent) -> str:
    until = f" until {when_of(one.ends_at)}" if one.ends_at else ""
    left = f"{films(one.films_left)} left, each up to {floor_dollars(one.film_micros_most)}"
    return f"<#{one.channel_id}>: {left}{until}"


def to_apply(pending: PendingEdit) -> str:
    """A change that must be confirmed first."""
    return (
        f"{change(pending.edit)}\nNothing is changed until you press the button;"
        f" it works {when_of(pending.expires_at)}."
    )


def applied(edit: Edit) -> str:
    return f"✅ Done. {change(edit)}"


def change(edit: Edit) -> str:
    """What an edit does."""
    match edit:
        case SetPolicy(policy):
            return _policy(policy)
        case SetRules(subject, rules):
            if rules.is_empty:
                return f"{mention(subject)} has no rules of their own any more."
            return f"{mention(subject)} has rules of their own:\n{rules_of(rules)}"
        case MakeGrant() | RefundJob():
            return _given(edit)
        case OpenEvent() | CloseEvent():
            return _opened(edit)
        case ResetPolicy():
            return "All rules are as on the first day; the books stay."


def _given(edit: MakeGrant | RefundJob) -> str:
    why = plain(edit.reason, most=200) or "no reason given"
    if isinstance(edit, RefundJob):
        return f"What film `{edit.job_id}` cost goes back to the pool and to its member ({why})."
    if edit.micros < 0:
        return f"{floor_dollars(-edit.micros)} of grants are taken back from <@{edit.user_id}> ({why})."
    until = f", until {when_of(edit.ends_at)}" if edit.ends_at else ""
    return (
        f"<@{edit.user_id}> gets {floor_dollars(edit.micros)} beside the allowance{until} ({why})."
    )


def _opened(edit: OpenEvent | CloseEvent) -> str:
    if isinstance(edit, CloseEvent):
        return f"The event in <#{edit.channel_id}> is closed."
    until = f", until {when_of(edit.ends_at)}" if edit.ends_at else ""
    return (
        f"The next {films(edit.films_most)} in <#{edit.channel_id}> are on the server,"
        f" each up to {floor_dollars(edit.film_micros_most)}{until}."
    )


def _policy(policy: Policy) -> str:
    pool = (
        "no cap" if policy.pool_micros is None else f"{floor_dollars(policy.pool_micros)} a month"
    )
    gifts = (
        "not allowed"
        if policy.gift_micros_most is None
        else f"up to {dollars(policy.gift_micros_most)} a day"
    )
    state = "Films are switched off.\n" if policy.is_paused else ""
    return f"{state}Pool: {pool}\nEverybody: {rules_of(policy.rules).replace(chr(10), ' · ')}\nGifts: {gifts}\nTime zone: {policy.zone}"


def history(edits: Sequence[PastEdit]) -> discord.Embed:
    """Who changed what, latest first."""
    lines = [f"{when_of(one.at)} <@{one.actor_id}> · {_past(one)}" for one in edits]
    text = "\n".join(lines) or "Nothing was changed yet."
    return discord.Embed(title="Who changed what", description=text[:4000], colour=COLOUR)


def _past(one: PastEdit) -> str:
    after = plain(one.after, most=160)
    return f"{one.what}: {after}" if after else one.what


def report(told: Report) -> discord.Embed:
    """The month in a table, beside its picture."""
    total = sum(one.pool_micros for one in told.spent)
    embed = discord.Embed(
        title=told.title,
        description=f"{films(len(told.spent))} for {dollars(total)}",
        colour=COLOUR,
    )
    embed.add_field(name="By member", value=table(told.by_member), inline=True)
    embed.add_field(name="By model", value=table(told.by_model), inline=True)
    return embed


def table(totals: Iterable[Total]) -> str:
    rows = list(totals)
    lines = [
        f"{plain(one.name, most=40)} · {one.films} · {dollars(one.micros)}"
        for one in rows[:TABLE_MOST]
    ]
    if len(rows) > TABLE_MOST:
        lines.append(f"… and {len(rows) - TABLE_MOST} more")
    return _within("\n".join(lines)) or "nothing yet"


def _within(text: str) -> str:
    return text if len(text) <= FIELD_MOST else f"{text[: FIELD_MOST - 1]}…"
