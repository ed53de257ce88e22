"""Which rules apply to a member, and how rules compare.

A server's rules apply to all members; a role may have its own, and so may a member. Each rule is
resolved on its own: the member's own, else the most generous of the member's roles, else the
server's. All of this goes by the type of a rule, so that a new one needs no line here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from bot.ids import RoleId, UserId
from bot.money.limits import (
    Allowance,
    Policy,
    RateLimit,
    Rules,
)


class SubjectKind(StrEnum):
    """The kind of subject an override applies to."""

    ROLE = "role"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Subject:
    """A role or member with an override."""

    kind: SubjectKind
    id: int


@dataclass(frozen=True, slots=True)
class Override:
    """The rules of one role or member."""

    subject: Subject
    rules: Rules


def rules_of(
    policy: Policy, overrides: Iterable[Override], user_id: UserId, role_ids: Collection[RoleId]
) -> Rules:
    """The rules that apply to a member with these roles."""
    by_subject = {one.subject: one.rules for one in overrides}
    roles = [
        rules
        for subject, rules in by_subject.items()
        if subject.kind is SubjectKind.ROLE and subject.id in role_ids
    ]
    return effective(policy.rules, roles, by_subject.get(Subject(SubjectKind.MEMBER, user_id)))


def effective(server: Rules, roles: Sequence[Rules], own: Rules | None) -> Rules:
    """The rules that apply to one member; None where nothing limits."""
    chain = [rules for rules in (own, _best(roles), server) if rules is not None]
    return Rules(**{field.name: _first(chain, field.name) for field in fields(Rules)})


def _first(chain: Iterable[Rules], name: str) -> Any:
    said = (getattr(rules, name) for rules in chain)
    return next((value for value in said if value is not None), None)


def _best(roles: Sequence[Rules]) -> Rules:
    """The most generous of several roles, rule by rule."""
    said = {
        field.name: [value for one in roles if (value := getattr(one, field.name)) is not None]
        for field in fields(Rules)
    }
    return Rules(**{name: _most_generous(values) for name, values in said.items() if values})


def _most_generous(values: Sequence[Any]) -> Any:
    if isinstance(values[0], Allowance):
        return max(values, key=lambda one: one.micros_a_day)
    if isinstance(values[0], frozenset):
        return frozenset().union(*values)
    return _best_rates(values) if isinstance(values[0], tuple) else max(values)


def _best_rates(said: Sequence[tuple[RateLimit, ...]]) -> tuple[RateLimit, ...]:
    """Merge rate limits; a period that one role leaves unlimited is unlimited."""
    by_period = [{rate.per_seconds: rate.most for rate in rates} for rates in said]
    shared = sorted(set(by_period[0]).intersection(*by_period[1:]))
    return tuple(RateLimit(max(rates[period] for rates in by_period), period) for period in shared)


def stricter(server: Rules, own: Rules) -> tuple[str, ...]:
    """Rules, by field, that give less than the server's rules they replace."""
    return tuple(
        field.name
        for field in fields(Rules)
        if _is_less(getattr(own, field.name), getattr(server, field.name))
    )


def _is_less(own: Any, server: Any) -> bool:
    """Whether an own rule allows less.

    None on the left means unset; on the right, unlimited, so that every limit is less.
    """
    if own is None or isinstance(own, bool):
        return False
    if server is None:
        return bool(own != ())  # (): no rate limit at all
    if isinstance(own, Allowance):
        return own.micros_a_day < float(server.micros_a_day)
    if isinstance(own, frozenset):
        return not own >= server
    return _allows_less(own, server) if isinstance(own, tuple) else bool(own < server)


def _allows_less(own: Sequence[RateLimit], server: Sequence[RateLimit]) -> bool:
    allowed = {rate.per_seconds: rate.most for rate in server}
    return any(
        rate.per_seconds not in allowed or rate.most < allowed[rate.per_seconds] for rate in own
    )


def raises_money(before: Rules, after: Rules) -> bool:
    """Whether a change lets any member spend more."""
    if after.exempt and not before.exempt:
        return True
    return _is_more(_daily(before), _daily(after)) or _is_more(
        before.video_micros_most, after.video_micros_most
    )


def _daily(rules: Rules) -> float | None:
    return None if rules.allowance is None else rules.allowance.micros_a_day


def _is_more(before: float | None, after: float | None) -> bool:
    """Whether a limit was raised; None means no limit."""
    if before is None:
        return False
    return after is None or after > before
