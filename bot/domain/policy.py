"""What a server decided about money and limits, and how that changes."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.limits import SERVER_RULES, Rules
from bot.ids import GuildId

POOL_MOST_MICROS = 1_000_000_000_000
ALERT_SHARES = (50, 80, 100)  # percent of the pool at which the log channel hears of it


@dataclass(frozen=True, slots=True)
class Policy:
    """`version` grows with every change, so that nobody overwrites another's."""

    guild_id: GuildId
    rules: Rules = SERVER_RULES
    pool_micros: int | None = None  # a month; None: no cap
    zone: str = "UTC"
    gift_micros_most: int | None = None  # that a member may give, and get, a day; None: no gifts
    is_paused: bool = False  # no wish is accepted
    version: int = 0


class SubjectKind(StrEnum):
    """Whom an override is for."""

    ROLE = "role"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Subject:
    """A role or a member with rules of their own."""

    kind: SubjectKind
    id: int


@dataclass(frozen=True, slots=True)
class Override:
    """The rules of a role or a member."""

    subject: Subject
    rules: Rules


def raises_money(before: Rules, after: Rules) -> bool:
    """Whether a change lets somebody spend more."""
    if after.exempt and not before.exempt:
        return True
    return _is_more(_daily(before), _daily(after)) or _is_more(
        before.film_micros_most, after.film_micros_most
    )


def _daily(rules: Rules) -> float | None:
    return None if rules.allowance is None else rules.allowance.micros_a_day


def _is_more(before: float | None, after: float | None) -> bool:
    """None is no limit."""
    if before is None:
        return False
    return after is None or after > before
