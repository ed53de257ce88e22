"""A server's rules, changes and spending, as embeds, lines and CSV."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import discord

from bot.catalog.pricing import dollars
from bot.ids import UserId
from bot.money.changes import (
    CloseEvent,
    MakeGrant,
    OpenedEvent,
    OpenEvent,
    PastChange,
    PolicyChange,
    Proposed,
    RefundJob,
    SetPolicy,
    SetRules,
)
from bot.money.limits import Policy, Rules
from bot.money.policy import Override, Subject, SubjectKind
from bot.money.reports import Overview, Report, Spending, Total
from bot.presentation.escaping import plain
from bot.presentation.money import (
    COLOUR,
    WORDS_OF_RULES,
    bar,
    clock_of,
    date_of,
    floor_dollars,
    money_left,
    next_videos,
    videos,
    when_of,
)
from bot.presentation.widgets import VERSION, raw_row_of

EXEMPT = "exempt from every limit except the pool"
UNSET = "no limit"
INHERITED = "same as everyone"
MAX_FIELD = 1024  # Discord's
MAX_TITLE = 256  # Discord's
MAX_OVERRIDES = 12
USAGE_IN_WORDS = "A chart of what videos cost this month, by day and by member"
MAX_TABLE = 12
MAX_LINE = 330  # so that a page of ten fits an embed's 4096 characters
_HISTORY = re.compile(rf"{VERSION}history:([0-9]{{1,6}})(?::([0-9]{{1,20}}))?")
# with which a spreadsheet takes a cell for a formula; the last four are typed in East Asia
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_AFTER_SEPARATOR = re.compile(r"([;\t|]\s*)([=+\-@\uff1d\uff0b\uff0d\uff20])")
_COLUMNS = (
    "at", "job", "member", "member_name", "channel", "channel_name", "model", "prompt",
    "pool_usd", "member_usd",
)  # fmt: skip


def rules_in_words(rules: Rules) -> dict[str, str]:
    """Map the label of each rule that is set to its value."""
    said = {EXEMPT: rules.exempt, "queue priority": rules.priority}
    words = {name: "yes" for name, value in said.items() if value}
    for field in fields(Rules):
        value, of_rule = getattr(rules, field.name), WORDS_OF_RULES.get(field.name)
        if of_rule is not None and value is not None:
            words[of_rule.label] = of_rule.value(value)
    return words


def policy_in_words(policy: Policy) -> dict[str, str]:
    """Map the label of each server-wide setting to its value."""
    pool, gifts = policy.pool_micros, policy.gift_micros_most
    return {
        "videos": "paused" if policy.is_paused else "enabled",
        "pool": UNSET if pool is None else f"{floor_dollars(pool)} per month",
        "gifts": "not allowed" if gifts is None else f"up to {floor_dollars(gifts)} per day",
        "time zone": policy.zone,
    }


def changes_of_policy(before: Policy, after: Policy) -> list[str]:
    """Lines about what changes in a policy."""
    lines = _differences(policy_in_words(before), policy_in_words(after), UNSET)
    return [*lines, *changes_of_rules(before.rules, after.rules, unset=UNSET)]


def changes_of_rules(before: Rules, after: Rules, *, unset: str = INHERITED) -> list[str]:
    """Lines about the rules that change; `unset` is the text for a rule that is not set."""
    return _differences(rules_in_words(before), rules_in_words(after), unset)


def _differences(before: dict[str, str], after: dict[str, str], unset: str) -> list[str]:
    names = dict.fromkeys([*before, *after])
    return [
        f"{name}: {_was(name, before, unset)} → {_was(name, after, unset)}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def _was(name: str, said: dict[str, str], unset: str) -> str:
    return said.get(name, "no" if name == EXEMPT else unset)


def overview(details: Overview) -> discord.Embed:
    """Embed of a server's limits."""
    policy = details.policy
    title = "⏸ Videos are paused" if policy.is_paused else "Server limits"
    embed = discord.Embed(title=title, colour=COLOUR, description=_pool(details))
    embed.add_field(name="Everyone", value=rules_of(policy.rules), inline=False)
    if details.overrides:
        lines = [_override(one) for one in details.overrides[:MAX_OVERRIDES]]
        more = len(details.overrides) - len(lines)
        lines += [f"… and {more} more"] if more else []
        embed.add_field(name="Roles and members", value=_within("\n".join(lines)), inline=False)
    if details.events:
        lines = [_event(one) for one in details.events]
        embed.add_field(name="Events", value=_within("\n".join(lines)), inline=False)
    gifts = (
        "not allowed"
        if policy.gift_micros_most is None
        else f"up to {dollars(policy.gift_micros_most)} per day"
    )
    embed.set_footer(text=f"Gifts {gifts} · time zone {policy.zone}")
    return embed


def _pool(details: Overview) -> str:
    pool, used = details.policy.pool_micros, details.used_micros
    expected = dollars(details.forecast.expected_micros)
    if pool is None:
        return (
            f"**Pool**: no limit set; {dollars(used)} this month, {expected} at this pace."
            " Set one with `/quota-admin pool`."
        )
    empty = details.forecast.empty_at
    pace = f"empty {when_of(empty)} at this pace" if empty else f"{expected} at this pace"
    left = max(pool - used, 0)
    return (
        f"**Pool** {bar(left, pool)} {money_left(pool - left, pool)} · {pace}"
        f" · resets {when_of(details.ends_at)}"
    )


def rules_of(rules: Rules) -> str:
    """Rules that are set, a line each."""
    said = rules_in_words(rules)
    lines = [name if name == EXEMPT else f"{name}: {details}" for name, details in said.items()]
    return _within("\n".join(lines)) or UNSET


def mention(subject: Subject) -> str:
    """Mention of a role or member."""
    mark = "@&" if subject.kind is SubjectKind.ROLE else "@"
    return f"<{mark}{subject.id}>"


def _override(one: Override) -> str:
    return f"{mention(one.subject)}: {rules_of(one.rules).replace(chr(10), ' · ')}"


def _event(one: OpenedEvent) -> str:
    until = f" until {date_of(one.ends_at)}" if one.ends_at else ""
    left = f"{videos(one.videos_left)} left, each up to {floor_dollars(one.video_micros_most)}"
    return f"<#{one.channel_id}>: {left}{until}"


def describe_change(proposed: Proposed) -> str:
    """Text about a change that was made, or waits for confirmation."""
    words, pending = change(proposed.edit, proposed.before), proposed.pending
    if proposed.stricter:
        words = f"{words}\n{_less_than_others(proposed.stricter)}"
    if pending is None:
        return f"✅ Done. {words}"
    until = clock_of(pending.expires_at)
    return f"{words}\nNothing changes until you press the button. It expires at {until}."


def _less_than_others(fields: Sequence[str]) -> str:
    """Warning: a role's rule replaces the server's, even where it gives less."""
    named = ", ".join(WORDS_OF_RULES[field].name for field in fields)
    return f"⚠️ Members with this role get less than everyone else: {named}."


def change(edit: PolicyChange, before: Policy | Rules) -> str:
    """Text about a change; `before` are the rules that it replaces."""
    match edit, before:
        case SetPolicy(policy), Policy():
            return _lines("Server-wide", changes_of_policy(before, policy))
        case SetRules(subject, rules), Rules():
            changed = _lines(mention(subject), changes_of_rules(before, rules))
            only_own = "\nThey no longer have rules of their own." if rules.is_empty else ""
            return f"{changed}{only_own}"
        case (MakeGrant() | RefundJob()) as given, _:
            return _given(given)
        case (OpenEvent() | CloseEvent()) as opened, _:
            return _opened(opened)
        case _:
            return "All rules are reset, including those of roles and members; spending history is kept."


def _lines(whom: str, changed: Sequence[str]) -> str:
    if not changed:
        return f"{whom}: no change, it's already set that way."
    if len(changed) == 1:
        return f"{whom} · {changed[0]}"
    listed = "\n".join(f"- {line}" for line in changed)
    return f"{whom}:\n{listed}"


def _given(edit: MakeGrant | RefundJob) -> str:
    why = plain(edit.reason, most=200) or "no reason given"
    if isinstance(edit, RefundJob):
        return (
            f"The price of video `{edit.job_id}` goes back to the pool and to its member ({why})."
        )
    if edit.micros < 0:
        return (
            f"{floor_dollars(-edit.micros)} of grants is withdrawn from <@{edit.user_id}> ({why})."
        )
    until = f", until {date_of(edit.ends_at)}" if edit.ends_at else ""
    return f"<@{edit.user_id}> gets {floor_dollars(edit.micros)} on top of the allowance{until} ({why})."


def _opened(edit: OpenEvent | CloseEvent) -> str:
    if isinstance(edit, CloseEvent):
        return f"The event in <#{edit.channel_id}> is closed."
    until = f", until {date_of(edit.ends_at)}" if edit.ends_at else ""
    return (
        f"{next_videos(edit.videos_most)} in <#{edit.channel_id}>"
        f" {'is' if edit.videos_most == 1 else 'are'} free: the server pays"
        f" up to {floor_dollars(edit.video_micros_most)} each{until}."
    )


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of the audit log, of one admin or moderator, or of all; from 0."""

    number: int = 0
    actor_id: UserId | None = None


def history(edits: Sequence[PastChange], page: HistoryPage | None = None) -> discord.Embed:
    """Embed of a page of changes, latest first, a line each."""
    page = page or HistoryPage()
    lines = [f"{when_of(one.at)} <@{one.actor_id}> · {_past(one)}" for one in edits]
    nothing = "No changes yet." if page.actor_id is None else f"No changes by <@{page.actor_id}>."
    text = "\n".join(lines) or ("No older changes." if page.number else nothing)
    title = f"Change history · page {page.number + 1}" if page.number else "Change history"
    return discord.Embed(title=title, description=text, colour=COLOUR)


def history_buttons(page: HistoryPage, *, has_older: bool) -> discord.ui.View | None:
    """Buttons to the pages beside this one; None if there is only one."""
    number = page.number
    ways = [("◀ Newer", number - 1, number > 0), ("Older ▶", number + 1, has_older)]
    shown = [
        (label, spell_history(replace(page, number=target)))
        for label, target, is_there in ways
        if is_there
    ]
    return raw_row_of(shown) if shown else None


def spell_history(page: HistoryPage) -> str:
    """Write the custom id of a page's button."""
    of_one = "" if page.actor_id is None else f":{page.actor_id}"
    return f"{VERSION}history:{page.number}{of_one}"


def parse_history(custom_id: str) -> HistoryPage | None:
    """Read a page from a custom id; None for anything that `spell_history` never wrote."""
    match = _HISTORY.fullmatch(custom_id)
    if match is None:
        return None
    number, actor = match.groups()
    return HistoryPage(int(number), None if actor is None else UserId(int(actor)))


def _past(one: PastChange) -> str:
    before, after = one.before, one.after
    if isinstance(before, Policy) and isinstance(after, Policy):
        changed = changes_of_policy(before, after)
    elif isinstance(before, Rules) and isinstance(after, Rules):
        changed = changes_of_rules(before, after)
    else:
        changed = [" → ".join(plain(str(said), most=120) for said in (before, after) if said)]
    if one.what == "rules":
        return _cut(" · ".join(changed) or "nothing changed")
    return _cut(": ".join(part for part in (one.what, " · ".join(changed)) if part))


def _cut(line: str) -> str:
    """Cut a line of the history, never within a mention."""
    if len(line) <= MAX_LINE:
        return line
    return f"{line[:MAX_LINE].rpartition(' · ')[0] or line[:MAX_LINE].rpartition(' ')[0]} …"


def report(details: Report) -> discord.Embed:
    """Embed of a month's spending, shown beside its chart."""
    made = sum(one.videos for one in details.by_model)
    total = sum(one.micros for one in details.by_model)
    embed = discord.Embed(
        title=plain(details.title, most=MAX_TITLE),
        description=f"{videos(made)} for {dollars(total)}",
        colour=COLOUR,
    )
    embed.add_field(name="By member", value=table(details.by_member), inline=True)
    embed.add_field(name="By model", value=table(details.by_model), inline=True)
    return embed


def table(totals: Iterable[Total]) -> str:
    """Totals, a line each, as many as fit."""
    rows = list(totals)
    lines = [
        f"{plain(one.name, most=40)} · {one.videos} · {dollars(one.micros)}"
        for one in rows[:MAX_TABLE]
    ]
    if len(rows) > MAX_TABLE:
        lines.append(f"… and {len(rows) - MAX_TABLE} more")
    return _within("\n".join(lines)) or "nothing yet"


def _within(text: str) -> str:
    return text if len(text) <= MAX_FIELD else f"{text[: MAX_FIELD - 1]}…"


def csv_of(
    spent: Sequence[Spending], members: Mapping[int, str], channels: Mapping[int, str]
) -> bytes:
    """Spending as CSV in UTF-8, a line per video; unknown names are empty.

    No cell begins a formula: prompts, names and model ids are written by others.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in spent:
        cells = (
            one.at.isoformat(),
            one.job_id,
            str(one.user_id),
            members.get(one.user_id, ""),
            str(one.channel_id),
            channels.get(one.channel_id, ""),
            one.model_id,
            one.prompt,
        )
        amounts = (f"{micros / 1_000_000:.6f}" for micros in (one.pool_micros, one.member_micros))
        writer.writerow([*map(_cell, cells), *amounts])
    return text.getvalue().encode()


def _cell(text: str) -> str:
    """Guard a cell against formulas; a spreadsheet hides the apostrophe in front.

    Where a country's comma is its decimal point, a semicolon separates cells, quoted or not.
    """
    guarded = _AFTER_SEPARATOR.sub(r"\1'\2", text)
    return f"'{guarded}" if guarded.lstrip(" \n").startswith(_FORMULA) else guarded
