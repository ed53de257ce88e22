"""Making a change of a server's rules or money, under its lock, and noting who made it."""

from dataclasses import replace
from typing import Any

from bot.domain.edits import (
    Actor,
    Edit,
    ResetPolicy,
    SetPolicy,
    SetRules,
)
from bot.domain.limits import Rules
from bot.domain.policy import Policy, SubjectKind
from bot.errors import PolicyChangedError
from bot.storage import policies, rows
from bot.storage.databases import Engine
from bot.storage.granting import Granting
from bot.storage.money import Money
from bot.storage.tables import Tables

Change = tuple[str, str, str]  # what, before, after: a line of the audit log


class Editing(Tables):
    """Every method takes the connection of a transaction."""

    def __init__(self, engine: Engine, money: Money) -> None:
        super().__init__(engine)
        self._money = money
        self._granting = Granting(engine, money)

    async def apply(self, connection: Any, by: Actor, edit: Edit) -> None:
        """Raises PolicyChangedError, InvalidRequestError."""
        policy = await self._money.lock(connection, by.guild_id)
        what, before, after = await self._made(connection, by, policy, edit)
        await self._one(
            connection,
            "insert_history",
            id=by.key,
            guild_id=by.guild_id,
            at=rows.milliseconds(by.at),
            actor_id=by.user_id,
            what=what,
            before=before,
            after=after,
        )

    async def _made(self, connection: Any, by: Actor, policy: Policy, edit: Edit) -> Change:
        match edit:
            case SetPolicy():
                return await self._set_policy(connection, policy, edit)
            case SetRules():
                return await self._set_rules(connection, policy, edit)
            case ResetPolicy():
                return await self._reset(connection, policy)
            case _:
                return await self._granting.apply(connection, by, edit)

    async def _set_policy(self, connection: Any, policy: Policy, edit: SetPolicy) -> Change:
        if edit.policy.version != policy.version:
            raise PolicyChangedError
        await self._write_policy(connection, policy, policies.policy_json(edit.policy))
        return "rules", policies.policy_json(policy), policies.policy_json(edit.policy)

    async def _write_policy(self, connection: Any, policy: Policy, body: str | None) -> None:
        await self._one(
            connection,
            "update_policy",
            guild_id=policy.guild_id,
            version=policy.version,
            body=body,
        )

    async def _set_rules(self, connection: Any, policy: Policy, edit: SetRules) -> Change:
        subject = edit.subject
        key = {
            "guild_id": policy.guild_id,
            "subject_kind": subject.kind.value,
            "subject_id": subject.id,
        }
        row = await self._one(connection, "get_override", **key)
        before = policies.override_from(row).rules if row else Rules()
        if edit.rules.is_empty:
            await self._one(connection, "delete_override", **key)
        else:
            body = policies.rules_json(edit.rules)
            await self._one(connection, "put_override", **key, body=body)
        mark = "@&" if subject.kind is SubjectKind.ROLE else "@"
        after = policies.rules_json(edit.rules)
        return f"rules of <{mark}{subject.id}>", policies.rules_json(before), after

    async def _reset(self, connection: Any, policy: Policy) -> Change:
        await self._all(connection, "delete_overrides", guild_id=policy.guild_id)
        await self._write_policy(connection, policy, None)
        after = policies.policy_json(replace(Policy(policy.guild_id), version=policy.version + 1))
        return "reset of all rules", policies.policy_json(policy), after
