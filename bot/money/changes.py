"""Changes of a server's rules and money, as they wait to be confirmed and are remembered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.limits import Rules, effective
from bot.domain.policy import Policy, Subject, raises_money
from bot.ids import ChannelId, EditId, GuildId, JobId, UserId

EDIT_HOLDS_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """The server's rules, pool and switches; `policy.version` is the one that was read."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class SetRules:
    """The rules of a role or a member; empty ones remove the override."""

    subject: Subject
    rules: Rules


@dataclass(frozen=True, slots=True)
class MakeGrant:
    """Money for one member, beside the allowance. Below zero: taken back from grants."""

    user_id: UserId
    micros: int
    reason: str
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """The next films of a channel are on the server, each up to a price."""

    channel_id: ChannelId
    films_most: int
    film_micros_most: int
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloseEvent:
    """What is left of a channel's event goes back."""

    channel_id: ChannelId


@dataclass(frozen=True, slots=True)
class RefundJob:
    """The service gave back what a film had cost."""

    job_id: JobId
    reason: str


@dataclass(frozen=True, slots=True)
class ResetPolicy:
    """Every rule as on the first day; the books stay."""


Edit = SetPolicy | SetRules | MakeGrant | OpenEvent | CloseEvent | RefundJob | ResetPolicy


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something of which server, and when; `key` makes it happen once."""

    guild_id: GuildId
    user_id: UserId
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """A channel whose films are on the server for a while."""

    channel_id: ChannelId
    films_left: int
    film_micros_most: int
    left_micros: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingEdit:
    """An edit that was shown and waits for its button."""

    id: EditId
    guild_id: GuildId
    actor_id: UserId
    edit: Edit
    expires_at: datetime


Held = Policy | Rules | str  # rules as they were; of money, a sentence


@dataclass(frozen=True, slots=True)
class Proposed:
    """An edit, beside the rules that it replaces; `pending` where it waits to be confirmed."""

    edit: Edit
    before: Policy | Rules
    pending: PendingEdit | None = None


@dataclass(frozen=True, slots=True)
class PastEdit:
    """A line of the audit log: who changed what, from what to what."""

    at: datetime
    actor_id: UserId
    what: str
    before: Held
    after: Held


def must_be_confirmed(edit: Edit, before: Policy, rules_before: Rules) -> bool:
    """Money upwards, or a change of money for everyone."""
    match edit:
        case SetPolicy(policy):
            return _touches_everyone(before, policy)
        case SetRules(_, rules):
            return raises_money(rules_before, effective(before.rules, (), rules))
        case MakeGrant(micros=micros):
            return micros > 0
        case OpenEvent() | ResetPolicy():
            return True
        case CloseEvent() | RefundJob():
            return False


def _touches_everyone(before: Policy, after: Policy) -> bool:
    """The kill switch must work at once; whatever concerns money is asked about."""
    money_before = (before.pool_micros, before.gift_micros_most, before.rules.allowance)
    money_after = (after.pool_micros, after.gift_micros_most, after.rules.allowance)
    changes_money = (
        money_before != money_after
        or before.rules.film_micros_most != after.rules.film_micros_most
        or before.rules.exempt != after.rules.exempt
    )
    return changes_money or (before.is_paused and not after.is_paused)
