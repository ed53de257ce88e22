"""Changes of a server's rules and money, pending and recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.errors import InvalidRequestError
from bot.ids import ChannelId, EditId, GuildId, JobId, ModelId, RoleId, UserId
from bot.money.limits import Policy, Rules
from bot.money.policy import Subject, effective, raises_money

CHANGE_HOLDS_FOR = timedelta(minutes=10)

Name = TypeVar("Name", ModelId, ChannelId)


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Set the server's rules, pool and switches.

    `policy.version` is the version the change was made from.
    """

    policy: Policy


@dataclass(frozen=True, slots=True)
class SetRules:
    """Set the rules of a role or member; empty rules remove the override."""

    subject: Subject
    rules: Rules


@dataclass(frozen=True, slots=True)
class MakeGrant:
    """Grant one member money beside the allowance; below zero, withdraw from grants.

    `receiver_roles` show whether anything limits the member; None skips that check.
    """

    user_id: UserId
    micros: int
    reason: str
    ends_at: datetime | None = None
    receiver_roles: frozenset[RoleId] | None = None


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """Let the server pay for a channel's next videos, each up to a price."""

    channel_id: ChannelId
    videos_most: int
    video_micros_most: int
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloseEvent:
    """Close a channel's event; the rest of its money goes back."""

    channel_id: ChannelId


@dataclass(frozen=True, slots=True)
class RefundJob:
    """Refund a video whose price the service gave back."""

    job_id: JobId
    reason: str


@dataclass(frozen=True, slots=True)
class ResetPolicy:
    """Reset every rule to its default; the ledger stays."""


PolicyChange = SetPolicy | SetRules | MakeGrant | OpenEvent | CloseEvent | RefundJob | ResetPolicy


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """A channel whose videos are paid by the server for a while."""

    channel_id: ChannelId
    videos_left: int
    video_micros_most: int
    left_micros: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that was shown and waits for confirmation."""

    id: EditId
    guild_id: GuildId
    actor_id: UserId
    edit: PolicyChange
    expires_at: datetime


Held = Policy | Rules | str  # previous rules; for money, a sentence


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change beside the rules it replaces; `pending` while it waits for confirmation."""

    edit: PolicyChange
    before: Policy | Rules
    pending: PendingChange | None = None
    stricter: tuple[str, ...] = ()  # rules, by field, giving a role less than the server's default


@dataclass(frozen=True, slots=True)
class PastChange:
    """An entry of the audit log: who changed what, from what to what."""

    at: datetime
    actor_id: UserId
    what: str
    before: Held
    after: Held


def ensure_of_use(grant: MakeGrant, receiver: Rules) -> None:
    """Raise InvalidRequestError where a grant would change nothing.

    That is so where nothing limits the receiver.
    """
    if grant.micros > 0 and grant.receiver_roles is not None and not receiver.limits_spending:
        reason = (
            "That member has no spending limit, so a grant would change nothing."
            " Set an allowance first."
        )
        raise InvalidRequestError([reason])


def allow(allowed: frozenset[Name] | None, named: Name) -> frozenset[Name]:
    """Add a model or channel to those allowed; if all were, only this one is from now on."""
    return (allowed or frozenset()) | {named}


def disallow(allowed: frozenset[Name] | None, named: Name) -> frozenset[Name]:
    """Remove a model or channel from those allowed. Raises InvalidRequestError if all are."""
    if allowed is None:
        reason = (
            "Everything is allowed right now. Use `allow` first; then nothing else can be used."
        )
        raise InvalidRequestError([reason])
    return allowed - {named}


def must_be_confirmed(edit: PolicyChange, before: Policy, rules_before: Rules) -> bool:
    """Whether a change raises spending or touches everyone's money."""
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
    """Whether a policy change needs confirmation.

    Pausing must work at once; everything that touches money is confirmed first.
    """
    money_before = (before.pool_micros, before.gift_micros_most, before.rules.allowance)
    money_after = (after.pool_micros, after.gift_micros_most, after.rules.allowance)
    changes_money = (
        money_before != money_after
        or before.rules.video_micros_most != after.rules.video_micros_most
        or before.rules.exempt != after.rules.exempt
    )
    return changes_money or (before.is_paused and not after.is_paused)
