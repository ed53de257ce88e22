"""The port of all that is stored about a member."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from bot.ids import UserId
from bot.storage import rows
from bot.storage.engines.transaction import Engine
from bot.storage.rows import Row

_QUERIES = {
    "settings": "export_settings",
    "favorites": "export_favorites",
    "presets": "export_presets",
    "jobs": "export_jobs",
    "submissions": "export_submissions",
    "messages": "export_messages",
    "answers": "export_answers",
    "offers": "export_offers",
    "improvements": "export_improvements",
    "accounts": "export_accounts",
    "transactions": "export_transactions",
    "entries": "export_entries",
    "rate windows": "export_rate_windows",
    "overrides": "export_overrides",
    "events": "export_events",
    "changes": "export_changes",
    "pending changes": "export_pending_changes",
    "words": "export_words",
    "blocks": "export_blocks",
    "questions": "export_questions",
    "pictures": "export_pictures",
    "notices": "export_notices",
}
_ROWS_AT_ONCE = 200
# Leases name the operator's machines. A token would let anyone who reads the file answer as the bot,
# and a service's address may hold a key to it.
# What a moderator noted about a block is for the other moderators.
_LEFT_OUT = {"lease_owner", "lease_expires_at", "token", "artifact_address"}
_NOT_FOR_THE_BLOCKED = {"reason", "blocked_by"}
_INSTANTS = {"at", "opening_until"}
_JSON = {"artifact", "body", "change", "instants", "request"}
_SAFE_DIGITS = 15  # of an integer that every script reads as it is


class SqlMemberRecords:
    """All that is stored about a member, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def read(self, user_id: UserId) -> AsyncGenerator[tuple[str, list[str]]]:
        """Read a few rows at a time, all as of one instant; the loop goes on in the meantime."""
        async with self._engine.snapshot() as tx:
            for title, query in _QUERIES.items():
                yield title, []
                async for found in tx.pages(query, _ROWS_AT_ONCE, user_id=user_id):
                    yield title, await asyncio.to_thread(_written, found, user_id)


def _written(found: Iterable[Row], user_id: UserId) -> list[str]:
    return [_as_json(_shown(row, user_id)) for row in found]


def _shown(row: Row, user_id: UserId) -> dict[str, Any]:
    values = dict(row)
    hidden = _LEFT_OUT
    if values.get("blocked_by") not in {None, user_id}:
        hidden = hidden | _NOT_FOR_THE_BLOCKED
    return {name: _value(name, value) for name, value in values.items() if name not in hidden}


def _as_json(values: dict[str, Any]) -> str:
    """Write one row; what is damaged, or nested too deeply for any reader, stays a text."""
    try:
        parsed = {name: _parsed(name, value) for name, value in values.items()}
        return json.dumps(parsed, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return json.dumps(
            {name: _plain(value) for name, value in values.items()}, ensure_ascii=False
        )


def _value(column: str, value: Any) -> Any:
    """Spell instants in ISO 8601, and ids as text: JavaScript's numbers end before Discord's do."""
    if not isinstance(value, int):
        return value
    if column.endswith("_at") or column in _INSTANTS:
        with contextlib.suppress(OverflowError):
            return rows.instant(value).isoformat()
    return _number(str(value))


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _SAFE_DIGITS else digits


def _parsed(column: str, value: Any) -> Any:
    is_json = column in _JSON and isinstance(value, str)
    return json.loads(value, parse_int=_number) if is_json else value


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)
