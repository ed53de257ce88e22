"""The real schema and the real queries on SQLite in memory, with a witness in the database itself.

Triggers write down every change of a job's row, no matter who made it. After each commit, and before
anything else can happen, the witness is told what the transaction did.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.storage.engines.files import translated
from bot.storage.engines.transaction import SqlTransaction
from tests.fakes.direct_sqlite import DirectSqlite, _Connection

_COLUMNS = (
    "state",
    "version",
    "lease_owner",
    "lease_expires_at",
    "cancel_requested",
    "next_action_at",
)
_WITNESS = f"""
CREATE TEMP TABLE changes (
    number INTEGER PRIMARY KEY, job_id TEXT, {", ".join(f"old_{name}, new_{name}" for name in _COLUMNS)});
CREATE TEMP TRIGGER job_born AFTER INSERT ON main.jobs BEGIN
    INSERT INTO changes (job_id, {", ".join(f"new_{name}" for name in _COLUMNS)})
    VALUES (NEW.id, {", ".join(f"NEW.{name}" for name in _COLUMNS)});
END;
CREATE TEMP TRIGGER job_moved AFTER UPDATE ON main.jobs BEGIN
    INSERT INTO changes (job_id, {", ".join(f"old_{name}, new_{name}" for name in _COLUMNS)})
    VALUES (NEW.id, {", ".join(f"OLD.{name}, NEW.{name}" for name in _COLUMNS)});
END;
"""  # noqa: S608 - names of columns, from above


@dataclass(frozen=True, slots=True)
class Row:
    """As much of a job's row as tells one moment from another; instants in milliseconds."""

    state: str
    version: int
    lease_owner: str | None
    lease_expires_at: int | None
    cancel_requested: int
    next_action_at: int


@dataclass(frozen=True, slots=True)
class Moved:
    """One write to a job's row; `old` is None for a new job."""

    job_id: str
    old: Row | None
    new: Row


class WitnessedSqlite(DirectSqlite):
    """`on_commit` hears what each transaction did to jobs, also when that was nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.on_commit: Callable[[Sequence[Moved]], None] = lambda _moves: None
        self._database.executescript(_WITNESS)

    def ask(self, query: str, *values: Any) -> list[Any]:
        """What the test itself wants to know."""
        return self._database.execute(query, values).fetchall()

    def execute(self, statement: str) -> None:
        """What the test itself does to the schema."""
        self._database.execute(statement)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        with translated():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield SqlTransaction(self.queries, _Connection(self._database))
                moves = self._moves()
                self._database.execute("COMMIT")
            except BaseException:  # whatever ends it, cancellation too, undoes it
                self._database.rollback()
                raise
        self.on_commit(moves)

    def _moves(self) -> list[Moved]:
        found = self._database.execute("SELECT * FROM temp.changes ORDER BY number").fetchall()
        if found:
            self._database.execute("DELETE FROM temp.changes")
        return [_moved(row) for row in found]


def _moved(row: Any) -> Moved:
    old = None if row["old_state"] is None else Row(*(row[f"old_{name}"] for name in _COLUMNS))
    return Moved(row["job_id"], old, Row(*(row[f"new_{name}"] for name in _COLUMNS)))


async def others(seconds: float) -> None:
    """Anyone who comes in the meantime goes first."""
    await asyncio.sleep(seconds)  # noqa: TID251 - virtual seconds
