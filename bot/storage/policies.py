"""Converts rows to rules, changes and money; JSON where SQL never looks inside."""

import contextlib
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.ids import (
    AccountId,
    ChannelId,
    EditId,
    EventId,
    GuildId,
    JobId,
    ModelId,
    OfferId,
    TransactionId,
    UserId,
)
from bot.money.changes import (
    Held,
    PastChange,
    PendingChange,
    PolicyChange,
)
from bot.money.ledger import (
    Account,
    AccountKind,
    Improvement,
    ImprovementState,
    Posting,
    Transaction,
    TransactionKind,
)
from bot.money.limits import Event, Policy, Rules
from bot.money.plans import AuditEntry, NewEvent, RateWindow
from bot.money.policy import Override, Subject, SubjectKind
from bot.providers.contract import ImprovementFault
from bot.storage import rows
from bot.storage.rows import Parameters, Row

_POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)
_RULES: TypeAdapter[Rules] = TypeAdapter(Rules)
_EDIT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_EDITS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in PolicyChange.__args__
}


def policy_json(policy: Policy) -> str:
    return _POLICY.dump_json(policy).decode()


def policy_from(row: Row | None, guild_id: GuildId) -> Policy:
    """A server's policy; the default one if it never changed anything.

    Raises UnreadableRowError, as all functions here do.
    """
    if row is None or row["body"] is None:
        return Policy(guild_id, version=0 if row is None else row["version"])
    with rows.reading(f"the rules of server {guild_id}"):
        fields = _POLICY.validate_json(row["body"])
    return Policy(
        guild_id,
        fields.rules,
        fields.pool_micros,
        fields.zone,
        fields.gift_micros_most,
        fields.is_paused,
        row["version"],
    )


def rules_json(rules: Rules) -> str:
    return _RULES.dump_json(rules, exclude_none=True).decode()


def rules_from(body: str) -> Rules:
    return _RULES.validate_json(body)


def override_from(row: Row) -> Override:
    kind, subject_id = row["subject_kind"], row["subject_id"]
    with rows.reading(f"the rules of {kind} {subject_id} in server {row['guild_id']}"):
        return Override(Subject(SubjectKind(kind), subject_id), rules_from(row["body"]))


def subject_parameters(guild_id: GuildId, subject: Subject) -> Parameters:
    return {
        "guild_id": guild_id,
        "subject_kind": subject.kind.value,
        "subject_id": subject.id,
    }


def pending_parameters(pending: PendingChange) -> Parameters:
    kind = type(pending.edit).__name__
    body = {"kind": kind, "edit": _EDITS[kind].dump_python(pending.edit, mode="json")}
    return {
        "id": pending.id,
        "guild_id": pending.guild_id,
        "actor_id": pending.actor_id,
        "change": _EDIT.dump_json(body).decode(),
        "expires_at": rows.milliseconds(pending.expires_at),
    }


def pending_from(row: Row) -> PendingChange:
    with rows.reading(f"the change {row['id']} that waits to be confirmed"):
        body = _EDIT.validate_json(row["change"])
        return PendingChange(
            EditId(row["id"]),
            GuildId(row["guild_id"]),
            UserId(row["actor_id"]),
            _EDITS[body["kind"]].validate_python(body["edit"]),
            rows.instant(row["expires_at"]),
        )


def past_edit_from(row: Row) -> PastChange:
    with rows.reading(f"the change {row['id']} in the history"):
        before, after = held_from(row["before"]), held_from(row["after"])
        at, actor_id = rows.instant(row["at"]), UserId(row["actor_id"])
        return PastChange(at, actor_id, row["what"], before, after)


def audit_parameters(entry: AuditEntry) -> Parameters:
    return {
        "id": entry.by.key,
        "guild_id": entry.by.guild_id,
        "at": rows.milliseconds(entry.by.at),
        "actor_id": entry.by.user_id,
        "what": entry.what,
        "before": _held_text(entry.before),
        "after": _held_text(entry.after),
    }


def _held_text(held: Held) -> str:
    match held:
        case Policy():
            return policy_json(held)
        case Rules():
            return rules_json(held)
        case str():
            return held


def held_from(text: str) -> Held:
    """The value in an audit entry: a server's policy, an override's rules, or a sentence."""
    for adapter in (_POLICY, _RULES):
        with contextlib.suppress(ValidationError):
            found: Held = adapter.validate_json(text)
            return found
    return text


def account_from(row: Row) -> Account:
    user_id, ends_at = row["user_id"], row["ends_at"]
    with rows.reading(f"account {row['id']}"):
        return Account(
            AccountId(row["id"]),
            GuildId(row["guild_id"]),
            AccountKind(row["kind"]),
            None if user_id is None else UserId(user_id),
            None if ends_at is None else rows.instant(ends_at),
            row["funded_micros"],
            row["balance_micros"],
        )


def account_parameters(account: Account) -> Parameters:
    return {
        "id": account.id,
        "guild_id": account.guild_id,
        "kind": account.kind.value,
        "user_id": account.user_id,
        "ends_at": None if account.ends_at is None else rows.milliseconds(account.ends_at),
    }


def event_from(row: Row) -> Event:
    account = account_from({**row, "id": row["account_id"]})
    used, most = row["videos_used"], row["videos_most"]
    return Event(EventId(row["id"]), account, most, used, row["video_micros_most"])


def event_parameters(guild_id: GuildId, event: NewEvent) -> Parameters:
    ends_at = event.account.ends_at
    return {
        "id": event.id,
        "guild_id": guild_id,
        "channel_id": event.channel_id,
        "account_id": event.account.id,
        "videos_most": event.videos_most,
        "video_micros_most": event.video_micros_most,
        "opened_by": event.opened_by,
        "opened_at": rows.milliseconds(event.opened_at),
        "ends_at": None if ends_at is None else rows.milliseconds(ends_at),
    }


def rate_window_parameters(window: RateWindow) -> Parameters:
    """Parameters of a rate window, without its instants."""
    return {
        "user_id": window.user_id,
        "period_seconds": window.period_seconds,
        "used": window.used,
        "most": window.most,
        "is_exempt": int(window.is_exempt),
    }


def transaction_parameters(transaction: Transaction) -> Parameters:
    return {
        "id": transaction.id,
        "guild_id": transaction.guild_id,
        "kind": transaction.kind.value,
        "at": rows.milliseconds(transaction.at),
        "job_id": transaction.job_id,
        "user_id": transaction.user_id,
        "actor_id": transaction.actor_id,
        "reason": transaction.reason,
        "improvement_id": transaction.improvement_id,
    }


def _posting_from(row: Row) -> Posting:
    return Posting(AccountId(row["account_id"]), AccountKind(row["account_kind"]), row["micros"])


def transaction_from(row: Row, entries: list[Row]) -> Transaction:
    job_id, user_id, actor_id = row["job_id"], row["user_id"], row["actor_id"]
    improvement_id = row["improvement_id"]
    with rows.reading(f"transaction {row['id']}"):
        return Transaction(
            TransactionId(row["id"]),
            GuildId(row["guild_id"]),
            TransactionKind(row["kind"]),
            rows.instant(row["at"]),
            tuple(map(_posting_from, entries)),
            None if job_id is None else JobId(job_id),
            None if user_id is None else UserId(user_id),
            None if actor_id is None else UserId(actor_id),
            row["reason"],
            None if improvement_id is None else OfferId(improvement_id),
        )


def improvement_parameters(improvement: Improvement) -> Parameters:
    """Parameters of one that is about to be asked for."""
    return {
        "id": improvement.id,
        "guild_id": improvement.guild_id,
        "channel_id": improvement.channel_id,
        "user_id": improvement.user_id,
        "model_id": improvement.model_id,
        "reserved_micros": improvement.reserved_micros,
        "asked_at": rows.milliseconds(improvement.asked_at),
    }


def improvement_from(row: Row) -> Improvement:
    """An improvement without its outcome, which the ledger has."""
    improved_id = row["improved_id"]
    with rows.reading(f"improvement {row['id']}"):
        return Improvement(
            OfferId(row["id"]),
            GuildId(row["guild_id"]),
            ChannelId(row["channel_id"]),
            UserId(row["user_id"]),
            ModelId(row["model_id"]),
            row["reserved_micros"],
            rows.instant(row["asked_at"]),
            ImprovementState(row["state"]),
            rows.instant_or_none(row["ended_at"]),
            improved_id=None if improved_id is None else OfferId(improved_id),
            fault=None if row["fault"] is None else ImprovementFault(row["fault"]),
        )
