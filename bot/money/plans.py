"""Plans: the rows that each change of money or rules writes, decided from facts alone.

Storage loads the facts under the server's lock, calls one function here and writes the plan in the
same transaction: load, plan, write. Nothing here knows about a database, and storage does not know
who may give, what is withdrawn first or where a refund goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalog.pricing import dollars
from bot.errors import DuplicateRequestError, InvalidRequestError, PolicyChangedError
from bot.guilds.audit import Actor
from bot.guilds.notices import PoolAlert
from bot.ids import AccountId, ChannelId, EventId, GuildId, TransactionId, UserId
from bot.money.admission import ends_of, own_allocations
from bot.money.changes import (
    CloseEvent,
    Held,
    MakeGrant,
    OpenEvent,
    SetPolicy,
    SetRules,
    ensure_of_use,
)
from bot.money.ledger import (
    Account,
    AccountKind,
    Gift,
    Posting,
    Transaction,
    TransactionKind,
    account_id,
    on_account,
    on_server,
    posted,
    taken,
)
from bot.money.limits import (
    BudgetSnapshot,
    Event,
    Policy,
    Rules,
    left_of,
)
from bot.money.policy import Subject, SubjectKind

NO_GIFTS = "Gifts aren't allowed on this server. An admin can allow them."
NOTHING_TO_GIVE = "You have no spending limit here, so there's nothing to give."
NOTHING_GIVEN = "Choose another member and an amount above $0."
LOST_GIFT = "That member has no spending limit here, so a gift would be lost."
NOT_ENOUGH = "You don't have that much left to give."
EVENT_IS_OPEN = "That channel already has an event. Close it first."
NO_EVENT = "That channel has no event."


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Start of a sponsored event; `account` holds its money."""

    id: EventId
    channel_id: ChannelId
    account: Account
    videos_most: int
    video_micros_most: int
    opened_by: UserId
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class EventEnd:
    """End of an event: it pays for nothing more."""

    id: EventId
    at: datetime


@dataclass(frozen=True, slots=True)
class EventVideos:
    """Change of the number of videos that this account's event has paid for."""

    account_id: AccountId
    videos: int


EventChange = NewEvent | EventEnd | EventVideos


@dataclass(frozen=True, slots=True)
class RateWindow:
    """A member's requests kept for one rate limit; `used` of them count now."""

    user_id: UserId
    period_seconds: int
    instants: tuple[datetime, ...]
    used: int
    most: int
    is_exempt: bool


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """A policy that replaces this version; None restores the default."""

    version: int
    policy: Policy | None


@dataclass(frozen=True, slots=True)
class NoOverrides:
    """Removal of every role's and member's override."""


RulesChange = NewPolicy | SetRules | NoOverrides


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who changed what, from what to what."""

    by: Actor
    what: str
    before: Held
    after: Held


@dataclass(frozen=True, slots=True)
class PoolNotice:
    """A notice to the admins about this pool, sent once."""

    pool_id: AccountId
    alert: PoolAlert
    at: datetime


@dataclass(frozen=True, slots=True)
class MoneyPlan:
    """Everything that one change writes, in one transaction and in this order."""

    guild_id: GuildId
    rates: tuple[RateWindow, ...] = ()
    accounts: tuple[Account, ...] = ()  # opened if missing
    events: tuple[EventChange, ...] = ()
    transactions: tuple[Transaction, ...] = ()  # those without postings are skipped
    rules: tuple[RulesChange, ...] = ()
    audit: AuditEntry | None = None
    notice: PoolNotice | None = None
    pool_checked: datetime | None = None  # when to check the pool for a notice


@dataclass(frozen=True, slots=True)
class GiftFacts:
    """Facts that decide a gift; sums are of this day in the server's time zone."""

    giver: BudgetSnapshot
    receiver: Rules | None  # None: skips the check whether anything limits them
    given_micros: int  # by the giver
    got_micros: int  # by the receiver
    is_made: bool  # under the same key


def plan_grant(by: Actor, edit: MakeGrant, receiver: Rules) -> MoneyPlan:
    """Grant money to a member with these rules, in an account that may lapse.

    Raises InvalidRequestError where nothing limits the member.
    """
    ensure_of_use(edit, receiver)
    kind = AccountKind.GRANT
    name = account_id(by.guild_id, kind, edit.user_id, by.key)
    account = Account(name, by.guild_id, kind, edit.user_id, edit.ends_at)
    issued = on_server(by.guild_id, AccountKind.ISSUED, -edit.micros)
    funds = posted([on_account(account, edit.micros), issued])
    grant = by_admin(by, TransactionKind.GRANT, funds, edit.reason)
    return MoneyPlan(
        by.guild_id,
        accounts=(account,),
        transactions=(replace(grant, user_id=edit.user_id),),
        audit=_grant_entry(by, edit, dollars(edit.micros)),
    )


def plan_withdrawal(by: Actor, edit: MakeGrant, grants: Sequence[Account]) -> MoneyPlan:
    """Withdraw from the member's grants in the given order, earliest-lapsing first.

    Raises InvalidRequestError if they hold less.
    """
    wanted = -edit.micros
    held = sum(grant.balance_micros for grant in grants)
    if held < wanted:
        reason = f"Only ${held / 1_000_000:.2f} of that member's grants is left to withdraw."
        raise InvalidRequestError([reason])
    postings = [on_server(by.guild_id, AccountKind.ISSUED, wanted)]
    for grant in grants:
        share = min(wanted, grant.balance_micros)
        wanted -= share
        postings.append(on_account(grant, -share))
    withdrawal = by_admin(by, TransactionKind.WITHDRAW, posted(postings), edit.reason)
    return MoneyPlan(
        by.guild_id,
        transactions=(replace(withdrawal, user_id=edit.user_id),),
        audit=_grant_entry(by, edit, f"{dollars(-edit.micros)} withdrawn"),
    )


def _grant_entry(by: Actor, edit: MakeGrant, amount: str) -> AuditEntry:
    return AuditEntry(by, f"grant to <@{edit.user_id}>", "", f"{amount}: {edit.reason}")


def plan_event(by: Actor, edit: OpenEvent, open_event: Event | None) -> MoneyPlan:
    """Open an event funded for all of its videos; close one that is over first.

    Raises InvalidRequestError if the channel has one that is not over.
    """
    if open_event is not None and not open_event.is_over(by.at):
        raise InvalidRequestError([EVENT_IS_OPEN])
    ends = () if open_event is None else (EventEnd(open_event.id, by.at),)
    left = () if open_event is None else (_event_withdrawal(by, open_event),)
    kind = AccountKind.EVENT
    account = Account(account_id(by.guild_id, kind, by.key), by.guild_id, kind, None, edit.ends_at)
    micros = edit.videos_most * edit.video_micros_most
    funds = (on_account(account, micros), on_server(by.guild_id, AccountKind.ISSUED, -micros))
    event = NewEvent(
        EventId(by.key),
        edit.channel_id,
        account,
        edit.videos_most,
        edit.video_micros_most,
        by.user_id,
        by.at,
    )
    after = f"{edit.videos_most} videos up to {dollars(edit.video_micros_most)}"
    return MoneyPlan(
        by.guild_id,
        accounts=(account,),
        events=(*ends, event),
        transactions=(*left, by_admin(by, TransactionKind.FUND, funds, "sponsored event")),
        audit=AuditEntry(by, f"event in <#{edit.channel_id}>", "", after),
    )


def plan_event_end(by: Actor, edit: CloseEvent, open_event: Event | None) -> MoneyPlan:
    """Return the rest of an event's money; reserved money still resolves into its account.

    Raises InvalidRequestError if the channel has no event.
    """
    if open_event is None:
        raise InvalidRequestError([NO_EVENT])
    before = f"{open_event.videos_used} of {open_event.videos_most} videos made"
    return MoneyPlan(
        by.guild_id,
        events=(EventEnd(open_event.id, by.at),),
        transactions=(_event_withdrawal(by, open_event),),
        audit=AuditEntry(by, f"event in <#{edit.channel_id}>", before, "closed"),
    )


def _event_withdrawal(by: Actor, event: Event) -> Transaction:
    left = event.account.balance_micros
    postings = (
        on_server(by.guild_id, AccountKind.ISSUED, left),
        on_account(event.account, -left),
    )
    return by_admin(by, TransactionKind.WITHDRAW, posted(postings), "event closed")


def plan_gift(gift: Gift, facts: GiftFacts) -> MoneyPlan:
    """Give one grant, which lapses with the first of the giver's accounts.

    So passing money around makes none of it last longer. The giver's allowance is funded first, so
    that there is something to give from. Raises InvalidRequestError, DuplicateRequestError.
    """
    if facts.is_made:
        raise DuplicateRequestError(gift.key)
    reason = _no_gift(gift, facts)
    if reason is not None:
        raise InvalidRequestError([reason])
    giver, guild_id = facts.giver, gift.place.guild_id
    allowance, draws = giver.allowance, own_allocations(giver, gift.micros)
    delta = left_of(allowance, giver.allowance_micros or 0) - allowance.balance_micros
    fund = Transaction(
        TransactionId(f"fund-{gift.key}"),
        guild_id,
        TransactionKind.FUND,
        giver.at,
        posted([on_account(allowance, delta), on_server(guild_id, AccountKind.ISSUED, -delta)]),
        user_id=allowance.user_id,
    )
    grant = Account(
        gift_account(gift),
        guild_id,
        AccountKind.GRANT,
        gift.to,
        min(ends_of(giver, draws), default=None),
    )
    handed = Transaction(
        TransactionId(f"gift-{gift.key}"),
        guild_id,
        TransactionKind.GIFT,
        gift.at,
        posted([*taken(draws), on_account(grant, gift.micros)]),
        user_id=gift.to,
        actor_id=gift.place.user_id,
        reason="gift",
    )
    return MoneyPlan(guild_id, accounts=(allowance, grant), transactions=(fund, handed))


def gift_account(gift: Gift) -> AccountId:
    """The receiver's account, which exists once the gift was made."""
    return account_id(gift.place.guild_id, AccountKind.GRANT, gift.to, f"gift-{gift.key}")


def _no_gift(gift: Gift, facts: GiftFacts) -> str | None:
    """Reason to refuse a gift; None if it can be made. Both sides have the same cap."""
    giver, most = facts.giver, facts.giver.policy.gift_micros_most
    reason = None
    if most is None:
        reason = NO_GIFTS
    elif not giver.is_limited:
        reason = NOTHING_TO_GIVE
    elif gift.to == gift.place.user_id or gift.micros <= 0:
        reason = NOTHING_GIVEN
    elif facts.receiver is not None and not facts.receiver.limits_spending:
        reason = LOST_GIFT
    elif facts.given_micros + gift.micros > most:
        given = dollars(facts.given_micros)
        reason = f"You can give {dollars(most)} per day, and you've given {given} today."
    elif facts.got_micros + gift.micros > most:
        got = dollars(facts.got_micros)
        reason = f"A member can get {dollars(most)} per day, and they've got {got} today."
    elif (giver.own_left_micros or 0) < gift.micros:
        reason = NOT_ENOUGH
    return reason


def plan_policy(by: Actor, edit: SetPolicy, before: Policy) -> MoneyPlan:
    """Replace the server's rules.

    Raises PolicyChangedError if the change was made from another version.
    """
    after = edit.policy
    if after.version != before.version:
        raise PolicyChangedError
    return MoneyPlan(
        by.guild_id,
        rules=(NewPolicy(before.version, after),),
        audit=AuditEntry(by, "rules", before, after),
        pool_checked=by.at if after.pool_micros != before.pool_micros else None,
    )


def plan_rules(by: Actor, edit: SetRules, before: Rules) -> MoneyPlan:
    """Replace these rules of a role or a member."""
    what = f"rules of {_mention(edit.subject)}"
    return MoneyPlan(by.guild_id, rules=(edit,), audit=AuditEntry(by, what, before, edit.rules))


def plan_reset(by: Actor, before: Policy) -> MoneyPlan:
    """Restore the default rules; the ledger stays."""
    after = replace(Policy(by.guild_id), version=before.version + 1)
    return MoneyPlan(
        by.guild_id,
        rules=(NoOverrides(), NewPolicy(before.version, None)),
        audit=AuditEntry(by, "reset of all rules", before, after),
    )


def _mention(subject: Subject) -> str:
    return f"<@{'&' if subject.kind is SubjectKind.ROLE else ''}{subject.id}>"


def by_admin(
    by: Actor, kind: TransactionKind, postings: tuple[Posting, ...], reason: str
) -> Transaction:
    """A transaction by an admin; its id makes it unique per key."""
    name = TransactionId(f"{kind}-{by.key}")
    return Transaction(name, by.guild_id, kind, by.at, postings, actor_id=by.user_id, reason=reason)
