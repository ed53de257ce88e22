"""Between rows and a server's rules, changes and money; JSON for what SQL never looks into."""

import contextlib
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.domain.admission import Event
from bot.domain.edits import Edit, Held, PastEdit, PendingEdit
from bot.domain.ledger import Account, AccountKind, Posting, Transaction, TransactionKind
from bot.domain.limits import Rules
from bot.domain.policy import Override, Policy, Subject, SubjectKind
from bot.ids import (
    AccountId,
    EditId,
    EventId,
    GuildId,
    JobId,
    TransactionId,
    UserId,
)
from bot.storage import rows
from bot.storage.rows import Parameters, Row

_POLICY: TypeAdapter[Policy] = TypeAdapter(Policy)
_RULES: TypeAdapter[Rules] = TypeAdapter(Rules)
_EDIT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_EDITS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in Edit.__args__}


def policy_json(policy: Policy) -> str:
    return _POLICY.dump_json(policy).decode()


def policy_from(row: Row | None, guild_id: GuildId) -> Policy:
    """What a server decided; its rules of the first day where it decided nothing."""
    if row is None or row["body"] is None:
        return Policy(guild_id, version=0 if row is None else row["version"])
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
    subject = Subject(SubjectKind(row["subject_kind"]), row["subject_id"])
    return Override(subject, rules_from(row["body"]))


def pending_parameters(pending: PendingEdit) -> Parameters:
    kind = type(pending.edit).__name__
    body = {"kind": kind, "edit": _EDITS[kind].dump_python(pending.edit, mode="json")}
    return {
        "id": pending.id,
        "guild_id": pending.guild_id,
        "actor_id": pending.actor_id,
        "edit": _EDIT.dump_json(body).decode(),
        "expires_at": rows.milliseconds(pending.expires_at),
    }


def pending_from(row: Row) -> PendingEdit:
    body = _EDIT.validate_json(row["edit"])
    return PendingEdit(
        EditId(row["id"]),
        GuildId(row["guild_id"]),
        UserId(row["actor_id"]),
        _EDITS[body["kind"]].validate_python(body["edit"]),
        rows.instant(row["expires_at"]),
    )


def past_edit_from(row: Row) -> PastEdit:
    before, after = held_from(row["before"]), held_from(row["after"])
    return PastEdit(rows.instant(row["at"]), UserId(row["actor_id"]), row["what"], before, after)


def held_from(text: str) -> Held:
    """What a line of the audit log holds: a server's rules, somebody's, or a sentence."""
    for adapter in (_POLICY, _RULES):
        with contextlib.suppress(ValidationError):
            found: Held = adapter.validate_json(text)
            return found
    return text


def account_from(row: Row) -> Account:
    user_id, ends_at = row["user_id"], row["ends_at"]
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
    used, most = row["films_used"], row["films_most"]
    return Event(EventId(row["id"]), account, most, used, row["film_micros_most"])


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
    }


def transaction_from(row: Row, entries: list[Row]) -> Transaction:
    job_id, user_id, actor_id = row["job_id"], row["user_id"], row["actor_id"]
    return Transaction(
        TransactionId(row["id"]),
        GuildId(row["guild_id"]),
        TransactionKind(row["kind"]),
        rows.instant(row["at"]),
        tuple(Posting(AccountId(one["account_id"]), one["micros"]) for one in entries),
        None if job_id is None else JobId(job_id),
        None if user_id is None else UserId(user_id),
        None if actor_id is None else UserId(actor_id),
        row["reason"],
    )
