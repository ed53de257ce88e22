"""Copies every row of a SQLite database into an empty PostgreSQL one, in one transaction.

Both have the same tables and columns at the same version. Balances are copied, not counted again:
the triggers that move them with each entry are off until then, and the audit compares both sides
afterwards. References are checked all the same.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from bot.errors import StorageError
from bot.storage.engines.postgres import PostgresEngine
from bot.storage.engines.sqlite import SqliteEngine

ROWS_AT_ONCE = 2_000  # read by one call of SQLite's thread
MAX_SECONDS = 3_600.0  # for one table
_NO_CHARACTER = "\x00"  # the only one that PostgreSQL's text cannot hold
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

Progress = Callable[[int, int], None]  # rows copied so far, and all


async def copy_rows(
    source: SqliteEngine, target: PostgresEngine, progress: Progress
) -> dict[str, int]:
    """Copy all tables and return how many rows each has.

    The whole copy or nothing of it is kept. Characters that PostgreSQL cannot hold are replaced.

    Raises StorageError if the target has rows already, or if a program uses it.
    """
    async with source.reading() as found, target.transaction() as tx:
        tables = await _tables(found.connection)
        await _ensure_empty(tx.connection, tables)
        for table in tables:
            await tx.connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        counts = {table: await _count(found.connection, table) for table in tables}
        tally = _Tally(sum(counts.values()), progress)
        for table in tables:
            columns = await _columns(found.connection, table)
            rows = _rows(found.connection, table, columns, tally)
            await tx.connection.copy_records_to_table(
                table, records=rows, columns=columns, timeout=MAX_SECONDS
            )
            _ensure_complete(table, counts[table], await _count(tx.connection, table))
        for table in tables:
            await tx.connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return counts


@dataclass
class _Tally:
    """Rows copied so far."""

    total: int
    progress: Progress
    done: int = 0

    def add(self, rows: int) -> None:
        self.done += rows
        self.progress(self.done, self.total)


async def _tables(connection: Any) -> list[str]:
    """Our tables, each after those that it refers to."""
    found = await connection.execute_fetchall(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' ORDER BY name"
    )
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for [table] in found:
        references = await connection.execute_fetchall(
            'SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)', (table,)
        )
        # a row that refers to one of its own table is checked once all are there
        sorter.add(table, *(other for [other] in references if other != table))
    return list(sorter.static_order())


async def _ensure_empty(connection: Any, tables: Iterable[str]) -> None:
    """Lock all tables, so that no program can use them until the copy is whole."""
    for table in tables:
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})"):  # noqa: S608 - ours
            msg = (
                f"the PostgreSQL database isn't empty: it has rows in {table}. Name an empty"
                " database; nothing was copied"
            )
            raise StorageError(msg)


async def _columns(connection: Any, table: str) -> list[str]:
    found = await connection.execute_fetchall("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for [name] in found]


async def _rows(
    connection: Any, table: str, columns: Iterable[str], tally: _Tally
) -> AsyncIterator[tuple[Any, ...]]:
    """Rows in the order they were written, a part of the table in memory at a time."""
    async with connection.execute(f"SELECT {', '.join(columns)} FROM {table}") as cursor:  # noqa: S608 - ours
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            for row in rows:
                yield tuple(map(_storable, row))
            tally.add(len(rows))


def _storable(value: Any) -> Any:
    return value.replace(_NO_CHARACTER, _REPLACEMENT) if isinstance(value, str) else value


async def _count(connection: Any, table: str) -> int:
    query = f"SELECT COUNT(*) FROM {table}"  # noqa: S608 - ours
    if hasattr(connection, "fetchval"):
        return int(await connection.fetchval(query))
    [[count]] = await connection.execute_fetchall(query)
    return int(count)


def _ensure_complete(table: str, wanted: int, copied: int) -> None:
    if copied != wanted:
        msg = (
            f"{table} has {wanted:,} rows, and {copied:,} were copied: stop the bot, and try again"
        )
        raise StorageError(msg)
