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
    Proposed,
    RefundJob,
    SetPolicy,
    SetRules,
)
from bot.domain.limits import Rules
from bot.domain.policy import Override, Policy, Subject, SubjectKind
from bot.domain.pricing import dollars
from bot.domain.statements import Overview, Report
from bot.domain.usage import Total
from bot.presentation import changes
from bot.presentation.money import (
    COLOUR,
    bar,
    clock_of,
    date_of,
    films,
    floor_dollars,
    money_left,
    when_of,
)
from bot.presentation.sanitising import plain

FIELD_MOST = 1024  # Discord's
TITLE_MOST = 256  # Discord's
OVERRIDES_MOST = 12
TABLE_MOST = 12
HISTORY_MOST = 4000  # of an embed's 4096 characters
LINE_MOST = 600


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
    said = changes.rules_in_words(rules)
    lines = [name if name == changes.EXEMPT else f"{name}: {told}" for name, told in said.items()]
    return _within("\n".join(lines)) or changes.UNSET


def mention(subject: Subject) -> str:
    mark = "@&" if subject.kind is SubjectKind.ROLE else "@"
    return f"<{mark}{subject.id}>"


def _override(one: Override) -> str:
    return f"{mention(one.subject)}: {rules_of(one.rules).replace(chr(10), ' · ')}"


def _event(one: OpenedEvent) -> str:
    until = f" until {date_of(one.ends_at)}" if one.ends_at else ""
    left = f"{films(one.films_left)} left, each up to {floor_dollars(one.film_micros_most)}"
    return f"<#{one.channel_id}>: {left}{until}"


def told(proposed: Proposed) -> str:
    """A change that was made, or that must be confirmed first."""
    words, pending = change(proposed.edit, proposed.before), proposed.pending
    if pending is None:
        return f"✅ Done. {words}"
    until = clock_of(pending.expires_at)
    return f"{words}\nNothing is changed until you press the button; it works until {until}."


def change(edit: Edit, before: Policy | Rules) -> str:
    """What an edit changes; `before` are the rules that it replaces."""
    match edit, before:
        case SetPolicy(policy), Policy():
            return _lines("For the whole server", changes.of_policy(before, policy))
        case SetRules(subject, rules), Rules():
            changed = _lines(f"For {mention(subject)}", changes.of_rules(before, rules))
            only_own = "\nThey have no rules of their own any more." if rules.is_empty else ""
            return f"{changed}{only_own}"
        case (MakeGrant() | RefundJob()) as given, _:
            return _given(given)
        case (OpenEvent() | CloseEvent()) as opened, _:
            return _opened(opened)
        case _:
            return "Every rule is set back to the first day's, those of roles and members too; the books stay."


def _lines(whom: str, changed: Sequence[str]) -> str:
    if not changed:
        return f"{whom} nothing changes: it is so already."
    if len(changed) == 1:
        return f"{whom}, {changed[0]}"
    listed = "\n".join(f"- {line}" for line in changed)
    return f"{whom}:\n{listed}"


def _given(edit: MakeGrant | RefundJob) -> str:
    why = plain(edit.reason, most=200) or "no reason given"
    if isinstance(edit, RefundJob):
        return f"What film `{edit.job_id}` cost goes back to the pool and to its member ({why})."
    if edit.micros < 0:
        return f"{floor_dollars(-edit.micros)} of grants are taken back from <@{edit.user_id}> ({why})."
    until = f", until {date_of(edit.ends_at)}" if edit.ends_at else ""
    return (
        f"<@{edit.user_id}> gets {floor_dollars(edit.micros)} beside the allowance{until} ({why})."
    )


def _opened(edit: OpenEvent | CloseEvent) -> str:
    if isinstance(edit, CloseEvent):
        return f"The event in <#{edit.channel_id}> is closed."
    until = f", until {date_of(edit.ends_at)}" if edit.ends_at else ""
    return (
        f"The next {films(edit.films_most)} in <#{edit.channel_id}> are on the server,"
        f" each up to {floor_dollars(edit.film_micros_most)}{until}."
    )


def history(edits: Sequence[PastEdit]) -> discord.Embed:
    """Who changed what from what to what, latest first; no line is cut in two."""
    lines: list[str] = []
    for one in edits:
        line = f"{when_of(one.at)} <@{one.actor_id}> · {_past(one)}"
        if sum(map(len, lines)) + len(lines) + len(line) > HISTORY_MOST:
            break
        lines.append(line)
    text = "\n".join(lines) or "Nothing was changed yet."
    return discord.Embed(title="Who changed what", description=text, colour=COLOUR)


def _past(one: PastEdit) -> str:
    before, after = one.before, one.after
    if isinstance(before, Policy) and isinstance(after, Policy):
        changed = changes.of_policy(before, after)
    elif isinstance(before, Rules) and isinstance(after, Rules):
        changed = changes.of_rules(before, after)
    else:
        changed = [plain(str(said), most=160) for said in (after, before) if said]
    what = "" if one.what == "rules" else f"{one.what}: "
    return _cut(f"{what}{' · '.join(changed) or 'nothing changed'}")


def _cut(line: str) -> str:
    """Short enough for a history, and without half a mention at its end."""
    if len(line) <= LINE_MOST:
        return line
    return f"{line[:LINE_MOST].rpartition(' · ')[0] or line[:LINE_MOST].rpartition(' ')[0]} …"


def report(told: Report) -> discord.Embed:
    """The month in a table, beside its picture."""
    made = sum(one.films for one in told.by_model)
    total = sum(one.micros for one in told.by_model)
    embed = discord.Embed(
        title=plain(told.title, most=TITLE_MOST),
        description=f"{films(made)} for {dollars(total)}",
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
