"""The port of all that is stored about a member."""

import json
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
# Leases name the operator's machines. A token would let anyone who reads the file answer as the bot.
# What a moderator noted about a block is for the other moderators.
_LEFT_OUT = {"lease_owner", "lease_expires_at", "token"}
_NOT_FOR_THE_BLOCKED = {"reason", "blocked_by"}
_INSTANTS = {"at", "opening_until"}


class SqlMemberRecords:
    """All that is stored about a member, in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def read(self, user_id: UserId) -> dict[str, list[dict[str, Any]]]:
        async with self._engine.reading() as tx:
            return {
                title: [_readable(row, user_id) async for row in tx.each(query, user_id=user_id)]
                for title, query in _QUERIES.items()
            }


def _readable(row: Row, user_id: UserId) -> dict[str, Any]:
    values = dict(row)
    hidden = _LEFT_OUT
    if values.get("blocked_by") not in {None, user_id}:
        hidden = hidden | _NOT_FOR_THE_BLOCKED
    return {name: _value(name, value) for name, value in values.items() if name not in hidden}


def _value(column: str, value: Any) -> Any:
    """Spell instants in ISO 8601, and ids as text: JavaScript's numbers end before Discord's do."""
    if isinstance(value, int) and (column.endswith("_at") or column in _INSTANTS):
        return rows.instant(value).isoformat()
    if isinstance(value, int) and abs(value) >= 1 << 53:
        return str(value)
    if isinstance(value, str) and value[:1] in "{[" and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
